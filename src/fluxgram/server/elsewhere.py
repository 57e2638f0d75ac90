"""`Elsewhere`: asks other servers for pictures, by the images route of OpenAI's clients, and keeps what comes.

What is asked for is in the board's cell before it is asked, with who asks: a server that dies leaves a cell that says
so (`jobs/cells.py`). How they are asked is `images_client.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

from fluxgram.errors import FluxgramError, PictureError, ServiceEnding, UnknownJob
from fluxgram.jobs.comparisons import change_cell
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.names import WorkerName
from fluxgram.jobs.orders import Caller
from fluxgram.server.addresses import Resolve, resolve
from fluxgram.server.images_answers import MOST_SAID, EndpointFailed
from fluxgram.server.images_client import TIMEOUT, ImagesClient, Wish
from fluxgram.store.records import Problem

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import EndpointRecord

log = logging.getLogger(__name__)

_AT_ONCE = 4


class Elsewhere:
    """Asks from the event loop of the server; an asynchronous context around its life.

    Args:
        jobs: The door; its boards, endpoints and pictures are used.
        timeout: Seconds for a picture as a whole.
        resolve: Who turns names into addresses.
    """

    def __init__(self, jobs: Jobs, *, timeout: float = TIMEOUT, resolve: Resolve = resolve) -> None:
        self._jobs = jobs
        self._client = ImagesClient(timeout=timeout, resolve=resolve)
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
                wish = Wish(cell["prompt"], cell["size"], seed=cell["seed"], **cell.get("more", {}))
                found = await self._client.fetch(endpoint, wish)
            kept = await asyncio.to_thread(self._keep, found.data, cell, endpoint, owner)
            came: dict[str, Any] = {"state": "done", "picture": kept, "problem": None}
            came["refused"] = dict(found.refused)
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
                f"{endpoint.name} sent something that is no picture.", str(error)[:MOST_SAID]
            ) from None
        return kept.name


def _cancelled(cell: dict[str, Any]) -> dict[str, Any]:
    return {"state": "cancelled", "problem": None} if cell["state"] in ("waiting", "asking") else {}
