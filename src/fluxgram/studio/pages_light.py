"""The light stage: a head whose lamps are dragged, and the prompt that their words are written into.

What lamps and words mean is `photography`'s and comes by the native surface; the named lights are put into the page, so
that it does not have to ask for them first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fluxgram.server.native_light import named_lights
from fluxgram.server.native_words import catalog_of
from fluxgram.studio.page import Pages, Visitor

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

router = APIRouter(include_in_schema=False)

LENSES = (24, 35, 50, 85, 105, 135, 200)
APERTURES = (1.2, 1.4, 1.8, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0)
"""What the stage offers; the vocabulary has a term for each."""


@router.api_route("/light", methods=["GET", "HEAD"])
def light(
    request: Request,
    pages: Pages,
    who: Visitor,
    renderer: Annotated[Literal["", "2d", "webgl"], Query()] = "",
) -> Response:
    """The stage with the lights that the vocabulary names; `renderer` has it drawn in one certain way."""
    known = catalog_of(request)
    jobs: Jobs = request.app.state.jobs
    reading = [card for card in jobs.checkpoints() if card.negative != "unsupported"]
    data = {
        "lights": [
            {key: light[key] for key in ("id", "effect", "sided", "lamps", "left_out")}
            for light in named_lights(known)
            if not light["left_out"]
        ],
        "negative_read": [card.name for card in reading] + [""] * any(card.default for card in reading),
        "lenses": [{"mm": mm, "id": f"lens.{mm}mm"} for mm in LENSES if f"lens.{mm}mm" in known.terms],
        "apertures": [
            {"stop": stop, "id": name}
            for stop in APERTURES
            if (name := f"aperture.f{f'{stop:g}'.replace('.', '-')}") in known.terms
        ],
    }
    return pages.page(request, "light.html", "light", {"data": data, "renderer": renderer}, texts=("jobs",))
