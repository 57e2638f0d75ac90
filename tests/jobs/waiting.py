"""Waiting for what other processes do, and looking at what they did."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

PATIENCE = 60.0
"""Seconds that a busy machine may take for what takes none."""


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return found


def kinds(jobs: Jobs, id: int) -> list[str]:  # noqa: A002  (the job's own word for it)
    """What happened to a job."""
    return [event.kind for event in jobs.events(id)]
