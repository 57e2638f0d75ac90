"""The linter: what will not work in a prompt, what will cost quality, and what to write instead.

`lint` runs every rule of `rules/` over one prepared `Draft`; `lint_scenes` does so for the scenes of a shoot and
compares them; `apply_fixes` and `mend` apply what the findings offer. Nothing here raises, whatever the text is.
What to leave out is `lint_configuration.py`, how findings are written is `reports.py`.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fluxgram.photography.catalog import Catalog
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.findings import Edit, Finding, Severity, Span
from fluxgram.prompt.lint_configuration import LintConfiguration
from fluxgram.prompt.rules import RULES, SHOOT_RULES
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Scene
from fluxgram.prompt.rules.spotting import Spotter
from fluxgram.prompt.rules.wording import GROUPS

__all__ = ["Scene", "apply_fixes", "lint", "lint_scenes", "mend"]

MOST_CHARACTERS = 100_000
"""The rules read this much of a text; FX006 says so of a longer one."""
_MOST_ROUNDS = 8
_ORDER = {severity: index for index, severity in enumerate(Severity)}


@functools.cache
def _spotter() -> Spotter:
    return Spotter(GROUPS | {group: words for rule in RULES for group, words in rule.phrases.items()})


def lint(
    text: str,
    *,
    negative: str | None = None,
    facts: CheckpointFacts | None = None,
    size: tuple[int, int] | None = None,
    seed: int | None = None,
    anchor: str = "",
    configuration: LintConfiguration | None = None,
    catalog: Catalog | None = None,
) -> list[Finding]:
    """Check one prompt.

    Args:
        text: The prompt.
        negative: Negative prompt, or None where there is none.
        facts: What is known of the checkpoint; None leaves out what depends on it.
        size: Width and height of the picture in px; None takes the checkpoint's own.
        seed: Seed, or None where it is drawn by chance.
        anchor: The character's stable description, where the prompt has one.
        configuration: What to leave out, and other severities.
        catalog: The vocabulary; None is the built-in one.

    Returns:
        Findings by place; those about the whole come first.
    """
    draft = Draft(
        text[:MOST_CHARACTERS],
        _spotter(),
        negative=negative,
        facts=facts,
        size=size,
        seed=seed,
        anchor=anchor,
        vocabulary=catalog,
        whole_length=len(text),
    )
    wanted = configuration or LintConfiguration()
    found = [finding for rule in RULES if wanted.wants(rule.code) for finding in rule.check(draft)]
    if anchor.strip():
        scene = Scene("", text, negative, anchor, seed, size)
        found += [
            finding for rule in SHOOT_RULES if wanted.wants(rule.code) for finding in rule.check([scene])
        ]
    return sorted(map(wanted.weigh, found), key=_place) if found else found


def lint_scenes(
    scenes: Sequence[Scene],
    *,
    facts: CheckpointFacts | None = None,
    configuration: LintConfiguration | None = None,
    catalog: Catalog | None = None,
) -> list[Finding]:
    """Check the scenes of a shoot, each for itself and all together.

    Args:
        scenes: The scenes, in their order.
        facts: What is known of the checkpoint.
        configuration: What to leave out, and other severities.
        catalog: The vocabulary; None is the built-in one.

    Returns:
        Findings scene by scene, each naming its scene in `where`, then those about the whole shoot.
    """
    wanted = configuration or LintConfiguration()
    shared = {rule.code for rule in SHOOT_RULES}
    found = [
        replace(finding, where=scene.where)
        for scene in scenes
        for finding in lint(
            scene.text, negative=scene.negative, facts=facts, size=scene.size, seed=scene.seed, anchor=scene.anchor,
            configuration=configuration, catalog=catalog,
        )
        if finding.code not in shared
    ]  # fmt: skip
    for rule in SHOOT_RULES:
        if wanted.wants(rule.code):
            found += map(wanted.weigh, rule.check(scenes))
    return found


def apply_fixes(
    text: str, negative: str | None, findings: Iterable[Finding], *, unsafe: bool = False
) -> tuple[str, str]:
    """Apply what findings of `lint(text)` offer.

    Args:
        text: The prompt that was checked.
        negative: Its negative prompt, or None.
        findings: What `lint` returned for it. Where two fixes want to change the same words, the first one does.
        unsafe: Apply fixes that may change what was meant, too.

    Returns:
        The new prompt and the new negative prompt.
    """
    edits: list[Edit] = []
    words = (negative or "").strip()
    for finding in findings:
        fix = finding.fix
        if fix is not None and (fix.safe or unsafe) and _fit(fix.edits, edits, len(text)):
            for edit in fix.edits:
                bisect.insort(edits, edit, key=_span)
            words = _with_words(words, fix.negative)
    return _edited(text, edits), words


def mend(
    text: str,
    *,
    negative: str | None = None,
    facts: CheckpointFacts | None = None,
    size: tuple[int, int] | None = None,
    anchor: str = "",
    configuration: LintConfiguration | None = None,
    catalog: Catalog | None = None,
    unsafe: bool = False,
    negative_too: bool = True,
) -> tuple[str, str]:
    """Check and fix until nothing changes any more.

    The arguments are those of `lint` and `apply_fixes`; without `negative_too`, fixes that need the negative prompt
    are left out.
    """
    words = negative or ""
    for _ in range(_MOST_ROUNDS):
        findings = lint(
            text, negative=words or None, facts=facts, size=size, anchor=anchor, configuration=configuration,
            catalog=catalog,
        )  # fmt: skip
        if not negative_too:
            findings = [finding for finding in findings if finding.fix is None or not finding.fix.negative]
        fixed = apply_fixes(text, words, findings, unsafe=unsafe)
        if fixed == (text, words):
            break
        text, words = fixed
    return text, words


def _place(finding: Finding) -> tuple[Span, int, str]:
    return finding.span or Span(0, 0), _ORDER[finding.severity], finding.code


def _span(edit: Edit) -> Span:
    return edit.span


def _fit(new: Sequence[Edit], old: Sequence[Edit], length: int) -> bool:
    """Whether edits lie inside the text and leave those alone that are already there (sorted, not overlapping)."""
    for edit in new:
        at = bisect.bisect_left(old, edit.span, key=_span)
        follows = at == 0 or old[at - 1].span.end <= edit.span.start
        precedes = at == len(old) or (edit.span.end <= old[at].span.start and edit.span != old[at].span)
        if edit.span.end > length or not follows or not precedes:
            return False
    return True


def _edited(text: str, edits: Sequence[Edit]) -> str:
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])


def _with_words(negative: str, more: str) -> str:
    """A comma list with the words that it lacks."""
    said = [word.strip() for word in negative.split(",") if word.strip()]
    there = {word.lower() for word in said}
    said += [word for part in more.split(",") if (word := part.strip()) and word.lower() not in there]
    return ", ".join(said) if more.strip() else negative
