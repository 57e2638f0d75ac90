"""Native surface: comparisons, their cells, votes and sheets, and boards in general.

A comparison's pictures are drawn as jobs like all others; this only puts them together. Other servers that can be
asked are `native_endpoints.py`, bodies are `comparison_bodies.py`.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from fluxgram.errors import RequestError
from fluxgram.jobs import cells as standing
from fluxgram.jobs import comparisons
from fluxgram.jobs.comparison_sheets import html_sheet, png_sheet
from fluxgram.jobs.tally import SURE, tally
from fluxgram.server.comparison_bodies import (
    BoardChange,
    BoardSummary,
    BoardView,
    CellView,
    Comparison,
    MoreCells,
    VoteBody,
    numbered,
)
from fluxgram.server.cursors import cursor_of, read_cursor
from fluxgram.server.failures import respond
from fluxgram.server.links import base_url, picture_url
from fluxgram.server.native_gallery import picture_cards
from fluxgram.server.native_jobs import IdempotencyKey, key_of, naming
from fluxgram.server.native_views import Trouble, Who, when
from fluxgram.server.strict import StrictRoute
from fluxgram.store.boards import BoardChanged
from fluxgram.store.records import BoardKind, BoardRecord

if TYPE_CHECKING:
    from fluxgram.jobs.cells import Cell
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller

router = APIRouter(route_class=StrictRoute, tags=["native: comparisons"])

MOST_THUMBNAILS = 4
_NAMES = "[A-Za-z0-9]{1,40}"
BoardId = Annotated[str, Path(description="The board's id.", max_length=100)]
CellNumber = Annotated[int, Path(description="The cell's number.", ge=0, lt=2**31)]
_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}


@router.get("/boards", summary="List comparisons and shoots", operation_id="boards")
def boards(
    request: Request,
    who: Who,
    kind: Annotated[BoardKind | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(description="`next` of the page before.", max_length=200)] = "",
    trashed: Annotated[bool, Query(description="Those in the bin.")] = False,
) -> dict[str, Any]:
    """The newest first, a page at a time."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    found = jobs.boards.list(
        who.sees, kind=kind or "", before=read_cursor(cursor, _NAMES), limit=limit + 1, trashed=trashed
    )
    more, found = len(found) > limit, found[:limit]
    return {
        "boards": [_summary(each, request, who) for each in found],
        "next": cursor_of(found[-1].created, found[-1].id) if more else None,
    }


@router.post("/boards", status_code=202, summary="Begin a comparison", operation_id="compare")
def compare(
    body: Comparison, request: Request, response: Response, who: Who, idempotency_key: IdempotencyKey = ""
) -> BoardView:
    """A job for each picture that is to be drawn; where one is refused, none is. The same seed for all unless an axis
    varies it. With an Idempotency-Key what was accepted stays, and the same submission goes on from there.
    """
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    base = base_url(request, jobs.service)
    with naming(idempotency_key):
        board = comparisons.submit(body.order(request, base, key_of(idempotency_key, "boards")), who, jobs)
    _ask_waiting(board, request)
    response.headers["Location"] = f"{base}/api/v1/boards/{board.id}"
    return view(jobs.boards.get(board.id, who.sees), request, who)


@router.get("/boards/{id}", summary="A comparison or a shoot", operation_id="board")
def board(id: BoardId, request: Request, who: Who) -> BoardView:  # noqa: A002
    """As it stands now; a shoot's frames are at /shoots/ID."""
    who.may_look()
    return view(request.app.state.jobs.boards.get(id, who.sees), request, who)


@router.patch("/boards/{id}", summary="Change a title", operation_id="change_board",
              responses={409: {"description": "It was changed meanwhile."}})  # fmt: skip
