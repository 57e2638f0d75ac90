"""Hair fibres: melanin for pigmented hair, colors per strand for grey."""

from __future__ import annotations

import numpy as np

from recipes.mini.heads.palettes import HAIR_PIGMENTS
from recipes.mini.heads.shaders.graph import Graph, Signal

GREYS = {
    "salt-and-pepper": ((0.42, 0.41, 0.40), 0.06, 1.0),
    "gray": ((0.34, 0.335, 0.325), 0.35, 0.8),
    "white": ((0.66, 0.65, 0.62), 0.5, 0.7),
}
"""Color of the light strands, factor of the dark ones, amount of variation."""


def hair_material(hair_color: str, rng: np.random.Generator) -> Graph:
    """The material of hair and beard."""
    graph = Graph("hair")
    fibre = graph.node("ShaderNodeBsdfHairPrincipled")
    pigment = HAIR_PIGMENTS[hair_color]
    if pigment is None:
        fibre.parametrization = "COLOR"
        graph.tree.links.new(_grey(graph, hair_color).socket, fibre.inputs["Color"])
    else:
        fibre.parametrization = "MELANIN"
        fibre.inputs["Melanin"].default_value, fibre.inputs["Melanin Redness"].default_value = pigment
        fibre.inputs["Random Color"].default_value = 0.3
    fibre.inputs["Roughness"].default_value = float(rng.uniform(0.24, 0.36))
    fibre.inputs["Radial Roughness"].default_value = 0.45
    fibre.inputs["Random Roughness"].default_value = 0.3
    fibre.inputs["Coat"].default_value = 0.05
    graph.surface(Signal(graph, fibre.outputs[0]))
    return graph


def _grey(graph: Graph, hair_color: str) -> Signal:
    """A color that differs from strand to strand."""
    light, darkening, variation = GREYS[hair_color]
    random = graph.add("ShaderNodeHairInfo", output="Random")
    if hair_color == "salt-and-pepper":
        random = random.smoothstep(0.35, 0.6)
    return graph.mix(random * variation, light, np.array(light) * darkening)
