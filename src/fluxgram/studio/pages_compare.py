"""The pages where pictures are compared: where a comparison begins, and the comparison itself.

What is put into them is what their scripts would ask for first; everything else goes through the native surface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fluxgram.errors import FluxgramError
from fluxgram.jobs.cells import settings_of
from fluxgram.jobs.comparisons import check_comparison
from fluxgram.server.native_boards import view
from fluxgram.server.native_gallery import picture_cards
from fluxgram.server.native_words import catalog_of
from fluxgram.studio.page import Pages, Visitor

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller

router = APIRouter(include_in_schema=False)

_KINDS = ("light", "lens")


@router.get("/compare")
def compare(
    request: Request,
    pages: Pages,
    who: Visitor,
    picture: Annotated[list[str], Query(max_length=64)] = [],  # noqa: B006  (never changed)
) -> Response:
    """Where a comparison begins; `?picture=NAME` (repeatable) puts pictures into it."""
    jobs: Jobs = request.app.state.jobs
    found, trouble = _pictures(picture, request, who)
    terms = catalog_of(request)
    data = {
        "terms": {
            kind: [{"id": term.id, "say": term.say, "effect": term.effect} for term in terms.of_kind(kind)]
            for kind in _KINDS
        },
        "checkpoints": [
            {"name": card.name, "title": card.title, "present": card.present, "default": card.default}
            for card in jobs.checkpoints()
        ],
        "adapters": _adapters(jobs),
        "pictures": found,
        "trouble": trouble,
        "administers": "admin" in who.scopes,
    }
    return pages.page(request, "compare.html", "compare", {"data": data}, texts=("pictures",))


@router.get("/compare/{id}")
def comparison(id: str, request: Request, pages: Pages, who: Visitor) -> Response:  # noqa: A002
    """One comparison."""
    jobs: Jobs = request.app.state.jobs
    found = jobs.boards.get(id[:100], who.sees)
    check_comparison(found)
    data = view(found, request, who).model_dump(mode="json")
    return pages.page(
        request, "comparison.html", "compare", {"data": data, "title": found.title}, texts=("pictures",)
    )


def _adapters(jobs: Jobs) -> list[dict[str, str]]:
    """Those that can be drawn with; none where a damaged one lies among them, which their own list tells."""
    try:
        return [{"name": card.name, "base": card.base} for card in jobs.adapters()]
    except FluxgramError:
        return []


def _pictures(
    names: list[str], request: Request, who: Caller
) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """Pictures that a comparison begins with, each with its settings; and why one cannot be had."""
    jobs: Jobs = request.app.state.jobs
    found: list[dict[str, Any]] = []
    try:
        for name in names:
            record = jobs.gallery.get(name[:300], who)
            card = picture_cards([record], request)[0].model_dump(mode="json")
            found.append({**card, "settings": settings_of(record, jobs.get(record.job, who))})
    except FluxgramError as error:
        return found, {"message": str(error), "hint": error.hint}
    return found, None
