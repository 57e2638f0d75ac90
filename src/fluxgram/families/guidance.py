"""Guidance and negative prompts as every family checks them, and classifier-free guidance's two passes.

What a checkpoint takes is in its table (`guidance`, `embeds_guidance`, `negatives`); nothing that would be ignored is
let through. How `vsf` and `nag` steer is `steering.py`. docs/negatives.md is for users.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fluxgram.errors import RequestError

if TYPE_CHECKING:
    import torch

    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Latents, Negative, Parts
    from fluxgram.families.placement import Placement

MOST = 100.0
"""The largest scale of a method; far beyond any use, and still no overflow."""
_STATES = 30
"""Numbers of the transformer's width that a single block holds at once for a token, roughly."""


def check_guidance(checkpoint: Checkpoint, negative: Negative | None, guidance: float) -> None:
    """Refuse guidance and negative prompts that would be ignored.

    Raises:
        RequestError: With the reason, and what to do instead.
    """
    if not math.isfinite(guidance) or guidance < 0:
        raise RequestError(
            f"The guidance must be a number of at least 0, not {guidance}.", "Leave it away for the default."
        )
    if checkpoint.distilled and guidance > 1:
        raise RequestError(
            f"{checkpoint.name} is distilled and takes no guidance scale; {guidance:g} would be ignored.",
            "Leave guidance away, or take a base checkpoint such as flux2-klein-base-4b.",
        )
    if negative is not None:
        _check_negative(checkpoint, negative)


def _check_negative(checkpoint: Checkpoint, negative: Negative) -> None:
    if not checkpoint.negatives:
        raise RequestError(
            f"{checkpoint.name} applies no negative prompt.",
            "Say in the prompt what should be there instead, or take a checkpoint that does, such as fluxgram-mini.",
        )
    if negative.method not in checkpoint.negatives:
        raise RequestError(
            f"{checkpoint.name} does not apply a negative prompt by {negative.method}.",
            f"It takes {' or '.join(checkpoint.negatives)}; leave the method away for {checkpoint.negatives[0]}.",
        )
    if not 0 < negative.scale <= MOST:  # false for NaN, too
        raise RequestError(
            f"The scale of a negative prompt must be above 0 and at most {MOST:g}, not {negative.scale:g}.",
            "Leave it away for the default.",
        )
    if negative.method == "true_cfg" and negative.scale <= 1:
        raise RequestError(
            f"A negative prompt has no effect at guidance {negative.scale:g}.",
            "Raise the guidance above 1, e.g. to 4.",
        )


def guided(
    velocity: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
    text: torch.Tensor,
    negative: torch.Tensor | None,
    unguided: torch.Tensor,
    scale: float,
    *,
    together: bool,
) -> torch.Tensor:
    """Classifier-free guidance (Ho and Salimans 2022): away from the unguided velocity, by `scale`.

    Args:
        velocity: One pass: velocity (rows, tokens, channels) of texts (rows, text tokens, channels) and of negative
            prompts that steer inside attention, or None.
        text: Prompts.
        negative: What steers the pass of the prompts, or None.
        unguided: What is guided away from; that pass is never steered.
        scale: Guidance scale; 1 is the velocity of the prompt.
        together: Compute both in one batch, the prompts first; `text` and `unguided` then have a row for each picture
            and the same length, and there is no `negative`. The same but for rounding.
    """
    import torch

    if together:
        positive, against = velocity(torch.cat((text, unguided)), None).chunk(2)
    else:
        positive, against = velocity(text, negative), velocity(unguided, None)
    return against + scale * (positive - against)


def in_one_batch(placement: Placement, pass_gb: float) -> bool:
    """Whether both passes go into one batch: on a CUDA device with room to spare.

    On a CPU a batch of two takes as long as two passes. What counts is the size of the device (or the limit of the
    settings), not what is free just now, so that a picture never depends on what else runs.

    Args:
        placement: Where the checkpoint runs.
        pass_gb: Memory that one pass takes beside the weights, in GiB, roughly.
    """
    if not placement.device.startswith("cuda"):
        return False
    import torch

    whole = torch.cuda.get_device_properties(placement.device).total_memory / 2**30
    return (placement.settings.memory_gb or whole) - placement.needed_gb >= 4 * pass_gb


def pass_gb(parts: Parts, transformer: Any, latents: Latents, text: torch.Tensor) -> float:
    """Memory that one pass takes beside the weights, in GiB, roughly.

    Args:
        parts: The loaded checkpoint.
        transformer: Its transformer.
        latents: The pictures of the pass.
        text: Their text, (1 or batch, text tokens, channels).
    """
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    tokens = latents.tokens.shape[0] * (latents.tokens.shape[1] + text.shape[1])
    size: int = parts.placement.torch_dtype().itemsize
    return float(tokens * width * _STATES * size / 2**30)
