"""What goes in and out of the door: a caller, an order, and the job that comes of it. Plain values, no behaviour.

What a surface hands in is an `Order`; what the store keeps is a `JobRecord`; what surfaces show is a `Job`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fluxgram.engine.ignored import Ignored
from fluxgram.errors import ScopeMissing
from fluxgram.store.records import JobRecord, PictureRecord, Problem

ALL = frozenset({"draw", "read", "admin"})
"""Every scope that there is."""
Redaction = Literal["blur", "pixelate", "black", "none"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        owner: Id of the key; empty without one, on loopback.
        scopes: What the key is for: `draw`, `read`, `admin` (who sees everybody's jobs).
        weight: Share of the devices.
        most_queued: Jobs that may wait or run at a time; 0 is the service's default.
        most_pictures: Pictures a month; 0 is no limit.
    """

    owner: str = ""
    scopes: frozenset[str] = ALL
    weight: float = 1.0
    most_queued: int = 0
    most_pictures: int = 0

    def may(self, scope: str) -> None:
        """Go on only where the caller has a scope.

        Raises:
            ScopeMissing: It has not.
        """
        if scope not in self.scopes:
            raise ScopeMissing(
                f"This key may not {scope}; it is for {' and '.join(sorted(self.scopes)) or 'nothing'}.",
                f"Use a key with the scope {scope}.",
            )

    def may_look(self) -> None:
        """Go on only where the caller may see its own jobs; who may draw or administer may see what was drawn.

        Raises:
            ScopeMissing: It has no scope at all.
        """
        if self.scopes.isdisjoint(ALL):
            self.may("read")

    @property
    def sees(self) -> str | None:
        """Whose jobs it sees; None is everybody's."""
        return None if "admin" in self.scopes else self.owner


LOCAL = Caller()
"""The user of this machine."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was changed or could not be applied.

    Attributes:
        name: Field, as the surface calls it.
        value: What was asked.
        reason: What was done instead, and why, in one sentence.
    """

    name: str
    value: str | float
    reason: str

    def to_dict(self) -> dict[str, str | float]:
        """Plain values that JSON can carry."""
        return {"name": self.name, "value": self.value, "reason": self.reason}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Note:
        """Read a note back."""
        return cls(values["name"], values["value"], values["reason"])

    def to_ignored(self) -> Ignored:
        """As receipts carry it."""
        return Ignored(self.name, self.value, self.reason)


@dataclass(frozen=True, slots=True)
class Order:
    """What a surface hands in.

    Attributes:
        request: Fields of `fluxgram.engine.request.Request`. `checkpoint` may be a client's name of a model.
        surface: Who hands it in: `native`, `modelslab`, `openai`.
        notes: What the surface changed or could not apply.
        enhance: Complete the prompt from the vocabulary; what was asked is kept.
        check: Whether the client wants pictures checked by a classifier; None leaves it to the policy.
        redact: What becomes of a flagged picture.
        lenient: List what the checkpoint cannot apply instead of refusing it.
        extra: The surface's own values, kept with the job; `base_url` is what its links begin with.
        priority: -100 … 100; higher goes first.
        idempotency: A key of the client's; the same key gives the same job.
        format: `png`, `jpeg` or `webp`.
        lasts: Pictures are removed after so many seconds; None keeps them.
        webhook: Address that is told when the job is over; empty is none.
    """

    request: Mapping[str, object]
    surface: str = "native"
    notes: tuple[Note, ...] = ()
    enhance: bool = False
    check: bool | None = None
    redact: str = "blur"
    lenient: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)
    priority: int = 0
    idempotency: str = ""
    format: str = "png"
    lasts: float | None = None
    webhook: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as callers see it.

    Attributes:
        record: As the store has it.
        pictures: Those that are finished, in order.
        position: Jobs that go first, where it waits; None where it does not.
        eta: Seconds until it is done; None where that is not known.
        notes: What was changed or not applied.
        prompt_asked: The prompt as it was sent.
        safety: `clean`, `flagged` or `unchecked`; empty while there is no picture.
    """

    record: JobRecord
    pictures: tuple[PictureRecord, ...] = ()
    position: int | None = None
    eta: float | None = None
    notes: tuple[Note, ...] = ()
    prompt_asked: str = ""
    safety: str = ""

    @property
    def id(self) -> int:
        """Its number."""
        return self.record.id

    @property
    def state(self) -> str:
        """`queued`, `running`, `done`, `failed` or `cancelled`."""
        return self.record.state

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it, unless it is retried."""
        return self.record.over

    @property
    def problem(self) -> Problem | None:
        """Why it failed."""
        return self.record.problem


def drawn_seed() -> int:
    """A seed by chance, for what names none: 32 bits, few enough to be read out and typed."""
    return secrets.randbits(32)


def job_of(
    record: JobRecord,
    pictures: tuple[PictureRecord, ...],
    position: int | None = None,
    eta: float | None = None,
) -> Job:
    """What callers see of a record and its pictures."""
    notes = tuple(map(Note.from_dict, record.extra.get("notes", ())))
    asked = str(record.extra.get("prompt_asked") or record.request.get("prompt", ""))
    return Job(record, pictures, position, eta, notes, asked, verdict_of(pictures))


def verdict_of(pictures: tuple[PictureRecord, ...]) -> str:
    """One word for all pictures: the worst that was said, and `unchecked` where one was not looked at."""
    said = {picture.verdict for picture in pictures}
    for word in ("flagged", "unchecked", "clean"):
        if word in said:
            return word
    return ""
