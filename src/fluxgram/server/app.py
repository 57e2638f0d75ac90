"""`create_app`: the surfaces, the guards before them and what starts and ends with them, as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from fluxgram.server import failures, front, guards, modelslab, native, openai, operations, pictures
from fluxgram.server.callers import Buckets
from fluxgram.server.draining import Draining
from fluxgram.server.metrics import Metrics
from fluxgram.server.webhooks import WebhookSender

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.supervisor import Supervisor

SURFACES = (native, modelslab, openai)
"""Each has a `router`, its `PREFIXES`, and `failure`, which makes its bodies of errors."""


def create_app(jobs: Jobs, supervisor: Supervisor | None = None) -> FastAPI:
    """Make the application; nothing is started before its lifespan is.

    Args:
        jobs: The door; the caller closes it.
        supervisor: Of the workers, started and stopped with the application; None where others draw.

    Raises:
        SettingsError: The secret of webhooks is none.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.draining.around(app):
            yield

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
    app.state.draining = Draining()
    app.state.bodies = {}
    for surface in SURFACES:
        app.include_router(surface.router)
        app.state.bodies.update(dict.fromkeys(surface.PREFIXES, surface.failure))
    for other in (pictures, operations, front):
        app.include_router(other.router)
    failures.install(app)
    guards.install(app)
    return app
