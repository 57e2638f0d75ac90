"""The start page, where a picture is prepared and made, and the page of one job.

Everything that the pages do goes through the native surface; what is put into them here is what they would ask for
first: which looks have a picture, how fast this machine draws, the settings of a picture that one wants to go on from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fluxgram.errors import FluxgramError
from fluxgram.server.native_views import JobNumber, number_of
from fluxgram.studio.page import Pages, Visitor
from fluxgram.studio.prefill import Relation, prefill

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller

router = APIRouter(include_in_schema=False)

_TEXTS = ("words", "jobs", "light")


@router.api_route("/", methods=["GET", "HEAD"])
def shoot(
    request: Request,
    pages: Pages,
    who: Visitor,
    source: Annotated[str, Query(alias="from", max_length=300)] = "",
    relation: Annotated[Relation | Literal[""], Query()] = "",
) -> Response:
    """Where a picture is made; `?from=PICTURE` begins with the settings of that picture."""
    jobs: Jobs = request.app.state.jobs
    begun: dict[str, Any] | None = None
    trouble: dict[str, str] | None = None
    if source:
        try:
            begun = prefill(jobs, source, relation or "again", who)
        except FluxgramError as error:
            trouble = {"message": str(error), "hint": error.hint}
    data = {
        "pictures": [name[8:-5] for name in pages.files.all if name.startswith("presets/")],
        "rates": {card.name: jobs.queue.rate(card.name) for card in jobs.checkpoints()},
        "newest": newest_shape(jobs, who),
        "begun": begun,
        "trouble": trouble,
        "admin": "admin" in who.scopes,
    }
    return pages.page(request, "shoot.html", "shoot", {"data": data}, texts=_TEXTS)


def newest_shape(jobs: Jobs, who: Caller) -> tuple[int, int] | None:
    """Width and height of the picture that was made last, so that the page keeps room for it."""
    newest = jobs.gallery.page(who, limit=1)
    return (newest[0].width, newest[0].height) if newest else None


@router.get("/jobs/{id}")
def job(id: JobNumber, request: Request, pages: Pages, who: Visitor) -> Response:  # noqa: A002
    """One job: how it stands, what happened to it, what came of it."""
    jobs: Jobs = request.app.state.jobs
    found = jobs.get(number_of(id), who)
    data = {"job": found.id, "label": str((found.record.extra.get("surface") or {}).get("label", ""))}
    name = data["label"] or found.prompt_asked or pages.text("job.title")
    return pages.page(
        request, "job.html", "shoot", {"data": data, "name": name}, texts=("job", "jobs", "light")
    )
