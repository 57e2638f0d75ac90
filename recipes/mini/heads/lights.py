"""The sixteen single lights of a pack and their place in the scene; each is a Cycles light group. Needs `bpy` to add.

Azimuth is in degrees around the head, positive to the viewer's right; the same table, seen from the picture, is
`recipes.mini.portraits.sources`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class AreaLight:
    """A lamp: disk or square (`shape` "disk" or "sq"), degrees, metres, watts."""

    shape: str
    azimuth: int
    elevation: int
    size: float
    distance: float
    power: float


LIGHTS: dict[str, AreaLight | None] = {
    "hL45": AreaLight("disk", -45, 40, 0.12, 2.0, 60),
    "hR45": AreaLight("disk", 45, 40, 0.12, 2.0, 60),
    "bT": AreaLight("disk", 0, 48, 0.42, 1.6, 50),
    "hN": AreaLight("disk", 16, 68, 0.10, 2.0, 70),
    "hL90": AreaLight("disk", -86, 12, 0.15, 2.0, 60),
    "hR90": AreaLight("disk", 86, 12, 0.15, 2.0, 60),
    "mL30": AreaLight("disk", -32, 30, 0.45, 1.7, 45),
    "mR30": AreaLight("disk", 32, 30, 0.45, 1.7, 45),
    "sL45": AreaLight("sq", -42, 25, 1.0, 1.5, 40),
    "sR45": AreaLight("sq", 42, 25, 1.0, 1.5, 40),
    "sL85": AreaLight("sq", -82, 10, 1.4, 1.6, 40),
    "sR85": AreaLight("sq", 82, 10, 1.4, 1.6, 40),
    "rL": AreaLight("disk", -145, 28, 0.35, 1.7, 90),
    "rR": AreaLight("disk", 145, 28, 0.35, 1.7, 90),
    "low": AreaLight("sq", 0, -42, 1.4, 1.5, 40),
    "env": None,
}
"""In the order of a pack's sheet; `env` is the dome around everything."""


def describe_lights() -> dict[str, Any]:
    """The table as a pack stores it."""
    return {
        name: {
            "shape": light.shape,
            "azimuth": light.azimuth,
            "elevation": light.elevation,
            "size_m": light.size,
            "distance_m": light.distance,
        }
        if light
        else "dome"
        for name, light in LIGHTS.items()
    }


def add_lights(scene: Any, center: np.ndarray) -> None:
    """Add all lights around a point (3,), each in a light group of its name."""
    for name, light in LIGHTS.items():
        scene.view_layers[0].lightgroups.add(name=name)
        if light is not None:
            add_area_light(scene, name, light, center)
    add_dome(scene)


def add_area_light(scene: Any, name: str, light: AreaLight, center: np.ndarray) -> None:
    """A lamp that shines at the center and is itself invisible."""
    import bpy
    from mathutils import Vector

    data = bpy.data.lights.new(name, "AREA")
    data.shape = "DISK" if light.shape == "disk" else "SQUARE"
    data.size = light.size
    data.energy = light.power
    lamp = bpy.data.objects.new(name, data)
    scene.collection.objects.link(lamp)
    azimuth, elevation = np.radians(light.azimuth), np.radians(light.elevation)
    outward = np.array(
        [np.sin(azimuth) * np.cos(elevation), -np.cos(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    lamp.location = center + outward * light.distance
    lamp.rotation_euler = Vector(-outward).to_track_quat("-Z", "Y").to_euler()
    lamp.visible_camera = False
    lamp.lightgroup = name


def add_dome(scene: Any) -> None:
    """A smooth dome, darker towards the ground."""
    import bpy

    world = bpy.data.worlds.new("w")
    scene.world = world
    if world.node_tree is None:  # before Blender 5 a world starts without nodes
        world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    background = nodes.get("Background") or nodes.new("ShaderNodeBackground")
    output = nodes.get("World Output") or nodes.new("ShaderNodeOutputWorld")
    links.new(background.outputs[0], output.inputs[0])
    direction = nodes.new("ShaderNodeSeparateXYZ")
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Generated"], direction.inputs[0])
    brightness = nodes.new("ShaderNodeMapRange")
    links.new(direction.outputs[2], brightness.inputs[0])
    for socket, value in enumerate((-0.4, 0.8, 0.15, 1.0), start=1):
        brightness.inputs[socket].default_value = value
    links.new(brightness.outputs[0], background.inputs["Color"])
    background.inputs["Strength"].default_value = 1.0
    world.lightgroup = "env"
