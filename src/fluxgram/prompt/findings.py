"""What the linter says: findings with a code, a place, a message that teaches, and a fix where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters: an error will not work, a warning will cost quality, an advice could make it better."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` up to (not including) `end` of a text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"no span: {self.start} to {self.end}")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the words at `span` by `text` (an empty span inserts, an empty text removes)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """How to mend a finding.

    Attributes:
        title: What it does, for people.
        edits: Changes of the prompt; they do not overlap.
        negative: Words to put into the negative prompt; empty for none.
        safe: Whether it keeps what the user meant, so that `--fix` may apply it unasked.
    """

    title: str
    edits: tuple[Edit, ...] = ()
    negative: str = ""
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has to say about a text.

    Attributes:
        code: Of the rule, `FX201`; stable.
        severity: How much it matters.
        span: Where; None where it is about the whole or about something that is not there.
        message: What is wrong, why, and what to say instead.
        fix: How to mend it, or None.
        where: Which text of a shoot or file ("scene 2"); empty for a single prompt.
    """

    code: str
    severity: Severity
    span: Span | None
    message: str
    fix: Fix | None = None
    where: str = ""
