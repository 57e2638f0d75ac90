"""`Draining`: the end of the service, step by step, so that nothing accepted is lost.

Told to end, the server takes no new jobs and goes on answering while workers finish what they can or give it back;
then streams end, and then the rest stops. `run.py` begins it at a signal; the application's lifespan does where nobody
did.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fluxgram.errors import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fluxgram.jobs.supervisor import Supervisor
    from fluxgram.server.webhooks import WebhookSender


class Draining:
    """Where the service stands with its end.

    Attributes:
        begun: It was told to end.
        over: Workers are done; streams and waiting answers should end.
        failed: Why the service could not even begin.
        say: Called with sentences for whoever ended it.
    """

    def __init__(self) -> None:
        self.begun = False
        self.over = asyncio.Event()
        self.failed: BaseException | None = None
        self.say: Callable[[str], None] = _silent
        self._task: asyncio.Task[None] | None = None
        self._app: FastAPI | None = None

    @asynccontextmanager
    async def around(self, app: FastAPI) -> AsyncIterator[None]:
        """Start the workers and the sender of webhooks; drain and stop them at the end."""
        self._app = app
        sender: WebhookSender = app.state.sender
        try:
            if app.state.supervisor is not None:
                await asyncio.to_thread(app.state.supervisor.start)
            await sender.start()
        except BaseException as error:
            self.failed = error
            raise
        try:
            yield
        finally:
            self.begin()
            if self._task is not None:
                await self._task
            await sender.stop()
            if app.state.supervisor is not None:
                await asyncio.to_thread(app.state.supervisor.stop)

    def begin(self) -> None:
        """Begin to end; from the event loop's thread, and as often as one likes."""
        if not self.begun and self._app is not None:
            self.begun = True
            self._app.state.jobs.take_no_more()
            self._task = asyncio.get_running_loop().create_task(self._drain(self._app))

    async def _drain(self, app: FastAPI) -> None:
        try:
            if app.state.supervisor is not None:
                seconds = app.state.service.drain_seconds
                with contextlib.suppress(StoreError):
                    self.say(beginning(await asyncio.to_thread(_drawn_by, app.state.supervisor), seconds))
                await asyncio.to_thread(app.state.supervisor.drain, seconds)
        finally:
            self.over.set()


def beginning(drawn: int, seconds: float) -> str:
    """What is said when the end begins."""
    if not drawn:
        return "Ending."
    jobs, has, it = ("1 job", "is being drawn and has", "it") if drawn == 1 else (
        f"{drawn} jobs", "are being drawn and have", "them")  # fmt: skip
    return f"Ending: {jobs} {has} {seconds:g} s to finish; Ctrl-C again ends at once and queues {it} again."


def end(waiting: int) -> str:
    """What is said at the very end."""
    if not waiting:
        return "Ended."
    jobs = "1 job waits" if waiting == 1 else f"{waiting} jobs wait"
    return f"Ended; {jobs} in the queue for the next start."


def _drawn_by(supervisor: Supervisor) -> int:
    return sum(len(worker.jobs) for worker in supervisor.status())


def _silent(sentence: str) -> None:
    """Nobody listens."""
