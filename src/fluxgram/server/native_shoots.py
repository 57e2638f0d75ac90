"""Native surface: shoots. A file of characters and scenes is handed in, a job a frame, and kept as a board.

`native_shoot_boards.py` shows such boards, draws single frames again, and hands out contact sheets.
"""

from __future__ import annotations

import hashlib
import tempfile
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from fluxgram.errors import RequestError, ShootError
from fluxgram.jobs.orders import Order
from fluxgram.jobs.shoots import Shot, keep, submit_all
from fluxgram.prompt.findings import Finding
from fluxgram.prompt.frames import Frame, frames_of
from fluxgram.prompt.lint import lint_scenes
from fluxgram.prompt.rules.rule import Scene
from fluxgram.prompt.shoot_text import Part, shoot_text
from fluxgram.prompt.shoots import Shoot, read_shoot, template, template_names
from fluxgram.server.links import base_url
from fluxgram.server.native_jobs import IdempotencyKey, key_of, naming
from fluxgram.server.native_people import cast_of
from fluxgram.server.native_views import JobView, Who, job_view
from fluxgram.server.native_words import Phrase, Phrases, catalog_of
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fluxgram.jobs.door import Jobs
    from fluxgram.prompt.characters import Cast

router = APIRouter(route_class=StrictRoute)

SHOOTS: list[str | Enum] = ["native: shoots"]


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
    preview_every: StrictInt = Field(
        0,
        ge=0,
        le=200,
        description="A small preview every so many steps, at most eight a picture; 0 for none.",
    )
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
    characters: list[str] = Field(description="Names of those who are in it.")
    job: JobView | None = Field(description="Its job; null in a dry run.")


class Remark(BaseModel):
    """What the linter says of a scene."""

    code: str
    severity: str
    message: str
    where: str


class ShootView(BaseModel):
    """A shoot that was submitted."""

    title: str
    board: str | None = Field(description="Where it is kept, /api/v1/shoots/BOARD; null in a dry run.")
    frames: list[FrameView]
    findings: list[Remark] = Field(description="What the linter says; in a dry run only.")


class PartOrder(Body):
    """A scene of a form."""

    name: Phrase
    subject: Phrase = ""
    setting: Phrase = ""
    action: Phrase = ""
    details: Phrase = Field("", description="Of this scene only, separated by commas.")
    light: Phrase = ""
    side: Literal["", "left", "right"] = ""
    camera: Phrase = ""
    size: Phrase = ""


class TextOrder(Body):
    """A shoot as a form has it."""

    title: Phrase = "Shoot"
    characters: list[Phrase] = Field([], max_length=20, description="Names of kept characters.")
    scenes: list[PartOrder] = Field(min_length=1, max_length=200)
    together: StrictBool = Field(False, description="All characters in one picture.")
    quality: Literal["", "draft", "proof", "final"] = ""
    size: Phrase = ""
    checkpoint: Phrase = ""
    negative: Phrase = ""
    samples: StrictInt = Field(1, ge=1, le=64)


@router.get("/shoots/templates", summary="Shoots to begin with", operation_id="templates", tags=SHOOTS)
def templates(who: Who) -> dict[str, Any]:
    """Their text, by name."""
    who.may_look()
    return {"templates": [{"name": name, "file": template(name)} for name in template_names()]}


@router.post("/shoots/text", summary="Write a shoot's file", operation_id="shoot_text", tags=SHOOTS)
def write_text(body: TextOrder, who: Who) -> dict[str, str]:
    """From characters and scenes; what comes out can be changed and handed in."""
    who.may_look()
    shared: dict[str, object] = {"quality": body.quality, "size": body.size, "checkpoint": body.checkpoint}
    shared |= {"negative": body.negative, "samples": body.samples if body.samples > 1 else None}
    parts = [Part(**part.model_dump()) for part in body.scenes]
    try:
        return {"file": shoot_text(body.title, body.characters, parts, shared=shared, together=body.together)}
    except ValueError:
        raise ShootError("A text of the shoot holds half a character.", "Type it again.") from None


@router.post("/shoots", status_code=202, summary="Submit a shoot", operation_id="shoot", tags=SHOOTS)
def shoot(body: ShootOrder, request: Request, who: Who, idempotency_key: IdempotencyKey = "") -> ShootView:
    """A job for each picture; where one is refused, none is drawn. With an Idempotency-Key what was accepted stays,
    and the same shoot sent again goes on from there. It is kept as a board.
    """
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    key = key_of(idempotency_key, "shoots")
    found, frames = _read(body, request)
    if body.dry_run:
        return _view(found, frames, None, [], request, _findings(frames, request))
    quality = body.quality or found.quality
    shots = [
        Shot.of(frame, quality=quality, steps=None if body.quality else found.steps, guidance=found.guidance)
        for frame in frames
    ]
    data = {
        "file": body.file,
        "format": body.format,
        "priority": body.priority,
        "preview_every": body.preview_every,
    }
    orders = [order_of(shot, found.title, request, data, key) for shot in shots]
    with naming(idempotency_key):
        made = submit_all(jobs, orders, who, keep=bool(key))
    shots = [shot.with_take(job.id) for shot, job in zip(shots, made, strict=True)]
    board = keep(jobs, who, found.title, data, shots, key)
    return _view(found, frames, board.id, [job_view(job, request) for job in made], request, [])


def order_of(shot: Shot, title: str, request: Request, data: Mapping[str, Any], key: str = "") -> Order:
    """The order of a frame; `data` is its board's."""
    every = int(data.get("preview_every", 0))
    return Order(
        request=shot.request() | ({"preview_every": every} if every else {}),
        extra={
            "base_url": base_url(request, request.app.state.service),
            "scene": shot.scene,
            "file": shot.file,
            "label": f"{title} · {shot.scene}"[:80],
        },
        priority=int(data.get("priority", 0)),
        idempotency=f"{key}:{hashlib.sha256(shot.file.encode()).hexdigest()[:16]}" if key else "",
        format=str(data.get("format", "png")),
    )


def _view(
    found: Shoot,
    frames: list[Frame],
    board: str | None,
    made: list[JobView],
    request: Request,
    findings: list[Finding],
) -> ShootView:
    jobs: Jobs = request.app.state.jobs
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
            characters=list(frame.characters),
            job=made[number] if made else None,
        )
        for number, frame in enumerate(frames)
    ]
    said = [
        Remark(code=each.code, severity=str(each.severity), message=each.message, where=each.where)
        for each in findings
    ]
    return ShootView(title=found.title, board=board, frames=views, findings=said)


def _findings(frames: list[Frame], request: Request) -> list[Finding]:
    """What the linter says of the frames, each thing once."""
    jobs: Jobs = request.app.state.jobs
    found: list[Finding] = []
    for name in dict.fromkeys(frame.checkpoint for frame in frames):
        scenes = [
            Scene(
                where=frame.scene,
                text=frame.text,
                negative=frame.negative or None,
                anchor=frame.anchor,
                seed=(frame.seed - frame.sample) % 2**64,
                character=", ".join(frame.characters),
            )
            for frame in frames
            if frame.checkpoint == name
        ]
        found += lint_scenes(scenes, facts=jobs.facts(name), catalog=catalog_of(request))
    return list({(each.code, each.where, each.message): each for each in found}.values())


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
