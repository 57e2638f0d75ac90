"""Puts a light's words into a prompt: in the place of those that it had, or where a prompt says its light.

What is replaced is what lamps say (`photography.lamp_words`): the key light, its side, depth and colours, the rim
light. Everything else stays, to the letter. Choosing other terms is `editing.py`'s work.
"""

from __future__ import annotations

import re

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.lamp_words import Said, is_lamp_phrase
from fluxgram.photography.lamps import is_key
from fluxgram.prompt.parse import Parsed, Piece, parse

_SHOWN_BY_LAMPS = ("light.rim", "light.reflector-fill", "light.negative-fill")
_SEPARATOR_BEFORE = re.compile(r"\s*[,;]?\s*$")
_SEPARATOR_AFTER = re.compile(r"^\s*[,;]\s*")
_ENDS = (".", "!", "?")


def said_light(parsed: Parsed) -> list[Said]:
    """The pieces of a prompt as `lamp_words.read` takes them."""
    return [
        Said(piece.text, piece.term if piece.term and piece.term.kind == "light" else None, piece.side)
        for piece in parsed.pieces
        if piece.role != "negative"
    ]


def relight(text: str, words: str, catalog: Catalog | None = None) -> str:
    """The prompt with these words for its light.

    Args:
        text: The prompt.
        words: What the lamps say; empty takes the light out.
        catalog: The vocabulary; the built-in one if None.
    """
    parsed = parse(text, catalog)
    old = [piece for piece in parsed.pieces if _is_of_lamps(piece)]
    for piece in reversed(old[1:] if words else old):
        text = _without(text, piece.span.start, piece.span.end)
    if not words:
        return text
    if old:
        return text[: old[0].span.start] + words + text[old[0].span.end :]
    return _inserted(text, words, parsed)


def _is_of_lamps(piece: Piece) -> bool:
    if piece.role == "negative":
        return False
    if piece.term is not None and piece.term.kind == "light":
        return is_key(piece.term) or piece.term.id in _SHOWN_BY_LAMPS
    return is_lamp_phrase(piece.text) and (piece.term is None or piece.term.kind == "light")


def _without(text: str, start: int, end: int) -> str:
    """The text without a piece and one of the separators beside it."""
    before, after = text[:start], text[end:]
    if not before.strip():
        return _SEPARATOR_AFTER.sub("", after)
    return _SEPARATOR_BEFORE.sub("", before) + after


def _inserted(text: str, words: str, parsed: Parsed) -> str:
    """The text with words before its camera and quality, or at its end."""
    place = next((piece.span.start for piece in parsed.pieces if piece.role in ("camera", "quality")), None)
    if place is not None and text[:place].rstrip().endswith(","):
        return f"{text[:place]}{words}, {text[place:]}"
    stripped = text.rstrip()
    if not stripped:
        return words
    if stripped.endswith(_ENDS):
        return f"{stripped} Lit with {words}."
    return f"{stripped.rstrip(',')}, {words}"
