"""A checkpoint's layers from its headers are those of the loaded one, and adapters of text encoders find theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fluxgram.errors import AdapterMisfit
from fluxgram.families import family_of
from fluxgram.families.adapters.layers import shapes_of
from fluxgram.families.adapters.names import flat, text_encoder_of
from fluxgram.families.adapters.reading import open_adapter
from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Parts
from fluxgram.settings import Settings


@pytest.fixture(params=["flux1", "flux2"])
def both(request: pytest.FixtureRequest) -> tuple[Checkpoint, Parts]:
    """A toy's table and the loaded toy."""
    end, kind = {"flux1": ("1", "dev"), "flux2": ("", "base")}[request.param]
    checkpoints: dict[str, Checkpoint] = request.getfixturevalue(f"checkpoints{end}")
    loaded: dict[str, Parts] = request.getfixturevalue(f"loaded{end}")
    return checkpoints[kind], loaded[kind]


def test_layers_from_headers_are_those_of_the_loaded_one(
    both: tuple[Checkpoint, Parts], settings: Settings
) -> None:
    checkpoint, parts = both
    wanted = family_of(checkpoint).linear_shapes(parts)
    found = shapes_of(checkpoint, settings)

    def bare(shapes: Mapping[str, tuple[int, ...]]) -> dict[object, tuple[int, ...]]:
        return {text_encoder_of(flat(path)) or path: shape for path, shape in shapes.items()}

    assert bare(found) == bare(wanted)
    assert len(found) == len(wanted)
    assert any(path.startswith("text_encoder.") for path in found)


def pair(name: str, out: int, into: int, ends: tuple[str, str]) -> dict[str, torch.Tensor]:
    return {f"{name}.{ends[0]}.weight": torch.ones(1, into), f"{name}.{ends[1]}.weight": torch.ones(out, 1)}


KOHYA, DIFFUSERS = ("lora_down", "lora_up"), ("lora_A", "lora_B")


@pytest.mark.parametrize(
    ("clip", "t5", "ends"),
    [
        ("lora_te1_text_model_encoder_layers_1_mlp_fc1", "lora_te3_encoder_block_1_layer_0_SelfAttention_q", KOHYA),
        ("lora_te1_text_model_encoder_layers_1_mlp_fc1", "lora_te2_encoder_block_1_layer_0_SelfAttention_q", KOHYA),
        ("text_encoder.text_model.encoder.layers.1.mlp.fc1",
         "text_encoder_2.encoder.block.1.layer.0.SelfAttention.q", DIFFUSERS),
        ("text_encoders.clip_l.transformer.text_model.encoder.layers.1.mlp.fc1",
         "text_encoders.t5xxl.transformer.encoder.block.1.layer.0.SelfAttention.q", KOHYA),
    ],
)  # fmt: skip
def test_text_encoders_of_flux1(
    clip: str, t5: str, ends: tuple[str, str], loaded1: dict[str, Parts], tmp_path: Path
) -> None:
    parts = loaded1["dev"]
    shapes = family_of(parts.checkpoint).linear_shapes(parts)
    first = next(path for path in shapes if path.endswith("layers.1.mlp.fc1"))
    second = next(path for path in shapes if path.endswith("block.1.layer.0.SelfAttention.q"))
    tensors = pair(clip, *shapes[first], ends) | pair(t5, *shapes[second], ends)
    save_file(tensors, tmp_path / "a.safetensors")
    assert set(open_adapter(tmp_path / "a.safetensors", shapes).changes) == {first, second}


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_the_text_encoder_of_flux2(layer: int, loaded: dict[str, Parts], tmp_path: Path) -> None:
    """The toy reads after its third layer; its fourth is not loaded."""
    parts = loaded["base"]
    shapes = family_of(parts.checkpoint).linear_shapes(parts)
    path = next(path for path in shapes if path.endswith("layers.0.self_attn.q_proj"))
    name = f"text_encoder.model.layers.{layer}.self_attn.q_proj"
    save_file(pair(name, *shapes[path], DIFFUSERS), tmp_path / "a.safetensors")
    if layer < 3:
        changes = open_adapter(tmp_path / "a.safetensors", shapes).changes
        assert set(changes) == {path.replace("layers.0", f"layers.{layer}")}
    else:
        with pytest.raises(AdapterMisfit, match="does not read that far"):
            open_adapter(tmp_path / "a.safetensors", shapes)
