"""Native surface: shoots that are kept. How far each is, its frames with their takes, one frame again, contact sheets.

Titles are changed and boards are put into the bin at `/boards/ID`, as other boards are.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StrictInt, StrictStr

from fluxgram.errors import FluxgramError, RequestError
from fluxgram.jobs.contact_sheets import archive, picture_sheet, whole_page
from fluxgram.jobs.orders import drawn_seed
from fluxgram.jobs.shoots import Shot, change, drawn, shots_of, submit_all, which
from fluxgram.server.native_shoots import SHOOTS, order_of
from fluxgram.server.native_views import Who, picture_views, when
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller, Job
    from fluxgram.store.records import BoardRecord

router = APIRouter(route_class=StrictRoute, tags=SHOOTS)

NEW = "new"
CHUNK = 1 << 20
"""Bytes of an archive that are sent at a time."""


class Again(Body):
    """How a scene is drawn again."""

    seed: StrictInt | Literal["new"] | StrictStr | None = Field(
        None,
        description="Another seed (also as text), or `new` for a drawn one; the frame's own, locked one by default.",
    )
    file: StrictStr = Field("", max_length=250, description="Only this frame of the scene.")
    prompt: StrictStr | None = Field(None, max_length=100_000, description="Other words than the first time.")
    quality: Literal["draft", "proof", "final"] | None = None


class Choice(Body):
    """Which take of a frame is shown."""

    take: StrictInt = Field(description="The job that drew it.")


@router.get("/shoots", summary="List shoots", operation_id="shoots")
def shoots(
    request: Request,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    trashed: Annotated[bool, Query(description="Those in the bin.")] = False,
) -> dict[str, Any]:
    """The newest first, with how far each is and its first pictures."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    boards = jobs.boards.list(who.sees, kind="shoot", limit=limit, trashed=trashed)
    found = [(board, shots_of(board)) for board in boards]
    return {"shoots": [_summary(board, shots, drawn(jobs, shots, who), request) for board, shots in found]}


