"""Native surface: characters that are kept by name; `native_shoots.py` puts them into many scenes.

Two tabs may have one character open. Every answer carries its version (`ETag`), and a change that says from which
version it was made (`If-Match`) is refused where somebody else was first, with what it is now.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import FluxgramError, PictureError, ShootError, UnknownJob
from fluxgram.jobs.orders import drawn_seed
from fluxgram.pictures.read import read_picture
from fluxgram.pictures.thumbnail import thumbnail
from fluxgram.prompt.characters import Adapter, Cast, Character, anchor_warnings
from fluxgram.prompt.toml_tables import plain_text
from fluxgram.server.failures import respond
from fluxgram.server.links import base_url
from fluxgram.server.native_views import Who, picture_views
from fluxgram.server.native_words import Phrase
from fluxgram.server.strict import Body, StrictRoute
from fluxgram.store.faces import pictures_saying

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller

router = APIRouter(route_class=StrictRoute)

_CHARACTERS: list[str | Enum] = ["native: characters"]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    412: {"description": "It was changed meanwhile; `current` is what it is now."}
}
_LOCKED = "Locked: every scene begins from the same noise."
IfMatch = Annotated[
    str,
    Header(
        description="The ETag that the change was made from; another one is refused with 412.", max_length=200
    ),
]


Seed = Annotated[StrictInt, Field(ge=0, lt=2**64)] | Annotated[StrictStr, Field(pattern=r"^[0-9]{1,20}$")]
"""Browsers hold no whole number above 2^53, so it may come as text."""


class AdapterEntry(Body):
    """A LoRA that belongs to a character."""

    source: Phrase = Field(description="Name of the adapter.")
    strength: StrictFloat | StrictInt = Field(1.0, ge=-4, le=4)


class Looks(Body):
    """What somebody looks like, beside the seed."""

    anchor: Phrase = Field(description="What never changes: age, skin, hair, features.")
    negative: Phrase = Field("", description="What must not be there, in every scene.")
    checkpoint: Phrase = Field("", description="What draws it, where the shoot does not say.")
    adapters: list[AdapterEntry] = Field([], max_length=8)
    notes: Phrase = Field("", description="For people; never part of a prompt.")


class CharacterOrder(Looks):
    """What makes somebody the same in every scene."""

    seed: Seed = Field(description=f"{_LOCKED} Also as text.")


class AnchorOrder(Body):
    """An anchor to be looked at."""

    anchor: Phrase


class NewCharacter(Looks):
    """A character with its name."""

    seed: Seed | None = Field(None, description=f"{_LOCKED} Also as text; drawn where none is given.")
    name: StrictStr = Field(description="What to call it: Mara.", max_length=200)


def cast_of(request: Request) -> Cast:
    """The characters of this machine."""
    jobs: Jobs = request.app.state.jobs
    return Cast(jobs.settings.home / "characters")


@router.get("/characters", summary="List characters", operation_id="characters", tags=_CHARACTERS)
def characters(
    request: Request,
    who: Who,
    faces: Annotated[bool, Query(description="With the address of a small picture of each.")] = False,
) -> dict[str, Any]:
    """All of this machine's; a damaged file does not hide the others."""
    who.may_look()
    cast, found = cast_of(request), []
    for slug in cast.slugs():
        try:
            one = cast.load(slug)
            found.append(_shown(slug, one) | ({"face": _face(slug, one, request, who)} if faces else {}))
        except FluxgramError as error:
            found.append({"slug": slug, "error": str(error).replace(str(cast.folder), "characters")})
    return {"characters": found}


@router.post("/characters/anchor", summary="Look at an anchor", operation_id="anchor", tags=_CHARACTERS)
def anchor(body: AnchorOrder, who: Who) -> dict[str, Any]:
    """What in it belongs into the scenes; nothing is kept."""
    who.may_look()
    return {"warnings": anchor_warnings(plain_text(body.anchor))}


@router.post("/characters", status_code=201, summary="Keep a character", operation_id="new_character",
             tags=_CHARACTERS)  # fmt: skip
def new_character(body: NewCharacter, request: Request, response: Response, who: Who) -> Any:
    """By a name that is free; PUT replaces one."""
    who.may("admin")
    cast = cast_of(request)
    seed = drawn_seed() if body.seed is None else int(body.seed)
    with _turn(request):
        if cast.path(body.name).exists():
            error = ShootError(
                f"There is a character {cast.path(body.name).stem!r} already.", "PUT replaces it."
            )
            return respond(request, error, 409)
        slug = _save(cast, body.name, body, seed, overwrite=False)
    response.headers["Location"] = (
        f"{base_url(request, request.app.state.service)}/api/v1/characters/{quote(slug)}"
    )
    return _answer(cast, slug, response)


@router.get("/characters/{name}", summary="A character", operation_id="character", tags=_CHARACTERS)
def character(name: str, request: Request, response: Response, who: Who) -> Any:
    """By name, whatever its case; its `ETag` goes into the `If-Match` of a change."""
    who.may_look()
    cast = cast_of(request)
    if (missing := _missing(request, cast, name)) is not None:
        return missing
    return _answer(cast, cast.path(name).stem, response)


@router.get("/characters/{name}/pictures", summary="Pictures of a character", operation_id="character_pictures",
            tags=_CHARACTERS)  # fmt: skip
def pictures(
    name: str,
    request: Request,
    who: Who,
    locked: Annotated[bool, Query(description="Only those of its own seed.")] = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 24,
) -> Any:
    """Whose words hold its anchor, the newest first."""
    who.may_look()
    cast = cast_of(request)
    if (missing := _missing(request, cast, name)) is not None:
        return missing
    jobs: Jobs = request.app.state.jobs
    one = cast.load(name)
    seed = one.seed if locked else None
    found = pictures_saying(jobs.database, who.sees, _said(one), seed=seed, limit=limit)
    return {"pictures": picture_views(found, request)}


