"""The body that every head is made of: MakeHuman's base mesh, its morph targets and skinning weights (CC0).

Loaded once, on first use. Coordinates here are MakeHuman's: decimetres, y up, z forwards, x to the figure's left;
`to_scene` turns them into Blender's metres with z up and the figure facing -y. "Rest" always means this mesh before
any morph; masks and shaders are painted in rest coordinates, so that they fit every face.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parents[1] / "assets"


@dataclass(frozen=True)
class BaseMesh:
    """Geometry and weights of the base mesh with N vertices and M faces.

    Attributes:
        vertices: Rest positions, float32 (N, 3).
        faces: Vertex indices, int32 (M, 4); triangles repeat their last vertex.
        uv: Texture coordinates, float32 (K, 2).
        uv_faces: Indices into `uv`, int32 (M, 4).
        face_group: Index into `groups`, int16 (M,).
        groups: Names of the face groups ("body", "helper-...", "joint-...").
        targets: Morph target to its vertex indices and displacements.
        neck_weights: Weights of head, upper, middle and lower neck, float32 (N, 4).
        arm_weights: Weights of arm and shoulder for the sides "L" and "R", float32 (N,).
        scalp_faces: Faces that carry hair.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    uv_faces: np.ndarray
    face_group: np.ndarray
    groups: list[str]
    targets: dict[str, tuple[np.ndarray, np.ndarray]]
    neck_weights: np.ndarray
    arm_weights: dict[str, tuple[np.ndarray, np.ndarray]]
    scalp_faces: np.ndarray
    _vertices_of: dict[str, np.ndarray] = field(default_factory=dict)

    def faces_of(self, *groups: str) -> np.ndarray:
        """Indices of the faces in any of the groups."""
        return np.where(np.isin(self.face_group, [self.groups.index(g) for g in groups]))[0]

    def vertices_of(self, group: str) -> np.ndarray:
        """Indices of the vertices in a group."""
        if group not in self._vertices_of:
            self._vertices_of[group] = np.unique(self.faces[self.face_group == self.groups.index(group)])
        return self._vertices_of[group]

    def joint(self, name: str, positions: np.ndarray) -> np.ndarray:
        """Position of a joint ("jaw", "l-eye" ...) given positions of all vertices, (3,)."""
        return positions[self.vertices_of(f"joint-{name}")].mean(0)

    @cached_property
    def body(self) -> np.ndarray:
        """Indices of the faces of the body."""
        return self.faces_of("body")


@lru_cache(maxsize=1)
def base_mesh() -> BaseMesh:
    """Read `assets/mesh.npz` (written by `assets/tools`)."""
    with np.load(ASSETS / "mesh.npz") as archive:
        data = dict(archive)
    starts, indices, displacements = data["to"], data["ti"], data["td"]
    targets = {
        str(name): (indices[starts[i] : starts[i + 1]], displacements[starts[i] : starts[i + 1]])
        for i, name in enumerate(data["tn"])
    }
    return BaseMesh(
        vertices=data["V"],
        faces=data["F"],
        uv=data["UV"],
        uv_faces=data["FU"],
        face_group=data["G"],
        groups=[str(group) for group in data["groups"]],
        targets=targets,
        neck_weights=data["W"],
        arm_weights={side: (data[f"arm{side}"], data[f"sh{side}"]) for side in "LR"},
        scalp_faces=data["scalp_faces"],
    )


def to_scene(points: np.ndarray) -> np.ndarray:
    """MakeHuman coordinates (..., 3) to Blender's."""
    points = np.asarray(points)
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1) * 0.1
