"""What the attention processors of FLUX.1 and FLUX.2 share: that of double blocks, and pieces of the single blocks'.

A pass asks by `joint_attention_kwargs={"steering": Steering(...)}`; queries, keys and values then go to
`steering.attend`. A pass that does not ask is diffusers' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.steering import attend

if TYPE_CHECKING:
    import torch

    from fluxgram.families.steering import Steering

Rotary = tuple["torch.Tensor", "torch.Tensor"]
OWN = ("to_q", "to_k", "to_v")
"""Projections of the picture, or of text and picture in one tensor."""
_TEXTS = ("add_q_proj", "add_k_proj", "add_v_proj")


class JointProcessor:
    """Attention of a double block: text and picture with projections of their own.

    Args:
        stock: Computes every pass that is not steered.
    """

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

        text = projected(attn, encoder_hidden_states, _TEXTS, "norm_added_")
        picture = projected(attn, hidden_states, OWN, "norm_")
        heads = [torch.cat(both, 1) for both in zip(text, picture, strict=True)]
        attended = steered(heads, image_rotary_emb, steering)
        length = encoder_hidden_states.shape[1]
        out = attn.to_out[1](attn.to_out[0](attended[:, length:].contiguous()))
        return out, attn.to_add_out(attended[:, :length].contiguous())


def projected(attn: Any, states: torch.Tensor, layers: tuple[str, ...], norm: str) -> list[torch.Tensor]:
    """Normalised queries and keys, and values, each (batch, tokens, heads, head)."""
    query, key, value = (getattr(attn, name)(states).unflatten(-1, (-1, attn.head_dim)) for name in layers)
    return [getattr(attn, f"{norm}q")(query), getattr(attn, f"{norm}k")(key), value]


def steered(heads: list[torch.Tensor], rotary: Rotary, steering: Steering) -> torch.Tensor:
    """Rotated and attended: three of (batch, tokens, heads, head) to (batch, tokens, width)."""
    from diffusers.models.embeddings import apply_rotary_emb

    turn: Any = apply_rotary_emb
    query, key = (turn(each, rotary, sequence_dim=1).transpose(1, 2) for each in heads[:2])
    return attend(query, key, heads[2].transpose(1, 2), steering).transpose(1, 2).flatten(2)
