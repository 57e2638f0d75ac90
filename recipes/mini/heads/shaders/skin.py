"""Skin: a photographic texture brought to the wanted tone, with everything painted over it that age and genes add.

Colors are built up in the order in which skin is layered: tone, blood, freckles and spots, beard shadow, lips,
scalp. The relief (pores, wrinkles) is in `skin_relief`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from recipes.mini.heads.base_mesh import ASSETS, base_mesh
from recipes.mini.heads.palettes import HAIR_COLORS, SKIN_TONES
from recipes.mini.heads.shaders.graph import Graph, Signal
from recipes.mini.heads.shaders.skin_relief import Relief, skin_relief

Attributes = dict[str, Any]
Rng = np.random.Generator

TEXTURES = {
    ("young", "man"): ("male", "male2", "male3"),
    ("young", "woman"): ("female2", "female3"),
    ("middleage", "man"): ("male", "male2"),
    ("middleage", "woman"): ("female2",),
}
"""Age and gender to the textures of light skin."""

DARK_TONES = 6
RICH_TONES = 5
"""Tones from which on textures of dark skin are used, and from which on redness shows less."""


@dataclass(frozen=True)
class Person:
    """What the skin's shader needs to know."""

    attributes: Attributes
    tone: int
    man: bool
    target: np.ndarray

    @property
    def age(self) -> int:
        """Years."""
        return int(self.attributes["age"])


@dataclass(frozen=True)
class Places:
    """Positions on the rest mesh as signals."""

    rest: Signal
    x: Signal
    y: Signal
    z: Signal
    aside: Signal

    @classmethod
    def of(cls, graph: Graph) -> Places:
        """Read the attribute `rest` of the mesh."""
        rest = graph.vector("rest")
        x, y, z = graph.components(rest)
        return cls(rest, x, y, z, abs(x))


def skin_material(attributes: Attributes, rng: Rng) -> Graph:
    """The material of face and body.

    The mesh must carry `rest` (vector) and the masks `frk` (freckles), `blush`, `lip`, `scalp` and `beardm`.
    """
    tone = list(SKIN_TONES).index(attributes["skin"])
    target = np.array(SKIN_TONES[attributes["skin"]]) * np.exp(rng.normal() * 0.05)
    person = Person(attributes, tone, attributes["gender"] == "man", target)
    graph = Graph("skin")
    texture_file, dark_texture = skin_texture(attributes)
    texture = graph.picture(texture_file)
    luminance = graph.brightness(texture)
    places = Places.of(graph)

    color = graph.tint(texture, np.clip(target / mean_cheek_color(texture_file), 0.05, 6))
    color = _blood(graph, color, places, person, rng)
    color = _freckles_and_spots(graph, color, places, person, rng)
    if person.man:
        color = _beard_shadow(graph, color, places, person, rng)
    lips = graph.number("lip")
    color = _lips(graph, color, lips, person)
    if attributes["hair_style"] != "bald":
        color = _scalp(graph, color, places, attributes)
    texture_height = luminance * (2.6 if dark_texture else 1.8)
    relief = skin_relief(graph, places, texture_height, person, rng)
    if relief.creases is not None:
        share = graph.product(relief.creases, 0.30 * relief.ageing)
        color = graph.tint_where(share, color, (0.62, 0.48, 0.44))
    graph.surface(_surface(graph, color, places, lips, relief, person, rng))
    return graph


def _blood(graph: Graph, color: Signal, places: Places, person: Person, rng: Rng) -> Signal:
    """Uneven tone, blush, shadows under the eyes."""
    rest, target = places.rest, person.target
    large = graph.noise(rest, 6.0, 3.0)
    darker, lighter = target * np.array([0.80, 0.70, 0.66]), target * np.array([1.2, 1.14, 1.12])
    color = graph.mix(0.16, color, graph.mix(large, darker, lighter))
    medium = graph.noise(rest, 34.0, 3.0, 0.6)
    color = graph.tint_where(abs(medium - 0.5) * 0.55, color, (1.06, 0.72, 0.66))
    redness = float(rng.uniform(0.22, 0.48)) * (1 if person.tone < RICH_TONES else 0.5)
    blush = graph.number("blush") * redness
    blush = blush * (0.65 + medium * 0.7)
    color = graph.tint_where(blush, color, (1.10, 0.66, 0.62))
    front = places.z.smoothstep(1.0, 1.2)
    under_eyes = places.aside.gaussian(0.30, 0.16) * (places.y.gaussian(7.10, 0.07) * front)
    depth = float(0.18 + 0.35 * np.clip((person.age - 35) / 40, 0, 1))
    return graph.tint_where(under_eyes * depth, color, (0.72, 0.60, 0.60))


