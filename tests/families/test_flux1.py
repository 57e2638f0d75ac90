"""What the family promises beside parity: refusals, negative prompts, batches, adapters, memory plans, caches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from fluxgram.errors import OutOfMemory, RequestError
from fluxgram.families import family_of
from fluxgram.families.adapters.adapter import Adapter, Report
from fluxgram.families.adapters.applied import Applied
from fluxgram.families.adapters.forms import LowRank
from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Condition, Latents, Negative, NegativeMethod, Parts
from fluxgram.families.flux1 import Flux1
from fluxgram.families.placement import place
from fluxgram.families.steering import Steering
from fluxgram.settings import Settings

FLUX1 = Flux1()
ONE = torch.ones(1)


def test_family_of_a_checkpoint(checkpoints1: dict[str, Checkpoint]) -> None:
    assert [family_of(each).name for each in checkpoints1.values()] == ["flux1", "flux1"]


@pytest.mark.parametrize(
    ("kind", "negative", "guidance", "words"),
    [
        ("schnell", None, 3.5, "takes no guidance scale; 3.5 would be ignored"),
        ("schnell", Negative("blur", "true_cfg", 2.0), 1.0, "does not apply a negative prompt by true_cfg"),
        ("dev", Negative("blur", "true_cfg", 1.0), 3.5, "no effect at guidance 1"),
        ("dev", None, float("nan"), "at least 0"),
        ("dev", Negative("blur", "vsf", float("inf")), 3.5, "scale of a negative prompt"),
    ],
)
def test_what_would_be_ignored_is_refused(
    loaded1: dict[str, Parts], kind: str, negative: Negative | None, guidance: float, words: str
) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        FLUX1.encode(loaded1[kind], "a man", negative, guidance)
    assert caught.value.hint


def test_condition_says_how_the_negative_is_applied(loaded1: dict[str, Parts]) -> None:
    plain = FLUX1.encode(loaded1["dev"], "a man", None, 3.5)
    assert (plain.negative_method, plain.unguided, plain.negative, plain.guidance) == (
        "none",
        None,
        None,
        3.5,
    )
    passes = FLUX1.encode(loaded1["dev"], "a man", Negative("a hat", "true_cfg", 2.0), 3.5)
    assert (passes.negative_method, passes.negative_scale, passes.guidance) == ("true_cfg", 2.0, 3.5)
    assert passes.unguided is not None
    assert passes.pooled_unguided is not None
    assert passes.negative is None
    for method, tokens in (
        ("nag", 64),
        ("vsf", 1 + loaded1["dev"].components["tokenizer_2"].report("a hat").total),
    ):
        steered = FLUX1.encode(loaded1["dev"], "a man", Negative("a hat", method, 2.0), 3.5)
        assert steered.negative is not None
        assert (steered.negative.shape[1], steered.unguided) == (tokens, None)
        assert steered.negative_report is not None
        assert steered.negative_report.lost == ""


def test_equal_prompts_are_encoded_once(loaded1: dict[str, Parts]) -> None:
    first = FLUX1.encode(loaded1["dev"], "a very particular prompt", None, 1.0)
    assert FLUX1.encode(loaded1["dev"], "a very particular prompt", None, 1.0).text is first.text
    for index in range(70):
        FLUX1.encode(loaded1["dev"], f"prompt {index}", None, 1.0)
    assert len(loaded1["dev"].extra["prompts"]) == 64


@pytest.mark.parametrize("seed", [0, 2**32, 2**63 + 5, 2**64 - 1])
def test_noise_is_gaussian_and_repeatable_for_every_seed(loaded1: dict[str, Parts], seed: int) -> None:
    noise = FLUX1.begin(loaded1["dev"], 256, 256, seed).tokens
    assert torch.equal(noise, FLUX1.begin(loaded1["dev"], 256, 256, seed).tokens)
    assert not torch.equal(noise, FLUX1.begin(loaded1["dev"], 256, 256, seed % 2**32 + 1).tokens)
    assert noise.shape == (1, 256, 64)
    assert abs(float(noise.mean())) < 0.05
    assert abs(float(noise.std()) - 1) < 0.05


@pytest.mark.parametrize(("width", "height"), [(0, 64), (64, -16), (100, 64), (64, 33), (8, 64)])
def test_sizes_between_tokens_are_refused(loaded1: dict[str, Parts], width: int, height: int) -> None:
    with pytest.raises(RequestError, match="multiples of 16"):
        FLUX1.begin(loaded1["dev"], width, height, 0)


@pytest.mark.parametrize("method", ["none", "true_cfg", "nag", "vsf"])
def test_pictures_of_one_pass_get_what_each_gets_alone(loaded1: dict[str, Parts], method: Any) -> None:
    """Different prompts, different steps, one pass."""
    parts = loaded1["dev"]
    negative = None if method == "none" else Negative("a hat", method, 3.0)
    conditions = [
        FLUX1.encode(parts, prompt, negative, 3.5) for prompt in ("a man", "soft light from the left")
    ]
    starts = [FLUX1.begin(parts, 64, 96, seed) for seed in (1, 2)]
    levels = torch.tensor([0.9, 0.3])
    both = replace(
        conditions[0],
        text=torch.cat([each.text for each in conditions]),
        pooled=torch.cat([each.pooled for each in conditions if each.pooled is not None]),
    )
    together = FLUX1.predict(
        parts, Latents(torch.cat([start.tokens for start in starts]), 6, 4), levels, levels, both
    )
    for index, start in enumerate(starts):
        level = levels[index : index + 1]
        alone = FLUX1.predict(parts, start, level, level, conditions[index])
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5, rtol=0)


def test_two_passes_in_one_batch_are_the_same_but_for_rounding(
    loaded1: dict[str, Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU with room; each picture with its own adapter."""
    parts = loaded1["dev"]
    path = "transformer.transformer_blocks.0.attn.to_v"
    rows = tuple((Applied(low_rank(parts, path, seed)),) for seed in (1, 2))
    condition = replace(FLUX1.encode(parts, "a man", Negative("a hat", "true_cfg", 2.0), 3.5), rows=rows)
    tokens = torch.cat([FLUX1.begin(parts, 64, 64, seed).tokens for seed in (1, 2)])
    levels = torch.tensor([0.9, 0.3])
    apart = FLUX1.predict(parts, Latents(tokens, 4, 4), levels, levels, condition)
    sizes: list[int] = []
    embedder = parts.components["transformer"].x_embedder
    counting = embedder.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    monkeypatch.setattr("fluxgram.families.flux1_velocity.in_one_batch", lambda *_: True)
    try:
        together = FLUX1.predict(parts, Latents(tokens, 4, 4), levels, levels, condition)
    finally:
        counting.remove()
    assert sizes == [4]
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


