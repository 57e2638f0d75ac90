"""Briefs: what a picture should be, part by part, before anything is written.

A brief holds what the user wants and nothing about how to say it; `compose.py` says it, `parse.py` reads it back.
An item of a list is the id of a vocabulary term (`light.rembrandt`) or free words. There is one class a kind of
picture, because each asks for something of its own: a product for its materials, a landscape for its weather.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

Side = Literal["left", "right", ""]
"""Side of the picture (not of the sitter) from which the key comes; empty where it was not said."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person, and hardly anything else.

    Attributes:
        subject: Who or what it is, free words: "portrait of a woman in her 30s".
        details: Physical details: skin, hair, clothes.
        light: Light set-ups.
        camera: Lens, aperture, camera, film.
        quality: Quality markers.
        setting: Where it is, or what is behind.
        action: What the subject does.
        side: Side of the picture from which the key comes.
        negative: What must not be there: the id of a negative set, or free words.
        anchor: Stable physical facts of a character, said first and word for word.
    """

    kind: ClassVar[str] = "portrait"

    subject: str
    details: tuple[str, ...] = ()
    light: tuple[str, ...] = ()
    camera: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    setting: str = ""
    action: str = ""
    side: Side = ""
    negative: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentalPortrait(Portrait):
    """A person at home in a place: the surroundings tell as much as the face.

    Attributes:
        surroundings: What is to be seen there, beside `setting`: tools, shelves, sawdust.
    """

    kind: ClassVar[str] = "environment"

    surroundings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product(Portrait):
    """A thing to be shown or sold; `subject` is the thing, `setting` what it stands on.

    Attributes:
        materials: What it is made of: `material.brushed-brass`, "matte black glass".
    """

    kind: ClassVar[str] = "product"

    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Macro(Portrait):
    """Something small, close up.

    Attributes:
        materials: Its surfaces, as precisely as they will be seen.
    """

    kind: ClassVar[str] = "macro"

    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Landscape(Portrait):
    """A place outdoors; `subject` is the place.

    Attributes:
        atmosphere: Weather and what the air holds: `atmosphere.morning-haze`.
    """

    kind: ClassVar[str] = "landscape"

    atmosphere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interior(Portrait):
    """A room or a building; `subject` is the room.

    Attributes:
        materials: What floors, walls and furniture are made of.
    """

    kind: ClassVar[str] = "interior"

    materials: tuple[str, ...] = ()


Brief = Portrait | EnvironmentalPortrait | Product | Macro | Landscape | Interior

BRIEFS: Mapping[str, type[Brief]] = MappingProxyType(
    {cls.kind: cls for cls in (Portrait, EnvironmentalPortrait, Product, Macro, Landscape, Interior)}
)
"""Every kind of brief by its name, which is also what a preset's `brief` says."""

OWN_PARTS = ("surroundings", "materials", "atmosphere")
"""Fields that only some briefs have."""


def own_items(brief: Brief) -> tuple[str, ...]:
    """The items of the fields that only this kind of brief has; empty for a portrait."""
    names = {field.name for field in dataclasses.fields(brief)}
    return tuple(item for part in OWN_PARTS if part in names for item in getattr(brief, part))


def items_of(brief: Brief) -> tuple[str, ...]:
    """Every item of every list of the brief, in the order in which it is said."""
    return (*brief.details, *own_items(brief), *brief.light, *brief.camera, *brief.quality)
