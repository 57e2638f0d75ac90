"""The table of checkpoints: `checkpoints.toml` beside this file, plus the user's own under `FLUXGRAM_HOME`.

Adding a checkpoint is adding a table. This file reads and validates tables; where the files of a checkpoint lie
is `sources.py`, and loading them is the family's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the weights may be used. `commercial` is about running it in a product; `outputs` about the pictures."""

    name: str
    page: str
    commercial: bool
    outputs: str
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """Which picture sizes the checkpoint draws, in px.

    Attributes:
        multiple: Sides are multiples of this.
        default: (width, height) where none was asked for.
        known: The only sizes it was trained for; empty where any size between the limits will do. Another size is drawn at
            the nearest known one (by shape first, then by area) and resampled, and the receipt says so.
        least: Smallest side.
        most: Largest number of pixels.
    """

    multiple: int
    default: tuple[int, int]
    known: tuple[tuple[int, int], ...] = ()
    least: int = 64
    most: int = 4_194_304


@dataclass(frozen=True, slots=True)
class TextContract:
    """How the text encoder is read.

    Attributes:
        template: `qwen3-chat` (the tokenizer's own chat template, thinking off).
        layers: Indices into `hidden_states` that are stacked (0 is the embedding).
        lengths: Padded lengths in tokens, ascending; a prompt takes the first that holds it, the last one is the limit.
    """

    template: str
    layers: tuple[int, ...]
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Noise levels. `empirical` is FLUX.2's shift by token count and steps; `shift` a fixed one: s*x / (1 + (s-1)*x)."""

    kind: Literal["empirical", "shift"]
    shift: float = 1.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint, as its table says.

    Attributes:
        name: What the user writes after `--checkpoint`.
        family: `flux2`.
        title: One line for people.
        source: `embedded:NAME` (package data), `hub:OWNER/REPO`, or `folder:PATH` in diffusers' layout.
        revision: Pinned commit of the hub repository, or None for the newest.
        licence: Terms.
        distilled: Few steps, no guidance, no negative prompt.
        steps: Denoising steps by quality: `draft`, `proof`, `final`.
        guidance: Default guidance scale; 1 where the checkpoint takes none.
        sizes: Picture sizes.
        text: Text contract.
        schedule: Noise levels.
        download_gb: Size of the files that are needed, in GB (10^9 bytes).
        memory_gb: Memory with all components loaded at bf16, in GiB.
    """

    name: str
    family: str
    title: str
    source: str
    licence: Licence
    distilled: bool
    steps: dict[str, int]
    guidance: float
    sizes: Sizes
    text: TextContract
    schedule: Schedule
    download_gb: float
    memory_gb: float
    revision: str | None = None
    aliases: tuple[str, ...] = field(default=())
