"""`while_there`: works for a client as long as it is there, and no longer.

For answers that wait for a picture. A client that hangs up can't be given anything any more; one that tries again
would have its picture drawn twice, and many that try again would all be waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")


class ClientLeft(Exception):
    """The client hung up before its answer was complete."""


class ServiceEnds(Exception):
    """The service was told to end before the answer was complete."""


async def while_there(
    receive: Receive, work: Coroutine[object, object, T], ends: asyncio.Event | None = None
) -> T:
    """Do work until it is done, the client leaves, or the service ends; then stop it.

    Args:
        receive: Of the request, whose body was read.
        work: What is done for the client.
        ends: Set when answers should end; None where the work looks after that itself.

    Raises:
        ClientLeft: The client hung up first.
        ServiceEnds: The service was told to end first.
    """
    working = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_hung_up(receive))
    ended = asyncio.ensure_future((ends or asyncio.Event()).wait())
    try:
        await asyncio.wait({working, left, ended}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft if left.done() else ServiceEnds
    finally:
        for task in (working, left, ended):
            task.cancel()
        await asyncio.gather(working, left, ended, return_exceptions=True)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
