"""What every request passes before a surface sees it, and every answer on its way back.

From the outside in: `Watch` (request id, log, metrics, defects), `HostGuard` (DNS rebinding), CORS, `OriginGuard`
(forged requests of web pages), `BodyGuard` of `bodies.py`. Refusals are in the words of the surface.
"""

from __future__ import annotations

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

from fluxgram.errors import AccessError
from fluxgram.server import logs
from fluxgram.server.bodies import BodyGuard
from fluxgram.server.callers import is_loopback
from fluxgram.server.failures import Defect, respond

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fluxgram.service import ServiceSettings

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
    app.add_middleware(
        BodyGuard,
        most=int(service.max_body_mb * 1_000_000),
        larger=app.state.large_bodies,
        streamed=app.state.streamed_bodies,
    )
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
            meant = state.get("meant", status)  # old clients get some errors with status 200
            scope["app"].state.metrics.request(scope["path"], state.get("checkpoint", ""), meant)
            logs.request(scope["method"], scope["path"], status, seconds, state.get("owner", ""), meant)
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