@router.get("/characters/{name}/references/{number}", summary="A reference picture, small",
            operation_id="reference", tags=_CHARACTERS, response_class=Response)  # fmt: skip
def reference(name: str, number: int, request: Request, who: Who) -> Response:
    """A WebP of at most 320 px, made anew from the file; nothing else of the file is handed out."""
    who.may_look()
    cast = cast_of(request)
    if (missing := _missing(request, cast, name)) is not None:
        return missing
    references = cast.load(name).references
    if not 0 <= number < len(references):
        raise UnknownJob("There is no such reference picture.", f"{name[:60]} has {len(references)}.")
    try:
        data = thumbnail(read_picture(cast.folder / references[number]))
    except PictureError as error:
        return respond(request, error, 422)
    return Response(data, media_type="image/webp", headers={"Cache-Control": "private, no-cache"})


@router.put("/characters/{name}", summary="Keep or replace a character", operation_id="put_character",
            tags=_CHARACTERS, responses=_CONFLICT)  # fmt: skip
def put_character(
    name: str, body: CharacterOrder, request: Request, response: Response, who: Who, if_match: IfMatch = ""
) -> Any:
    """Whole: what is left out is not kept. Its reference pictures stay."""
    who.may("admin")
    cast = cast_of(request)
    with _turn(request):
        if if_match and not _fits(if_match, _etag(cast, name)):
            return _changed(request, cast, name)
        slug = _save(cast, name, body, int(body.seed), overwrite=True)
        return _answer(cast, slug, response)


@router.delete("/characters/{name}", status_code=204, summary="Forget a character", operation_id="delete_character",
               tags=_CHARACTERS)  # fmt: skip
def delete_character(name: str, request: Request, who: Who, if_match: IfMatch = "") -> Response:
    """Its file is removed; its pictures stay."""
    who.may("admin")
    cast = cast_of(request)
    with _turn(request):
        if (missing := _missing(request, cast, name)) is not None:
            return missing
        if if_match and not _fits(if_match, _etag(cast, name)):
            return _changed(request, cast, name)
        cast.remove(name)
    return Response(status_code=204)


def _missing(request: Request, cast: Cast, name: str) -> Response | None:
    """The answer that nobody has a name; None where somebody has."""
    try:
        if cast.path(name).is_file():
            return None
        cast.load(name)
    except ShootError as error:
        return respond(request, error, 404)
    return None


def _save(cast: Cast, name: str, body: Looks, seed: int, *, overwrite: bool) -> str:
    references: tuple[str, ...] = ()
    if overwrite and cast.path(name).is_file():
        references = cast.load(name).references
    made = Character(
        name=plain_text(name),
        anchor=plain_text(body.anchor),
        seed=seed,
        negative=plain_text(body.negative),
        checkpoint=body.checkpoint.strip(),
        adapters=tuple(Adapter(each.source, float(each.strength)) for each in body.adapters),
        references=references,
        notes=plain_text(body.notes),
    )
    return cast.save(made, overwrite=overwrite).stem


def _shown(slug: str, found: Character) -> dict[str, Any]:
    plain = asdict(found)
    return {"slug": slug, **plain, "seed_text": str(found.seed), "warnings": anchor_warnings(found.anchor)}


def _answer(cast: Cast, slug: str, response: Response) -> dict[str, Any]:
    """A character with its version."""
    tag = _etag(cast, slug)
    response.headers["ETag"] = tag
    return _shown(slug, cast.load(slug)) | {"etag": tag}


def _etag(cast: Cast, name: str) -> str:
    """The version of a character's file; empty where there is none."""
    try:
        return f'"{hashlib.sha256(cast.path(name).read_bytes()).hexdigest()[:32]}"'
    except OSError:
        return ""


def _fits(asked: str, tag: str) -> bool:
    """Whether an If-Match names the version; `*` is any that is there."""
    return bool(tag) and (asked.strip() == "*" or tag in [each.strip() for each in asked.split(",")])


def _turn(request: Request) -> threading.Lock:
    """So that nobody writes between the look at the version and the change."""
    lock: threading.Lock = request.app.state.cast_lock
    return lock


def _changed(request: Request, cast: Cast, name: str) -> Response:
    """The refusal of a change that was made from another version, with what there is now."""
    now = None
    if tag := _etag(cast, name):
        error = ShootError(f"{plain_text(name)[:60]} was changed meanwhile, in another tab or by somebody else.",
                           "Choose between the two versions, or put them together.")  # fmt: skip
        now = _shown(cast.path(name).stem, cast.load(name)) | {"etag": tag}
    else:
        error = ShootError(f"{plain_text(name)[:60]} was deleted meanwhile.", "Keep it again, or let it go.")
    refused = respond(request, error, 412)
    body = json.loads(bytes(refused.body)) | {"current": now}
    return JSONResponse(body, 412, {"Cache-Control": "no-store"}, media_type="application/problem+json")


def _said(one: Character) -> str:
    """The anchor as prompts have it."""
    return one.anchor.strip(" ,;.")


def _face(slug: str, one: Character, request: Request, who: Caller) -> str | None:
    """Where a small picture of a character is: a reference, else the last one of its own seed, else of any."""
    if one.references:
        return f"/api/v1/characters/{quote(slug)}/references/0"
    jobs: Jobs = request.app.state.jobs
    for seed in (one.seed, None):
        if found := pictures_saying(jobs.database, who.sees, _said(one), seed=seed, limit=1):
            return picture_views(found, request)[0].thumbnail_url
    return None
