"""Waiting jobs change places: in the order that was wished, told to whoever follows, and at no other owner's cost."""

from __future__ import annotations

import random
import threading
import time

import pytest

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store.records import JobRecord
from tests.store.stores import Store


def claimed(store: Store, count: int) -> list[int]:
    """The next jobs, as they are claimed."""
    return [store.claim().id for _ in range(count)]


def test_a_job_goes_before_another(store: Store) -> None:
    a, b, c, d = (store.submit().id for _ in range(4))
    assert store.queue.move(d, b) == [d, b, c]
    assert claimed(store, 4) == [a, d, b, c]


def test_a_job_goes_behind_all(store: Store) -> None:
    a, b, c = (store.submit().id for _ in range(3))
    assert store.queue.move(a, None) == [b, c, a]
    assert claimed(store, 3) == [b, c, a]


def test_a_job_that_goes_where_it_is_changes_nothing(store: Store) -> None:
    a, b = (store.submit() for _ in range(2))
    assert store.queue.move(a.id, b.id) == []
    assert store.queue.move(b.id, None) == []
    assert store.kinds(a) == store.kinds(b) == ["queued"]


def test_jobs_that_cost_nothing_change_places_too(store: Store) -> None:
    jobs = [store.submit(cost=0.0).id for _ in range(4)]
    store.queue.move(jobs[3], jobs[0])
    assert claimed(store, 4) == [jobs[3], *jobs[:3]]


def test_moved_jobs_are_told_their_places(store: Store) -> None:
    a, b, c = (store.submit() for _ in range(3))
    store.queue.move(c.id, a.id)

    def places(job: JobRecord) -> list[int]:
        return [event.data["position"] for event in store.queue.events(job.id)]

    assert (places(a), places(b), places(c)) == ([0, 1], [1, 2], [2, 0])
    assert [store.queue.ahead(job.id)[0] for job in (a, b, c)] == [1, 2, 0]


def test_others_are_served_when_they_would_have_been(store: Store) -> None:
    """Tags of bob: 4, 8, 12; of ada with her large job first: 10, 11, 12, and she was first where they tie."""
    small, second, large = (store.submit("ada", cost=cost).id for cost in (1.0, 1.0, 10.0))
    bobs = [store.submit("bob", cost=4.0).id for _ in range(3)]
    store.queue.move(large, small)
    assert claimed(store, 6) == [*bobs[:2], large, small, second, bobs[2]]


def test_shares_hold_however_much_one_moves(sqlite_store: Store) -> None:
    """Of equal weight, nobody is ever served more than one largest job more than the other, whatever ada moves."""
    store, chance = sqlite_store, random.Random(7)
    adas = [store.submit("ada", cost=chance.choice((1.0, 2.0, 5.0))).id for _ in range(40)]
    for _ in range(60):
        store.submit("bob", cost=2.0)
    served = {"ada": 0.0, "bob": 0.0}
    while adas:
        if len(adas) > 1:
            moved, other = chance.sample(adas, 2)
            store.queue.move(moved, other)
        job = store.claim()
        served[job.owner] += job.cost
        if job.owner == "ada":
            adas.remove(job.id)
        if adas:
            assert abs(served["ada"] - served["bob"]) <= 5.0 + 1e-9


def test_what_comes_in_afterwards_stands_behind(store: Store) -> None:
    a, b = (store.submit().id for _ in range(2))
    store.queue.move(b, a)
    last = store.submit().id
    assert claimed(store, 3) == [b, a, last]


def test_only_ones_own_waiting_jobs_move(store: Store) -> None:
    running = store.submit()
    assert store.claim().id == running.id
    mine, urgent, other = store.submit(), store.submit(priority=1), store.submit("bob")
    for id, before, owner in ((other.id, None, "ada"), (mine.id, other.id, "ada"), (mine.id, 12345, "ada")):  # noqa: A001
        with pytest.raises(UnknownJob):
            store.queue.move(id, before, owner)
    with pytest.raises(UnknownJob):  # whoever may see both still moves nobody's job into another's line
        store.queue.move(mine.id, other.id)
    with pytest.raises(RequestError, match="is running"):
        store.queue.move(running.id, mine.id, "ada")
    with pytest.raises(RequestError, match="is running"):
        store.queue.move(mine.id, running.id, "ada")
    with pytest.raises(RequestError, match="different priorities"):
        store.queue.move(mine.id, urgent.id, "ada")
    with pytest.raises(RequestError, match="before itself"):
        store.queue.move(mine.id, mine.id, "ada")
    assert [store.kinds(job) for job in (mine, urgent, other)] == [["queued"]] * 3


def test_moving_while_workers_claim_loses_and_doubles_nothing(store: Store) -> None:
    jobs = [store.submit().id for _ in range(30)]
    chance, seen, errors = random.Random(3), [], []

    def mover() -> None:
        for _ in range(60):
            one, two = chance.sample(jobs, 2)
            try:
                store.queue.move(one, two, "ada")
            except RequestError:
                pass  # one of them was claimed
            except Exception as error:  # told below
                errors.append(error)

    def worker(name: str) -> None:
        end = time.monotonic() + 60
        while len(seen) < len(jobs) and time.monotonic() < end:
            job = store.queue.claim(name, 30.0)  # none while all that wait are held by a move
            if job is not None:
                seen.append(job.id)

    threads = [threading.Thread(target=mover), *(threading.Thread(target=worker, args=(n,)) for n in "vw")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(seen) == sorted(jobs)
