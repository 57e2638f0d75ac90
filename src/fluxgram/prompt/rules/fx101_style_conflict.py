"""FX101: two output modes in one prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft, Phrase
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Spot
from fluxgram.prompt.rules.wording import phrase_list, word_set

_FITS = {frozenset({"drawn", "digital"}), frozenset({"drawn", "painted"}), frozenset({"digital", "painted"}),
         frozenset({"render", "digital"}), frozenset({"render", "drawn"})}  # fmt: skip
"""Modes that go together: a drawing may well be digital."""
_MARKS_A_MODE = frozenset(
    {"style", "styled", "aesthetic", "rendering", "artwork", "art", "of", "look", "illustration"}
)
_FEW = 10
"""Words of a phrase that may stand before or behind its mode."""
_FIGURES = frozenset({"girl", "boy", "woman", "man", "character", "portrait", "lady", "face"})
"""After a mode at the beginning ("anime girl"), these are drawn in it."""
_PLACES = frozenset(
    {"wall", "easel", "beside", "behind", "hanging", "framed", "frame", "above", "desk", "shelf", "shirt"}
)
"""With these, a later phrase speaks of a picture in the picture."""
_ORNAMENT = word_set("""beautiful highly very ultra detailed digital traditional classic classical realistic
fantasy concept modern
    style styled art artwork drawing painting illustration render rendering picture image 2d 3d soft vivid colorful
    colourful professional quality high best masterpiece detail details stylized stylised expressive loose vintage
    japanese 90s 80s pixar disney studio ghibli trending on artstation in a an the as of like by cinematic dark pop""")


class StyleConflict(Rule):
    """Finds two ways of making a picture that exclude each other.

    ## What it does
    Compares output modes: photograph, painting, drawing or cartoon, digital art, 3D render. A mode counts when it says
    how the *whole* picture is made ("oil painting of …", "anime style", "digital art" between commas). A painting on
    the wall or a cartoon on a T-shirt is part of the scene and does not count.

    ## Why it is bad
    The checkpoint has learned each mode as a whole: skin, light and edges of one are mistakes in the other. Asked for
    both, it lands between them, and the photograph looks painted.

    ## Example
    `photorealistic portrait of a woman, digital art, oil painting`

    ## Use instead
    One mode: `photorealistic portrait of a woman, RAW photo`, or `oil painting of a woman`.

    ## Evidence
    First article, "What to Avoid", style conflicts: pick one mode of output.
    """

    code = "FX101"
    name = "style-conflict"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "mode photo": phrase_list(
            """photorealistic, photo realistic, hyperrealistic, raw photo, photo, photograph, photography,
            photographic, dslr, film still, photorealism, realistic photo, candid photo"""
        ),
        "mode painted": phrase_list(
            """oil painting, watercolor, watercolour, watercolor painting, watercolour painting, acrylic painting,
            gouache, painting, painted, impressionist, impressionism, oil on canvas, renaissance painting, digital
            painting, matte painting, painterly"""
        ),
        "mode drawn": phrase_list(
            """anime, manga, cartoon, comic, comic book, pencil drawing, sketch, pencil sketch, line art, charcoal
            drawing, illustration, vector art, flat illustration, pixel art, drawing, chibi, studio ghibli, disney,
            ukiyo e, caricature, vector illustration, graphic novel"""
        ),
        "mode digital": phrase_list(
            "digital art, digital artwork, concept art, digital illustration, fantasy art, artstation"
        ),
        "mode render": phrase_list(
            """3d render, cgi, unreal engine, unreal engine 5, octane render, blender render, cinema 4d, claymation,
            low poly, 3d model, vray, 3d rendering, 3d animation, pixar"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding at the first mode that does not fit the one before."""
        modes = modes_of(draft)
        if len(modes) < 2:
            return
        first, kept = next(((s, m) for s, m in modes if m == "photo"), modes[0])
        for spot, mode in modes:
            photoreal_render = {mode, kept} == {"photo", "render"} and "realis" in first.phrase
            if mode != kept and frozenset({mode, kept}) not in _FITS and not photoreal_render:
                words, other = draft.text[spot.start : spot.end], draft.text[first.start : first.end]
                yield self.finding(
                    f'"{words}" and "{other}" are two ways of making a picture, and the result falls between them. '
                    "Pick one.",
                    Span(spot.start, spot.end),
                    _without(draft, spot),
                )
                return


def modes_of(draft: Draft) -> list[tuple[Spot, str]]:
    """The modes that a prompt asks for (`photo`, `painted`, `drawn`, `digital`, `render`), left to right."""
    return sorted(
        (spot, group.removeprefix("mode "))
        for group in StyleConflict.phrases
        for spot in draft.spots(group)
        if (group == "mode photo" or _is_mode(draft, spot)) and not draft.negated(spot)
    )


def _is_mode(draft: Draft, spot: Spot) -> bool:
    """Whether a phrase says how the picture is made, and not what is in it."""
    phrase = draft.phrase_at(spot.start)
    before = draft.before(spot, 3)
    if before[:2] in {("of", "style"), ("a", "as"), ("an", "as")} or "style" in before[:1]:
        return True
    behind = draft.after(spot)
    opens = spot.first - phrase.first <= _FEW and all(
        word.text in _ORNAMENT for word in draft.words[phrase.first : spot.first]
    )
    if not opens:
        return bool(behind) and behind[0] in {"style", "aesthetic"} and "in" in before
    behind_it = {word.text for word in draft.words[spot.last + 1 : min(phrase.last, spot.last + 2 * _FEW)]}
    if phrase.first > 0 and behind_it & _PLACES:
        return False
    whole = phrase.last - spot.last <= _FEW and all(
        word.text in _ORNAMENT for word in draft.words[spot.last + 1 : phrase.last]
    )
    return whole or (bool(behind) and behind[0] in (_MARKS_A_MODE | _FIGURES))


def _without(draft: Draft, spot: Spot) -> Fix | None:
    """Take the whole phrase out where it says nothing but the mode and is not the first."""
    phrase: Phrase = draft.phrase_at(spot.start)
    alone = all(
        word.text in _ORNAMENT or spot.start <= word.start < spot.end
        for word in draft.words[phrase.first : phrase.last]
    )
    if not alone or phrase.first == 0:
        return None
    words = draft.text[phrase.start : phrase.end]
    return Fix(f'Take "{words}" out', (draft.removal(Span(phrase.start, phrase.end)),))
