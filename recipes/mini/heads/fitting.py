"""Fitting MakeHuman proxies (lashes, brows, garments) to a posed body, from their `.mhclo` and `.obj` files.

A proxy's vertex either sits on a vertex of the body, or at a weighted mean of three with an offset that scales with
the body. Format: MakeHuman's "mhclo" as written by MakeClothes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from recipes.mini.heads.base_mesh import to_scene

OFFSET_ROW = 9
"""Columns of a bound vertex: three body vertices, three weights, three offsets."""


@dataclass(frozen=True)
class Proxy:
    """A proxy with n vertices and m faces.

    Attributes:
        bound_to: Three body vertices for each vertex, int (n, 3).
        weights: Their weights, (n, 3).
        offsets: Offset from their mean, (n, 3), in units of `scales`, MakeHuman axes.
        single: Whether a vertex sits on one body vertex, bool (n,).
        scales: Axis to two body vertices and the distance between them on the base mesh.
        faces: Vertex indices, int (m, 4); triangles repeat their last vertex.
        uv_faces: Indices into `uv`, (m, 4).
        uv: Texture coordinates, float32 (k, 2).
        hidden_body: Body vertices that the proxy covers.
    """

    bound_to: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    single: np.ndarray
    scales: dict[str, tuple[int, int, float]]
    faces: np.ndarray
    uv_faces: np.ndarray
    uv: np.ndarray
    hidden_body: np.ndarray

    def fit(
        self, vertices: np.ndarray, positions: np.ndarray, head_rotation: np.ndarray | None = None
    ) -> np.ndarray:
        """Positions of the proxy's vertices in the scene, (n, 3).

        Args:
            vertices: Shaped body before posing (N, 3), MakeHuman coordinates; it sets the scale.
            positions: The posed body in the scene, (N, 3).
            head_rotation: Turns the offsets with the head, for proxies on the face.
        """
        base = (positions[self.bound_to] * self.weights[..., None]).sum(1)
        scale = [self._scale(vertices, axis) for axis in "xyz"]
        offsets = to_scene(self.offsets * np.array(scale))
        if head_rotation is not None:
            offsets = offsets @ head_rotation.T
        return np.where(self.single[:, None], base, base + offsets)

    def _scale(self, vertices: np.ndarray, axis: str) -> float:
        """How much larger the body is along an axis than the base mesh."""
        if axis not in self.scales:
            return 1
        first, second, reference = self.scales[axis]
        column = "xyz".index(axis)
        return abs(vertices[first, column] - vertices[second, column]) / reference


@cache
def load_proxy(path: Path) -> Proxy:
    """Read an `.mhclo` file and the `.obj` file it names.

    Raises:
        ValueError: The two files do not have the same number of vertices.
    """
    rows: list[list[float]] = []
    hidden: list[int] = []
    scales: dict[str, tuple[int, int, float]] = {}
    mesh_file, section = "", ""
    for words in _lines(path):
        keyword = words[0]
        if keyword in ("x_scale", "y_scale", "z_scale"):
            scales[keyword[0]] = (int(words[1]), int(words[2]), float(words[3]))
            section = ""
        elif keyword == "obj_file":
            mesh_file = words[1]
        elif keyword in ("verts", "delete_verts"):
            section = keyword
        elif section == "verts":
            rows += _bound_vertex(words)
        elif section == "delete_verts":
            hidden += _vertex_ranges(words)
    count, faces, uv_faces, uv = _read_mesh(path.parent / mesh_file)
    if len(rows) != count:
        raise ValueError(f"{path.name} binds {len(rows)} vertices, but {mesh_file} has {count}.")
    table = np.array(rows)
    single = (table[:, 3] == 1) & (table[:, 4] == 0) & (table[:, 5] == 0)
    return Proxy(
        bound_to=table[:, :3].astype(int),
        weights=table[:, 3:6],
        offsets=table[:, 6:9],
        single=single,
        scales=scales,
        faces=faces,
        uv_faces=uv_faces,
        uv=uv,
        hidden_body=np.array(hidden, int),
    )


def _lines(path: Path) -> Iterator[list[str]]:
    """Words of every line that is neither empty nor a comment."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and words[0] != "#":
                yield words


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _bound_vertex(words: list[str]) -> list[list[float]]:
    """One row of the vertex section, or none where the line is something else."""
    if not all(_is_number(word) for word in words):
        return []
    if len(words) == 1:
        return [[int(words[0]), 0, 0, 1, 0, 0, 0, 0, 0]]
    if len(words) >= OFFSET_ROW:
        return [[*(int(word) for word in words[:3]), *(float(word) for word in words[3:9])]]
    return []


def _vertex_ranges(words: list[str]) -> list[int]:
    """Vertices of a line such as "3 7 - 9"; none where the line is something else."""
    vertices: list[int] = []
    for word in " ".join(words).replace(" - ", "-").split():
        first, _, last = word.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            return []
        vertices += range(int(first), int(last or first) + 1)
    return vertices


def _read_mesh(path: Path) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Number of vertices, faces, texture faces and texture coordinates of an `.obj` file."""
    count = 0
    uv: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    for words in _lines(path):
        if words[0] == "v":
            count += 1
        elif words[0] == "vt":
            uv.append([float(words[1]), float(words[2])])
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            face = [int(corner[0]) - 1 for corner in corners]
            uv_face = [int(corner[1]) - 1 if len(corner) > 1 and corner[1] else 0 for corner in corners]
            if len(face) == 3:
                face.append(face[2])
                uv_face.append(uv_face[2])
            faces.append(face[:4])
            uv_faces.append(uv_face[:4])
    return count, np.array(faces), np.array(uv_faces), np.array(uv, np.float32)
