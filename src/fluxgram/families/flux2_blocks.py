"""FLUX.2's transformer blocks on a CPU: the arithmetic of diffusers' blocks in fewer passes over memory.

A CPU spends a third of a stock block on things beside matrix products: normalising, modulating, rotating, gating,
concatenating, each a pass (or five) over tens of megabytes. Here they are fused, or done on slices that stay in the
core's cache, straight into the place where they are needed. What is rounded to bfloat16 in between by the stock blocks
and not here only comes closer to float32. `hasten` is called by `flux2_components.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxgram.families.steering import attend

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.steering import Steering

Rotary = tuple["torch.Tensor", "torch.Tensor"]
_SLICE = 2**18
"""Numbers in one slice: with two or three temporaries it stays in a core's second-level cache."""


def hasten(transformer: nn.Module) -> None:
    """Have every block of a `Flux2Transformer2DModel` computed by the functions below. For inference on a CPU."""
    turns = _Turns()
    for block in transformer.get_submodule("transformer_blocks").children():
        block.forward = partial(_double, turns, block)
    for block in transformer.get_submodule("single_transformer_blocks").children():
        block.forward = partial(_single, turns, block)


class _Turns:
    """Rotation of each token as complex numbers (tokens, 1, head / 2), kept while the blocks of one pass ask for it."""

    def __init__(self) -> None:
        self._cosine: torch.Tensor | None = None
        self._table: torch.Tensor | None = None

    def __call__(self, rotary: Rotary) -> torch.Tensor:
        """The table of cosines and sines, each (tokens, head) with every number twice."""
        import torch

        cosine, sine = rotary
        if self._table is None or self._cosine is not cosine:
            self._table = torch.complex(cosine[:, ::2].float(), sine[:, ::2].float()).unsqueeze(1)
            self._cosine = cosine
        return self._table


def _single(
    turns: _Turns,
    block: Any,
    hidden_states: torch.Tensor,
    encoder_hidden_states: None,
    temb_mod: torch.Tensor,
    image_rotary_emb: Rotary,
    joint_attention_kwargs: dict[str, Any] | None = None,
) -> torch.Tensor:
    """`Flux2SingleTransformerBlock.forward`: attention and feed-forward side by side, (batch, tokens, width)."""
    import torch

    attention = block.attn
    (shift, scale, gate) = _modulation(temb_mod, 3)
    projected = attention.to_qkv_mlp_proj(_modulated(block.norm, hidden_states, shift, scale))
    width, head = attention.inner_dim, attention.head_dim
    batch, tokens, _ = projected.shape
    query, key, value = projected[..., : 3 * width].view(batch, tokens, 3, -1, head).unbind(2)
    heads = _Heads(batch, query.shape[2], tokens, head, query, turns(image_rotary_emb))
    heads.put(0, query, key, value, attention.norm_q, attention.norm_k)
    joined = projected.new_empty(batch, tokens, width + attention.mlp_hidden_dim)
    joined[..., :width] = heads.attend(_steering(joint_attention_kwargs)).flatten(2)
    _gated_unit(projected[..., 3 * width :], joined[..., width:])
    return torch.addcmul(hidden_states, gate, attention.to_out(joined))


