"""Expression and pose: from a shaped body to positions in the scene.

The figure is built facing -y with its arms lowered; the turn of the head is spread over the neck. The body's own
turn is applied to the finished scene, in `render`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.heads.anatomy import Morphs
from recipes.mini.heads.base_mesh import BaseMesh, base_mesh, to_scene

Attributes = dict[str, Any]

RELAXED_BROW = {
    "eyebrows-left-inner-up": 0.30,
    "eyebrows-right-inner-up": 0.30,
    "eyebrows-left-up": 0.12,
    "eyebrows-right-up": 0.12,
    "eye-left-opened-up": 0.14,
    "eye-right-opened-up": 0.14,
}

EXPRESSIONS = {
    "neutral": {**RELAXED_BROW, "mouth-corner-puller": 0.20},
    "slight smile": {
        **RELAXED_BROW,
        "mouth-corner-puller": 0.48,
        "mouth-retraction": 0.14,
        "eye-left-slit": 0.05,
        "eye-right-slit": 0.05,
    },
    "smile": {
        **RELAXED_BROW,
        "mouth-corner-puller": 0.68,
        "mouth-retraction": 0.30,
        "eye-left-slit": 0.10,
        "eye-right-slit": 0.10,
    },
    "serious": {
        "eyebrows-left-inner-up": 0.16,
        "eyebrows-right-inner-up": 0.16,
        "eye-left-opened-up": 0.1,
        "eye-right-opened-up": 0.1,
        "mouth-compression": 0.08,
    },
}
"""Expression units of MPFB and their weights; all mild, the mouth stays closed."""

HELPERS_OF_THE_BODY = ("helper-tights", "helper-skirt", "helper-genital")
JOINTS_OF_THE_HEAD = ("head", "jaw", "eye", "mouth", "lid", "tongue")


def express(vertices: np.ndarray, attributes: Attributes) -> np.ndarray:
    """Add the expression to a shaped body, in place."""
    morphs = Morphs(base_mesh(), vertices)
    for race, share in attributes["race"].items():
        for unit, weight in EXPRESSIONS[attributes["expression"]].items():
            morphs.add(f"expression/units/{race}/{unit}", _unit_weight(unit, weight, attributes) * share)
    return morphs.vertices


def _unit_weight(unit: str, weight: float, attributes: Attributes) -> float:
    """A unit's weight on a person: older faces need more of what lifts them to look the same."""
    past_42 = attributes["age"] > 42
    if "opened-up" in unit:
        return weight * (1 - 0.75 * attributes["race"].get("african", 0))
    if "inner-up" in unit and attributes["gender"] == "woman" and past_42:
        return weight * 1.35
    if "corner-puller" in unit and past_42:
        return weight + 0.08  # ageing pulls the corners of the mouth down
    return weight


def rotation(axis: str, degrees: float) -> np.ndarray:
    """Rotation matrix about a scene axis, (3, 3)."""
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


@dataclass(frozen=True)
class Pose:
    """A posed figure.

    Attributes:
        positions: All vertices in scene coordinates, float32 (N, 3).
        rotation: Rotation of the head, (3, 3).
        pivot: Point about which it turned, (3,).
    """

    positions: np.ndarray
    rotation: np.ndarray
    pivot: np.ndarray

    def to_head(self, points: np.ndarray) -> np.ndarray:
        """Scene points (..., 3) in the frame of the head about the pivot."""
        return (points - self.pivot) @ self.rotation

    def to_scene(self, points: np.ndarray) -> np.ndarray:
        """Points in the frame of the head (..., 3) in the scene."""
        return points @ self.rotation.T + self.pivot


def pose(vertices: np.ndarray, attributes: Attributes) -> Pose:
    """Lower the arms and turn the head by `pitch`, `roll` and `yaw` (degrees).

    Args:
        vertices: Shaped body, (N, 3), MakeHuman coordinates.
        attributes: The three angles.
    """
    mesh = base_mesh()
    points = _lower_arms(mesh, to_scene(vertices).astype(np.float64))
    pivot = mesh.joint("neck", points) * 0.45 + mesh.joint("head", points) * 0.55
    share = _share_of_head_turn(mesh)
    pitch, roll, yaw = attributes["pitch"], attributes["roll"], attributes["yaw"]
    x, y, z = (points - pivot).T
    y, z = _turn(y, z, pitch, share)
    z, x = _turn(z, x, roll, share)
    x, y = _turn(x, y, yaw, share)
    positions = np.stack([x, y, z], -1) + pivot
    head_rotation = rotation("z", yaw) @ rotation("y", roll) @ rotation("x", pitch)
    return Pose(positions.astype(np.float32), head_rotation, pivot)


def _turn(a: np.ndarray, b: np.ndarray, degrees: float, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn coordinates from axis a towards axis b, each vertex by its share of the angle."""
    angle = float(np.radians(degrees)) * share
    c, s = np.cos(angle), np.sin(angle)
    return c * a - s * b, s * a + c * b


def _lower_arms(mesh: BaseMesh, points: np.ndarray) -> np.ndarray:
    """From the rest pose with spread arms to hanging arms."""
    for side, sign in (("L", 1), ("R", -1)):
        shoulder = mesh.joint(f"{side.lower()}-shoulder", points)
        arm, collar = mesh.arm_weights[side]
        angle = float(np.radians(sign * 32)) * np.clip(arm + 0.5 * collar, 0, 1)
        offset = points - shoulder
        c, s = np.cos(angle), np.sin(angle)
        x = shoulder[0] + c * offset[:, 0] + s * offset[:, 2]
        z = shoulder[2] - s * offset[:, 0] + c * offset[:, 2]
        points = np.stack([x, points[:, 1], z], -1)
    return points


def _share_of_head_turn(mesh: BaseMesh) -> np.ndarray:
    """How much of the head's turn each vertex follows, (N,): all of it for eyes and teeth, less down the neck."""
    head, upper, middle, lower = (np.clip(mesh.neck_weights[:, i], 0, 1) for i in range(4))
    for group in mesh.groups:
        helper = group.startswith("helper-") and group not in HELPERS_OF_THE_BODY
        joint = group.startswith("joint-") and any(part in group for part in JOINTS_OF_THE_HEAD)
        if helper or joint:
            vertices = mesh.vertices_of(group)
            lower[vertices] = middle[vertices] = upper[vertices] = 0
            head[vertices] = 1
    return 0.18 * lower + 0.4 * middle + 0.65 * upper + 1.0 * head
