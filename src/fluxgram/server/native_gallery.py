"""Native surface: the gallery. Pictures by key with filters, marks, tags, the bin, lineage, and files that are brought.

A file is sent as the body itself, with its name in `X-Filename`; it is read like anything a stranger made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from fluxgram.errors import PictureError
from fluxgram.jobs.gallery import MOST_BYTES, check_names, settings_of
from fluxgram.server.cursors import cursor_of, read_cursor
from fluxgram.server.failures import respond
from fluxgram.server.links import base_url, picture_url
from fluxgram.server.native_views import Who, when
from fluxgram.server.strict import Body, StrictRoute
from fluxgram.store.searching import Wanted

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.gallery import Brought
    from fluxgram.pictures.found import Settings
    from fluxgram.store.records import PictureRecord

router = APIRouter(route_class=StrictRoute, tags=["native: gallery"])

MOST_LISTED, MOST_NAMED = 200, 500
"""Pictures of a page; names in one request."""
PICTURE_NAMES = r"[A-Za-z0-9_./-]{1,140}"
LARGE_BODIES = dict.fromkeys(("/api/v1/imports", "/api/v1/read"), MOST_BYTES)
"""Bytes that the bodies of these paths may have, whatever others may."""
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {} for kind in ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
        },
    }
}
Filename = Annotated[str, Header(alias="X-Filename", description="Percent-encoded.", max_length=2000)]


class PictureCard(BaseModel):
    """A picture of the gallery."""

    name: str
    url: str | None = Field(description="Where it is; null once it was removed.")
    thumbnail_url: str | None
    width: int
    height: int
    seed: str = Field(description="As text: it may have more digits than numbers of JavaScript keep.")
    checkpoint: str
    prompt: str
    created: str
    origin: Literal["drawn", "imported", "endpoint"]
    rating: int = Field(description="Stars, 0 … 5.")
    favourite: bool
    rejected: bool
    tags: list[str]
    parent: str = Field(description="Name of the picture that it was made from; may be empty.")
    relation: str = Field(description="How: `push`, `more`, `again`, `light`, …")
    job: int
    index: int
    verdict: str
    trashed: str | None = Field(description="When it was put into the bin.")
    bytes: int


class FoundSettings(BaseModel):
    """How a picture was made, as far as its file says."""

    prompt: str
    negative: str
    seed: str | None
    size: str | None = Field(description="Such as `512x768`.")
    steps: int | None
    guidance: float | None
    quality: str
    checkpoint: str
    offered: bool = Field(description="Whether this service can draw with that checkpoint.")
    sampler: str
    software: str


class PictureDetail(PictureCard):
    """A picture with how it was made."""

    format: str
    sha256: str
    settings: FoundSettings
    receipt: dict[str, Any] = Field(
        description="What really happened; of a foreign picture what was found in it."
    )


class PicturePage(BaseModel):
    """A page of pictures, the newest first."""

    pictures: list[PictureCard]
    next: str | None = Field(description="Cursor of the next page; null on the last.")
    total: int | None = Field(None, description="How many there are in all; only where it was asked for.")


class Lineage(BaseModel):
    """What a picture came from, and what came of that."""

    name: str
    pictures: list[PictureCard] = Field(description="The eldest first; `parent` says how they hang together.")


class TagCount(BaseModel):
    """A tag."""

    tag: str
    count: int


class Tags(BaseModel):
    """What pictures can be found by."""

    tags: list[TagCount]
    checkpoints: list[str]


class FileRead(BaseModel):
    """What a file says."""

    filename: str
    format: str
    width: int
    height: int
    settings: FoundSettings | None = Field(description="null where it says nothing that can be used.")
    notes: list[str] = Field(description="What it carries and could not be used, in sentences.")


class Imported(PictureCard):
    """A file that was kept."""

    settings: FoundSettings | None
    notes: list[str]


Tag = Annotated[StrictStr, Field(max_length=200)]


class Marks(Body):
    """What to say of a picture; what is left out stays."""

    rating: StrictInt | None = Field(None, ge=0, le=5, description="Stars.")
    favourite: StrictBool | None = None
    rejected: StrictBool | None = None
    tags: list[Tag] | None = Field(None, max_length=64, description="All that it has from now on.")


class ManyMarks(Body):
    """What to say of many pictures at once."""

    names: list[StrictStr] = Field(description=f"1 … {MOST_NAMED}.")
    rating: StrictInt | None = Field(None, ge=0, le=5)
    favourite: StrictBool | None = None
    rejected: StrictBool | None = None
    add_tags: list[Tag] = Field([], max_length=64)
    remove_tags: list[Tag] = Field([], max_length=64)
    trashed: StrictBool | None = Field(None, description="Into the bin, or out of it.")


class PictureList(BaseModel):
    """Pictures as they are now."""

    pictures: list[PictureCard]


class Emptied(BaseModel):
    """What was removed for good."""

    removed: int


@router.get("/pictures", summary="The gallery", operation_id="gallery")
def gallery(
    request: Request,
    who: Who,
    q: Annotated[
        str, Query(max_length=400, description="Words of prompt, checkpoint, tags; or a seed.")
    ] = "",
    rating: Annotated[int, Query(ge=0, le=5, description="At least so many stars.")] = 0,
    favourite: Annotated[bool, Query(description="Only favourites.")] = False,
    rejected: Annotated[Literal["hide", "show", "only"], Query()] = "hide",
    tag: Annotated[str, Query(max_length=200)] = "",
    checkpoint: Annotated[str, Query(max_length=200)] = "",
    origin: Annotated[Literal["", "drawn", "imported", "endpoint"], Query()] = "",
    trashed: Annotated[bool, Query(description="What is in the bin instead.")] = False,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 60,
    cursor: Annotated[str, Query(max_length=400, description="`next` of the page before.")] = "",
    count: Annotated[bool, Query(description="Also say how many there are in all.")] = False,
) -> PicturePage:
    """The newest first, a page at a time. Whoever administers sees everybody's."""
    jobs: Jobs = request.app.state.jobs
    wanted = Wanted(q, rating, favourite, rejected, tag, checkpoint, origin, trashed)
    found = jobs.gallery.page(who, wanted, before=read_cursor(cursor, PICTURE_NAMES), limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    return PicturePage(
        pictures=picture_cards(found, request),
        next=cursor_of(found[-1].created, found[-1].name) if more else None,
        total=jobs.gallery.count(who, wanted) if count else None,
    )


@router.get("/tags", summary="Tags and checkpoints that pictures have", operation_id="tags")
def tags(request: Request, who: Who) -> Tags:
    """The most used first."""
    door = request.app.state.jobs.gallery
    used = [TagCount(tag=tag, count=count) for tag, count in door.tags(who)]
    return Tags(tags=used, checkpoints=door.checkpoints(who))


@router.post("/pictures/marks", summary="Mark many pictures", operation_id="mark_pictures")
def mark_many(body: ManyMarks, request: Request, who: Who) -> PictureList:
    """All of them, or none where one is not there."""
    door = request.app.state.jobs.gallery
    names = list(dict.fromkeys(body.names))
    check_names(names, MOST_NAMED)
    found = door.mark(
        names, who, rating=body.rating, favourite=body.favourite, rejected=body.rejected, add_tags=body.add_tags,
        remove_tags=body.remove_tags,
    )  # fmt: skip
    if body.trashed is not None:
        found = (door.trash if body.trashed else door.restore)(names, who)
    return PictureList(pictures=picture_cards(found, request))


@router.delete("/bin", summary="Empty the bin", operation_id="empty_bin")
def empty_bin(request: Request, who: Who) -> Emptied:
    """The files are removed for good; receipts stay with their jobs."""
    return Emptied(removed=request.app.state.jobs.gallery.empty(who))


@router.post("/imports", status_code=201, summary="Keep a picture from elsewhere", operation_id="import_picture",
             openapi_extra=_FILE, response_model=Imported)  # fmt: skip
async def import_picture(request: Request, who: Who, filename: Filename = "") -> Any:
    """The body is a PNG, JPEG or WebP of at most 40 MB; its settings are read, and its bytes stay as they are."""
    data = await request.body()

    def keep() -> Any:
        with_name = unquote(filename, errors="replace")
        try:
            picture, found = request.app.state.jobs.gallery.keep(data, with_name, who)
        except PictureError as error:
            return respond(request, error, 422)
        card = picture_card(picture, request, [])
        read = _read(found, request)
        return Imported(**card.model_dump(), settings=read.settings, notes=read.notes)

    return await run_in_threadpool(keep)


@router.post("/read", summary="Read a picture's settings", operation_id="read_picture", openapi_extra=_FILE,
             response_model=FileRead)  # fmt: skip
async def read_picture(request: Request, who: Who, filename: Filename = "") -> Any:
    """As an import, but nothing is kept."""
    data = await request.body()

    def read() -> Any:
        try:
            found = request.app.state.jobs.gallery.read(data, unquote(filename, errors="replace"), who)
        except PictureError as error:
            return respond(request, error, 422)
        return _read(found, request)

    return await run_in_threadpool(read)


@router.get("/pictures/{name:path}/lineage", summary="What a picture came from", operation_id="lineage")
def lineage(name: str, request: Request, who: Who) -> Lineage:
    """Its ancestors, and everything that was made from the eldest of them; at most 200."""
    found = request.app.state.jobs.gallery.family(name, who)
    return Lineage(name=name, pictures=picture_cards(found, request))


@router.post(
    "/pictures/{name:path}/restore", summary="Take a picture out of the bin", operation_id="restore_picture"
)
def restore(name: str, request: Request, who: Who) -> PictureCard:
    """As it was before."""
    return picture_cards(request.app.state.jobs.gallery.restore([name], who), request)[0]


@router.get("/pictures/{name:path}", summary="A picture with how it was made", operation_id="picture_detail")
def detail(name: str, request: Request, who: Who) -> PictureDetail:
    """Its marks, its settings and its receipt."""
    jobs: Jobs = request.app.state.jobs
    return picture_detail(jobs.gallery.get(name, who), request)


@router.patch("/pictures/{name:path}", summary="Mark a picture", operation_id="mark_picture")
def mark(name: str, body: Marks, request: Request, who: Who) -> PictureCard:
    """Stars, favourite, rejected, tags."""
    found = request.app.state.jobs.gallery.mark([name], who, **body.model_dump())
    return picture_cards(found, request)[0]


@router.delete("/pictures/{name:path}", summary="Put a picture into the bin", operation_id="trash_picture")
def trash(name: str, request: Request, who: Who) -> PictureCard:
    """It can be taken out again until the bin is emptied."""
    return picture_cards(request.app.state.jobs.gallery.trash([name], who), request)[0]


def picture_cards(pictures: Sequence[PictureRecord], request: Request) -> list[PictureCard]:
    """Pictures for an answer, with their tags, in the order given."""
    tagged = request.app.state.jobs.gallery.tags_of(pictures)
    return [picture_card(picture, request, tagged.get(picture.name, [])) for picture in pictures]


def picture_card(picture: PictureRecord, request: Request, tags: Sequence[str]) -> PictureCard:
    """A picture for an answer."""
    return PictureCard(**_card(picture, request, tags))


def picture_detail(picture: PictureRecord, request: Request) -> PictureDetail:
    """A picture for an answer, with all that is known of it."""
    tags = request.app.state.jobs.gallery.tags_of([picture]).get(picture.name, [])
    return PictureDetail(
        **_card(picture, request, tags),
        format=picture.format,
        sha256=picture.sha256,
        settings=settings_view(settings_of(picture), request),
        receipt=picture.receipt,
    )


def settings_view(settings: Settings, request: Request) -> FoundSettings:
    """Settings for an answer."""
    values = asdict(settings)
    width, height, seed = values.pop("width"), values.pop("height"), values.pop("seed")
    offered = {card.name for card in request.app.state.jobs.checkpoints()}
    return FoundSettings(
        **values,
        seed=None if seed is None else str(seed),
        size=f"{width}x{height}" if width and height else None,
        offered=settings.checkpoint in offered,
    )


def _card(picture: PictureRecord, request: Request, tags: Sequence[str]) -> Mapping[str, Any]:
    jobs: Jobs = request.app.state.jobs
    base = base_url(request, jobs.service)
    return {
        "name": picture.name,
        "url": None if picture.removed else picture_url(base, picture.name, jobs),
        "thumbnail_url": None if picture.removed else picture_url(base, picture.thumbnail, jobs),
        "width": picture.width,
        "height": picture.height,
        "seed": str(picture.seed),
        "checkpoint": picture.checkpoint,
        "prompt": settings_of(picture).prompt,
        "created": when(picture.created),
        "origin": picture.origin,
        "rating": picture.rating,
        "favourite": picture.favourite,
        "rejected": picture.rejected,
        "tags": list(tags),
        "parent": picture.parent,
        "relation": picture.relation,
        "job": picture.job,
        "index": picture.index,
        "verdict": picture.verdict,
        "trashed": None if picture.trashed is None else when(picture.trashed),
        "bytes": picture.bytes,
    }


def _read(found: Brought, request: Request) -> FileRead:
    settings = found.settings
    return FileRead(
        filename=found.filename,
        format=found.format,
        width=found.width,
        height=found.height,
        settings=None if settings.is_empty else settings_view(settings, request),
        notes=list(found.notes),
    )
