"""Working on quad meshes: normals, random points, distance to the surface, smooth noise.

Faces are int (m, 4) with triangles repeating their last vertex; points are (n, 3) in any unit.
"""

import numpy as np
from scipy.spatial import cKDTree

Rng = np.random.Generator


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of unit length; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _face_normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Cross products of the diagonals, (m, 3); their length is twice the area."""
    corners = points[faces]
    return np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])


def vertex_normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted normals of the vertices, (n, 3); zero for vertices without faces."""
    face_normals = _face_normals(points, faces)
    normals = np.zeros_like(points)
    for corner in range(4):
        np.add.at(normals, faces[:, corner], face_normals)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _bilinear(corners: np.ndarray, u: np.ndarray | float, w: np.ndarray | float) -> np.ndarray:
    """Points of quads given by their corners (m, 4, k) at coordinates u, w in 0..1."""
    return (corners[:, 0] * (1 - u) + corners[:, 1] * u) * (1 - w) + (
        corners[:, 3] * (1 - u) + corners[:, 2] * u
    ) * w


def scatter(
    points: np.ndarray, normals: np.ndarray, faces: np.ndarray, density: np.ndarray, count: int, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """Random points on a mesh with their normals.

    Args:
        points: Vertices (n, 3).
        normals: Their normals (n, 3).
        faces: Faces to scatter on.
        density: Relative density at the vertices (n,); below about 0.8, points are thinned out further.
        count: Points before thinning.
        rng: Source of randomness.
    """
    area = np.linalg.norm(_face_normals(points, faces), axis=1) * density[faces].mean(1)
    picked = faces[rng.choice(len(faces), count, p=area / area.sum())]
    u, w = rng.random((2, count, 1))
    chance = _bilinear(density[picked][..., None], u, w)[:, 0] * 1.3
    keep = rng.random(count) < np.clip(chance, 0, 1)
    return _bilinear(points[picked], u, w)[keep], normalised(_bilinear(normals[picked], u, w))[keep]


def smooth_noise(points: np.ndarray, scale: float, rng: Rng, octaves: int = 3) -> np.ndarray:
    """Three channels of smooth noise at the points, (n, 3): sums of random plane waves of about `scale`."""
    total = np.zeros((len(points), 3))
    for octave in range(octaves):
        frequencies = rng.normal(size=(6, 3)) * (2**octave) / scale
        phases = rng.random((6, 3)) * 6.28
        waves = np.sin((points @ frequencies.T)[:, :, None] + phases[None])
        total += waves.sum(1) / 6**0.5 / 2**octave
    return total


class Collider:
    """Keeps points outside of a surface."""

    def __init__(self, points: np.ndarray, faces: np.ndarray, samples: int = 2) -> None:
        """Sample every face at `samples` squared places."""
        corners = points[faces]
        normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        places = (np.arange(samples) + 0.5) / samples
        self._points = np.concatenate([_bilinear(corners, u, w) for u in places for w in places])
        self._normals = np.concatenate([normal] * samples**2)
        self._tree = cKDTree(self._points)

    def __call__(self, points: np.ndarray, clearance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Push points (n, 3) out to a clearance (n,) above the surface.

        Points deeper inside than 0.04 are left where they are. Returns the points and the surface's normals there.
        """
        distance, index = self._tree.query(points, k=3)
        weight = 1 / (distance + 1e-5)
        weight /= weight.sum(1, keepdims=True)
        normal = normalised((self._normals[index] * weight[..., None]).sum(1))
        surface = (self._points[index] * weight[..., None]).sum(1)
        height = ((points - surface) * normal).sum(1)
        push = np.maximum(clearance - height, 0)
        push = np.where(height < -0.04, 0, push)
        return points + normal * push[:, None], normal
