"""The transformer of fluxgram-mini, and its forward pass with a tap for the geometry lesson.

The classes are diffusers' own; only the sizes are ours. `velocity` is the stock forward pass spelt out, so that it
compiles in one piece and lets the training loop look at the state after the second single block.
"""

from __future__ import annotations

import torch
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
from torch import nn

from recipes.mini.latents import TOKEN
from recipes.mini.text import LAYERS, WIDTH

HEADS = 3
DOUBLE, SINGLE = 2, 6
TAP = 2
"""The geometry lesson reads the state after this many single blocks."""
CELLS = 4 * 5
"""Numbers of geometry a token: 2 x 2 cells of normal, depth and coverage."""

Rotary = tuple[torch.Tensor, torch.Tensor]


def transformer() -> Flux2Transformer2DModel:
    """5.7 M parameters: 3 heads of 64, 2 double and 6 single blocks."""
    return Flux2Transformer2DModel(
        patch_size=1, in_channels=TOKEN, num_layers=DOUBLE, num_single_layers=SINGLE, attention_head_dim=64,
        num_attention_heads=HEADS, joint_attention_dim=WIDTH * len(LAYERS), timestep_guidance_channels=256,
        mlp_ratio=3.0, axes_dims_rope=(16, 16, 16, 16), rope_theta=2000, guidance_embeds=False,
    )  # fmt: skip


class Geometry(nn.Module):
    """Reads normals, depth and coverage off a token's state; used in training only."""

    def __init__(self) -> None:
        super().__init__()
        width = HEADS * 64
        self.layers = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 256), nn.SiLU(), nn.Linear(256, CELLS)
        )

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, width) to (batch, tokens, 20)."""
        return self.layers(state)


def rotary(net: Flux2Transformer2DModel, text: int, rows: int, columns: int) -> Rotary:
    """Rotary tables of `text` text tokens and a grid of image tokens, with FLUX.2's position ids (t, h, w, l)."""
    zero = torch.zeros(1, dtype=torch.long)
    words = torch.cartesian_prod(zero, zero, zero, torch.arange(text))
    grid = torch.cartesian_prod(zero, torch.arange(rows), torch.arange(columns), zero)
    tables = [net.pos_embed(ids) for ids in (words, grid)]
    return torch.cat([t[0] for t in tables]), torch.cat([t[1] for t in tables])


def velocity(
    net: Flux2Transformer2DModel, x: torch.Tensor, t: torch.Tensor, text: torch.Tensor, tables: Rotary
) -> tuple[torch.Tensor, torch.Tensor]:
    """The stock forward pass.

    Args:
        net: The transformer.
        x: Packed latents, (batch, tokens, 64).
        t: Noise level of each picture, (batch,), 0 ... 1.
        text: Prompt embeddings, (batch, text tokens, 576).
        tables: From `rotary`.

    Returns:
        Velocity (batch, tokens, 64), and the image tokens' state at the tap (batch, tokens, 192).
    """
    temb = net.time_guidance_embed(t.to(x.dtype) * 1000, None)
    image, words = net.x_embedder(x), net.context_embedder(text)
    double_image, double_text = net.double_stream_modulation_img(temb), net.double_stream_modulation_txt(temb)
    single = net.single_stream_modulation(temb)
    for block in net.transformer_blocks:
        words, image = block(
            hidden_states=image, encoder_hidden_states=words, temb_mod_img=double_image, temb_mod_txt=double_text,
            image_rotary_emb=tables,
        )  # fmt: skip
    state, length = torch.cat([words, image], 1), words.shape[1]
    tap = image
    for index, block in enumerate(net.single_transformer_blocks):
        state = block(
            hidden_states=state, encoder_hidden_states=None, temb_mod=single, image_rotary_emb=tables
        )
        if index + 1 == TAP:
            tap = state[:, length:]
    return net.proj_out(net.norm_out(state[:, length:], temb)), tap
