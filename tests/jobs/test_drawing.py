"""The drawing thread of a worker, in this process."""

from __future__ import annotations

import threading

import pytest

from fluxgram.jobs import drawing
from fluxgram.jobs.door import Jobs, Order
from fluxgram.jobs.drawing import Worker
from fluxgram.jobs.signals import Signals
from tests.jobs.tiny_engine import make


def test_jobs_that_wait_follow_one_another_at_once(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that looked for the next job only by and by would never end within the deadline."""
    monkeypatch.setattr(drawing, "POLL_SECONDS", 600.0)
    waiting = [
        jobs.submit(Order({"prompt": "portrait", "size": [64, 64], "seed": seed})) for seed in range(5)
    ]
    signals = Signals(drain_seconds=1.0)
    worker = Worker(jobs, make(jobs.settings, jobs.service), "here:1:1", signals, lambda said: None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert [jobs.wait(job.id, 60).state for job in waiting] == ["done"] * 5
    finally:
        signals.drain()
        signals.wake()
        thread.join(60)
    assert not thread.is_alive()
