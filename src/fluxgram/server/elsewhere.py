"""`Elsewhere`: asks other servers for pictures, by the images route of OpenAI's clients, and keeps what comes.

What is asked for is in the board's cell before it is asked, with who asks: a server that dies leaves a cell that says
so (`jobs/cells.py`). Where it may be sent is `addresses.py`: other servers are added by whoever administers, so private
networks and loopback are allowed, but never a redirect, and a picture's own address must be public or the same server.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import functools
import json
import logging
import os
import ssl
import time
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self

import httpx2

from fluxgram.errors import FluxgramError, PictureError, RequestError, ServiceEnding, UnknownJob
from fluxgram.jobs.comparisons import change_cell
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.names import WorkerName
from fluxgram.jobs.orders import Caller
from fluxgram.jobs.webhook_urls import is_public, literal
from fluxgram.server.addresses import AddressRefused, GuardedTransport, Resolve, resolve
from fluxgram.store.records import Problem

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import EndpointRecord

log = logging.getLogger(__name__)

TIMEOUT = 300.0
"""Seconds for a picture as a whole; those who draw take their time."""
CONNECT_SECONDS = 10.0
MOST_BYTES = 40_000_000
"""Of a picture."""
_MOST_ANSWER = MOST_BYTES * 4 // 3 + 1_000_000
"""Of the JSON around a picture in base64."""
_MOST_PROBLEM = 64_000
_AT_ONCE = 4
_MOST_SAID = 300
_ROUTE = "/images/generations"


class EndpointFailed(FluxgramError):
    """Another server did not give a picture."""


def check_endpoint_url(text: str) -> str:
    """What the routes of another server begin with, checked and without what does not belong there.

    Raises:
        RequestError: Not a whole http(s) address, one with credentials, or one that nothing may be sent to.
    """
    hint = "Give what its routes begin with, such as https://api.example.com/v1."
    try:
        parts = httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError):
        raise RequestError("This is not a web address.", hint) from None
    if len(text) > 2000 or parts.scheme not in ("http", "https") or not parts.host or "%" in parts.host:
        raise RequestError("The address must begin with http:// or https:// and name a host.", hint)
    if parts.userinfo:
        raise RequestError("The address must not hold a user name or password.", "Give the key by itself.")
    address = literal(parts.host)
    if address is not None and not is_public(address, private_too=True):
        raise RequestError("Nothing is ever sent to that address.", "Give one of a machine.")
    path = parts.path.rstrip("/").removesuffix(_ROUTE) or "/v1"
    return str(parts.copy_with(path=path, query=None, fragment=None))


class Elsewhere:
    """Asks from the event loop of the server; an asynchronous context around its life.

    Args:
        jobs: The door; its boards, endpoints and pictures are used.
        timeout: Seconds for a picture as a whole.
        resolve: Who turns names into addresses.
    """

    def __init__(self, jobs: Jobs, *, timeout: float = TIMEOUT, resolve: Resolve = resolve) -> None:
        self._jobs = jobs
        self._timeout = timeout
        self._resolve = resolve
        self._tls: ssl.SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._room: asyncio.Semaphore | None = None
        self._asking: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Begin."""
        self._loop, self._room = asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of what is on its way; its cells say that they were interrupted."""
        self._loop = None
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def ask(self, board: str, number: int, owner: str) -> None:
        """Ask for a cell's picture; returns at once, from any thread but the loop's.

        Args:
            board: The comparison.
            number: The cell.
            owner: Whose the picture will be.

        Raises:
            UnknownJob: There is no such cell any more.
            ServiceEnding: The service is ending, or has not begun.
        """
        if self._loop is None:
            raise ServiceEnding(
                "The service is ending and asks nobody.", "Ask again in a moment.", retry_after=10.0
            )
        me = str(WorkerName.of_process("elsewhere", os.getpid()))

        def asked(cell: dict[str, Any]) -> dict[str, Any]:
            begun = {"state": "asking", "worker": me, "asked": time.time(), "problem": None}
            return {**cell, **begun, "attempt": int(cell["attempt"]) + 1}

        after = change_cell(board, number, asked, self._jobs)
        cell = next(each for each in after.data["cells"] if each["number"] == number)
        self._call(self._begin, board, cell, owner)

    def cancel(self, board: str, number: int) -> None:
        """Wait no longer for a cell; the other server may draw on."""
        with contextlib.suppress(UnknownJob):
            change_cell(board, number, lambda cell: {**cell, **_cancelled(cell)}, self._jobs)
        self._call(self._stop, (board, number))

    def _call(self, function: Any, *arguments: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed between the two lines
                loop.call_soon_threadsafe(functools.partial(function, *arguments))

    def _begin(self, board: str, cell: dict[str, Any], owner: str) -> None:
        place = board, int(cell["number"])
        self._stop(place)
        task = asyncio.get_running_loop().create_task(self._fill(board, cell, owner), name="elsewhere")
        self._asking[place] = task
        task.add_done_callback(
            lambda done: self._asking.pop(place, None) if self._asking.get(place) is done else None
        )

    def _stop(self, place: tuple[str, int]) -> None:
        if (task := self._asking.pop(place, None)) is not None:
            task.cancel()

    async def _fill(self, board: str, cell: dict[str, Any], owner: str) -> None:
        """Ask, keep the picture, and write into the cell what came of it, if it is still this attempt's."""
        assert self._room is not None  # noqa: S101  (a task runs only between enter and exit)
        try:
            async with self._room:
                endpoint = await asyncio.to_thread(self._jobs.endpoints.get, cell["endpoint"])
                data = await self.fetch(endpoint, cell["prompt"], cell["size"], cell["seed"])
            kept = await asyncio.to_thread(self._keep, data, cell, endpoint, owner)
            came: dict[str, Any] = {"state": "done", "picture": kept, "problem": None}
        except FluxgramError as error:
            log.info("another server gave no picture for cell %s of %s: %s", cell["number"], board, error)
            told = Problem(
                type(error).__name__, discreet(str(error), self._jobs), discreet(error.hint, self._jobs)
            )
            came = {"state": "failed", "problem": asdict(told)}
        except Exception:
            log.exception("asking another server for cell %s of %s: a defect", cell["number"], board)
            told = Problem("Defect", "fluxgram failed in a way it should not.", "Its log has the details.")
            came = {"state": "failed", "problem": asdict(told)}

        def filled(now: dict[str, Any]) -> dict[str, Any]:
            ours = now["attempt"] == cell["attempt"] and now["state"] == "asking"
            return {**now, **came} if ours else now

        try:
            await asyncio.to_thread(change_cell, board, int(cell["number"]), filled, self._jobs)
        except FluxgramError as error:  # taken out meanwhile, or no room; then it is told as interrupted
            log.warning("what came for cell %s of %s is not written: %s", cell["number"], board, error)

    def _keep(self, data: bytes, cell: dict[str, Any], endpoint: EndpointRecord, owner: str) -> str:
        try:
            kept, _ = self._jobs.gallery.keep(
                data,
                endpoint.name,
                Caller(owner, frozenset({"draw", "read"})),
                origin="endpoint",
                prompt=cell["prompt"],
                checkpoint=endpoint.checkpoint or endpoint.name,
            )
        except PictureError as error:
            raise EndpointFailed(
                f"{endpoint.name} sent something that is no picture.", str(error)[:_MOST_SAID]
            ) from None
        return kept.name

    async def fetch(
        self, endpoint: EndpointRecord, prompt: str, size: str = "", seed: int | None = None
    ) -> bytes:
        """The bytes of one picture.

        Args:
            endpoint: Whom to ask.
            prompt: What for.
            size: `512x768`; empty leaves it to the other server.
            seed: Sent where given.

        Raises:
            EndpointFailed: No picture came; the message says why, and never holds the key.
        """
        body: dict[str, Any] = {"prompt": prompt, "n": 1}
        body |= {name: value for name, value in (("model", endpoint.checkpoint), ("size", size)) if value}
        body |= {} if seed is None else {"seed": seed}
        try:
            async with asyncio.timeout(self._timeout):
                return await self._picture(endpoint, body)
        except (TimeoutError, httpx2.TimeoutException):
            raise EndpointFailed(
                f"{endpoint.name} gave no picture within {self._timeout:g} s.",
                "Ask again, or for a smaller one.",
            ) from None
        except httpx2.ConnectError:
            raise EndpointFailed(
                f"{endpoint.name} cannot be reached at {_place(endpoint.url)}.",
                "Is it running, and the address right?",
            ) from None
        except AddressRefused:
            raise EndpointFailed(
                f"{endpoint.name} leads to an address that nothing is sent to.", "Change its address."
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            raise EndpointFailed(
                f"The connection to {endpoint.name} broke ({type(error).__name__}).", "Ask again."
            ) from None

    async def _picture(self, endpoint: EndpointRecord, body: dict[str, Any]) -> bytes:
        headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        status, data = await self._send("POST", endpoint.url + _ROUTE, endpoint, headers, body, _MOST_ANSWER)
        if not 200 <= status < 300:
            raise _refusal(endpoint, status, data)
        found = _first(endpoint, data)
        if isinstance(coded := found.get("b64_json"), str) and coded:
            try:
                return base64.b64decode(coded, validate=True)
            except (binascii.Error, ValueError):
                raise EndpointFailed(f"{endpoint.name} sent a picture that is not base64.", "") from None
        if not isinstance(where := found.get("url"), str) or not where:
            raise EndpointFailed(f"{endpoint.name} sent an answer without a picture.", "Is it an images API?")
        url = httpx2.URL(endpoint.url).join(where)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise EndpointFailed(f"{endpoint.name} sent an address of a picture that is none.", "")
        status, data = await self._send("GET", str(url), endpoint, {}, None, MOST_BYTES)
        if not 200 <= status < 300:
            raise EndpointFailed(
                f"{endpoint.name} drew a picture, but its address answers {status}.", "Ask again."
            )
        return data

    async def _send(
        self, method: str, url: str, endpoint: EndpointRecord, headers: dict[str, str], body: Any, most: int
    ) -> tuple[int, bytes]:
        """Status and body; of a refusal only its beginning."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context)
        own = _origin(httpx2.URL(url)) == _origin(httpx2.URL(endpoint.url))
        transport = GuardedTransport(private_too=own, tls=self._tls, resolve=self._resolve)
        sent = {"user-agent": f"fluxgram/{version('fluxgram')}", "accept-encoding": "identity", **headers}
        times = httpx2.Timeout(self._timeout, connect=CONNECT_SECONDS)
        async with (
            httpx2.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=times
            ) as client,
            client.stream(method, url, json=body, headers=sent) as response,
        ):
            good = 200 <= response.status_code < 300
            taken = bytearray()
            async for piece in response.aiter_bytes(65_536):
                taken += piece
                if len(taken) > (most if good else _MOST_PROBLEM):
                    if not good:
                        break
                    raise EndpointFailed(
                        f"{endpoint.name} sent more than {MOST_BYTES / 1e6:.0f} MB.",
                        "Ask for a smaller picture.",
                    )
            return response.status_code, bytes(taken)


def _first(endpoint: EndpointRecord, data: bytes) -> dict[str, Any]:
    """The first picture of an answer."""
    try:
        answer = json.loads(data)
        found = answer["data"][0]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EndpointFailed(
            f"{endpoint.name} sent an answer that is not one of an images API.",
            "Check its address; most end in /v1.",
        )
    return found


def _refusal(endpoint: EndpointRecord, status: int, data: bytes) -> EndpointFailed:
    """What the other server says it did not like, in its own words as far as they can be shown."""
    said = ""
    with contextlib.suppress(ValueError, RecursionError):
        answer = json.loads(data)
        if isinstance(answer, dict):
            inner = answer.get("error")
            for found in (inner.get("message") if isinstance(inner, dict) else inner, answer.get("detail")):
                said = said or (found if isinstance(found, str) else "")
    if endpoint.key:
        said = said.replace(endpoint.key, "…")
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    said = said if len(said) <= _MOST_SAID else said[:_MOST_SAID].rstrip() + "…"
    hint = {401: "Check its key.", 403: "Check its key.", 404: "Check its address; most end in /v1.",
            429: "It is asked too often; wait a little."}.get(status, "")  # fmt: skip
    if 300 <= status < 400:
        return EndpointFailed(f"{endpoint.name} answers with a redirect, and redirects are not followed.",
                              "Give the address that it leads to.")  # fmt: skip
    return EndpointFailed(f"{endpoint.name} answers {status}{f': {said}' if said else '.'}", hint)


def _cancelled(cell: dict[str, Any]) -> dict[str, Any]:
    return {"state": "cancelled", "problem": None} if cell["state"] in ("waiting", "asking") else {}


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _place(url: str) -> str:
    """Host and port for a message."""
    return httpx2.URL(url).netloc.decode("ascii", "replace")
