"""FX303: lenses and cameras that nobody ever made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft, Number
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

LENSES = MappingProxyType(
    {
        "Canon EF": {14: (2.8,), 20: (2.8,), 24: (1.4, 2.8), 28: (1.8, 2.8), 35: (1.4, 2), 40: (2.8,),
            50: (1, 1.2, 1.4, 1.8, 2.5), 85: (1.2, 1.4, 1.8), 100: (2, 2.8), 135: (2, 2.8), 180: (3.5,),
            200: (1.8, 2, 2.8), 300: (2.8, 4), 400: (2.8, 4, 5.6), 500: (4, 4.5), 600: (4,), 800: (5.6,)},
        "Canon RF": {16: (2.8,), 20: (1.4,), 24: (1.4, 1.8), 28: (2.8,), 35: (1.4, 1.8), 50: (1.2, 1.4, 1.8),
            85: (1.2, 1.4, 2), 100: (2.8,), 135: (1.8,), 400: (2.8,), 600: (4, 11), 800: (5.6, 11), 1200: (8,)},
        "Sony FE": {14: (1.8,), 16: (1.8,), 20: (1.8,), 24: (1.4, 2.8), 28: (2,), 35: (1.4, 1.8, 2.8), 40: (2.5,),
            50: (1.2, 1.4, 1.8, 2.5, 2.8), 55: (1.8,), 85: (1.4, 1.8), 90: (2.8,), 100: (2.8,), 135: (1.8,), 300:
            (2.8,),
            400: (2.8,), 600: (4,)},
    }
)  # fmt: skip
"""Prime lenses of three mounts: focal length in mm and largest apertures (makers' own catalogues)."""
_MOST = 20
"""Lenses of a prompt that are looked up."""
_FASTEST = 0.7
_MODEL = re.compile(
    r"\b(?:canon eos r(\d{1,4})|nikon z\s?(\d{1,3})|iphone (\d{1,3})|leica m(\d{1,3})|fujifilm x-?t(\d{1,3}))\b"
)
_REAL = ({1, 3, 5, 6, 7, 8, 10, 50, 100}, {5, 6, 7, 8, 9, 30, 50}, set(range(3, 21)),
         set(range(1, 12)) | {240, 262}, {1, 2, 3, 4, 5, 10, 20, 30, 50, 100, 200})  # fmt: skip
_NAMES = ("Canon EOS R5", "Nikon Z8", "iPhone 15 Pro", "Leica M11", "Fujifilm X-T5")
_FANTASY = re.compile(
    r"\b(?:ultra|super|mega|hyper|quantum|pro|max|giga)[ -]?(?:cam|camera|lens|shot)s?"
    r"(?: (?:x|pro|ultra))?[ -]?\d{3,5}\b"
)


class InventedGear(Rule):
    """Finds gear that does not exist.

    ## What it does
    Compares prime lenses of Canon EF, Canon RF and Sony FE with what was made, body numbers with those of the makers,
    and f-numbers with what is physically there (nothing below f/0.7). Other makers and plain numbers ("85mm f/1.8")
    are left alone.

    ## Why it is bad
    A lens is a name under which the checkpoint has seen pictures. For one that was never made it has seen none, so the
    result is a guess; a real name brings the look of its pictures.

    ## Example
    `portrait, Canon EF 85mm f/0.4`, `shot on SuperCam 9000`

    ## Use instead
    `Canon EF 85mm f/1.4`, or the numbers alone: `85mm f/1.4`.

    ## Evidence
    First article: names of real gear bring more consistent results than invented ones. Lenses: the makers' catalogues;
    f/0.7 is the Zeiss Planar of 1966.
    """

    code = "FX303"
    name = "invented-gear"
    severity = Severity.ADVICE
    phrases: ClassVar[Phrases] = {"mounts": phrase_list("canon ef, canon rf, sony fe")}

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each name."""
        for stop in draft.apertures:
            if stop.value < _FASTEST:
                yield self.finding(
                    f"No lens has f/{stop.value:g}: the fastest ever made for photography is f/0.7. Something real "
                    'such as "f/1.4" is what the checkpoint has seen.',
                    Span(stop.start, stop.end),
                    severity=Severity.WARNING,
                )
        yield from self._lenses(draft)
        yield from self._models(draft)

    def _lenses(self, draft: Draft) -> Iterator[Finding]:
        for spot in draft.spots("mounts")[:_MOST]:
            mount = next(name for name in LENSES if name.lower() == spot.phrase)
            lens = next((n for n in draft.focals if 0 <= n.start - spot.end <= 2 and n.low == n.value), None)
            stop = lens and next((n for n in draft.apertures if 0 <= n.start - lens.end <= 2), None)
            if (
                lens is None
                or (stop and stop.value < _FASTEST)
                or (real := _nearest(mount, lens, stop)) is None
            ):
                continue
            span = Span(spot.start, stop.end if stop else lens.end)
            yield self.finding(
                f'There is no "{draft.text[span.start : span.end]}"; the nearest that was made is the {real}. '
                f"Real names "
                "bring steadier results than invented ones.",
                span,
            )

    def _models(self, draft: Draft) -> Iterator[Finding]:
        for match in _MODEL.finditer(draft.folded) if draft.spots("camera") else ():
            place = next(index for index, group in enumerate(match.groups()) if group)
            if int(match.group(place + 1)) not in _REAL[place]:
                yield self._named(draft, Span(*match.span()), _NAMES[place])
        for match in _FANTASY.finditer(draft.folded):
            yield self._named(draft, Span(*match.span()), "Canon EF 85mm f/1.4")

    def _named(self, draft: Draft, span: Span, real: str) -> Finding:
        return self.finding(
            f'"{draft.text[span.start : span.end]}" is no camera that was made. A real name such as "{real}" brings '
            "steadier results than an invented one.",
            span,
        )


def _nearest(mount: str, lens: Number, stop: Number | None) -> str | None:
    """The nearest lens of the mount; None where the one that is named exists."""
    made = LENSES[mount]
    stops = made.get(int(lens.value), ())
    if stops and (stop is None or stop.value >= min(stops)):
        return None
    focal = min(made, key=lambda each: abs(each - lens.value))
    wanted = stop.value if stop else 1.4
    return f"{mount} {focal}mm f/{min(made[focal], key=lambda each: abs(each - wanted)):g}"
