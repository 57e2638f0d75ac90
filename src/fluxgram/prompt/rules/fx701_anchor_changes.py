"""FX701: one character, described in two ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.rule import Scene, ShootRule
from fluxgram.prompt.rules.spotting import Word, fold, words_of
from fluxgram.prompt.rules.wording import word_set

_COLOURS = word_set(
    "black brown blonde blond red auburn ginger grey gray white silver blue green hazel amber copper chestnut"
)
_ALIKE = ({"blonde", "blond"}, {"grey", "gray", "silver", "white"}, {"red", "ginger", "auburn", "copper"},
          {"brown", "chestnut"}, {"hazel", "amber", "brown"})  # fmt: skip
_PARTS = {"hair": "hair", "haired": "hair", "eyes": "eyes", "eyed": "eyes"}
_AGE = re.compile(r"\b(\d{1,3})[- ]years?[- ]old\b|\baged (\d{1,3})\b")


class AnchorChanges(ShootRule):
    """Finds an anchor that changes between the scenes of a shoot.

    ## What it does
    Compares the anchors of a character's scenes, looks whether each scene's prompt holds the anchor word for word, and
    whether the rest of the prompt gives the person another hair colour, eye colour or age.

    ## Why it is bad
    The anchor is what the checkpoint recognises the person by. Other words, even of the same meaning, are another
    person.

    ## Example
    Scene 1: `30-year-old woman, dark brown wavy hair, …`; scene 2: `30-year-old woman, blonde hair, …`

    ## Use instead
    The same words in every scene; clothes, place, light and action change around them.

    ## Evidence
    First article, on character consistency: a stable anchor and a locked seed, and neither alone is enough.
    """

    code = "FX701"
    name = "anchor-changes"
    severity = Severity.ERROR

    def check(self, scenes: Sequence[Scene]) -> Iterator[Finding]:
        """One finding for each scene that departs from the character's first one."""
        firsts: dict[str, Scene] = {}
        for scene in scenes:
            if not scene.anchor.strip():
                continue
            first = firsts.setdefault(scene.character, scene)
            if _words(scene.anchor) != _words(first.anchor):
                yield self.finding(
                    f'The anchor "{_short(scene.anchor)}" is not that of {first.where} ("{_short(first.anchor)}"): the '
                    "checkpoint will draw another person. Use the same words in every scene.",
                    where=scene.where,
                )
            elif lost := next((part for part in _parts(scene) if fold(part) not in fold(scene.text)), ""):
                yield self.finding(
                    f'The prompt does not hold the anchor "{_short(lost)}" word for word, so the person will '
                    "differ. Put it in unchanged.",
                    where=scene.where,
                )
            elif len(_parts(scene)) == 1:
                yield from self._departures(scene)

    def _departures(self, scene: Scene) -> Iterator[Finding]:
        at = fold(scene.text).find(fold(scene.anchor.strip()))
        end = at + len(scene.anchor.strip())
        words = words_of(fold(scene.text))
        mine = _traits([word for word in words if at <= word.start < end])
        rest = _traits([word for word in words if not at <= word.start < end])
        for part, (colour, span) in rest.items():
            if part in mine and not _alike(mine[part][0], colour):
                yield self.finding(
                    f'"{scene.text[span.start : span.end]}" contradicts the anchor, which has {mine[part][0]} {part}. '
                    "Change the anchor for all scenes, or leave it.",
                    span,
                    where=scene.where,
                )
        ages = [(int(match[1] or match[2]), match) for match in _AGE.finditer(fold(scene.text))]
        inside = {age for age, match in ages if at <= match.start() < end}
        for age, match in ages:
            if inside and age not in inside:
                yield self.finding(
                    f'"{match[0]}" contradicts the age in the anchor. Use the same age in every scene.',
                    Span(*match.span()),
                    where=scene.where,
                )


def _parts(scene: Scene) -> list[str]:
    """The anchors of all who are in the scene."""
    return [part.strip() for part in scene.anchor.split(";") if part.strip()]


def _traits(words: Sequence[Word]) -> dict[str, tuple[str, Span]]:
    """Colour of hair and eyes: the last colour up to four words before."""
    found: dict[str, tuple[str, Span]] = {}
    for index, word in enumerate(words):
        part = _PARTS.get(word.text)
        if part is None:
            continue
        for back in range(1, 5):
            before = words[index - back] if index >= back else None
            if before is None or not before.joined:
                break
            if before.text in _COLOURS:
                found.setdefault(part, (before.text, Span(before.start, word.end)))
                break
    return found


def _alike(one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in _ALIKE)


def _words(text: str) -> list[str]:
    return [word.text for word in words_of(fold(text))]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"
