"""Toy transformers of both families: the real classes at depth 1, with random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch

from fluxgram.families.imports import narrow
from tests.families.adapters import corpus

Draw = Callable[[], torch.Tensor]


@pytest.fixture(scope="session")
def transformers() -> Mapping[str, Any]:
    with narrow():
        from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
        from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        one = FluxTransformer2DModel(
            in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=48, pooled_projection_dim=24, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
        )  # fmt: skip
        two = Flux2Transformer2DModel(
            in_channels=128, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=96, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
        )  # fmt: skip
    return {"flux1": one.eval().requires_grad_(False), "flux2": two.eval().requires_grad_(False)}


@pytest.fixture(scope="session")
def worlds(transformers: Mapping[str, Any]) -> Mapping[str, corpus.World]:
    layers = {"flux1": corpus.FLUX1, "flux2": corpus.FLUX2}
    found = {}
    for family, transformer in transformers.items():
        linear = {
            name: layer for name, layer in transformer.named_modules() if isinstance(layer, torch.nn.Linear)
        }
        found[family] = corpus.World(
            family,
            layers[family],
            {name: layer.weight for name, layer in linear.items()},
            {name: layer.bias for name, layer in linear.items() if layer.bias is not None},
        )
    return found


@pytest.fixture(scope="session")
def draw(transformers: Mapping[str, Any]) -> Callable[[str], torch.Tensor]:
    """What a toy transformer makes of a fixed input."""
    fixed = torch.Generator().manual_seed(5)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=fixed)

    inputs = {
        "flux1": {
            "hidden_states": random(1, 6, 64), "encoder_hidden_states": random(1, 3, 48),
            "pooled_projections": random(1, 24), "timestep": torch.tensor([0.7]), "guidance": torch.tensor([3.5]),
            "img_ids": random(6, 3).abs(), "txt_ids": torch.zeros(3, 3),
        },
        "flux2": {
            "hidden_states": random(1, 6, 128), "encoder_hidden_states": random(1, 3, 96),
            "timestep": torch.tensor([0.7]), "guidance": None,
            "img_ids": random(6, 4).abs(), "txt_ids": torch.zeros(3, 4),
        },
    }  # fmt: skip

    def drawn(family: str) -> torch.Tensor:
        with torch.no_grad():
            picture: torch.Tensor = transformers[family](**inputs[family], return_dict=False)[0]
        return picture

    return drawn


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Toys are too small to share out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
