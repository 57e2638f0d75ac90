"""From attributes to the shape of a face: morph targets for sex, age, ancestry and build, then for the individual.

`shape` returns vertices in MakeHuman's coordinates, and how strongly the features are marked that a caption may
mention. Expression and pose come afterwards, in `posing`.
"""

import re
from collections import defaultdict
from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import BaseMesh, base_mesh

Attributes = dict[str, Any]
Rng = np.random.Generator

NEGLIGIBLE = 1e-4
"""Weights below this change nothing."""


class Morphs:
    """A growing sum of morph targets.

    Attributes:
        vertices: The shape so far, float32 (N, 3), MakeHuman coordinates.
        strength: Net weight of every target so far.
    """

    def __init__(self, mesh: BaseMesh, vertices: np.ndarray | None = None) -> None:
        """Start from the rest shape, or from the given one (which is changed in place)."""
        self._targets = mesh.targets
        self.vertices = mesh.vertices.copy() if vertices is None else vertices
        self.strength: defaultdict[str, float] = defaultdict(float)

    def add(self, name: str, weight: float) -> None:
        """Add one target."""
        weight = float(weight)
        self.strength[name] += weight
        if abs(weight) < NEGLIGIBLE:
            return
        indices, displacements = self._targets[name]
        self.vertices[indices] += displacements.astype(np.float32) * weight

    def add_pair(self, name: str, weight: float) -> None:
        """Add a target to both sides; `{}` in its name stands for the side."""
        for side in "lr":
            self.add(name.format(side), weight)

    def add_signed(self, name: str, weight: float, positive: str = "incr", negative: str = "decr") -> None:
        """Add one of two opposite targets by the sign of the weight, to both sides if `{}` is in the name."""
        target = f"{name}-{positive if weight > 0 else negative}"
        (self.add_pair if "{}" in target else self.add)(target, abs(weight))

    def net(self, *names: str) -> float:
        """Increase minus decrease of the named pairs of targets, summed."""
        return sum(self.strength.get(f"{n}-incr", 0) - self.strength.get(f"{n}-decr", 0) for n in names)


class Draw:
    """Uniform numbers from a generator."""

    def __init__(self, rng: Rng) -> None:
        """Draw from `rng`."""
        self.rng = rng

    def __call__(self, low: float, high: float) -> float:
        """A uniform number between two bounds."""
        return float(self.rng.uniform(low, high))


def shape(attributes: Attributes, rng: Rng) -> tuple[np.ndarray, dict[str, float]]:
    """Shape a body.

    Args:
        attributes: What `attributes.sample` drew.
        rng: Source of the individual features.

    Returns:
        Vertices (N, 3) in MakeHuman coordinates, and the net strength of "cheekbones", "lips", "jaw", "oval" and
        "round" (face), in target weights.
    """
    mesh = base_mesh()
    morphs = Morphs(mesh)
    old = _macro_shape(morphs, attributes)
    draw = Draw(rng)
    if attributes["gender"] == "woman":
        _feminine_features(morphs, attributes, old, draw)
    else:
        _masculine_features(morphs, attributes, draw)
    _ageing(morphs, attributes, draw)
    _individual_features(morphs, mesh, attributes, rng)
    _asymmetry(morphs, mesh, rng)
    return morphs.vertices, _marked_features(morphs, attributes)


def _macro_shape(morphs: Morphs, attributes: Attributes) -> float:
    """Sex, age, ancestry, muscle and weight; returns the weight of old age."""
    age, muscle, weight = attributes["age"], attributes["muscle"], attributes["weight"]
    woman = attributes["gender"] == "woman"
    old = float(np.interp(age, [18, 25, 40, 60, 80], [0, 0, 0.28, 0.72, 1.08]))
    old *= 0.82 if woman else 1.0
    child = float(np.clip((25 - age) / 14.0, 0, 1)) * 0.6
    ages = {"young": 1 - old - child, "old": old, "child": child}
    muscles = {
        "minmuscle": max(0, 1 - 2 * muscle),
        "averagemuscle": 1 - abs(2 * muscle - 1),
        "maxmuscle": max(0, 2 * muscle - 1),
    }
    weights = {
        "minweight": max(0, 1 - 2 * weight),
        "averageweight": 1 - abs(2 * weight - 1),
        "maxweight": max(0, 2 * weight - 1),
    }
    for sex, sex_share in (("male", attributes["male"]), ("female", 1 - attributes["male"])):
        for stage, stage_share in ages.items():
            share = sex_share * stage_share
            for race, race_share in attributes["race"].items():
                morphs.add(f"macrodetails/{race}-{sex}-{stage}", share * race_share)
            for muscle_name, muscle_share in muscles.items():
                for weight_name, weight_share in weights.items():
                    name = f"macrodetails/universal-{sex}-{stage}-{muscle_name}-{weight_name}"
                    morphs.add(name, share * muscle_share * weight_share)
    if woman:  # flat under clothes
        bust = "averagemuscle-averageweight-mincup-averagefirmness"
        morphs.add(f"breast/female-young-{bust}", 1 - old)
        morphs.add(f"breast/female-old-{bust}", min(old, 1))
    return old


