"""What each of locust's users does: hand in a job, again and again. `bench/service.py` runs it.

locust -f bench/submits.py --headless --users 50 --spawn-rate 50 --run-time 20s --host http://127.0.0.1:7070
"""

from __future__ import annotations

import itertools

from locust import constant, task
from locust.contrib.fasthttp import FastHttpUser

_SEEDS = itertools.count()


class Photographer(FastHttpUser):
    """A client that never waits for its pictures."""

    wait_time = constant(0)

    @task
    def submit(self) -> None:
        """Hand in one small job."""
        seed = next(_SEEDS)
        self.client.post("/api/v1/jobs", json={"prompt": f"portrait {seed}", "seed": seed, "size": "64x64"})
