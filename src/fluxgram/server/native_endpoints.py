"""Native surface: other servers that comparisons may ask, by name. Their keys go in and never come out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, StrictStr

from fluxgram.server.images_client import check_endpoint_url
from fluxgram.server.native_views import Administrator, Who, when
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import EndpointRecord

router = APIRouter(route_class=StrictRoute, tags=["native: comparisons"])

EndpointName = Annotated[str, Path(description="What it is called.", max_length=100)]


class EndpointBody(Body):
    """Where another server is."""

    url: StrictStr = Field(
        max_length=2000,
        description="What its routes begin with, as of OpenAI's clients; `/v1` where nothing follows the host.",
        examples=["https://api.example.com/v1"],
    )
    key: Annotated[StrictStr, Field(max_length=1000, pattern=r"^[!-~]*$")] | None = Field(
        None,
        description="Sent to it as a bearer token. Left out, the one that is known stays; empty is none.",
    )
    checkpoint: StrictStr = Field(
        "", max_length=200, description="The `model` to ask it for; empty leaves that to it."
    )


class EndpointView(BaseModel):
    """Another server, without its key."""

    name: str
    url: str
    checkpoint: str
    has_key: bool
    created: str


@router.get("/endpoints", summary="List other servers", operation_id="endpoints")
def endpoints(request: Request, who: Who) -> dict[str, list[EndpointView]]:
    """By name."""
    who.may("draw")
    jobs: Jobs = request.app.state.jobs
    return {"endpoints": [_view(each) for each in jobs.endpoints.list()]}


@router.get("/endpoints/{name}", summary="Another server", operation_id="endpoint")
def endpoint(name: EndpointName, request: Request, who: Who) -> EndpointView:
    """Without its key."""
    who.may("draw")
    return _view(request.app.state.jobs.endpoints.get(name))


@router.put("/endpoints/{name}", summary="Add or change another server", operation_id="put_endpoint")
def put_endpoint(
    name: EndpointName, body: EndpointBody, request: Request, who: Administrator
) -> EndpointView:
    """It is not called before somebody compares with it."""
    jobs: Jobs = request.app.state.jobs
    return _view(jobs.endpoints.put(name, check_endpoint_url(body.url), body.key, body.checkpoint.strip()))


@router.delete(
    "/endpoints/{name}", status_code=204, summary="Forget another server", operation_id="delete_endpoint"
)
def delete_endpoint(name: EndpointName, request: Request, who: Administrator) -> Response:
    """With its key; pictures that it drew stay."""
    request.app.state.jobs.endpoints.remove(name)
    return Response(status_code=204)


def _view(found: EndpointRecord) -> EndpointView:
    return EndpointView(
        name=found.name,
        url=found.url,
        checkpoint=found.checkpoint,
        has_key=bool(found.key),
        created=when(found.created),
    )
