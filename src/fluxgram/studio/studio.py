"""`install`: puts the Studio's pages, browser files and signing-in before people, at the front of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
