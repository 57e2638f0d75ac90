"""`Worker`: claims jobs, draws them with one engine in turns, and hands what comes of them to the scribe.

This is the drawing thread of a worker process. It never waits for a disk while it has something to draw: what is
written is `scribe.py`'s, leases and cancellations are `watch.py`'s. The process around it is `worker.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from fluxgram.engine import events
from fluxgram.errors import FluxgramError, SettingsError, StoreError
from fluxgram.jobs.inspection import Inspector
from fluxgram.jobs.scribe import Scribe
from fluxgram.jobs.task import Task, task_of
from fluxgram.jobs.watch import Watch

if TYPE_CHECKING:
    from fluxgram.engine.request import Request
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.signals import Signals
    from fluxgram.store.records import JobRecord

POLL_SECONDS = 0.5
"""How often a worker looks for jobs without having been woken."""
_CLOSE_SECONDS = 10.0
_LOST_DEVICE = ("CUDA error", "HIP error", "MPS backend failed")
"""What torch says where the driver has given a process up; every later call says so, too."""

_log = logging.getLogger(__name__)


class Drawer(Protocol):
    """What a worker draws with: `fluxgram.engine.engine.Engine`, or what `--engine module:factory` makes.

    A factory is called with `Settings` and `ServiceSettings`. Events are those of `fluxgram.engine.events`, told to
    `on_event` inside `step`, in the engine's order; `submit` returns whatever `cancel` takes.
    """

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        ...

    @property
    def device_memory(self) -> int:
        """Bytes of a GPU's memory that it has taken; 0 where it draws on the CPU."""
        ...

    def submit(self, request: Request, on_event: Callable[[events.Event], None]) -> Any:
        """Accept a request; nothing is computed before `step`."""
        ...

    def step(self) -> Any:
        """Take one step of one picture."""
        ...

    def cancel(self, job: Any) -> None:
        """Have a job leave at the next step; called from any thread."""
        ...

    def load(self, checkpoint: str, progress: Callable[[str, float], None]) -> Any:
        """Have a checkpoint in memory."""
        ...

    def close(self) -> None:
        """Give all memory back."""
        ...


