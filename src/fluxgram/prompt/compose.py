"""Writes the prompt of a brief, in the manner that a family reads best.

The order is always subject, physical details, light, camera and lens, quality markers. What is read back is in
`parse.py`; both share the vocabulary of `fluxgram.photography`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Term
from fluxgram.prompt.briefs import Brief


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt, ready to be sent.

    Attributes:
        text: The prompt.
        negative: The negative prompt; empty where the brief names none.
        terms: The vocabulary terms that it says, in order, the negative set's last.
    """

    text: str
    negative: str
    terms: tuple[Term, ...]


def compose(brief: Brief, *, family: str = "", catalog: Catalog | None = None) -> Composed:
    """Write a brief out.

    Args:
        brief: What is wanted.
        family: `flux2` and `flux3` get sentences; `flux1`, portrait tunes and "" get comma phrases.
        catalog: The vocabulary; the built-in one if None.

    Raises:
        RequestError: Nothing to show, or two items that contradict each other.
        UnknownTerm: An item looks like an id but is not in the vocabulary.
    """
    raise NotImplementedError
