"""What a failure looks like over HTTP: its status, and the body that its surface's clients know.

Every surface has a `failure` of its own, found by the path's prefix, also for routes that are not there and for bodies
that are too large. `problem` is the body of everything else (RFC 9457). Nothing of a defect is told but that it is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from fluxgram import errors
from fluxgram.errors import FluxgramError, RequestError
from fluxgram.jobs.discretion import conceal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request, Response

    Maker = Callable[[Request, FluxgramError, int], Response]

LONGEST_WAIT = 120
"""Seconds of `Retry-After`; clients ignore more."""

_BRANCH = re.compile(r"int|float|str|bool|(tuple|list|constrained-|literal|function-).*", re.DOTALL)
"""How pydantic names the branches of a union in a field's place."""

_STATUS: tuple[tuple[type[FluxgramError], int], ...] = (
    (errors.UnknownJob, 404),
    (errors.RequestError, 422),
    (errors.KeyInvalid, 401),
    (errors.ScopeMissing, 403),
    (errors.QuotaExceeded, 402),
    (errors.AccessError, 403),
    (errors.ServiceEnding, 503),
    (errors.Busy, 429),
    (errors.StoreError, 503),
    (errors.CheckpointError, 503),
    (errors.AdapterMisfit, 422),
    (errors.AdapterError, 503),
    (errors.VocabularyError, 503),
    (errors.OutOfMemory, 503),
    (errors.Cancelled, 409),
)


class Malformed(RequestError):
    """A body or parameter of another form than is documented.

    Args:
        message: One sentence about the first thing that is wrong.
        hint: What to do.
        problems: All of it: `field`, `message` and perhaps `hint` of each.
    """

    def __init__(self, message: str, hint: str = "", problems: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message, hint)
        self.problems = list(problems)


class NoSuchPath(errors.UnknownJob):
    """There is nothing at that path."""


class Defect(FluxgramError):
    """A mistake of fluxgram's own; what it was is in the log only."""

    def __init__(self) -> None:
        super().__init__(
            "The server failed in a way it should not.", "Its log has the details under the request's id."
        )


def status_of(error: FluxgramError) -> int:
    """The HTTP status of an error, where the surface has no other for it."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def retry_after(error: FluxgramError) -> int | None:
    """Whole seconds after which a new try makes sense, 1 … 120; None where it does not."""
    if not isinstance(error, errors.Busy):
        return None
    seconds = error.retry_after if math.isfinite(error.retry_after) else LONGEST_WAIT
    return min(LONGEST_WAIT, max(1, math.ceil(seconds)))


def respond(
    request: Request,
    error: FluxgramError,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a request that failed, in the words of its surface.

    Args:
        request: What was asked.
        error: What went wrong.
        status: Instead of `status_of`.
        headers: Further headers, such as `Allow`.
    """
    status = status_of(error) if status is None else status
    conceal(error, request.app.state.jobs)
    response = maker_of(request)(request, error, status)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    if (seconds := retry_after(error)) is not None:
        response.headers.setdefault("Retry-After", str(seconds))
    if status == 401:
        response.headers.setdefault("WWW-Authenticate", "Bearer")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def maker_of(request: Request) -> Maker:
    """Who makes the bodies of errors under the request's path."""
    bodies: Mapping[str, Maker] = request.app.state.bodies
    path = request.scope["path"]
    fitting = [prefix for prefix in bodies if path == prefix or path.startswith(f"{prefix}/")]
    return bodies[max(fitting, key=len)] if fitting else problem


def problem(request: Request, error: FluxgramError, status: int) -> Response:
    """A problem as RFC 9457 writes it, with a hint and, for forms, what is wrong with each field."""
    kind = type(error).__name__
    body: dict[str, Any] = {
        "type": f"/docs#{kind}",
        "title": kind,
        "status": status,
        "detail": str(error),
        "hint": error.hint,
    }
    if isinstance(error, Malformed) and error.problems:
        body["errors"] = error.problems
    return JSONResponse(body, status, media_type="application/problem+json")


def methods_at(request: Request) -> list[str]:
    """What a path takes, over all routes that it fits."""
    found: set[str] = set()
    for route in request.app.routes:
        matched, _ = route.matches({**request.scope, "method": ""})
        if matched is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


def install(app: FastAPI) -> None:
    """Have the application answer what its routes raise."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, FluxgramError)  # noqa: S101  (registered for these)
        return respond(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return respond(request, _malformed(error))

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        headers = dict(error.headers or {})
        if error.status_code == 405 and (allowed := methods_at(request)):
            headers["Allow"] = ", ".join(allowed)
        return respond(request, _told(request, error), error.status_code, headers)

    app.add_exception_handler(FluxgramError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)


def _malformed(error: RequestValidationError) -> Malformed:
    """What pydantic found, in sentences; what was sent is not repeated, and may be no JSON at all."""
    found: list[dict[str, str]] = []
    for entry in error.errors():
        place = [str(part) for part in entry.get("loc", ())]
        named = [part for part in place if part not in ("body", "query", "path", "header")]
        field = ".".join(part for part in named if not _BRANCH.fullmatch(part)) or "body"
        words = str(entry.get("msg", "is wrong")).removeprefix("Value error, ").strip().rstrip(".")
        if found and found[-1]["field"] == field[:200] and _BRANCH.fullmatch(named[-1]):
            other = words.removeprefix("Input should be ")  # of a field that may be one or the other
            found[-1]["message"] = f"{found[-1]['message'].rstrip('.')}, or {other[:1].lower()}{other[1:]}."
            continue
        hint = str((entry.get("ctx") or {}).get("hint", ""))
        found.append({"field": field[:200], "message": f"{words}.", **({"hint": hint} if hint else {})})
    first = found[0] if found else {"field": "body", "message": "It is wrong."}
    hint = first.get("hint", "") or "/docs says what each field takes."
    beginning = "" if first["field"] == "body" else f"{first['field']}: "
    return Malformed(f"{beginning}{first['message']}", hint, found)


def _told(request: Request, error: HTTPException) -> FluxgramError:
    """What the framework refuses by itself, in a sentence."""
    path = request.scope["path"]
    if error.status_code == 404:
        return NoSuchPath(f"There is nothing at {path[:200]!a}.", "/docs lists what there is.")
    if error.status_code == 405:
        allowed = ", ".join(methods_at(request)) or (error.headers or {}).get("Allow", "")
        return RequestError(
            f"{request.method[:20]} is not for {path[:200]!a}.", f"It takes {allowed}." if allowed else ""
        )
    if error.status_code == 400:
        return Malformed("The body cannot be read.", "Send JSON in UTF-8.")
    return RequestError(str(error.detail)[:300]) if error.status_code < 500 else Defect()
