"""Growing hair: guide strands march over the head, children follow them, and both are combed into shape.

Strands are (count, points, 3) in metres. Style and flow are decided in `hair`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from recipes.mini.heads.surfaces import Collider, normalised

Rng = np.random.Generator

Flow = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""Preferred direction of strands: (positions, surface normals, share of the length grown) to vectors (n, 3)."""


@dataclass(frozen=True)
class Strands:
    """Strands of one kind: points (count, points, 3) in metres, radius at root and tip in metres."""

    points: np.ndarray
    root_radius: float
    tip_radius: float


@dataclass(frozen=True)
class Growth:
    """How guides grow.

    Attributes:
        steps: Points after the root.
        stiffness: Share of the previous direction kept at each step.
        gravity: Pull downwards at each step.
        jitter: Spread of each strand's own direction.
        lift: Share of the surface normal in the first direction.
        hug: Share of the outward part of the flow that is removed, so that hair lies close.
    """

    steps: int
    stiffness: float = 0.55
    gravity: float = 0.0
    jitter: float = 0.0
    lift: float = 0.5
    hug: float = 0.9


def grow(
    roots: np.ndarray,
    normals: np.ndarray,
    lengths: np.ndarray,
    clearance: np.ndarray,
    flow: Flow,
    growth: Growth,
    collider: Collider,
    rng: Rng,
) -> np.ndarray:
    """March guides from their roots along a flow, outside of the head.

    Args:
        roots: Roots (n, 3) and their surface normals (n, 3) in `normals`.
        normals: See `roots`.
        lengths: Length of each strand (n,).
        clearance: Height above the surface that a strand keeps from its third step on (n,).
        flow: Preferred direction.
        growth: Manner of growing.
        collider: The head.
        rng: Source of each strand's own direction.

    Returns:
        Guides (n, steps + 1, 3).
    """
    guides = np.zeros((len(roots), growth.steps + 1, 3))
    guides[:, 0] = roots - normals * 0.001
    position, normal = roots.copy(), normals.copy()
    direction = normalised(normals * growth.lift + flow(roots, normals, 0.0) * (1 - growth.lift))
    step = (lengths / growth.steps)[:, None]
    down = np.array([0, 0, -1.0])
    own = rng.normal(size=(len(roots), 3)) * growth.jitter
    for k in range(growth.steps):
        wanted = flow(position, normal, (k + 1) / growth.steps)
        outward = (wanted * normal).sum(1, keepdims=True)
        wanted = normalised(wanted - normal * np.maximum(outward, 0) * growth.hug)
        direction = growth.stiffness * direction + (1 - growth.stiffness) * wanted
        direction = normalised(direction + growth.gravity * down + own)
        reached, normal = collider(position + direction * step, clearance * np.minimum(1, (k + 1) / 3))
        direction = normalised(reached - position)
        position = position + direction * step
        guides[:, k + 1] = position
    return guides


