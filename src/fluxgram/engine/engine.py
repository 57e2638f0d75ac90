"""`Engine`: requests in, pictures out. `Engine.step` is the whole idea; read it first.

An engine belongs to one thread; only `cancel` may be called from another. For one picture,
`fluxgram.generate` is shorter. Which shot steps next is `scheduler.py`, what a step computes is `runner.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from fluxgram.engine import events
from fluxgram.engine.catalogue import Catalogue, Shelf
from fluxgram.engine.events import Event
from fluxgram.engine.job import Job
from fluxgram.engine.request import Request, resolve
from fluxgram.engine.reshooting import refuse_changed, with_sources
from fluxgram.engine.result import Result, adapter_of, deliver, receipt_of
from fluxgram.engine.runner import Runner
from fluxgram.engine.scheduler import Scheduler
from fluxgram.engine.shot import Shot
from fluxgram.errors import Cancelled, OutOfMemory
from fluxgram.families.sources import silent
from fluxgram.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType

    import torch

    from fluxgram.engine.receipt import Receipt
    from fluxgram.families.contract import Progress

OnEvent = Callable[[Event], None]
"""Called with each event as it happens."""


class Engine:
    """Draws pictures, several requests side by side.

    Args:
        checkpoint: What draws a request that names no checkpoint.
        settings: How the machine runs; read from the environment where none are given.
        catalogue: Where checkpoints come from; for tests.
    """

    def __init__(
        self,
        checkpoint: str = "fluxgram-mini",
        settings: Settings | None = None,
        *,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.settings = Settings.from_environment() if settings is None else settings
        self.checkpoint = checkpoint
        self._catalogue = Shelf(self.settings) if catalogue is None else catalogue
        self._runner = Runner(self.settings, self._catalogue)
        self._scheduler: Scheduler[Shot] = Scheduler()
        self._jobs: dict[str, Job] = {}
        self._names = (f"job-{number}" for number in itertools.count(1))
        self._happened: list[Event] = []

    def step(self) -> list[Event]:
        """Take one step of one picture, and tell what happened since the last call."""
        self._drop_cancelled()
        shot = self._scheduler.next(self._runner.loaded)
        if shot is not None:
            with self._job_fails_alone(shot):
                if not shot.begun:
                    self._begin(shot)
                velocity = self._runner.predict(shot, self._progress(shot))
                shot.advance(velocity)
                self._tell_step(shot, velocity)
                if shot.finished:
                    self._collect(shot)
        happened, self._happened = self._happened, []
        return happened

    def submit(self, request: Request, on_event: OnEvent | None = None, *, weight: float = 1.0) -> Job:
        """Accept a request. Nothing is computed before `step`.

        Args:
            request: What to draw.
            on_event: Called with each event of the job as it happens, inside `step`.
            weight: Share of the device; a job of weight 2 gets twice the work of one of weight 1.

        Raises:
            RequestError: Its checkpoint is not known, or cannot draw it as asked.
        """
        if not 0 < weight < float("inf"):
            raise ValueError(f"weight must be above 0, not {weight}")
        catalogue = self._catalogue
        plan = resolve(request, catalogue.find(request.checkpoint or self.checkpoint), catalogue.find_here)
        job = Job(next(self._names), plan, on_event)
        self._jobs[job.name] = job
        for picture in range(request.samples):
            self._scheduler.add(Shot(job.name, picture, plan), weight)
        self._tell(events.Queued(job.name, request.samples))
        return job

    def cancel(self, job: Job) -> None:
        """Have a job leave at the next step; pictures that are finished stay in `job.results`."""
        job.cancel_asked = True

    def generate(
        self, request: Request | str, on_event: OnEvent | None = None, **fields: Any
    ) -> list[Result]:
        """Draw the pictures of a request, and whatever else waits meanwhile.

        Args:
            request: What to draw, or a prompt.
            on_event: Called with each event of this request as it happens.
            **fields: With a prompt: the other fields of `Request`.

        Raises:
            FluxgramError: It can't be drawn. The engine stays usable, also after Ctrl-C.
        """
        if isinstance(request, str):
            request = Request.from_dict({"prompt": request, **fields})
        elif fields:
            raise TypeError("fields of a request go with a prompt, not with a Request")
        job = self.submit(request, on_event)
        try:
            while not job.over:
                self.step()
        except BaseException:
            self._forget(job)
            raise
        if job.error is not None:
            raise job.error
        return job.results

    def reshoot(
        self,
        receipt: Receipt,
        on_event: OnEvent | None = None,
        *,
        checkpoint: str | None = None,
        adapters: Sequence[str] = (),
        changed: bool = False,
    ) -> Result:
        """Make the picture of a receipt again.

        Args:
            receipt: Of the picture.
            on_event: Called with each event as it happens.
            checkpoint: Where the checkpoint lies now (a folder, say), where its name does not tell.
            adapters: Where adapters are now (files, say), where their names do not tell.
            changed: Go on though weights are others than those of the receipt.

        Raises:
            CheckpointError: The checkpoint's weights are others, and `changed` was not given.
            AdapterError: Those of an adapter are.
        """
        asked = with_sources(receipt.to_request(), receipt, adapters, self._catalogue)
        if checkpoint is not None:
            asked = replace(asked, checkpoint=checkpoint)
        lenient = replace(asked, allow_ignored=True)  # whether it is the same checkpoint comes first
        table = self._catalogue.find(asked.checkpoint or self.checkpoint)
        plan = resolve(lenient, table, self._catalogue.find_here)

        def progress(stage: str, fraction: float) -> None:
            if on_event is not None:
                on_event(events.Loading("reshoot", stage, fraction))

        found, found_adapters = self._runner.fingerprints(plan, progress)
        if not changed:
            refuse_changed(receipt, found, found_adapters)
        return self.generate(asked, on_event)[0]

    def load(self, checkpoint: str = "", progress: Progress | None = None) -> None:
        """Have a checkpoint in memory before the first request that needs it.

        Args:
            checkpoint: Its name, folder or hub id; empty is the engine's own.
            progress: Told how far it is, where given.

        Raises:
            CheckpointError: It is not known, or its files cannot be used.
            OutOfMemory: It does not fit.
        """
        self._runner.load(self._catalogue.find(checkpoint or self.checkpoint), progress or silent)

    @property
    def device_memory(self) -> int:
        """Bytes of a GPU's memory that are taken here; 0 on the CPU, whose memory is the process's."""
        return self._runner.device_memory

    @property
    def busy(self) -> bool:
        """Whether anything waits for a step."""
        return len(self._scheduler) > 0

    def close(self) -> None:
        """Cancel what waits, and give all memory back."""
        for job in list(self._jobs.values()):
            self._forget(job)
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, shot: Shot) -> None:
        job = self._jobs[shot.job]
        shot.adapters = job.adapters
        self._runner.begin(shot, self._progress(shot))
        job.adapters = shot.adapters
        condition, _ = shot.under_way()
        adapters = tuple(map(adapter_of, shot.adapters))
        self._tell(events.Encoded(shot.job, shot.picture, condition.report, adapters))

    def _collect(self, shot: Shot) -> None:
        """Decode a shot that has taken all its steps, and hand its picture to the job."""
        self._tell(events.Decoding(shot.job, shot.picture))
        rendered, parts = self._runner.decode(shot, self._progress(shot))
        result = Result(deliver(rendered, shot), receipt_of(shot, parts))
        self._scheduler.remove(shot)
        job = self._jobs[shot.job]
        job.results.append(result)
        if job.left == 0:
            del self._jobs[job.name]
        self._tell(events.Finished(job.name, shot.picture, job.left, result), job)

    def _tell_step(self, shot: Shot, velocity: torch.Tensor) -> None:
        self._tell(events.Step(shot.job, shot.picture, shot.position, shot.plan.steps))
        every = shot.plan.request.preview_every
        if every and shot.position % every == 0 and not shot.finished:
            image = self._runner.preview(shot, shot.foresee(velocity), self._progress(shot))
            self._tell(events.Preview(shot.job, shot.picture, shot.position, image))

    def _progress(self, shot: Shot) -> Progress:
        """Tell loading as it goes on, and stop it when the job is cancelled meanwhile."""

        def progress(stage: str, fraction: float) -> None:
            if self._jobs[shot.job].cancel_asked:
                raise Cancelled("Cancelled while loading.")
            self._tell(events.Loading(shot.job, stage, fraction))

        return progress

    @contextmanager
    def _job_fails_alone(self, shot: Shot) -> Iterator[None]:
        """What goes wrong with a shot ends its job, and no other."""
        try:
            yield
        except Exception as error:
            job = self._jobs.get(shot.job)
            if job is None:  # its last picture was done: the listener failed
                raise
            if isinstance(error, Cancelled):
                job.cancel_asked = True
                return
            if isinstance(error, OutOfMemory):  # its frames hold the very tensors that were too many
                error = error.with_traceback(None)
                error.__cause__ = error.__context__ = None
            job.error = error
            self._forget(job)
            self._tell(events.Failed(job.name, error), job)

    def _drop_cancelled(self) -> None:
        for job in [job for job in self._jobs.values() if job.cancel_asked]:
            job.error = Cancelled(f"{job.name} was cancelled.")
            self._forget(job)
            self._tell(events.Cancelled(job.name), job)

    def _forget(self, job: Job) -> None:
        """Take a job out, whatever it was doing."""
        self._scheduler.drop(job.name)
        self._jobs.pop(job.name, None)

    def _tell(self, event: Event, job: Job | None = None) -> None:
        self._happened.append(event)
        listener = (job or self._jobs[event.job]).on_event
        if listener is not None:
            listener(event)
