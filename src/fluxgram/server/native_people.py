"""Native surface: characters that are kept by name, and shoots, which put them into many scenes, a job each."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import FluxgramError, RequestError, ShootError
from fluxgram.jobs.orders import Job, Order
from fluxgram.prompt.characters import Adapter, Cast, Character, anchor_warnings
from fluxgram.prompt.frames import Frame, frames_of
from fluxgram.prompt.shoots import Shoot, read_shoot, template, template_names
from fluxgram.prompt.toml_tables import plain_text
from fluxgram.server.failures import respond
from fluxgram.server.links import base_url
from fluxgram.server.native_jobs import IdempotencyKey, key_of, naming
from fluxgram.server.native_views import JobView, Who, job_view
from fluxgram.server.native_words import Phrase, Phrases, catalog_of
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

router = APIRouter(route_class=StrictRoute)

_CHARACTERS: list[str | Enum] = ["native: characters"]
_LOCKED = "Locked: every scene begins from the same noise."
_SHOOTS: list[str | Enum] = ["native: shoots"]


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

    seed: StrictInt = Field(ge=0, lt=2**64, description=_LOCKED)


class NewCharacter(Looks):
    """A character with its name."""

    seed: StrictInt | None = Field(None, ge=0, lt=2**64, description=f"{_LOCKED} Drawn where none is given.")
    name: StrictStr = Field(description="What to call it: Mara.", max_length=200)


def cast_of(request: Request) -> Cast:
    """The characters of this machine."""
    jobs: Jobs = request.app.state.jobs
    return Cast(jobs.settings.home / "characters")


@router.get("/characters", summary="List characters", operation_id="characters", tags=_CHARACTERS)
def characters(request: Request, who: Who) -> dict[str, Any]:
    """All of this machine's; a damaged file does not hide the others."""
    who.may_look()
    cast, found = cast_of(request), []
    for slug in cast.slugs():
        try:
            found.append(_shown(slug, cast.load(slug)))
        except FluxgramError as error:
            found.append({"slug": slug, "error": str(error).replace(str(cast.folder), "characters")})
    return {"characters": found}


@router.post("/characters", status_code=201, summary="Keep a character", operation_id="new_character",
             tags=_CHARACTERS)  # fmt: skip
def new_character(body: NewCharacter, request: Request, response: Response, who: Who) -> Any:
    """By a name that is free; PUT replaces one."""
    who.may("admin")
    cast = cast_of(request)
    if cast.path(body.name).exists():
        error = ShootError(f"There is a character {cast.path(body.name).stem!r} already.", "PUT replaces it.")
        return respond(request, error, 409)
    seed = secrets.randbits(32) if body.seed is None else body.seed
    slug = _save(cast, body.name, body, seed, overwrite=False)
    response.headers["Location"] = (
        f"{base_url(request, request.app.state.service)}/api/v1/characters/{quote(slug)}"
    )
    return _shown(slug, cast.load(slug))


@router.get("/characters/{name}", summary="A character", operation_id="character", tags=_CHARACTERS)
def character(name: str, request: Request, who: Who) -> Any:
    """By name, whatever its case."""
    who.may_look()
    cast = cast_of(request)
    if (missing := _missing(request, cast, name)) is not None:
        return missing
    return _shown(cast.path(name).stem, cast.load(name))


@router.put("/characters/{name}", summary="Keep or replace a character", operation_id="put_character",
            tags=_CHARACTERS)  # fmt: skip
def put_character(name: str, body: CharacterOrder, request: Request, who: Who) -> dict[str, Any]:
    """Whole: what is left out is not kept. Its reference pictures stay."""
    who.may("admin")
    cast = cast_of(request)
    slug = _save(cast, name, body, body.seed, overwrite=True)
    return _shown(slug, cast.load(slug))


@router.delete("/characters/{name}", status_code=204, summary="Forget a character", operation_id="delete_character",
               tags=_CHARACTERS)  # fmt: skip
def delete_character(name: str, request: Request, who: Who) -> Response:
    """Its file is removed; its pictures stay."""
    who.may("admin")
    cast = cast_of(request)
    if (missing := _missing(request, cast, name)) is not None:
        return missing
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
    return {"slug": slug, **plain, "warnings": anchor_warnings(found.anchor)}


class ShootOrder(Body):
    """A shoot, and what wins over what its file says."""

    file: StrictStr = Field(description="The shoot as TOML; /api/v1/shoots/templates has some to begin with.",
                            max_length=1_000_000)  # fmt: skip
    scenes: Phrases = Field([], description="Only these; empty is all.")
    checkpoint: StrictStr = Field("", description="Instead of what the file and its characters say.")
    quality: Literal["draft", "proof", "final"] | None = Field(
        None, description="Instead of what the file says."
    )
    priority: StrictInt = Field(0, ge=-100, le=100)
    format: Literal["png", "jpeg", "webp"] = "png"
    dry_run: StrictBool = Field(False, description="Only show what would be drawn.")