def without_strays(guides: np.ndarray, roots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop guides that have left their neighbours (caught behind an ear, say), with their roots."""
    if len(guides) <= 200:
        return guides, roots
    points = guides.shape[1]
    stray = np.zeros(len(guides), bool)
    for k in (points // 3, points // 2, 3 * points // 4, points - 1):
        distance, _ = cKDTree(guides[:, k]).query(guides[:, k], k=5)
        stray |= distance[:, -1] > max(3.2 * np.median(distance[:, -1]), 0.008)
    return guides[~stray], roots[~stray]


def interpolate(
    guides: np.ndarray, guide_roots: np.ndarray, roots: np.ndarray, rng: Rng, neighbours: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Children between the nearest guides.

    Returns the children (n, points, 3) and the index of the guide that each follows most, (n,). Guides that diverge
    are not blended: a parting stays a parting.
    """
    distance, index = cKDTree(guide_roots).query(roots, k=neighbours)
    weight = 1 / (distance**2 + 1e-7)
    weight *= rng.random(weight.shape) ** 2 * 0.9 + 0.1
    weight /= weight.sum(1, keepdims=True)
    rows, strongest = np.arange(len(index)), weight.argmax(1)
    tip = guides[index, -1] - guide_roots[index]
    divergence = np.linalg.norm(tip - tip[rows, strongest][:, None], axis=2) / (
        np.linalg.norm(tip, axis=2) + 1e-6
    )
    weight = np.where(divergence > 0.45, 0, weight)
    weight /= np.maximum(weight.sum(1, keepdims=True), 1e-9)
    relative = guides - guides[:, :1]
    children = roots[:, None] + (relative[index] * weight[..., None, None]).sum(1)
    return children, index[rows, strongest]


@dataclass(frozen=True)
class Styling:
    """How children are combed.

    Attributes:
        clump: Pull of a child towards its guide at the tip.
        frizz: Spread of the tips, metres.
        wave: Amplitude (metres) and angular frequency (radians per metre) of curls, or None.
        cut: Height of a blunt cut in the scene, metres, or None.
        thinning: Share of the length that tips lose at random.
    """

    clump: float = 0.0
    frizz: float = 0.0012
    wave: tuple[float, float] | None = None
    cut: float | None = None
    thinning: float = 0.2

    def cut_at(self, height: float) -> "Styling":
        """The same with a blunt cut."""
        return replace(self, cut=height)


def style(
    guides: np.ndarray, guide_roots: np.ndarray, roots: np.ndarray, styling: Styling, rng: Rng
) -> np.ndarray:
    """Turn guides into finished hair growing from `roots`: (n, points, 3)."""
    guides, guide_roots = without_strays(guides, guide_roots)
    hair, leader = interpolate(guides, guide_roots, roots, rng)
    share = np.linspace(0, 1, hair.shape[1])[None, :, None]
    if styling.clump:
        pull = styling.clump * share**0.7
        target = guides[leader] + (hair[:, :1] - guides[leader][:, :1]) * 0.35
        hair = hair * (1 - pull) + target * pull
    if styling.wave:
        hair = _curl(hair, len(guides), leader, styling.wave, rng)
    tips = rng.normal(size=(len(hair), 1, 3)) * styling.frizz * share
    wander = np.cumsum(rng.normal(size=hair.shape), 1) * styling.frizz * 0.12
    hair = hair + (tips + wander)
    return _trim(hair, styling, rng)


def _curl(
    hair: np.ndarray, guide_count: int, leader: np.ndarray, wave: tuple[float, float], rng: Rng
) -> np.ndarray:
    """Wind strands into helices; strands of one guide curl together."""
    amplitude, frequency = wave
    phase = (rng.random(guide_count) * 6.28)[leader] + rng.normal(size=len(hair)) * 0.5
    tangent = normalised(np.gradient(hair, axis=1))
    first = normalised(np.cross(tangent, np.array([0.3, 1, 0.2])))
    second = np.cross(tangent, first)
    segment = np.linalg.norm(np.diff(hair, axis=1), axis=2)
    length = np.concatenate([np.zeros((len(hair), 1)), np.cumsum(segment, 1)], 1)
    tempo = (1 + 0.2 * rng.normal(size=guide_count))[leader]
    sense = np.where(rng.random(guide_count) < 0.5, 1, -1)[leader]
    radius = amplitude * np.minimum(1, length / 0.03)
    angle = length * frequency * tempo[:, None] + phase[:, None]
    hair = hair + (radius * np.cos(angle))[..., None] * first
    return hair + (radius * np.sin(angle) * sense[:, None] * 0.9)[..., None] * second


def _trim(hair: np.ndarray, styling: Styling, rng: Rng) -> np.ndarray:
    """Shorten strands at random, and at the cut; every strand keeps its number of points."""
    last = hair.shape[1] - 1
    kept = 1 - styling.thinning * rng.random(len(hair)) ** 2
    if styling.cut is not None:
        height = styling.cut + rng.normal(size=len(hair)) * 0.004
        above = hair[:, :, 2] > height[:, None]
        end = np.where(above.all(1), last, np.argmax(~above, 1))
        kept = np.minimum(kept, np.clip(end / last, 0.15, 1))
    place = kept[:, None] * np.linspace(0, 1, last + 1)[None] * last
    before = np.minimum(place.astype(int), last - 1)
    between = (place - before)[..., None]
    rows = np.arange(len(hair))[:, None]
    return hair[rows, before] * (1 - between) + hair[rows, before + 1] * between
