"""Reads focal lengths and apertures as people write them: "85mm f/1.8", "50 mm, F 1.4", "35mm at f2", "85/1.8".

Only numbers are read here; names of cameras and lenses are vocabulary. Lengths that are no lens ("35 mm tall",
"35mm film") are told apart, so that the vocabulary's "35mm" is not found in them either. All patterns are bounded:
time grows with the length of the text and not faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

SHORTEST_MM, LONGEST_MM = 4.0, 2000.0
"""Focal lengths beyond these are not read as a lens."""

STOPS = frozenset(
    (0.95, 1.0, 1.1, 1.2, 1.4, 1.6, 1.7, 1.8, 1.9, 2.0, 2.2, 2.4, 2.5, 2.8, 3.2, 3.5, 4.0, 4.5, 5.0, 5.6, 6.3, 7.1,
     8.0, 9.0, 10.0, 11.0, 13.0, 14.0, 16.0, 18.0, 20.0, 22.0, 25.0, 29.0, 32.0, 36.0, 45.0, 64.0)
)  # fmt: skip
"""f-numbers found on lenses, in full, half and third stops."""

PRIMES_MM = frozenset(
    (14, 16, 20, 24, 28, 35, 40, 45, 50, 55, 58, 60, 65, 70, 75, 80, 85, 90, 100, 105, 110, 120, 135, 150, 180, 200,
     300, 400, 500, 600)
)  # fmt: skip
"""Focal lengths that "85/1.8" may mean."""

_MM = r"[\s\-‐‑]{0,2}(?:mm|millimet(?:er|re)s?)(?!\w)"
_FOCAL = re.compile(
    rf"(?<![\w.])(\d{{1,4}}(?:\.\d{{1,2}})?)(?:\s?[-–—‐‑]\s?(\d{{1,4}}))?{_MM}", re.IGNORECASE
)
_LENS = re.compile(
    r"(?:[\s\-‐‑]{1,2}(?:prime|portrait|macro|telephoto|wide[\s-]angle|tilt[\s-]shift|fixed)){0,2}[\s\-‐‑]{1,2}lens(?!\w)",
    re.IGNORECASE,
)
_NO_LENS = re.compile(
    r"[\s\-‐‑]{1,2}(?:tall|thick|in\s(?:diameter|height|size)|diameter|wide(?![\s-]angle)|high(?![\s-](?:key|quality|res))"
    r"|long(?![\s-](?:lens|exposure))|film|cartridge|round|gap|of\srain)(?!\w)",
    re.IGNORECASE,
)
_APERTURE = re.compile(r"(?<![\w/])[fƒ]\s{0,2}([/.]\s{0,2})?(\d{1,2}(?:[.,]\d{1,2})?)(?!\w)", re.IGNORECASE)
_APERTURE_WORD = re.compile(
    r"(?<!\w)aperture\s{1,2}(?:(?:of|at)\s{1,2}|:\s{0,2})?(\d{1,2}(?:[.,]\d{1,2})?)(?![\w/])", re.IGNORECASE
)
_PAIR = re.compile(r"(?<![\w./])(\d{2,3})\s?/\s?(\d{1,2}(?:\.\d{1,2})?)(?![\w/])")
_NO_STOP = re.compile(r"\s(?:fighter|jet|falcon|race|racing|car|grand)(?!\w)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,@]{0,3}(?:(?:at|with|prime|lens|and)[\s,]{1,2}){0,2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gear:
    """Numbers of a lens, with their place in the text.

    Attributes:
        start: First character.
        end: One past the last.
        focal_mm: Focal length, in millimetres; None for an aperture alone and for a zoom.
        aperture: f-number.
    """

    start: int
    end: int
    focal_mm: float | None = None
    aperture: float | None = None


def find_numbers(text: str) -> tuple[list[Gear], list[Gear]]:
    """Every focal length and every aperture of a text, and every length in millimetres that is no lens, in order."""
    lenses: list[Gear] = []
    lengths: list[Gear] = []
    for match in _FOCAL.finditer(text):
        gear = _focal(text, match)
        (lenses if gear.focal_mm is not None or match.group(2) else lengths).append(gear)
    lenses += [*_apertures(text), *_pairs(text)]
    lenses.sort(key=lambda gear: (gear.start, -gear.end))
    apart: list[Gear] = []
    for gear in lenses:
        if not apart or gear.start >= apart[-1].end:
            apart.append(gear)
    return apart, lengths


def find_gear(text: str) -> list[Gear]:
    """Every lens of a text in order, a focal length and the aperture said with it as one."""
    return joined(text, find_numbers(text)[0])


def _focal(text: str, match: re.Match[str]) -> Gear:
    lens = _LENS.match(text, match.end())
    no_lens = None if lens else _NO_LENS.match(text, match.end())
    value = float(match.group(1))
    if no_lens or not SHORTEST_MM <= value <= LONGEST_MM:
        return Gear(match.start(), no_lens.end() if no_lens else match.end())
    end = lens.end() if lens else match.end()
    return Gear(
        match.start(), end, focal_mm=None if match.group(2) else value
    )  # a zoom names no single length


def _apertures(text: str) -> Iterator[Gear]:
    for match in _APERTURE.finditer(text):
        value = _number(match.group(2))
        bare = match.group(1) is None
        if (bare and (value not in STOPS or match.group(2) == "1")) or _NO_STOP.match(text, match.end()):
            continue
        if 0.5 <= value <= 128:
            yield Gear(match.start(), match.end(), aperture=value)
    for match in _APERTURE_WORD.finditer(text):
        if _number(match.group(1)) in STOPS:
            yield Gear(match.start(), match.end(), aperture=_number(match.group(1)))


def _pairs(text: str) -> Iterator[Gear]:
    for match in _PAIR.finditer(text):
        focal, stop = int(match.group(1)), float(match.group(2))
        lens = _LENS.match(text, match.end())
        if focal in PRIMES_MM and stop in STOPS and ("." in match.group(2) or lens):
            yield Gear(
                match.start(), lens.end() if lens else match.end(), focal_mm=float(focal), aperture=stop
            )


def joined(text: str, lenses: list[Gear]) -> list[Gear]:
    """Put a focal length and the aperture that follows (or precedes) it into one."""
    together: list[Gear] = []
    for gear in lenses:
        last = together[-1] if together else None
        if last is not None and _belong(text, last, gear):
            together[-1] = replace(
                last,
                end=gear.end,
                focal_mm=last.focal_mm if gear.focal_mm is None else gear.focal_mm,
                aperture=last.aperture if gear.aperture is None else gear.aperture,
            )
        else:
            together.append(gear)
    return together


def _belong(text: str, first: Gear, second: Gear) -> bool:
    alike = (first.aperture is None) == (second.aperture is None)
    twice = first.focal_mm is not None and second.focal_mm is not None
    return not alike and not twice and _BETWEEN.fullmatch(text, first.end, second.start) is not None


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))
