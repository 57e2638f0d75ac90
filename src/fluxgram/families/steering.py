"""Negative prompts inside attention: VSF and NAG, for one pass over prompt, negative prompt and picture together.

The negative's tokens stand between those of the prompt and those of the picture; prompt and negative never see each
other, and only the picture is steered. This is the arithmetic of one layer: which tokens a family hands in, and how
layers are made to call `attend`, is the families' (`flux2_blocks.py`, `flux2_processors.py`). docs/negatives.md has the
measurements behind the default scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Condition

VSF_SCALE, VSF_SCALE_SHORT = 3.5, 1.0
"""Weight of the flipped values: the least of the authors' for FLUX.1 schnell, and as measured on fluxgram-mini-fast."""
NAG_SCALE, NAG_SCALE_SHORT = 4.0, 2.0
"""Extrapolation: the paper's for FLUX (table 5), and as measured on fluxgram-mini-fast."""
SHORT_TEXT = 128
"""The second of each is for checkpoints whose text is at most so many tokens: the embedded ones."""
VSF_SHARE = 8
"""A negative of more than an 8th of the prompt's tokens is looked at less (`Steering.beta`), so that all of its tokens
together weigh no more than that: flipped values beyond it tear a picture apart. Ours; the authors' offset is fixed."""
TRUE_CFG_SCALE = 2.0
"""Guidance of the second pass where the checkpoint's own guidance is a number that it reads (FLUX.1 dev)."""
NAG_TAU = 2.5
"""The paper's for every architecture (table 5)."""
NAG_ALPHA = 0.25
"""The paper's for FLUX (table 5)."""


@dataclass(frozen=True, slots=True)
class Steering:
    """How the negative prompt of one pass steers.

    Attributes:
        method: `vsf` (value sign flip: Guo and Du 2025, arXiv 2508.10931) or `nag` (normalised attention guidance:
            Chen et al. 2025, arXiv 2505.21179).
        prompt_tokens: Tokens of the prompt; they come first.
        negative_tokens: Tokens of the negative prompt, at least 1; they come next, then the picture's.
        scale: VSF's alpha, the weight of the flipped values; NAG's phi, the extrapolation, at which 0 is nothing.
        beta: VSF: added to the logits of the negative's keys; below 0 the picture looks at the negative less.
        tau: NAG: the most that the L1 norm of a token may grow, as a factor.
        alpha: NAG: share of the steered features, 0 … 1; the rest is what attention gave without a negative.
    """

    method: Literal["vsf", "nag"]
    prompt_tokens: int
    negative_tokens: int
    scale: float
    beta: float = 0.0
    tau: float = NAG_TAU
    alpha: float = NAG_ALPHA


def default_scale(method: str, checkpoint: Checkpoint) -> float:
    """Scale of a method where the request names none."""
    if method == "true_cfg":
        return (
            TRUE_CFG_SCALE if checkpoint.embeds_guidance or checkpoint.guidance <= 1 else checkpoint.guidance
        )
    if checkpoint.text.lengths[-1] <= SHORT_TEXT:
        return VSF_SCALE_SHORT if method == "vsf" else NAG_SCALE_SHORT
    return VSF_SCALE if method == "vsf" else NAG_SCALE


def steering_of(condition: Condition) -> Steering | None:
    """How a picture's negative prompt steers inside attention; None where none does."""
    if condition.negative is None or condition.negative_method not in ("vsf", "nag"):
        return None
    method: Any = condition.negative_method
    prompt, negative = condition.text.shape[1], condition.negative.shape[1]
    beta = -math.log(max(1.0, VSF_SHARE * negative / prompt)) if method == "vsf" else 0.0
    return Steering(method, prompt, negative, condition.negative_scale, beta)


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, steering: Steering) -> torch.Tensor:
    """Joint attention in which the negative prompt steers the picture.

    Tokens of the prompt attend to prompt and picture, tokens of the negative to negative and picture.

    Args:
        query: (batch, heads, tokens, head), normalised and rotated; tokens are prompt, negative, picture.
        key: Likewise.
        value: Likewise.
        steering: Where the parts begin, and how the picture is steered.

    Returns:
        (batch, heads, tokens, head); without the negative's tokens, at `nag` with scale 0, bitwise the attention of
        prompt and picture alone.
    """
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    start, end = steering.prompt_tokens, steering.prompt_tokens + steering.negative_tokens
    keys, values = (torch.cat((each[:, :, :start], each[:, :, end:]), 2) for each in (key, value))
    if steering.method == "vsf":
        prompt = scaled_dot_product_attention(query[:, :, :start], keys, values)
        negative = scaled_dot_product_attention(
            query[:, :, start:end], key[:, :, start:], value[:, :, start:]
        )
        return torch.cat((prompt, negative, _flipped(query[:, :, end:], key, value, steering)), 2)
    queries = torch.cat((query[:, :, :start], query[:, :, end:]), 2)
    positive = scaled_dot_product_attention(queries, keys, values)
    negative = scaled_dot_product_attention(query[:, :, start:], key[:, :, start:], value[:, :, start:])
    length = steering.negative_tokens
    picture = _extrapolated(positive[:, :, start:], negative[:, :, length:], steering)
    return torch.cat((positive[:, :, :start], negative[:, :, :length], picture), 2)


def _flipped(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, steering: Steering) -> torch.Tensor:
    """VSF: softmax over all keys, the negative's values times -alpha."""
    from torch.nn.functional import scaled_dot_product_attention

    negative = slice(steering.prompt_tokens, steering.prompt_tokens + steering.negative_tokens)
    value = value.clone()
    value[:, :, negative] *= -steering.scale
    if not steering.beta:
        return scaled_dot_product_attention(query, key, value)
    bias = query.new_zeros(1, 1, 1, key.shape[2])
    bias[..., negative] = steering.beta
    return scaled_dot_product_attention(query, key, value, attn_mask=bias.expand(-1, -1, query.shape[2], -1))


def _extrapolated(positive: torch.Tensor, negative: torch.Tensor, steering: Steering) -> torch.Tensor:
    """NAG (equations 7 to 10): Z+ + phi (Z+ - Z-), its L1 norm over all heads held to tau times that of Z+, blended."""
    import torch

    if not steering.scale:
        return positive
    dtype, positive = positive.dtype, positive.float()
    steered = torch.lerp(negative.float(), positive, 1 + steering.scale)
    before, after = (each.abs().sum((1, 3), keepdim=True) for each in (positive, steered))
    tiny = torch.finfo(torch.float32).tiny
    shrink = 1.0 if math.isinf(steering.tau) else (steering.tau * before / after.clamp_min(tiny)).clamp_max(1)
    return torch.lerp(positive, steered * shrink, steering.alpha).to(dtype)
