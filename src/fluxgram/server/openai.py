"""The OpenAI Images surface: generations, models, and clear words for what no checkpoint can do yet.

Fields are read in `openai_fields.py`, answers are made in `openai_answers.py` and, as events, in `openai_stream.py`.
An answer here is the picture itself: when the client hangs up its job is cancelled, unless it gave the job an
`Idempotency-Key` under which it can come back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from fluxgram.errors import FluxgramError, UnknownCheckpoint, UnknownJob
from fluxgram.jobs.orders import Order
from fluxgram.server import openai_answers as answers
from fluxgram.server import openai_documents as documents
from fluxgram.server.callers import caller_of
from fluxgram.server.leaving import ClientLeft, ServiceEnds, while_there
from fluxgram.server.links import base_url, picture_url
from fluxgram.server.openai_answers import Refused, failure
from fluxgram.server.openai_body import Body, FieldRefused, shown
from fluxgram.server.openai_fields import Wish, is_theirs, read_wish
from fluxgram.server.openai_stream import Events, Telling

if TYPE_CHECKING:
    from fluxgram.jobs.door import Caller, CheckpointCard, Job, Jobs

__all__ = ["PREFIXES", "failure", "router"]

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Response]])
PREFIXES = ("/v1", "/images", "/models")
router = APIRouter(tags=["OpenAI Images"])

MOST_STEPS = 200
"""More are refused; nothing is worked out from them."""
_IDEMPOTENCY = re.compile(r"[\x21-\x7e]{1,255}")


def _both(path: str, **how: Any) -> Callable[[Handler], Handler]:
    """A route with `/v1` and, not shown in the documents, without."""

    def add(function: Handler) -> Handler:
        name = f"openai_{function.__name__}"
        router.add_api_route(f"/v1{path}", function, response_model=None, operation_id=name, **how)
        router.add_api_route(path, function, response_model=None, include_in_schema=False, **how)
        return function

    return add


@_both("/images/generations", methods=["POST"], summary="Draw pictures", openapi_extra=documents.GENERATIONS,
       responses=documents.DRAWN)  # fmt: skip
async def generate(request: Request) -> Response:
    """Draw pictures of a prompt and answer with them; docs/openai.md says what becomes of each field."""
    jobs: Jobs = request.app.state.jobs
    caller = await asyncio.to_thread(caller_of, request)
    caller.may("draw")
    body = Body.parse(await request.body())
    wish = read_wish(body, jobs.service.models)
    idempotency = _idempotency(request)
    card = await asyncio.to_thread(_card, jobs, str(wish.fields.get("checkpoint", "")))
    order = _order(wish, card, base_url(request, jobs.service), idempotency)
    job = await asyncio.to_thread(jobs.submit, order, caller)
    request.state.checkpoint = job.record.checkpoint  # for the metrics
    drawing = _Drawing(request, jobs, job, wish, caller, bool(idempotency))
    return drawing.events(card) if wish.stream else await drawing.answer()


def _order(wish: Wish, card: CheckpointCard | None, base: str, idempotency: str) -> Order:
    """What the door is asked for; where there is no such checkpoint, the door says so."""
    fields = wish.fields
    if wish.partials and card:
        asked = fields.get("steps")
        steps = asked if isinstance(asked, int) else card.steps[str(fields["quality"])]
        fields = fields | {"preview_every": max(1, min(steps, MOST_STEPS) // (wish.partials + 1))}
    return Order(
        request=fields,
        surface="openai",
        notes=wish.notes,
        enhance=wish.enhance,
        check=wish.check,
        lenient=True,
        extra={"base_url": base},
        idempotency=idempotency,
        format=wish.format,
    )


def _card(jobs: Jobs, name: str) -> CheckpointCard | None:
    """The checkpoint that a name leads to; the default one for no name; None where there is none."""
    for card in jobs.checkpoints():
        if name in (card.name, *card.names) or (card.default and not name):
            return card
    return None


def _usual_size(card: CheckpointCard | None) -> tuple[int, int]:
    """(width, height) in px that a checkpoint draws where none are asked for."""
    default = card.sizes.get("default") if card else None
    if isinstance(default, list | tuple) and len(default) == 2:
        return int(default[0]), int(default[1])
    return 1024, 1024


class _Drawing:
    """One answer under way."""

    def __init__(
        self, request: Request, jobs: Jobs, job: Job, wish: Wish, caller: Caller, kept: bool
    ) -> None:
        self._request, self._jobs, self._job, self._wish = request, jobs, job, wish
        self._caller, self._kept = caller, kept
        base = base_url(request, jobs.service)
        self._link = lambda name: picture_url(base, name, jobs)

    async def answer(self) -> Response:
        """All pictures at once."""
        seconds = self._jobs.service.openai_wait_seconds
        try:
            job = await while_there(
                self._request.receive,
                self._jobs.wait_async(self._job.id, seconds, self._caller),
                self._request.app.state.draining.over,
            )
        except ClientLeft:
            await self._let_go()
            return Response(status_code=499)  # for the log; nobody reads it
        except ServiceEnds:
            raise await self._ending() from None
        if not job.over:
            raise await self._late()
        if (error := answers.ended_badly(job)) is not None:
            raise error
        return await asyncio.to_thread(self._pictures, job)

    def _pictures(self, job: Job) -> Response:
        read = None if self._wish.url else self._jobs.store.read
        return answers.json_response(answers.images(job, read, self._link))

    def events(self, card: CheckpointCard | None) -> Response:
        """Previews and pictures as they come."""
        telling = Telling(self._jobs, self._job, self._wish, self._caller, self._link, _usual_size(card))

        seconds, ends = self._jobs.service.openai_wait_seconds, self._request.app.state.draining.over
        return Events(telling.lines(seconds, ends, self._late, self._ending), self._let_go)

    async def _let_go(self) -> None:
        if not self._kept:
            await asyncio.to_thread(self._jobs.cancel, self._job.id, self._caller)

    async def _late(self) -> FluxgramError:
        await self._let_go()
        fate = "goes on: the same Idempotency-Key gets its pictures" if self._kept else "was cancelled"
        return Refused(
            f"The pictures took longer than {self._jobs.service.openai_wait_seconds:g} s; job {self._job.id} {fate}.",
            "Ask for fewer or smaller pictures, fewer steps, or use /api/v1/jobs, which does not wait.",
            status=504,
            type="server_error",
            code="timeout",
            again=self._kept,
        )

    async def _ending(self) -> FluxgramError:
        await self._let_go()
        fate = "is kept: the same Idempotency-Key gets its pictures" if self._kept else "was cancelled"
        return Refused(
            f"The service is being ended; job {self._job.id} {fate}.",
            "Send the request again in a moment.",
            status=503,
            type="server_error",
            code="service_ending",
            again=True,
        )


def _idempotency(request: Request) -> str:
    """The client's name for this request; empty where it gave none."""
    key = request.headers.get("idempotency-key", "")
    if key and not _IDEMPOTENCY.fullmatch(key):
        raise FieldRefused(
            "The Idempotency-Key can't be used.",
            "It has 1 to 255 printable characters without spaces.",
            param="Idempotency-Key",
        )
    return key


