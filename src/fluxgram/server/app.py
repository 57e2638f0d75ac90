"""`create_app`: the surfaces, the guards before them and what starts and ends with them, as one ASGI application."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from fluxgram.jobs.machine import Machine
from fluxgram.jobs.pulling import Pulls
from fluxgram.server import (
    failures,
    front,
    guards,
    modelslab,
    native,
    native_adapters,
    native_gallery,
    openai,
    operations,
    pictures,
)
from fluxgram.server.callers import Buckets
from fluxgram.server.draining import Draining
from fluxgram.server.elsewhere import Elsewhere
from fluxgram.server.metrics import Metrics
from fluxgram.server.webhooks import WebhookSender

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.supervisor import Supervisor

SURFACES = (native, modelslab, openai)
"""Each has a `router`, its `PREFIXES`, and `failure`, which makes its bodies of errors."""


def create_app(
    jobs: Jobs, supervisor: Supervisor | None = None, pages: Callable[[FastAPI], None] | None = None
) -> FastAPI:
    """Make the application; nothing is started before its lifespan is.

    Args:
        jobs: The door; the caller closes it.
        supervisor: Of the workers, started and stopped with the application; None where others draw.
        pages: Puts pages at `/` and beside it, as `fluxgram.studio.studio.install` does; None is one plain page.

    Raises:
        SettingsError: The secret of webhooks is none.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with app.state.elsewhere, app.state.draining.around(app):
                yield
        finally:
            for beside in (app.state.pulls, app.state.machine):
                await asyncio.to_thread(beside.close)

    app = FastAPI(
        title="fluxgram",
        version=version("fluxgram"),
        summary="Photographic portraits with FLUX, behind a durable queue.",
        description=front.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.jobs, app.state.supervisor, app.state.service = jobs, supervisor, jobs.service
    app.state.buckets = Buckets()
    app.state.metrics = Metrics(jobs)
    app.state.sender = WebhookSender(jobs, count=app.state.metrics.webhook)
    app.state.elsewhere = Elsewhere(jobs)
    app.state.draining = Draining()
    app.state.pulls, app.state.machine = Pulls(jobs.settings), Machine(jobs)
    app.state.cast_lock = threading.Lock()
    app.state.bodies, app.state.large_bodies = {}, native_gallery.LARGE_BODIES
    app.state.streamed_bodies = native_adapters.STREAMED
    for surface in SURFACES:
        app.include_router(surface.router)
        app.state.bodies.update(dict.fromkeys(surface.PREFIXES, surface.failure))
    for other in (pictures, operations, front):
        app.include_router(other.router)
    (pages or front.install)(app)
    failures.install(app)
    guards.install(app)
    return app
