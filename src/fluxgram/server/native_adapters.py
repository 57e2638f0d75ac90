"""Native surface: adapters. What there is and what is in each; for those who administer, adding and removing.

A file is sent as the body itself, with its name in `X-Filename`, and goes to the disk as it comes.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from starlette.requests import ClientDisconnect

from fluxgram.errors import AdapterError, CheckpointError, RequestError, UnknownAdapter
from fluxgram.jobs import shelving
from fluxgram.server.failures import Malformed, respond
from fluxgram.server.native_views import Administrator, Who
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.shelving import Shelved

router = APIRouter(route_class=StrictRoute, tags=["native: adapters"])

STREAMED = frozenset({"/api/v1/adapters/file"})
"""Paths whose bodies are not read before the route asks for them."""
STALL_SECONDS = 60.0
"""A file of which nothing comes for as long is given up."""
_FILE: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}
Filename = Annotated[str, Header(alias="X-Filename", description="Percent-encoded.", max_length=2000)]
Name = Annotated[
    str, Query(max_length=64, description="What to call it; made of the file's name by default.")
]
Weight = Annotated[float, Query(ge=-4, le=4, description="Its weight where nobody says one.")]
Words = Annotated[list[str], Query(max_length=20, description="Words that call what it has learned.")]


class AdapterCard(BaseModel):
    """An adapter that can be drawn with."""

    name: str
    base: str = Field(description="What it was likely made for; empty where that is not known.")
    weight: float = Field(description="Its weight where nobody says one.")
    words: list[str] = Field(description="Words that call what it has learned.")
    licence: str
    fingerprint: str = Field(description="SHA-256 of its file.")
    added: str = Field(description="When it was added; empty where it comes with fluxgram.")


class AdapterList(BaseModel):
    """What was added to this machine, and what comes with fluxgram."""

    adapters: list[AdapterCard]


class AdapterContents(BaseModel):
    """What is in an adapter, as `fluxgram adapters inspect` tells it."""

    base: str
    form: str = Field(description="How it was written: `diffusers`, `kohya`, …")
    kinds: dict[str, int] = Field(description="Layers by kind of change.")
    total: int = Field(description="Tensors.")
    matched: int = Field(description="Those that found a place.")
    unmatched: dict[str, list[str]] = Field(description="Those that found none, each with the nearest names.")
    ranks: list[int]
    alphas: list[float]
    layers: list[str]
    checkpoint: str | None = Field(description="What it was held against; null for any FLUX.")
    usable: bool
    reason: str | None
    hint: str | None


class AddedAdapter(BaseModel):
    """What became of adding one."""

    fresh: bool = Field(description="Whether it was not there yet; what was there is not changed.")
    adapter: AdapterCard
    contents: AdapterContents


class Freed(BaseModel):
    """What became free."""

    freed: int = Field(description="Bytes.")


class AdapterOrder(Body):
    """An adapter of the hub."""

    source: StrictStr = Field(min_length=1, max_length=400, description="`owner/repo[/file.safetensors]`.")
    name: StrictStr = Field("", max_length=64, description="What to call it; made of the file's by default.")
    weight: StrictFloat | StrictInt = Field(1.0, ge=-4, le=4, description="Its weight where nobody says one.")
    words: list[Annotated[StrictStr, Field(max_length=200)]] = Field([], max_length=20)
    replace: StrictBool = Field(False, description="Take the place of another one of that name.")


@router.get("/adapters", summary="Adapters that can be drawn with", operation_id="adapters")
def adapters(request: Request, who: Who) -> AdapterList:
    """What was added to this machine, and what comes with fluxgram."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    return AdapterList(adapters=[AdapterCard(**asdict(card)) for card in jobs.adapters()])


@router.get("/adapters/{name}", summary="What is in an adapter", operation_id="adapter",
            response_model=AdapterContents)  # fmt: skip
