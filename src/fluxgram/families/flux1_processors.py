"""Attention of FLUX.1's blocks: steered by a negative prompt where a pass asks for it, diffusers' own where not.

A pass asks by `joint_attention_kwargs={"steering": Steering(...)}`; queries, keys and values then go to
`steering.attend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.steering import attend

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.steering import Steering


def install(transformer: nn.Module) -> None:
    """Have every block of a `FluxTransformer2DModel` attend by `SteeredProcessor`."""
    for blocks in ("transformer_blocks", "single_transformer_blocks"):
        for block in transformer.get_submodule(blocks).children():
            attention: Any = block.get_submodule("attn")
            attention.set_processor(SteeredProcessor(attention.processor))


class SteeredProcessor:
    """Attention of a double block (text and picture apart) or a single one (both together).

    Args:
        stock: Computes every pass that is not steered.
    """

    def __init__(self, stock: Any) -> None:
        self.stock = stock

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: tuple[torch.Tensor, torch.Tensor] | None = None,
        steering: Steering | None = None,
    ) -> Any:
        """Picture and text (batch, tokens, width) of a double block, or both in one tensor of a single one."""
        if steering is None or image_rotary_emb is None:
            return self.stock(attn, hidden_states, encoder_hidden_states, attention_mask, image_rotary_emb)
        import torch
        from diffusers.models.embeddings import apply_rotary_emb

        heads = _projected(attn, hidden_states, ("to_q", "to_k", "to_v"), "norm_")
        if encoder_hidden_states is not None:
            text = _projected(
                attn, encoder_hidden_states, ("add_q_proj", "add_k_proj", "add_v_proj"), "norm_added_"
            )
            heads = [torch.cat(both, 1) for both in zip(text, heads, strict=True)]
        rotary: Any = image_rotary_emb
        turned: list[Any] = [apply_rotary_emb(each, rotary, sequence_dim=1) for each in heads[:2]]
        query, key, value = (each.transpose(1, 2) for each in (*turned, heads[2]))
        attended = attend(query, key, value, steering).transpose(1, 2).flatten(2)
        if encoder_hidden_states is None:
            return attended
        length = encoder_hidden_states.shape[1]
        picture = attn.to_out[1](attn.to_out[0](attended[:, length:].contiguous()))
        return picture, attn.to_add_out(attended[:, :length].contiguous())


def _projected(attn: Any, states: torch.Tensor, layers: tuple[str, ...], norm: str) -> list[torch.Tensor]:
    """Normalised queries and keys, and values, each (batch, tokens, heads, head)."""
    query, key, value = (getattr(attn, name)(states).unflatten(-1, (-1, attn.head_dim)) for name in layers)
    return [getattr(attn, f"{norm}q")(query), getattr(attn, f"{norm}k")(key), value]
