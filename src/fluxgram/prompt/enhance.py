"""Completes a prompt: fills in what is missing from the vocabulary and leaves every word of the user's as it is.

It is deterministic and says why it adds what it adds. A language model can do the same work behind the same shape
(`rewriters.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Term
from fluxgram.prompt.facts import CheckpointFacts

Strength = Literal["light", "full"]


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that was added.

    Attributes:
        text: The words.
        why: One sentence for people.
        term: The vocabulary term that they say; None for words of a language model.
    """

    text: str
    why: str
    term: Term | None = None


@dataclass(frozen=True, slots=True)
class Enhanced:
    """A completed prompt.

    Attributes:
        text: The user's words, then the additions.
        negative: The negative prompt; empty where there is none or the checkpoint honours none.
        additions: What was added and why, in order.
    """

    text: str
    negative: str
    additions: tuple[Addition, ...]


def enhance(
    text: str,
    strength: Strength = "full",
    *,
    negative: str = "",
    size: tuple[int, int] | None = None,
    facts: CheckpointFacts | None = None,
    catalog: Catalog | None = None,
) -> Enhanced:
    """Complete a prompt.

    Args:
        text: What the user said.
        strength: `light` adds only light and lens; `full` also skin detail, quality and the negative set.
        negative: The user's negative prompt; what is there stays.
        size: Width and height in px of the picture; the checkpoint's default, or 1024 x 1024, if None.
        facts: What is known of the checkpoint.
        catalog: The vocabulary; the built-in one if None.

    Raises:
        RequestError: Nothing to enhance, or an unknown strength.
    """
    raise NotImplementedError
