"""Previews: latents to a small picture by one fitted linear map, in about a millisecond, without the decoder.

Each token becomes k x k pixels: a matrix of (channels, 3*k*k) and a bias, fitted by least squares on latents
that the checkpoint's own decoder turned into pictures. A checkpoint's folder may bring the map as
`preview.safetensors`; where it does not, the map is fitted on smooth random latents and kept in the home folder.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fluxgram.errors import CheckpointDamaged
from fluxgram.families.sources import silent

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from PIL.Image import Image

    from fluxgram.families.contract import Family, Latents, Parts, Progress

FILE = "preview.safetensors"
"""Name of the map in a checkpoint's folder."""

_K = 4
_ROUGHNESS = (0.0, 0.1, 0.3, 1.0)
_RIDGE = 1e-2
_SIDE = 12
"""Tokens along each side of a picture to fit on: small to decode, and 8 of them outnumber the channels by far."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreviewMap:
    """Latents to small pictures.

    Attributes:
        weight: (channels, 3*k*k) float32; columns run over rows, columns and colours of a token's pixels.
        bias: (3*k*k,) float32; a picture is 0 … 1.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    @property
    def k(self) -> int:
        """Pixels that a token becomes, along each side."""
        return math.isqrt(self.bias.numel() // 3)

    def __call__(self, latents: Latents) -> Image:
        """The picture of (nearly) clean latents, columns*k x rows*k px."""
        from PIL import Image

        tokens = latents.tokens[0].to(device="cpu", dtype=self.weight.dtype)
        pixels = (tokens @ self.weight + self.bias).reshape(latents.rows, latents.columns, self.k, self.k, 3)
        pixels = pixels.permute(0, 2, 1, 3, 4).reshape(latents.rows * self.k, latents.columns * self.k, 3)
        return Image.fromarray((pixels.clamp(0, 1) * 255).round().byte().numpy())

    def save(self, path: Path) -> None:
        """Write the map; the file appears whole or not at all."""
        from safetensors.torch import save_file

        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        save_file({"weight": self.weight.contiguous(), "bias": self.bias.contiguous()}, partial)
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> PreviewMap:
        """Read a map back.

        Raises:
            CheckpointDamaged: The file cannot be read, or is no map.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            found = load_file(path)
            weight, bias = found["weight"].float(), found["bias"].float()
        except (SafetensorError, KeyError, OSError) as error:
            raise CheckpointDamaged(
                f"{path} is no preview map ({error}).", "Delete it; it is fitted anew."
            ) from None
        preview = cls(weight, bias)
        if weight.ndim != 2 or bias.shape != (3 * preview.k**2,) or weight.shape[1] != bias.numel():
            raise CheckpointDamaged(f"{path} is no preview map.", "Delete it; it is fitted anew.")
        return preview


def fit(parts: Parts, family: Family, k: int = _K) -> PreviewMap:
    """Fit the map on random latents, from smooth to rough, decoded by the checkpoint's own decoder.

    Args:
        parts: The loaded checkpoint.
        family: Its family.
        k: Pixels that a token becomes, along each side.
    """
    rounds = range(len(_ROUGHNESS) * 2)
    latents = [_random_latents(parts, family, seed, _ROUGHNESS[seed % len(_ROUGHNESS)]) for seed in rounds]
    return fit_pairs([(each, family.decode(parts, each)) for each in latents], k)


def fit_pairs(pairs: list[tuple[Latents, torch.Tensor]], k: int = _K) -> PreviewMap:
    """Fit the map by ridge regression on latents and the (height, width, 3) uint8 pictures they decode to."""
    import torch

    inputs = torch.cat([latents.tokens[0].double().cpu() for latents, _ in pairs])
    targets = torch.cat([_pooled(picture, latents, k) for latents, picture in pairs])
    middle, target_middle = inputs.mean(0), targets.mean(0)
    inputs, targets = inputs - middle, targets - target_middle
    ridge = _RIDGE * len(inputs) * torch.eye(inputs.shape[1], dtype=inputs.dtype)
    weight = torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ targets)
    return PreviewMap(weight.float(), (target_middle - middle @ weight).float())


def find_or_fit(
    parts: Parts, family: Family, home: Path, folder: Path | None = None, progress: Progress = silent
) -> PreviewMap:
    """The checkpoint's own map, else the one fitted earlier on this machine, else a new one.

    Args:
        parts: The loaded checkpoint.
        family: Its family.
        home: fluxgram's home folder.
        folder: The checkpoint's folder, where there is one.
        progress: Told when a map is fitted (`fit preview`), which takes as long as decoding a few pictures.
    """
    if folder is not None and (folder / FILE).is_file():
        return PreviewMap.read(folder / FILE)
    kept = home / "previews" / f"{parts.fingerprint[:32]}.safetensors"
    if kept.is_file():
        return PreviewMap.read(kept)
    progress("fit preview", 0.0)
    fitted = fit(parts, family)
    progress("fit preview", 1.0)
    try:
        fitted.save(kept)
    except OSError as error:
        _log.info("the preview map could not be kept at %s: %s", kept, error)
    return fitted


def _random_latents(parts: Parts, family: Family, seed: int, roughness: float) -> Latents:
    """Noise that is smooth from token to token, with a share that is rough; unit variance in each channel."""
    from torch.nn.functional import interpolate

    side = _SIDE * parts.checkpoint.sizes.multiple
    latents = family.begin(parts, side, side, seed)
    tokens = latents.tokens.float()
    grid = tokens[0].T.reshape(1, -1, latents.rows, latents.columns)
    coarse = grid[:, :, : max(2, latents.rows // 4), : max(2, latents.columns // 4)]
    smooth = interpolate(coarse, size=grid.shape[2:], mode="bilinear", align_corners=False)
    mixed = smooth + roughness * grid
    mixed = mixed / mixed.std(dim=(2, 3), keepdim=True, correction=0).clamp_min(1e-6)
    packed: torch.Tensor = mixed.flatten(2).transpose(1, 2)
    return replace(latents, tokens=packed.to(latents.tokens.dtype))


def _pooled(picture: torch.Tensor, latents: Latents, k: int) -> torch.Tensor:
    """A decoded picture as k x k mean colours a token: (rows*columns, 3*k*k), 0 … 1, float64."""
    from torch.nn.functional import adaptive_avg_pool2d

    planes = picture.permute(2, 0, 1)[None].double() / 255
    small = adaptive_avg_pool2d(planes, (latents.rows * k, latents.columns * k))[0]
    cells = small.reshape(3, latents.rows, k, latents.columns, k).permute(1, 3, 2, 4, 0)
    return cells.reshape(latents.rows * latents.columns, 3 * k * k)