@_both("/images/edits", methods=["POST"], summary="Change a picture", openapi_extra=documents.EDITS,
       responses=documents.REFUSED)  # fmt: skip
async def edit(request: Request) -> Response:
    """Refused: no checkpoint here changes pictures yet."""
    return await _cannot(request, "change pictures", "Use /v1/images/generations, which draws new ones.")


@_both("/images/variations", methods=["POST"], summary="Vary a picture", openapi_extra=documents.EDITS,
       responses=documents.REFUSED)  # fmt: skip
async def vary(request: Request) -> Response:
    """Refused: no checkpoint here varies pictures yet."""
    return await _cannot(request, "vary pictures", "Use /v1/images/generations with another seed.")


async def _cannot(request: Request, what: str, hint: str) -> Response:
    caller = await asyncio.to_thread(caller_of, request)
    caller.may("draw")
    async for _ in request.stream():  # to its end: a client that is still sending does not read the answer
        pass
    raise Refused(
        f"No checkpoint here can {what} yet.",
        hint,
        status=400,
        type="invalid_request_error",
        code="unsupported_operation",
    )


@_both("/images/{id}/content", methods=["GET"], summary="The file of a picture", responses=documents.FILE)
async def content(
    request: Request,
    id: Annotated[str, Path(description="Number of the job.")],  # noqa: A002  (OpenAI's word)
    variant: Annotated[int, Query(description="Which of its pictures, from 0.", ge=0, le=63)] = 0,
) -> Response:
    """The file of a picture, by the number of its job, which every answer has in `fluxgram.job`."""
    jobs: Jobs = request.app.state.jobs
    caller = await asyncio.to_thread(caller_of, request)
    if not re.fullmatch(r"\d{1,16}", id, re.ASCII):
        raise UnknownJob("There is no such job.", "Its number is in the answer, in fluxgram.job.")
    job = await asyncio.to_thread(jobs.get, int(id), caller)
    picture = next((picture for picture in job.pictures if picture.index == variant), None)
    if picture is None or picture.removed:
        raise UnknownJob(f"Job {id} has no picture {variant}.", "It may not be drawn yet, or was removed.")
    data = await asyncio.to_thread(jobs.store.read, picture.name)
    return Response(
        data, media_type=f"image/{picture.format}", headers={"Cache-Control": "private, no-cache"}
    )


@_both("/models", methods=["GET"], summary="List checkpoints", responses=documents.MODELS)
async def list_models(request: Request) -> Response:
    """The checkpoints that this service knows; `present` says which are on its disk."""
    jobs: Jobs = request.app.state.jobs
    await asyncio.to_thread(caller_of, request)
    cards = await asyncio.to_thread(jobs.checkpoints)
    return answers.json_response({"object": "list", "data": [answers.model(card) for card in cards]})


@_both("/models/{id:path}", methods=["GET"], summary="One checkpoint", responses=documents.MODEL)
async def one_model(
    request: Request,
    id: Annotated[str, Path(description="Name of a checkpoint, or a client's name for it.")],  # noqa: A002
) -> Response:
    """One checkpoint, by its name or by a client's name that leads to it."""
    jobs: Jobs = request.app.state.jobs
    await asyncio.to_thread(caller_of, request)
    name = "" if is_theirs(id, jobs.service.models) else id  # as generations take it
    card = await asyncio.to_thread(_card, jobs, name) if id else None
    if card is None:
        raise UnknownCheckpoint(f"There is no model {shown(id)} here.", "GET /v1/models lists them.")
    return answers.json_response(answers.model(card) | {"id": id})


def _options(path: str, methods: str) -> None:
    async def options() -> Response:
        return Response(status_code=204, headers={"Allow": methods})

    for prefix in ("/v1", ""):
        router.add_api_route(f"{prefix}{path}", options, methods=["OPTIONS"], include_in_schema=False)


for _path in ("/images/generations", "/images/edits", "/images/variations"):
    _options(_path, "OPTIONS, POST")
for _path in ("/images/{id}/content", "/models", "/models/{id:path}"):
    _options(_path, "GET, OPTIONS")
