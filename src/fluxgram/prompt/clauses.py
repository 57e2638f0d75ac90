"""Parts a prompt into clauses, and finds in them the sides of lights and what must not be there.

A clause ends at a comma, a sentence's end, a line's end or the like, except inside words that belong together
("f/1.8", a vocabulary phrase with a comma in it). All patterns are bounded, so that time grows only with the
length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fluxgram.prompt.clues import HEADINGS, LIGHT, bag

_SEPARATOR = re.compile(
    r"[,;|\n\r\v\f\t•·()\[\]{}\"“”„«»،؛。、，；—\u2028\u2029]|(?<!\S)[-*](?=\s)|\s[/–‒-](?=\s)|[.!?…](?=\s|$)|:(?=\s|$)"
)
WORD = re.compile(r"[^\W_]+(?:['’\-‐‑][^\W_]+)*")
_NEGATION = re.compile(
    r"(?<!\w)(?:no|not|without|avoid|avoiding|never|exclude|excluding|don['’]t|do not|zero|minus)(?!\w)",
    re.IGNORECASE,
)
_NEGATION_ENDS = re.compile(r"(?<!\w)(?:but|with|while|instead)(?!\w)", re.IGNORECASE)
_SIDE = re.compile(r"(?<!\w)(left|right)(?!\w)", re.IGNORECASE)

_BEFORE_SIDE = bag("from the camera upper lower top far behind frame light lighting key side at on")
_AFTER_SIDE = bag("side key light lighting softbox window sided hand lit")
_ONLY_SIDE = bag("from the camera upper lower top left right side hand of on key light frame coming is far")
_FILL = bag("fill card reflector bounce bounced")
_NO_KEY = bag("turning turned facing looking looks glancing half hand arm eye leg foot shoulder profile")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a prompt between two separators.

    Attributes:
        start: First character.
        end: One past the last.
        heading: Role that a heading before it gives ("Light: ..."); empty without one.
    """

    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A side that is said of a light, and where."""

    start: int
    end: int
    side: str


def clauses(text: str, together: Sequence[tuple[int, int]]) -> Iterator[Clause]:
    """The clauses of a text.

    Args:
        text: The prompt.
        together: Places that nothing parts, in order.
    """
    start, next_place, heading = 0, 0, ""
    for match in _SEPARATOR.finditer(text):
        while next_place < len(together) and together[next_place][1] <= match.start():
            next_place += 1
        if next_place < len(together) and together[next_place][0] <= match.start():
            continue
        if match.group().strip() == ":" and (role := _heading(text, start, match.start())):
            heading = role
        elif text[start : match.start()].strip():
            yield Clause(start, match.start(), heading)
        if match.group().strip() not in (":", ",") or "\n" in match.group():
            heading = ""
        start = match.end()
    if text[start:].strip():
        yield Clause(start, len(text), heading)


def _heading(text: str, start: int, end: int) -> str:
    return HEADINGS.get(text[start:end].strip().casefold(), "") if end - start < 40 else ""


def negations(text: str, clause: Clause, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Places of a clause that say what must not be there.

    Args:
        text: The prompt.
        clause: Where to look.
        taken: Places of the clause that are vocabulary, so that "no retouching" is not read as a negation.
    """
    end = clause.start
    for match in _NEGATION.finditer(text, clause.start, clause.end):
        before = bisect_right(taken, (match.start(), len(text))) - 1
        if match.start() < end or (before >= 0 and match.start() < taken[before][1]):
            continue
        stop = _NEGATION_ENDS.search(text, match.end(), clause.end)
        end = stop.start() if stop else clause.end
        while text[end - 1].isspace():
            end -= 1
        if WORD.search(text, match.end(), end):
            yield match.start(), end


def sides(text: str, clause: Clause, *, lit: bool) -> Iterator[Said]:
    """Sides from which a light comes, as a clause says them.

    Args:
        text: The prompt.
        clause: Where to look.
        lit: Whether the clause has a light of the vocabulary in it.
    """
    if not _SIDE.search(text, clause.start, clause.end):
        return
    words = [(match.group().casefold(), match) for match in WORD.finditer(text, clause.start, clause.end)]
    nothing_else = all(word in _ONLY_SIDE for word, _ in words)
    if not (lit or nothing_else or any(word in LIGHT or word == "window" for word, _ in words)):
        return
    filled = False
    for place, (word, match) in enumerate(words):
        filled = (filled or word in _FILL) and word != "key"
        side = word.removesuffix("-side").removesuffix("-lit").removesuffix("-hand")
        if side not in ("left", "right") or filled:
            continue
        before = words[place - 1][0] if place else ""
        after = words[place + 1][0] if place + 1 < len(words) else ""
        if before in _NO_KEY or after in _NO_KEY - {"hand"}:
            continue
        if nothing_else or before in _BEFORE_SIDE or after in _AFTER_SIDE or side != word:
            first = _begin(words, place)
            last = place + (after in ("side", "hand")) + (after == "hand" and _is_side(words, place + 2))
            yield Said(first, words[last][1].end() if last > place else match.end(), side)


def says_fill(text: str) -> bool:
    """Whether words name a fill, of which a side said behind them would be said."""
    return any(match.group().casefold() in _FILL for match in WORD.finditer(text))


def only_side(text: str, clause: Clause) -> bool:
    """Whether a clause says a side and nothing else: "left side", "key from the right"."""
    words = (match.group().casefold() for match in WORD.finditer(text, clause.start, clause.end))
    return all(word in _ONLY_SIDE for word in words)


def _begin(words: list[tuple[str, re.Match[str]]], place: int) -> int:
    """Where the expression of a side begins: at "from" in "from the upper left"."""
    first = place
    while first and place - first < 4 and words[first - 1][0] in _BEFORE_SIDE - {"light", "lighting"}:
        first -= 1
    return words[first][1].start()


def _is_side(words: list[tuple[str, re.Match[str]]], place: int) -> bool:
    return place < len(words) and words[place][0] == "side"
