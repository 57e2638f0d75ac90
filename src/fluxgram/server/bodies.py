"""`BodyGuard`: bodies are read before anybody else sees the request, up to a size, a time, and so many at a time.

Nobody has shown a key by then. So what all clients together can have held in memory is bounded, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.datastructures import Headers

from fluxgram.errors import Busy, FluxgramError, RequestError
from fluxgram.server.failures import respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 60.0
"""A body that takes longer to arrive is given up."""
LISTEN_SECONDS, LISTEN_BYTES = 5.0, 100_000_000
"""What is taken of a body that was refused, to be thrown away."""
SMALL_BYTES = 65_536
"""Of a body that is always taken; orders have far less."""
MOST_HELD, LARGER_HELD = 8, 2
"""Bodies of the largest size that all requests together may hold, and beside them of the larger sizes of some paths;
further large ones are asked to come again."""


class _Refused(Exception):
    """A body is not taken.

    Args:
        error: What the client is told.
        status: With which status.
    """

    def __init__(self, error: FluxgramError, status: int) -> None:
        super().__init__(str(error))
        self.error, self.status = error, status


class BodyGuard:
    """Reads bodies.

    Args:
        app: What comes after.
        most: Bytes of the largest body; 0 is no limit.
        larger: Bytes that the bodies of some paths may have where that is more, such as files.
        streamed: Paths whose routes take the body as it comes, once they know who sends it, and count it themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: int,
        larger: Mapping[str, int] | None = None,
        streamed: Collection[str] = (),
    ) -> None:
        self.app, self.most, self.larger, self.streamed = app, most, larger or {}, streamed
        self.held = {False: 0, True: 0}
        """Bytes of large bodies that are held now: of ordinary paths, and of those with larger ones."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body, or answer it; see the module."""
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        if headers is None or not ("content-length" in headers or "transfer-encoding" in headers):
            await self.app(scope, receive, send)
            return
        if scope["path"] in self.streamed:
            await _answer_and_listen(self.app, scope, receive, send)
            return
        body, refused, counted = bytearray(), None, 0
        most = max(self.most, self.larger.get(scope["path"], 0)) if self.most else 0
        try:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    await self._read(headers.get("content-length", "0"), receive, body, most)
            except TimeoutError:
                refused = _Refused(RequestError("The body took too long to arrive.", "Send it again."), 408)
            except _Refused as error:
                refused = error
            finally:
                counted = _large(body)
            if refused is None:
                await self.app(scope, _replaying(body, receive), send)
        finally:
            self.held[most > self.most] -= counted
        if refused is not None:
            body.clear()
            closing = {"Connection": "close"}
            answer = respond(Request(scope, receive), refused.error, refused.status, closing)
            await _answer_and_listen(answer, scope, receive, send)

    async def _read(self, told: str, receive: Receive, body: bytearray, most: int) -> None:
        """Read the whole body. One that breaks off is passed on as far as it came.

        Raises:
            _Refused: It is too large, or too many large ones are held.
        """
        if told.isdecimal() and len(told) < 19 and int(told) > most > 0:
            raise self._too_large(most)
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            self._hold(body, message.get("body", b""), most)
            if not message.get("more_body", False):
                return

    def _hold(self, body: bytearray, more: bytes, most: int) -> None:
        """Add to a body."""
        before = _large(body)
        body += more
        larger = most > self.most
        self.held[larger] += _large(body) - before
        if len(body) > most > 0:
            raise self._too_large(most)
        room = LARGER_HELD * max(self.larger.values()) if larger else MOST_HELD * self.most
        if _large(body) and self.most and self.held[larger] > room:
            error = Busy("Too many large bodies are under way.", "Send it again later.", retry_after=5.0)
            raise _Refused(error, 429)

    def _too_large(self, most: int) -> _Refused:
        hint = "Send less, or raise max_body_mb." if most == self.most else "Send a smaller file."
        error = RequestError(f"The body is larger than {most / 1e6:g} MB.", hint)
        return _Refused(error, 413)


def _replaying(body: bytearray, receive: Receive) -> Receive:
    """What gives the body once, and then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given, whole = True, bytes(body)
        body.clear()
        return {"type": "http.request", "body": whole, "more_body": False}

    return replay


def _large(body: bytearray) -> int:
    """Bytes of a body that counts."""
    return len(body) if len(body) > SMALL_BYTES else 0


async def _answer_and_listen(answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a client that may still be sending, and let it send on for a while: most read only when they are through.

    The answer goes out at once; its end is held back, because the connection closes with it and what lies unread
    then resets it, answer and all.
    """
    over = False

    async def listening() -> Message:
        nonlocal over
        message = await receive()
        over = over or not message.get("more_body", False)
        return message

    async def held_back(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await answer(scope, listening, held_back)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS):
            size = 0
            while size < LISTEN_BYTES and not over:
                size += len((await listening()).get("body", b""))
    await send({"type": "http.response.body", "body": b"", "more_body": False})
