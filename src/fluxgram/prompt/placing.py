"""Where a phrase belongs in a prompt, in the order in which `compose.py` writes, and how it is written there.

Whether it is read there is for the caller to see (`editing.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt import cutting
from fluxgram.prompt.findings import Span
from fluxgram.prompt.parse import Parsed

ORDER = ("subject", "detail", "setting", "light", "camera", "quality")
"""The order of roles in which prompts are written."""
_OWN_SENTENCE = {"light": "Lit with ", "camera": "Photographed with ", "quality": ""}
STOP = re.compile(r"[fƒ]\s{0,2}/?\s{0,2}\d{1,2}(?:[.,]\d{1,2})?", re.IGNORECASE)
"""An f-number."""
PLAIN_LENS = re.compile(r"(\d{1,4})mm lens")
"""A lens that is only its focal length."""


def places(parsed: Parsed, words: str, role: str, kind: str) -> Iterator[tuple[Span, str]]:
    """Where a phrase may be put, best first, and what to write there.

    Args:
        parsed: The prompt.
        words: The phrase.
        role: What it does there, one of `ORDER`.
        kind: Kind of the term that it says; empty for free words.
    """
    text, rank = parsed.text, ORDER.index(role)
    pieces = [piece for piece in parsed.pieces if piece.role in ORDER]
    same = [piece for piece in pieces if piece.role == role]
    if kind == "aperture" and words.startswith("f/"):
        for piece in same:
            if piece.focal_mm and not piece.aperture:
                yield Span(piece.span.end, piece.span.end), f" at {words}"
    if kind == "lens" and PLAIN_LENS.fullmatch(words):
        for piece in same:
            if piece.aperture and not piece.focal_mm and STOP.fullmatch(piece.text):
                yield Span(piece.span.start, piece.span.start), f"{words} at "
    earlier = same or [piece for piece in pieces if ORDER.index(piece.role) < rank]
    if earlier:
        place = cutting.clause_end(text, earlier[-1].span.end, [piece.span for piece in parsed.pieces])
        stop = cutting.stop_after(text, place)
        if stop > place and not same and role in _OWN_SENTENCE:
            yield Span(stop, stop), f" {opened(_OWN_SENTENCE[role] + words)}."
        yield Span(place, place), f", {words}"
    elif pieces:
        start = len(text) - len(text.lstrip())
        yield Span(start, start), f"{words}, "


def opened(words: str) -> str:
    """Words as a sentence begins."""
    return f"{words[:1].upper()}{words[1:]}"