def change_board(id: BoardId, body: BoardChange, request: Request, who: Who) -> Any:  # noqa: A002
    """Its title, or out of the bin."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    if body.trashed is False:
        jobs.boards.trash(id, who.sees, back=True)
    if body.title is not None:
        try:
            jobs.boards.update(id, who.sees, version=body.version, title=body.title)
        except BoardChanged as error:
            return respond(request, error, 409)
    return view(jobs.boards.get(id, who.sees), request, who)


@router.delete("/boards/{id}", status_code=204, summary="Put into the bin", operation_id="trash_board")
def trash_board(id: BoardId, request: Request, who: Who) -> Response:  # noqa: A002
    """Its jobs and pictures stay."""
    who.may("draw")
    request.app.state.jobs.boards.trash(id, who.sees)
    return Response(status_code=204)


@router.post("/boards/{id}/cells", status_code=202, summary="Add pictures", operation_id="add_cells")
def add_cells(id: BoardId, body: MoreCells, request: Request, who: Who) -> BoardView:  # noqa: A002
    """Pictures that are there, and what other servers are to draw."""
    jobs: Jobs = request.app.state.jobs
    first = int(jobs.boards.get(id, who.sees).data.get("next", 0))
    board = comparisons.extend(id, numbered(body.cells, first), who, jobs)
    _ask_waiting(board, request)
    return view(jobs.boards.get(id, who.sees), request, who)


@router.delete("/boards/{id}/cells/{number}", summary="Take a picture out", operation_id="remove_cell")
def remove_cell(id: BoardId, number: CellNumber, request: Request, who: Who) -> BoardView:  # noqa: A002
    """It stays in the gallery."""
    return view(comparisons.remove(id, number, who, request.app.state.jobs), request, who)


@router.post("/boards/{id}/cells/{number}/again", status_code=202, summary="Make a picture again",
             operation_id="cell_again")  # fmt: skip
def cell_again(id: BoardId, number: CellNumber, request: Request, who: Who) -> BoardView:  # noqa: A002
    """One that failed, was cancelled, or whose other server was asked when this one ended."""
    jobs: Jobs = request.app.state.jobs
    found = jobs.boards.get(id, who.sees)
    if standing.again(found, number, who, jobs):
        request.app.state.elsewhere.ask(found.id, number, found.owner)
    return view(jobs.boards.get(id, who.sees), request, who)


@router.post("/boards/{id}/cancel", summary="Cancel what is not drawn yet", operation_id="cancel_board")
def cancel_board(id: BoardId, request: Request, who: Who) -> BoardView:  # noqa: A002
    """All jobs of a comparison, and what other servers are asked for."""
    jobs: Jobs = request.app.state.jobs
    found = jobs.boards.get(id, who.sees)
    for number in standing.cancel_all(found, who, jobs):
        request.app.state.elsewhere.cancel(found.id, number)
    return view(jobs.boards.get(id, who.sees), request, who)


@router.post("/boards/{id}/votes", status_code=201, summary="Vote", operation_id="vote")
def vote(id: BoardId, body: VoteBody, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """Which of two is better, or that neither is."""
    jobs: Jobs = request.app.state.jobs
    who.may("draw")
    found = jobs.boards.get(id, who.sees)
    there = {each["number"] for each in _plain_cells(found)}
    if body.left == body.right or not {body.left, body.right} <= there:
        raise RequestError(
            "A vote is between two pictures of the comparison.", "Give two different numbers of cells."
        )
    made = jobs.boards.vote(id, who.sees, str(body.left), str(body.right), body.winner, blind=body.blind)
    return {"id": made.id, "at": when(made.at)}


@router.get("/boards/{id}/votes", summary="What the votes say", operation_id="votes")
def votes(id: BoardId, request: Request, who: Who) -> dict[str, Any]:  # noqa: A002
    """Wins of each against each, shares of decided votes with exact 95 % intervals, ties, and the side's own pull."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    plain = _plain_cells(jobs.boards.get(id, who.sees))
    found = asdict(tally([str(each["number"]) for each in plain], jobs.boards.votes(id, who.sees)))
    labels = {str(each["number"]): each["label"] for each in plain}
    for each in found["standings"]:
        each["number"], each["label"] = int(each["key"]), labels[each.pop("key")]
    found["leader"] = int(found["leader"]) if found["leader"] else None
    return {**found, "confidence": SURE, "method": "Clopper-Pearson"}


@router.delete("/boards/{id}/votes", summary="Take all votes back", operation_id="unvote_all")
def unvote_all(id: BoardId, request: Request, who: Who) -> dict[str, int]:  # noqa: A002
    """Begin again."""
    who.may("draw")
    return {"removed": request.app.state.jobs.boards.unvote(id, who.sees)}


