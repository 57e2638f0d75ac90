"""Builds a whole figure in an empty Blender scene: body, eyes, hair, clothes, glasses. Needs `bpy`.

The figure faces -y with its body straight; `render` turns it. Random details are drawn in a fixed order from one
generator, so that a seed gives the same figure for ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from recipes.mini.heads.anatomy import shape
from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.beard import grow_beard
from recipes.mini.heads.blender_objects import Surface, add_strands, add_surface
from recipes.mini.heads.face_parts import add_brows, add_eyes, add_lashes, add_mouth
from recipes.mini.heads.garments import Figure, add_garment, body_under_garment, visible_body_faces
from recipes.mini.heads.glasses import add_glasses
from recipes.mini.heads.hair import grow_hair
from recipes.mini.heads.hairline import beard_density, scalp_density
from recipes.mini.heads.posing import express, pose
from recipes.mini.heads.scalp import PosedHead, head_collider
from recipes.mini.heads.shaders.graph import forget_pictures
from recipes.mini.heads.shaders.hair import hair_material
from recipes.mini.heads.shaders.skin import skin_material
from recipes.mini.heads.surfaces import vertex_normals

Attributes = dict[str, Any]

FIGURE_STREAM = 7
"""Added to a head's seed for the details that the attributes do not decide."""


@dataclass(frozen=True)
class BuiltFigure:
    """What is known of a built figure; positions are scene metres, before the body turns.

    Attributes:
        positions: All vertices of the body, (N, 3).
        center: Joint of the head, (3,).
        eyes: Centers of its left and right eye, (3,) each.
        top: Height of the top of head and hair.
        features: Net strength of facial features (see `anatomy.shape`).
        brow: Name of the brows.
        strands: Number of hairs on the head.
        hair_seconds: Processor time that hair took.
    """

    positions: np.ndarray
    center: np.ndarray
    eyes: list[np.ndarray]
    top: float
    features: dict[str, float]
    brow: str
    strands: int
    hair_seconds: float


def build_figure(attributes: Attributes, look: np.ndarray) -> BuiltFigure:
    """Build a figure in an empty scene.

    Args:
        attributes: What `attributes.sample` drew, with `yaw` relative to the body.
        look: Direction to the camera, (3,).
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    forget_pictures()
    rng = np.random.default_rng(attributes["seed"] + FIGURE_STREAM)
    mesh = base_mesh()
    vertices, features = shape(attributes, rng)
    vertices = express(vertices, attributes)
    posed = pose(vertices, attributes)
    figure = Figure(vertices, posed, vertex_normals(posed.positions, mesh.faces[mesh.body]))
    center = mesh.joint("head", posed.positions)

    _add_body(figure, attributes, rng)
    add_mouth(posed)
    eyes = add_eyes(posed, attributes, look, rng)
    add_lashes(vertices, posed, attributes)
    brow = add_brows(vertices, posed, attributes, rng)
    add_garment(figure, attributes, rng)
    head = PosedHead(posed.positions, figure.normals, posed.rotation, center)
    top, strands, seconds = _add_hair(head, attributes, rng)
    if attributes["glasses"] != "none":
        add_glasses(attributes["glasses"], posed)
    return BuiltFigure(posed.positions, center, eyes, top, features, brow, strands, seconds)


def _add_body(figure: Figure, attributes: Attributes, rng: np.random.Generator) -> None:
    """Head, neck and what the garment shows of the body."""
    mesh = base_mesh()
    material = skin_material(attributes, rng)
    rest = mesh.vertices[mesh.faces[mesh.body]]
    near = (rest[:, :, 1].min(1) > 3.4) & (np.abs(rest[:, :, 0]).max(1) < 3.0)
    faces = visible_body_faces(attributes["top"], mesh.body[near])
    body = Surface(
        body_under_garment(attributes["top"], figure),
        mesh.faces[faces],
        mesh.uv,
        mesh.uv_faces[faces],
        _skin_masks(attributes),
        subdivisions=1,
    )
    add_surface("body", body, material)


def _skin_masks(attributes: Attributes) -> dict[str, np.ndarray]:
    """What `shaders.skin` reads from the mesh, on the base mesh's vertices."""
    rest = base_mesh().vertices
    scalp = scalp_density() ** 1.6
    if attributes["hair_style"] == "receding":
        scalp = scalp * np.clip(1 - attributes["recede"], 0.2, 1)
    return {
        "rest": rest,
        "frk": _freckle_mask(rest),
        "blush": _blush_mask(rest),
        "lip": _lip_mask(rest),
        "scalp": scalp,
        "beardm": beard_density(attributes["beard"]),
    }


def _freckle_mask(rest: np.ndarray) -> np.ndarray:
    """Nose and cheeks, less on the forehead."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    cheeks = (
        np.exp(-(((y - 6.98) / 0.30) ** 2))
        * np.clip((z - 0.75) / 0.35, 0, 1)
        * np.clip(1.25 - x / 0.75, 0, 1)
    )
    forehead = 0.35 * np.exp(-(((y - 7.6) / 0.25) ** 2)) * np.clip((z - 0.9) / 0.35, 0, 1)
    return np.maximum(cheeks, forehead)


def _blush_mask(rest: np.ndarray) -> np.ndarray:
    """Cheeks, nose, chin and ears."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    cheeks = np.exp(-(((x - 0.48) / 0.2) ** 2 + ((y - 6.93) / 0.16) ** 2)) * (z > 0.8)
    nose = 1.0 * np.exp(-((x / 0.17) ** 2 + ((y - 6.88) / 0.15) ** 2)) * (z > 1.35)
    chin = 0.5 * np.exp(-((x / 0.15) ** 2 + ((y - 6.25) / 0.1) ** 2)) * (z > 1.2)
    ears = 0.8 * ((x > 0.72) & (y > 6.7) & (y < 7.5) & (z < 0.75) & (z > 0.0))
    return cheeks + nose + chin + ears


def _lip_mask(rest: np.ndarray) -> np.ndarray:
    """Both lips."""
    x, y, z = rest.T
    aside = np.clip(np.abs(x) / 0.25, 0, 1)
    outline = (x / 0.25) ** 4 + ((y - (6.605 - 0.02 * aside)) / (0.068 - 0.03 * aside)) ** 4
    return np.exp(-outline) * np.clip((z - 1.3) / 0.06, 0, 1)


def _add_hair(head: PosedHead, attributes: Attributes, rng: np.random.Generator) -> tuple[float, int, float]:
    """Hair and beard; returns the height of the top of it all, the number of hairs, and processor seconds."""
    material = hair_material(attributes["hair_color"], rng)
    start = time.process_time()
    hair = grow_hair(head, attributes, head_collider(head.positions), rng)
    top = head.positions[:, 2].max()
    for strands in hair:
        add_strands("hair", strands, material)
        top = max(top, np.percentile(strands.points[..., 2], 99.7))
    for strands in grow_beard(head, attributes, rng):
        add_strands("beard", strands, material)
    count = sum(len(strands.points) for strands in hair)
    return float(top), int(count), time.process_time() - start
