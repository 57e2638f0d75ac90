"""Glasses: rims as tubes along superellipses, thin reflecting lenses, temples to the ears. Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.blender_objects import Surface, add_surface, add_tube
from recipes.mini.heads.face_parts import eye_socket
from recipes.mini.heads.posing import Pose
from recipes.mini.heads.shaders.graph import Graph

RIM_POINTS = 48


@dataclass(frozen=True)
class Frame:
    """A model of glasses; lengths in metres.

    Attributes:
        color: Linear RGB.
        roughness: Of the surface.
        metallic: 0 or 1.
        wire: Radius of the tubes.
        half_width: Half the width of a lens.
        half_height: Half its height.
        squareness: Exponent of the superellipse; 2 is round.
    """

    color: tuple[float, float, float]
    roughness: float
    metallic: float
    wire: float
    half_width: float
    half_height: float
    squareness: float


FRAMES = {
    "thin metal": Frame((0.20, 0.175, 0.14), 0.35, 1.0, 0.0009, 0.0265, 0.019, 3.0),
    "black rectangular": Frame((0.012, 0.012, 0.013), 0.3, 0.0, 0.0019, 0.0265, 0.0185, 4.0),
    "round tortoiseshell": Frame((0.09, 0.035, 0.012), 0.25, 0.0, 0.0019, 0.0245, 0.0225, 2.1),
}


def add_glasses(kind: str, pose: Pose) -> None:
    """Put glasses on the nose."""
    frame = FRAMES[kind]
    rim_material, lens_material = _rim_material(frame), _lens_material()
    sockets = [eye_socket(pose, side) for side in "lr"]
    left, right = (pose.to_head(socket.center) for socket in sockets)
    front = min(left[1] - sockets[0].radius - 0.011, _bridge_of_nose(pose) - 0.003)
    height = (left[2] + right[2]) / 2 - 0.004
    apart = max((left[0] - right[0]) / 2 + 0.002, frame.half_width + 0.008)

    def tube(points: np.ndarray, closed: bool, radius: float) -> None:
        add_tube("g", pose.to_scene(points), radius, closed, rim_material)

    for side in (1, -1):
        rim = _rim(frame, side * apart, front, height)
        tube(rim, True, frame.wire)
        fan = np.array([[i, (i + 1) % RIM_POINTS, RIM_POINTS, RIM_POINTS] for i in range(RIM_POINTS)])
        glass = pose.to_scene(np.concatenate([rim, [rim.mean(0)]]))
        add_surface("lens", Surface(glass, fan, smooth=False), lens_material).visible_shadow = False
        tube(
            _temple(pose, frame, side, side * (apart + frame.half_width), rim, height),
            False,
            frame.wire * 0.85,
        )
    gap = apart - frame.half_width
    x = np.linspace(-gap, gap, 9)
    arch = height + frame.half_height * 0.25 + 0.004 * np.cos(x / gap * 1.5)
    tube(np.stack([x, np.full(9, front), arch], -1), False, frame.wire * 0.9)


def _rim(frame: Frame, center: float, front: float, height: float) -> np.ndarray:
    """A rim in the head's frame, (RIM_POINTS, 3), bent back at the sides."""
    angle = np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
    exponent = 2 / frame.squareness
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** exponent
    up = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** exponent
    x = center + frame.half_width * across
    y = front + 0.10 * np.maximum(np.abs(x) - 0.02, 0)
    return np.stack([x, y, height + frame.half_height * up], -1)


def _temple(pose: Pose, frame: Frame, side: int, hinge: float, rim: np.ndarray, height: float) -> np.ndarray:
    """The wire from the hinge to behind the ear, (4, 3), in the head's frame."""
    x, y, z = base_mesh().vertices.T
    near_ear = (y > 7.2) & (y < 7.45) & (x * side > 0.68) & (z > 0.2) & (z < 0.65)
    ear = pose.to_head(pose.positions[near_ear])
    ear_x = side * (np.abs(ear[:, 0]).max() - 0.004)
    ear_y = ear[:, 1].mean()
    back, top = rim[:, 1].max(), frame.half_height
    return np.array(
        [
            [hinge, back, height + top * 0.45],
            [hinge * 1.03 + side * 0.002, back + 0.008, height + top * 0.5],
            [side * max(abs(ear_x), abs(hinge)), ear_y - 0.01, height + top * 0.35],
            [ear_x, ear_y + 0.02, height - 0.012],
        ]
    )


def _bridge_of_nose(pose: Pose) -> float:
    """How far forwards (small is forwards) the bridge of the nose reaches in the head's frame, metres."""
    x, y, z = base_mesh().vertices.T
    bridge = (np.abs(x) < 0.12) & (y > 7.1) & (y < 7.25) & (z > 1.2)
    return pose.to_head(pose.positions[bridge])[:, 1].min()


def _rim_material(frame: Frame) -> Graph:
    """Metal or acetate."""
    graph = Graph("frame")
    graph.surface(
        graph.principled(
            {
                "Base Color": (*frame.color, 1.0),
                "Roughness": frame.roughness,
                "Metallic": frame.metallic,
                "Coat Weight": 0.3,
            }
        )
    )
    return graph


def _lens_material() -> Graph:
    """Coated glass without thickness: clear, with a weak reflection."""
    graph = Graph("lens")
    fresnel = graph.add("ShaderNodeFresnel", {"IOR": 1.11})
    reflection = graph.add("ShaderNodeBsdfGlossy", {"Roughness": 0.01})
    clear = graph.add("ShaderNodeBsdfTransparent", {"Color": (0.98, 0.985, 0.98, 1)})
    graph.surface(graph.transparent_where(fresnel, clear, reflection))
    return graph
