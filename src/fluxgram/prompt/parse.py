"""Reads a prompt: which words are subject, detail, setting, light, camera, quality, negative or unknown.

Every piece knows its exact place in the original text. Nothing is judged here; `lint.py` does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Term
from fluxgram.prompt.findings import Span

Role = Literal["subject", "detail", "setting", "light", "camera", "quality", "negative", "unknown"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a prompt and what they do there.

    Attributes:
        role: What they do.
        span: Where they are in the text as it was given.
        text: The words, exactly as written.
        term: The vocabulary term that they say, if they say one.
        side: `left` or `right` where the words (or those beside them) say the side of a light; else empty.
        focal_mm: Focal length that the words say, in millimetres, if they say one.
        aperture: f-number that the words say, if they say one.
    """

    role: Role
    span: Span
    text: str
    term: Term | None = None
    side: str = ""
    focal_mm: float | None = None
    aperture: float | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt, read.

    Attributes:
        text: As it was given.
        pieces: In the order of the text, not overlapping.
        kind: What kind of picture it is, as far as the words tell: a key of `briefs.BRIEFS`, or empty.
    """

    text: str
    pieces: tuple[Piece, ...]
    kind: str = ""

    def of(self, role: Role) -> tuple[Piece, ...]:
        """The pieces of one role."""
        return tuple(piece for piece in self.pieces if piece.role == role)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The vocabulary terms that the text says, each once, in order; those it says no to are not among them."""
        said = (piece.term for piece in self.pieces if piece.term and piece.role != "negative")
        return tuple(dict.fromkeys(said))


def parse(text: str, catalog: Catalog | None = None) -> Parsed:
    """Read a prompt.

    Args:
        text: As a user wrote it: sentences, comma phrases, anything.
        catalog: The vocabulary; the built-in one if None.
    """
    raise NotImplementedError
