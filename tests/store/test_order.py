"""Which job is next: priority, then fair shares of owners. Expected orders are worked out by hand."""

from __future__ import annotations

from itertools import accumulate

import pytest

from tests.store.stores import Store


def owners(store: Store, count: int) -> str:
    """Owners of the next jobs, by their first letter."""
    return "".join(store.claim().owner[0] for _ in range(count))


def test_one_owner_is_served_in_order(store: Store) -> None:
    jobs = [store.submit() for _ in range(12)]
    assert [store.claim().id for _ in jobs] == [job.id for job in jobs]


def test_jobs_that_cost_nothing_are_served_in_order(store: Store) -> None:
    jobs = [store.submit(cost=0.0) for _ in range(8)]
    assert [store.claim().id for _ in jobs] == [job.id for job in jobs]


def test_two_owners_take_turns_however_many_jobs_one_has(store: Store) -> None:
    for _ in range(8):
        store.submit("ada")
    for _ in range(4):
        store.submit("bob")
    assert owners(store, 12) == "abababab" + "aaaa"


def test_twice_the_weight_gets_twice_as_much(store: Store) -> None:
    """Tags of ada: 4, 8, 12, 16; of bob, weight 2: 2, 4, 6, 8, 10, 12, 14, 16; ada was first where they tie."""
    for _ in range(4):
        store.submit("ada", cost=4.0)
    for _ in range(8):
        store.submit("bob", cost=4.0, weight=2.0)
    assert owners(store, 12) == "babbabbabbab"


def test_shares_are_of_work_not_of_jobs(store: Store) -> None:
    """Tags of ada: 10, 20; of bob: 2, 4, …, 20."""
    for _ in range(2):
        store.submit("ada", cost=10.0)
    for _ in range(10):
        store.submit("bob", cost=2.0)
    assert owners(store, 12) == "bbbbabbbbbab"


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (1.0, 2.0, 4.0), (0.5, 3.0, 1.0)])
def test_shares_hold_at_every_moment(sqlite_store: Store, weights: tuple[float, ...]) -> None:
    """While all have jobs waiting, nobody's served work per weight is more than one job away from another's."""
    store, share = sqlite_store, dict(zip("abc", weights, strict=True))
    for owner, weight in share.items():
        for _ in range(30):
            store.submit(owner, weight=weight, cost=1.0)
    served = owners(store, 30)
    for prefix in accumulate(served):
        normal = {owner: prefix.count(owner) / weight for owner, weight in share.items()}
        assert max(normal.values()) - min(normal.values()) <= 1 / min(weights) + 1e-9


def test_an_owner_who_was_away_has_neither_credit_nor_debt(store: Store) -> None:
    for _ in range(10):
        store.submit("ada")
    assert owners(store, 10) == "a" * 10
    for _ in range(4):
        store.submit("bob")
    for _ in range(4):
        store.submit("ada")
    assert owners(store, 8) == "babababa"


def test_what_was_cancelled_is_no_debt(store: Store) -> None:
    for job in [store.submit("ada") for _ in range(5)]:
        store.queue.cancel(job.id)
    store.submit("ada")
    store.submit("bob")
    store.submit("bob")
    assert owners(store, 3) == "abb"


def test_priority_goes_first(store: Store) -> None:
    ranks = [0, -100, 5, 100, 5, -1]
    jobs = [store.submit(priority=rank) for rank in ranks]
    order = [store.claim() for _ in ranks]
    assert [job.priority for job in order] == [100, 5, 5, 0, -1, -100]
    assert [job.id for job in order[1:3]] == [jobs[2].id, jobs[4].id]


def test_urgent_jobs_do_not_move_the_turns_of_others(store: Store) -> None:
    """Ada's urgent job stands after fifty of hers in no queue but its own, so bob is not put behind the fifty."""
    for _ in range(50):
        store.submit("ada")
    store.submit("ada", priority=1)
    assert store.claim().priority == 1
    store.submit("bob")
    assert "b" in owners(store, 2)


def test_owners_who_are_busy_are_passed_over(store: Store) -> None:
    for owner in ("ada", "bob", ""):
        store.submit(owner)
    assert store.queue.claim("w", 30.0, busy={"ada", "bob", ""}) is None
    assert store.claim(busy={"ada"}).owner == "bob"
    assert store.claim(busy={"ada"}).owner == ""
    assert store.queue.claim("w", 30.0, busy=["ada"]) is None
    assert store.claim().owner == "ada"


def test_time_does_not_go_back_for_an_owner_who_was_passed_over(store: Store) -> None:
    """Bob was served up to 20 while ada's job at 4 was passed over; carl, who is new, begins at 20 and not at 4."""
    store.submit("ada")
    for _ in range(5):
        store.submit("bob")
    for _ in range(5):
        assert store.claim(busy={"ada"}).owner == "bob"
    assert store.claim().owner == "ada"
    store.submit("bob")
    store.submit("carl")
    assert owners(store, 2) == "bc"
