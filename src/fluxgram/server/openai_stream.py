"""The answer as events, while the picture is drawn: previews, then the picture.

The published clients take every event for a picture, so there are only two kinds; everything else (the place in the
queue, steps) goes into comments, which programs skip and people see. An error is an `error` object in a data line.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fluxgram.errors import FluxgramError
from fluxgram.jobs.discretion import conceal
from fluxgram.server import logs
from fluxgram.server import openai_answers as answers
from fluxgram.server.failures import Defect, status_of
from fluxgram.server.leaving import ClientLeft, ServiceEnds, while_there
from fluxgram.server.openai_fields import Wish
from fluxgram.server.openai_previews import Pixels, enlarged

if TYPE_CHECKING:
    from fluxgram.jobs.door import Caller, Job, Jobs
    from fluxgram.store.records import EventRecord

Ended = Callable[[], Coroutine[object, object, FluxgramError]]
KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment says that the connection lives."""
HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}


class Events(StreamingResponse):
    """Sends events until they end or the client leaves.

    Args:
        events: What is sent.
        left: Called when the client leaves first.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[str], left: Callable[[], Coroutine[object, object, None]]
    ) -> None:
        super().__init__(events, headers=HEADERS)
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await while_there(receive, self.stream_response(send))
        except (ClientLeft, OSError):
            await asyncio.shield(self._left())


class Telling:
    """Turns the events of one job into events of the stream."""

    def __init__(
        self, jobs: Jobs, job: Job, wish: Wish, caller: Caller, link: Callable[[str], str], usual: Pixels
    ) -> None:
        self._jobs, self._job, self._wish, self._caller, self._link = jobs, job, wish, caller, link
        self._usual = usual
        self._partials: dict[int, int] = {}
        self._sent: set[int] = set()
        self.over = False

    async def lines(
        self, seconds: float, ends: asyncio.Event, late: Ended, ending: Ended
    ) -> AsyncIterator[str]:
        """The stream.

        Args:
            seconds: After which it is too late.
            ends: Set when the service ends.
            late: Called when it is too late; gives the error that is told.
            ending: Called when the service ends first; likewise.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        yield f": job {self._job.id}\n\n"
        try:
            async with aclosing(self._jobs.follow(self._job.id, 0, self._caller)) as events:
                async for event in _with_pauses(events, deadline, ends):
                    if event is None:
                        yield ": still there\n\n"
                    else:
                        async for line in self._tell(event):
                            yield line
                    if self.over:
                        return
        except TimeoutError:
            yield self._fail(await late())
        except ServiceEnds:
            yield self._fail(await ending())
        except FluxgramError as error:
            yield self._fail(error)
        except Exception as error:
            logs.defect(error, show=self._jobs.service.log_prompts)
            yield self._fail(Defect())

    async def _tell(self, event: EventRecord) -> AsyncIterator[str]:
        data = event.data
        if event.kind == "preview":
            if self._is_wanted(data):
                yield await asyncio.to_thread(self._partial, data)
        elif event.kind == "picture":
            yield await self._completed(int(data["index"]))
        elif event.kind in ("failed", "cancelled", "done"):
            self.over = True
            job = await asyncio.to_thread(self._jobs.get, self._job.id, self._caller)
            if (error := answers.ended_badly(job)) is not None:
                yield self._fail(error)
        elif words := _comment(event, self._job.record.samples):
            yield f": {words}\n\n"

    def _is_wanted(self, data: dict[str, Any]) -> bool:
        """Whether the client wants more previews of this picture, and it is not done."""
        picture, done, steps = data["picture"], data["done"], data["steps"]
        return (
            self._partials.get(picture, 0) < self._wish.partials
            and picture not in self._sent
            and done < steps
        )

    def _partial(self, data: dict[str, Any]) -> str:
        """A preview."""
        picture = int(data["picture"])
        number = self._partials.get(picture, 0)
        self._partials[picture] = number + 1
        image, size = enlarged(data["image"], self._wish.size, self._usual)
        return _event(
            "image_generation.partial_image",
            {
                "b64_json": image,
                "partial_image_index": number,
                "output_format": "jpeg",
                "size": "{}x{}".format(*size),
                "index": picture,
            }
            | self._common(),
        )

    async def _completed(self, index: int) -> str:
        """A picture that is done; only once, even where a job was drawn again."""
        if index in self._sent:
            return ""
        self._sent.add(index)
        job = await asyncio.to_thread(self._jobs.get, self._job.id, self._caller)
        picture = next(picture for picture in job.pictures if picture.index == index)
        if picture.verdict == "flagged":
            return ""  # told at the end, when all of them are known
        item = await asyncio.to_thread(answers.item, job, picture, self._jobs.store.read, self._link)
        return _event(
            "image_generation.completed",
            item
            | {
                "output_format": job.record.format,
                "size": f"{picture.width}x{picture.height}",
                "usage": answers.usage([picture]),
                "index": index,
                "url": self._link(picture.name),
                "fluxgram": answers.own(job),
            }
            | self._common(),
        )

    def _common(self) -> dict[str, Any]:
        return {
            "created_at": answers.now(),
            "quality": answers.told_quality(self._job),
            "background": "opaque",
        }

    def _fail(self, error: FluxgramError) -> str:
        self.over = True
        conceal(error, self._jobs)
        return failed(error)


def failed(error: FluxgramError) -> str:
    """An error as the last thing of a stream."""
    body, _, _ = answers.error_body(error, status_of(error))
    return f"data: {json.dumps(body)}\n\n"


def _event(kind: str, values: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | values, allow_nan=False)}\n\n"


def _comment(event: EventRecord, pictures: int) -> str:
    """An event in a few words; empty where there is nothing to say."""
    data = event.data
    if event.kind == "step":
        which = f"picture {int(data['picture']) + 1}, " if pictures > 1 else ""
        return f"{which}step {data['done']}/{data['steps']}"
    if event.kind == "queued":
        eta = f", about {data['eta']:.0f} s" if isinstance(data.get("eta"), int | float) else ""
        return f"queued, {data.get('position', 0)} before it{eta}"
    if event.kind == "loading":
        return f"loading {data['stage']}, {100 * float(data['fraction']):.0f} %"
    return {"started": "started", "requeued": "queued again"}.get(event.kind, "")


async def _with_pauses(
    events: AsyncIterator[EventRecord], deadline: float, ends: asyncio.Event
) -> AsyncIterator[EventRecord | None]:
    """The events, and None after each `KEEP_ALIVE` seconds without one.

    Raises:
        TimeoutError: The deadline has passed.
        ServiceEnds: The service was told to end.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.ensure_future(ends.wait())
    following = asyncio.ensure_future(_next(events))
    try:
        while True:
            left = deadline - loop.time()
            if left <= 0:
                raise TimeoutError
            wait = min(left, KEEP_ALIVE)
            await asyncio.wait({following, ended}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                event = following.result()
                if event is None:
                    return
                yield event
                following = asyncio.ensure_future(_next(events))
            elif ended.done():
                raise ServiceEnds
            elif wait == KEEP_ALIVE:
                yield None
    finally:
        for task in (following, ended):
            task.cancel()
        await asyncio.gather(following, ended, return_exceptions=True)


async def _next(events: AsyncIterator[EventRecord]) -> EventRecord | None:
    return await anext(events, None)
