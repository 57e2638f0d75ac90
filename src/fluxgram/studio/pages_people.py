"""Pages of characters and shoots. What they show and change goes through the native surface."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fluxgram.errors import ShootError, UnknownJob
from fluxgram.prompt.shoots import template, template_names
from fluxgram.server.native_people import cast_of
from fluxgram.studio.page import Pages, Visitor

router = APIRouter(include_in_schema=False)


@router.api_route("/characters", methods=["GET", "HEAD"])
def characters(request: Request, pages: Pages, who: Visitor) -> Response:
    """Everybody who is kept."""
    return pages.page(request, "people.html", "people", {"tab": "characters"})


@router.api_route("/characters/{slug}", methods=["GET", "HEAD"])
def character(slug: str, request: Request, pages: Pages, who: Visitor) -> Response:
    """One of them."""
    who.may_look()
    cast = cast_of(request)
    try:
        path = cast.path(slug)
        if not path.is_file():
            cast.load(slug)  # tells the nearest name
    except ShootError as error:
        raise UnknownJob(str(error), error.hint) from None
    return pages.page(request, "character.html", "people", {"tab": "characters", "data": {"slug": path.stem}})


@router.api_route("/shoots", methods=["GET", "HEAD"])
def shoots(request: Request, pages: Pages, who: Visitor) -> Response:
    """Every shoot that was made."""
    return pages.page(request, "shoots.html", "people", {"tab": "shoots"})


@router.api_route("/shoots/new", methods=["GET", "HEAD"])
def new_shoot(request: Request, pages: Pages, who: Visitor) -> Response:
    """A shoot to be made: from a form, a template or a file."""
    data = {"templates": [{"name": name, "file": template(name)} for name in template_names()]}
    return pages.page(request, "shoot_new.html", "people", {"tab": "shoots", "data": data})


@router.api_route("/shoots/{id}", methods=["GET", "HEAD"])
def shoot(id: str, request: Request, pages: Pages, who: Visitor) -> Response:  # noqa: A002
    """The contact sheet of one shoot."""
    who.may_look()
    board = request.app.state.jobs.boards.get(id, who.sees)
    if board.kind != "shoot":
        raise UnknownJob("There is no such shoot.", "It is a comparison.")
    data = {"id": board.id, "title": board.title}
    return pages.page(
        request, "shoot_board.html", "people", {"tab": "shoots", "data": data, "title": board.title}
    )
