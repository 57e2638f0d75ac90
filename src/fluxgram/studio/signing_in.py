"""Signing in: where a key is needed, a browser shows it once and has a session from then on."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from fluxgram.errors import KeyInvalid
from fluxgram.server import sessions
from fluxgram.studio.page import Pages

router = APIRouter(include_in_schema=False)
_OURS = re.compile(r"/(?![/\\])[\x21-\x7e]{0,1000}")
"""Addresses on this server; a browser reads `//` and `/\\` as the beginning of another one's."""


@router.get("/sign-in")
def form(request: Request, pages: Pages, to: str = "/") -> Response:
    """Ask for the key."""
    return pages.page(request, "sign_in.html", "sign-in", {"to": _ours(to), "problem": ""})


@router.post("/sign-in")
def sign_in(
    request: Request,
    pages: Pages,
    key: Annotated[str, Form(max_length=400)] = "",
    to: Annotated[str, Form(max_length=1000)] = "/",
) -> Response:
    """Begin a session and go where the visitor wanted to go."""
    answer = RedirectResponse(_ours(to), 303)
    try:
        sessions.begin(request, answer, key)
    except KeyInvalid as error:
        values = {"to": _ours(to), "problem": str(error)}
        return pages.page(request, "sign_in.html", "sign-in", values, status=401)
    return answer


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    answer = RedirectResponse("/sign-in", 303)
    sessions.end(request, answer)
    return answer


def _ours(to: str) -> str:
    return to if _OURS.fullmatch(to) else "/"
