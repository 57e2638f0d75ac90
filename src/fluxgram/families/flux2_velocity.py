"""Velocity of FLUX.2 for `Flux2.predict`: one pass of the transformer, or two where there is guidance.

A negative prompt that steers inside attention is no second pass: its tokens run along as more text tokens, at the same
positions as the prompt's, and the blocks (`flux2_blocks.py`, `flux2_processors.py`) ask `steering.attend` for what sees
what.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxgram.families.adapters.applied import Applied, in_use
from fluxgram.families.guidance import guided, in_one_batch, pass_gb
from fluxgram.families.placement import memory_guard
from fluxgram.families.steering import steering_of

if TYPE_CHECKING:
    import torch

    from fluxgram.families.contract import Condition, Latents, Parts

Rows = Sequence[Sequence[Applied]]


def velocity(
    parts: Parts, transformer: Any, latents: Latents, t: torch.Tensor, condition: Condition
) -> torch.Tensor:
    """Velocity (batch, rows*columns, channels) in float32; see `Family.predict`."""
    rows = condition.rows or (condition.adapters,) * latents.tokens.shape[0]
    forward = partial(_forward, parts, transformer, latents, t, rows, condition)
    text, unguided, negative = condition.text, condition.unguided, condition.negative
    if unguided is None:
        return forward(text, negative)
    batch = latents.tokens.shape[0]
    alike = negative is None and text.shape[1:] == unguided.shape[1:]
    together = alike and in_one_batch(parts.placement, pass_gb(parts, transformer, latents, text))
    if together:
        text, unguided = (each.expand(batch, -1, -1) for each in (text, unguided))
    return guided(forward, text, negative, unguided, condition.guidance, together=together)


def _forward(
    parts: Parts,
    transformer: Any,
    latents: Latents,
    t: torch.Tensor,
    rows: Rows,
    condition: Condition,
    text: torch.Tensor,
    negative: torch.Tensor | None,
) -> torch.Tensor:
    """One pass.

    Args:
        parts: The loaded checkpoint.
        transformer: Its transformer.
        latents: Where the pictures are now.
        t: Their noise levels.
        rows: The adapters of each picture.
        condition: How a negative prompt steers.
        text: (texts, text tokens, channels): one for all pictures, one for each, or each picture's and then once more
            each picture's (two passes in one batch).
        negative: Negative prompt that steers this pass, likewise, or None.
    """
    import torch

    placement = parts.placement
    dtype, device = placement.torch_dtype(), torch.device(placement.device)
    pictures = latents.tokens.shape[0]
    times = max(1, text.shape[0] // pictures)
    batch = pictures * times
    words, lengths, joint = text.to(device, dtype).expand(batch, -1, -1), [text.shape[1]], None
    if negative is not None:
        words = torch.cat((words, negative.to(device, dtype).expand(batch, -1, -1)), 1)
        lengths.append(negative.shape[1])
        joint = {"steering": steering_of(condition)}
    timestep = (t.to(device, torch.float32) * 1000).to(dtype).expand(pictures) / 1000
    tokens = latents.tokens.to(device, dtype)
    if times > 1:
        tokens, timestep = tokens.repeat(times, 1, 1), timestep.repeat(times)
    guard = memory_guard(placement, "denoising")
    with torch.inference_mode(), guard, in_use(transformer, "transformer", [*rows] * times):
        found = transformer(
            hidden_states=tokens,
            encoder_hidden_states=words,
            timestep=timestep,
            img_ids=_positions(parts, latents.rows, latents.columns, (1,)),
            txt_ids=_positions(parts, 1, 1, tuple(lengths)),
            joint_attention_kwargs=joint,
            return_dict=False,
        )[0]
    result: torch.Tensor = found.float()
    return result


def _positions(parts: Parts, rows: int, columns: int, lengths: tuple[int, ...]) -> torch.Tensor:
    """Positions (tokens, 4) of picture tokens (time 0, row, column, 0) or text tokens (0, 0, 0, index); made once.

    Texts after one another are each counted from 0.
    """
    import torch

    grids: dict[tuple[int, int, tuple[int, ...]], torch.Tensor] = parts.extra["grids"]
    key = (rows, columns, lengths)
    if key not in grids:
        axes = (torch.arange(1), torch.arange(rows), torch.arange(columns))
        made = [torch.cartesian_prod(*axes, torch.arange(length)) for length in lengths]
        grids[key] = torch.cat(made).to(parts.placement.device)
    return grids[key]
