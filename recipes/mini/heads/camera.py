"""The camera: framing by what should be in the picture, and where points of the scene land in it.

The sensor is a square of 24 mm; lengths are metres, angles degrees. Plain numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SENSOR = 24.0
"""Width of the sensor, millimetres."""

CAMERA_STREAM = 3
"""Added to a head's seed for the framing."""


@dataclass(frozen=True)
class Camera:
    """Where a camera stands.

    Attributes:
        position: In the scene, (3,).
        target: Point in the middle of the picture, (3,).
        coverage: Width of the picture at the target, metres.
        distance: From camera to target, metres.
        focal_length: Millimetres.
    """

    position: np.ndarray
    target: np.ndarray
    coverage: float
    distance: float
    focal_length: int

    @property
    def forward(self) -> np.ndarray:
        """Unit vector of the optical axis, (3,)."""
        axis = self.target - self.position
        return axis / np.linalg.norm(axis)

    def project(self, points: np.ndarray, resolution: int) -> np.ndarray:
        """Pixels (n, 2), rightwards and downwards, of scene points (n, 3) or (3,)."""
        forward = self.forward
        right = np.cross(forward, np.array([0, 0, 1.0]))
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        offset = np.atleast_2d(points) - self.position
        scale = self.focal_length / SENSOR / (offset @ forward) * resolution
        half = resolution / 2
        return np.stack([half + (offset @ right) * scale, half - (offset @ up) * scale], -1)


def place_camera(
    attributes: dict[str, Any], eyes: list[np.ndarray], top: float, center: np.ndarray
) -> Camera:
    """Frame a close-up (the face fills the picture) or head and shoulders (never below the upper chest).

    Args:
        attributes: `framing`, `lens` (mm), `cam_el` (elevation, degrees), `seed`.
        eyes: Centers of the eyes in the scene, (3,) each.
        top: Height of the top of head and hair.
        center: Joint of the head, (3,).
    """
    rng = np.random.default_rng(attributes["seed"] + CAMERA_STREAM)
    eye = (eyes[0] + eyes[1]) / 2
    if attributes["framing"] == "close-up":
        coverage = rng.uniform(0.262, 0.325)
        height = eye[2] - coverage * rng.uniform(0.03, 0.11)
    else:
        above = max(top - eye[2], 0.115) + rng.uniform(0.025, 0.05)
        below = rng.uniform(0.205, 0.262)
        coverage = min(max(above + below, 0.355), 0.47)
        height = eye[2] + above - coverage / 2
        if height - coverage / 2 < eye[2] - 0.275:
            height = eye[2] - 0.275 + coverage / 2
    target = np.array([center[0] * 0.5 + eye[0] * 0.5 + rng.normal() * 0.006, center[1], height])
    distance = coverage * attributes["lens"] / SENSOR + 0.06
    elevation = np.radians(attributes["cam_el"])
    position = target + np.array([0, -np.cos(elevation), np.sin(elevation)]) * distance
    return Camera(position, target, float(coverage), float(distance), attributes["lens"])