class FrameView(BaseModel):
    """A picture of a shoot."""

    scene: str
    file: str = Field(description="A name for its file, without an ending; no two of a shoot have the same.")
    caption: str
    prompt: str
    negative: str
    seed: int
    size: str
    checkpoint: str
    job: JobView | None = Field(description="Its job; null in a dry run.")


class ShootView(BaseModel):
    """A shoot that was submitted."""

    title: str
    frames: list[FrameView]


@router.get("/shoots/templates", summary="Shoots to begin with", operation_id="templates", tags=_SHOOTS)
def templates(who: Who) -> dict[str, Any]:
    """Their text, by name."""
    who.may_look()
    return {"templates": [{"name": name, "file": template(name)} for name in template_names()]}


@router.post("/shoots", status_code=202, summary="Submit a shoot", operation_id="shoot", tags=_SHOOTS)
def shoot(body: ShootOrder, request: Request, who: Who, idempotency_key: IdempotencyKey = "") -> ShootView:
    """A job for each picture; where one is refused, none is drawn. With an Idempotency-Key what was accepted stays,
    and the same shoot sent again goes on from there.
    """
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    key = key_of(idempotency_key, "shoots")
    found, frames = _read(body, request)
    made: list[Job] = []
    try:
        with naming(idempotency_key):
            made.extend(
                jobs.submit(_order(frame, found, body, request, key), who)
                for frame in ([] if body.dry_run else frames)
            )
    except FluxgramError:
        for job in [] if key else made:
            jobs.cancel(job.id, who)
        raise
    views = [
        FrameView(
            scene=frame.scene,
            file=frame.stem,
            caption=frame.caption,
            prompt=frame.text,
            negative=frame.negative,
            seed=frame.seed,
            size=frame.size,
            checkpoint=frame.checkpoint or jobs.service.checkpoint,
            job=None if body.dry_run else job_view(made[number], request),
        )
        for number, frame in enumerate(frames)
    ]
    return ShootView(title=found.title, frames=views)


def _read(body: ShootOrder, request: Request) -> tuple[Shoot, list[Frame]]:
    """The shoot and its frames; read from a folder of its own, so that it reaches no file of this machine."""
    jobs: Jobs = request.app.state.jobs
    with tempfile.TemporaryDirectory(prefix="fluxgram-shoot-") as folder:
        path = Path(folder) / "shoot.toml"
        path.write_text(body.file, encoding="utf-8")
        try:
            found = read_shoot(path, cast_of(request))
            _check_references(found, cast_of(request))
            frames = frames_of(
                found,
                checkpoint=body.checkpoint,
                family_of=lambda name: jobs.facts(name).family,
                catalog=catalog_of(request),
                wildcards=[jobs.settings.home / "wildcards"],
                only=body.scenes,
            )
        except ShootError as error:
            raise ShootError(_without(str(error), folder, jobs), _without(error.hint, folder, jobs)) from None
        except RequestError as error:
            raise type(error)(
                _without(str(error), folder, jobs), _without(error.hint, folder, jobs)
            ) from None
    return found, frames


def _check_references(found: Shoot, cast: Cast) -> None:
    """A shoot that came over HTTP may name no files of this machine."""
    for each in found.characters:
        if each.references and not cast.path(each.name).is_file():
            raise RequestError("A shoot over HTTP cannot name reference pictures.", "Leave references out.")


def _without(text: str, folder: str, jobs: Jobs) -> str:
    """Words about the shoot without where it lay for a moment."""
    text = text.replace(f"{folder}/shoot.toml", "The shoot").replace(folder, "the shoot's folder")
    return text.replace(str(jobs.settings.home), "the home folder")


def _order(frame: Frame, found: Shoot, body: ShootOrder, request: Request, key: str) -> Order:
    values: dict[str, Any] = {"prompt": frame.text, "seed": frame.seed}
    wanted = {
        "negative": frame.negative, "size": frame.size, "checkpoint": frame.checkpoint,
        "quality": body.quality or found.quality, "steps": None if body.quality else found.steps,
        "guidance": found.guidance,
    }  # fmt: skip
    values |= {name: value for name, value in wanted.items() if value not in (None, "")}
    return Order(
        request=values,
        extra={
            "base_url": base_url(request, request.app.state.service),
            "scene": frame.scene,
            "file": frame.stem,
        },
        priority=body.priority,
        idempotency=f"{key}:{hashlib.sha256(frame.stem.encode()).hexdigest()[:16]}" if key else "",
        format=body.format,
    )
