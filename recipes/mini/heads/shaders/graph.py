"""A small language for Cycles shader graphs: arithmetic on signals builds the nodes.

`Graph` is one material; a `Signal` is the output of a node, a number or a color per shading point. `a * b + 0.5`
adds two Math nodes. Needs `bpy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import bpy
import numpy as np

Number: TypeAlias = "Signal | float"
Color: TypeAlias = "Signal | Sequence[float] | np.ndarray"
Inputs: TypeAlias = Mapping[Any, Any]
"""Sockets of a node, by place or name, to signals or values."""

EULER = 2.718282


def opaque(rgb: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """A color with an alpha of 1."""
    return (*(float(channel) for channel in rgb[:3]), 1.0)


class Signal:
    """The output of a node; arithmetic makes further nodes."""

    def __init__(self, graph: Graph, socket: Any) -> None:
        """Wrap an output socket of a node in `graph`."""
        self.graph, self.socket = graph, socket

    def __add__(self, other: Number) -> Signal:
        """Sum."""
        return self.graph.math("ADD", self, other)

    def __radd__(self, other: float) -> Signal:
        """Sum."""
        return self.graph.math("ADD", other, self)

    def __sub__(self, other: Number) -> Signal:
        """Difference."""
        return self.graph.math("SUBTRACT", self, other)

    def __rsub__(self, other: float) -> Signal:
        """Difference."""
        return self.graph.math("SUBTRACT", other, self)

    def __mul__(self, other: Number) -> Signal:
        """Product."""
        return self.graph.math("MULTIPLY", self, other)

    def __rmul__(self, other: float) -> Signal:
        """Product."""
        return self.graph.math("MULTIPLY", other, self)

    def __truediv__(self, divisor: float) -> Signal:
        """Quotient by a number."""
        return self * (1.0 / divisor)

    def __pow__(self, exponent: float) -> Signal:
        """Power; the square also of negative signals."""
        return self.squared() if exponent == 2 else self.graph.math("POWER", self, exponent)

    def __gt__(self, other: Number) -> Signal:
        """1 where greater, else 0."""
        return self.graph.math("GREATER_THAN", self, other)

    def __abs__(self) -> Signal:
        """Absolute value."""
        return self.graph.math("ABSOLUTE", self)

    def squared(self) -> Signal:
        """Square."""
        return self.graph.math("MULTIPLY", self, self)

    def sine(self) -> Signal:
        """Sine of radians."""
        return self.graph.math("SINE", self)

    def square_root(self) -> Signal:
        """Square root."""
        return self.graph.math("SQRT", self)

    def at_least(self, low: float) -> Signal:
        """The larger of two values."""
        return self.graph.math("MAXIMUM", self, low)

    def ridges(self, sharpness: float) -> Signal:
        """Narrow ridges where the sine of the signal peaks."""
        return self.sine().at_least(0.0) ** sharpness

    def smoothstep(self, start: Number, end: Number, low: float = 0.0, high: float = 1.0) -> Signal:
        """A smooth step from `low` at `start` to `high` at `end`."""
        return self.graph.map_range(self, start, end, low, high, interpolation="SMOOTHSTEP")

    def gaussian(self, center: Number, width: float) -> Signal:
        """exp(-((x - center) / width)^2)."""
        scaled = (self - center) * (1.0 / width)
        return self.graph.math("POWER", EULER, scaled.squared() * -1.0)

    def clamped(self, low: float, high: float) -> Signal:
        """The signal within two bounds."""
        return self.graph.add("ShaderNodeClamp", {0: self, 1: low, 2: high})


class Graph:
    """One material and its nodes."""

    def __init__(self, name: str) -> None:
        """Start an empty material."""
        self.material = bpy.data.materials.new(name)
        if self.material.node_tree is None:  # before Blender 5 a material starts without nodes
            self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.tree.nodes.clear()

    def node(self, kind: str, inputs: Inputs | None = None, **properties: Any) -> Any:
        """Add a node; inputs are signals (linked) or values (set)."""
        node = self.tree.nodes.new(kind)
        for name, value in properties.items():
            setattr(node, name, value)
        for key, value in (inputs or {}).items():
            if isinstance(value, Signal):
                self.tree.links.new(value.socket, node.inputs[key])
            else:
                node.inputs[key].default_value = value
        return node

    def add(
        self, kind: str, inputs: Inputs | None = None, output: int | str = 0, **properties: Any
    ) -> Signal:
        """Add a node and return one of its outputs."""
        return Signal(self, self.node(kind, inputs, **properties).outputs[output])

    def outputs(self, kind: str, inputs: Inputs | None = None, **properties: Any) -> list[Signal]:
        """Add a node and return all its outputs."""
        return [Signal(self, socket) for socket in self.node(kind, inputs, **properties).outputs]

    def math(self, operation: str, *operands: Number, clamp: bool = False) -> Signal:
        """A Math node."""
        return self.add("ShaderNodeMath", dict(enumerate(operands)), operation=operation, use_clamp=clamp)

    def product(self, a: Number, b: Number) -> Signal:
        """A product clamped to 0..1."""
        return self.math("MULTIPLY", a, b, clamp=True)

    def map_range(
        self,
        value: Signal,
        start: Number,
        end: Number,
        low: float,
        high: float,
        interpolation: str = "LINEAR",
    ) -> Signal:
        """Map start..end to low..high."""
        inputs = {0: value, 1: start, 2: end, 3: low, 4: high}
        return self.add("ShaderNodeMapRange", inputs, interpolation_type=interpolation)

    def mix(self, share: Number, first: Color, second: Color, mode: str = "MIX") -> Signal:
        """Blend two colors; colors without alpha are opaque."""
        inputs = {0: share, 6: _color(first), 7: _color(second)}
        return self.add("ShaderNodeMix", inputs, output=2, data_type="RGBA", blend_type=mode)

    def tint(self, color: Signal, by: Color) -> Signal:
        """A color multiplied by another."""
        return self.mix(1.0, color, by, "MULTIPLY")

    def tint_where(self, share: Number, color: Signal, by: Color) -> Signal:
        """A color multiplied by another where `share` says so."""
        return self.mix(share, color, self.tint(color, by))

    def number(self, name: str) -> Signal:
        """A number stored on the mesh."""
        return self.add("ShaderNodeAttribute", output="Fac", attribute_name=name)

    def vector(self, name: str) -> Signal:
        """A vector stored on the mesh."""
        return self.add("ShaderNodeAttribute", output="Vector", attribute_name=name)

    def components(self, vector: Signal) -> list[Signal]:
        """The three components of a vector."""
        return self.outputs("ShaderNodeSeparateXYZ", {0: vector})

    def channels(self, color: Signal, mode: str = "RGB") -> list[Signal]:
        """The three channels of a color."""
        return self.outputs("ShaderNodeSeparateColor", {0: color}, mode=mode)

    def brightness(self, color: Signal) -> Signal:
        """Luminance of a color."""
        return self.add("ShaderNodeRGBToBW", {0: color})

    def noise(self, position: Signal, scale: float, detail: float = 3.0, roughness: float = 0.5) -> Signal:
        """Fractal noise, about 0.5 on average."""
        inputs = {"Vector": position, "Scale": float(scale), "Detail": float(detail), "Roughness": roughness}
        return self.add("ShaderNodeTexNoise", inputs)

    def cells(self, position: Signal, scale: float) -> tuple[Signal, list[Signal]]:
        """Distance to the center of a random cell, and three random numbers that the cell has."""
        inputs = {"Vector": position, "Scale": scale, "Randomness": 1.0}
        node = self.node("ShaderNodeTexVoronoi", inputs)
        random = self.channels(Signal(self, node.outputs["Color"]))
        return Signal(self, node.outputs["Distance"]), random

    def mapped(self, position: Signal, **mapping: Sequence[float]) -> Signal:
        """A position moved (`Location`) or scaled (`Scale`)."""
        return self.add("ShaderNodeMapping", {0: position, **mapping})

    def picture(self, path: Path, output: str = "Color") -> Signal:
        """The color or the "Alpha" of a picture file."""
        return self.add("ShaderNodeTexImage", output=output, image=load_picture(path))

    def bump(self, height: Signal, strength: float, distance: float) -> Signal:
        """A normal that follows a height."""
        return self.add("ShaderNodeBump", {"Strength": strength, "Distance": distance, "Height": height})

    def principled(self, inputs: dict[str, Any]) -> Signal:
        """The general-purpose surface."""
        return self.add("ShaderNodeBsdfPrincipled", inputs)

    def transparent_where(self, share: Signal, transparent: Signal, solid: Signal) -> Signal:
        """The transparent surface where `share` is 0, the solid one where it is 1."""
        return self.add("ShaderNodeMixShader", {0: share, 1: transparent, 2: solid})

    def surface(self, shader: Signal) -> None:
        """Make a surface the material's output."""
        self.node("ShaderNodeOutputMaterial", {"Surface": shader})


def _color(color: Color) -> Any:
    """A color as an input of a node."""
    return color if isinstance(color, Signal) else opaque(color)


@cache
def load_picture(path: Path) -> Any:
    """A picture file as Blender sees it, loaded once a scene; `forget_pictures` must be called with a new scene."""
    picture = bpy.data.images.load(str(path))
    picture.colorspace_settings.name = "sRGB"
    return picture


def forget_pictures() -> None:
    """Forget pictures of a scene that is gone."""
    load_picture.cache_clear()
