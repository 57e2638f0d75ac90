"""Native surface: submit jobs, list and fetch them, cancel and retry, their pictures and receipts."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import IdempotencyMismatch, RequestError, UnknownJob
from fluxgram.jobs.orders import Order
from fluxgram.jobs.webhook_urls import check_webhook_url
from fluxgram.server.cursors import cursor_of, read_cursor
from fluxgram.server.failures import Malformed, respond
from fluxgram.server.leaving import ClientLeft, ServiceEnds, while_there
from fluxgram.server.links import base_url
from fluxgram.server.native_views import (
    JobNumber,
    JobView,
    Picture,
    Who,
    job_view,
    number_of,
    picture_views,
)
from fluxgram.server.strict import Body, StrictRoute
from fluxgram.store.records import LARGEST_ID, State

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller
    from fluxgram.service import ServiceSettings

router = APIRouter(route_class=StrictRoute, tags=["native: jobs"])

MOST_LISTED = 200
IdempotencyKey = Annotated[
    str,
    Header(
        description="A submission that comes again with the same key gives the same job. At most 255 characters.",
    ),
]
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_OF_THE_REQUEST = ("prompt", "negative", "seed", "size", "samples", "steps", "guidance", "quality", "checkpoint",
                   "strict", "preview_every", "negative_method", "negative_scale")  # fmt: skip
_FOR_PEOPLE = ("label", "parent", "relation")


class AdapterWish(Body):
    """An adapter (LoRA) to draw with."""

    source: StrictStr = Field(description="Name from /api/v1/adapters.", max_length=200)
    weight: StrictFloat | StrictInt | None = Field(
        None, ge=-4, le=4, description="1 as it was made; null for what whoever added it said."
    )
    steps: tuple[StrictFloat | StrictInt, StrictFloat | StrictInt] | None = Field(
        None, description="Share of the steps in which it works, from and to, 0 … 1; null for all."
    )
    blocks: dict[str, StrictFloat | StrictInt] | None = Field(
        None, description='Factors by blocks, such as {"double": 0.5, "single.0-9": 1}.', max_length=256
    )
    fingerprint: StrictStr | None = Field(
        None,
        description="SHA-256 that its file must have; null for the one that is there now.",
        max_length=64,
    )


class JobOrder(Body):
    """What to draw. Everything but the prompt has a default."""

    elsewhere = dict.fromkeys(("width", "height"), "Send both as size, such as 512x768.")
    prompt: StrictStr = Field(description="What the picture should show.", examples=["portrait of a sailor"])
    negative: StrictStr | None = Field(
        None, description="What must not be there; refused where it cannot be applied."
    )
    seed: StrictInt | StrictStr | None = Field(
        None, description="0 … 2**64 - 1, also as text; random by default. Picture i has seed + i."
    )
    size: StrictStr | tuple[StrictInt, StrictInt] | None = Field(
        None,
        description="`512x768`, [512, 768], a shape such as `2:3`, or `portrait`, `landscape`, `square`.",
    )
    samples: StrictInt = Field(1, description="Pictures, 1 … 64.")
    steps: StrictInt | None = Field(None, description="Denoising steps, 1 … 200, instead of the quality's.")
    guidance: StrictFloat | StrictInt | None = Field(
        None, description="How closely the prompt is followed, up to 30."
    )
    quality: Literal["draft", "proof", "final"] = Field("final", description="The one dial.")
    checkpoint: StrictStr | None = Field(None, description="Name from /api/v1/checkpoints.")
    adapters: list[AdapterWish] = Field([], max_length=8, description="Adapters (LoRA), in order.")
    negative_method: Literal["true_cfg", "vsf", "nag", "none"] | None = Field(
        None,
        description="How the negative prompt steers; null for the checkpoint's own way, none for no negative.",
    )
    negative_scale: StrictFloat | StrictInt | None = Field(
        None, description="Scale of that, above 0 … 30; null for its default."
    )
    strict: StrictBool = Field(False, description="Refuse a prompt that cannot be read whole.")
    preview_every: StrictInt = Field(
        0, description="A small preview every so many steps, at most eight a picture; 0 for none."
    )
    enhance: StrictBool = Field(False, description="Complete the prompt from the vocabulary.")
    check: StrictBool | None = Field(
        None, description="Have a classifier look at the pictures; null leaves it to the service's policy."
    )
    redact: Literal["blur", "pixelate", "black", "none"] = Field(
        "blur", description="What becomes of a flagged picture."
    )
    format: Literal["png", "jpeg", "webp"] = Field("png", description="Of the files.")
    priority: StrictInt = Field(0, ge=-100, le=100, description="Higher goes first, -100 … 100.")
    lasts: StrictFloat | StrictInt | None = Field(
        None, gt=0, le=10**9, description="Seconds after which its pictures are removed."
    )
    webhook: StrictStr = Field("", description="Address that is told when the job is over.")
    label: StrictStr = Field(
        "", max_length=80, description="What to call it, for people; at most 80 characters."
    )
    parent: StrictStr = Field("", max_length=200, description="Name of the picture that this comes from.")
    relation: StrictStr = Field(
        "", max_length=20, pattern=r"^[a-z-]*$", description="How it comes from it: push, more, light, …"
    )

    def order(self, base: str, idempotency: str, service: ServiceSettings) -> Order:
        """The order for the door.

        Raises:
            RequestError: The webhook leads where none may lead.
        """
        request: dict[str, Any] = {
            name: value for name in _OF_THE_REQUEST if (value := getattr(self, name)) is not None
        }
        if self.adapters:  # only then, so that old fingerprints hold
            request["adapters"] = [wish.model_dump(exclude_none=True) for wish in self.adapters]
        return Order(
            request=request,
            enhance=self.enhance,
            check=self.check,
            redact=self.redact,
            extra={"base_url": base, **self._kept()},
            priority=self.priority,
            idempotency=idempotency,
            format=self.format,
            lasts=None if self.lasts is None else float(self.lasts),
            webhook=check_webhook_url(self.webhook, service) if self.webhook else "",
        )

    def _kept(self) -> dict[str, str]:
        """What is kept with the job for people; only what was said, so that old fingerprints hold."""
        return {name: value for name in _FOR_PEOPLE if (value := getattr(self, name))}


class JobPage(BaseModel):
    """A page of jobs, the newest first."""

    jobs: list[JobView]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class PictureList(BaseModel):
    """The pictures of a job that are finished."""

    pictures: list[Picture]


def key_of(text: str, route: str) -> str:
    """An idempotency key as the store keeps it: as a hash, apart from the same key at another route.

    Raises:
        Malformed: Not 1 … 255 printable characters.
    """
    if not text:
        return ""
    if not _KEY.fullmatch(text):
        raise Malformed("The Idempotency-Key is none.", "Send 1 to 255 printable characters, such as a UUID.")
    return f"{route}:{hashlib.sha256(text.encode()).hexdigest()}"


@contextlib.contextmanager
def naming(key: str) -> Iterator[None]:
    """Name a client's idempotency key as the client does where it is refused.

    Raises:
        IdempotencyMismatch: It was.
    """
    try:
        yield
    except IdempotencyMismatch as error:
        raise IdempotencyMismatch(
            f"The Idempotency-Key {key!r} came with another request before.", error.hint
        ) from None


@router.post("/jobs", status_code=202, summary="Submit a job", operation_id="submit")
def submit(
    body: JobOrder, request: Request, response: Response, who: Who, idempotency_key: IdempotencyKey = ""
) -> JobView:
    """Stored before this answers; drawn when its turn comes. What the checkpoint would ignore is refused."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    base = base_url(request, jobs.service)
    if body.parent:
        _check_parent(body.parent, jobs, who)
    elif body.relation:
        raise RequestError("A relation needs a parent.", "Name the picture that this comes from as parent.")
    with naming(idempotency_key):
        job = jobs.submit(body.order(base, key_of(idempotency_key, "jobs"), jobs.service), who)
    response.headers["Location"] = f"{base}/api/v1/jobs/{job.id}"
    return job_view(job, request)


