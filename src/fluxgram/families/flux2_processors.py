"""Attention processors of FLUX.2 for stock blocks (a GPU's): steered where a pass asks for it, else diffusers' own.

How a pass asks, and what both families share, is `steered_attention.py`. On a CPU the blocks of `flux2_blocks.py` read
the same, and hand queries, keys and values to `steering.attend`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.steered_attention import JointProcessor, steered

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.steered_attention import Rotary
    from fluxgram.families.steering import Steering


def install(transformer: nn.Module) -> None:
    """Have every block of a `Flux2Transformer2DModel` attend by these processors."""
    for block in transformer.get_submodule("transformer_blocks").children():
        attention: Any = block.get_submodule("attn")
        attention.set_processor(JointProcessor(attention.processor))
    for block in transformer.get_submodule("single_transformer_blocks").children():
        attention = block.get_submodule("attn")
        attention.set_processor(FusedProcessor(attention.processor))


class FusedProcessor:
    """Attention of a single block: one projection in, one out, shared with the feed-forward layer beside it."""

    def __init__(self, stock: Any) -> None:
        self.stock = stock

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
        steering: Steering | None = None,
    ) -> torch.Tensor:
        """Text and picture (batch, tokens, width), attended, fed forward and projected."""
        if steering is None or image_rotary_emb is None:
            plain: torch.Tensor = self.stock(attn, hidden_states, attention_mask, image_rotary_emb)
            return plain
        import torch

        projected = attn.to_qkv_mlp_proj(hidden_states)
        width = attn.inner_dim
        query, key, value = (
            part.unflatten(-1, (-1, attn.head_dim)) for part in projected[..., : 3 * width].chunk(3, -1)
        )
        attended = steered([attn.norm_q(query), attn.norm_k(key), value], image_rotary_emb, steering)
        out: torch.Tensor = attn.to_out(
            torch.cat((attended, attn.mlp_act_fn(projected[..., 3 * width :])), -1)
        )
        return out
