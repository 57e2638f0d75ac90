"""`Standing`: a real server on a real socket without workers, so that time stands still; the test is the worker.

It claims jobs from the queue, draws them or not, and ends them as it likes.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image

from fluxgram.jobs.door import Jobs, over_as
from fluxgram.server.app import create_app
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from fluxgram.store.records import JobRecord, PictureRecord, Problem
from tests.serving import wait_until

WORKER = "the test"


class _Server(uvicorn.Server):
    """Begins the service's end as `fluxgram serve` does at a signal."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.draining.begin()
        await super().shutdown(sockets)


class Standing:
    """A service whose only worker is the test.

    Attributes:
        jobs: Its door.
        app: Its application.
        server: What serves it.
        url: What its addresses begin with.
    """

    def __init__(self, home: Path, **service: Any) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.jobs = Jobs.open(Settings(home), ServiceSettings(**service))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.app = create_app(self.jobs)
        config = uvicorn.Config(self.app, log_config=None, lifespan="on", timeout_graceful_shutdown=20)
        self.server = _Server(config)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._listening]})
        self._thread.start()
        wait_until(lambda: self.server.started, "the server")

    def claim(self) -> JobRecord:
        """Take the next job."""
        job: JobRecord = wait_until(lambda: self.jobs.queue.claim(WORKER, 600), "a job")
        return job

    def draw(self, job: JobRecord, verdict: str = "unchecked") -> None:
        """Write a grey picture for each name of a job that was taken, and end the job."""
        data = io.BytesIO()
        Image.new("RGB", (8, 8), "grey").save(data, "PNG")
        for index, name in enumerate(job.names):
            small = name.replace(".png", "-small.jpg")
            self.jobs.store.write(name, data.getvalue())
            picture = PictureRecord(
                name=name, thumbnail=small, job=job.id, index=index, seed=job.request["seed"] + index, width=8,
                height=8, bytes=len(data.getvalue()), format="png", sha256="0" * 64, receipt={"steps": 4},
                verdict=verdict, created=0.0, removed=False,
            )  # fmt: skip
            assert self.jobs.queue.picture(job.id, job.attempt, picture)
        record = self.jobs.queue.get(job.id)
        assert self.jobs.queue.finish(job.id, job.attempt, seconds=1.5, webhook=self.jobs.webhook(record))
        self.jobs.ring(job.id)

    def fail(self, job: JobRecord, message: str, hint: str = "") -> None:
        """End a job that was taken as failed."""
        problem = Problem("OutOfMemory", message, hint)
        letter = self.jobs.webhook(over_as(job, state="failed", problem=problem))
        assert self.jobs.queue.fail(job.id, job.attempt, problem, webhook=letter)
        self.jobs.ring(job.id)

    def close(self) -> None:
        """Stop serving."""
        self.server.should_exit = True
        self._thread.join(60)
        self._listening.close()
        self.jobs.close()


@contextlib.contextmanager
def standing(home: Path, **service: Any) -> Iterator[Standing]:
    """A service without workers, ended with the block.

    Args:
        home: Its home folder, made if it is not there.
        **service: Fields of `ServiceSettings`.
    """
    made = Standing(home, **service)
    try:
        yield made
    finally:
        made.close()