def _feminine_features(morphs: Morphs, attributes: Attributes, old: float, draw: Draw) -> None:
    """Sexual dimorphism of a woman's face."""
    k = attributes.get("dimorph", 1.0) * (1 + 0.1 * float(np.clip((attributes["age"] - 45) / 30, 0, 1)))
    add, signed = morphs.add, morphs.add_signed
    signed("chin/chin-width", -draw(0.15, 0.4) * k)
    signed("chin/chin-height", -draw(0.05, 0.3) * k)
    signed("chin/chin-bones", -draw(0.1, 0.35) * k)
    signed("chin/chin-prominent", -draw(0, 0.2) * k)
    outlines = ("oval", "oval", "invertedtriangular", "oval", "diamond")
    outline = outlines[draw.rng.choice(len(outlines))]
    add(f"head/head-{outline}", draw(0.2, 0.5) * k)
    add("head/head-scale-horiz-decr", draw(0.08, 0.34))
    add("head/head-fat-decr", draw(0, 0.35))
    signed("cheek/{}-cheek-volume", -draw(0, 0.3))
    signed("eyes/{}-eye-scale", draw(0.12, 0.38) * k)
    signed("cheek/{}-cheek-bones", draw(0.1, 0.4) * k)
    signed("mouth/mouth-lowerlip-volume", draw(0.1, 0.4) * k * (1 - 0.5 * old))
    signed("mouth/mouth-upperlip-volume", draw(0.1, 0.4) * k * (1 - 0.6 * old))
    signed("nose/nose-scale-horiz", -draw(0.1, 0.4) * k)
    signed("nose/nose-point", draw(0, 0.3) * k, "up", "down")
    signed("nose/nose-volume", -draw(0.05, 0.3) * k)
    signed("nose/nose-hump", -draw(0, 0.3) * k)
    signed("neck/measure-neck-circ", -draw(0.3, 0.55) * k)
    add("eyebrows/eyebrows-trans-backward", draw(0.1, 0.4) * k)
    add("eyebrows/eyebrows-trans-up", draw(0, 0.25) * k)
    add("eyebrows/eyebrows-angle-down", draw(0.05, 0.35))
    signed("torso/measure-shoulder-dist", -0.35)


def _masculine_features(morphs: Morphs, attributes: Attributes, draw: Draw) -> None:
    """Sexual dimorphism of a man's face."""
    k = attributes.get("dimorph", 1.0) * (1 - 0.25 * float(np.clip((attributes["age"] - 55) / 25, 0, 1)))
    add, signed = morphs.add, morphs.add_signed
    signed("chin/chin-width", draw(0.1, 0.45) * k)
    signed("chin/chin-height", draw(0.0, 0.3) * k)
    signed("chin/chin-prominent", draw(0.05, 0.4) * k)
    signed("chin/chin-bones", draw(0.1, 0.4) * k)
    outlines = ("square", "rectangular", "rectangular", "oval", "diamond")
    outline = outlines[draw.rng.choice(len(outlines))]
    add(f"head/head-{outline}", draw(0.1, 0.4) * k)
    signed("neck/measure-neck-circ", draw(0.05, 0.35) * k)
    add("eyebrows/eyebrows-trans-forward", draw(0, 0.35) * k)
    add("eyebrows/eyebrows-trans-down", draw(0, 0.08) * k)
    add("eyebrows/eyebrows-angle-down", draw(0.0, 0.3))
    signed("nose/nose-scale-vert", draw(-0.05, 0.25) * k)
    signed("mouth/mouth-upperlip-volume", -draw(0, 0.25) * k)
    signed("cheek/{}-cheek-bones", draw(0, 0.3) * k)
    signed("eyes/{}-eye-scale", draw(0.0, 0.22))


def _ageing(morphs: Morphs, attributes: Attributes, draw: Draw) -> None:
    """Ageing beyond the macro target, from 42 on; a little youth before 30."""
    age = attributes["age"]
    woman = attributes["gender"] == "woman"
    years = float(np.clip((age - 42) / 36, 0, 1.1))
    if years > 0:
        add, signed = morphs.add, morphs.add_signed
        mildness = 0.55 if woman else 1.0
        add("head/head-age-incr", (0.32 if woman else 0.75) * years)
        morphs.add_pair("eyes/{}-eye-bag-incr", draw(0.2, 0.6) * years * mildness)
        morphs.add_pair("eyes/{}-eye-eyefold-down", draw(0.1, 0.5) * years * mildness)
        signed("cheek/{}-cheek-volume", -draw(0, 0.4) * years * mildness)
        add("mouth/mouth-angles-down", draw(0, 0.1) * years)
        signed("mouth/mouth-upperlip-volume", -draw(0.1, 0.4) * years)
        signed("neck/neck-double", draw(0, 0.5) * years)
        signed("ears/{}-ear-lobe", draw(0.1, 0.6) * years)
        signed("ears/{}-ear-scale", draw(0, 0.4) * years)
        add("mouth/mouth-laugh-lines-in", draw(0.2, 0.8) * years * mildness)
        add("nose/nose-point-down", draw(0, 0.35) * years * (0 if woman else 1))
    elif age < 30:
        morphs.add("head/head-age-decr", draw(0.0, 0.25))


