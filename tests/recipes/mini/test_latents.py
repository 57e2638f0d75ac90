"""The fixed latent space and its packing, against diffusers' own packing and the algebra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import Flux2KleinPipeline

from recipes.mini import latents
from recipes.mini.export import preview


@pytest.fixture(scope="module")
def space() -> latents.LatentSpace:
    rng = np.random.default_rng(0)
    smooth = rng.integers(0, 255, (24, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    return latents.fit(smooth)


def test_packing_is_that_of_the_stock_pipeline() -> None:
    grid = torch.randn(2, latents.COMPONENTS, 6, 4)
    stock = Flux2KleinPipeline._pack_latents(Flux2KleinPipeline._patchify_latents(grid))
    assert torch.equal(latents.pack(grid), stock)
    assert torch.equal(latents.unpack(latents.pack(grid), 3, 2), grid)


def test_components_are_orthonormal_and_explain_smooth_pictures(space: latents.LatentSpace) -> None:
    assert torch.allclose(space.basis @ space.basis.T, torch.eye(latents.COMPONENTS), atol=1e-5)
    flat = torch.full((1, 32, 32, 3), 200, dtype=torch.uint8)
    back = space.decode(space.encode(flat))
    assert torch.allclose(back, torch.full_like(back, 200 / 127.5 - 1), atol=1e-3)


def test_normalised_latents_have_unit_mean_variance_and_come_back(space: latents.LatentSpace) -> None:
    raw = torch.randn(4, latents.COMPONENTS, 2, 2)
    assert torch.allclose(space.restore(space.normalise(raw)), raw, atol=1e-4)


def test_preview_map_is_the_linear_decoder_seen_small(space: latents.LatentSpace) -> None:
    tokens = torch.randn(1, 1, latents.TOKEN)
    picture = space.decode(space.restore(latents.unpack(tokens, 1, 1))) * 0.5 + 0.5
    small = torch.nn.functional.avg_pool2d(picture, 8).permute(0, 2, 3, 1).flatten()
    found = preview(space)
    assert torch.allclose(tokens[0, 0] @ found["weight"] + found["bias"], small, atol=1e-4)
