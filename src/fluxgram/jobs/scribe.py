"""`Scribe`: the thread of a worker that writes down what was drawn, so that the drawing thread never waits for a disk.

Deeds are written in the order in which they were told: a picture's file is on the disk before its row is in the
database, and all its pictures before a job is done. Every write is fenced by the attempt; a job that is no longer ours
is dropped. Where the database's own disk is full the scribe waits for space; nothing told is forgotten.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fluxgram.engine.receipt import Service
from fluxgram.errors import CheckpointError, FluxgramError, StoreError, StoreFull
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.door import over_as
from fluxgram.jobs.orders import Note
from fluxgram.pictures.thumbnail import preview_jpeg, thumbnail
from fluxgram.pictures.write import encode_picture
from fluxgram.store.naming import thumbnail_name
from fluxgram.store.records import PictureRecord, Problem

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.engine.receipt import Receipt
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.task import Task
    from fluxgram.store.records import JobRecord, Verdict

FULL, UNWRITABLE = "The disk is full", "Pictures cannot be stored"
"""What the reasons of pauses begin with that end when pictures can be written again."""
_MOST_WAITING = 256
"""Deeds; a drawing thread that is further ahead than this waits."""
_MOST_PICTURES = 8
"""Pictures that wait to be written; they are what takes memory."""
_AGAIN_SECONDS = 1.0
_TOGETHER_SECONDS = 0.25
"""Steps that are told within this are noted in one transaction: each takes time from the cores that draw."""
_CAN_WAIT = {"step", "loading"}
_NO_DRAWING = {"load"}
"""Stages of a receipt's seconds that are not drawing."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something to note; an image becomes its `image` field."""

    task: Task
    kind: str
    data: dict[str, Any]
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class _Picture:
    """A finished picture to keep."""

    task: Task
    index: int
    image: Image
    receipt: Receipt
    verdict: Verdict
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _End:
    """A job that is over: done, failed with a problem, or cancelled."""

    task: Task
    how: str
    problem: Problem | None = None


_Deed = _Event | _Picture | _End


