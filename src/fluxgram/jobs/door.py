"""`Jobs`: the one door. Submit, get, list, follow, cancel, retry; every surface goes through it, and nothing else does.

A job is stored before `submit` returns. What draws it is `worker.py`, what keeps workers alive is `supervisor.py`; this
file imports neither, and never torch. The types of what goes in and out are in `orders.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from fluxgram.errors import ServiceEnding
from fluxgram.jobs import links, webhook_bodies
from fluxgram.jobs.adapters import AdapterCard, adapter_cards
from fluxgram.jobs.admission import admit
from fluxgram.jobs.bell import Bell
from fluxgram.jobs.checkpoints import CheckpointCard, Offer
from fluxgram.jobs.estimates import seconds_left
from fluxgram.jobs.facts import checkpoint_facts
from fluxgram.jobs.gallery import GalleryDoor
from fluxgram.jobs.orders import ALL, LOCAL, Caller, Job, Note, Order, job_of
from fluxgram.store.boards import Boards
from fluxgram.store.database import Database
from fluxgram.store.deliveries import Deliveries
from fluxgram.store.endpoints import Endpoints
from fluxgram.store.keys import Keys
from fluxgram.store.pictures import PictureStore
from fluxgram.store.queue import Queue

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.prompt.facts import CheckpointFacts
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings
    from fluxgram.store.records import EventRecord, JobRecord, PictureRecord

    Events = list[EventRecord]  # inside the class `list` is a method

__all__ = ["ALL", "LOCAL", "Caller", "CheckpointCard", "Job", "Jobs", "Note", "Order"]

POLL_SECONDS, MOST_POLL_SECONDS = 0.5, 5.0
"""How often waiters look without having been rung: another process may have changed the job."""
_POLL_SHARE = 0.1
"""Of what was waited already: who waits for long looks less often, so that hundreds may wait at little cost."""
MOST_ESTIMATES = 100
"""Unfinished jobs in a list up to which each has its position and estimate; a longer list has none."""
_ENDING_SECONDS = 10.0
"""After which a new try is worth it where the service was told to end: it may be started again at once."""
_PAGE = 500
"""Events read at a time."""


class Jobs:
    """The door.

    Attributes:
        settings: Of the machine.
        service: Of the service.
        database: Where jobs are.
        queue: The life of jobs.
        keys: Who may ask.
        deliveries: Webhooks on their way.
        boards: Comparisons and shoots.
        endpoints: Other servers that draw.
        store: Where pictures lie.
        gallery: Pictures, as their owners see them.
    """

    def __init__(
        self, settings: Settings, service: ServiceSettings, database: Database, store: PictureStore
    ) -> None:
        self.settings = settings
        self.service = service
        self.database = database
        self.store = store
        self.queue = Queue(database)
        self.keys = Keys(database)
        self.deliveries = Deliveries(database)
        self.gallery = GalleryDoor(self)
        self.boards = Boards(database)
        self.endpoints = Endpoints(database)
        self._offer = Offer(settings, service)
        self._bell = Bell()
        self._work = Bell()
        self._links_secret = b""
        self._ending = False

    @classmethod
    def open(cls, settings: Settings, service: ServiceSettings, *, migrate: bool = True) -> Jobs:
        """Open the store; it is made where there is none.

        Args:
            settings: Of the machine.
            service: Of the service.
            migrate: Bring an older database to today's form.

        Raises:
            StoreError: It can't be opened.
            UnknownCheckpoint: The configuration names a checkpoint that there is none of.
        """
        database = Database.open(service.database, settings.home, migrate=migrate)
        try:
            jobs = cls(settings, service, database, PictureStore(service.pictures, settings.home))
            jobs._offer.names()  # a configured name that leads nowhere is told now
        except BaseException:
            database.close()
            raise
        return jobs

    def submit(self, order: Order, caller: Caller = LOCAL) -> Job:
        """Accept an order. When this returns, the job is on the disk.

        Args:
            order: What to draw.
            caller: Who asks.

        Raises:
            RequestError: It can't be drawn as asked, or not by this service.
            PromptRefused: The safety rules refuse the words.
            AdapterError: An adapter does not fit the checkpoint, or is damaged, as far as its header tells.
            IdempotencyMismatch: The idempotency key came with another order before.
            Busy: The caller has too many jobs waiting, or the service is ending.
            AccessError: The caller may not, or has used up the month's pictures.
            StoreError: It can't be stored.
        """
        caller.may("draw")
        self._check_open()
        record, new = self.queue.submit(admit(order, caller, self._offer, self.service))
        if new:
            self._rung_for_work(record.id)
        return self._shown(record)

    def check(self, order: Order, caller: Caller = LOCAL) -> None:
        """Refuse what `submit` would refuse of the order itself, and store nothing; for many that belong together.

        Raises:
            RequestError: It can't be drawn as asked, or not by this service.
            PromptRefused: The safety rules refuse the words.
            AccessError: The caller may not.
        """
        caller.may("draw")
        admit(order, caller, self._offer, self.service)

    def get(self, id: int, caller: Caller = LOCAL) -> Job:  # noqa: A002  (the job's own word for it)
        """A job as it is now.

        Raises:
            UnknownJob: There is none of that number that the caller may see.
        """
        return self._shown(self._record(id, caller))

    def list(
        self,
        caller: Caller = LOCAL,
        *,
        states: Collection[str] = (),
        before: tuple[float, int] | None = None,
        limit: int = 50,
        surface: str = "",
    ) -> list[Job]:
        """The caller's jobs, the newest first; with more than 100 unfinished ones no positions and estimates.

        Args:
            caller: Who asks.
            states: Only jobs in one of these; empty is all.
            before: (created, id) of the last job of the page before.
            limit: The most jobs to return.
            surface: Only jobs of this surface; empty is all.
        """
        caller.may_look()
        records = self.queue.list(caller.sees, states=states, before=before, limit=limit, surface=surface)
        pictures = self.queue.pictures_of([record.id for record in records])
        if sum(not record.over for record in records) > MOST_ESTIMATES:
            return [job_of(record, tuple(pictures.get(record.id, ()))) for record in records]
        return [self._shown(record, pictures.get(record.id, ())) for record in records]

    def events(self, id: int, after: int = 0, caller: Caller = LOCAL) -> Events:  # noqa: A002
        """What happened to a job after the event of a number.

        Raises:
            UnknownJob: There is none of that number that the caller may see.
        """
        return self.queue.events(self._record(id, caller).id, after)

    def cancel(self, id: int, caller: Caller = LOCAL) -> Job:  # noqa: A002
        """Stop a job: at once where it waits, after the step that is under way where it is drawn.

        Raises:
            UnknownJob: There is none of that number that the caller may see.
        """
        caller.may("draw")
        record = self.queue.cancel(id, caller.sees)
        self._rung_for_work(id, over=record.over)
        return self._shown(record)

    def retry(self, id: int, caller: Caller = LOCAL) -> Job:  # noqa: A002
        """Queue a failed or cancelled job again: same number, names and seed. A done one stays as it is.

        Raises:
            UnknownJob: There is none of that number that the caller may see.
            RequestError: It is not over.
            Busy: The caller has too many jobs waiting, or the service is ending.
            AccessError: The caller may not, or has used up the month's pictures.
        """
        caller.may("draw")
        self._check_open()
        most = caller.most_queued or self.service.max_queued
        record = self.queue.retry(id, caller.sees, most_queued=most, most_pictures=caller.most_pictures)
        self._rung_for_work(id)
        return self._shown(record)

    def move(self, id: int, before: int | None, caller: Caller = LOCAL) -> Job:  # noqa: A002
        """Put a waiting job before another one of the same owner, or behind all of them.

        Raises:
            UnknownJob: One of them is none that the caller may see.
            RequestError: One of them does not wait, or they have different priorities.
        """
        caller.may("draw")
        for moved in self.queue.move(id, before, caller.sees):
            self._bell.ring(moved)
        return self.get(id, caller)

    def wait(self, id: int, seconds: float, caller: Caller = LOCAL) -> Job:  # noqa: A002
        """Block until a job is over, or for so many seconds."""
        began = time.monotonic()
        end = began + seconds
        with self._bell.waiting(id, ends=True) as rung:
            while True:
                rung.clear()
                record = self._record(id, caller)
                left = end - time.monotonic()
                if record.over or left <= 0:
                    return self._shown(record)
                rung.wait(min(left, _pause(began)))

    async def wait_async(self, id: int, seconds: float, caller: Caller = LOCAL) -> Job:  # noqa: A002
        """As `wait`, without blocking the loop."""
        began = time.monotonic()
        end = began + seconds
        with self._bell.waiting_async(id, ends=True) as rung:
            while True:
                rung.clear()
                record = await asyncio.to_thread(self._record, id, caller)
                left = end - time.monotonic()
                if record.over or left <= 0:
                    return await asyncio.to_thread(self._shown, record)
                await _rung_within(rung, min(left, _pause(began)))

    async def follow(
        self,
        id: int,  # noqa: A002
        after: int = 0,
        caller: Caller = LOCAL,
    ) -> AsyncGenerator[EventRecord, None]:
        """What happened to a job after the event of a number, then what happens, until the job is over.

        Raises:
            UnknownJob: There is none of that number that the caller may see.
        """
        news = time.monotonic()
        with self._bell.waiting_async(id) as rung:
            while True:
                rung.clear()
                over, events = await asyncio.to_thread(self._look, id, after, caller)
                for event in events:
                    yield event
                    after = event.id
                if over and len(events) < _PAGE:
                    return
                if events:
                    news = time.monotonic()
                else:
                    await _rung_within(rung, _pause(news))

    def adapters(self) -> Sequence[AdapterCard]:
        """The adapters that clients may name."""
        return adapter_cards(self.settings)

    def checkpoints(self) -> Sequence[CheckpointCard]:
        """What can draw here, the default first."""
        return self._offer.cards()

    def checkpoint(self, name: str) -> Checkpoint:
        """The table of a name that clients send.

        Raises:
            UnknownCheckpoint: There is none of that name.
        """
        return self._offer.named(name)[0]

    def found_by(self, name: str) -> str:
        """What the engine finds a checkpoint of ours by: its name, or a folder of this machine.

        Raises:
            UnknownCheckpoint: It is no longer offered.
            CheckpointMissing: Its files are no longer here.
        """
        return self._offer.choose(name)[1]

    def facts(self, name: str = "") -> CheckpointFacts:
        """What prompts need to know of a checkpoint, here or not; of the default one where none is named.

        Raises:
            UnknownCheckpoint: There is none of that name.
        """
        return checkpoint_facts(self._offer.named(name)[1], self.settings)

    def on_bell(self, callback: Callable[[int], None], *, ends: bool = False) -> Callable[[], None]:
        """Have a function called, from any thread, with each job that something happened to, or that is over."""
        return self._bell.on_bell(callback, ends=ends)

    def on_work(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have a function called when workers have something to do: a job came, or is to be stopped."""
        return self._work.on_bell(callback)

    def ring(self, job: int, *, over: bool = False) -> None:
        """Something happened to a job, or it is over, as another process told us."""
        self._bell.ring(job, over=over)

    def webhook(self, record: JobRecord) -> tuple[str, str] | None:
        """Address and body of the webhook of a job that ends as `record` says; None where none was asked for."""
        if not record.webhook:
            return None
        job = job_of(record, tuple(self.queue.pictures(record.id)))
        maker = webhook_bodies.MAKERS.get(record.surface, webhook_bodies.native)
        base = self.service.public_url or str(record.extra.get("base_url", ""))
        return record.webhook, maker(job, lambda name: self.link(base, name))

    def link(self, base: str, name: str) -> str:
        """The address of a picture or thumbnail, signed where the service's links expire.

        Args:
            base: What it begins with, such as `http://127.0.0.1:7070`.
            name: The picture's name.
        """
        seconds = self.service.url_seconds
        secret = self.links_secret if seconds else b""
        return links.picture_link(base, name, secret=secret, seconds=seconds, now=time.time())

    @property
    def links_secret(self) -> bytes:
        """What links are signed with."""
        self._links_secret = self._links_secret or self.queue.secret(links.SECRET)
        return self._links_secret

    def take_no_more(self) -> None:
        """The service is ending: refuse new jobs from here on; everything else goes on."""
        self._ending = True

    def close(self) -> None:
        """Close the database; nothing else is held."""
        self.database.close()

    def _check_open(self) -> None:
        if self._ending:
            raise ServiceEnding(
                "The service is ending and takes no new jobs.",
                "Send it again in a moment; what was accepted is kept.",
                retry_after=_ENDING_SECONDS,
            )

    def _record(self, id: int, caller: Caller) -> JobRecord:  # noqa: A002
        caller.may_look()
        return self.queue.get(id, caller.sees)

    def _look(self, id: int, after: int, caller: Caller) -> tuple[bool, Events]:  # noqa: A002
        """Whether a job was over before its events were read: then there are no more than these."""
        record = self._record(id, caller)
        return record.over, self.queue.events(record.id, after, limit=_PAGE)

    def _shown(self, record: JobRecord, pictures: Collection[PictureRecord] | None = None) -> Job:
        """A record with what the other tables say of it."""
        if pictures is None:
            pictures = self.queue.pictures(record.id) if record.attempt else ()
        found = tuple(pictures)
        if record.over:
            return job_of(record, found)
        rate, running = self.queue.rate(record.checkpoint), record.state == "running"
        position, ahead = (None, 0.0) if running else self.queue.ahead(record.id)
        since = max([record.started or 0.0, *(picture.created for picture in found)])
        eta = seconds_left(
            rate=rate,
            ahead=ahead,
            own=record.cost * (1 - len(found) / record.samples),
            running_for=time.time() - since if running else 0.0,
            devices=len(self.service.devices),
        )
        return job_of(record, found, position, eta)

    def _rung_for_work(self, id: int, *, over: bool = False) -> None:  # noqa: A002
        self._bell.ring(id, over=over)
        self._work.ring(id)


def over_as(record: JobRecord, **changes: object) -> JobRecord:
    """A record as it will be when its job has ended, for the webhook that is stored in the same transaction."""
    return replace(record, finished=time.time(), **changes)  # type: ignore[arg-type]


def _pause(since: float) -> float:
    """Seconds until who has waited since then looks again without having been rung."""
    return min(MOST_POLL_SECONDS, max(POLL_SECONDS, _POLL_SHARE * (time.monotonic() - since)))


async def _rung_within(rung: asyncio.Event, seconds: float) -> None:
    """Wait for a ring, but not for longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # `wait_for` of Python 3.11 can swallow that it is cancelled
            await rung.wait()
