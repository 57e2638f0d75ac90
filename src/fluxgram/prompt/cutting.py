"""Where words of a prompt end, and what goes with them when they are taken out: commas, "and", "with", a full stop.

Places only; which words they are is `editing.py`'s. Every look around a place is bounded, so that the time of a
change does not grow with what stands far away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fluxgram.prompt.findings import Span

_NEAR = 400
"""Characters that are looked at on each side of a place."""
_COMMA = r"[,;|、，；،؛]"
_ARTICLE = re.compile(r"(?<!\w)(?:a|an|the|some)[ \t]{1,2}$", re.IGNORECASE)
_JOINED = re.compile(rf"(?:\s{{0,9}}{_COMMA}\s{{0,9}}(?:and\s{{1,9}})?|\s{{1,9}}(?:and|&|\+|plus)\s{{1,9}})$")
_LEAD_WORDS = (
    "with|in|by|at|on|under|of|from|lit|illuminated|photographed|shot|taken|captured|using"
    "|featuring|showing|having"
)
_LEAD = re.compile(
    rf"(?:(?<!\w)(?:(?:{_LEAD_WORDS})\s{{1,9}}|[^\W\d_]{{1,20}}:\s{{1,9}})){{1,5}}$", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?:[.!?…]\s{1,9}|[\n\r]\s{0,9}|\A\s{0,9})$")
_GOES_ON = re.compile(rf"\s{{0,9}}{_COMMA}\s{{0,9}}")
_AND = re.compile(r"\s{1,9}(?:and|&|\+|plus)\s{1,9}")
_AT_STOP = re.compile(r"\s{1,9}at\s{1,9}(?=[fƒ]\s?/)", re.IGNORECASE)
_CLOSES = re.compile(r"[ \t]{0,9}(?:[.!?…](?=\s|\Z)|(?=[\n\r)\]}\"”»])|\s{0,9}\Z)")
_BREAKS = re.compile(rf"{_COMMA}|[\n\r\u2028\u2029]|[.!?…。](?=\s|\Z)|[()\[\]{{}}“”«»\"]")
_OPENS, _SHUTS = "([{“«", ")]}”»"


def clause_end(text: str, place: int, together: Sequence[Span]) -> int:
    """Where the words that go on from a place end, before a comma, a stop, a line's end or the text's.

    Brackets and quotes that open on the way are passed as a whole; those that only close are passed, too.

    Args:
        text: The prompt.
        place: Where to begin.
        together: Places, in order, inside which nothing ends.
    """
    depth, quoted, ends = 0, False, iter(together)
    inside = next(ends, None)
    for match in _BREAKS.finditer(text, place):
        while inside is not None and inside.end <= match.start():
            inside = next(ends, None)
        if inside is not None and inside.start <= match.start():
            continue
        sign = match.group()
        if sign in _OPENS:
            depth += 1
        elif sign in _SHUTS:
            depth = max(0, depth - 1)
        elif sign == '"':
            quoted = not quoted
        elif sign in "\n\r\u2028\u2029" or not (depth or quoted):
            return _without_spaces(text, place, match.start())
    return _without_spaces(text, place, len(text))


def stop_after(text: str, place: int) -> int:
    """The place behind the full stop that stands at a place; the place itself where there is none."""
    closes = re.compile(r"\s{0,9}[.!?…](?=\s|\Z)").match(text, place)
    return closes.end() if closes else place


def article_before(text: str, place: int) -> int:
    """Where the article before a place begins; the place itself where there is none."""
    begin = max(0, place - 8)
    found = _ARTICLE.search(text[begin:place])
    return begin + found.start() if found else place


def with_separators(text: str, span: Span) -> Span:
    """The words at a place and what would be left over without them: their comma, "and", "with an", their sentence."""
    begin = max(0, span.start - _NEAR)
    start = article_before(text, span.start)
    before, after = text[begin:start], text[span.end : span.end + _NEAR]
    if at := _AT_STOP.match(after):
        return Span(start, span.end + at.end())
    joined, ahead = _JOINED.search(before), _AND.match(after)
    if joined and (ahead or _ends(after)):
        return Span(begin + joined.start(), span.end)
    if ahead:
        return Span(start, span.end + ahead.end())
    lead = _LEAD.search(before)
    first = lead.start() if lead else len(before)
    opens = _SENTENCE.search(before[:first])
    comma = _GOES_ON.match(after)
    if opens and comma:
        return Span(start, span.end + comma.end())
    if not _ends(after):
        return _out_of_words(text, start, span.end)
    if opens:
        return _sentence(text, begin + first, span.end)
    held = _JOINED.search(before[:first])
    kept = held.start() if held else len(before[:first].rstrip(" \t"))
    return Span(begin + kept, span.end)


def _ends(after: str) -> bool:
    return bool(_CLOSES.match(after) or _GOES_ON.match(after))


def _out_of_words(text: str, start: int, end: int) -> Span:
    """Words in the middle of others, with one of the spaces around them."""
    if text[end : end + 1] == " " and (start == 0 or text[start - 1].isspace()):
        return Span(start, end + 1)
    return Span(start, end)


def _sentence(text: str, start: int, end: int) -> Span:
    """A whole sentence or line, with its stop, and with the space that parts it from the one before or behind."""
    end = stop_after(text, end)
    if text[:start].strip():
        while start and text[start - 1] in " \t":
            start -= 1
        if start and text[start - 1] in "\n\r":
            start -= 1 + (text[max(0, start - 2) : start] == "\r\n")
        return Span(start, end)
    while end < len(text) and text[end].isspace():
        end += 1
    return Span(start, end)


def _without_spaces(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