class Scribe:
    """Writes what a worker tells.

    Args:
        jobs: Where to.
        tell: Called with the number of a job after something of it was written, and whether that was its end.
    """

    def __init__(self, jobs: Jobs, tell: Callable[[int, bool], None]) -> None:
        self._jobs = jobs
        self._tell = tell
        self._deeds: queue.Queue[_Deed | None] = queue.Queue(_MOST_WAITING)
        self._room = threading.BoundedSemaphore(_MOST_PICTURES)
        self._given_up = threading.Event()
        self._beside = ThreadPoolExecutor(1, "thumbnails")
        self._thread = threading.Thread(target=self._write_all, name="scribe", daemon=True)
        self._thread.start()

    def event(self, task: Task, kind: str, data: dict[str, Any], image: Image | None = None) -> None:
        """Note that something happened; a preview's image is encoded here."""
        self._deeds.put(_Event(task, kind, data, image))

    def picture(
        self,
        task: Task,
        index: int,
        image: Image,
        receipt: Receipt,
        verdict: Verdict,
        notes: tuple[Note, ...] = (),
    ) -> None:
        """Keep a finished picture: file, thumbnail, row and event. Waits where too many are to be written."""
        self._room.acquire()
        self._deeds.put(_Picture(task, index, image, receipt, verdict, notes))

    def done(self, task: Task) -> None:
        """All pictures of a job were told."""
        self._deeds.put(_End(task, "done"))

    def failed(self, task: Task, error: Exception) -> None:
        """A job cannot be drawn."""
        self._deeds.put(_End(task, "failed", problem_of(error, task.record.id, self._jobs)))

    def cancelled(self, task: Task) -> None:
        """A job was stopped by its user, and let go of."""
        self._deeds.put(_End(task, "cancelled"))

    def close(self, seconds: float | None = None) -> None:
        """Write what was told, for so many seconds at most, and end."""
        self._deeds.put(None)
        self._thread.join(seconds)
        self._given_up.set()
        self._beside.shutdown(wait=False)

    def _write_all(self) -> None:
        """The thread: as many deeds at a time as were told, notes of one job in one transaction."""
        while True:
            batch = self._gathered()
            notes: dict[Task, list[_Event]] = {}
            for deed in batch:
                if deed is None:
                    break
                if isinstance(deed, _Event):
                    notes.setdefault(deed.task, []).append(deed)
                    continue
                self._guarded(self._note, deed.task, notes.pop(deed.task, []))
                if isinstance(deed, _Picture):
                    self._guarded(self._keep, deed.task, deed)
                    self._room.release()
                else:
                    self._guarded(self._end, deed.task, deed)
            for task, events in notes.items():
                self._guarded(self._note, task, events)
            if batch[-1] is None:
                return

    def _gathered(self) -> list[_Deed | None]:
        """What is to be written next: steps are noted together, anything else at once."""
        batch = [self._deeds.get()]
        until = time.monotonic() + _TOGETHER_SECONDS
        while len(batch) < _MOST_WAITING:
            can_wait = isinstance(batch[-1], _Event) and batch[-1].kind in _CAN_WAIT
            left = until - time.monotonic() if can_wait else 0.0
            try:
                batch.append(self._deeds.get(block=left > 0, timeout=max(left, 0.0)))
            except queue.Empty:
                break
        return batch

    def _guarded(self, write: Callable[[Task, Any], None], task: Task, what: Any) -> None:
        """Write something of a job that is still ours; wait where the store cannot take it, fail the job else."""
        while what and not task.closed:
            try:
                write(task, what)
            except StoreError as error:
                if isinstance(what, list):
                    _log.warning("events of job %s are not noted: %s", task.record.id, error)
                    return
                _log.error("job %s waits for the store: %s", task.record.id, error)
                if self._given_up.wait(_AGAIN_SECONDS):
                    return
                continue
            except Exception as error:
                _log.exception("job %s cannot be written", task.record.id)
                if (
                    isinstance(what, _End) and what.how == "failed"
                ):  # its end must be written: it is held until then
                    if self._given_up.wait(_AGAIN_SECONDS):
                        return
                    continue
                what, write = _End(task, "failed", problem_of(error, task.record.id, self._jobs)), self._end
                continue
            self._tell(task.record.id, isinstance(what, _End))
            if isinstance(what, _End) and what.how == "done":
                self._learn(task)
            return

    def _note(self, task: Task, events: list[_Event]) -> None:
        said = [(event.kind, _with_image(event)) for event in events]
        self._hold(task, ours=self._jobs.queue.note(*task.key, said))

    def _keep(self, task: Task, deed: _Picture) -> None:
        """File and thumbnail first, then the row; where files cannot be written the job fails and the queue pauses."""
        record, name = task.record, task.record.names[deed.index]
        if not self._is_ours(task):
            return
        receipt = replace(deed.receipt, service=_service(deed))
        small = thumbnail_name(name)
        beside = self._beside.submit(lambda: self._jobs.store.write(small, thumbnail(deed.image)))
        try:
            data = encode_picture(
                deed.image, receipt.to_dict(), parameters_text=receipt.parameters_text(), format=record.format
            )
            self._jobs.store.write(name, data)
            beside.result()
        except StoreError as error:
            self._stop_for_store(task, error)
            return
        picture = PictureRecord(
            name=name,
            thumbnail=small,
            job=record.id,
            index=deed.index,
            seed=receipt.seed,
            width=deed.image.width,
            height=deed.image.height,
            bytes=len(data),
            format=record.format,
            sha256=hashlib.sha256(data).hexdigest(),
            receipt=receipt.to_dict(),
            verdict=deed.verdict,
            created=time.time(),
        )
        self._hold(task, ours=self._jobs.queue.picture(*task.key, picture))
        task.seconds += drawing_seconds([picture.receipt])

    def _stop_for_store(self, task: Task, error: StoreError) -> None:
        """First the pause: where not even that can be stored, all of this is tried again with the picture."""
        reason = FULL if isinstance(error, StoreFull) else UNWRITABLE
        self._jobs.queue.pause(str(error) if str(error).startswith(reason) else f"{reason}: {error}")
        self._end(task, _End(task, "failed", problem_of(error, task.record.id, self._jobs)))

    def _end(self, task: Task, deed: _End) -> None:
        jobs, record = self._jobs, task.record
        if deed.how == "cancelled":
            ours = jobs.queue.stopped(*task.key)
        elif deed.problem is not None:
            webhook = self._webhook(over_as(record, state="failed", problem=deed.problem))
            ours = jobs.queue.fail(*task.key, deed.problem, webhook=webhook)
        else:
            seconds = self._drawn_for(task)
            webhook = self._webhook(over_as(record, state="done", seconds=seconds))
            ours = jobs.queue.finish(*task.key, seconds=seconds, webhook=webhook)
        self._hold(task, ours=ours)
        task.closed = True

    def _webhook(self, record: JobRecord) -> tuple[str, str] | None:
        """The webhook of a job that ends; one that cannot be made keeps no job from ending."""
        try:
            return self._jobs.webhook(record)
        except StoreError:
            raise
        except Exception:
            _log.exception("the webhook of job %s cannot be made", record.id)
            return None

    def _drawn_for(self, task: Task) -> float:
        """Seconds that the device drew for a job; earlier attempts are looked up."""
        if task.record.attempt == 1:
            return task.seconds
        return drawing_seconds([each.receipt for each in self._jobs.queue.pictures(task.record.id)])

    def _learn(self, task: Task) -> None:
        """Keep how long the job took, for the next ones' estimates; after everybody was told that it is done."""
        record = task.record
        try:
            seconds = self._drawn_for(task)
            if seconds and record.cost:
                self._jobs.queue.learn(record.checkpoint, seconds / record.cost)
        except Exception as error:  # an estimate is worth no job
            _log.warning("the time of job %s is not learnt: %s", record.id, error)

    def _is_ours(self, task: Task) -> bool:
        """Look before a file is written: a worker that comes back from the dead must not touch another's."""
        record = self._jobs.queue.get(task.record.id)
        self._hold(task, ours=record.state == "running" and record.attempt == task.record.attempt)
        return not task.closed

    def _hold(self, task: Task, *, ours: bool) -> None:
        if not ours and not task.closed:
            _log.warning("job %s is no longer ours (attempt %s)", *task.key)
            task.closed = True


