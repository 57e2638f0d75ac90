"""Hair styles and beards: where strands flow, how long they are, how they are combed.

`grow_hair` and `grow_beard` turn a posed head into `Strands`. Each style is a function that gets a `Scalp`. The
flows work in the head's own frame: x to the figure's left, y backwards, z up, metres from the joint of the head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.hairline import beard_density, receding_density, scalp_density
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


def _stubble_cut(scalp: Scalp) -> None:
    """Shaved and buzz cut: straight stubs without guides."""
    rng = scalp.rng
    length = 0.0022 if scalp.style == "shaved" else 0.007
    roots, normals = scalp.roots(int(scalp.count * 1.6))
    lie = scalp.flow_forward()(roots, normals, 0)
    direction = normalised(normals * 0.8 + lie * 0.8 + rng.normal(size=roots.shape) * 0.2)
    lengths = length * rng.uniform(0.7, 1.1, len(roots))
    share = np.linspace(0, 1, 3)[None, :, None]
    start = roots[:, None] - normals[:, None] * 0.0004
    scalp.add(start + direction[:, None] * lengths[:, None, None] * share, taper=0.3, thickness=0.45)


def _short_crop(scalp: Scalp) -> None:
    lengths = scalp.lengths(0.018 + 0.022 * scalp.top)
    clearance = 0.0015 + 0.007 * scalp.layer * (0.25 + scalp.top)
    growth = Growth(8, stiffness=0.5, gravity=0.03, jitter=0.10, lift=0.4)
    scalp.comb(scalp.grow(lengths, clearance, scalp.flow_forward(), growth), Styling(0.45, 0.0008))


def _side_part(scalp: Scalp) -> None:
    lengths = scalp.lengths(0.02 + 0.055 * scalp.top)
    clearance = 0.0015 + 0.010 * scalp.layer * (0.15 + scalp.top)
    growth = Growth(12, stiffness=0.5, gravity=0.06, jitter=0.05, lift=0.22)
    scalp.comb(
        scalp.grow(lengths, clearance, scalp.flow_from_parting(0.25, 0.9), growth), Styling(0.45, 0.0008)
    )


def _slicked_back(scalp: Scalp) -> None:
    lengths = scalp.lengths(0.03 + 0.07 * scalp.top, low=0.9)
    growth = Growth(14, stiffness=0.6, jitter=0.04, lift=0.4)
    guides = scalp.grow(lengths, 0.002 + 0.012 * scalp.layer, scalp.flow_back(0.2), growth)
    scalp.comb(guides, Styling(0.5, 0.0006))


def _quiff(scalp: Scalp) -> None:
    depth = scalp.local[:, 1]
    lengths = scalp.lengths(0.010 + 0.045 * scalp.top * np.clip(0.55 - depth / 0.14, 0.35, 1.1))
    clearance = 0.002 + 0.018 * scalp.layer * scalp.top * np.clip(0.3 - depth / 0.1, 0.1, 1)
    growth = Growth(12, stiffness=0.6, jitter=0.05, lift=0.45, hug=0.75)
    scalp.comb(scalp.grow(lengths, clearance, scalp.flow_back(0.55), growth), Styling(0.45, 0.0008))


def _fade(scalp: Scalp) -> None:
    lengths = scalp.lengths(0.004 + 0.035 * scalp.top)
    clearance = 0.001 + 0.018 * scalp.layer * scalp.top
    growth = Growth(8, stiffness=0.6, jitter=0.15, lift=0.75)
    scalp.comb(scalp.grow(lengths, clearance, scalp.flow_forward(), growth), Styling(0.5, 0.0012))


CURLS = {
    "afro": (0.085, (0.0045, 900)),
    "short afro": (0.03, (0.0028, 1300)),
    "short curls": (0.055, (0.006, 420)),
}
"""Length in metres; amplitude and frequency of the curls."""


def _curls(scalp: Scalp) -> None:
    """Afros stand off; short curls lie down."""
    length, wave = CURLS[scalp.style]
    lengths = scalp.lengths(length, low=0.75)
    lying = scalp.style == "short curls"
    forward = scalp.flow_forward()

    def outwards(points: np.ndarray, normals: np.ndarray, share: float) -> np.ndarray:
        if lying:
            return normalised(normals * 0.6 + forward(points, normals, share) * 0.6)
        radial = scalp.head.local(points) / np.array([0.9, 1.0, 0.9]) + np.array([0, 0.02, -0.03])
        return normalised(scalp.head.to_scene(radial))

    growth = Growth(
        18, stiffness=0.5, gravity=0.15 if lying else 0.0, jitter=0.22, lift=0.9, hug=0.5 if lying else 0.0
    )
    guides = scalp.grow(lengths, 0.003 + 0.02 * scalp.layer, outwards, growth)
    scalp.comb(guides, Styling(0.6, 0.0016, wave))


def _pixie(scalp: Scalp) -> None:
    lengths = scalp.lengths(0.035 + 0.05 * scalp.top, low=0.8)
    growth = Growth(12, stiffness=0.5, gravity=0.1, jitter=0.05, lift=0.3)
    flow = scalp.flow_from_parting(-0.15, 1.1)
    scalp.comb(scalp.grow(lengths, 0.002 + 0.010 * scalp.layer, flow, growth), Styling(0.5, 0.0008))


LONG_STYLES = {
    "bob": (0.26, 0.0),
    "bob with bangs": (0.26, 0.0),
    "shoulder-length": (0.34, 0.085),
    "long straight": (0.5, 0.22),
    "long wavy": (0.5, 0.2),
    "long curly": (0.46, 0.19),
}
"""Length before cutting, and how far below the chin it is cut, metres."""


def _long(scalp: Scalp) -> None:
    """Hair that falls from a parting past the face, over or behind the shoulders, cut straight."""
    rng = scalp.rng
    chin = base_mesh().joint("jaw", scalp.head.positions)[2]
    length, below_chin = LONG_STYLES[scalp.style]
    lengths = scalp.lengths(length, low=0.95, high=1.05)
    curly = "curly" in scalp.style
    steps = 24 if curly or "wavy" in scalp.style else 18
    # each side falls behind the shoulder (1) or in front of the collar bone (-0.7)
    drape = [1.0 if rng.random() < 0.68 else -0.7 for _ in range(2)]
    flow = _falling_flow(scalp, chin + 0.02, drape)
    clearance = 0.004 + (0.022 if curly else 0.015) * scalp.layer
    guides = scalp.grow(lengths, clearance, flow, Growth(steps, 0.55, 0.28, 0.02, lift=0.25))
    waves = {
        "long wavy": (0.008, 70 + rng.random() * 25),
        "long curly": (0.010, 170),
        "shoulder-length": (0.004, 60),
    }
    wave = waves.get(scalp.style)
    if scalp.style == "bob with bangs":
        _grow_bangs(scalp, guides, steps)
    styling = Styling(0.55 if wave else 0.35, 0.0012 if curly else 0.0007, wave, thinning=0.12)
    scalp.comb(guides, styling.cut_at(chin - below_chin))


def _falling_flow(scalp: Scalp, jaw_height: float, drape: list[float]) -> Flow:
    """From the parting down; off the face; below the jaw inwards and to the front or back of the shoulder."""
    from_parting = scalp.flow_from_parting(0.3, 1.0)

    def flow(points: np.ndarray, normals: np.ndarray, share: float) -> np.ndarray:
        direction = from_parting(points, normals, share)
        q = scalp.head.local(points)
        on_face = (q[:, 1] < -0.06) & (q[:, 2] < 0.09)
        side = np.sign(q[:, 0])
        direction = direction + scalp.head.to_scene(
            np.stack([side * on_face * 0.9, on_face * 1.1, 0 * on_face], -1)
        )
        low = np.clip((jaw_height - points[:, 2]) / 0.04, 0, 1)
        back = np.where(side > 0, drape[0], drape[1])
        layer = scalp.layer if len(scalp.layer) == len(points) else 0.5
        outside = np.clip((np.abs(q[:, 0]) - (0.082 + 0.035 * layer)) / 0.03, 0, 1.5)
        below_jaw = np.stack([-side * outside * 1.1, back * 1.3, np.full(len(q), -0.3)], -1)
        return normalised(direction + below_jaw * low[:, None])

    return flow


def _grow_bangs(scalp: Scalp, guides: np.ndarray, steps: int) -> None:
    """Replace the guides above the forehead by a fringe, in place."""
    fringe = (scalp.local[:, 1] < -0.045) & (np.abs(scalp.local[:, 0]) < 0.06)

    def flow(points: np.ndarray, _normals: np.ndarray, _share: float) -> np.ndarray:
        q = scalp.head.local(points)
        forwards = -np.full(len(q), 0.7) * np.clip((q[:, 2] - 0.1) / 0.03, 0, 1)
        return normalised(scalp.head.to_scene(np.stack([q[:, 0] * 1.5, forwards, np.full(len(q), -0.8)], -1)))

    guides[fringe] = grow(
        scalp.guide_roots[fringe],
        scalp.guide_normals[fringe],
        np.full(fringe.sum(), 0.085),
        0.004 + 0.008 * scalp.layer[fringe],
        flow,
        Growth(steps, 0.6, 0.15, 0.02, lift=0.4),
        scalp.collider,
        scalp.rng,
    )


def _tied(scalp: Scalp) -> None:
    """Hair pulled to a tie at the back, ending in a ponytail or a bun."""
    rng, head = scalp.rng, scalp.head
    height = rng.uniform(-0.3, 1)
    tie = head.to_scene(np.array([0, 0.1, 0.055 + 0.05 * height])) + head.center
    outward = normalised(head.to_scene(np.array([[0, 1, 0.2 + 0.4 * height]])))[0]
    tie = scalp.collider(tie[None], np.array([0.012]))[0][0]

    def to_tie(points: np.ndarray, normals: np.ndarray, _share: float) -> np.ndarray:
        direction = normalised(tie - points)
        return normalised(direction - normals * (direction * normals).sum(1, keepdims=True))

    lengths = np.linalg.norm(scalp.guide_roots - tie, axis=1) * 1.35
    growth = Growth(22, stiffness=0.35, jitter=0.012, lift=0.06)
    guides = scalp.grow(lengths, 0.0012 + 0.0045 * scalp.layer, to_tie, growth)
    near = np.linalg.norm(guides - tie, axis=2) < 0.012
    arrival = np.where(near.any(1), near.argmax(1), growth.steps)
    for k in range(guides.shape[1]):
        arrived = k > arrival
        guides[arrived, k] = tie + rng.normal(size=(arrived.sum(), 3)) * 0.003
    scalp.comb(guides, Styling(0.25, 0.0004, thinning=0.02))
    (_bun if scalp.style == "bun" else _ponytail)(scalp, tie, outward)


TIED_STRANDS = 7000


def _bun(scalp: Scalp, tie: np.ndarray, outward: np.ndarray) -> None:
    """A ball of wound strands on the tie."""
    rng, n = scalp.rng, TIED_STRANDS
    radius = rng.uniform(0.026, 0.036)
    center = tie + outward * radius * 0.75
    start = normalised(rng.normal(size=(n, 3)))
    axis = normalised(outward + rng.normal(size=(n, 3)) * 0.35)
    angle = np.linspace(0, 1, 16)[None, :, None] * rng.uniform(1.5, 4, (n, 1, 1))
    first = normalised(np.cross(axis, start))
    second = np.cross(axis, first)
    height = (rng.normal(size=(n, 1, 1)) * 0.35).clip(-0.8, 0.8)
    ring = radius * np.sqrt(1 - height**2) * (0.8 + 0.2 * rng.random((n, 1, 1)))
    turn = np.cos(angle) * first[:, None] + np.sin(angle) * second[:, None]
    scalp.add(center + ring * turn + height * radius * axis[:, None] * 0.8, taper=0.5)


def _ponytail(scalp: Scalp, tie: np.ndarray, outward: np.ndarray) -> None:
    """A tail that falls from the tie and fans out."""
    rng, n = scalp.rng, TIED_STRANDS
    radius = np.sqrt(rng.random(n)) * 0.012
    angle = rng.random(n) * 6.28
    first = normalised(np.cross(outward, [1, 0, 0]))
    second = np.cross(outward, first)
    roots = tie + (radius * np.cos(angle))[:, None] * first + (radius * np.sin(angle))[:, None] * second
    fall = normalised(np.array([[0, 0.15, -1.0]]))

    def down(points: np.ndarray, _normals: np.ndarray, _share: float) -> np.ndarray:
        return np.repeat(fall, len(points), 0)

    lengths = np.full(n, 0.26) * rng.uniform(0.7, 1, n)
    growth = Growth(20, stiffness=0.8, gravity=0.1, jitter=0.03, lift=0.9)
    normals = np.repeat(outward[None], n, 0)
    tail = grow(roots, normals, lengths, np.full(n, 0.01), down, growth, scalp.collider, rng)
    share = np.linspace(0, 1, 21)[None, :, None]
    tail = tail + (tail - tail.mean(0, keepdims=True)) * (0.35 * np.sin(share * 2.6))
    scalp.add(tail, taper=0.4)


STYLERS: dict[str, Callable[[Scalp], None]] = {
    "shaved": _stubble_cut,
    "buzz cut": _stubble_cut,
    "short crop": _short_crop,
    "receding": _short_crop,
    "side part": _side_part,
    "slicked back": _slicked_back,
    "quiff": _quiff,
    "fade": _fade,
    **dict.fromkeys(CURLS, _curls),
    "pixie": _pixie,
    **dict.fromkeys(LONG_STYLES, _long),
    "ponytail": _tied,
    "bun": _tied,
}


def grow_hair(head: PosedHead, attributes: Attributes, collider: Collider, rng: Rng) -> list[Strands]:
    """Hair of `attributes["hair_style"]`; nothing for a bald head."""
    if attributes["hair_style"] == "bald":
        return []
    scalp = Scalp(head, attributes, collider, rng)
    STYLERS[scalp.style](scalp)
    return scalp.finished


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