def dense(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Softmax attention written out, with a matrix of who sees whom."""
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~seen, float("-inf")).softmax(-1) @ value


@pytest.mark.parametrize("method", ["vsf", "nag"])
@pytest.mark.parametrize("blocks", ["transformer_blocks", "single_transformer_blocks"])
def test_steered_blocks_compute_what_is_written_out(
    loaded1: dict[str, Parts], blocks: str, method: NegativeMethod
) -> None:
    attn = getattr(loaded1["dev"].components["transformer"], blocks)[0].attn
    prompt, negative, picture, scale = 5, 3, 7, 2.0
    generator = torch.Generator().manual_seed(1)
    text, image = (torch.randn(1, tokens, 32, generator=generator) for tokens in (prompt + negative, picture))
    angles = torch.randn(prompt + negative + picture, 8, generator=generator).repeat_interleave(2, 1)
    turn = (angles.cos(), angles.sin())
    steering = Steering("vsf" if method == "vsf" else "nag", prompt, negative, scale)  # type: ignore[arg-type]
    joint = blocks == "transformer_blocks"

    def heads(states: torch.Tensor, layers: tuple[str, str, str], norm: str) -> list[torch.Tensor]:
        made = [getattr(attn, name)(states).reshape(1, -1, 2, 16).transpose(1, 2) for name in layers]
        return [getattr(attn, f"{norm}q")(made[0]), getattr(attn, f"{norm}k")(made[1]), made[2]]

    own = ("to_q", "to_k", "to_v")
    if joint:
        parts = zip(heads(text, ("add_q_proj", "add_k_proj", "add_v_proj"), "norm_added_"),
                    heads(image, own, "norm_"), strict=True)  # fmt: skip
        query, key, value = (torch.cat(both, 2) for both in parts)
    else:
        query, key, value = heads(torch.cat((text, image), 1), own, "norm_")
    query, key = (each * turn[0] + swapped(each) * turn[1] for each in (query, key))
    kinds = torch.tensor([0] * prompt + [1] * negative + [2] * picture)
    rows, columns = kinds[:, None], kinds[None, :]
    without = ~((rows == 0) & (columns == 1)) & ~((rows == 1) & (columns == 0))
    if method == "vsf":
        flipped = torch.where(columns.mT[:, 0, None] == 1, -scale * value, value)
        plain, steered = dense(query, key, value, without), dense(query, key, flipped, without)
        expected = torch.where(rows == 2, steered, plain)
    else:
        positive = dense(query, key, value, without & ~((rows == 2) & (columns == 1)))
        against = dense(query, key, value, without & ~((rows == 2) & (columns == 0)))
        reach = positive + scale * (positive - against)
        sizes = [each.abs().sum((1, 3), keepdim=True) for each in (positive, reach)]
        reach = reach * (2.5 * sizes[0] / sizes[1]).clamp_max(1)
        expected = torch.where(rows == 2, 0.25 * reach + 0.75 * positive, positive)
    expected = expected.transpose(1, 2).flatten(2)
    with torch.no_grad():
        if joint:
            found = attn(image, text, image_rotary_emb=turn, steering=steering)
            torch.testing.assert_close(found[0], attn.to_out[0](expected[:, -picture:]), atol=2e-6, rtol=1e-5)
            torch.testing.assert_close(
                found[1], attn.to_add_out(expected[:, :-picture]), atol=2e-6, rtol=1e-5
            )
        else:
            found = attn(torch.cat((text, image), 1), image_rotary_emb=turn, steering=steering)
            torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


def swapped(x: torch.Tensor) -> torch.Tensor:
    """(a, b) pairs to (-b, a)."""
    return torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)


@pytest.mark.parametrize("method", ["vsf", "nag"])
def test_steering_reaches_the_picture_and_grows_with_its_scale(
    loaded1: dict[str, Parts], method: NegativeMethod
) -> None:
    parts = loaded1["schnell"]
    start = FLUX1.begin(parts, 64, 64, 1)

    def velocity(condition: Condition) -> torch.Tensor:
        return FLUX1.predict(parts, start, ONE, ONE, condition)

    plain = velocity(FLUX1.encode(parts, "a man", None, 1.0))
    steered = [
        (velocity(FLUX1.encode(parts, "a man", Negative("a hat", method, scale), 1.0)) - plain).norm()
        for scale in (1.0, 4.0)
    ]
    assert 1e-4 < float(steered[0]) < float(steered[1])


def low_rank(parts: Parts, path: str, seed: int) -> Adapter:
    """An adapter of one layer."""
    out, width = FLUX1.linear_shapes(parts)[path]
    generator = torch.Generator().manual_seed(seed)
    change = LowRank(torch.randn(2, width, generator=generator), torch.randn(out, 2, generator=generator))
    report = Report("test", {"lora": 1}, 2, 2, {}, (2,), (), (path,), "")
    return Adapter(path, f"{path} {seed}", report, {path: (change,)})


def test_shapes_are_those_of_every_linear_layer(loaded1: dict[str, Parts]) -> None:
    shapes = FLUX1.linear_shapes(loaded1["dev"])
    for name in ("transformer", "text_encoder", "text_encoder_2"):
        layers = {
            f"{name}.{path}": tuple(layer.weight.shape)
            for path, layer in loaded1["dev"].components[name].named_modules()
            if isinstance(layer, torch.nn.Linear)
        }
        assert layers
        assert {path: shape for path, shape in shapes.items() if path.split(".")[0] == name} == layers


@pytest.mark.parametrize(
    "path", ["transformer_blocks.0.attn.add_k_proj", "single_transformer_blocks.0.proj_out"]
)
def test_an_adapter_does_what_the_changed_weight_does(loaded1: dict[str, Parts], path: str) -> None:
    parts = loaded1["dev"]
    adapter = low_rank(parts, f"transformer.{path}", 1)
    start = FLUX1.begin(parts, 64, 64, 1)
    plain = FLUX1.encode(parts, "a man", None, 3.5)
    before = FLUX1.predict(parts, start, ONE, ONE, plain)
    found = FLUX1.predict(parts, start, ONE, ONE, replace(plain, adapters=(Applied(adapter, 0.7),)))
    assert torch.equal(FLUX1.predict(parts, start, ONE, ONE, plain), before)
    layer = parts.components["transformer"].get_submodule(path)
    own = layer.weight.clone()
    try:
        layer.weight.add_(0.7 * adapter.changes[f"transformer.{path}"][0].dense(own))
        expected = FLUX1.predict(parts, start, ONE, ONE, plain)
    finally:
        layer.weight.copy_(own)
    assert (expected - before).abs().max() > 1e-3
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_pictures_of_one_pass_have_their_own_adapters(loaded1: dict[str, Parts]) -> None:
    parts = loaded1["dev"]
    rows = tuple(
        (Applied(low_rank(parts, "transformer.transformer_blocks.0.attn.to_v", seed)),) for seed in (1, 2)
    )
    starts = [FLUX1.begin(parts, 64, 64, seed) for seed in (1, 2)]
    condition = FLUX1.encode(parts, "a man", Negative("a hat", "true_cfg", 2.0), 3.5)
    together = FLUX1.predict(
        parts,
        Latents(torch.cat([start.tokens for start in starts]), 4, 4),
        ONE,
        ONE,
        replace(condition, rows=rows),
    )
    for index, start in enumerate(starts):
        alone = FLUX1.predict(parts, start, ONE, ONE, replace(condition, adapters=rows[index]))
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("text_encoder.encoder.layers.1.self_attn.v_proj", "pooled"),
        ("text_encoder_2.encoder.block.0.layer.0.SelfAttention.v", "text"),
    ],
)
def test_an_adapter_of_a_text_encoder_changes_what_it_reads(
    loaded1: dict[str, Parts], path: str, changed: str
) -> None:
    parts = loaded1["dev"]
    applied = [Applied(low_rank(parts, path, 1))]
    plain = FLUX1.encode(parts, "a man", None, 3.5)
    other = FLUX1.encode(parts, "a man", None, 3.5, applied)
    assert FLUX1.encode(parts, "a man", None, 3.5).text is plain.text
    for name in ("text", "pooled"):
        same = torch.equal(getattr(plain, name), getattr(other, name))
        assert same == (name != changed)


def draw(parts: Parts) -> torch.Tensor:
    condition = FLUX1.encode(parts, "a man", None, 3.0)
    start = FLUX1.begin(parts, 64, 64, 1)
    velocity = FLUX1.predict(parts, start, ONE, torch.zeros(1), condition)
    return FLUX1.decode(parts, Latents(start.tokens - velocity, start.rows, start.columns))


def test_one_component_at_a_time_draws_the_same_picture(
    checkpoints1: dict[str, Checkpoint], loaded1: dict[str, Parts], settings: Settings
) -> None:
    checkpoint = replace(checkpoints1["dev"], memory_gb=4.0, largest_gb=1.0)
    placement = place(checkpoint, replace(settings, memory_gb=3.0))
    assert placement.plan == "one at a time"
    parts = FLUX1.load(checkpoint, placement)
    held = []

    class Watched(dict[str, Any]):
        """Notes which components are there after each one comes."""

        def __setitem__(self, name: str, value: Any) -> None:
            super().__setitem__(name, value)
            held.append(sorted(set(self) - {"tokenizer", "tokenizer_2"}))

    parts.components = Watched(parts.components)
    assert FLUX1.linear_shapes(parts) == FLUX1.linear_shapes(loaded1["dev"])
    assert torch.equal(draw(parts), draw(loaded1["dev"]))
    assert held == [["text_encoder"], ["text_encoder_2"], ["transformer"], ["autoencoder"]]


def test_only_what_drawing_needs_is_loaded(loaded1: dict[str, Parts]) -> None:
    components = loaded1["dev"].components
    assert components["autoencoder"].encoder is None
    assert not hasattr(components["text_encoder_2"], "decoder")
    weight = components["autoencoder"].decoder.conv_in.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert loaded1["dev"].fingerprint != loaded1["schnell"].fingerprint


def test_too_big_a_checkpoint_is_refused_before_loading(
    checkpoints1: dict[str, Checkpoint], settings: Settings
) -> None:
    checkpoint = replace(checkpoints1["dev"], memory_gb=40.0, largest_gb=20.0)
    with pytest.raises(OutOfMemory, match="does not fit"):
        FLUX1.load(checkpoint, place(checkpoint, replace(settings, memory_gb=3.0)))


def test_float16_reads_with_t5_in_bfloat16(checkpoints1: dict[str, Checkpoint], settings: Settings) -> None:
    """Its activations overflow float16."""
    placement = replace(place(checkpoints1["dev"], settings), dtype="float16")
    components = FLUX1.load(checkpoints1["dev"], placement).components
    types = {
        name: next(components[name].parameters()).dtype
        for name in ("text_encoder", "text_encoder_2", "transformer")
    }
    assert types == {
        "text_encoder": torch.float16,
        "text_encoder_2": torch.bfloat16,
        "transformer": torch.float16,
    }
