"""Clothes: knitted shells grown from the body, and garments of MakeHuman fitted to it. Needs `bpy`.

A shell is the body's own surface, lifted and smoothed, cut off along a neckline; the neckline is one formula, used
on vertices and, per pixel, in the shader. Colors come from the attributes, so that captions can name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from recipes.mini.heads.base_mesh import ASSETS, base_mesh
from recipes.mini.heads.blender_objects import Surface, add_surface, thicken
from recipes.mini.heads.fitting import Proxy, load_proxy
from recipes.mini.heads.posing import Pose
from recipes.mini.heads.shaders.cloth import fitted_material, shell_material
from recipes.mini.heads.shaders.graph import Signal
from recipes.mini.heads.surfaces import smooth_noise

Attributes = dict[str, Any]
Rng = np.random.Generator
Field = TypeVar("Field", np.ndarray, Signal)

FITTED = {
    "button-up shirt": "male_casualsuit03",
    "jacket over a striped shirt": "male_casualsuit05",
    "suit and tie": "male_elegantsuit01",
    "blouse": "female_elegantsuit01",
}
"""Garments that are meshes of their own; all others are shells."""


def is_knit(top: str) -> bool:
    """Whether a shell is thick knitwear."""
    return top == "turtleneck" or "sweater" in top


def _clip(field: Field, low: float, high: float) -> Field:
    """Clip vertices or signals."""
    return field.clamped(low, high) if isinstance(field, Signal) else np.clip(field, low, high)


def neckline(top: str, x: Field, y: Field, z: Field) -> Field:
    """Signed distance inside the neckline: above 0 where a shell covers the body; rest coordinates, decimetres."""
    if top == "turtleneck":
        return 6.10 + (0.4 - z) * 0.12 - y
    shoulders = _clip(abs(x) - 0.85, 0, 1.5) * 0.9
    inside = (5.74 + (0.8 - z) * 0.20) - y + shoulders
    if "v-neck" in top:
        inside = inside - _clip(0.52 - abs(x), 0, 1) * 1.35 * (z > 0.1)
    if "sweater" in top:
        inside = inside + 0.03
    if "scoop" in top:
        inside = inside - _clip(1 - (x / 0.75) ** 2, 0, 1) * 0.16 * _clip(z / 0.4, 0, 1)
    return inside


@dataclass(frozen=True)
class Figure:
    """A posed body to dress.

    Attributes:
        vertices: The shaped body before posing, (N, 3), MakeHuman coordinates.
        pose: The posed body.
        normals: Its vertex normals, (N, 3).
    """

    vertices: np.ndarray
    pose: Pose
    normals: np.ndarray


def visible_body_faces(top: str, faces: np.ndarray) -> np.ndarray:
    """Those of the given face indices that a garment leaves visible, with a margin under its hem."""
    mesh = base_mesh()
    if top in FITTED:
        hidden = np.zeros(len(mesh.vertices), bool)
        hidden[_garment(top).hidden_body] = True
        return faces[~hidden[mesh.faces[faces]].all(1)]
    inside = neckline(top, *mesh.vertices.T)
    return faces[(inside[mesh.faces[faces]] < 0.16).any(1)]


def body_under_garment(top: str, figure: Figure) -> np.ndarray:
    """Positions of the body, drawn in below a fitted collar so that it never pokes through the cloth."""
    positions = figure.pose.positions
    if top not in FITTED:
        return positions
    _, y, z = base_mesh().vertices.T
    below_collar = np.clip((5.78 + (0.8 - z) * 0.18 - y) / 0.25, 0, 1)
    return positions - figure.normals * (below_collar * 0.012)[:, None]


def add_garment(figure: Figure, attributes: Attributes, rng: Rng) -> None:
    """Dress the figure in `attributes["top"]`."""
    if attributes["top"] in FITTED:
        _add_fitted(figure, attributes, rng)
    else:
        _add_shell(figure, attributes, rng)


def _garment(top: str) -> Proxy:
    """The mesh of a fitted garment."""
    return load_proxy(ASSETS / "clothes" / f"{FITTED[top]}.mhclo")


def _add_fitted(figure: Figure, attributes: Attributes, rng: Rng) -> None:
    """A garment with a mesh of its own, down to the chest."""
    garment = _garment(attributes["top"])
    points = garment.fit(figure.vertices, figure.pose.positions)
    material = fitted_material(attributes, ASSETS / "clothes" / f"{FITTED[attributes['top']]}.jpg", rng)
    neck = base_mesh().joint("neck", figure.pose.positions)[2]
    keep = points[garment.faces].mean(1)[:, 2] > neck - 0.42
    surface = Surface(points, garment.faces[keep], garment.uv, garment.uv_faces[keep], subdivisions=1)
    thicken(add_surface("top", surface, material), 0.0015)


def _add_shell(figure: Figure, attributes: Attributes, rng: Rng) -> None:
    """A garment grown from the body."""
    mesh = base_mesh()
    top = attributes["top"]
    rest = mesh.vertices[mesh.faces[mesh.body]]
    height = rest[:, :, 1].min(1)
    torso = (height > 3.2) & (rest[:, :, 1].max(1) < 6.6) & (np.abs(rest[:, :, 0]).max(1) < 3.0)
    faces = mesh.faces[mesh.body[torso]]
    inside = neckline(top, *mesh.vertices.T)
    points = _shell_positions(figure, faces, inside, is_knit(top), rng)
    material = shell_material(attributes, neckline, is_knit(top), rng)
    covered = faces[inside[faces].max(1) > -0.05]
    on_mesh = {"rest": mesh.vertices, "pos": points.astype(np.float32)}
    surface = Surface(points, covered, attributes=on_mesh, subdivisions=2)
    thicken(add_surface("top", surface, material), 0.0045 if is_knit(top) else 0.0022)


SMOOTHING_STEPS = 40


def _shell_positions(
    figure: Figure, faces: np.ndarray, inside: np.ndarray, knit: bool, rng: Rng
) -> np.ndarray:
    """Lift the body, smooth the chest, hug the neck, add folds: positions of all vertices, float64 (N, 3)."""
    body = figure.pose.positions.astype(np.float64)
    normals = figure.normals
    lift = 0.008 if knit else 0.0045
    on_chest = np.clip((5.35 - base_mesh().vertices[:, 1]) / 0.5, 0, 1)[:, None]
    points = _smooth_outside(body + normals * lift, body, normals, faces, 0.12 + 0.48 * on_chest, lift * 0.7)
    at_neck = np.clip(1 - (inside - 0.02) / 0.34, 0, 1)[:, None]
    points = points * (1 - at_neck) + (body + normals * lift * 0.6) * at_neck
    folds = smooth_noise(figure.pose.positions * np.array([1, 1, 0.4]), 0.05, rng, 3)[:, 0]
    depth = (0.0025 if knit else 0.0035) * np.clip(folds, -0.8, 2.0)
    return points + normals * depth[:, None] * (on_chest * 0.7 + 0.3)


def _smooth_outside(
    points: np.ndarray,
    body: np.ndarray,
    normals: np.ndarray,
    faces: np.ndarray,
    amount: np.ndarray,
    clearance: float,
) -> np.ndarray:
    """Laplacian smoothing by `amount` (N, 1) a step that stays `clearance` outside of the body."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 3]], faces[:, [3, 0]]])
    used = np.unique(faces)
    degree = np.zeros(len(body))
    np.add.at(degree, edges[:, 0], 1)
    np.add.at(degree, edges[:, 1], 1)
    share = amount[used]
    for _ in range(SMOOTHING_STEPS):
        total = np.zeros_like(points)
        np.add.at(total, edges[:, 0], points[edges[:, 1]])
        np.add.at(total, edges[:, 1], points[edges[:, 0]])
        mean = total / np.maximum(degree, 1)[:, None]
        points[used] = points[used] * (1 - share) + mean[used] * share
        height = ((points - body) * normals).sum(1)
        points += normals * np.maximum(clearance - height, 0)[:, None]
    return points
