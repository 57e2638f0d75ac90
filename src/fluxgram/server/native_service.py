"""Native surface: what was used and what it costs, how the queue stands, and keys for those who administer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import RequestError
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.usage import usage_csv, usage_of
from fluxgram.server.failures import respond
from fluxgram.server.native_views import Administrator, Who, when
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import KeyRecord

router = APIRouter(route_class=StrictRoute, tags=["native: service"])

_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^$"
Day = Annotated[str, Query(pattern=_DAY, description="UTC, such as 2026-11-21.")]


class UsageEntry(BaseModel):
    """What one key drew with one checkpoint on one day."""

    day: str = Field(description="UTC.")
    owner: str = Field(description="Id of the key; empty without one, on loopback.")
    name: str = Field(description="Name of the key.")
    checkpoint: str
    jobs: int
    pictures: int
    megapixel_steps: float
    seconds: float = Field(description="Drawing time.")
    price: float


class Usage(BaseModel):
    """What was used."""

    rows: list[UsageEntry]
    pictures: int
    megapixel_steps: float
    price: float
    currency: str


@router.get("/usage", summary="What was used, by key and day", operation_id="usage", response_model=Usage,
            responses={200: {"content": {"text/csv": {}}}})  # fmt: skip
def usage(
    request: Request,
    who: Who,
    since: Day = "",
    until: Day = "",
    format: Annotated[Literal["json", "csv", ""], Query(description="`csv`, or by `Accept`.")] = "",  # noqa: A002
) -> Any:
    """A key sees its own, one that administers everybody's."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    rows = usage_of(jobs, who.sees, since, until)
    if format == "csv" or (not format and "text/csv" in request.headers.get("accept", "")):
        headers = {"Content-Disposition": 'attachment; filename="usage.csv"'}
        return Response(usage_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
    return Usage(
        rows=[UsageEntry(**asdict(row)) for row in rows],
        pictures=sum(row.pictures for row in rows),
        megapixel_steps=round(sum(row.megapixel_steps for row in rows), 6),
        price=round(sum(row.price for row in rows), 6),
        currency=jobs.service.currency,
    )


@router.get("/queue", summary="How the queue stands", operation_id="queue")
def queue(request: Request, who: Who) -> dict[str, Any]:
    """How many wait and are drawn, whether it is paused and why; for those who administer also the workers."""
    who.may_look()
    state = request.app.state
    depth = state.jobs.queue.depth()
    found: dict[str, Any] = {
        "queued": depth.get("queued", 0),
        "running": depth.get("running", 0),
        "paused": discreet(state.jobs.queue.paused(), state.jobs),
        "draining": state.draining.begun,
        "ready": state.supervisor is not None and state.supervisor.ready(),
    }
    if "admin" in who.scopes:
        found["workers"] = [
            {
                "name": worker.name,
                "device": worker.device,
                "pid": worker.pid,
                "state": worker.state,
                "jobs": list(worker.jobs),
                "loaded": worker.loaded,
                "restarts": worker.restarts,
                "memory": worker.memory,
            }
            for worker in (state.supervisor.status() if state.supervisor is not None else ())
        ]
    return found


_REASON = "Paused by its owner."


class Pause(Body):
    """Why the queue is paused."""

    reason: StrictStr = Field(_REASON, min_length=1, max_length=300)


@router.post("/queue/pause", summary="Draw nothing new", operation_id="pause_queue")
def pause(request: Request, who: Administrator, body: Pause | None = None) -> dict[str, Any]:
    """Jobs are accepted and wait; what is drawn now is finished."""
    request.app.state.jobs.queue.pause(body.reason if body else _REASON)
    return queue(request, who)


@router.post("/queue/resume", summary="Draw again", operation_id="resume_queue")
def resume(request: Request, who: Who) -> dict[str, Any]:
    """After a pause, also one that a full disk made."""
    who.may("admin")
    request.app.state.jobs.queue.resume()
    if request.app.state.supervisor is not None:
        request.app.state.supervisor.wake()
    return queue(request, who)


class KeyOrder(Body):
    """A key to be made."""

    name: StrictStr = Field(min_length=1, max_length=60, description="What to call it.")
    scopes: list[Literal["draw", "read", "admin"]] = Field(["draw", "read"], min_length=1, max_length=3)
    weight: StrictFloat | StrictInt = Field(1.0, gt=0, le=1000, description="Share of the devices.")
    rate: StrictFloat | StrictInt = Field(0, ge=0, le=10**6, description="Calls a minute; 0 is no limit.")
    burst: StrictInt = Field(0, ge=0, le=10**6, description="Calls at once; 0 is a minute's.")
    most_queued: StrictInt = Field(
        0, ge=0, le=10**6, description="Jobs waiting and running; 0 is the service's."
    )
    most_pictures: StrictInt = Field(0, ge=0, le=10**9, description="Pictures a month; 0 is no limit.")
    price: StrictFloat | StrictInt | None = Field(None, ge=0, le=10**6, description="Of a megapixel-step.")


def key_view(key: KeyRecord) -> dict[str, Any]:
    """A key without what is secret of it."""
    return {
        "id": key.id, "name": key.name, "shown": key.shown, "scopes": list(key.scopes), "weight": key.weight,
        "rate": key.rate, "burst": key.burst, "most_queued": key.most_queued, "most_pictures": key.most_pictures,
        "price": key.price, "created": when(key.created), "used": when(key.used) if key.used else None,
        "revoked": when(key.revoked) if key.revoked else None,
    }  # fmt: skip


@router.get("/keys", summary="List keys", operation_id="keys")
def keys(request: Request, who: Who) -> dict[str, Any]:
    """Without their secrets, which nobody has but their users."""
    who.may("admin")
    return {"keys": [key_view(key) for key in request.app.state.jobs.keys.list()]}


@router.post("/keys", status_code=201, summary="Make a key", operation_id="new_key")
def new_key(body: KeyOrder, request: Request, response: Response, who: Who) -> dict[str, Any]:
    """`token` is shown this once and is stored nowhere."""
    who.may("admin")
    jobs: Jobs = request.app.state.jobs
    key, token = jobs.keys.create(
        body.name, scopes=tuple(dict.fromkeys(body.scopes)), weight=float(body.weight), rate=float(body.rate),
        burst=body.burst, most_queued=body.most_queued, most_pictures=body.most_pictures,
        price=None if body.price is None else float(body.price),
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return {**key_view(key), "token": token, "webhook_secret": key.webhook_secret}


@router.delete("/keys/{id}", summary="Revoke a key", operation_id="revoke_key")
def revoke(id: str, request: Request, who: Who) -> Any:  # noqa: A002
    """By id or name; works from within seconds, and cannot be undone."""
    who.may("admin")
    try:
        return key_view(request.app.state.jobs.keys.revoke(id[:200]))
    except RequestError as error:
        return respond(request, error, 404)
