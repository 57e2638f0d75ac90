"""`Task`: one claimed job inside a worker, from its record to what the engine is asked and what is told of it.

It turns a job into requests for the pictures that are still missing (picture i has `seed + i`, whoever draws it), and
the engine's events into the events that are stored. One request a picture: the pixels are the same, and what is drawn
and written need not stay in memory. It writes nothing itself; that is `scribe.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fluxgram.engine import events
from fluxgram.engine.request import Request

if TYPE_CHECKING:
    from fluxgram.store.records import JobRecord

_LOADING_SHARE = 0.1
"""Of a stage of loading that is told; the steps between are not."""
_SEEDS = 2**64


@dataclass(slots=True, eq=False)
class Task:
    """A claimed job.

    Attributes:
        record: As it was claimed; its attempt fences everything that is written.
        missing: Pictures that are still to be asked of the engine.
        request: Of the whole job, as the engine finds its checkpoint.
        picture: The one that is being drawn.
        drawing: The engine's own job of it; None between pictures.
        steps: Of a picture, once the engine has told.
        seconds: That the device has drawn for it in this attempt.
        pending: What the engine told and nobody has looked at yet.
        closed: Nothing more is written of it: it has ended, or its lease was lost.
        cancel_asked: Its user wants it stopped.
    """

    record: JobRecord
    missing: deque[int] = field(default_factory=deque)
    request: Request | None = None
    picture: int = 0
    drawing: Any = None
    steps: int = 0
    seconds: float = 0.0
    pending: deque[events.Event] = field(default_factory=deque)
    closed: bool = False
    cancel_asked: bool = False
    _loading: tuple[str, float] = ("", -1.0)

    @property
    def key(self) -> tuple[int, int]:
        """Number and attempt: what this worker holds."""
        return self.record.id, self.record.attempt

    @property
    def is_suspect(self) -> bool:
        """Whether a worker has died over it: then it is drawn alone, so that it takes no other job with it."""
        return self.record.deaths > 0

    def take_next(self) -> Request:
        """The request of the next missing picture; call it only where there is one."""
        self.picture = self.missing.popleft()
        if self.request is None:
            raise RuntimeError(f"job {self.record.id} has no request")
        seed = ((self.request.seed or 0) + self.picture) % _SEEDS
        return replace(self.request, seed=seed, samples=1)

    def told(self, event: events.Event) -> tuple[str, dict[str, Any]] | None:
        """What is stored of an engine's event; None where it is not worth it. Pictures' ends are not told here."""
        if isinstance(event, events.Step):
            self.steps = event.steps
            return "step", {
                "picture": self.picture,
                "done": event.done,
                "steps": event.steps,
            }
        if isinstance(event, events.Loading):
            stage, fraction = self._loading
            if event.stage == stage and event.fraction < min(fraction + _LOADING_SHARE, 1.0):
                return None
            if (event.stage, event.fraction) == self._loading:
                return None
            self._loading = (event.stage, event.fraction)
            return "loading", {"stage": event.stage, "fraction": round(event.fraction, 3)}
        return None


def task_of(record: JobRecord, finished: Collection[int], checkpoint: str) -> Task:
    """The task of a claimed job.

    Args:
        record: The job.
        finished: Pictures that an earlier attempt has finished.
        checkpoint: What the engine finds its checkpoint by.

    Raises:
        RequestError: The request cannot be read (it is of another version).
    """
    request = Request.from_dict({**record.request, "checkpoint": checkpoint})
    missing = deque(index for index in range(record.samples) if index not in finished)
    return Task(record, missing, request)
