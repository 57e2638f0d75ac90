"""Any order of acts by clients and workers, also by workers that were given up, against a model in a few lines."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from fluxgram.errors import RequestError
from fluxgram.store.database import Database
from fluxgram.store.records import OVER, JobRecord, Problem
from tests.store.stores import Store

ENDS = {"done", "failed", "cancelled"}


class AnyOrder(RuleBasedStateMachine):
    """The model knows a job's state, its attempt and its strikes; nothing of tags, leases or SQL."""

    jobs = Bundle("jobs")
    attempts: Bundle[JobRecord] = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="fgmodel"))
        self.store = Store(Database.open("", self.home), "", self.home)
        self.state: dict[int, str] = {}
        self.attempt: Counter[int] = Counter()
        self.deaths: Counter[int] = Counter()
        self.asked: set[int] = set()
        self.ends: Counter[int] = Counter()

    def teardown(self) -> None:
        self.store.database.check()
        self.store.database.close()
        shutil.rmtree(self.home)

    def ours(self, taken: JobRecord) -> bool:
        return self.state[taken.id] == "running" and self.attempt[taken.id] == taken.attempt

    def over(self, id: int, state: str) -> None:  # noqa: A002  (a job's id is called so)
        self.state[id] = state
        self.asked.discard(id)
        self.ends[id] += 1

    @rule(
        target=jobs, owner=st.sampled_from("abc"), priority=st.sampled_from((0, 0, 1)), cost=st.integers(0, 3)
    )
    def submit(self, owner: str, priority: int, cost: int) -> int:
        job = self.store.submit(owner, priority=priority, cost=float(cost))
        self.state[job.id] = "queued"
        return job.id

    @rule(target=attempts, busy=st.sets(st.sampled_from("abc"), max_size=1))
    def claim(self, busy: set[str]) -> Any:
        waiting = [id for id, state in self.state.items() if state == "queued"]  # noqa: A001
        may = [job for job in map(self.store.queue.get, waiting) if job.owner not in busy]
        taken = self.store.queue.claim("w", 30.0, busy=busy)
        if not may:
            assert taken is None
            return multiple()
        assert taken is not None
        assert taken.id in {job.id for job in may}
        assert taken.priority == max(job.priority for job in may)
        self.attempt[taken.id] += 1
        self.state[taken.id] = "running"
        assert taken.attempt == self.attempt[taken.id]
        return taken

    @rule(taken=attempts)
    def note(self, taken: JobRecord) -> None:
        said = [("step", {"n": 1}), ("preview", {"image": "A"})]
        assert self.store.queue.note(taken.id, taken.attempt, said) == self.ours(taken)

    @rule(taken=attempts)
    def picture(self, taken: JobRecord) -> None:
        assert self.store.draw(taken) == self.ours(taken)

    @rule(taken=attempts, how=st.sampled_from(("finish", "fail", "stopped")))
    def end(self, taken: JobRecord, how: str) -> None:
        ours, queue = self.ours(taken), self.store.queue
        if how == "finish":
            assert queue.finish(taken.id, taken.attempt, seconds=1.0) == ours
        elif how == "fail":
            assert queue.fail(taken.id, taken.attempt, Problem("Defect", "x")) == ours
        else:
            assert queue.stopped(taken.id, taken.attempt) == ours
        if ours:
            self.over(taken.id, {"finish": "done", "fail": "failed", "stopped": "cancelled"}[how])

    @rule(taken=attempts, strike=st.booleans())
    def release(self, taken: JobRecord, strike: bool) -> None:
        ours = self.ours(taken)
        after = self.store.queue.release(taken.id, taken.attempt, "x", strike=strike, deaths=2)
        assert (after is not None) == ours
        if after is None:
            return
        self.deaths[taken.id] += strike
        if taken.id in self.asked:
            self.over(taken.id, "cancelled")
        elif strike and self.deaths[taken.id] >= 2:
            self.over(taken.id, "failed")
        else:
            self.state[taken.id] = "queued"
        assert after.state == self.state[taken.id]

    @rule(id=jobs)
    def cancel(self, id: int) -> None:  # noqa: A002  (a job's id is called so)
        after = self.store.queue.cancel(id)
        if self.state[id] == "queued":
            self.over(id, "cancelled")
        elif self.state[id] == "running":
            self.asked.add(id)
        assert after.state == self.state[id]

    @rule(id=jobs)
    def retry(self, id: int) -> None:  # noqa: A002  (a job's id is called so)
        if self.state[id] in {"queued", "running"}:
            with pytest.raises(RequestError):
                self.store.queue.retry(id)
            return
        after = self.store.queue.retry(id)
        if self.state[id] != "done":
            self.state[id] = "queued"
            self.deaths[id] = 0
        assert after.state == self.state[id]

    @rule(taken=consumes(attempts))
    def forget(self, taken: JobRecord) -> None:
        """A worker that is gone for good; its job stays as it is."""

    @invariant()
    def as_the_model_says(self) -> None:
        jobs = self.store.queue.list(None, limit=1000)
        assert {job.id: job.state for job in jobs} == self.state
        for job in jobs:
            assert (job.attempt, job.deaths) == (self.attempt[job.id], self.deaths[job.id])
            assert job.cancel_asked == (job.id in self.asked)
            kinds = self.store.kinds(job)
            assert sum(kind in ENDS for kind in kinds) == self.ends[job.id]
            assert kinds.count("started") == job.attempt
            if job.state in OVER:
                assert kinds[-1] == job.state
                assert "preview" not in kinds
        done = sum(job.state == "done" for job in jobs)
        assert sum(row.jobs for row in self.store.keys.usage()) == done


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
