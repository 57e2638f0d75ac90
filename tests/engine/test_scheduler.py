"""The scheduler, as a machine that is fed with made-up shots: fair, nobody starves, nothing is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, count, pairwise

from hypothesis import given
from hypothesis import strategies as st

from fluxgram.engine.scheduler import Scheduler


@dataclass(eq=False)
class Fake:
    job: str
    cost: float
    left: int
    checkpoint: str = "a"
    taken: int = 0


def step(scheduler: Scheduler[Fake], loaded: set[str] | None = None) -> Fake | None:
    """What the engine does with a shot, as far as the scheduler can tell."""
    shot = scheduler.next(loaded)
    if shot is not None:
        shot.left -= 1
        shot.taken += 1
        if loaded is not None:
            loaded.clear()
            loaded.add(shot.checkpoint)
        if shot.left == 0:
            scheduler.remove(shot)
    return shot


costs = st.sampled_from([0.1, 1.0, 2.5, 16.0])
jobs = st.lists(st.tuples(costs, st.integers(1, 12), st.integers(1, 3)), min_size=1, max_size=6)


def fill(
    scheduler: Scheduler[Fake], jobs: list[tuple[float, int, int]], checkpoints: str = "a"
) -> list[Fake]:
    shots = [
        Fake(f"job-{number}", cost, steps, checkpoints[number % len(checkpoints)])
        for number, (cost, steps, samples) in enumerate(jobs)
        for _ in range(samples)
    ]
    for shot in shots:
        scheduler.add(shot)
    return shots


@given(jobs, st.sampled_from(["a", "ab", "abc"]))
def test_every_shot_takes_all_its_steps_and_no_more(
    jobs: list[tuple[float, int, int]], checkpoints: str
) -> None:
    scheduler: Scheduler[Fake] = Scheduler()
    shots = fill(scheduler, jobs, checkpoints)
    wanted = [shot.left for shot in shots]
    loaded: set[str] = set()
    for _ in range(sum(wanted)):
        assert step(scheduler, loaded) is not None
    assert step(scheduler, loaded) is None
    assert len(scheduler) == 0
    assert [shot.taken for shot in shots] == wanted


@given(jobs, st.lists(st.integers(0, 40), max_size=6))
def test_waiting_jobs_get_equal_work_to_one_step_of_each(
    jobs: list[tuple[float, int, int]], arrivals: list[int]
) -> None:
    """The bound of start-time fair queueing, over every stretch in which two jobs both wait."""
    scheduler: Scheduler[Fake] = Scheduler()
    late = {f"late-{number}": when for number, when in enumerate(arrivals)}
    fill(scheduler, [(cost, 1000, 1) for cost, _, _ in jobs])
    cost = {f"job-{number}": cost for number, (cost, _, _) in enumerate(jobs)}
    history: list[str] = []
    for now in range(60):
        for name, when in late.items():
            if when == now:
                cost[name] = 1.0
                scheduler.add(Fake(name, 1.0, 1000))
        shot = step(scheduler)
        assert shot is not None
        history.append(shot.job)
    since = {name: late.get(name, 0) for name in cost}
    for one, other in combinations(cost, 2):
        work = {one: 0.0, other: 0.0}
        for job in history[max(since[one], since[other]) :]:
            if job in work:
                work[job] += cost[job]
            assert abs(work[one] - work[other]) <= cost[one] + cost[other] + 1e-9


def test_a_long_job_does_not_hold_up_a_short_one() -> None:
    scheduler: Scheduler[Fake] = Scheduler()
    scheduler.add(Fake("long", 100.0, 1000))
    for _ in range(10):
        step(scheduler)
    scheduler.add(Fake("short", 1.0, 4))
    order = [shot.job for shot in (step(scheduler) for _ in range(6)) if shot]
    assert order.count("short") == 4


def test_newcomers_without_end_do_not_starve_anybody() -> None:
    """Five short jobs at any time, each followed by another: the patient sixth still gets its sixth of the work."""
    scheduler: Scheduler[Fake] = Scheduler()
    patient = Fake("patient", 10.0, 1000)
    scheduler.add(patient)
    newcomers = (Fake(f"new-{number}", 0.5, 1) for number in count())
    total = 0.0
    for _ in range(2000):
        while len(scheduler) < 6:
            scheduler.add(next(newcomers))
        shot = step(scheduler)
        assert shot is not None
        total += shot.cost
        assert abs(patient.taken * 10.0 - total / 6) <= 10.5


def test_a_heavier_job_gets_its_share() -> None:
    scheduler: Scheduler[Fake] = Scheduler()
    scheduler.add(Fake("light", 1.0, 1000), weight=1)
    scheduler.add(Fake("heavy", 1.0, 1000), weight=3)
    taken = Counter(shot.job for shot in (step(scheduler) for _ in range(400)) if shot)
    assert abs(taken["heavy"] - 300) <= 4


def test_pictures_of_one_job_come_one_after_the_other() -> None:
    scheduler: Scheduler[Fake] = Scheduler()
    first, second = Fake("job", 1.0, 3), Fake("job", 1.0, 3)
    scheduler.add(first)
    scheduler.add(second)
    assert [step(scheduler) for _ in range(6)] == [first] * 3 + [second] * 3


@given(jobs, st.integers(0, 20), st.data())
def test_a_dropped_job_never_steps_again_and_others_lose_nothing(
    jobs: list[tuple[float, int, int]], before: int, data: st.DataObject
) -> None:
    scheduler: Scheduler[Fake] = Scheduler()
    shots = fill(scheduler, jobs)
    for _ in range(before):
        step(scheduler)
    job = data.draw(st.sampled_from([shot.job for shot in shots]))
    dropped = scheduler.drop(job)
    assert all(shot.job == job and shot.left > 0 for shot in dropped)
    frozen = [shot.taken for shot in dropped]
    while step(scheduler):
        pass
    assert [shot.taken for shot in dropped] == frozen
    assert all(shot.left == 0 for shot in shots if shot not in dropped)
    assert scheduler.drop(job) == []


def test_checkpoints_change_seldom_and_nobody_waits_for_ever() -> None:
    scheduler: Scheduler[Fake] = Scheduler(patience=8)
    scheduler.add(Fake("job-a", 1.0, 50, "a"))
    scheduler.add(Fake("job-b", 1.0, 50, "b"))
    loaded: set[str] = set()
    order = "".join(shot.checkpoint for shot in (step(scheduler, loaded) for _ in range(100)) if shot)
    changes = sum(one != other for one, other in pairwise(order))
    assert changes <= 100 // 8
    assert max(len(run) for run in order.replace("ab", "a b").replace("ba", "b a").split()) <= 2 * 8 + 2


def test_one_checkpoint_that_is_loaded_makes_no_difference() -> None:
    plain: Scheduler[Fake] = Scheduler()
    warm: Scheduler[Fake] = Scheduler()
    jobs = [(1.0, 5, 2), (2.5, 3, 1), (16.0, 2, 1)]
    fill(plain, jobs)
    fill(warm, jobs)
    for _ in range(10):
        one, other = step(plain), step(warm, {"a"})
        assert one is not None
        assert other is not None
        assert one.job == other.job
