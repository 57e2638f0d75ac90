"""Attention of FLUX.1's blocks: steered by a negative prompt where a pass asks for it, diffusers' own where not.

How a pass asks, and what both families share, is `steered_attention.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.steered_attention import OWN, JointProcessor, projected, steered

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.steered_attention import Rotary
    from fluxgram.families.steering import Steering


def install(transformer: nn.Module) -> None:
    """Have every block of a `FluxTransformer2DModel` attend by these processors."""
    for blocks, processor in (
        ("transformer_blocks", JointProcessor),
        ("single_transformer_blocks", SingleProcessor),
    ):
        for block in transformer.get_submodule(blocks).children():
            attention: Any = block.get_submodule("attn")
            attention.set_processor(processor(attention.processor))


class SingleProcessor:
    """Attention of a single block: text and picture in one tensor. `stock` computes plain passes."""

    def __init__(self, stock: Any) -> None:
        self.stock = stock

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
        steering: Steering | None = None,
    ) -> torch.Tensor:
        """Text and picture (batch, tokens, width), attended; the block projects them. No `encoder_hidden_states`."""
        if steering is None or image_rotary_emb is None:
            plain: torch.Tensor = self.stock(
                attn, hidden_states, encoder_hidden_states, attention_mask, image_rotary_emb
            )
            return plain
        return steered(projected(attn, hidden_states, OWN, "norm_"), image_rotary_emb, steering)
