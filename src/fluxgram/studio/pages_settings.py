"""The page of settings; what it shows and changes goes through the native surface."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fluxgram.studio.page import Pages, Visitor

router = APIRouter(include_in_schema=False)


@router.api_route("/settings", methods=["GET", "HEAD"])
def settings(request: Request, pages: Pages, who: Visitor) -> Response:
    """Checkpoints, keys, usage, storage, this machine, looks."""
    data = {"admin": "admin" in who.scopes}
    return pages.page(request, "settings.html", "settings", {"data": data})