FRECKLES = {
    "heavy": ((17, 0.13, 0.6), (26, 0.18, 0.7), (40, 0.22, 0.6)),
    "light": ((19, 0.15, 0.4), (30, 0.2, 0.45)),
}
"""Layers of freckles: cells per decimetre, size within a cell, share of cells that have one."""


def _freckles_and_spots(graph: Graph, color: Signal, places: Places, person: Person, rng: Rng) -> Signal:
    """Freckles, age spots, fine mottling, sometimes moles."""
    kind = person.attributes["freckles"]
    if kind != "none":
        freckles = graph.product(
            _freckles(graph, places.rest, kind), graph.number("frk") * (1.0 if kind == "heavy" else 0.85)
        )
        color = graph.tint_where(freckles, color, (0.50, 0.30, 0.19))
    if person.age > 55:
        distance, random = graph.cells(places.rest, 7.0)
        spots = distance.smoothstep(0.26, 0.10) * (random[1] > 0.62)
        color = graph.tint_where(spots * (0.35 * min(1, (person.age - 50) / 25)), color, (0.62, 0.45, 0.36))
    fine = graph.noise(places.rest, 60.0, 2.0, 0.6)
    color = graph.tint_where(fine.smoothstep(0.42, 0.70) * 0.20, color, (0.80, 0.70, 0.66))
    if rng.random() < 0.45:
        moved = graph.mapped(places.rest, Location=tuple(rng.random(3) * 5))
        distance, random = graph.cells(moved, 4.5)
        moles = distance.smoothstep(0.075, 0.045) * ((random[1] > 0.80) * 0.75)
        color = graph.tint_where(moles, color, (0.34, 0.22, 0.17))
    return color


def _freckles(graph: Graph, rest: Signal, kind: str) -> Signal:
    """The strongest of several layers of spots."""
    layers = []
    for scale, size, share in FRECKLES[kind]:
        distance, random = graph.cells(rest, float(scale))
        radius = random[0] * (size * 1.6)
        spots = distance.smoothstep(radius + 0.09, radius)
        spots = spots * (random[1] > 1 - share)
        spots = spots * (0.45 + random[2] * 0.6)
        layers.append(spots)
    return reduce(lambda one, other: graph.math("MAXIMUM", one, other), layers)


BEARD_SHADOWS = {
    "none": 0.22,
    "stubble": 0.5,
    "short beard": 0.75,
    "full beard": 0.85,
    "moustache": 0.22,
    "goatee": 0.22,
}


def _beard_shadow(graph: Graph, color: Signal, places: Places, person: Person, rng: Rng) -> Signal:
    """Hair roots under the skin, also of a shaven beard."""
    strength = BEARD_SHADOWS[person.attributes["beard"]] * float(rng.uniform(0.7, 1.1))
    hair = np.array(HAIR_COLORS[person.attributes["hair_color"]])
    density = graph.noise(places.rest, 95.0, 2.0, 0.7).smoothstep(0.35, 0.7)
    shadow = graph.mix(0.5, graph.tint(color, (0.62, 0.60, 0.62)), hair * 0.6 + 0.02 * person.target)
    share = graph.number("beardm") * (strength * (0.6 + density * 0.6))
    return graph.mix(share, color, shadow)


LIPSTICKS = {"red": (0.36, 0.025, 0.03), "nude": (0.40, 0.165, 0.135), "berry": (0.19, 0.025, 0.055)}