@router.delete("/boards/{id}/votes/{number}", summary="Take a vote back", operation_id="unvote")
def unvote(
    id: BoardId,  # noqa: A002
    number: Annotated[int, Path(ge=0, lt=2**53)],
    request: Request,
    who: Who,
) -> dict[str, int]:
    """One that was a slip of the finger."""
    who.may("draw")
    return {"removed": request.app.state.jobs.boards.unvote(id, who.sees, number)}


@router.get("/boards/{id}/sheet.png", summary="The comparison as one picture", response_class=Response,
            responses=_PNG, operation_id="comparison_png")  # fmt: skip
def comparison_png(id: BoardId, request: Request, who: Who) -> Response:  # noqa: A002
    """With labels on the axes, seed and checkpoint under each picture."""
    return _sheet(id, request, who, "png")


@router.get("/boards/{id}/sheet.html", summary="The comparison as a page", response_class=Response,
            responses=_HTML, operation_id="comparison_html")  # fmt: skip
def comparison_html(id: BoardId, request: Request, who: Who) -> Response:  # noqa: A002
    """One file that needs nothing beside it: pictures within, no scripts."""
    return _sheet(id, request, who, "html")


def view(found: BoardRecord, request: Request, who: Caller) -> BoardView:
    """A board for an answer."""
    jobs: Jobs = request.app.state.jobs
    cells = standing.cells_of(found, who, jobs) if found.kind == "comparison" else []
    cards = picture_cards([each.picture for each in cells if each.picture is not None], request)
    by_name = {card.name: card for card in cards}
    shown = [
        CellView(
            **{
                name: getattr(each, name)
                for name in ("number", "label", "x", "y", "kind", "state", "job", "position")
            },
            eta=None if each.eta is None else round(each.eta, 2),
            picture=None if each.picture is None else by_name[each.picture.name],
            settings=dict(each.settings),
            problem=None if each.problem is None else Trouble(**asdict(each.problem)),
        )
        for each in cells
    ]
    return BoardView(**_facts(found, cells, request), axes=found.data.get("axes", {}), cells=shown)


def _facts(found: BoardRecord, cells: list[Cell], request: Request) -> dict[str, Any]:
    jobs: Jobs = request.app.state.jobs
    base = base_url(request, jobs.service)
    pictures = [each.picture for each in cells if each.picture is not None][:MOST_THUMBNAILS]
    return {
        "id": found.id,
        "kind": found.kind,
        "title": found.title,
        "created": when(found.created),
        "updated": when(found.updated),
        "version": found.version,
        "trashed": None if found.trashed is None else when(found.trashed),
        "count": len(found.data.get("cells", ())) if found.kind == "comparison" else 0,
        "thumbnails": [picture_url(base, each.thumbnail, jobs) for each in pictures],
    }


def _summary(found: BoardRecord, request: Request, who: Caller) -> BoardSummary:
    cells: list[Cell] = []
    if found.kind == "comparison":
        cells = standing.cells_of(found, who, request.app.state.jobs, most=MOST_THUMBNAILS)
    return BoardSummary(**_facts(found, cells, request))


def _plain_cells(found: BoardRecord) -> list[dict[str, Any]]:
    comparisons.check_comparison(found)
    plain: list[dict[str, Any]] = found.data["cells"]
    return plain


def _ask_waiting(found: BoardRecord, request: Request) -> None:
    """Have other servers asked for what nobody has asked them yet."""
    for each in found.data["cells"]:
        if each["kind"] == "endpoint" and each["state"] == "waiting":
            request.app.state.elsewhere.ask(found.id, int(each["number"]), found.owner)


def _sheet(id: str, request: Request, who: Caller, form: str) -> Response:  # noqa: A002
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    found = jobs.boards.get(id, who.sees)
    cells = standing.cells_of(found, who, jobs)
    name = re.sub(r"[^A-Za-z0-9]+", "-", found.title).strip("-").lower()[:60] or "comparison"
    if form == "png":
        data, kind = png_sheet(found, cells, jobs), "image/png"
    else:
        data, kind = html_sheet(found, cells, jobs).encode(), "text/html; charset=utf-8"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
        "Cache-Control": "no-store",
    }
    return Response(data, headers=headers, media_type=kind)
