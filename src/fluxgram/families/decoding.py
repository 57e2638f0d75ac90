"""The autoencoder's decoding half, alike in every family: made without what drawing never touches, and its pixels.

How packed latents become what it reads is each family's own (`flux1.py`, `flux2.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.families import weights
from fluxgram.families.blueprint import Blueprint, shapes_of

if TYPE_CHECKING:
    import torch
    from torch import nn

_UNUSED = ("encoder.", "quant_conv.")


def decoding_half(module: Any, files: list[Path]) -> Blueprint:
    """An autoencoder of diffusers' without its encoder, in channels_last.

    Args:
        module: On the meta device, whole.
        files: Its safetensors files, which hold all of it.

    Raises:
        CheckpointDamaged: The files are of another one.
    """
    import torch

    weights.check_shapes(files, shapes_of(module))
    module.encoder = None
    module.quant_conv = None

    def finish(filled: nn.Module, device: torch.device) -> None:
        filled.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    return Blueprint(module, files, lambda name: None if name.startswith(_UNUSED) else name, finish)


def picture_of(autoencoder: Any, latents: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The first picture, (height, width, 3) uint8 on the CPU, of latents (batch, channels, rows, columns)."""
    import torch

    latents = latents.to(dtype).contiguous(memory_format=torch.channels_last)
    picture = autoencoder.decode(latents, return_dict=False)[0].float()
    picture = (picture * 0.5 + 0.5).clamp(0, 1).mul(255).round()
    pixels: torch.Tensor = picture[0].permute(1, 2, 0).to("cpu", torch.uint8).contiguous()
    return pixels
