"""What may be removed: expired, old, or beyond a size; never what belongs to a job that is not over."""

from __future__ import annotations

from typing import Any

from fluxgram.store.records import JobRecord
from tests.store.stores import NOON, Store


def drawn(store: Store, created: float, size: int = 100, **given: Any) -> JobRecord:
    """A finished job with one picture."""
    job = store.submit(**given)
    taken = store.claim()
    store.draw(taken, created=created, bytes=size)
    store.queue.finish(job.id, taken.attempt, seconds=1.0)
    return store.queue.get(job.id)


def names(store: Store, **given: Any) -> list[str]:
    rules: dict[str, Any] = {"older_than": None, "keep_bytes": None, "now": NOON + 1000}
    return [picture.name for picture in store.queue.removable(**(rules | given))]


def test_nothing_goes_by_itself(store: Store) -> None:
    drawn(store, NOON - 1e9)
    assert names(store, now=NOON + 1e9) == []


def test_by_age(store: Store) -> None:
    old, middle, new = (drawn(store, NOON + at) for at in (0, 500, 900))
    assert names(store, older_than=600.0) == [old.names[0]]
    assert names(store, older_than=100.0) == [old.names[0], middle.names[0]]
    store.queue.mark_removed([old.names[0]])
    assert names(store, older_than=0.0) == [middle.names[0], new.names[0]]
    assert store.queue.find_picture(old.names[0]).removed
    assert not store.queue.find_picture(new.names[0]).removed


def test_by_size_the_oldest_first(store: Store) -> None:
    jobs = [drawn(store, NOON + at, size) for at, size in ((3, 100), (1, 200), (2, 300))]
    by_age = [jobs[1].names[0], jobs[2].names[0], jobs[0].names[0]]
    assert names(store, keep_bytes=600) == []
    assert names(store, keep_bytes=599) == by_age[:1]
    assert names(store, keep_bytes=400) == by_age[:1]
    assert names(store, keep_bytes=399) == by_age[:2]
    assert names(store, keep_bytes=0) == by_age
    store.queue.mark_removed(by_age[:1])
    assert names(store, keep_bytes=400) == []


def test_expired_ones(store: Store) -> None:
    job = drawn(store, NOON, lasts=50.0)
    drawn(store, NOON)
    assert job.expires is not None
    assert names(store, now=job.expires - 1) == []
    assert names(store, now=job.expires) == [job.names[0]]


def test_what_has_expired_makes_room_for_the_rest(store: Store) -> None:
    kept, expired = drawn(store, NOON, 100), drawn(store, NOON + 1, 100, lasts=1.0)
    assert names(store, keep_bytes=100) == [expired.names[0]]
    assert names(store, keep_bytes=99) == [kept.names[0], expired.names[0]]


def test_a_running_job_keeps_its_pictures(store: Store) -> None:
    job = store.submit(lasts=1.0)
    taken = store.claim()
    store.draw(taken, created=NOON - 1e6)
    assert names(store, older_than=1.0, keep_bytes=0, now=NOON + 1e6) == []
    store.queue.cancel(job.id)
    store.queue.stopped(job.id, taken.attempt)
    assert names(store, now=NOON + 1e6) == [job.names[0]]
    store.queue.retry(job.id)
    assert names(store, older_than=1.0, now=NOON + 1e6) == []


def test_no_more_than_asked_at_once(store: Store) -> None:
    jobs = [drawn(store, NOON + at) for at in range(5)]
    assert names(store, older_than=0.0, keep_bytes=0, limit=2) == [job.names[0] for job in jobs[:2]]
