"""An engine that draws nothing: a flat picture, its colour given by the seed, so that only the service is measured.

Named to the service by `FLUXGRAM_SERVE_ENGINE=zero_work:make` with this folder on the path. It answers as
`fluxgram.engine.Engine` does (same events, same receipts) and never imports torch. `ZERO_WORK_SECONDS` makes a picture
take so long, step by step, for the kill campaign.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from fluxgram.engine import events
from fluxgram.engine.catalogue import Shelf
from fluxgram.engine.job import Job
from fluxgram.engine.plan import resolve
from fluxgram.engine.receipt import Machine, Receipt, Source, Text
from fluxgram.engine.request import Request
from fluxgram.engine.result import Result
from fluxgram.errors import Cancelled
from fluxgram.families.contract import TextReport
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings


@dataclass(slots=True)
class _Picture:
    """One picture in flight."""

    job: Job
    index: int
    done: int = 0


class ZeroWork:
    """Takes requests as the engine does and answers each step at once."""

    def __init__(self, settings: Settings, service: ServiceSettings) -> None:
        self._shelf = Shelf(settings)
        self._default = service.checkpoint
        self._names = (f"job-{number}" for number in itertools.count(1))
        self._waiting: deque[_Picture] = deque()
        self._seconds = float(os.environ.get("ZERO_WORK_SECONDS", "0"))
        self._receipt = _receipt()

    @property
    def busy(self) -> bool:
        """Whether anything waits for a step."""
        return bool(self._waiting)

    @property
    def loaded(self) -> frozenset[str]:
        """Nothing is ever loaded."""
        return frozenset()

    @property
    def device_memory(self) -> int:
        """No GPU is touched."""
        return 0

    def load(self, name: str, progress: Callable[[str, float], None] | None = None) -> None:
        """Say that it is there."""
        self._shelf.find(name)

    def submit(
        self, request: Request, on_event: Callable[[events.Event], None] | None = None, *, weight: float = 1.0
    ) -> Job:
        """Accept a request."""
        plan = resolve(request, self._shelf.find(request.checkpoint or self._default))
        job = Job(next(self._names), plan, on_event)
        self._waiting.extend(_Picture(job, index) for index in range(request.samples))
        _tell(job, events.Queued(job.name, request.samples))
        return job

    def cancel(self, job: Job) -> None:
        """Have a job leave at the next step."""
        job.cancel_asked = True

    def step(self) -> list[events.Event]:
        """One step of one picture; without `ZERO_WORK_SECONDS` all steps of it."""
        self._drop_cancelled()
        if not self._waiting:
            return []
        picture = self._waiting[0]
        job, steps = picture.job, picture.job.plan.steps
        if picture.done == 0:
            _tell(job, events.Encoded(job.name, picture.index, TextReport(1, 1, 1, "")))
        if self._seconds:
            time.sleep(self._seconds / steps)
            picture.done += 1
            _tell(job, events.Step(job.name, picture.index, picture.done, steps))
            if picture.done < steps:
                return []
        self._waiting.popleft()
        _tell(job, events.Decoding(job.name, picture.index))
        result = self._draw(job, picture.index)
        job.results.append(result)
        _tell(job, events.Finished(job.name, picture.index, job.left, result))
        return []

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def _drop_cancelled(self) -> None:
        for job in {picture.job for picture in self._waiting if picture.job.cancel_asked}:
            self._waiting = deque(picture for picture in self._waiting if picture.job is not job)
            job.error = Cancelled(f"{job.name} was cancelled.")
            _tell(job, events.Cancelled(job.name))

    def _draw(self, job: Job, index: int) -> Result:
        seed = job.plan.seeds[index]
        colour = (seed & 255, seed >> 8 & 255, seed >> 16 & 255)
        receipt = replace(
            self._receipt, prompt=replace(self._receipt.prompt, text=job.request.prompt), seed=seed
        )
        return Result(Image.new("RGB", job.plan.delivered, colour), receipt)


def make(settings: Settings, service: ServiceSettings) -> ZeroWork:
    """What `FLUXGRAM_SERVE_ENGINE=zero_work:make` names."""
    return ZeroWork(settings, service)


def _tell(job: Job, event: events.Event) -> None:
    if job.on_event is not None:
        job.on_event(event)


def _receipt() -> Receipt:
    """A receipt that says what this is."""
    values: dict[str, Any] = {
        "prompt": Text("", 1, 1, 1, ""),
        "negative": None,
        "seed": 0,
        "quality": "draft",
        "steps": 1,
        "guidance": 1.0,
        "schedule": "none",
        "rendered": (64, 64),
        "delivered": (64, 64),
        "crop": (0, 0, 64, 64),
        "checkpoint": Source("zero-work", "none", "0" * 64, None, "none"),
        "adapters": (),
        "ignored": (),
        "mode": "exact",
        "versions": {},
        "machine": Machine("none", "none", "none", "none", "none", 0),
        "seconds": {"load": 0.0, "encode": 0.0, "denoise": 0.0, "decode": 0.0},
        "created": "2026-01-01T00:00:00+00:00",
    }
    return Receipt(**values)
