"""Makes a brief of a kind of picture, a whole look (a preset) and what a user says beside it.

What the user says of a part wins: a light replaces the look's lights, a lens its lens, an aperture its aperture;
details and quality markers are added to the look's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Preset
from fluxgram.prompt.briefs import BRIEFS, OWN_PARTS, Brief
from fluxgram.prompt.items import kind_of_item
from fluxgram.prompt.roles import ROLE_OF_KIND

_ADDED = ("details", "quality", *OWN_PARTS)
_PART_OF_ROLE = {"light": "light", "camera": "camera", "detail": "details", "quality": "quality"}


def brief_of(
    kind: str, subject: str, said: Mapping[str, Any], *, look: Preset | None = None, catalog: Catalog
) -> Brief:
    """A brief of its parts.

    Args:
        kind: A key of `briefs.BRIEFS`; empty takes the look's, or a portrait.
        subject: Who or what it shows.
        said: What the user says, by the names of the brief's fields; empty values say nothing.
        look: A preset that fills in the rest.
        catalog: The vocabulary.

    Raises:
        RequestError: There is no such kind, or it has no such part.
    """
    kind = kind or (look.brief if look else "portrait")
    if kind not in BRIEFS:
        raise RequestError(f"There is no kind of picture {kind!r}.", f"Say one of {', '.join(BRIEFS)}.")
    fields = {field.name for field in dataclasses.fields(BRIEFS[kind])}
    parts: dict[str, Any] = {name: value for name, value in said.items() if value}
    for name in parts:
        if name not in fields:
            kinds = ", ".join(
                other for other, cls in BRIEFS.items() if name in {f.name for f in dataclasses.fields(cls)}
            )
            raise RequestError(
                f"A brief of the kind {kind!r} has no {name}.", f"It belongs to {kinds or 'no kind'}."
            )
    if look is not None:
        _fill_in(parts, look, fields, catalog)
    return BRIEFS[kind](subject=subject, **parts)


def _fill_in(parts: dict[str, Any], look: Preset, fields: set[str], catalog: Catalog) -> None:
    of_look: dict[str, list[str]] = {}
    for id_ in look.terms:
        of_look.setdefault(_part(id_, fields), []).append(id_)
    for name, ids in of_look.items():
        mine: Sequence[str] = parts.get(name, ())
        if name in _ADDED:
            parts[name] = (*ids, *(item for item in mine if item not in ids))
        elif name == "camera":
            kinds = {kind_of_item(item, catalog) for item in mine}
            kept = [id_ for id_ in ids if id_.partition(".")[0] not in kinds]
            lenses = [item for item in (*kept, *mine) if kind_of_item(item, catalog) != "aperture"]
            parts[name] = (*lenses, *(item for item in (*kept, *mine) if item not in lenses))
        elif not mine:
            parts[name] = tuple(ids)
    if look.negative:
        parts.setdefault("negative", look.negative)


def _part(id_: str, fields: set[str]) -> str:
    """The field of a brief that a term belongs to."""
    kind = id_.partition(".")[0]
    own = next((part for part in OWN_PARTS if part in fields), "")
    if kind in ("material", "surface") and own == "materials":
        return own
    if ROLE_OF_KIND[kind] == "setting" and own in ("surroundings", "atmosphere"):
        return own
    return _PART_OF_ROLE.get(ROLE_OF_KIND[kind], "details")
