"""Native surface: what happens to a job, or to many, as server-sent events that can be replayed, or as JSON."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from fluxgram.errors import UnknownJob
from fluxgram.server.callers import still_calls
from fluxgram.server.failures import Malformed
from fluxgram.server.native_views import JobNumber, Who, number_of, when

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller
    from fluxgram.store.records import EventRecord

router = APIRouter(tags=["native: jobs"])

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that nobody between takes the connection for dead."""
KEY_SECONDS = 5.0
"""How often a stream looks whether the key that it was opened with is still good."""
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_MOST = 2**63 - 1
MOST_FOLLOWED = 100
"""Jobs in one stream."""
_FOLLOWED = re.compile(r"([0-9]{1,16})(?::([0-9]{1,18}))?")
Followed = Annotated[
    list[str],
    Query(
        description="`ID`, or `ID:AFTER` for events with a larger id; repeatable.", max_length=MOST_FOLLOWED
    ),
]


@router.get(
    "/events",
    summary="What happens to many jobs, in one stream",
    operation_id="events_of_many",
    response_class=Response,
    responses={200: {"description": "Events.", "content": {"text/event-stream": {}}}},
)
async def events_of_many(request: Request, who: Who, job: Followed) -> Response:
    """As a job's events, each with its `job`; `unknown` tells of one that there is not."""
    jobs: Jobs = request.app.state.jobs
    wanted: dict[int, int] = {}
    for each in job:
        found = _FOLLOWED.fullmatch(each)
        if found is None:
            raise Malformed(f"{each[:40]!a} names no job.", "Send job=ID or job=ID:AFTER.")
        wanted[number_of(found[1])] = int(found[2] or 0)
    known, strange = await run_in_threadpool(_known, jobs, list(wanted), who)
    following = merged([jobs.follow(number, wanted[number], who) for number in known])
    return StreamingResponse(
        _lines(request, who, following, tuple(strange)), media_type="text/event-stream", headers=_HEADERS
    )


def _known(jobs: Jobs, numbers: Sequence[int], who: Caller) -> tuple[list[int], list[int]]:
    known: list[int] = []
    strange: list[int] = []
    for number in numbers:
        try:
            jobs.get(number, who)
            known.append(number)
        except UnknownJob:
            strange.append(number)
    return known, strange


async def merged(followed: Sequence[AsyncGenerator[EventRecord, None]]) -> AsyncGenerator[EventRecord, None]:
    """Events of several jobs as they come, until all are over."""
    coming = {asyncio.ensure_future(anext(each)): each for each in followed}
    try:
        while coming:
            done, _ = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                source = coming.pop(task)
                try:
                    event = task.result()
                except StopAsyncIteration:
                    continue
                coming[asyncio.ensure_future(anext(source))] = source
                yield event
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        for each in followed:
            await each.aclose()


@router.get(
    "/jobs/{id}/events",
    summary="What happened to a job, and what happens now",
    operation_id="events",
    response_class=Response,
    responses={200: {"description": "Events.", "content": {"text/event-stream": {}, "application/json": {}}}},
)
async def events(
    id: JobNumber,  # noqa: A002
    request: Request,
    who: Who,
    after: Annotated[int, Query(ge=0, le=_MOST, description="Only events with a larger id.")] = 0,
    last_event_id: Annotated[
        str, Header(description="As `after`; browsers send it when they come back.")
    ] = "",
) -> Response:
    """Replays what was stored, then goes on live until the job is over. With `Accept: application/json` a list."""
    jobs: Jobs = request.app.state.jobs
    number = number_of(id)
    if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19:
        after = max(after, int(last_event_id))
    if "application/json" in request.headers.get("accept", ""):
        found = await run_in_threadpool(jobs.events, number, after, who)
        return JSONResponse({"events": [plain(event) for event in found]}, headers=_HEADERS)
    await run_in_threadpool(jobs.get, number, who)  # what is refused, is refused before the stream begins
    return StreamingResponse(
        stream(request, number, after, who), media_type="text/event-stream", headers=_HEADERS
    )


def plain(event: EventRecord) -> dict[str, Any]:
    """An event for an answer."""
    return {"id": event.id, "kind": event.kind, "at": when(event.at), "data": event.data}


async def stream(request: Request, number: int, after: int, who: Caller) -> AsyncIterator[bytes]:
    """A job's events in the form of server-sent events; ends with the job's last event, or with the service."""
    jobs: Jobs = request.app.state.jobs
    async with aclosing(_lines(request, who, jobs.follow(number, after, who))) as lines:
        async for line in lines:
            yield line


async def _lines(
    request: Request,
    who: Caller,
    following: AsyncGenerator[EventRecord, None],
    strange: Sequence[int] = (),
) -> AsyncGenerator[bytes, None]:
    """Events in the form of server-sent events, as long as the key is good."""
    over: asyncio.Event = request.app.state.draining.over
    yield b"retry: 2000\n\n"
    for number in strange:
        yield b'event: unknown\ndata: {"job": %d}\n\n' % number
    ending = asyncio.ensure_future(over.wait())
    coming: asyncio.Future[EventRecord] | None = None
    looked = said = time.monotonic()
    waited: set[asyncio.Future[Any]]
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(following))
            waited = {coming, ending}
            await asyncio.wait(
                waited, timeout=min(KEY_SECONDS, KEEP_ALIVE), return_when=asyncio.FIRST_COMPLETED
            )
            now = time.monotonic()
            if now - looked >= KEY_SECONDS:
                if not await run_in_threadpool(still_calls, request, who):
                    yield b": the key is not valid any more\n\n"
                    return
                looked = now
            if coming.done():
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                coming, said = None, now
                yield message(event)
            elif ending.done():
                yield b": the service is ending\n\n"
                return
            elif now - said >= KEEP_ALIVE:
                said = now
                yield b": still here\n\n"
    finally:
        for task in (coming, ending):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in (coming, ending) if task is not None), return_exceptions=True)
        await following.aclose()


def message(event: EventRecord) -> bytes:
    """One server-sent event."""
    data = json.dumps({"job": event.job, "at": when(event.at), **event.data}, ensure_ascii=False)
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()
