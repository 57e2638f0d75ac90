"""A head ready to be styled: roots of the hair, the parting, and the directions in which hair can flow.

The flows work in the head's own frame: x to the figure's left, y backwards, z up, metres from the joint of the head.
What is made of them is in `hair` and `beard`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.hairline import receding_density, scalp_density
from recipes.mini.heads.strands import Flow, Growth, Strands, Styling, grow, style
from recipes.mini.heads.surfaces import Collider, normalised, scatter

Attributes = dict[str, Any]
Rng = np.random.Generator

CROPPED_STYLES = (
    "shaved",
    "buzz cut",
    "short crop",
    "side part",
    "slicked back",
    "quiff",
    "fade",
    "receding",
)
FINE_STYLES = ("short crop", "side part", "slicked back", "quiff", "fade", "receding", "pixie")
"""Styles of many thin strands."""

GUIDES = 1920
DEFAULT_HAIR = (15000, 0.00026)
FINE_HAIR = (30000, 0.00017)
"""Number of strands and radius at the root, metres."""


@dataclass(frozen=True)
class PosedHead:
    """A posed figure as hair sees it.

    Attributes:
        positions: All vertices in the scene, (N, 3).
        normals: Their normals, (N, 3).
        rotation: Rotation of the head, (3, 3).
        center: Joint of the head in the scene, (3,).
    """

    positions: np.ndarray
    normals: np.ndarray
    rotation: np.ndarray
    center: np.ndarray

    def local(self, points: np.ndarray) -> np.ndarray:
        """Scene points in the head's frame."""
        return (points - self.center) @ self.rotation

    def to_scene(self, directions: np.ndarray) -> np.ndarray:
        """Directions in the head's frame as scene directions."""
        return directions @ self.rotation.T


def head_collider(positions: np.ndarray) -> Collider:
    """The head and shoulders as an obstacle for hair."""
    mesh = base_mesh()
    rest = mesh.vertices[mesh.faces[mesh.body]]
    near = (rest[:, :, 1].min(1) > 3.2) & (np.abs(rest[:, :, 0]).max(1) < 2.9)
    return Collider(positions, mesh.faces[mesh.body[near]], 2)


class Scalp:
    """A head with roots for guides and strands, ready to be styled."""

    def __init__(self, head: PosedHead, attributes: Attributes, collider: Collider, rng: Rng) -> None:
        """Draw side, hairline, parting and roots."""
        self.head, self.attributes, self.collider, self.rng = head, attributes, collider, rng
        self.style: str = attributes["hair_style"]
        self.side = 1 if rng.random() < 0.5 else -1
        cropped = (self.style in CROPPED_STYLES and attributes["male"] > 0.5) or self.style == "receding"
        receding = receding_density(attributes.get("recede", 0.0), rng)
        self._density = receding if cropped else scalp_density()
        count, radius = FINE_HAIR if self.style in FINE_STYLES else DEFAULT_HAIR
        self.count: int = attributes.get("hair_n", count)
        self.radius: float = attributes.get("hair_r", radius)
        self.parting = self._draw_parting()
        self.guide_roots, self.guide_normals = self.roots(GUIDES)
        self._strand_roots = self.roots(int(self.count * 1.25))[0]
        self.layer = rng.random(len(self.guide_roots))
        self.local = head.local(self.guide_roots)
        self.top = np.clip((self.local[:, 2] - 0.075) / 0.05, 0, 1)
        self.finished: list[Strands] = []

    def _draw_parting(self) -> float:
        """Distance of the parting from the middle, metres."""
        if self.attributes.get("part", "side") != "side":
            return float(self.rng.normal() * 0.003)
        low, high = (0.035, 0.05) if self.attributes["male"] > 0.5 else (0.012, 0.035)
        return self.side * float(self.rng.uniform(low, high))

    def roots(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Random roots and their normals."""
        mesh = base_mesh()
        faces = mesh.faces[mesh.scalp_faces]
        return scatter(self.head.positions, self.head.normals, faces, self._density, count, self.rng)

    def lengths(self, length: np.ndarray | float, low: float = 0.85, high: float = 1.1) -> np.ndarray:
        """Lengths of the guides: the given length, a little different for each."""
        return length * self.rng.uniform(low, high, len(self.guide_roots))

    def grow(self, lengths: np.ndarray, clearance: np.ndarray, flow: Flow, growth: Growth) -> np.ndarray:
        """Grow the guides."""
        return grow(
            self.guide_roots, self.guide_normals, lengths, clearance, flow, growth, self.collider, self.rng
        )

    def comb(self, guides: np.ndarray, styling: Styling) -> None:
        """Finish the hair that follows the guides."""
        roots = self._strand_roots[: self.count]
        self.add(style(guides, self.guide_roots, roots, styling, self.rng), 0.35)

    def add(self, points: np.ndarray, taper: float, thickness: float = 1.0) -> None:
        """Add finished strands; `taper` is the tip's radius over the usual root's."""
        self.finished.append(Strands(points, self.radius * thickness, self.radius * taper))

    # ------------------------------------------------------------------ flows

    def flow_from_parting(self, back: float, down: float) -> Flow:
        """Away from the parting, then down."""

        def flow(points: np.ndarray, _normals: np.ndarray, _share: float) -> np.ndarray:
            q = self.head.local(points)
            sideways = np.tanh((q[:, 0] - self.parting) / 0.012) * np.clip(
                1.2 - np.abs(q[:, 0]) / 0.09, 0.15, 1
            )
            backwards = np.full(len(q), back) + np.clip(-q[:, 1] / 0.1, 0, 1) * 0.25
            downwards = -down * np.clip((0.13 - q[:, 2]) / 0.08, 0.0, 1.2)
            return normalised(self.head.to_scene(np.stack([sideways, backwards, downwards], -1)))

        return flow

    def flow_back(self, up: float) -> Flow:
        """Backwards from the forehead, first upwards."""

        def flow(points: np.ndarray, _normals: np.ndarray, share: float) -> np.ndarray:
            q = self.head.local(points)
            rising = up * (1 - share)
            falling = -0.6 * np.clip(q[:, 1] / 0.06, 0, 1.5)
            upwards = np.where(q[:, 1] < -0.02, rising, falling)
            return normalised(
                self.head.to_scene(np.stack([q[:, 0] * 2.0, np.full(len(q), 1.0), upwards], -1))
            )

        return flow

    def flow_forward(self) -> Flow:
        """Forwards on top, down at the sides, as short hair lies."""

        def flow(points: np.ndarray, _normals: np.ndarray, _share: float) -> np.ndarray:
            q = self.head.local(points)
            top = np.clip((q[:, 2] - 0.08) / 0.05, 0, 1)
            sideways = 0.25 * self.side * top + q[:, 0] * 1.0
            direction = np.stack([sideways, -0.8 * top - 0.05, -0.35 - 0.8 * (1 - top)], -1)
            return normalised(self.head.to_scene(direction))

        return flow
