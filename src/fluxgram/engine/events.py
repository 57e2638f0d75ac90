"""What happens to a job, told as it happens: small frozen records, in the order in which they are true.

A job's events are `Queued`, then for each picture `Loading`* `Encoded` `Step`* (`Preview` among them)
`Decoding` `Finished`; `Failed` or `Cancelled` may come at any time after `Queued` and is then the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.engine.receipt import Adapter
    from fluxgram.engine.result import Result
    from fluxgram.families.contract import TextReport


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job.

    Attributes:
        job: Name of the job.
    """

    job: str


@dataclass(frozen=True, slots=True)
class Queued(Event):
    """The job was accepted; `pictures` will be drawn."""

    pictures: int


@dataclass(frozen=True, slots=True)
class Loading(Event):
    """A checkpoint is being loaded for it: `fraction` (0 … 1) of `stage` is done."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Encoded(Event):
    """The prompt of picture `picture` was read; `report` says how much of it, `adapters` what it is drawn with."""

    picture: int
    report: TextReport
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Step(Event):
    """Picture `picture` has taken `done` of `steps` steps."""

    picture: int
    done: int
    steps: int


@dataclass(frozen=True, slots=True)
class Preview(Event):
    """What picture `picture` is going to look like, small."""

    picture: int
    done: int
    image: Image


@dataclass(frozen=True, slots=True)
class Decoding(Event):
    """Picture `picture` is being turned from latents into pixels."""

    picture: int


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """Picture `picture` is done; `left` more of the job are to come."""

    picture: int
    left: int
    result: Result


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The job is over without (all of) its pictures; `error` says why."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """The job was stopped by its user; pictures finished before are kept."""