def _lips(graph: Graph, color: Signal, lips: Signal, person: Person) -> Signal:
    """Lipstick, or the lips' own color."""
    lipstick = person.attributes["lipstick"]
    if lipstick != "none":
        if lipstick == "nude" and person.tone >= 3:
            shade = person.target * np.array([1.22, 0.68, 0.64])
        else:
            shade = np.array(LIPSTICKS[lipstick]) * (1 if person.tone < RICH_TONES else 0.7)
        return graph.mix(graph.product(lips, 0.72), color, shade)
    own = np.array([0.95, 0.66, 0.64]) if person.man else np.array([1.0, 0.56, 0.56])
    shade = person.target * own * (0.8 if person.tone >= DARK_TONES else 1.0)
    return graph.mix(graph.product(lips, 0.38 if person.man else 0.5), color, shade)


def _scalp(graph: Graph, color: Signal, places: Places, attributes: Attributes) -> Signal:
    """Hair roots on the scalp, so that it does not shine through."""
    roots = 0.45 + graph.noise(places.rest, 70.0, 3.0, 0.7).smoothstep(0.38, 0.62) * 0.75
    cover = {"shaved": 0.36, "buzz cut": 0.5, "receding": 0.45}.get(attributes["hair_style"], 0.85)
    share = graph.product(graph.number("scalp") * roots, cover)
    return graph.mix(share, color, HAIR_COLORS[attributes["hair_color"]])


def _surface(
    graph: Graph, color: Signal, places: Places, lips: Signal, relief: Relief, person: Person, rng: Rng
) -> Signal:
    """Subsurface scattering with an oily middle of the face and moist lips."""
    light_lips = person.tone < RICH_TONES
    oil = places.x.gaussian(0.0, 0.2) * places.z.smoothstep(1.2, 1.5)
    roughness = relief.fine * 0.16 + (float(rng.uniform(0.46, 0.54)) - oil * 0.07)
    if person.man:
        moisture, coat = -0.06, 0.0
    else:
        moisture, coat = (0.12, 0.16) if light_lips else (0.04, 0.06)
    roughness = roughness - lips * moisture
    dark = person.tone >= DARK_TONES
    return graph.principled(
        {
            "Base Color": color,
            "Roughness": roughness,
            "Normal": graph.bump(relief.height, float(0.62 + 0.2 * min(relief.ageing, 1)), 0.0013),
            "Subsurface Weight": 1.0,
            "Subsurface Radius": (0.8, 0.4, 0.25) if dark else (1.0, 0.36, 0.2),
            "Subsurface Scale": 0.0020 if dark else 0.0026,
            "Specular IOR Level": (0.55 + relief.medium * 0.5) * (0.36 if dark else 0.42),
            "Coat Weight": lips * coat,
            "Coat Roughness": 0.22,
            "Sheen Weight": 0.04,
            "Sheen Roughness": 0.4,
        }
    )


def skin_texture(attributes: Attributes) -> tuple[Path, bool]:
    """The texture for a person, and whether it shows dark skin."""
    gender, age = attributes["gender"], attributes["age"]
    band = "young" if age < 36 else "middleage"
    tone = list(SKIN_TONES).index(attributes["skin"])
    skins = ASSETS / "skins"
    if gender == "man" and attributes["race"].get("african", 0) > 0.5 and tone >= DARK_TONES:
        return skins / f"{'old' if age > 60 else band}_darkskinned_male.jpg", True
    textures = TEXTURES[band, gender]
    return skins / f"{band}_lightskinned_{textures[attributes['seed'] % len(textures)]}.jpg", False


@cache
def mean_cheek_color(texture: Path) -> np.ndarray:
    """Median linear color of a texture on the cheeks, (3,)."""
    with Image.open(texture) as file:
        pixels = np.asarray(file.convert("RGB").resize((512, 512)), np.float32) / 255
    height, width = pixels.shape[:2]
    mesh = base_mesh()
    x, y, z = np.abs(mesh.vertices[:, 0]), mesh.vertices[:, 1], mesh.vertices[:, 2]
    cheek = (y > 6.5) & (y < 7.05) & (x > 0.28) & (x < 0.7) & (z > 0.9)
    on_cheek = cheek[mesh.faces[mesh.body].ravel()]
    uv = mesh.uv[mesh.uv_faces[mesh.body].ravel()[on_cheek]]
    rows = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    colors = pixels[rows, columns]
    return np.median(np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4), 0)
