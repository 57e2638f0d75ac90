"""The life of a job: in, claimed, drawn, over; and who may not touch it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from fluxgram.errors import IdempotencyMismatch, QueueFull, QuotaExceeded, RequestError, UnknownJob
from fluxgram.store.records import LARGEST_ID, JobRecord, Problem
from tests.store.stores import Store, new_job


def test_a_job_from_start_to_end(store: Store) -> None:
    job = store.submit(samples=2, priority=3, lasts=60.0, webhook="https://x.example/")
    assert (job.state, job.attempt, job.over, job.priority) == ("queued", 0, False, 3)
    assert store.queue.get(job.id) == job
    taken = store.claim("w1", 30.0)
    assert (taken.id, taken.state, taken.attempt, taken.worker) == (job.id, "running", 1, "w1")
    assert taken.started is not None
    assert taken.lease == taken.started + 30.0
    assert store.queue.note(
        job.id, 1, [("loading", {"stage": "weights", "fraction": 0.5}), ("step", {"done": 1})]
    )
    assert store.queue.note(job.id, 1, [("preview", {"image": "AAAA"})])
    assert "preview" in store.kinds(job)
    assert store.draw(taken, 0)
    assert store.draw(taken, 1)
    assert store.queue.finish(job.id, 1, seconds=2.5)
    over = store.queue.get(job.id)
    assert (over.state, over.seconds, over.lease, over.over) == ("done", 2.5, None, True)
    assert over.finished is not None
    assert over.expires == over.finished + 60.0
    events = store.queue.events(job.id)
    assert [event.kind for event in events] == [
        "queued", "started", "loading", "step", "picture", "picture", "done",
    ]  # fmt: skip
    assert events[0].data == {"position": 0, "eta": None}
    assert events[1].data == {"attempt": 1}
    assert events[4].data == {
        "index": 0, "name": job.names[0], "thumbnail": job.names[0].replace(".png", "-small.webp"),
        "seed": 2**64 - 1, "width": 512, "height": 768, "verdict": "unchecked",
    }  # fmt: skip
    assert events[-1].data == {"pictures": 2}
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert store.queue.claim("w1", 30.0) is None


def test_what_is_handed_in_comes_back_as_it_was(store: Store) -> None:
    request = {"prompt": "NUL \0, lone \ud800, 😀", "seed": 2**64 - 1, "guidance": 3.5, "deep": [{"a": None}]}
    job = store.submit(request=request, extra={"t": (1, 2)}, format="jpeg")
    again = store.queue.get(job.id)
    assert again == job
    assert again.request == request
    assert again.extra == {"t": [1, 2]}


def test_names_are_fixed_unguessable_and_different(store: Store) -> None:
    jobs = [store.submit(samples=3, format="jpeg") for _ in range(20)]
    for job in jobs:
        assert 1 <= job.id <= LARGEST_ID
        assert [re.fullmatch(r"[A-Za-z0-9_-]{22}-(\d)\.jpg", name)[1] for name in job.names] == [
            "0",
            "1",
            "2",
        ]
    assert len({job.names[0][:22] for job in jobs}) == 20
    assert [job.id for job in jobs] != sorted(job.id for job in jobs)
    assert store.submit(lasts=5.0, format="webp").names[0].startswith("temp/")
    assert store.submit(lasts=5.0, format="webp").names[0].endswith("-0.webp")


def test_an_id_that_is_taken_is_not_given_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.submit()
    drawn = iter([first.id - 1, first.id - 1, 4711])
    monkeypatch.setattr("secrets.randbelow", lambda most: next(drawn))
    assert store.submit().id == 4712
    assert store.queue.get(first.id) == first


def test_another_owner_sees_nothing(store: Store) -> None:
    job = store.submit("ada")
    for act in (store.queue.get, store.queue.cancel, store.queue.retry):
        with pytest.raises(UnknownJob) as another:
            act(job.id, "bob")
        with pytest.raises(UnknownJob) as nobody:
            act(job.id + 1 if job.id < LARGEST_ID else 1, "bob")
        assert re.sub(r"\d+", "", str(another.value)) == re.sub(r"\d+", "", str(nobody.value))
    assert store.queue.get(job.id, "ada") == job
    assert store.queue.get(job.id).state == "queued"


@pytest.mark.parametrize("id", [0, -1, 2**53, 2**63, 2**200])
def test_ids_that_cannot_be(store: Store, id: int) -> None:  # noqa: A002  (a job's id is called so)
    with pytest.raises(UnknownJob):
        store.queue.get(id)
    with pytest.raises(UnknownJob):
        store.queue.cancel(id)
    with pytest.raises(UnknownJob):
        store.queue.ahead(id)
    assert store.queue.events(id) == []
    assert store.queue.pictures(id) == []
    assert store.queue.finish(id, 1, seconds=1.0) is False
    assert store.queue.events(store.submit().id, after=id if id > 0 else 2**70) == []
    assert store.queue.list(None, limit=min(id, 0)) == []
    assert len(store.queue.list(None, before=(1e300, id))) == 1


@pytest.mark.parametrize(
    "given",
    [{"priority": 101}, {"priority": -101}, {"weight": 0.0}, {"weight": float("nan")}, {"cost": float("inf")},
     {"cost": -1.0}, {"samples": 0}, {"idempotency": "x" * 256}, {"idempotency": "a\0"}, {"idempotency": "\ud800"}],
)  # fmt: skip
def test_impossible_jobs_are_refused(store: Store, given: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        store.submit(**given)
    assert store.queue.depth() == {"queued": 0, "running": 0}


def test_a_worker_back_from_the_dead_changes_nothing(store: Store) -> None:
    job = store.submit(samples=2)
    dead = store.claim("dead")
    assert store.draw(dead, 0)
    store.clock.now += 31.0
    assert [lost.id for lost in store.queue.lapsed()] == [job.id]
    requeued = store.queue.release(job.id, dead.attempt, "no heartbeat", strike=True)
    assert requeued is not None
    assert (requeued.state, requeued.deaths, requeued.attempt, requeued.worker) == ("queued", 1, 1, "")

    def back_from_the_dead() -> None:
        before = everything(store, job)
        assert store.queue.note(job.id, dead.attempt, [("step", {})]) is False
        assert store.draw(dead, 1) is False
        assert (
            store.queue.finish(job.id, dead.attempt, seconds=1.0, webhook=("https://x.example", "{}"))
            is False
        )
        assert store.queue.fail(job.id, dead.attempt, Problem("Defect", "no")) is False
        assert store.queue.stopped(job.id, dead.attempt) is False
        assert store.queue.release(job.id, dead.attempt, "again", strike=True) is None
        assert store.queue.beat("dead", 30.0) == set()
        assert everything(store, job) == before

    back_from_the_dead()
    alive = store.claim("alive")
    assert (alive.id, alive.attempt) == (job.id, 2)
    back_from_the_dead()
    assert store.draw(alive, 0)
    assert store.draw(alive, 1)
    assert store.queue.finish(job.id, 2, seconds=1.0)
    back_from_the_dead()
    assert store.kinds(job) == ["queued", "started", "picture", "requeued", "started", "picture", "done"]
    assert [row.pictures for row in store.keys.usage()] == [2]


def everything(store: Store, job: JobRecord) -> object:
    return (
        store.queue.get(job.id),
        store.queue.events(job.id),
        store.queue.pictures(job.id),
        store.keys.usage(),
        store.deliveries.of(job.id),
    )


def test_leases_lapse_and_heartbeats_keep_them(store: Store) -> None:
    first, second = store.submit(), store.submit()
    store.claim("w1", 30.0)
    store.claim("w2", 30.0)
    assert store.queue.workers() == ["w1", "w2"]
    assert [job.id for job in store.queue.held("w1")] == [first.id]
    store.clock.now += 20.0
    assert store.queue.lapsed() == []
    assert store.queue.beat("w1", 30.0) == {first.id}
    assert store.queue.beat("nobody", 30.0) == set()
    store.clock.now += 15.0
    assert [job.id for job in store.queue.lapsed()] == [second.id]


def test_a_job_that_kills_three_workers_fails_with_its_reason(store: Store) -> None:
    job = store.submit()
    seen = []
    for death in (1, 2, 3):
        taken = store.claim(f"w{death}")
        after = store.queue.release(
            job.id, taken.attempt, "The worker was killed by signal 9.", strike=True,
            webhook=lambda failed: seen.append(failed) or ("https://x.example", "{}"),
        )  # fmt: skip
        assert after.deaths == death
    assert after.state == "failed"
    assert "killed by signal 9" in after.problem.message
    assert "3" in after.problem.message
    assert store.queue.claim("w4", 30.0) is None
    assert store.kinds(job)[-1] == "failed"
    assert store.queue.events(job.id)[-1].data["message"] == after.problem.message
    assert [job.state for job in seen] == ["failed"]
    assert [delivery.url for delivery in store.deliveries.of(job.id)] == ["https://x.example"]


def test_a_release_without_a_strike_never_fails_a_job(store: Store) -> None:
    job = store.submit()
    for _ in range(5):
        after = store.queue.release(job.id, store.claim().attempt, "draining", strike=False)
        assert (after.state, after.deaths) == ("queued", 0)


def test_a_released_job_keeps_its_place(store: Store) -> None:
    first, second = store.submit(), store.submit()
    taken = store.claim()
    assert taken.id == first.id
    store.queue.release(first.id, taken.attempt, "draining", strike=False)
    assert [store.claim().id, store.claim().id] == [first.id, second.id]


def test_cancel_while_it_waits(store: Store) -> None:
    job = store.submit()
    cancelled = store.queue.cancel(job.id, "ada")
    assert (cancelled.state, cancelled.over) == ("cancelled", True)
    assert store.queue.claim("w1", 30.0) is None
    assert store.kinds(job) == ["queued", "cancelled"]
    assert store.queue.cancel(job.id) == cancelled
    assert store.kinds(job) == ["queued", "cancelled"]


def test_cancel_while_it_runs(store: Store) -> None:
    job, other = store.submit(), store.submit()
    taken = store.claim()
    store.claim()
    assert store.queue.cancels("w1") == set()
    asked = store.queue.cancel(job.id)
    assert (asked.state, asked.cancel_asked) == ("running", True)
    assert store.queue.cancels("w1") == {job.id}
    assert store.queue.cancels("w2") == set()
    assert store.queue.stopped(job.id, taken.attempt)
    assert store.queue.get(job.id).state == "cancelled"
    assert store.queue.cancels("w1") == set()
    assert store.queue.get(other.id).state == "running"
    assert store.keys.usage() == []


def test_cancel_comes_too_late(store: Store) -> None:
    job = store.submit()
    taken = store.claim()
    store.queue.cancel(job.id)
    assert store.queue.finish(job.id, taken.attempt, seconds=1.0)
    assert store.queue.get(job.id).state == "done"
    assert store.queue.cancel(job.id).state == "done"


def test_a_worker_dies_over_a_job_that_was_to_stop(store: Store) -> None:
    job = store.submit()
    taken = store.claim()
    store.queue.cancel(job.id)
    assert store.queue.release(job.id, taken.attempt, "killed", strike=True).state == "cancelled"
    assert store.kinds(job)[-1] == "cancelled"


def test_retry_after_failure(store: Store) -> None:
    job = store.submit(lasts=60.0)
    taken = store.claim()
    with pytest.raises(RequestError, match="running"):
        store.queue.retry(job.id)
    assert store.queue.fail(
        job.id, taken.attempt, Problem("OutOfMemory", "Too little memory.", "Ask for less.")
    )
    failed = store.queue.get(job.id)
    assert failed.problem == Problem("OutOfMemory", "Too little memory.", "Ask for less.")
    later = store.submit()
    again = store.queue.retry(job.id, "ada")
    assert (again.state, again.problem, again.names, again.request) == (
        "queued",
        None,
        job.names,
        job.request,
    )
    assert (again.finished, again.expires, again.deaths) == (None, None, 0)
    with pytest.raises(RequestError, match="queued"):
        store.queue.retry(job.id)
    assert store.claim().id == later.id  # what came in the meantime goes first
    taken = store.claim()
    assert (taken.id, taken.attempt) == (job.id, 2)
    assert store.queue.finish(job.id, 2, seconds=1.0)
    assert store.queue.retry(job.id).state == "done"
    assert store.kinds(job) == ["queued", "started", "failed", "queued", "started", "done"]


def test_retry_asks_for_room(store: Store) -> None:
    job = store.submit()
    store.queue.cancel(job.id)
    store.submit()
    with pytest.raises(QueueFull):
        store.queue.retry(job.id, most_queued=1)
    assert store.queue.retry(job.id, most_queued=2).state == "queued"


def test_the_same_idempotency_key_gives_the_same_job(store: Store) -> None:
    job, new = store.queue.submit(new_job(idempotency="k1", fingerprint="f1"))
    assert new
    assert store.queue.submit(new_job(idempotency="k1", fingerprint="f1")) == (job, False)
    assert store.queue.depth()["queued"] == 1
    assert store.kinds(job) == ["queued"]
    with pytest.raises(IdempotencyMismatch, match="'k1'"):
        store.submit(idempotency="k1", fingerprint="f2")
    others = [
        store.submit("bob", idempotency="k1", fingerprint="f2"),
        store.submit(surface="openai", idempotency="k1", fingerprint="f2"),
        store.submit(idempotency="k2", fingerprint="f1"),
        store.submit(),
        store.submit(),
    ]
    assert len({job.id, *(other.id for other in others)}) == 6
    store.queue.cancel(job.id)
    again, new = store.queue.submit(new_job(idempotency="k1", fingerprint="f1"))
    assert (again.id, again.state, new) == (job.id, "cancelled", False)


def test_a_known_job_is_given_again_although_the_queue_is_full(store: Store) -> None:
    job = store.submit(idempotency="k", most_queued=1, most_pictures=1)
    again, new = store.queue.submit(new_job(idempotency="k", most_queued=1, most_pictures=1))
    assert (again.id, new) == (job.id, False)


def test_the_queue_of_an_owner_is_bounded(store: Store) -> None:
    first = store.submit(most_queued=2)
    store.submit(most_queued=2)
    with pytest.raises(QueueFull) as full:
        store.submit(most_queued=2)
    assert full.value.retry_after >= 1
    store.submit("bob", most_queued=2)
    taken = store.claim()
    with pytest.raises(QueueFull):  # a running job counts too
        store.submit(most_queued=2)
    assert taken.id == first.id
    store.queue.finish(first.id, taken.attempt, seconds=1.0)
    store.submit(most_queued=2)
    assert store.queue.depth() == {"queued": 3, "running": 0}


def test_the_quota_counts_what_is_drawn_and_what_is_pending(store: Store) -> None:
    job = store.submit(samples=2, most_pictures=4)
    taken = store.claim()
    store.draw(taken, 0)
    store.draw(taken, 1)
    store.queue.finish(job.id, 1, seconds=1.0)
    assert store.keys.pictures_this_month("ada") == 2
    waiting = store.submit(samples=1, most_pictures=4)
    with pytest.raises(QuotaExceeded, match="2 of the 4"):
        store.submit(samples=2, most_pictures=4)
    store.submit("bob", samples=2, most_pictures=4)
    store.submit(samples=1, most_pictures=4)
    with pytest.raises(QuotaExceeded):
        store.submit(most_pictures=4)
    store.queue.cancel(waiting.id)
    store.submit(most_pictures=4)
    store.clock.now += 11 * 86400  # 2 December: the pending ones still count, the drawn ones no more
    assert store.keys.pictures_this_month("ada") == 0
    store.submit(samples=2, most_pictures=4)
    with pytest.raises(QuotaExceeded):
        store.submit(most_pictures=4)


def test_usage_is_counted_once(store: Store) -> None:
    """By owner, UTC day and checkpoint; a picture that was drawn counts however its job ended."""
    done = store.submit(samples=2, cost=8.0)
    taken = store.claim()
    store.draw(taken, 0)
    store.draw(taken, 1)
    store.queue.finish(done.id, 1, seconds=2.0)
    store.queue.finish(done.id, 1, seconds=2.0)
    half = store.submit(samples=2, cost=8.0)
    taken = store.claim()
    store.draw(taken, 0)
    store.queue.cancel(half.id)
    store.queue.stopped(half.id, 1)
    rows = store.keys.usage()
    assert [(r.owner, r.day, r.checkpoint) for r in rows] == [("ada", "2026-11-21", "mini")]
    assert [(r.jobs, r.pictures, r.megapixel_steps, r.seconds) for r in rows] == [(1, 3, 12.0, 2.0)]
    store.queue.retry(half.id)
    store.clock.now += 86400
    taken = store.claim()
    store.draw(taken, 0)
    store.draw(taken, 1)
    store.queue.finish(half.id, 2, seconds=4.0)
    later = store.keys.usage(since="2026-11-22")
    assert [(r.day, r.jobs, r.pictures, r.megapixel_steps, r.seconds) for r in later] == [
        ("2026-11-22", 1, 1, 4.0, 4.0)
    ]
    assert sum(r.pictures for r in store.keys.usage()) == 4
    assert len(store.keys.usage(until="2026-11-21")) == 1
    assert store.keys.usage(owner="bob") == []


def test_a_picture_handed_in_again(store: Store) -> None:
    job = store.submit(samples=2)
    taken = store.claim()
    store.draw(taken, 1)
    store.draw(taken, 0)
    store.draw(taken, 0)
    assert [picture.index for picture in store.queue.pictures(job.id)] == [0, 1]
    assert store.kinds(job).count("picture") == 2
    store.draw(taken, 0, sha256="f" * 64, bytes=7)
    assert store.queue.pictures(job.id)[0].bytes == 7
    assert store.kinds(job).count("picture") == 3
    assert store.queue.pictures(job.id)[1].seed == 2**64 - 2
    found = store.queue.find_picture(job.names[1])
    assert found == store.queue.pictures(job.id)[1]
    assert store.queue.find_picture(found.thumbnail) == found
    assert store.queue.pictures_of([job.id, 5]) == {job.id: store.queue.pictures(job.id)}
    assert store.queue.pictures_of([]) == {}


@pytest.mark.parametrize("name", ["", "no.png", "../x.png", "a\0.png", "\ud800.png", "%", "x" * 10_000])
def test_pictures_that_are_not_there(store: Store, name: str) -> None:
    with pytest.raises(UnknownJob):
        store.queue.find_picture(name)


def test_events_are_replayed_from_where_a_client_was(store: Store) -> None:
    job, other = store.submit(), store.submit()
    taken = store.claim()
    for done in range(10):
        store.queue.note(job.id, taken.attempt, [("step", {"done": done})])
        store.queue.cancel(other.id)
    all_of_them = store.queue.events(job.id)
    assert [event.data.get("done") for event in all_of_them[2:]] == list(range(10))
    for seen in range(len(all_of_them)):
        assert store.queue.events(job.id, after=all_of_them[seen].id) == all_of_them[seen + 1 :]
    pages, after = [], 0
    while page := store.queue.events(job.id, after, limit=5):
        pages.append(len(page))
        after = page[-1].id
    assert pages == [5, 5, 2]


@pytest.mark.parametrize("how", ["finish", "fail", "stopped", "release"])
def test_previews_go_with_the_end_and_their_ids_do_not_come_again(store: Store, how: str) -> None:
    job, other = store.submit(), store.submit()
    taken = store.claim()
    beside = store.claim()
    store.queue.note(other.id, beside.attempt, [("preview", {"image": "BB"})])
    store.queue.note(job.id, taken.attempt, [("preview", {"image": "AA"}), ("preview", {"image": "AB"})])
    last = store.queue.events(job.id)[-1].id
    if how == "finish":
        store.queue.finish(job.id, 1, seconds=1.0)
    elif how == "fail":
        store.queue.fail(job.id, 1, Problem("Defect", "x"))
    elif how == "stopped":
        store.queue.stopped(job.id, 1)
    else:
        store.queue.release(job.id, 1, "x", strike=True, deaths=1)
    assert "preview" not in store.kinds(job)
    assert "preview" in store.kinds(other)
    assert store.queue.events(job.id)[-1].id > last


def test_a_pause_stops_claims_everywhere(store: Store, open_store: Callable[[str], Store]) -> None:
    store.submit()
    beside = open_store(store.url)
    beside.queue.pause("The disk is full.")
    assert store.queue.paused() == "The disk is full."
    assert store.queue.claim("w1", 30.0) is None
    store.submit()  # it still takes jobs in
    store.queue.resume()
    assert beside.queue.paused() == ""
    assert beside.queue.claim("w1", 30.0) is not None


def test_position_and_eta(store: Store) -> None:
    assert store.queue.rate("mini") is None
    store.queue.learn("mini", 0.5)
    jobs = [store.submit(cost=float(cost)) for cost in (4, 6, 10)]
    assert [store.queue.events(job.id)[0].data for job in jobs] == [
        {"position": 0, "eta": 2.0}, {"position": 1, "eta": 5.0}, {"position": 2, "eta": 10.0},
    ]  # fmt: skip
    assert [store.queue.ahead(job.id) for job in jobs] == [(0, 0.0), (1, 4.0), (2, 10.0)]
    store.claim()
    assert [store.queue.ahead(job.id) for job in jobs] == [(0, 0.0), (0, 4.0), (1, 10.0)]
    urgent = store.submit(priority=1)
    assert store.queue.ahead(urgent.id) == (0, 4.0)
    assert store.queue.ahead(jobs[1].id) == (1, 8.0)
    assert store.queue.depth() == {"queued": 3, "running": 1}


def test_the_rate_is_a_moving_average(store: Store) -> None:
    store.queue.learn("mini", 1.0)
    store.queue.learn("mini", 2.0)
    assert store.queue.rate("mini") == pytest.approx(1.2)
    store.queue.learn("other", 9.0)
    for _ in range(60):
        store.queue.learn("mini", 3.0)
    assert store.queue.rate("mini") == pytest.approx(3.0, rel=1e-4)
    assert store.queue.rate("other") == 9.0


def test_secrets_are_made_once(store: Store, open_store: Callable[[str], Store]) -> None:
    links = store.queue.secret("links")
    assert len(links) == 32
    assert open_store(store.url).queue.secret("links") == links
    assert store.queue.secret("other") != links


def test_webhooks_come_with_the_end(store: Store) -> None:
    job = store.submit()
    taken = store.claim()
    assert store.deliveries.next_at() is None
    assert store.queue.finish(job.id, taken.attempt, seconds=1.0, webhook=("https://x.example/", "{}"))
    (delivery,) = store.deliveries.of(job.id)
    assert (delivery.url, delivery.body) == ("https://x.example/", "{}")
    assert (delivery.state, delivery.owner) == ("waiting", "ada")
    assert delivery.id.startswith("msg_")
    assert store.deliveries.next_at() == store.queue.get(job.id).finished


def test_retry_asks_for_what_is_left_of_the_month(store: Store) -> None:
    first = store.submit(samples=2, most_pictures=2)
    store.queue.cancel(first.id)
    second = store.submit(samples=2, most_pictures=2)
    with pytest.raises(QuotaExceeded, match="2 are on their way"):
        store.queue.retry(first.id, most_pictures=2)
    store.queue.cancel(second.id)
    assert store.queue.retry(first.id, most_pictures=2).state == "queued"
    taken = store.claim()
    store.draw(taken, 0)
    store.queue.fail(first.id, taken.attempt, Problem("Defect", "It failed."))
    assert store.queue.retry(first.id, most_pictures=2).state == "queued", "one is drawn, and one is missing"