class Worker:
    """Draws jobs, several of different owners in turns.

    Args:
        jobs: The door, for what is behind it.
        engine: What draws.
        name: Of this process, as its jobs bear it.
        signals: What the parent says.
        tell: Tells the parent something.
    """

    def __init__(
        self,
        jobs: Jobs,
        engine: Drawer,
        name: str,
        signals: Signals,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._jobs = jobs
        self._engine = engine
        self._name = name
        self._signals = signals
        self._tell = tell
        self._tasks: dict[tuple[int, int], Task] = {}
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._claimed: JobRecord | None = None
        self._inspector = Inspector(jobs.settings, jobs.service)
        self._scribe = Scribe(jobs, lambda job, over: tell({"job": job, "over": over}))
        self._watch = Watch(jobs, name, engine, self.tasks, signals, tell)

    def run(self) -> None:
        """Draw until told to end; what is not finished then is queued again.

        Where this fails, what it holds stays held: whoever sees the process end knows that it failed over these jobs.
        """
        try:
            self._load()
            while not self._signals.is_over(idle=not self._tasks):
                self._turn()
        finally:
            self._watch.close()
            self._scribe.close(_CLOSE_SECONDS)
        self.release()

    def tasks(self) -> list[Task]:
        """What is being drawn now; from any thread."""
        with self._lock:
            return list(self._tasks.values())

    def release(self) -> None:
        """Queue again what this worker still holds, at no fault of the jobs; from any thread."""
        for task in self.tasks():
            task.closed = True
        try:
            for record in self._jobs.queue.held(self._name):
                reason = "The service was told to end." if self._signals.draining else "Its server was gone."
                self._jobs.queue.release(record.id, record.attempt, reason, strike=False)
                self._tell({"job": record.id})
        except StoreError as error:  # its lease ends by itself
            _log.error("jobs cannot be queued again: %s", error)

    def _turn(self) -> None:
        """Drop what is over, take what there is room for, draw one step."""
        self._drop_closed()
        try:
            self._claim()
        except StoreError as error:
            _log.error("no jobs can be taken: %s", error)
        self._draw_on()
        if self._engine.busy:
            self._engine.step()
            for task in self.tasks():
                self._heed(task)
        else:
            self._signals.wait(POLL_SECONDS)

    def _load(self) -> None:
        """Have the default checkpoint and the classifier in memory before the first job.

        Raises:
            FluxgramError: By the settings every job would fail here, so that none is to be taken.
        """
        name = self._jobs.service.checkpoint
        try:
            self._engine.load(name, lambda stage, fraction: None)
        except SettingsError:
            raise
        except FluxgramError as error:
            _log.error("%s cannot be loaded: %s %s", name, error, error.hint)
            self._tell({"failed_to_load": str(error), "hint": error.hint})
        else:
            self._inspector.prepare()
            self._tell({"ready": name, "memory": self._engine.device_memory})

    def _claim(self) -> None:
        """Take jobs of owners that have none here. One that a worker died over is drawn alone."""
        if not self._signals.take_wake() and time.monotonic() < self._next_look:
            return
        while self._has_room():
            busy = {task.record.owner for task in self._tasks.values()}
            lease = self._jobs.service.lease_seconds
            record = self._claimed or self._jobs.queue.claim(self._name, lease, busy=busy)
            if record is None:
                self._next_look = time.monotonic() + POLL_SECONDS
                return
            self._claimed = (
                record  # where the store fails below, it is ours all the same, and taken up next time
            )
            self._tell({"job": record.id})
            pictures = self._jobs.queue.pictures(record.id) if record.attempt > 1 else []
            self._claimed = None
            finished = {picture.index for picture in pictures if not picture.removed}
            try:
                task = task_of(record, finished, self._jobs.found_by(record.checkpoint))
            except FluxgramError as error:
                self._scribe.failed(Task(record), error)
                continue
            with self._lock:
                self._tasks[task.key] = task

    def _has_room(self) -> bool:
        most = max(self._jobs.service.side_by_side, 1)
        if self._signals.draining or len(self._tasks) >= most:
            return False
        return not any(task.is_suspect for task in self._tasks.values())

    def _draw_on(self) -> None:
        """Hand the engine the next picture of each task that has none there."""
        for task in self.tasks():
            if task.drawing is not None or task.closed:
                continue
            if task.cancel_asked:
                self._part(task)
                self._scribe.cancelled(task)
            elif not task.missing:
                self._part(task)
                self._scribe.done(task)
            elif len(self._tasks) == 1 or not task.is_suspect:
                self._hand_over(task)

    def _hand_over(self, task: Task) -> None:
        try:
            task.drawing = self._engine.submit(task.take_next(), task.pending.append)
        except Exception as error:
            self._part(task)
            self._scribe.failed(task, error)
            return
        if task.cancel_asked:  # the watch may have looked before there was something to cancel
            self._engine.cancel(task.drawing)

    def _heed(self, task: Task) -> None:
        """Pass on what the engine told of a task."""
        while task.pending and not task.closed:
            event = task.pending.popleft()
            if isinstance(event, events.Finished):
                self._finished(task, event)
            elif isinstance(event, events.Failed):
                if is_of_lost_device(event.error):
                    raise event.error
                self._part(task)
                self._scribe.failed(task, event.error)
            elif isinstance(event, events.Cancelled):
                self._part(task)
                self._scribe.cancelled(task)
            elif isinstance(event, events.Preview):
                if self._inspector.looks_at(task.record):
                    continue
                data = {"picture": task.picture, "done": event.done, "steps": task.steps}
                self._scribe.event(task, "preview", data, event.image)
            elif (told := task.told(event)) is not None:
                self._scribe.event(task, *told)

    def _finished(self, task: Task, event: events.Finished) -> None:
        task.drawing, receipt = None, event.result.receipt
        try:
            image, verdict, notes = self._inspector.inspect(event.result.picture, task.record)
        except Exception as error:
            self._part(task)
            self._scribe.failed(task, error)
            return
        self._scribe.picture(task, task.picture, image, receipt, verdict, notes)

    def _drop_closed(self) -> None:
        """Let go of what is no longer ours, or has failed while it was written."""
        for task in self.tasks():
            if task.closed:
                if task.drawing is not None:
                    self._engine.cancel(task.drawing)
                self._part(task)

    def _part(self, task: Task) -> None:
        """A task leaves this worker; there may be room for another."""
        self._tell({"memory": self._engine.device_memory})
        with self._lock:
            self._tasks.pop(task.key, None)
        self._signals.look()


def is_of_lost_device(error: Exception) -> bool:
    """Whether an error leaves the device of no use to this process: then the worker must end, and begin anew."""
    return not isinstance(error, FluxgramError) and any(sign in str(error) for sign in _LOST_DEVICE)
