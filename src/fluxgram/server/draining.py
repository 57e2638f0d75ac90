"""`Draining`: the end of the service, step by step, so that nothing accepted is lost.

Told to end, the server takes no more, workers finish what they can or give it back, streams end, and then the rest
stops. `run.py` begins it at a signal; the application's lifespan does where nobody did.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fluxgram.server.webhooks import WebhookSender


class Draining:
    """Where the service stands with its end.

    Attributes:
        begun: It was told to end.
        over: Workers are done; streams and waiting answers should end.
        failed: Why the service could not even begin.
    """

    def __init__(self) -> None:
        self.begun = False
        self.over = asyncio.Event()
        self.failed: BaseException | None = None
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
            self._task = asyncio.get_running_loop().create_task(self._drain(self._app))

    async def _drain(self, app: FastAPI) -> None:
        try:
            if app.state.supervisor is not None:
                await asyncio.to_thread(app.state.supervisor.drain, app.state.service.drain_seconds)
        finally:
            self.over.set()
