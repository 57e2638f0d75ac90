"""The start page, where a picture is prepared and made, and the page of one job.

Everything that the pages do goes through the native surface; what is put into them here is what they would ask for
first: looks to choose from, how fast this machine draws, and the settings of a picture that one wants to go on from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fluxgram.errors import FluxgramError
from fluxgram.server.native_views import JobNumber, number_of
from fluxgram.server.native_words import catalog_of
from fluxgram.studio.page import Pages, Visitor
from fluxgram.studio.prefill import Relation, prefill

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.photography.catalog import Catalog
    from fluxgram.photography.terms import Preset
    from fluxgram.studio.browser_files import Files

router = APIRouter(include_in_schema=False)

_TEXTS = ("words", "jobs")


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
        "presets": presets(catalog_of(request), pages.files),
        "rates": {card.name: jobs.queue.rate(card.name) for card in jobs.checkpoints()},
        "begun": begun,
        "trouble": trouble,
    }
    return pages.page(request, "shoot.html", "shoot", {"data": data}, texts=_TEXTS)


@router.get("/jobs/{id}")
def job(id: JobNumber, request: Request, pages: Pages, who: Visitor) -> Response:  # noqa: A002
    """One job: how it stands, what happened to it, what came of it."""
    jobs: Jobs = request.app.state.jobs
    found = jobs.get(number_of(id), who)
    data = {"job": found.id, "label": str((found.record.extra.get("surface") or {}).get("label", ""))}
    return pages.page(request, "job.html", "shoot", {"data": data}, texts=("jobs",))


def presets(catalog: Catalog, files: Files) -> list[dict[str, Any]]:
    """The looks of the vocabulary, portraits first, each with a picture or with the colour of its light."""
    found = [_preset(each, catalog, files) for each in catalog.presets.values()]
    return sorted(found, key=lambda each: not each["picture"])


def _preset(preset: Preset, catalog: Catalog, files: Files) -> dict[str, Any]:
    name = preset.id.removeprefix("preset.")
    picture = f"presets/{name}.webp"
    meanings = [term.meaning for id in preset.terms if (term := catalog.terms.get(id)) and term.kind == "light"]
    kelvins = [span for meaning in meanings if (span := getattr(meaning, "key_kelvin", None))]
    colours = [colour for meaning in meanings for colour in getattr(meaning, "colours", ())]
    return {
        "name": name,
        "title": preset.title,
        "effect": preset.effect,
        "best_for": preset.best_for,
        "kind": preset.brief,
        "picture": picture if picture in files.all else "",
        "kelvin": sum(kelvins[0]) / 2 if kelvins else None,
        "colours": colours,
    }