@router.get("/shoots/{id}", summary="A shoot", operation_id="get_shoot")
def get_shoot(id: str, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """Its frames in the order of the file, each with its takes and the picture that is shown."""
    who.may_look()
    return _view(request.app.state.jobs.boards.get(id, who.sees), request, who)


@router.post("/boards/{id}/scenes/{scene:path}/again", status_code=202, summary="Draw a scene of a shoot again",
             operation_id="again")  # fmt: skip
def again(id: str, scene: str, body: Again, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """The same words and the locked seed unless others are given; earlier takes stay."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    board = jobs.boards.get(id, who.sees)
    meant = which(shots_of(board), scene, body.file)
    anew = {shot.file: _anew(shot, body) for shot in meant}
    orders = [order_of(shot, board.title, request, board.data) for shot in anew.values()]
    made = dict(zip(anew, submit_all(jobs, orders, who, keep=False), strict=True))

    def taken(shot: Shot) -> Shot:
        return shot.with_take(made[shot.file].id) if shot.file in made else shot

    try:
        changed = change(jobs, board, who, taken)
    except FluxgramError:
        for job in made.values():
            jobs.cancel(job.id, who)
        raise
    return _view(changed, request, who)


@router.put("/shoots/{id}/frames/{file}", summary="Choose the take that is shown", operation_id="choose_take")
def choose(id: str, file: str, body: Choice, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """Of a frame that was drawn more than once."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    board = jobs.boards.get(id, who.sees)
    shots = [shot for shot in shots_of(board) if shot.file == file]
    if not shots or body.take not in shots[0].takes:
        raise RequestError("The shoot has no such frame and take.", "Load it again.")
    return _view(
        change(jobs, board, who, lambda shot: replace(shot, shown=body.take) if shot.file == file else shot),
        request,
        who,
    )


@router.post("/shoots/{id}/cancel", summary="Cancel what is left of a shoot", operation_id="cancel_shoot")
def cancel(id: str, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """What waits at once, what is drawn at its next step; what is finished stays."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    board = jobs.boards.get(id, who.sees)
    found = drawn(jobs, shots_of(board), who)
    for number in sorted(found, reverse=True):  # the last first, so that none begins meanwhile
        if not found[number].over:
            jobs.cancel(number, who)
    return _view(board, request, who)


@router.get(
    "/shoots/{id}/{sheet}", summary="A contact sheet", operation_id="contact_sheet", response_class=Response
)
def sheet(
    id: str,  # noqa: A002
    sheet: Literal["sheet.png", "sheet.html", "pictures.zip"],
    request: Request,
    who: Who,
) -> Response:
    """What is shown and finished: one picture, one page that holds all pictures, or a folder of everything."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    board = jobs.boards.get(id, who.sees)
    shots = shots_of(board)
    found = drawn(jobs, shots, who)
    headers = {
        "Content-Disposition": f'attachment; filename="contact-{sheet}"',
        "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
        "Cache-Control": "no-store",
    }
    if sheet == "pictures.zip":
        return StreamingResponse(_archived(jobs, board, shots, found), 200, headers, "application/zip")
    if sheet == "sheet.png":
        return Response(picture_sheet(jobs, board.title, shots, found), 200, headers, "image/png")
    return Response(whole_page(jobs, board.title, shots, found), 200, headers, "text/html; charset=utf-8")


def _archived(
    jobs: Jobs, board: BoardRecord, shots: Sequence[Shot], found: Mapping[int, Job]
) -> Iterator[bytes]:
    """A ZIP that was written to a file without a name, so that a large shoot does not fill the memory."""
    out = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the generator)
    try:
        archive(jobs, board.title, shots, found, out)
    except BaseException:
        out.close()
        raise
    out.seek(0)

    def chunks() -> Iterator[bytes]:
        with out:
            while part := out.read(CHUNK):
                yield part

    return chunks()


def _anew(shot: Shot, body: Again) -> Shot:
    """A frame with other words, another seed or another quality."""
    seed = shot.seed
    if body.seed == NEW:
        seed = drawn_seed()
    elif body.seed is not None:
        if not str(body.seed).isdecimal() or not 0 <= int(str(body.seed)[:21]) < 2**64:
            raise RequestError("That is no seed.", "A seed is a whole number from 0 to 2^64 - 1, or `new`.")
        seed = int(body.seed)
    made = replace(shot, seed=seed, prompt=shot.prompt if body.prompt is None else body.prompt)
    return made if body.quality is None else replace(made, quality=body.quality, steps=None)


def _state(shot: Shot, found: Mapping[int, Job]) -> str:
    job = found.get(shot.shown)
    return "gone" if job is None else job.state


def _counts(shots: Sequence[Shot], found: Mapping[int, Job]) -> dict[str, int]:
    states = [_state(shot, found) for shot in shots]
    return {name: states.count(name) for name in ("queued", "running", "done", "failed", "cancelled", "gone")}


def _summary(
    board: BoardRecord, shots: Sequence[Shot], found: Mapping[int, Job], request: Request
) -> dict[str, Any]:
    """A shoot in a list."""
    pictures = [picture for shot in shots if (job := found.get(shot.shown)) for picture in job.pictures[:1]]
    views = picture_views([each for each in pictures if not each.removed and not each.rejected], request)
    return {
        "id": board.id,
        "title": board.title,
        "created": when(board.created),
        "version": board.version,
        "trashed": board.trashed is not None,
        "frames": len(shots),
        "counts": _counts(shots, found),
        "characters": list(dict.fromkeys(name for shot in shots for name in shot.characters)),
        "pictures": [view.thumbnail_url for view in views[:6]],
    }


def _view(board: BoardRecord, request: Request, who: Caller) -> dict[str, Any]:
    """A shoot with its frames."""
    shots = shots_of(board)
    found = drawn(request.app.state.jobs, shots, who)
    return _summary(board, shots, found, request) | {
        "file": board.data.get("file", ""),
        "frames": [_frame(shot, found, request) for shot in shots],
    }


def _frame(shot: Shot, found: Mapping[int, Job], request: Request) -> dict[str, Any]:
    takes = [_take(number, found.get(number), request) for number in shot.takes]
    shown = next((take for take in takes if take["job"] == shot.shown), None)
    return {
        "scene": shot.scene,
        "file": shot.file,
        "caption": shot.caption,
        "prompt": shot.prompt,
        "negative": shot.negative,
        "seed": str(shot.seed),
        "size": shot.size,
        "checkpoint": shot.checkpoint,
        "characters": list(shot.characters),
        "shown": shot.shown,
        "state": shown["state"] if shown else "gone",
        "picture": shown["picture"] if shown else None,
        "problem": shown["problem"] if shown else None,
        "takes": takes,
    }


def _take(number: int, job: Job | None, request: Request) -> dict[str, Any]:
    if job is None:
        return {
            "job": number,
            "state": "gone",
            "picture": None,
            "problem": None,
            "seed": None,
            "prompt": None,
        }
    picture = next((each for each in job.pictures if not each.removed), None)
    view = None
    if picture is not None:
        view = picture_views([picture], request)[0].model_dump()
        view |= {"favourite": picture.favourite, "rejected": picture.rejected, "rating": picture.rating}
        view |= {"trashed": picture.trashed is not None, "seed": str(picture.seed)}
    problem = job.problem
    return {
        "job": number,
        "state": job.state,
        "picture": view,
        "problem": None if problem is None else {"message": problem.message, "hint": problem.hint},
        "seed": str(job.record.request.get("seed", "")),
        "prompt": job.prompt_asked,
    }
