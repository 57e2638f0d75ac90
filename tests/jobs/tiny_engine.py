"""An engine for tests of jobs: flat pictures whose colour follows from the seed, and words that make it misbehave.

The prompt steers it: `slow` takes a tenth of a second a step, `crawl` a second, `endless` as long and never comes to
its last step, it is there to be cancelled; `oom` runs out of memory, `defect` fails as code does, `lost` as a device
does that the driver has given up, `die` kills its own process in the middle of a step, `stuck` stays in a step for a
minute.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections import deque
from typing import Any

from PIL import Image

from fluxgram.engine import events
from fluxgram.engine.catalogue import Shelf
from fluxgram.engine.job import Job
from fluxgram.engine.plan import resolve
from fluxgram.engine.receipt import Machine, Receipt, Source, Text
from fluxgram.engine.request import Request
from fluxgram.engine.result import Result
from fluxgram.errors import Cancelled, CheckpointMissing, OutOfMemory
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings


def colour_of(seed: int) -> tuple[int, int, int]:
    """The colour of a picture."""
    return seed & 255, seed >> 8 & 255, seed >> 56 & 255


class TinyEngine:
    """Steps its jobs in turns, one step of each."""

    def __init__(self, settings: Settings, service: ServiceSettings) -> None:
        self.shelf = Shelf(settings)
        self.service = service
        self.numbers = itertools.count(1)
        self.line: deque[tuple[Job, list[int]]] = deque()

    @property
    def busy(self) -> bool:
        return bool(self.line)

    @property
    def device_memory(self) -> int:
        return 123

    def load(self, checkpoint: str, progress: Any) -> None:
        if os.environ.get("TINY_MISSING"):
            raise CheckpointMissing("It is not here.", "Fetch it.")
        progress("weights", 0.5)

    def submit(self, request: Request, on_event: Any) -> Job:
        plan = resolve(request, self.shelf.find(request.checkpoint or self.service.checkpoint))
        job = Job(f"job-{next(self.numbers)}", plan, on_event)
        self.line.append((job, [0, 0]))
        on_event(events.Queued(job.name, request.samples))
        return job

    def cancel(self, job: Job) -> None:
        job.cancel_asked = True

    def step(self) -> None:
        job, at = self.line.popleft()
        if job.cancel_asked:
            job.error = Cancelled("Cancelled.")
            job.on_event(events.Cancelled(job.name))
            return
        try:
            self.misbehave(job)
        except Exception as error:
            job.error = error
            job.on_event(events.Failed(job.name, error))
            return
        if at[1] + 1 < job.plan.steps or "endless" not in job.request.prompt.split():
            at[1] += 1
        job.on_event(events.Step(job.name, at[0], at[1], job.plan.steps))
        every = job.request.preview_every
        if at[1] < job.plan.steps:
            if every and at[1] % every == 0:
                image = Image.new("RGB", (512, 384), colour_of(job.plan.seeds[at[0]]))
                job.on_event(events.Preview(job.name, at[0], at[1], image))
            self.line.append((job, at))
            return
        result = Result(self.draw(job, at[0]), receipt_of(job, at[0]))
        job.results.append(result)
        if job.left:
            self.line.append((job, [at[0] + 1, 0]))
        job.on_event(events.Finished(job.name, at[0], job.left, result))

    def misbehave(self, job: Job) -> None:
        words = job.request.prompt.split()
        if "slow" in words:
            time.sleep(0.1)
        if "crawl" in words or "endless" in words:
            time.sleep(1.0)
        if "stuck" in words:
            time.sleep(60.0)
        if "oom" in words:
            raise OutOfMemory("There is too little memory for this.", "Draw a smaller picture.")
        if "defect" in words:
            raise ValueError(f"cannot draw {job.request.prompt}")
        if "lost" in words:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if "die" in words:
            os.kill(os.getpid(), signal.SIGKILL)

    def draw(self, job: Job, index: int) -> Image.Image:
        return Image.new("RGB", job.plan.delivered, colour_of(job.plan.seeds[index]))

    def close(self) -> None:
        self.line.clear()


def receipt_of(job: Job, index: int) -> Receipt:
    plan = job.plan
    return Receipt(
        prompt=Text(plan.request.prompt, 1, 1, 128, ""),
        negative=None,
        seed=plan.seeds[index],
        quality=plan.request.quality,
        steps=plan.steps,
        guidance=plan.guidance,
        schedule="none",
        rendered=plan.rendered,
        delivered=plan.delivered,
        crop=plan.crop,
        checkpoint=Source("tiny", "none", "0" * 64, None, "none"),
        adapters=(),
        ignored=plan.ignored,
        mode="exact",
        versions={},
        machine=Machine("none", "none", "cpu", "none", "none", 1),
        seconds={"load": 5.0, "denoise": 0.25},
        created="2026-11-21T12:00:00+00:00",
    )


def make(settings: Settings, service: ServiceSettings) -> TinyEngine:
    """The factory that workers call."""
    return TinyEngine(settings, service)
