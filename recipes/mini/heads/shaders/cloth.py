"""Cloth: knit and jersey of shells, and the fitted garments' photographic textures recolored.

Fitted garments keep the light and dark of their textures (seams, buttons, tie); their hue comes from the attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recipes.mini.heads.palettes import CLOTH_COLORS
from recipes.mini.heads.shaders.graph import Graph, Signal

Attributes = dict[str, Any]
Rng = np.random.Generator
Neckline = Callable[[str, Signal, Signal, Signal], Signal]


def shell_material(attributes: Attributes, neckline: Neckline, knit: bool, rng: Rng) -> Graph:
    """Jersey or knitwear with a ribbed collar, transparent above the neckline.

    The mesh carries `rest` and `pos` (rest coordinates and scene positions).
    """
    graph = Graph("top")
    top = attributes["top"]
    rest = graph.vector("rest")
    x, y, z = graph.components(rest)
    inside = neckline(top, x, y, z)
    color: Any = np.array(CLOTH_COLORS[attributes["top_color"]])
    if attributes["pattern"] == "striped":
        color = _stripes(graph, color, rng)
    fine = graph.noise(rest, 30.0 if knit else 70.0, 3.0)
    blotches = graph.noise(rest, 3.0, 3.0)
    color = graph.mix(fine * 0.42, color, graph.mix(1.0, color, (0.60, 0.60, 0.60), "MULTIPLY"))
    color = graph.tint_where(blotches * 0.25, color, (0.78, 0.78, 0.79))

    collar = 0.40 if top == "turtleneck" else 0.10
    rib = inside.smoothstep(collar, collar - 0.012)
    height = (fine * 0.55 + rib * 0.9) - inside.gaussian(collar, 0.008) * 1.2
    if knit:
        around = graph.math("ARCTAN2", x, z - 0.2 if top == "turtleneck" else z)
        height = height + (around * 95.0).sine() * (0.06 + rib * 0.25)
    folds = graph.noise(graph.mapped(rest, Scale=(1.6, 0.7, 1.6)), 2.6, 4.0, 0.55)
    height = height + folds * (1.2 if knit else 2.8)
    solid = graph.principled(
        {
            "Base Color": color,
            "Roughness": 0.88,
            "Specular IOR Level": 0.18,
            "Sheen Weight": 0.15 if knit else 0.08,
            "Normal": graph.bump(height, 0.55, 0.004),
        }
    )
    transparent = graph.add("ShaderNodeBsdfTransparent")
    graph.surface(graph.transparent_where(inside > 0.0, transparent, solid))
    return graph


def _stripes(graph: Graph, color: np.ndarray, rng: Rng) -> Signal:
    """Horizontal stripes: white on dark cloth, dark on light cloth."""
    height = graph.components(graph.vector("pos"))[2]
    stripes = (height * float(rng.uniform(210, 330))).sine().smoothstep(0.0, 0.2)
    return graph.mix(stripes, color, (0.62, 0.61, 0.58) if color.mean() < 0.3 else (0.03, 0.035, 0.06))


def fitted_material(attributes: Attributes, texture_file: Path, rng: Rng) -> Graph:
    """A fitted garment in the wanted color."""
    graph = Graph("garment")
    uv = graph.add("ShaderNodeTexCoord", output="UV")
    texture = graph.picture(texture_file)
    luminance = graph.brightness(texture)
    cloth = np.array(CLOTH_COLORS[attributes["top_color"]])
    if attributes["top"] in ("button-up shirt", "blouse"):
        color = _shirt(graph, uv, luminance, cloth, striped=attributes["pattern"] == "striped")
    elif attributes["top"] == "suit and tie":
        color = _suit(graph, texture, luminance, cloth, tie_hue=float(rng.uniform(0, 1)))
    else:
        color = _jacket(graph, texture, luminance, cloth)
    weave = graph.noise(uv, 420.0, 2.0)
    folds = graph.noise(uv, 17.0, 3.0)
    color = graph.tint_where(weave * 0.35, color, (0.6, 0.6, 0.6))
    height = (folds * 2.2 + weave * 0.35) + luminance * 0.25
    graph.surface(
        graph.principled(
            {
                "Base Color": color,
                "Roughness": 0.85,
                "Specular IOR Level": 0.2,
                "Sheen Weight": 0.05,
                "Normal": graph.bump(height, 0.5, 0.003),
            }
        )
    )
    return graph


def _shirt(graph: Graph, uv: Signal, luminance: Signal, cloth: np.ndarray, striped: bool) -> Signal:
    """Plain, or with the texture's own stripes."""
    if not striped:
        return graph.mix(graph.noise(uv, 9.0, 3.0), cloth * 0.85, cloth * 1.08)
    stripes = np.array([0.62, 0.61, 0.59]) if cloth.mean() < 0.25 else cloth * 0.25
    return graph.mix(luminance.smoothstep(0.06, 0.16), cloth, stripes)


def _suit(graph: Graph, texture: Signal, luminance: Signal, cloth: np.ndarray, tie_hue: float) -> Signal:
    """Dark pixels become the suit, bright ones the shirt, saturated ones the tie."""
    saturation = graph.channels(texture, mode="HSV")[1]
    suit = graph.mix(1.0, cloth * 7.0, texture, "MULTIPLY")
    color = graph.mix(luminance.smoothstep(0.30, 0.55), suit, (0.66, 0.66, 0.66))
    tie = graph.add(
        "ShaderNodeHueSaturation", {"Hue": tie_hue, "Saturation": 1.2, "Value": 0.8, "Color": texture}
    )
    on_tie = saturation.smoothstep(0.16, 0.26) * luminance.smoothstep(0.02, 0.05)
    return graph.mix(on_tie, color, tie)


def _jacket(graph: Graph, texture: Signal, luminance: Signal, cloth: np.ndarray) -> Signal:
    """Saturated pixels become the striped shirt inside, the rest the jacket."""
    inner = graph.channels(texture, mode="HSV")[1].smoothstep(0.30, 0.45)
    shirt = graph.mix(luminance.smoothstep(0.06, 0.2), (0.035, 0.045, 0.08), (0.55, 0.56, 0.58))
    grey = graph.add("ShaderNodeHueSaturation", {"Saturation": 0.0, "Color": texture})
    return graph.mix(inner, graph.mix(1.0, cloth * 9.0, grey, "MULTIPLY"), shirt)
