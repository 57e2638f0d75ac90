"""Hair styles: how long hair is, where it flows, how it is combed.

Each style is a function that gets a `Scalp` and finishes its strands; `grow_hair` is the door.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.scalp import PosedHead, Scalp
from recipes.mini.heads.strands import Flow, Growth, Strands, Styling, grow
from recipes.mini.heads.surfaces import Collider, normalised

Attributes = dict[str, Any]
Rng = np.random.Generator


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
