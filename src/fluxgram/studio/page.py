"""What all pages have in common: who looks, and what a failure looks like to a person in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from fluxgram.errors import KeyInvalid
from fluxgram.jobs.orders import Caller
from fluxgram.server.callers import caller_of
from fluxgram.server.failures import problem
from fluxgram.studio.rendering import Rendering

if TYPE_CHECKING:
    from fastapi.responses import Response

    from fluxgram.errors import FluxgramError


def visitor(request: Request) -> Caller:
    """Who looks at a page; whoever has no key is led to the page where one is asked for."""
    return caller_of(request)


Visitor = Annotated[Caller, Depends(visitor)]


def rendering(request: Request) -> Rendering:
    """What makes pages."""
    found: Rendering = request.app.state.studio
    return found


Pages = Annotated[Rendering, Depends(rendering)]


def failure(request: Request, error: FluxgramError, status: int) -> Response:
    """A page that says what went wrong, for browsers; a problem (RFC 9457) for everybody else."""
    if request.method not in ("GET", "HEAD") or "text/html" not in request.headers.get("accept", ""):
        return problem(request, error, status)
    if isinstance(error, KeyInvalid):
        path = request.scope.get("raw_path", b"").decode("ascii", "ignore") or request.url.path
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?to={quote(path + query)}", 303)
    values = {"status": status, "message": str(error), "hint": error.hint}
    return rendering(request).page(request, "failure.html", "common", values, status=status)