def adapter(
    name: str,
    request: Request,
    who: Who,
    checkpoint: Annotated[str, Query(max_length=200, description="Say whether it fits this one.")] = "",
) -> Any:
    """All of its numbers are looked at, which takes seconds where it is large."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    table = jobs.checkpoint(checkpoint) if checkpoint else None
    try:
        return AdapterContents(**shelving.contents(name, jobs.settings, table))
    except UnknownAdapter as error:
        return respond(request, error, 404)
    except CheckpointError as error:
        return respond(request, error, 409)


@router.post("/adapters", status_code=201, summary="Add an adapter of the hub", operation_id="add_adapter",
             response_model=AddedAdapter)  # fmt: skip
def add(body: AdapterOrder, request: Request, who: Administrator) -> Any:
    """It is fetched, looked at whole, and kept; answered when it is here."""
    jobs: Jobs = request.app.state.jobs
    try:
        return _added(
            shelving.add_from_hub(
                body.source, jobs.settings, name=body.name, weight=float(body.weight), words=body.words,
                replace=body.replace,
            )
        )  # fmt: skip
    except (AdapterError, CheckpointError) as error:
        return respond(request, error, 422)


@router.post("/adapters/file", status_code=201, summary="Add an adapter from a file", operation_id="send_adapter",
             openapi_extra=_FILE, response_model=AddedAdapter)  # fmt: skip
async def send(
    request: Request,
    who: Administrator,
    filename: Filename,
    name: Name = "",
    weight: Weight = 1.0,
    word: Words = [],  # noqa: B006  (FastAPI copies it)
    replace: bool = False,
) -> Any:
    """The body is a .safetensors file of at most 4 GB; it is looked at whole before it is kept."""
    jobs: Jobs = request.app.state.jobs
    called = unquote(filename, errors="replace")
    with shelving.arriving(called, name, jobs.settings) as path:
        try:
            await _received(request, path)
        except _TooLarge as error:
            return respond(request, error, 413)

        def keep() -> Any:
            try:
                return _added(
                    shelving.add_sent(
                        path, called, jobs.settings, name=name, weight=weight, words=word, replace=replace
                    )
                )
            except (AdapterError, CheckpointError) as error:
                return respond(request, error, 422)

        return await run_in_threadpool(keep)


@router.delete("/adapters/{name}", summary="Remove an adapter", operation_id="remove_adapter",
               response_model=Freed)  # fmt: skip
def remove(name: str, request: Request, who: Administrator) -> Any:
    """One that was added; pictures that are drawn with it now are finished with it."""
    try:
        return Freed(freed=shelving.remove(name, request.app.state.jobs.settings))
    except UnknownAdapter as error:
        return respond(request, error, 404)
    except RequestError as error:  # it comes with fluxgram
        return respond(request, error, 409)


class _TooLarge(RequestError):
    """A file that is not taken."""


async def _received(request: Request, path: Path) -> None:
    """Write the body to a file as it comes.

    Raises:
        _TooLarge: It has too many bytes, or says so.
        Malformed: It broke off, or nothing came any more.
        AdapterError: It cannot be written.
    """
    most, size = shelving.MOST_BYTES, 0
    told = request.headers.get("content-length", "")
    too_large = _TooLarge(f"The file is larger than {most / 1e9:g} GB.", "No adapter is; send another file.")
    if told.isdecimal() and int(told[:20]) > most:
        raise too_large
    chunks = aiter(request.stream())
    try:
        with path.open("xb") as file:
            while True:
                async with asyncio.timeout(STALL_SECONDS):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                size += len(chunk)
                if size > most:
                    raise too_large
                await run_in_threadpool(file.write, chunk)
    except (ClientDisconnect, TimeoutError):
        raise Malformed("The file broke off.", "Send it again.") from None
    except OSError as reason:
        raise AdapterError(
            f"The file cannot be kept: {reason.strerror}.", "Check the server's disk."
        ) from None


def _added(added: Shelved) -> AddedAdapter:
    card = AdapterCard(**asdict(added.adapter))
    return AddedAdapter(fresh=added.fresh, adapter=card, contents=AdapterContents(**added.contents))
