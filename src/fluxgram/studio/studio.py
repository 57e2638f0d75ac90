"""`install`: puts the Studio's pages, browser files and signing-in before people, at the front of an application."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from fluxgram.errors import FluxgramError
from fluxgram.server.native_words import catalog_at
from fluxgram.studio import (
    browser_files,
    pages_compare,
    pages_gallery,
    pages_light,
    pages_people,
    pages_settings,
    pages_shoot,
    signing_in,
)
from fluxgram.studio.page import failure
from fluxgram.studio.rendering import Rendering

if TYPE_CHECKING:
    from fastapi import FastAPI

PAGES = (pages_shoot, pages_light, pages_gallery, pages_compare, pages_people, pages_settings, signing_in)
"""Each has a `router`."""


def install(app: FastAPI) -> None:
    """Add the Studio to an application: its pages, its files, and pages of errors for browsers."""
    app.state.studio = Rendering()
    app.state.bodies[""] = failure
    for part in (*PAGES, browser_files):
        app.include_router(part.router)
    threading.Thread(target=_warm, args=(app,), name="studio", daemon=True).start()


def _warm(app: FastAPI) -> None:
    """Read what the first page needs before anybody asks for it; what fails here is told where it is asked for."""
    with contextlib.suppress(FluxgramError, OSError):
        _ = app.state.studio.files.compressed, app.state.studio.files.version
        catalog_at(app)
