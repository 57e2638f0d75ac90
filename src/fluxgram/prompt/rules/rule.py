"""What a rule is: a class with a code, a name, a severity, documentation, and a check that yields findings.

A rule that needs one text only is a `Rule`; one that compares the scenes of a shoot is a `ShootRule`. The docstring of
a rule is its documentation (`documentation.py` reads it): Markdown with the headings `What it does`, `Why it is bad`,
`Example`, `Use instead` and `Evidence`. All rules are collected in `__init__.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of a shoot, as far as rules are concerned.

    Attributes:
        where: Which scene it is, for people ("scene 2, cafe").
        text: The whole prompt.
        negative: Negative prompt, or None.
        anchor: The character's stable description; empty for none.
        seed: Seed of the picture, or None where it is drawn by chance.
        size: Width and height in px, or None.
        character: Name of the character, so that two characters may have two anchors; empty where there is one.
    """

    where: str
    text: str
    negative: str | None = None
    anchor: str = ""
    seed: int | None = None
    size: tuple[int, int] | None = None
    character: str = ""


Phrases = Mapping[str, Sequence[str]]
"""Phrases by the name of their group."""


class AnyRule:
    """What both kinds of rule have in common.

    Attributes:
        code: Stable code, `FX201`; the hundreds are the group.
        name: Stable name, words joined by `-`.
        severity: How much a finding matters where the check does not say otherwise.
        phrases: Groups of phrases that the draft shall look for on behalf of this rule; a group's name is unique
            among all rules.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    phrases: ClassVar[Phrases] = MappingProxyType({})

    @classmethod
    def finding(
        cls,
        message: str,
        span: Span | None = None,
        fix: Fix | None = None,
        *,
        severity: Severity | None = None,
        where: str = "",
    ) -> Finding:
        """A finding of this rule."""
        return Finding(cls.code, severity or cls.severity, span, message, fix, where)


class Rule(AnyRule):
    """A rule about one text."""

    def check(self, draft: Draft) -> Iterator[Finding]:
        """What the rule has to say about a draft; nothing where all is well. Never raises, whatever the text."""
        raise NotImplementedError


class ShootRule(AnyRule):
    """A rule about the scenes of a shoot together."""

    def check(self, scenes: Sequence[Scene]) -> Iterator[Finding]:
        """What the rule has to say about the scenes; nothing where all is well."""
        raise NotImplementedError
