"""Files that are no adapters, adapters by halves, adapters for something else: refused whole, with the reason."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from fluxgram.errors import AdapterDamaged, AdapterMisfit, FluxgramError, UnknownAdapter, UnsafeWeights
from fluxgram.families.adapters.forms import LowRank
from fluxgram.families.adapters.names import FLUX1, FLUX2, enumerated
from fluxgram.families.adapters.reading import check_adapter, fault_of, inspect_adapter, open_adapter
from tests.families.adapters.corpus import FORMATS, File, World

Tensors = dict[str, torch.Tensor]
SHAPES = {
    "transformer.transformer_blocks.0.attn.to_q": (32, 32),
    "transformer.transformer_blocks.0.attn.to_k": (32, 32),
}
Q = "transformer.transformer_blocks.0.attn.to_q"


def good() -> Tensors:
    return {f"{Q}.lora_A.weight": torch.ones(4, 32), f"{Q}.lora_B.weight": torch.ones(32, 4)}


def saved(tmp_path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> Path:
    path = tmp_path / "a.safetensors"
    save_file({name: each.contiguous() for name, each in tensors.items()}, path, metadata=metadata)
    return path


def raw(tmp_path: Path, header: object, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "raw.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def refused(
    path: Path, error: type[FluxgramError], *words: str, shapes: Mapping[str, tuple[int, ...]] = SHAPES
) -> FluxgramError:
    with pytest.raises(error) as caught:
        open_adapter(path, shapes)
    said = f"{caught.value} {caught.value.hint}"
    for word in words:
        assert word in said, said
    assert caught.value.hint
    return caught.value


def test_a_good_file_is_good(tmp_path: Path) -> None:
    adapter = open_adapter(saved(tmp_path, good()), SHAPES, name="film")
    assert adapter.name == "film"
    (change,) = adapter.changes[Q]
    assert isinstance(change, LowRank)
    assert len(adapter.fingerprint) == 64
    assert adapter.bytes == 2 * 4 * 32 * 4


def test_a_big_text_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.write(b"Once upon a time there was a LoRA. " * 100)
        file.truncate(300 * 2**20)
    before = time.process_time()
    refused(path, AdapterDamaged, "is a text")
    assert time.process_time() - before < 0.5


def test_a_big_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "header.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 100 * 2**20) + b'{"a":')
        file.truncate(120 * 2**20)
    before = time.process_time()
    refused(path, AdapterDamaged, "claims a header of 104857600 bytes")
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", AdapterDamaged, "is empty"),
        (b"\x01\x02", AdapterDamaged, "truncated"),
        (b"PK\x03\x04" + bytes(60), UnsafeWeights, "pickled"),
        (b"\x80\x02}q\x00" + bytes(60), UnsafeWeights, "pickled"),
        (b"<!DOCTYPE html><html>sign in</html>", AdapterDamaged, "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", AdapterDamaged, "git LFS"),
        (b"GGUF\x03\x00\x00\x00" + bytes(40), AdapterDamaged, "GGUF"),
        (bytes(64), AdapterDamaged, "header cannot be read"),
    ],
)
def test_other_files(content: bytes, error: type[FluxgramError], words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    refused(path, error, words)
    with pytest.raises(error, match=words):
        inspect_adapter(path)


@pytest.mark.parametrize("ending", [".pt", ".bin", ".ckpt", ".PTH"])
def test_pickled_files_are_not_opened(ending: str, tmp_path: Path) -> None:
    refused(tmp_path / f"never-there{ending}", UnsafeWeights, "never read")


def test_what_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.safetensors", UnknownAdapter, "There is no file")
    refused(tmp_path, AdapterDamaged, "is no file")
    fifo = tmp_path / "fifo.safetensors"
    os.mkfifo(fifo)
    refused(fifo, AdapterDamaged, "is no file")


F = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        ({"a": F | {"shape": [3]}}, bytes(8), "another length than its shape"),
        ({"a": F | {"shape": [-2]}}, bytes(8), "impossible sides"),
        ({"a": F | {"shape": [True, 2]}}, bytes(8), "impossible sides"),
        ({"a": F | {"dtype": "F128"}}, bytes(8), "F128"),
        ({"a": F, "b": F}, bytes(8), "overlap"),
        ({"a": F, "b": F | {"data_offsets": [12, 20]}}, bytes(20), "gaps"),
        ({"a": F}, bytes(12), "truncated"),
        ({"a": F}, bytes(4), "truncated"),
        ({}, b"", "holds no tensors"),
        ({"__metadata__": {"a": 1}, "b": F}, bytes(8), "not made of texts"),
        ([], b"", "header cannot be read"),
        ({"a": 5}, b"", "header cannot be read"),
        (b'{"a":' * 30_000, b"", "header cannot be read"),
        (json.dumps({"a": F})[:-1].encode() + b', "a": ' + json.dumps(F).encode() + b"}", bytes(8), "a is there twice"),
        (b"\xff\xfe{}", b"", "header cannot be read"),
    ],
)  # fmt: skip
def test_headers_that_contradict_themselves(header: object, data: bytes, words: str, tmp_path: Path) -> None:
    refused(raw(tmp_path, header, data), AdapterDamaged, words)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, 10_000),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
)
def test_whatever_is_in_a_file_it_is_an_answer(
    cut: int, flips: list[tuple[int, int]], tmp_path: Path
) -> None:
    content = bytearray(saved(tmp_path, good(), {"format": "pt"}).read_bytes()[: cut + 1])
    for place, value in flips:
        if place < len(content):
            content[place] = value
    path = tmp_path / "b.safetensors"
    path.write_bytes(content)
    try:
        adapter = open_adapter(path, SHAPES)
    except FluxgramError as reason:
        assert str(reason)  # noqa: PT017
    else:
        assert adapter.report.matched == adapter.report.total == 2


def without(name: str) -> Callable[[Tensors], None]:
    return lambda tensors: tensors.__delitem__(name)


def put(**tensors: torch.Tensor) -> Callable[[Tensors], None]:
    return lambda given: given.update({name.replace("__", "."): each for name, each in tensors.items()})


def each(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Tensors], None]:
    def do(tensors: Tensors) -> None:
        tensors[name] = change(tensors[name])

    return do


UP, DOWN = f"{Q}.lora_B.weight", f"{Q}.lora_A.weight"


def spoilt(place: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def do(tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[-1] = place
        return tensor

    return do


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without(UP), ("no up to its down",)),
        (without(DOWN), ("no down to its up",)),
        (each(UP, spoilt(float("nan"))), ("impossible numbers", UP)),
        (each(DOWN, spoilt(float("-inf"))), ("impossible numbers", DOWN)),
        (each(UP, spoilt(2e6)), ("impossible numbers",)),
        (each(UP, lambda up: spoilt(float("inf"))(up).half()), ("impossible numbers",)),
        (each(UP, lambda up: spoilt(float("nan"))(up).bfloat16()), ("impossible numbers",)),
        (each(UP, lambda up: spoilt(float("nan"))(up).to(torch.float8_e4m3fn)), ("impossible numbers",)),
        (each(UP, lambda up: spoilt(float("inf"))(up).to(torch.float8_e5m2)), ("impossible numbers",)),
        (each(UP, lambda up: spoilt(float("nan"))(up).double()), ("impossible numbers",)),
        (each(UP, torch.zeros_like), ("would change nothing",)),
        (each(DOWN, torch.zeros_like), ("would change nothing",)),
        (lambda tensors: tensors.update({DOWN: torch.ones(0, 32), UP: torch.ones(32, 0)}), ("its rank is 0",)),
        (each(UP, lambda up: up[:0]), ("has no elements",)),
        (each(UP, lambda up: up[:, :3]), ("its rank is 3, that of its down is 4",)),
        (each(UP, lambda up: up.to(torch.int8)), ("whole numbers (I8)",)),
        (each(UP, lambda up: up[0]), ("where a matrix is needed",)),
        (put(**{f"{Q}.alpha".replace(".", "__"): torch.tensor(1e6)}), ("alpha is 1e+06 at rank 4",)),
        (put(**{f"{Q}.alpha".replace(".", "__"): torch.tensor(0.0)}), ("alpha is 0",)),
        (put(**{f"{Q}.alpha".replace(".", "__"): torch.tensor(float("nan"))}), ("is no number",)),
        (put(**{f"{Q}.alpha".replace(".", "__"): torch.ones(3)}), ("should be one number",)),
        (put(**{f"{Q}.lora_A.other.weight".replace(".", "__"): torch.ones(4, 32)}), ("holds two adapters",)),
        (put(**{f"{Q}.dora_scale".replace(".", "__"): torch.ones(31)}), ("beside a weight of 32 x 32",)),
        (put(x__alpha=torch.ones(())), ("nothing that its alpha could apply to",)),
        (put(x__hada_w1_a=torch.ones(2, 2)), ("by halves",)),
        (put(x__lokr_w1=torch.ones(2, 2)), ("no lokr w2 to its lokr w1",)),
    ],
)  # fmt: skip
def test_damaged_adapters(spoil: Callable[[Tensors], None], words: tuple[str, ...], tmp_path: Path) -> None:
    tensors = good()
    spoil(tensors)
    path = saved(tmp_path, tensors)
    refused(path, AdapterDamaged, *words)
    fault = fault_of(path, SHAPES)
    assert isinstance(fault, AdapterDamaged)
    assert words[0] in str(fault)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"other.layer.lora_A.weight": torch.ones(2, 4), "other.layer.lora_B.weight": torch.ones(4, 2)},
         ("2 of its 4 tensors have no place", "there is no such layer")),
        ({"transformer.transformer_blocks.0.attn.to_k.lora_A.weight": torch.ones(2, 48),
          "transformer.transformer_blocks.0.attn.to_k.lora_B.weight": torch.ones(32, 2)},
         ("for a layer of 32 x 48", "to_k is 32 x 32")),
        ({"transformer_blocks.0.attn.to_q.lora_A.weight": torch.ones(2, 32),
          "transformer_blocks.0.attn.to_q.lora_B.weight": torch.ones(32, 2)}, ("is changed by", "already")),
        ({"lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(2, 4),
          "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.ones(4, 2)},
         ("of a text encoder that the checkpoint does not have",)),
        ({"bundle_emb.word.t5": torch.ones(2, 4)}, ("embeddings",)),
        ({f"{Q}.oft_blocks": torch.ones(2, 4)}, ("OFT",)),
        ({"x.oft_blocks": torch.ones(2, 4), "x.alpha": torch.ones(())}, ("OFT",)),
        ({"x.a1.weight": torch.ones(2, 4), "x.b2.weight": torch.ones(2, 4), "x.alpha": torch.ones(())}, ("GLoRA",)),
        ({f"{Q}.weight_scale": torch.ones(1)}, ("quantised",)),
        ({"double_blocks.0.img_attn.norm.query_norm.scale": torch.ones(4)}, ("norms",)),
        ({"transformer.transformer_blocks.0.attn.norm_q.diff": torch.ones(4)}, ("no such layer",)),
        ({f"{Q}.something": torch.ones(4)}, ("not a name that a tool is known to write",)),
        ({"x.lora_mid.weight": torch.ones(2, 2, 3, 3), "x.lora_down.weight": torch.ones(2, 4, 1, 1),
          "x.lora_up.weight": torch.ones(4, 2, 1, 1)}, ("convolution",)),
        ({"x.hada_w1_a": torch.ones(2, 2), "x.hada_t1": torch.ones(2, 2, 3, 3)}, ("convolution",)),
    ],
)  # fmt: skip
def test_one_tensor_without_a_place_and_nothing_is_used(
    more: Tensors, words: tuple[str, ...], tmp_path: Path
) -> None:
    refused(saved(tmp_path, good() | more), AdapterMisfit, "does not fit", *words)


def test_nearest_names_are_named(tmp_path: Path) -> None:
    tensors = {name.replace("to_q", "to_qq"): each for name, each in good().items()}
    path = saved(tmp_path, tensors)
    refused(path, AdapterMisfit, Q)
    assert inspect_adapter(path, SHAPES).unmatched == {
        name: (Q, Q.replace("to_q", "to_k")) for name in tensors
    }


def test_the_nearest_stands_beside_the_name_that_it_is_near_to(tmp_path: Path) -> None:
    far, near = "lora_te1_text_model_encoder_layers_0_mlp_fc1", "transformer.transformer_blocks.0.attn.to_qq"
    tensors = {}
    for name in (far, near):
        tensors |= {
            f"{name}.lora_down.weight": torch.ones(1, 32),
            f"{name}.lora_up.weight": torch.ones(32, 1),
        }
    said = str(refused(saved(tmp_path, good() | tensors), AdapterMisfit, "4 of its 6 tensors have no place"))
    of_far, of_near = sorted(said.partition("no place; ")[2].split("; "), key=lambda each: near in each)
    assert (far in of_far, "nearest" in of_far) == (True, False)
    assert (
        of_near.rstrip(".") == f"{near}: there is no such layer (nearest: {Q}, {Q.replace('to_q', 'to_k')})"
    )


def test_zeros_without_a_place_change_nothing_and_do_no_harm(tmp_path: Path) -> None:
    more = {
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q.lora_down.weight": torch.ones(2, 4),
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q.lora_up.weight": torch.zeros(4, 2),
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q.alpha": torch.ones(()),
        "transformer.transformer_blocks.0.attn.norm_q.diff": torch.zeros(4),
    }
    adapter = open_adapter(saved(tmp_path, good() | more), SHAPES)
    assert set(adapter.changes) == {Q}
    assert (adapter.report.matched, adapter.report.total, adapter.report.unmatched) == (2, 6, {})


def test_no_adapter_at_all(tmp_path: Path) -> None:
    path = saved(tmp_path, {"transformer_blocks.0.attn.to_q.weight": torch.ones(32, 32)})
    refused(path, AdapterMisfit, "holds no adapter", "a checkpoint is given with --checkpoint")
    assert inspect_adapter(path).kinds == {}


def real_shapes(
    family: str, width: int, doubles: int, singles: int, single: int
) -> dict[str, tuple[int, ...]]:
    """Of the real checkpoints, as far as the layers below need them."""
    table = {"flux1": FLUX1, "flux2": FLUX2}[family]
    shapes = dict.fromkeys(enumerated(table, doubles, singles), (width, width))
    return shapes | {path: (single * width, width) for path in shapes if path.endswith("to_qkv_mlp_proj")}


KLEIN_4B = real_shapes("flux2", 3072, 5, 20, 9)


@pytest.mark.parametrize(
    ("names", "width", "words"),
    [
        ([f"lora_unet_double_blocks_{n}_img_attn_qkv" for n in range(19)], 3072,
         ("It was likely made for FLUX.1 (width 3072, 19 double blocks)",
          "klein is FLUX.2 klein 4B (width 3072, 5 double blocks)")),
        ([f"diffusion_model.double_blocks.{n}.img_attn.qkv" for n in range(8)], 4096,
         ("It was likely made for FLUX.2 klein 9B (width 4096, 8 double blocks)", "12288 x 4096")),
    ],
)  # fmt: skip
def test_made_for_another_checkpoint(
    names: list[str], width: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    tensors: Tensors = {}
    for name in names:
        tensors |= {
            f"{name}.lora_down.weight": torch.ones(1, width),
            f"{name}.lora_up.weight": torch.ones(3 * width, 1),
        }
    path = saved(tmp_path, tensors)
    with pytest.raises(AdapterMisfit) as caught:
        open_adapter(path, KLEIN_4B, name="style", made_for="klein")
    said = f"{caught.value} {caught.value.hint}"
    assert "The adapter style does not fit klein" in said
    for word in words:
        assert word in said, said
    assert check_adapter(path).matched == len(tensors)


@pytest.mark.parametrize(
    ("metadata", "fits"),
    [
        ({"ss_base_model_version": "flux1"}, False),
        ({"modelspec.architecture": "flux-1-dev/lora"}, False),
        ({"ss_base_model_version": "flux2"}, True),
        ({"modelspec.architecture": "Flux.2-klein/lora"}, True),
        ({"modelspec.architecture": "flux-12b"}, True),
        ({}, True),
    ],
)
def test_layers_that_both_families_have(metadata: dict[str, str], fits: bool, tmp_path: Path) -> None:
    """A FLUX.1 adapter of attention in the first blocks would fit klein 4B by its shapes."""
    tensors = {DOWN: torch.ones(1, 3072), UP: torch.ones(3072, 1)}
    path = saved(tmp_path, tensors, metadata)
    if fits:
        assert set(open_adapter(path, KLEIN_4B).changes) == {Q}
    else:
        refused(path, AdapterMisfit, "says that it was made for FLUX.1", "is FLUX.2", shapes=KLEIN_4B)
        assert inspect_adapter(path).base.startswith("FLUX.1 (width 3072")


def test_for_something_else_altogether(tmp_path: Path) -> None:
    name = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k"
    path = saved(
        tmp_path,
        {f"{name}.lora_down.weight": torch.ones(1, 640), f"{name}.lora_up.weight": torch.ones(640, 1)},
    )
    with pytest.raises(AdapterMisfit, match=r"does not fit any FLUX\.1 or FLUX\.2") as caught:
        check_adapter(path)
    assert "Stable Diffusion" in caught.value.hint


@pytest.mark.parametrize("family", ["flux1", "flux2"])
def test_a_file_of_one_family_on_the_other(family: str, worlds: Mapping[str, World], tmp_path: Path) -> None:
    file = File(worlds[family])
    FORMATS["kohya and musubi"][0](file)
    other = worlds["flux2" if family == "flux1" else "flux1"]
    refused(file.write(tmp_path), AdapterMisfit, "does not fit", shapes=other.shapes)


def test_lengths_of_columns_of_a_layer_that_is_split(tmp_path: Path) -> None:
    key = "lora_unet_double_blocks_0_img_attn_qkv"
    tensors = {
        f"{key}.lora_down.weight": torch.ones(1, 32),
        f"{key}.lora_up.weight": torch.ones(96, 1),
        f"{key}.dora_scale": torch.ones(1, 32),
    }
    shapes = {f"transformer.transformer_blocks.0.attn.to_{x}": (32, 32) for x in "qkv"}
    refused(saved(tmp_path, tensors), AdapterMisfit, "columns of a layer that is split", shapes=shapes)


@pytest.mark.parametrize(
    "config",
    ["{", "[]", '{"lora_alpha": "much"}', '{"lora_alpha": NaN}', '{"lora_alpha": 1, "alpha_pattern": {"(a+)+$": 2}}']
)  # fmt: skip
def test_what_it_says_of_its_alpha_must_be_readable(config: str, tmp_path: Path) -> None:
    refused(saved(tmp_path, good(), {"lora_adapter_metadata": config}), AdapterDamaged, "says of its alpha")


@pytest.mark.parametrize("expression", [r"\d+" * 60, "(a+)+$", r"\d+.*", "a|b", "a.*" * 70])
def test_an_expression_that_could_take_for_ever_is_refused_by_name(expression: str, tmp_path: Path) -> None:
    config = json.dumps({"lora_alpha": 1, "alpha_pattern": {expression: 2}})
    path = saved(tmp_path, good(), {"lora_adapter_metadata": config})
    refused(path, AdapterDamaged, f"cannot be read: the expression {expression[:60]!r}.")


def test_more_expressions_than_people_write_are_refused(tmp_path: Path) -> None:
    config = json.dumps({"lora_alpha": 1, "alpha_pattern": {f"{number}.*": 2 for number in range(17)}})
    refused(saved(tmp_path, good(), {"lora_adapter_metadata": config}), AdapterDamaged, "17 expressions")


@pytest.mark.parametrize("names", [["a" * 301], [str(number) for number in range(20_001)]])
def test_names_that_would_take_for_ever_are_not_looked_at(names: list[str], tmp_path: Path) -> None:
    header = {name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for name in names}
    refused(raw(tmp_path, header), AdapterDamaged, f"{len(names)} tensors with names of up to")


@pytest.mark.parametrize(
    "dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.float16, torch.bfloat16, torch.float64]
)
def test_every_type_of_weights(dtype: torch.dtype, tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    down, up = torch.randn(4, 32, generator=draw).to(dtype), torch.randn(32, 4, generator=draw).to(dtype)
    adapter = open_adapter(saved(tmp_path, {DOWN: down, UP: up, f"{Q}.alpha": torch.tensor(3)}), SHAPES)
    (change,) = adapter.changes[Q]
    torch.testing.assert_close(change.dense(torch.zeros(32, 32)), 0.75 * up.float() @ down.float())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rank=st.integers(1, 40),
    alpha=st.floats(0.01, 500),
    out=st.integers(1, 50),
    into=st.integers(1, 50),
)
def test_any_rank_alpha_and_shape(rank: int, alpha: float, out: int, into: int, tmp_path: Path) -> None:
    down, up = torch.randn(rank, into), torch.randn(out, rank)
    path = saved(tmp_path, {DOWN: down, UP: up, f"{Q}.alpha": torch.tensor(alpha, dtype=torch.float64)})
    (change,) = open_adapter(path, {Q: (out, into)}).changes[Q]
    expected = (up.double() @ down.double() * (alpha / rank)).float()
    torch.testing.assert_close(change.dense(torch.zeros(out, into)), expected, rtol=1e-4, atol=1e-4)
