"""Every way a FLUX.1 folder can be broken or mixed up is one sentence that names the file, and a hint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from fluxgram.errors import CheckpointDamaged, CheckpointError, CheckpointMissing, UnsafeWeights
from fluxgram.families import family_of, hub
from fluxgram.families.checkpoints import find
from fluxgram.families.contract import Parts
from fluxgram.families.flux1 import Flux1
from fluxgram.families.placement import place
from fluxgram.settings import Settings

Load = Callable[[Path], Parts]
WEIGHTS = {
    "transformer": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
    "text_encoder_2": "model.safetensors",
}


def refused(load: Load, folder: Path, kind: type[CheckpointError], *words: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    assert type(caught.value) is kind, caught.value
    for word in words:
        assert word in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def set_in(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("part", WEIGHTS)
@pytest.mark.parametrize("keep", [7, -1])
def test_truncated(toy1: Path, load: Load, part: str, keep: int) -> None:
    path = toy1 / part / WEIGHTS[part]
    path.write_bytes(path.read_bytes()[:keep])
    refused(load, toy1, CheckpointDamaged, str(path))


@pytest.mark.parametrize("part", WEIGHTS)
def test_missing_or_pickled_weights(toy1: Path, load: Load, part: str) -> None:
    (toy1 / part / WEIGHTS[part]).unlink()
    refused(load, toy1, CheckpointMissing, "holds no weights", str(toy1 / part))
    (toy1 / part / "weights.bin").write_bytes(b"\x80\x04.")
    refused(load, toy1, UnsafeWeights, "weights.bin", "pickled")


@pytest.mark.parametrize("part", [*WEIGHTS, "tokenizer", "tokenizer_2"])
def test_missing_folders(toy1: Path, load: Load, part: str) -> None:
    shutil.rmtree(toy1 / part)
    refused(load, toy1, CheckpointMissing, str(toy1 / part))
    assert not hub._is_whole(toy1)


def test_a_whole_folder_is_whole(toys1: dict[str, Path]) -> None:
    assert hub._is_whole(toys1["dev"])


@pytest.mark.parametrize("part", WEIGHTS)
def test_config_of_another_class(toy1: Path, load: Load, part: str) -> None:
    named = {"architectures": ["BertModel"]} if part.startswith("text") else {"_class_name": "BertModel"}
    set_in(toy1 / part / "config.json", **named)
    refused(load, toy1, CheckpointDamaged, "BertModel", str(toy1 / part / "config.json"))


@pytest.mark.parametrize("kind", ["FluxControlPipeline", "StableDiffusion3Pipeline", None])
def test_folder_of_another_pipeline(toy1: Path, load: Load, kind: str | None) -> None:
    set_in(toy1 / "model_index.json", _class_name=kind)
    refused(load, toy1, CheckpointDamaged, f"is of a {kind}", "does not draw with")


@pytest.mark.parametrize(
    ("part", "values", "words"),
    [
        ("transformer", {"num_layers": 2}, "lacks"),
        ("transformer", {"num_layers": 0}, "has no place for"),
        ("transformer", {"num_attention_heads": 3}, "where its config.json makes it"),
        ("transformer", {"num_attention_heads": "x"}, "describes no transformer"),
        ("transformer", {"axes_dims_rope": [4, 6, 8]}, "axes_dims_rope"),
        ("vae", {"shift_factor": None}, "sets shift_factor to None"),
        ("vae", {"scaling_factor": 0}, "sets scaling_factor to 0"),
        ("vae", {"latent_channels": 8}, "where its config.json makes it"),
        ("text_encoder", {"hidden_size": 48}, "where its config.json makes it"),
        ("text_encoder_2", {"d_model": 48}, "where its config.json makes it"),
        ("text_encoder_2", {"num_layers": 1}, "has no place for"),
    ],
)
def test_config_that_lies(toy1: Path, load: Load, part: str, values: dict[str, Any], words: str) -> None:
    set_in(toy1 / part / "config.json", **values)
    refused(load, toy1, CheckpointDamaged, words, str(toy1))


@pytest.mark.parametrize("embeds", [True, False])
def test_guidance_that_the_table_denies(toys1: dict[str, Path], settings: Settings, *, embeds: bool) -> None:
    checkpoint = replace(
        find(str(toys1["dev" if embeds else "schnell"]), settings), embeds_guidance=not embeds
    )
    with pytest.raises(
        CheckpointDamaged, match="embeds guidance" if embeds else "does not embed guidance"
    ) as caught:
        Flux1().load(checkpoint, place(checkpoint, settings))
    assert "embeds_guidance" in caught.value.hint


def test_a_table_of_the_other_family(
    toys: dict[str, Path], toys1: dict[str, Path], settings: Settings
) -> None:
    flux1, flux2 = find(str(toys1["dev"]), settings), find(str(toys["base"]), settings)
    for mine, theirs in ((flux1, flux2), (flux2, flux1)):
        mixed = replace(mine, source=theirs.source)
        with pytest.raises(CheckpointDamaged, match=f"of the family {theirs.family}, not {mine.family}"):
            family_of(mixed).load(mixed, place(mixed, settings), lambda stage, fraction: None)


@pytest.mark.parametrize(
    ("values", "name", "shape", "words"),
    [
        (
            {"pooled_projection_dim": 16},
            "time_text_embed.text_embedder.linear_1.weight",
            (32, 16),
            "text_encoder pools 24 channels, where transformer reads 16",
        ),
        (
            {"joint_attention_dim": 48},
            "context_embedder.weight",
            (32, 48),
            "text_encoder_2 gives 32 channels, where transformer reads 48",
        ),
        (
            {"in_channels": 128, "out_channels": 64},
            "x_embedder.weight",
            (32, 128),
            "vae packs 64 channels a token, where transformer takes 128",
        ),
    ],
)
def test_components_of_different_checkpoints(
    toy1: Path, load: Load, values: dict[str, Any], name: str, shape: tuple[int, int], words: str
) -> None:
    """Each component whole, and yet not made for each other."""
    set_in(toy1 / "transformer" / "config.json", **values)
    path = toy1 / "transformer" / WEIGHTS["transformer"]
    save_file(load_file(path) | {name: torch.zeros(shape)}, path)
    refused(load, toy1, CheckpointDamaged, words)


@pytest.mark.parametrize(("part", "vocabulary"), [("text_encoder", 8), ("text_encoder_2", 8)])
def test_more_words_than_the_encoder_knows(toy1: Path, load: Load, part: str, vocabulary: int) -> None:
    set_in(toy1 / part / "config.json", vocab_size=vocabulary)
    path = toy1 / part / WEIGHTS[part]
    tensors = load_file(path)
    name = "shared.weight" if part == "text_encoder_2" else "text_model.embeddings.token_embedding.weight"
    tensors[name] = tensors[name][:vocabulary].clone()
    save_file(tensors, path)
    refused(load, toy1, CheckpointDamaged, "words, where", f"{part} knows 8")


def test_more_positions_than_clip_has(toy1: Path, load: Load) -> None:
    set_in(toy1 / "tokenizer" / "tokenizer_config.json", model_max_length=77)
    refused(load, toy1, CheckpointDamaged, "77 positions, where text_encoder knows 24")


@pytest.mark.parametrize("part", ["text_encoder_2", "transformer"])
def test_shards(toy1: Path, load: Load, part: str) -> None:
    """Two shards load as one file does; a missing or half one is named."""
    path = toy1 / part / WEIGHTS[part]
    tensors = load_file(path)
    names, shards = sorted(tensors), ("a-1-of-2.safetensors", "a-2-of-2.safetensors")
    split = {shards[0]: names[::2], shards[1]: names[1::2]}
    before = {name: tensor.clone() for name, tensor in load(toy1).components[part].state_dict().items()}
    path.unlink()
    for shard, held in split.items():
        save_file({name: tensors[name] for name in held}, toy1 / part / shard)
    index = {"weight_map": {name: shard for shard, held in split.items() for name in held}}
    (toy1 / part / f"{WEIGHTS[part]}.index.json").write_text(json.dumps(index))
    after = load(toy1).components[part].state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    whole = (toy1 / part / shards[1]).read_bytes()
    (toy1 / part / shards[1]).write_bytes(whole[:-3])
    refused(load, toy1, CheckpointDamaged, shards[1], "truncated")
    (toy1 / part / shards[1]).unlink()
    refused(load, toy1, CheckpointMissing, shards[1])


def test_files_of_other_makings_load_the_same(toy1: Path, load: Load) -> None:
    """CLIP without its prefix and with positions; T5 whole, decoder and both names of its table included."""
    before = [load(toy1).components[part].state_dict() for part in ("text_encoder", "text_encoder_2")]
    path = toy1 / "text_encoder" / WEIGHTS["text_encoder"]
    clip = {name.removeprefix("text_model."): tensor for name, tensor in load_file(path).items()}
    save_file(clip | {"embeddings.position_ids": torch.arange(24)[None]}, path)
    path = toy1 / "text_encoder_2" / WEIGHTS["text_encoder_2"]
    t5 = load_file(path)
    extra = {
        "encoder.embed_tokens.weight": t5["shared.weight"].clone(),
        "decoder.final_layer_norm.weight": torch.ones(32),
    }
    save_file(t5 | extra | {"lm_head.weight": torch.ones(2, 32)}, path)
    set_in(toy1 / "text_encoder_2" / "config.json", architectures=["T5ForConditionalGeneration"])
    after = [load(toy1).components[part].state_dict() for part in ("text_encoder", "text_encoder_2")]
    for one, other in zip(before, after, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_schnell_and_dev_are_told_by_their_transformer(
    toys1: dict[str, Path], settings: Settings, toy1: Path
) -> None:
    schnell, dev = (find(str(toys1[kind]), settings) for kind in ("schnell", "dev"))
    assert (schnell.distilled, schnell.embeds_guidance, schnell.guidance) == (True, False, 1.0)
    assert (dev.distilled, dev.embeds_guidance, dev.guidance) == (False, True, 3.5)
    assert (schnell.negatives, dev.negatives) == (("nag", "vsf"), ("true_cfg", "nag", "vsf"))
    assert (schnell.schedule.kind, schnell.schedule.shift, dev.schedule.kind) == ("shift", 1.0, "linear")
    (toy1 / "fluxgram.toml").unlink()
    assert find(str(toy1), settings).text == find("flux1-dev", settings).text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("use_karras_sigmas", True),
        ("shift_terminal", 0.1),
        ("time_shift_type", "linear"),
        ("max_shift", "much"),
    ],
)
def test_noise_levels_of_another_kind(toy1: Path, settings: Settings, key: str, value: Any) -> None:
    set_in(toy1 / "scheduler" / "scheduler_config.json", **{key: value})
    with pytest.raises(CheckpointDamaged, match=key) as caught:
        find(str(toy1), settings)
    assert caught.value.hint


def test_noise_levels_of_a_folder_are_its_own(toy1: Path, settings: Settings) -> None:
    set_in(toy1 / "scheduler" / "scheduler_config.json", max_shift=1.3, max_image_seq_len=8192)
    schedule = find(str(toy1), settings).schedule
    assert (schedule.tokens, schedule.exponents) == ((256, 8192), (0.5, 1.3))
