"""The same service on a real PostgreSQL: drawn, killed and drawn again, cancelled, followed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from fluxgram.jobs.door import Caller, Jobs, Order
from fluxgram.jobs.supervisor import Supervisor
from tests.jobs.waiting import kinds, until
from tests.store.conftest import fresh_postgres, postgres

__all__ = ["fresh_postgres", "postgres"]  # fixtures


async def followed(jobs: Jobs, number: int) -> list[str]:
    return [event.kind async for event in jobs.follow(number)]


def test_nothing_is_lost_there_either(
    fresh_postgres: str,
    open_jobs: Callable[..., Jobs],
    supervise: Callable[..., Supervisor],
) -> None:
    jobs = open_jobs(database=fresh_postgres)
    supervisor = supervise(jobs)
    slow = Order({"prompt": "portrait slow", "steps": 6, "samples": 2, "seed": 2**64 - 1})
    job = jobs.submit(slow, Caller(owner="anna"))
    stopped = jobs.submit(Order({"prompt": "portrait crawl", "steps": 50}), Caller(owner="bert"))
    until(lambda: jobs.get(job.id).pictures and "step" in kinds(jobs, stopped.id))
    os.kill(supervisor.status()[0].pid, signal.SIGKILL)
    jobs.cancel(stopped.id)
    assert asyncio.run(followed(jobs, stopped.id))[-1] == "cancelled"
    assert asyncio.run(followed(jobs, job.id))[-1] == "done"
    done = jobs.get(job.id)
    assert (done.record.attempt, done.record.deaths) == (2, 1)
    assert [picture.seed for picture in done.pictures] == [2**64 - 1, 0]
    assert kinds(jobs, job.id).count("picture") == 2
