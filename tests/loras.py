"""LoRA files for toys and other small checkpoints, and what they make of the weights, by plain matrix products."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = Path("transformer", "diffusion_pytorch_model.safetensors")


def write_lora(
    path: Path, checkpoint: Path, *, seed: int = 0, rank: int = 2, strength: float = 0.5, only: str = ""
) -> Path:
    """A LoRA in diffusers' form, of every linear layer of a transformer, or of those that begin with `only`.

    Args:
        path: Where to.
        checkpoint: Folder in diffusers' layout.
        seed: Of its numbers.
        rank: Of its pairs.
        strength: Size of its changes, about, over that of the weights.
        only: How the layers' names begin.
    """
    dice = torch.Generator().manual_seed(seed)
    pairs = {}
    for name, weight in _linear(checkpoint).items():
        if not name.startswith(only):
            continue
        out, into = weight.shape
        size = strength * weight.std().item() / rank**0.5
        pairs[f"transformer.{name}.lora_A.weight"] = torch.randn(rank, into, generator=dice)
        pairs[f"transformer.{name}.lora_B.weight"] = torch.randn(out, rank, generator=dice) * size
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(pairs, path, metadata={"format": "pt"})
    return path


def merge_lora(checkpoint: Path, lora: Path, to: Path, weight: float = 1.0) -> Path:
    """A copy of a checkpoint with a LoRA in its weights."""
    shutil.copytree(checkpoint, to)
    state, pairs = load_file(to / WEIGHTS), load_file(lora)
    for name in _linear(checkpoint):
        down, up = (pairs.get(f"transformer.{name}.lora_{part}.weight") for part in "AB")
        if down is not None and up is not None:
            state[f"{name}.weight"] += weight * up @ down
    save_file(state, to / WEIGHTS, metadata={"format": "pt"})
    return to


def _linear(checkpoint: Path) -> dict[str, torch.Tensor]:
    state = load_file(checkpoint / WEIGHTS)
    return {
        name.removesuffix(".weight"): tensor for name, tensor in sorted(state.items()) if tensor.ndim == 2
    }
