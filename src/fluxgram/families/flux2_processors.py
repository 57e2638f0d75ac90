"""Attention processors of FLUX.2 for stock blocks (a GPU's): steered where a pass asks for it, else diffusers' own.

A pass asks by `joint_attention_kwargs={"steering": Steering(...)}`. On a CPU the blocks of `flux2_blocks.py` read the
same; both hand queries, keys and values to `steering.attend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.steering import attend

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.steering import Steering

Rotary = tuple["torch.Tensor", "torch.Tensor"]


def install(transformer: nn.Module) -> None:
    """Have every block of a `Flux2Transformer2DModel` attend by the processors below."""
    for block in transformer.get_submodule("transformer_blocks").children():
        attention: Any = block.get_submodule("attn")
        attention.set_processor(JointProcessor(attention.processor))
    for block in transformer.get_submodule("single_transformer_blocks").children():
        attention = block.get_submodule("attn")
        attention.set_processor(FusedProcessor(attention.processor))


class JointProcessor:
    """Attention of a double block: text and picture with projections of their own. `stock` computes plain passes."""

    def __init__(self, stock: Any) -> None:
        self.stock = stock

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
        steering: Steering | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Picture (batch, tokens, width) and text (batch, text tokens, width), attended and projected."""
        if steering is None or image_rotary_emb is None:
            plain: tuple[torch.Tensor, torch.Tensor] = self.stock(
                attn, hidden_states, encoder_hidden_states, attention_mask, image_rotary_emb
            )
            return plain
        import torch

        text = _projected(
            attn, encoder_hidden_states, "add_q_proj", "add_k_proj", "add_v_proj", "norm_added_"
        )
        picture = _projected(attn, hidden_states, "to_q", "to_k", "to_v", "norm_")
        heads = [torch.cat(both, 1) for both in zip(text, picture, strict=True)]
        attended = _steered(heads, image_rotary_emb, steering)
        length = encoder_hidden_states.shape[1]
        out = attn.to_out[1](attn.to_out[0](attended[:, length:]))
        return out, attn.to_add_out(attended[:, :length])


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
        attended = _steered([attn.norm_q(query), attn.norm_k(key), value], image_rotary_emb, steering)
        out: torch.Tensor = attn.to_out(
            torch.cat((attended, attn.mlp_act_fn(projected[..., 3 * width :])), -1)
        )
        return out


def _projected(
    attn: Any, states: torch.Tensor, query: str, key: str, value: str, norm: str
) -> tuple[torch.Tensor, ...]:
    """Normalised queries and keys, and values, each (batch, tokens, heads, head)."""
    layers = (getattr(attn, name) for name in (query, key, value))
    parts = [layer(states).unflatten(-1, (-1, attn.head_dim)) for layer in layers]
    return getattr(attn, f"{norm}q")(parts[0]), getattr(attn, f"{norm}k")(parts[1]), parts[2]


def _steered(heads: list[torch.Tensor], rotary: Rotary, steering: Steering) -> torch.Tensor:
    """Rotated and attended: three of (batch, tokens, heads, head) to (batch, tokens, width)."""
    from diffusers.models.embeddings import apply_rotary_emb

    turn: Any = apply_rotary_emb
    query, key = (turn(each, rotary, sequence_dim=1).transpose(1, 2) for each in heads[:2])
    return attend(query, key, heads[2].transpose(1, 2), steering).transpose(1, 2).flatten(2)
