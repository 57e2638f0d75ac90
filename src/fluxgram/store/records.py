"""The rows of the store as plain values, as everybody outside sees them.

No row of the database and no type of SQLAlchemy leaves the store; these do. Times are unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]
Verdict = Literal["unchecked", "clean", "flagged"]
Format = Literal["png", "jpeg", "webp"]
Origin = Literal["drawn", "imported", "endpoint"]
BoardKind = Literal["comparison", "shoot"]
Winner = Literal["left", "right", "tie"]

OVER: frozenset[str] = frozenset({"done", "failed", "cancelled"})
"""States that a job leaves only when its user retries it."""
LARGEST_ID = 2**53 - 1
"""The largest whole number that every client's JSON reader keeps exact."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a job failed.

    Attributes:
        kind: A class of `fluxgram.errors`, or `Defect`.
        message: One sentence.
        hint: What to do about it; may be empty.
    """

    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is handed in for a job.

    Attributes:
        owner: Id of the key; empty without one.
        surface: The API that it came by.
        request: `fluxgram.engine.Request.to_dict()`, its seed a number.
        checkpoint: What draws it.
        samples: Pictures.
        cost: Megapixel-steps of all pictures.
        extra: Whatever the surface and the door keep with it.
        priority: -100 to 100; higher goes first.
        weight: Share of the owner; 2 gets twice what 1 gets.
        idempotency: The client's key of this submission; empty is none.
        fingerprint: Hash of the payload, compared when the same key comes again.
        format: Of the files.
        lasts: Seconds after its end when its pictures are removed.
        webhook: Where its end is told; empty is nowhere.
        most_queued: Jobs that the owner may have waiting and running; 0 is any number.
        most_pictures: Pictures that the owner may have in a month; 0 is any number.
    """

    owner: str
    surface: str
    request: Mapping[str, Any]
    checkpoint: str
    samples: int
    cost: float
    extra: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    weight: float = 1.0
    idempotency: str = ""
    fingerprint: str = ""
    format: Format = "png"
    lasts: float | None = None
    webhook: str = ""
    most_queued: int = 0
    most_pictures: int = 0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it stands.

    Attributes:
        id: Random, 1 to `LARGEST_ID`.
        owner: Id of the key; empty without one.
        surface: The API that it came by.
        state: Where it is.
        priority: Higher goes first.
        request: As handed in.
        checkpoint: What draws it.
        samples: Pictures.
        cost: Megapixel-steps of all pictures.
        extra: As handed in.
        names: Of its picture files, fixed when it was handed in and unguessable.
        format: Of the files.
        created: When it was handed in.
        started: When the last attempt began.
        finished: When it was over.
        attempt: Times that a worker took it; the fence of what workers write.
        deaths: Workers that died over it.
        worker: Who has it, or had it last.
        lease: Until when the worker need not be heard of.
        cancel_asked: Its user wants it stopped, and the worker does not know yet.
        problem: Why it failed.
        idempotency: The client's key.
        expires: When its pictures go; known once it is over.
        webhook: Where its end is told.
        seconds: Drawing time; 0 before it is done.
    """

    id: int
    owner: str
    surface: str
    state: State
    priority: int
    request: dict[str, Any]
    checkpoint: str
    samples: int
    cost: float
    extra: dict[str, Any]
    names: tuple[str, ...]
    format: Format
    created: float
    started: float | None = None
    finished: float | None = None
    attempt: int = 0
    deaths: int = 0
    worker: str = ""
    lease: float | None = None
    cancel_asked: bool = False
    problem: Problem | None = None
    idempotency: str = ""
    expires: float | None = None
    webhook: str = ""
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A finished picture of a job.

    Attributes:
        name: Of its file.
        thumbnail: Name of the small one's file.
        job: The job's id.
        index: Which of the job's pictures, from 0.
        seed: Its own.
        width: Pixels.
        height: Pixels.
        bytes: Of the file.
        format: Of the file.
        sha256: Of the file, hexadecimal.
        receipt: As written into the file.
        verdict: What the classifier said.
        created: When it was stored.
        removed: The files are gone.
        owner: Whose it is, as its job's.
        checkpoint: What drew it; of an import, what its file says.
        origin: `drawn` here, `imported`, or from another server's `endpoint`.
        words: What a search looks at, casefolded.
        rating: Stars, 0 to 5.
        favourite: Its owner likes it.
        rejected: Its owner does not want to see it.
        trashed: When it was put into the bin; None is not.
        parent: Name of the picture that it was made from; may be empty.
        relation: How: `push`, `more`, `again`, `light`, …
    """

    name: str
    thumbnail: str
    job: int
    index: int
    seed: int
    width: int
    height: int
    bytes: int
    format: Format
    sha256: str
    receipt: dict[str, Any]
    verdict: Verdict
    created: float
    removed: bool = False
    owner: str = ""
    checkpoint: str = ""
    origin: Origin = "drawn"
    words: str = field(default="", repr=False)
    rating: int = 0
    favourite: bool = False
    rejected: bool = False
    trashed: float | None = None
    parent: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened to a job. Ids grow over all jobs; `data` depends on `kind`."""

    id: int
    job: int
    at: float
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key, without its secret.

    Attributes:
        id: Names the owner of jobs.
        name: As people call it.
        scopes: Of `draw`, `read`, `admin`.
        weight: Share of the workers.
        rate: Requests a minute; 0 is any number.
        burst: Requests that may come at once; 0 is one minute's.
        most_queued: Jobs waiting and running; 0 is the service's default.
        most_pictures: Pictures a month; 0 is any number.
        webhook_secret: Signs its webhooks.
        price: Of a megapixel-step; None is the service's.
        created: When it was made.
        revoked: When it was revoked.
        used: When it was last used, to about a minute.
        shown: First characters, to tell keys apart.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    weight: float
    rate: float
    burst: int
    most_queued: int
    most_pictures: int
    webhook_secret: str = field(repr=False)
    price: float | None
    created: float
    revoked: float | None
    used: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one owner drew with one checkpoint on one day (UTC, `2026-11-21`)."""

    owner: str
    day: str
    checkpoint: str
    jobs: int
    pictures: int
    megapixel_steps: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook on its way.

    Attributes:
        id: `msg_…`, the same in every attempt.
        job: What it tells of.
        owner: Whose secret signs it.
        url: Where it goes.
        body: JSON text.
        state: `waiting`, `delivered` or `failed`.
        attempts: Made so far.
        next_at: When the next is due.
        status: HTTP status of the last.
        error: What went wrong in the last.
        created: When it was put in.
    """

    id: str
    job: int
    owner: str
    url: str
    body: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    next_at: float
    status: int | None
    error: str
    created: float


@dataclass(frozen=True, slots=True)
class BoardRecord:
    """What puts pictures together.

    Attributes:
        id: Letters and digits that nobody can guess.
        owner: Id of the key; empty without one.
        kind: `comparison` or `shoot`.
        title: As people call it.
        created: When it was made.
        updated: When it was last changed.
        version: Raised by every change.
        data: The kind's own.
        trashed: When it was put into the bin; None is not.
    """

    id: str
    owner: str
    kind: BoardKind
    title: str
    created: float
    updated: float
    version: int
    data: dict[str, Any]
    trashed: float | None = None


@dataclass(frozen=True, slots=True)
class VoteRecord:
    """What somebody liked better.

    Attributes:
        id: Grows over all votes.
        board: Where.
        left: What was shown on the left, as the board's kind names it.
        right: What was shown on the right.
        winner: Which.
        blind: The voter did not know which was which.
        at: When.
    """

    id: int
    board: str
    left: str
    right: str
    winner: Winner
    blind: bool
    at: float


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """Another server that draws.

    Attributes:
        name: As people call it.
        url: What its routes begin with, such as `https://api.example.com/v1`.
        key: Sent with every request; empty is none.
        checkpoint: The `model` to ask it for; empty leaves that to it.
        created: When it was added.
    """

    name: str
    url: str
    key: str = field(repr=False)
    checkpoint: str
    created: float
