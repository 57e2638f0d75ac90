"""Beards: short hairs scattered over the face, from stubble to a full beard. Where they grow is in `hairline`."""

from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.hairline import beard_density
from recipes.mini.heads.scalp import PosedHead
from recipes.mini.heads.strands import Strands
from recipes.mini.heads.surfaces import normalised, scatter

Attributes = dict[str, Any]
Rng = np.random.Generator

BEARDS = {
    "stubble": (16000, 0.0010),
    "short beard": (26000, 0.0050),
    "full beard": (24000, 0.0135),
    "moustache": (5500, 0.009),
    "goatee": (9500, 0.010),
}
"""Number of hairs before thinning, and their length in metres."""


def grow_beard(head: PosedHead, attributes: Attributes, rng: Rng) -> list[Strands]:
    """The beard of `attributes["beard"]`, or nothing."""
    beard = attributes["beard"]
    if beard == "none":
        return []
    mesh = base_mesh()
    faces = mesh.faces[mesh.body]
    rest = mesh.vertices[faces]
    middle = rest.mean(1)
    on_face = (middle[:, 1] < 7.4) & (middle[:, 1] > 5.8) & (middle[:, 2] > 0.2)
    faces = faces[on_face & (np.abs(rest[:, :, 0]).max(1) < 0.95)]
    count, length = BEARDS[beard]
    roots, normals = scatter(head.positions, head.normals, faces, beard_density(beard), count, rng)
    if not len(roots):
        return []
    x = head.local(roots)[:, 0]
    lie = head.to_scene(np.stack([x * 3 + np.sign(x) * 0.1, np.full(len(x), 0.1), -np.ones(len(x))], -1))
    steps = 6
    points = [roots - normals * 0.0006]
    direction = normalised(normals * 0.8 + lie * 0.7 + rng.normal(size=roots.shape) * 0.22)
    step = (length * rng.uniform(0.55, 1.15, len(roots)))[:, None] / steps
    for _ in range(steps):
        direction = normalised(
            direction * 0.75 + normalised(lie) * 0.25 + rng.normal(size=roots.shape) * 0.10
        )
        points.append(points[-1] + direction * step)
    return [Strands(np.stack(points, 1), 0.00008, 0.00004)]
