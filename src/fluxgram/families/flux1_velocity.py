"""Velocity of FLUX.1 for `Flux1.predict`: one pass of the transformer, or two with a negative prompt by `true_cfg`.

Dev's guidance is a number that the transformer reads, in both passes alike. A negative prompt that steers inside
attention is no second pass: its tokens run along as more text tokens, and the blocks (`flux1_processors.py`) ask
`steering.attend` for what sees what; the pooled vector stays that of the prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxgram.families.adapters.applied import in_use
from fluxgram.families.guidance import in_one_batch, pass_gb
from fluxgram.families.placement import memory_guard
from fluxgram.families.steering import steering_of

if TYPE_CHECKING:
    import torch

    from fluxgram.families.contract import Condition, Latents, Parts


def velocity(
    parts: Parts, transformer: Any, latents: Latents, t: torch.Tensor, condition: Condition
) -> torch.Tensor:
    """Velocity (batch, rows*columns, channels) in float32; see `Family.predict`."""
    import torch

    if condition.pooled is None:  # a mistake in a program: `encode` gives one
        raise ValueError("a condition of flux1 has a pooled vector")
    batch = latents.tokens.shape[0]
    text, pooled = condition.text.expand(batch, -1, -1), condition.pooled.expand(batch, -1)
    if condition.unguided is None or condition.pooled_unguided is None:
        return _pass(parts, transformer, latents, t, condition, text, pooled, condition.negative)
    unguided = condition.unguided.expand(batch, -1, -1)
    against = condition.pooled_unguided.expand(batch, -1)
    if text.shape == unguided.shape and in_one_batch(
        parts.placement, pass_gb(parts, transformer, latents, text)
    ):
        texts, pools = torch.cat((text, unguided)), torch.cat((pooled, against))
        towards, away = _pass(parts, transformer, latents, t, condition, texts, pools, None).chunk(2)
    else:
        towards = _pass(parts, transformer, latents, t, condition, text, pooled, None)
        away = _pass(parts, transformer, latents, t, condition, unguided, against, None)
    return away + condition.negative_scale * (towards - away)


def _pass(
    parts: Parts,
    transformer: Any,
    latents: Latents,
    t: torch.Tensor,
    condition: Condition,
    text: torch.Tensor,
    pooled: torch.Tensor,
    negative: torch.Tensor | None,
) -> torch.Tensor:
    """One pass.

    Args:
        parts: The loaded checkpoint.
        transformer: Its transformer.
        latents: Where the pictures are now.
        t: Their noise levels.
        condition: Adapters, guidance, and how a negative prompt steers.
        text: (texts, text tokens, channels): one for each picture, or each picture's and then once more each
            picture's (two passes in one batch).
        pooled: Pooled vectors, likewise.
        negative: Negative prompt that steers this pass, (1 or texts, tokens, channels), or None.
    """
    import torch

    placement = parts.placement
    dtype, device = placement.torch_dtype(), torch.device(placement.device)
    pictures, texts = latents.tokens.shape[0], text.shape[0]
    times = texts // pictures
    words, joint = text.to(device, dtype), None
    if negative is not None:
        words = torch.cat((words, negative.to(device, dtype).expand(texts, -1, -1)), 1)
        joint = {"steering": steering_of(condition)}
    timestep = (t.to(device, torch.float32) * 1000).to(dtype).expand(pictures) / 1000
    embeds = parts.checkpoint.embeds_guidance
    rows = [*(condition.rows or (condition.adapters,) * pictures)] * times
    guard = memory_guard(placement, "denoising")
    with torch.inference_mode(), guard, in_use(transformer, "transformer", rows):
        found = transformer(
            hidden_states=latents.tokens.to(device, dtype).repeat(times, 1, 1),
            encoder_hidden_states=words,
            pooled_projections=pooled.to(device, dtype),
            timestep=timestep.repeat(times),
            guidance=torch.full((texts,), condition.guidance, device=device) if embeds else None,
            img_ids=_positions(parts, latents.rows, latents.columns),
            txt_ids=torch.zeros(words.shape[1], 3, device=device),
            joint_attention_kwargs=joint,
            return_dict=False,
        )[0]
    result: torch.Tensor = found.float()
    return result


def _positions(parts: Parts, rows: int, columns: int) -> torch.Tensor:
    """Positions (tokens, 3) of picture tokens (0, row, column); made once. Those of text tokens are all 0."""
    import torch

    grids: dict[tuple[int, int], torch.Tensor] = parts.extra["grids"]
    if (rows, columns) not in grids:
        axes = (torch.arange(1), torch.arange(rows), torch.arange(columns))
        grids[rows, columns] = torch.cartesian_prod(*axes).to(parts.placement.device, torch.float32)
    return grids[rows, columns]
