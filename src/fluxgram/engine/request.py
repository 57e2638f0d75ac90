"""`Request`: what the user asks of one or more pictures, checked once at the door.

A request says nothing of the machine (that is `Settings`). Checks that need a checkpoint's table are in
`Request.resolve`, which turns defaults into numbers and gives a `Plan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quality = Literal["draft", "proof", "final"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to draw. Everything but the prompt has a default from the checkpoint's table.

    Attributes:
        prompt: The words.
        negative: What must not be there; None for none. Refused where the checkpoint cannot apply it.
        seed: 0 … 2**64 - 1; None draws one at random (written into the receipt). Picture i has `seed + i`.
        size: (width, height) in px to deliver; None for the checkpoint's default.
        samples: Pictures to draw, 1 … 64.
        steps: Denoising steps, 1 … 200; None goes by `quality`.
        guidance: Classifier-free guidance scale, 0 … 30; None for the checkpoint's default.
        quality: The one dial for people.
        checkpoint: Name of a checkpoint, a folder in diffusers' layout, or a hub id.
        strict: A prompt that does not fit is an error instead of a line in the receipt.
        preview_every: Give a small preview every so many steps; 0 for none.
    """

    prompt: str
    negative: str | None = None
    seed: int | None = None
    size: tuple[int, int] | None = None
    samples: int = 1
    steps: int | None = None
    guidance: float | None = None
    quality: Quality = "final"
    checkpoint: str = "fluxgram-mini"
    strict: bool = False
    preview_every: int = 0
