"""Step 2a: the latent space, fixed from the first minute: principal components of 16 px patches.

    python -m recipes.mini.latents POOL STATE

16 components of every patch of 16 x 16 px explain about 33 dB of a portrait; twice as many explain 36, but the further
ones are drowned in noise for most of the way, and a narrow transformer is kept busy with carrying that noise from its
input to its output. The autoencoder's decoder learns to invert the components and its encoder to produce them, while
the transformer trains at once. Two by two patches are packed as in FLUX.2: a token has 64 numbers and covers 32 px.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

PATCH = 16
COMPONENTS = 16
TOKEN = 4 * COMPONENTS
"""Numbers a token."""
POWER = 0.2
"""Latents are divided by (standard deviation)^(2 * POWER): 0 leaves them, 0.5 whitens them."""
DEVIATION = 1.35
"""Root mean square of what the transformer sees, in units of its noise."""


@dataclass(frozen=True)
class LatentSpace:
    """A linear latent space.

    Attributes:
        basis: (16, 768) orthonormal rows over a patch of 3 x 16 x 16 numbers in -1 ... 1.
        mean: (16,) mean of the coefficients.
        scale: (16,) what centred coefficients are divided by before the transformer sees them.
    """

    basis: torch.Tensor
    mean: torch.Tensor
    scale: torch.Tensor

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(n, height, width, 3) uint8 to raw coefficients (n, 16, height/16, width/16)."""
        x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        kernel = self.basis.view(COMPONENTS, 3, PATCH, PATCH)
        return torch.nn.functional.conv2d(x, kernel, stride=PATCH)

    def decode(self, raw: torch.Tensor) -> torch.Tensor:
        """Raw coefficients to the linear picture, (n, 3, height, width) in about -1 ... 1."""
        kernel = self.basis.view(COMPONENTS, 3, PATCH, PATCH)
        return torch.nn.functional.conv_transpose2d(raw, kernel, stride=PATCH)

    def normalise(self, raw: torch.Tensor) -> torch.Tensor:
        """What FLUX.2's batch norm does to packed latents, before packing."""
        return (raw - self.mean.view(1, -1, 1, 1)) / self.scale.view(1, -1, 1, 1)

    def restore(self, normal: torch.Tensor) -> torch.Tensor:
        """The inverse of `normalise`."""
        return normal * self.scale.view(1, -1, 1, 1) + self.mean.view(1, -1, 1, 1)


def pack(latents: torch.Tensor) -> torch.Tensor:
    """(n, 16, rows, columns) to tokens (n, rows/2 * columns/2, 64), in FLUX.2's order."""
    n, c, rows, columns = latents.shape
    x = latents.view(n, c, rows // 2, 2, columns // 2, 2).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(n, c * 4, -1).transpose(1, 2)


def unpack(tokens: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Tokens (n, rows * columns, 64) to (n, 16, 2 * rows, 2 * columns)."""
    n = len(tokens)
    x = tokens.transpose(1, 2).reshape(n, COMPONENTS, 2, 2, rows, columns).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(n, COMPONENTS, rows * 2, columns * 2)


def fit(pixels: np.ndarray) -> LatentSpace:
    """Principal components of the patches of (n, height, width, 3) uint8 pictures and of their mirror images."""
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    patches = (
        torch.nn.functional.unfold(x, PATCH, stride=PATCH).transpose(1, 2).reshape(-1, 3 * PATCH * PATCH)
    )
    flipped = patches.view(-1, 3, PATCH, PATCH).flip(-1).reshape(patches.shape)
    covariance, count = torch.zeros(patches.shape[1], patches.shape[1], dtype=torch.float64), 2 * len(patches)
    total = (patches.sum(0) + flipped.sum(0)).double()
    for half in (patches, flipped):
        for block in half.split(65536):
            covariance += (block.T @ block).double()
    mean = total / count
    values, vectors = torch.linalg.eigh(covariance / count - torch.outer(mean, mean))
    basis = vectors.flip(1)[:, :COMPONENTS].T.float().contiguous()
    deviation = values.flip(0)[:COMPONENTS].sqrt().float()
    scale = deviation ** (2 * POWER)
    scale *= ((deviation / scale) ** 2).mean().sqrt() / DEVIATION
    return LatentSpace(basis, basis @ mean.float(), scale)


def load(state: Path) -> LatentSpace:
    """The latent space of a training state."""
    return LatentSpace(**load_file(state / "latent_space.safetensors"))


def main() -> None:
    """Fit the space once, then turn every shard of the pool that has none yet into tokens of both orientations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    options = parser.parse_args()
    shards = sorted(options.pool.glob("*.npz"))
    if not (options.state / "latent_space.safetensors").exists():
        first = [np.load(p)["pixels"] for p in shards if "train" in p.name and "square" in p.name][:4]
        space = fit(np.concatenate(first)[::2])
        save_file(vars(space), options.state / "latent_space.safetensors")
    space = load(options.state)
    (options.state / "latents").mkdir(exist_ok=True)
    for path in shards:
        target = options.state / "latents" / f"{path.stem}.npy"
        if target.exists():
            continue
        pixels = torch.from_numpy(np.load(path)["pixels"])
        both = [pack(space.normalise(space.encode(side))).half() for side in (pixels, pixels.flip(2))]
        with (target.with_suffix(".tmp")).open("wb") as file:
            np.save(file, torch.stack(both, 1).numpy())
        target.with_suffix(".tmp").replace(target)
    probe = torch.from_numpy(np.load(shards[0])["pixels"][:64])
    error = (
        (space.decode(space.encode(probe)) - (probe.permute(0, 3, 1, 2).float() / 127.5 - 1)).pow(2).mean()
    )
    print(json.dumps({"linear_psnr_db": round(float(10 * torch.log10(4 / error)), 2), "shards": len(shards)}))


if __name__ == "__main__":
    main()
