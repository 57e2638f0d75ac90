"""Random choice of words, and the article before them."""

from collections.abc import Mapping, Sequence

import numpy as np


def pick(rng: np.random.Generator, *options: str) -> str:
    """One of the options, evenly."""
    return options[int(rng.integers(len(options)))]


def pick_for(rng: np.random.Generator, value: str, table: Mapping[str, Sequence[str]]) -> str:
    """A wording of `value` from a table of wordings.

    One choice is drawn for every row of the table, whichever row is needed, so that what follows in the
    caption does not depend on the value.
    """
    return {row: pick(rng, *options) for row, options in table.items()}[value]


def with_article(words: str) -> str:
    """The words with "a" or "an" before them."""
    vowel = words[0].lower() in "aeiou" or words[:2] in ("18", "11") or words.startswith(("8", "hour"))
    return ("an " if vowel else "a ") + words