def _double(
    turns: _Turns,
    block: Any,
    hidden_states: torch.Tensor,
    encoder_hidden_states: torch.Tensor,
    temb_mod_img: torch.Tensor,
    temb_mod_txt: torch.Tensor,
    image_rotary_emb: Rotary,
    joint_attention_kwargs: dict[str, Any] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """`Flux2TransformerBlock.forward`: text and picture with weights of their own, attending to each other."""
    import torch

    attention = block.attn
    picture, words = _modulation(temb_mod_img, 6), _modulation(temb_mod_txt, 6)
    image = _modulated(block.norm1, hidden_states, *picture[:2])
    text = _modulated(block.norm1_context, encoder_hidden_states, *words[:2])
    batch, length, _ = text.shape
    count, head = attention.heads, attention.head_dim
    heads = _Heads(batch, count, length + image.shape[1], head, image, turns(image_rotary_emb))
    sides = (
        (0, text, "add_q_proj", "add_k_proj", "add_v_proj", "norm_added_q", "norm_added_k"),
        (length, image, "to_q", "to_k", "to_v", "norm_q", "norm_k"),
    )
    for start, states, *names in sides:
        query, key, value, norm_q, norm_k = (getattr(attention, name) for name in names)
        parts = (layer(states).unflatten(-1, (count, head)) for layer in (query, key, value))
        heads.put(start, next(parts), next(parts), next(parts), norm_q, norm_k)
    attended = heads.attend(_steering(joint_attention_kwargs)).flatten(2)
    image = torch.addcmul(hidden_states, picture[2], attention.to_out[0](attended[:, length:]))
    text = torch.addcmul(encoder_hidden_states, words[2], attention.to_add_out(attended[:, :length]))
    image = _fed_forward(block.norm2, block.ff, image, *picture[3:])
    text = _fed_forward(block.norm2_context, block.ff_context, text, *words[3:])
    return text, image


class _Heads:
    """Queries, keys and values on their way into attention: normalised, rotated, heads outermost.

    Args:
        batch: Pictures.
        heads: Heads.
        tokens: Text and picture tokens.
        head: Numbers a head.
        like: Gives the data type.
        table: Rotation of each token, complex (tokens, 1, head / 2).
    """

    def __init__(
        self, batch: int, heads: int, tokens: int, head: int, like: torch.Tensor, table: torch.Tensor
    ) -> None:
        self._query, self._key, self._value = (like.new_empty(batch, heads, tokens, head) for _ in range(3))
        self._table = table

    def put(
        self,
        start: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        norm_q: Any,
        norm_k: Any,
    ) -> None:
        """Take in (batch, tokens, heads, head) that stand from token `start` on."""
        import torch

        for source, norm, target in ((query, norm_q, self._query), (key, norm_k, self._key)):
            for part in _slices(source, 2):
                numbers = source[:, part].float()
                length = torch.linalg.vector_norm(numbers, dim=-1, keepdim=True)
                scale = (length.square_() / numbers.shape[-1]).add_(norm.eps).rsqrt_()
                numbers = (numbers * scale).mul_(norm.weight)
                there = slice(start + part.start, start + part.stop)
                pairs = torch.view_as_complex(numbers.unflatten(-1, (-1, 2)))
                rotated = torch.view_as_real(pairs.mul_(self._table[there])).flatten(-2)
                target[:, :, there] = rotated.transpose(1, 2)
        self._value[:, :, start : start + value.shape[1]] = value.transpose(1, 2)

    def attend(self, steering: Steering | None) -> torch.Tensor:
        """Attention over all that was put in, (batch, tokens, heads, head)."""
        from torch.nn.functional import scaled_dot_product_attention

        if steering is not None:
            return attend(self._query, self._key, self._value, steering).transpose(1, 2)
        return scaled_dot_product_attention(self._query, self._key, self._value).transpose(1, 2)


def _steering(joint_attention_kwargs: dict[str, Any] | None) -> Steering | None:
    """What the pass says of a negative prompt (see `steering.py`)."""
    return (joint_attention_kwargs or {}).get("steering")


def _modulation(vector: torch.Tensor, count: int) -> tuple[torch.Tensor, ...]:
    """Shift, scale and gate (and once more), each (batch, 1, width)."""
    return (vector.unsqueeze(1) if vector.ndim == 2 else vector).chunk(count, dim=-1)


def _modulated(norm: Any, states: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Normalised, scaled and shifted: one pass where the pictures of the batch share the noise level."""
    import torch
    from torch.nn.functional import layer_norm

    if scale.shape[0] > 1:
        return torch.addcmul(shift, norm(states), 1 + scale)
    weight, bias = 1 + scale.flatten().float(), shift.flatten().float()
    return layer_norm(states, norm.normalized_shape, weight, bias, norm.eps)


def _fed_forward(
    norm: Any, feed: Any, states: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor, gate: torch.Tensor
) -> torch.Tensor:
    """Normalised, modulated, through the feed-forward layer, gated, added."""
    import torch

    inner = feed.linear_in(_modulated(norm, states, shift, scale))
    unit = inner.new_empty(*inner.shape[:-1], inner.shape[-1] // 2)
    _gated_unit(inner, unit)
    return torch.addcmul(states, gate, feed.linear_out(unit))


def _gated_unit(inner: torch.Tensor, out: torch.Tensor) -> None:
    """SwiGLU of (batch, tokens, 2 * width) into `out` (batch, tokens, width)."""
    from torch.nn.functional import silu

    half = inner.shape[-1] // 2
    for part in _slices(inner, 1):
        out[:, part] = silu(inner[:, part, :half]).mul_(inner[:, part, half:])


def _slices(states: torch.Tensor, inner: int) -> Iterator[slice]:
    """Stretches of tokens, of about `_SLICE` numbers each."""
    batch, tokens = states.shape[:2]
    step = max(1, _SLICE // (batch * states[0, 0].numel()))
    return (slice(start, min(start + step, tokens)) for start in range(0, tokens, step))
