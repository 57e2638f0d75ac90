"""Webhooks that wait: taken by one server at a time, tried again, given up, never sent twice once decided."""

from __future__ import annotations

from collections.abc import Callable

from fluxgram.store.records import Delivery
from tests.store.stores import Store


def post(store: Store, url: str = "https://x.example/") -> Delivery:
    job = store.submit()
    store.queue.finish(job.id, store.claim().attempt, seconds=1.0, webhook=(url, '{"a": 1}'))
    return store.deliveries.of(job.id)[0]


def test_one_server_at_a_time(store: Store, open_store: Callable[[str], Store]) -> None:
    waiting = post(store)
    other, now = open_store(store.url), store.clock()
    assert [taken.id for taken in store.deliveries.due(now)] == [waiting.id]
    assert other.deliveries.due(now) == []
    assert other.deliveries.due(now + 59) == []
    assert [taken.id for taken in other.deliveries.due(now + 61)] == [waiting.id]


def test_delivered_is_the_end(store: Store) -> None:
    waiting, now = post(store), store.clock()
    store.deliveries.due(now)
    store.deliveries.delivered(waiting.id, 204)
    (after,) = store.deliveries.of(waiting.job)
    assert (after.state, after.status, after.attempts, after.error) == ("delivered", 204, 1, "")
    store.deliveries.again(waiting.id, now, 500, "late")
    store.deliveries.gave_up(waiting.id, 500, "late")
    assert store.deliveries.of(waiting.job) == [after]
    assert store.deliveries.due(now + 1e6) == []
    assert store.deliveries.next_at() is None


def test_again_and_then_given_up(store: Store) -> None:
    waiting, now = post(store), store.clock()
    store.deliveries.due(now)
    store.deliveries.again(waiting.id, now + 100, 503, "busy")
    assert store.deliveries.next_at() == now + 100
    assert store.deliveries.due(now + 99) == []
    (taken,) = store.deliveries.due(now + 100)
    assert (taken.attempts, taken.status, taken.error, taken.state) == (1, 503, "busy", "waiting")
    store.deliveries.gave_up(waiting.id, None, "refused")
    (after,) = store.deliveries.of(waiting.job)
    assert (after.state, after.status, after.attempts, after.error) == ("failed", None, 2, "refused")


def test_the_longest_waiting_first(store: Store) -> None:
    letters = [post(store) for _ in range(5)]
    now = store.clock()
    assert [taken.id for taken in store.deliveries.due(now, 3)] == [letter.id for letter in letters[:3]]
    assert [taken.id for taken in store.deliveries.due(now, 3)] == [letter.id for letter in letters[3:]]
