"""What every request passes before a surface sees it, and every answer on its way back.

From the outside in: `Watch` (request id, log, metrics, defects), `HostGuard` (DNS rebinding), CORS, `OriginGuard`
(forged requests of web pages), `BodyGuard` (size and time of bodies). Refusals are in the words of the surface.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import secrets
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware

from fluxgram.errors import AccessError, RequestError
from fluxgram.server import logs
from fluxgram.server.callers import is_loopback
from fluxgram.server.failures import Defect, respond

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fluxgram.service import ServiceSettings

BODY_SECONDS = 60.0
"""A body that takes longer to arrive is given up."""
LISTEN_SECONDS, LISTEN_BYTES = 5.0, 100_000_000
"""What is taken of a body that was refused, to be thrown away."""
SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""
SHOWN = ("X-Request-Id", "Retry-After", "Location", "X-RateLimit-Limit", "X-RateLimit-Remaining",
         "X-RateLimit-Reset", "Content-Range", "ETag", "Link")  # fmt: skip
"""Headers that scripts of other origins may read."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def install(app: FastAPI) -> None:
    """Put the guards before the application."""
    service: ServiceSettings = app.state.service
    app.add_middleware(BodyGuard, most=int(service.max_body_mb * 1_000_000))
    app.add_middleware(OriginGuard, service=service)
    if service.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=service.origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"),
            allow_headers=("*",),
            expose_headers=SHOWN,
            max_age=600,
        )
    app.add_middleware(HostGuard, names=known_names(service))
    app.add_middleware(Watch)


class Watch:
    """Gives every request an id, writes it down and counts it, and tells a defect as one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; see the class."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        number = asked if _SANE_ID.fullmatch(asked) else secrets.token_hex(8)
        trace = headers.get("traceparent", "")
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = number
        token = logs.enter(number, trace if _TRACE.fullmatch(trace) else "")
        began, status, started = time.perf_counter(), 500, False

        async def sending(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = number
                out.setdefault("X-Content-Type-Options", "nosniff")
                for name, value in state["rate"].headers().items() if "rate" in state else ():
                    out[name] = value
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            logs.defect(error, show=scope["app"].state.service.log_prompts)
            if not started:
                await respond(Request(scope, receive), Defect(), 500)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            scope["app"].state.metrics.request(scope["path"], state.get("checkpoint", ""), status)
            logs.request(scope["method"], scope["path"], status, seconds, state.get("owner", ""))
            logs.leave(token)


def known_names(service: ServiceSettings) -> frozenset[str]:
    """Names beside loopback ones that requests may call this server by; `*` stands for all."""
    names = {service.host.strip("[]").lower(), *(host.lower().strip("[]") for host in service.hosts)}
    if service.public_url:
        names.add((urlsplit(service.public_url).hostname or "").lower())
    if service.host in ("0.0.0.0", "::", ""):  # noqa: S104  (compared, not bound)
        names |= {ANY_ADDRESS, socket.gethostname().lower()}
    return frozenset(names - {""})


ANY_ADDRESS = "<addresses>"
"""Among names: every address in numbers, which no name server can bend."""


def host_name(header: str) -> str:
    """The name or address in a Host header, without its port, in lower case; empty where it is none."""
    try:
        found = urlsplit(f"//{header}")
        _ = found.port
    except ValueError:
        return ""
    if found.username is not None or found.path or found.query or found.fragment:
        return ""
    return (found.hostname or "").rstrip(".")


class HostGuard:
    """Refuses requests that call this server by a name it does not go by (DNS rebinding)."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; see the class."""
        if scope["type"] == "http" and not self.allows(Headers(scope=scope).getlist("host")):
            error = AccessError(
                "This server does not go by the name in the Host header.",
                "Call it by its address, or add the name to hosts in service.toml.",
            )
            await respond(Request(scope, receive), error, 421)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def allows(self, headers: list[str]) -> bool:
        """Whether the Host headers of a request (one, if it is well) name this server."""
        name = host_name(headers[0]) if len(headers) == 1 else ""
        if not name:
            return False
        if "*" in self.names or name in self.names or is_loopback(name):
            return True
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return False
        return ANY_ADDRESS in self.names


class OriginGuard:
    """Refuses what a page of another origin wants to change (cross-site request forgery)."""

    def __init__(self, app: ASGIApp, service: ServiceSettings) -> None:
        self.app = app
        self.origins = {origin.rstrip("/").lower() for origin in service.origins}
        self.own = origin_of(service.public_url) if service.public_url else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; see the class."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if not self.allows(headers, scope["scheme"]):
                error = AccessError(
                    "A page of another origin may not do that.", "Add its origin to origins in service.toml."
                )
                await respond(Request(scope, receive), error, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def allows(self, headers: Headers, scheme: str) -> bool:
        """Whether the request comes from no page, from one of ours, or from one that is allowed to."""
        origin = headers.get("origin")
        if origin is None:  # no browser, or one that sends what it knows in another header
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        origin = origin.rstrip("/").lower()
        same = f"{scheme}://{headers.get('host', '').lower()}"
        return "*" in self.origins or origin in self.origins or origin == same or (origin == self.own != "")


def origin_of(url: str) -> str:
    """Scheme, name and port of a URL, as browsers write an origin."""
    found = urlsplit(url.lower())
    return f"{found.scheme}://{found.netloc}"


async def _answer_and_listen(answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a client that is still sending, and let it send on for a while: most read only when they are through.

    The answer goes out at once; its end is held back, because the connection closes with it and what lies unread
    then resets it, answer and all.
    """

    async def held_back(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await answer(scope, receive, held_back)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS):
            size = 0
            while size < LISTEN_BYTES and (message := await receive()).get("more_body", False):
                size += len(message.get("body", b""))
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class BodyGuard:
    """Reads bodies before anybody else does, up to a size and a time."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; see the class."""
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        if headers is None or not ("content-length" in headers or "transfer-encoding" in headers):
            await self.app(scope, receive, send)
            return
        told = headers.get("content-length", "0")
        body: bytes | None = None
        status = 413
        if not (told.isdecimal() and len(told) < 19 and int(told) > self.most > 0):
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await self._read(receive)
            except TimeoutError:
                status = 408
        if body is None:
            megabytes = f"{self.most / 1e6:g} MB"
            error = (
                RequestError(f"The body is larger than {megabytes}.", "Send less, or raise max_body_mb.")
                if status == 413
                else RequestError("The body took too long to arrive.", "Send it again.")
            )
            answer = respond(Request(scope, receive), error, status, {"Connection": "close"})
            await _answer_and_listen(answer, scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None where it is too large. One that breaks off is passed on as far as it came."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(chunks)
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self.most > 0:
                return None
            if not message.get("more_body", False):
                return b"".join(chunks)