VARIATION = {
    "eyes": 0.5,
    "nose": 0.55,
    "mouth": 0.5,
    "ears": 0.45,
    "chin": 0.45,
    "cheek": 0.5,
    "head": 0.28,
    "neck": 0.25,
    "forehead": 0.4,
    "eyebrows": 0.4,
}
"""How far each region may stray from the average."""

NOT_INDIVIDUAL = (
    "head/head-age-incr",
    "head/head-age-decr",
    "neck-scale",
    "neck-trans",
    "measure",
    "neck-back",
    "head/head-trans",
    "head-angle",
    "pointed",
    "septum",
    "eye-push",
    "cleft",
    "jaw-drop",
    "eye-bag",
    "laugh-lines",
)
"""Parts of the names of targets that mean age, pose or caricature rather than a person."""

OPPOSITES = re.compile(
    r"(.*)-(decr|incr|down|up|in|out|backward|forward|concave|convex|compress|uncompress|pointed|round|square|triangle)$"
)

Feature = dict[str, list[str]]
"""A feature's opposite directions ("nose/nose-hump-incr"), each with its target or its left and right targets."""


def _individual_targets(mesh: BaseMesh) -> list[tuple[str, Feature]]:
    """Features of the face in alphabetical order, with their directions."""
    features: dict[str, Feature] = {}
    for name in mesh.targets:
        if name.split("/")[0] not in VARIATION or any(part in name for part in NOT_INDIVIDUAL):
            continue
        direction = re.sub(r"/(l|r)-", "/", name)
        match = OPPOSITES.match(direction)
        feature = match[1] if match else direction
        features.setdefault(feature, {}).setdefault(direction, []).append(name)
    return sorted(features.items())


def _individual_features(morphs: Morphs, mesh: BaseMesh, attributes: Attributes, rng: Rng) -> None:
    """A small bounded random step along every feature of the face."""
    for feature, directions in _individual_targets(mesh):
        step = abs(rng.normal() * attributes["var"])
        weight = float(np.clip(step * VARIATION[feature.split("/")[0]], 0, 0.42))
        if feature.startswith("eyebrows/eyebrows-angle"):
            continue
        weight *= _restraint(feature, attributes)
        if rng.random() < 0.25:
            continue
        options = sorted(directions)
        for name in directions[options[rng.integers(len(options))]]:
            morphs.add(name, weight)


def _restraint(feature: str, attributes: Attributes) -> float:
    """Factor for features that soon look odd."""
    factor = 1.0
    if feature.startswith("eyebrows/eyebrows-trans"):
        factor *= 0.5
    if attributes["gender"] == "woman" and feature.startswith("nose"):
        factor *= 0.6
    if any(part in feature for part in ("hump", "prognath", "greek")):
        factor *= 0.5
    if "epicanthus" in feature and attributes["race"].get("asian", 0) < 0.5:
        factor *= 0.3
    if "trans" in feature:
        factor *= 0.45
    if feature.endswith(("ear-wing", "ear-flap")):
        factor *= 0.5
    return factor


def _asymmetry(morphs: Morphs, mesh: BaseMesh, rng: Rng) -> None:
    """A trace of asymmetry in a quarter of the places it can be."""
    for name in mesh.targets:
        if name.startswith("asym/asym-") and rng.random() < 0.25:
            morphs.add(name, abs(rng.normal()) * 0.035)


def _marked_features(morphs: Morphs, attributes: Attributes) -> dict[str, float]:
    """Net strength of the features that captions may mention."""
    african = attributes["race"].get("african", 0)
    lips = morphs.net("mouth/mouth-lowerlip-volume") + morphs.net("mouth/mouth-upperlip-volume")
    square = morphs.strength.get("head/head-square", 0)
    roundness = morphs.strength.get("head/head-round", 0)
    return {
        "cheekbones": round(morphs.net("cheek/l-cheek-bones"), 2),
        "lips": round(lips / 2 + 0.5 * african, 2),
        "jaw": round(morphs.net("chin/chin-width") + morphs.net("chin/chin-bones") * 0.5 + square, 2),
        "oval": round(morphs.strength.get("head/head-oval", 0), 2),
        "round": round(roundness + 0.6 * max(0, attributes["weight"] - 0.6), 2),
    }