def _check_parent(name: str, jobs: Jobs, who: Caller) -> None:
    """Another key's picture is none.

    Raises:
        RequestError: There is no such picture that the caller may see.
    """
    known = ""
    with contextlib.suppress(UnknownJob):
        found = jobs.queue.find_picture(name)  # also by the name of its thumbnail, which is not enough
        jobs.get(found.job, who)
        known = found.name
    if known != name:
        raise RequestError(
            f"There is no picture {name[:60]!a} that this could come from.",
            "Leave out parent, or name another.",
        )


@router.get("/jobs", summary="List jobs", operation_id="list_jobs")
def list_jobs(
    request: Request,
    who: Who,
    state: Annotated[list[State], Query(description="Only these states; repeatable.", max_length=10)] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    cursor: Annotated[str, Query(description="`next` of the page before.", max_length=200)] = "",
) -> JobPage:
    """The newest first, a page at a time. Whoever administers sees everybody's."""
    jobs: Jobs = request.app.state.jobs
    after = read_cursor(cursor, r"\d{1,16}")
    before = (after[0], int(after[1])) if after else None
    found = jobs.list(who, states=tuple(state), before=before, limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    return JobPage(
        jobs=[job_view(job, request) for job in found],
        next=cursor_of(found[-1].record.created, found[-1].id) if more else None,
    )


@router.get("/jobs/{id}", summary="A job", operation_id="get_job")
async def get_job(
    id: JobNumber,  # noqa: A002
    request: Request,
    who: Who,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait until it is over.")] = 0,
) -> JobView:
    """As it stands now, or once it is over."""
    jobs: Jobs = request.app.state.jobs
    number = number_of(id)
    if wait:
        with contextlib.suppress(ClientLeft, ServiceEnds):  # then as it stands
            ends = request.app.state.draining.over
            await while_there(request.receive, jobs.wait_async(number, wait, who), ends)
    return await run_in_threadpool(lambda: job_view(jobs.get(number, who), request))


@router.post("/jobs/{id}/cancel", summary="Cancel a job", operation_id="cancel_job")
def cancel(id: JobNumber, request: Request, who: Who) -> JobView:  # noqa: A002
    """A waiting job is cancelled at once, a running one at its next step; one that is over stays as it is."""
    who.may("draw")
    return job_view(request.app.state.jobs.cancel(number_of(id), who), request)


@router.delete("/jobs/{id}", summary="Cancel a job", operation_id="delete_job")
def delete(id: JobNumber, request: Request, who: Who) -> JobView:  # noqa: A002
    """The same as cancel; the job remains in the list."""
    return cancel(id, request, who)


@router.post("/jobs/{id}/retry", summary="Draw a failed or cancelled job again", operation_id="retry_job")
def retry(id: JobNumber, request: Request, who: Who) -> JobView:  # noqa: A002
    """The same job with the same seed and file names; one that is done stays as it is."""
    who.may("draw")
    return job_view(request.app.state.jobs.retry(number_of(id), who), request)


class Move(Body):
    """Where a waiting job goes."""

    before: StrictInt | None = Field(
        None, ge=1, le=LARGEST_ID, description="The waiting job that it goes before; null for behind all."
    )


@router.post("/jobs/{id}/move", summary="Change the order of what waits", operation_id="move_job",
             response_model=JobView)  # fmt: skip
def move(id: JobNumber, body: Move, request: Request, who: Who) -> Any:  # noqa: A002
    """Among waiting jobs of one key and priority; nobody else waits longer for it."""
    who.may("draw")
    number = number_of(id)
    try:
        return job_view(request.app.state.jobs.move(number, body.before, who), request)
    except UnknownJob:
        raise
    except RequestError as error:
        return respond(request, error, 409)


@router.get("/jobs/{id}/pictures", summary="Pictures of a job", operation_id="pictures_of_job")
def pictures(id: JobNumber, request: Request, who: Who) -> PictureList:  # noqa: A002
    """Those that are finished, in order."""
    job = request.app.state.jobs.get(number_of(id), who)
    return PictureList(pictures=picture_views(job.pictures, request))


@router.get("/pictures/{name:path}/receipt", summary="Receipt of a picture", operation_id="receipt")
def receipt(name: str, request: Request, who: Who) -> dict[str, Any]:
    """What really happened to the request; the same is in the file."""
    jobs: Jobs = request.app.state.jobs
    if len(name) > 200:
        raise UnknownJob("There is no picture of that name.", "Names are in the answers of the job.")
    found = jobs.queue.find_picture(name)
    jobs.get(found.job, who)  # another key's picture is none
    return found.receipt
