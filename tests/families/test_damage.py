"""Every way a checkpoint's folder can be broken is one sentence that names the file, and a hint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fluxgram.errors import CheckpointDamaged, CheckpointError, CheckpointMissing, UnsafeWeights
from fluxgram.families import weights
from fluxgram.families.contract import Parts

Load = Callable[[Path], Parts]
WEIGHTS = {
    "transformer": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
}


def refused(load: Load, folder: Path, kind: type[CheckpointError], *words: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    assert type(caught.value) is kind, caught.value
    for word in words:
        assert word in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_the_toy_itself_loads(toy: Path, load: Load) -> None:
    assert load(toy).fingerprint


@pytest.mark.parametrize("part", WEIGHTS)
@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_truncated(toy: Path, load: Load, part: str, keep: int) -> None:
    path = toy / part / WEIGHTS[part]
    path.write_bytes(path.read_bytes()[:keep])
    refused(load, toy, CheckpointDamaged, str(path))


def test_longer_than_its_header_says(toy: Path, load: Load) -> None:
    path = toy / "vae" / WEIGHTS["vae"]
    path.write_bytes(path.read_bytes() + b"x")
    refused(load, toy, CheckpointDamaged, str(path))


@pytest.mark.parametrize("header", [b"[]", b"{}x", b'{"a": 1}', b'{"a": {"shape": [1]}}', b"\xff\xfe"])
def test_header_of_another_kind(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointDamaged, match=r"x\.safetensors"):
        weights.read_header(path)


@pytest.mark.parametrize("part", WEIGHTS)
def test_missing_weights(toy: Path, load: Load, part: str) -> None:
    (toy / part / WEIGHTS[part]).unlink()
    refused(load, toy, CheckpointMissing, "holds no weights", str(toy / part))


@pytest.mark.parametrize("part", WEIGHTS)
@pytest.mark.parametrize("suffix", [".bin", ".pt", ".ckpt", ".pth"])
def test_pickled_weights_only(toy: Path, load: Load, part: str, suffix: str) -> None:
    (toy / part / WEIGHTS[part]).unlink()
    (toy / part / f"weights{suffix}").write_bytes(b"\x80\x04.")
    refused(load, toy, UnsafeWeights, f"weights{suffix}", "pickled")


def test_pickled_weights_alone_in_a_folder(tmp_path: Path, load: Load) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x04.")
    refused(load, tmp_path, UnsafeWeights, "model.ckpt")


def edit(path: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    state = load_file(path)
    change(state)
    save_file(state, path, metadata={"format": "pt"})


def test_tensor_too_few(toy: Path, load: Load) -> None:
    edit(toy / "transformer" / WEIGHTS["transformer"], lambda state: state.pop("proj_out.weight"))
    refused(load, toy, CheckpointDamaged, "lacks 1 of", "proj_out.weight")


def test_tensor_too_many(toy: Path, load: Load) -> None:
    edit(toy / "transformer" / WEIGHTS["transformer"], lambda state: state.update(extra=torch.zeros(1)))
    refused(load, toy, CheckpointDamaged, "no place for: extra")


def test_tensor_of_another_shape(toy: Path, load: Load) -> None:
    edit(
        toy / "text_encoder" / WEIGHTS["text_encoder"],
        lambda state: state.update({"model.norm.weight": torch.zeros(3)}),
    )
    refused(load, toy, CheckpointDamaged, "model.norm.weight is [3]", "[32]")


def test_language_head_may_be_there(toy: Path, load: Load) -> None:
    edit(
        toy / "text_encoder" / WEIGHTS["text_encoder"],
        lambda state: state.update({"lm_head.weight": torch.zeros(512, 32)}),
    )
    assert load(toy)


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_missing_configuration(toy: Path, load: Load, part: str) -> None:
    (toy / part / "config.json").unlink()
    refused(load, toy, CheckpointMissing, str(toy / part / "config.json"))


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_configuration_that_is_no_json(toy: Path, load: Load, part: str, content: str) -> None:
    (toy / part / "config.json").write_text(content)
    refused(load, toy, CheckpointDamaged, "config.json")


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_configuration_of_another_class(toy: Path, load: Load, part: str) -> None:
    path = toy / part / "config.json"
    config = json.loads(path.read_text()) | {"_class_name": "UNet2DConditionModel", "architectures": ["Bert"]}
    path.write_text(json.dumps(config))
    refused(load, toy, CheckpointDamaged, "UNet2DConditionModel")


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("transformer", {"num_layers": "many"}),
        ("transformer", {"attention_head_dim": -4}),
        ("vae", {"block_out_channels": 3}),
        ("text_encoder", {"hidden_size": "wide"}),
        ("text_encoder", {"num_attention_heads": 0}),
    ],
)
def test_configuration_that_describes_nothing(
    toy: Path, load: Load, part: str, change: dict[str, object]
) -> None:
    path = toy / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused(load, toy, CheckpointDamaged, part)


def test_configuration_of_another_depth(toy: Path, load: Load) -> None:
    path = toy / "transformer" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_layers": 2}))
    refused(load, toy, CheckpointDamaged, "transformer lacks", "transformer_blocks.1.")


def test_folder_of_another_pipeline(toy: Path, load: Load) -> None:
    (toy / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    refused(load, toy, CheckpointDamaged, "StableDiffusionPipeline")


def test_empty_folder(tmp_path: Path, load: Load) -> None:
    refused(load, tmp_path, CheckpointMissing, "model_index.json is missing")


def shard(folder: Path) -> list[Path]:
    """The text encoder in two files with an index."""
    whole = folder / "text_encoder" / "model.safetensors"
    state = load_file(whole)
    whole.unlink()
    names = sorted(state)
    places = {name: f"model-0000{1 + index % 2}-of-00002.safetensors" for index, name in enumerate(names)}
    for file in sorted(set(places.values())):
        save_file({name: state[name] for name in names if places[name] == file}, whole.with_name(file))
    index = {"metadata": {}, "weight_map": places}
    whole.with_name("model.safetensors.index.json").write_text(json.dumps(index))
    return [whole.with_name(file) for file in sorted(set(places.values()))]


def test_sharded_weights_load_as_the_whole_ones(toy: Path, load: Load) -> None:
    before = load(toy).components["text_encoder"].state_dict()
    shard(toy)
    after = load(toy).components["text_encoder"].state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_missing_shard_is_named(toy: Path, load: Load) -> None:
    second = shard(toy)[1]
    second.unlink()
    refused(load, toy, CheckpointMissing, str(second))


def test_index_cannot_name_files_elsewhere(toy: Path, load: Load) -> None:
    shard(toy)
    index = toy / "text_encoder" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../secret.safetensors"}}))
    refused(load, toy, CheckpointDamaged, "outside its folder")


def test_more_layers_asked_for_than_there_are(toy: Path, load: Load) -> None:
    table = toy / "fluxgram.toml"
    table.write_text(table.read_text().replace("layers = [1, 2, 3]", "layers = [1, 2, 9]"))
    refused(load, toy, CheckpointDamaged, "hidden state 9", "4 layers")


def test_fingerprint_changes_with_content_and_not_with_place(toy: Path, tmp_path: Path, load: Load) -> None:
    before = load(toy).fingerprint
    moved = toy.rename(tmp_path / "moved")
    assert load(moved).fingerprint == before
    edit(
        moved / "transformer" / WEIGHTS["transformer"],
        lambda state: state.update({"proj_out.weight": state["proj_out.weight"] + 1}),
    )
    assert load(moved).fingerprint != before


def test_fingerprints_of_big_files_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_BIG", 4)
    path, cache = tmp_path / "a.safetensors", tmp_path / "home" / "fingerprints.json"
    path.write_bytes(b"12345")
    first = weights.fingerprint(tmp_path, [path], cache)
    assert first == weights.fingerprint(tmp_path, [path], None)
    kept = json.loads(cache.read_text())
    cache.write_text(json.dumps(dict.fromkeys(kept, "another")))
    assert weights.fingerprint(tmp_path, [path], cache) != first, "the cache was not used"
    path.write_bytes(b"123456")
    assert weights.fingerprint(tmp_path, [path], cache) == weights.fingerprint(tmp_path, [path], None)


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_damaged_fingerprint_cache_is_made_anew(tmp_path: Path, content: str) -> None:
    path, cache = tmp_path / "a.safetensors", tmp_path / "fingerprints.json"
    path.write_bytes(b"12345")
    cache.write_text(content)
    assert weights.fingerprint(tmp_path, [path], cache) == weights.fingerprint(tmp_path, [path])