def problem_of(error: Exception, job: int, jobs: Jobs) -> Problem:
    """What clients are told of an error; an unexpected one is a defect, and its traceback goes to the log only."""
    if isinstance(error, FluxgramError):
        if isinstance(error, StoreError | CheckpointError):  # for the owner, who can mend it
            _log.error("job %s failed: %s", job, error)
        return Problem(type(error).__name__, discreet(str(error), jobs), discreet(error.hint, jobs))
    _log.error("job %s failed in a way it should not", job, exc_info=error)
    return Problem(
        "Defect",
        "The service failed in a way it should not while drawing this.",
        "Try again; the service's log has the details.",
    )


def drawing_seconds(receipts: Iterable[Mapping[str, Any]]) -> float:
    """Seconds that the device drew the pictures of these receipts."""
    stages = (receipt.get("seconds", {}) for receipt in receipts)
    return sum(
        float(seconds) for each in stages for stage, seconds in each.items() if stage not in _NO_DRAWING
    )


def _with_image(event: _Event) -> dict[str, Any]:
    if event.image is None:
        return event.data
    return {**event.data, "image": base64.b64encode(preview_jpeg(event.image)).decode("ascii")}


def _service(deed: _Picture) -> Service:
    """What the receipt says of the door; what the receipt says elsewhere is not said twice."""
    record = deed.task.record
    said = {entry.name for entry in deed.receipt.ignored}
    kept = [note for note in record.extra.get("notes", ()) if note["name"] not in said]
    notes = (*map(Note.from_dict, kept), *deed.notes)
    return Service(
        job=record.id,
        surface=record.surface,
        prompt_asked=str(record.extra.get("prompt_asked") or deed.receipt.prompt.text),
        notes=tuple(note.to_ignored() for note in notes),
        safety=deed.verdict,
    )
