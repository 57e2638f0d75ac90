"""FX402: detail that the asked size cannot show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.photography.optics import framing_px_per_mm
from fluxgram.photography.terms import DetailMeaning
from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

FRAMINGS = ("extreme close-up", "close-up", "head-and-shoulders", "half body", "full body")
"""From near to far, as `photography.optics` names them."""
_SHOWS_PORES = 4.0
"""Pixels per mm below which pores (0.25 mm and more) cannot be told from noise."""


class DetailTooSmall(Rule):
    """Finds detail that cannot show in a picture of this size and framing.

    ## What it does
    Takes the framing from the words (head and shoulders where none is said), the size from the request or the
    checkpoint, and works out how many pixels a millimetre of the face gets. Details of the vocabulary that need
    more are
    reported, with a crop or a size that would do.

    ## Why it is bad
    A pore is a quarter of a millimetre. Where a millimetre has two pixels it cannot be drawn; the checkpoint answers
    with coarse grain instead, or with nothing.

    ## Example
    `head and shoulders portrait, visible pores` at 512x512

    ## Use instead
    `extreme close-up of a cheek and an eye, visible pores`, or the same portrait at 1536x1536.

    ## Evidence
    Pores: detection threshold 0.25 mm (Flament et al. 2015, 2,585 women). A face of 63 mm between the pupils has 2.2
    px/mm in head and shoulders at 1024 px, and pores need 4 or more; measured with an iris of 11.7 mm as the scale.
    """

    code = "FX402"
    name = "detail-too-small"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "extreme close-up": phrase_list(
            """extreme close up, macro shot, macro photo, macro photograph, macro portrait, macro of, eye macro,
            extreme closeup, macro"""
        ),
        "close-up": phrase_list(
            """close up, closeup, tight crop, tight portrait, face fills the frame, tight headshot, face filling the
            frame, tight close up"""
        ),
        "head-and-shoulders": phrase_list("head and shoulders, headshot, bust, head shot, passport photo"),
        "half body": phrase_list(
            """half body, waist up, medium shot, half length, upper body, cowboy shot, from the waist up, mid shot,
            three quarter length, environmental portrait, medium close up"""
        ),
        "full body": phrase_list(
            "full body, full length, wide shot, long shot, head to toe, whole body, full figure"
        ),
        "pores": phrase_list(
            """visible pores, skin pores, pores visible, pores, visible skin pores, pore structure, vellus hair, peach
            fuzz"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the detail that needs most."""
        if (
            draft.size is None
            or min(draft.size) < 1
            or not (draft.has_person or draft.terms("skin") or draft.spots("pores"))
        ):
            return
        wanted = [
            (match.term.meaning.least_px_per_mm, match.start, match.end)
            for match in draft.terms("skin", "macro")
            if isinstance(match.term.meaning, DetailMeaning)
        ]
        wanted += [(_SHOWS_PORES, spot.start, spot.end) for spot in draft.spots("pores")]
        if not wanted:
            return
        needs, start, end = max(wanted, key=lambda item: (item[0], -item[1]))
        framing = next((name for name in FRAMINGS if draft.spots(name)), "head-and-shoulders")
        width, height = draft.size
        has = framing_px_per_mm(framing, width, height)
        if has <= 0 or has >= needs:
            return
        yield self.finding(
            f'"{draft.text[start:end]}" needs {needs:g} pixels per millimetre of skin; {_SPOKEN[framing]} at '
            f"{width}x{height} has {has:.1f}. {_way_out(framing, needs / has, draft, needs)}",
            Span(start, end),
        )


_SPOKEN = {
    "extreme close-up": "an extreme close-up",
    "close-up": "a close-up",
    "head-and-shoulders": "head and shoulders",
    "half body": "a half-body picture",
    "full body": "a full-body picture",
}


def _way_out(framing: str, grow: float, draft: Draft, needs: float) -> str:
    """A closer crop that would do, and a larger size, where the checkpoint draws it."""
    width, height = draft.size or (0, 0)
    nearer = FRAMINGS[: FRAMINGS.index(framing)]
    closer = [name for name in nearer if framing_px_per_mm(name, width, height) >= needs]
    wide, high = _up(width * grow), _up(height * grow)
    most = draft.facts.most_pixels if draft.facts else 0
    if most and wide * high > most:
        return (
            f"Come closer ({closer[-1]})."
            if closer
            else f"{draft.facts.name if draft.facts else ''} can't show it."
        )
    return f"Come closer ({closer[-1]}) or take {wide}x{high}." if closer else f"It would take {wide}x{high}."


def _up(side: float) -> int:
    return -int(-side // 64) * 64
