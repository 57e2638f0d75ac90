"""The gallery, and the page of one picture.

The first pictures are in the page already; everything else is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from fluxgram.server.cursors import cursor_of
from fluxgram.server.native_gallery import (
    PictureCard,
    picture_cards,
    picture_detail,
)
from fluxgram.store.searching import Wanted
from fluxgram.studio.page import Pages, Visitor
from fluxgram.studio.picture_facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fluxgram.jobs.door import Jobs

router = APIRouter(include_in_schema=False)

FIRST = 60
"""Pictures that are in the page."""
_TEXTS = ("pictures",)
_RELATIONS = ("push", "more", "again", "light")


@router.api_route("/gallery", methods=["GET", "HEAD"])
def gallery(request: Request, pages: Pages, who: Visitor) -> Response:
    """Pictures, the newest first; the filters are the query."""
    jobs: Jobs = request.app.state.jobs
    wanted = wanted_of(request.query_params)
    found = jobs.gallery.page(who, wanted, limit=FIRST + 1)
    more, found = len(found) > FIRST, found[:FIRST]
    first = {
        "pictures": [card.model_dump() for card in picture_cards(found, request)],
        "next": cursor_of(found[-1].created, found[-1].name) if more else None,
    }
    values = {"data": {"first": first}, "wanted": wanted, "bin_days": round(jobs.service.bin_days)}
    return pages.page(request, "gallery.html", "gallery", values, texts=_TEXTS)


@router.get("/gallery/{name:path}/facts")
def facts(name: str, request: Request, pages: Pages, who: Visitor) -> Response:
    """What is to be told of a picture, for the viewer."""
    return JSONResponse(told(name, request, pages, who), headers={"Cache-Control": "no-store"})


@router.api_route("/gallery/{name:path}", methods=["GET", "HEAD"])
def picture(name: str, request: Request, pages: Pages, who: Visitor) -> Response:
    """One picture: large, with its settings, what really happened, and what it came from."""
    jobs: Jobs = request.app.state.jobs
    if not name:
        return RedirectResponse("/gallery", 303)
    card: PictureCard = picture_cards([jobs.gallery.get(name, who)], request)[0]
    family = picture_cards(jobs.gallery.family(name, who), request)
    related = [each.model_dump() for each in family] if len(family) > 1 else []
    data = {"picture": card.model_dump(), "facts": told(name, request, pages, who), "family": related}
    parent = next((each for each in family if each.name == card.parent), None)
    values = {"data": data, "picture": card, "parent": parent, "relations": _RELATIONS}
    return pages.page(request, "picture.html", "gallery", values, texts=_TEXTS)


def told(name: str, request: Request, pages: Pages, who: Visitor) -> dict[str, Any]:
    """A picture's settings and receipt, with the words for them."""
    found = request.app.state.jobs.gallery.get(name, who)
    detail = picture_detail(found, request)
    words = facts_of(found.receipt, pages.text)
    return {"settings": detail.settings.model_dump(), "receipt": found.receipt, **words}


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """The filters of an address. What nobody could have chosen counts as not chosen."""
    rating, rejected = query.get("rating", ""), query.get("rejected", "")
    origin = query.get("origin", "")
    return Wanted(
        words=query.get("q", "")[:400],
        rating=int(rating) if re.fullmatch("[1-5]", rating) else 0,
        favourite=query.get("favourite") == "true",
        rejected=rejected if rejected in ("show", "only") else "hide",  # type: ignore[arg-type]  # one of three
        tag=query.get("tag", "")[:200],
        checkpoint=query.get("checkpoint", "")[:200],
        origin=origin if origin in ("drawn", "imported", "endpoint") else "",
        trashed=query.get("trashed") == "true",
    )
