"""What the native surface answers with: jobs and pictures as plain values, times in ISO 8601, links whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import BaseModel, Field

from fluxgram.errors import UnknownJob
from fluxgram.jobs.orders import Caller, Job
from fluxgram.server.callers import caller_of
from fluxgram.server.links import base_url, picture_url
from fluxgram.store.records import LARGEST_ID

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import PictureRecord


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str
    hint: str = ""


class Refusal(BaseModel):
    """Why it was not done (RFC 9457)."""

    type: str = Field(description="Where it is explained.")
    title: str = Field(description="Kind of error.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence.")
    hint: str = Field(description="What to do about it; may be empty.")
    errors: list[FieldProblem] | None = Field(None, description="What is wrong with which field.")


_FORM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
_WORDS = {
    400: "The body or a header cannot be read.",
    401: "A key is needed, or the one that was sent is no good.",
    402: "The month's pictures are used up.",
    403: "The key is not for this, or the page of another origin may not.",
    404: "There is none, or it is another key's.",
    409: "Not in the state that it is in.",
    413: "The body is too large.",
    415: "The body must be JSON.",
    421: "The server does not go by that name.",
    422: "It cannot be done as asked.",
    429: "Too often, or too many jobs wait; `Retry-After` says when to try again.",
    503: "The database, the disk or the checkpoint cannot be used.",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": _FORM} for status, words in _WORDS.items()
}
REFUSALS[400]["model"] = Refusal  # once, so that the document has its schema
"""For the OpenAPI document: every refusal has the same form."""


def caller(request: Request) -> Caller:
    """Who calls; a dependency of every route."""
    return caller_of(request)


Who = Annotated[Caller, Depends(caller)]


def administrator(who: Who) -> Caller:
    """Who calls, if it may administer; as a dependency, so that others learn nothing of what a body takes."""
    who.may("admin")
    return who


Administrator = Annotated[Caller, Depends(administrator)]
JobNumber = Annotated[str, Path(description="The job's number.", examples=["4711"], max_length=400)]


def number_of(text: str) -> int:
    """A job's number in a path.

    Raises:
        UnknownJob: No job can have it.
    """
    if re.fullmatch(r"[0-9]{1,16}", text) and 0 < int(text) <= LARGEST_ID:
        return int(text)
    raise UnknownJob(
        f"There is no job {text[:40]!a}.", "Numbers of jobs are in the answer to their submission."
    )


class Picture(BaseModel):
    """A finished picture."""

    name: str
    index: int = Field(description="Which of the job's pictures, from 0.")
    url: str | None = Field(description="Where it is; null once it was removed.")
    thumbnail_url: str | None
    receipt_url: str = Field(description="What really happened to the request.")
    seed: int
    width: int
    height: int
    bytes: int
    format: str
    sha256: str
    verdict: str = Field(description="`clean`, `flagged` or `unchecked`.")
    removed: bool


class Trouble(BaseModel):
    """Why a job failed."""

    kind: str
    message: str
    hint: str


class Remark(BaseModel):
    """Something that was changed or could not be applied."""

    name: str
    value: str | float
    reason: str


class JobView(BaseModel):
    """A job as it stands."""

    id: int = Field(description="Below 2**53, so that every client's JSON keeps it.")
    state: str = Field(description="`queued`, `running`, `done`, `failed` or `cancelled`.")
    surface: str = Field(description="The API it came by.")
    checkpoint: str
    priority: int
    created: str
    started: str | None
    finished: str | None
    attempt: int = Field(description="Times that a worker took it.")
    position: int | None = Field(description="Jobs that go first; null where it does not wait.")
    eta: float | None = Field(description="Seconds until it is done; null where that is not known.")
    seconds: float = Field(description="Drawing time.")
    request: dict[str, Any] = Field(description="As understood, with its seed.")
    prompt_asked: str = Field(description="The prompt as it was sent.")
    safety: str
    label: str = Field(description="What its sender calls it.")
    parent: str = Field(description="Name of the picture that it comes from; empty where there is none.")
    relation: str = Field(description="How it comes from it.")
    notes: list[Remark]
    problem: Trouble | None
    pictures: list[Picture]
    future_urls: list[str] = Field(description="Where its pictures will be.")
    urls: dict[str, str] = Field(description="`self`, `events`, `pictures`, `cancel`, `retry`.")


def job_view(job: Job, request: Request) -> JobView:
    """A job for an answer."""
    jobs: Jobs = request.app.state.jobs
    base, record = base_url(request, jobs.service), job.record
    self_url = f"{base}/api/v1/jobs/{record.id}"
    request.state.checkpoint = record.checkpoint
    return JobView(
        id=record.id,
        state=record.state,
        surface=record.surface,
        checkpoint=record.checkpoint,
        priority=record.priority,
        created=when(record.created),
        started=None if record.started is None else when(record.started),
        finished=None if record.finished is None else when(record.finished),
        attempt=record.attempt,
        position=job.position,
        eta=None if job.eta is None else round(job.eta, 2),
        seconds=round(record.seconds, 3),
        request=record.request,
        prompt_asked=job.prompt_asked,
        safety=job.safety,
        **_for_people(record.extra.get("surface")),
        notes=[Remark(name=note.name, value=note.value, reason=note.reason) for note in job.notes],
        problem=None if record.problem is None else _trouble(job),
        pictures=picture_views(job.pictures, request),
        future_urls=[] if record.over else [picture_url(base, name, jobs) for name in record.names],
        urls={
            "self": self_url,
            **{name: f"{self_url}/{name}" for name in ("events", "pictures", "cancel", "retry")},
        },
    )


def _for_people(kept: Any) -> dict[str, str]:
    """What the surface kept for people; other surfaces keep other things."""
    values = kept if isinstance(kept, dict) else {}
    return {
        name: value if isinstance(value := values.get(name), str) else ""
        for name in ("label", "parent", "relation")
    }


def _trouble(job: Job) -> Trouble | None:
    found = job.problem
    return None if found is None else Trouble(kind=found.kind, message=found.message, hint=found.hint)


def picture_views(pictures: Sequence[PictureRecord], request: Request) -> list[Picture]:
    """Pictures for an answer, in the order given."""
    jobs: Jobs = request.app.state.jobs
    base = base_url(request, jobs.service)
    return [
        Picture(
            name=each.name,
            index=each.index,
            url=None if each.removed else picture_url(base, each.name, jobs),
            thumbnail_url=None if each.removed else picture_url(base, each.thumbnail, jobs),
            receipt_url=f"{base}/api/v1/pictures/{each.name}/receipt",
            seed=each.seed,
            width=each.width,
            height=each.height,
            bytes=each.bytes,
            format=each.format,
            sha256=each.sha256,
            verdict=each.verdict,
            removed=each.removed,
        )
        for each in pictures
    ]


def when(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
