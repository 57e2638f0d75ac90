"""`CheckpointFacts`: what a prompt needs to know of the checkpoint that will read it, handed in by the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol


class TokenCount(Protocol):
    """What a text encoder would read of a text (`fluxgram.families.contract.TextReport` is one)."""

    @property
    def total(self) -> int:
        """Tokens of the text."""
        ...

    @property
    def kept(self) -> int:
        """Tokens that fit."""
        ...

    @property
    def limit(self) -> int:
        """The most tokens that fit."""
        ...

    @property
    def lost(self) -> str:
        """The exact text that does not fit."""
        ...


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """A checkpoint as far as words are concerned.

    Attributes:
        name: Name of the checkpoint.
        family: `flux1`, `flux2` or `flux3`.
        negative: What happens to a negative prompt: `honoured` (a second pass with guidance), or `unsupported`
            (distilled: it would be refused).
        sizes: Sizes (width, height) in px that the checkpoint was trained for; the first is the default.
        most_pixels: The most pixels it can draw; 0 where that is not known.
        count_tokens: What its text encoder reads of a text; None where the tokenizer is not at hand.
    """

    name: str
    family: str
    negative: Literal["honoured", "unsupported"]
    sizes: tuple[tuple[int, int], ...] = ()
    most_pixels: int = 0
    count_tokens: Callable[[str], TokenCount] | None = None
