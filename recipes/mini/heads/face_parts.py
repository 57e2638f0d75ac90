"""What a face has besides skin and hair: eyeballs, teeth and tongue, lashes and brows. Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipes.mini.heads.base_mesh import ASSETS, base_mesh
from recipes.mini.heads.blender_objects import Surface, add_surface
from recipes.mini.heads.fitting import load_proxy
from recipes.mini.heads.palettes import HAIR_COLORS
from recipes.mini.heads.posing import Pose, rotation
from recipes.mini.heads.shaders.eye import eye_material
from recipes.mini.heads.shaders.graph import Graph, opaque

Attributes = dict[str, Any]
Rng = np.random.Generator

IRIS_EDGE = 0.49
"""Angle of the iris's edge from the optical axis, radians."""
RINGS, SPOKES = 28, 32


@dataclass(frozen=True)
class Socket:
    """An eye socket: center in the scene (3,), radius in metres, height of the upper lid over the radius."""

    center: np.ndarray
    radius: float
    lid: float


def eye_socket(pose: Pose, side: str) -> Socket:
    """Measure the socket on the figure's own side, "l" or "r"."""
    mesh = base_mesh()
    local = pose.to_head(pose.positions[mesh.vertices_of(f"helper-{side}-eye")])
    radius = np.ptp(local[:, 0]) / 2
    center = pose.to_scene((local.max(0) + local.min(0)) / 2)
    lid = (mesh.joint(f"{side}-upperlid", pose.positions) - center) @ pose.rotation
    return Socket(center, radius, lid[2] / radius)


def add_mouth(pose: Pose) -> None:
    """Teeth and tongue."""
    mesh = base_mesh()
    teeth = Graph("teeth")
    enamel = {"Base Color": (0.66, 0.60, 0.51, 1), "Roughness": 0.2}
    teeth.surface(teeth.principled({**enamel, "Subsurface Weight": 0.4, "Subsurface Scale": 0.002}))
    tongue = Graph("gum")
    tongue.surface(tongue.principled({"Base Color": (0.30, 0.09, 0.08, 1), "Roughness": 0.35}))
    faces = mesh.faces[mesh.faces_of("helper-upper-teeth", "helper-lower-teeth")]
    add_surface("teeth", Surface(pose.positions, faces, subdivisions=1), teeth)
    faces = mesh.faces[mesh.faces_of("helper-tongue")]
    add_surface("tongue", Surface(pose.positions, faces, subdivisions=1), tongue)


def add_eyes(pose: Pose, attributes: Attributes, look: np.ndarray, rng: Rng) -> list[np.ndarray]:
    """Add both eyeballs.

    Args:
        pose: The posed figure.
        attributes: Eye color, skin, and `gaze_yaw` in degrees away from `look`.
        look: Direction to the camera in the scene, (3,).
        rng: Draws the size of the pupils.

    Returns:
        Centers of the figure's left and right eye, (3,) each.
    """
    material = eye_material(attributes["eyes"], attributes["skin"], rng)
    centers = []
    for side in "lr":
        socket = eye_socket(pose, side)
        ahead = pose.rotation.T @ look
        yaw = np.degrees(np.arctan2(ahead[0], -ahead[1])) + attributes["gaze_yaw"]
        pitch = np.degrees(np.arctan2(ahead[2], np.hypot(ahead[0], ahead[1])))
        sideways, upwards = rotation("z", np.clip(yaw, -32, 32)), rotation("x", -np.clip(pitch, -15, 15))
        add_surface("eye", _eyeball(socket, pose.rotation @ sideways @ upwards, pose.rotation), material)
        centers.append(socket.center)
    return centers


def _eyeball(socket: Socket, direction: np.ndarray, head_rotation: np.ndarray) -> Surface:
    """A sphere with a bulging cornea, open at the back, looking along -y turned by `direction`."""
    polar = np.concatenate([np.linspace(0, 0.75, 16), np.linspace(0.8, np.pi * 0.8, RINGS - 16)])
    azimuth = np.linspace(0, 2 * np.pi, SPOKES, endpoint=False)
    theta, phi = np.meshgrid(polar, azimuth, indexing="ij")
    bulge = 0.075 * np.clip(1 - (theta / IRIS_EDGE) ** 2, 0, 1)
    radius = socket.radius * (0.985 + bulge)
    unit = np.stack([np.sin(theta) * np.cos(phi), -np.cos(theta), np.sin(theta) * np.sin(phi)], -1)
    points = (unit * radius[..., None]).reshape(-1, 3) @ direction.T + socket.center
    index = np.arange(RINGS * SPOKES).reshape(RINGS, SPOKES)
    near, far = index[:-1], index[1:]
    faces = np.stack([near, far, np.roll(far, -1, 1), np.roll(near, -1, 1)], -1).reshape(-1, 4)
    height = ((points - socket.center) @ head_rotation)[:, 2] / socket.radius
    attributes = {
        "ecc": np.sin(np.minimum(theta, np.pi / 2)).ravel() / np.sin(IRIS_EDGE),
        "eang": np.stack([np.cos(phi) * 2.2, np.sin(phi) * 2.2, theta * 1.2], -1).reshape(-1, 3),
        "lid": np.clip((height - (socket.lid - 0.42)) / 0.40, 0, 1) ** 1.3,
    }
    return Surface(points, faces, attributes=attributes)


BROWS = {"woman": (1, 2, 8, 10, 10, 11, 1), "man": (1, 8, 8, 12, 12, 4, 9)}
"""Brows to choose from; repeated ones come more often."""

LIGHT_HAIR = ("blond", "platinum blond", "white", "gray", "dark blond")


def add_lashes(vertices: np.ndarray, pose: Pose, attributes: Attributes) -> None:
    """Lashes as textured cards; fuller with make-up."""
    name = f"eyelashes0{1 + attributes['seed'] % 2}"
    opacity = 0.45
    if attributes["gender"] == "woman":
        opacity = 0.95 if attributes["lipstick"] != "none" else 0.7
    path = ASSETS / "lashes" / f"{name}.mhclo"
    proxy = load_proxy(path)
    points = proxy.fit(vertices, pose.positions, pose.rotation)
    material = _card_material("lash", path.with_suffix(".png"), (0.010, 0.008, 0.007), opacity, 1.0)
    cards = Surface(points, proxy.faces, proxy.uv, proxy.uv_faces)
    add_surface("lash", cards, material).visible_shadow = False


def add_brows(vertices: np.ndarray, pose: Pose, attributes: Attributes, rng: Rng) -> str:
    """Brows as textured cards; returns the name of the chosen ones."""
    woman = attributes["gender"] == "woman"
    name = f"eyebrow{rng.choice(BROWS[attributes['gender']]):03d}"
    path = ASSETS / "brows" / f"{name}.mhclo"
    proxy = load_proxy(path)
    points = _level_brows(proxy.fit(vertices, pose.positions, pose.rotation), pose, attributes)
    hair = np.array(HAIR_COLORS[attributes["hair_color"]])
    color = hair * 0.5 if attributes["hair_color"] in LIGHT_HAIR else hair * 0.75 + 0.004
    material = _card_material("brow", path.with_suffix(".png"), color, 0.92 if woman else 1.25, 0.8)
    cards = Surface(points, proxy.faces, proxy.uv, proxy.uv_faces, subdivisions=1)
    add_surface("brow", cards, material).visible_shadow = False
    return name


def _level_brows(points: np.ndarray, pose: Pose, attributes: Attributes) -> np.ndarray:
    """Raise the inner ends and lower the tails, which avoids a frown."""
    local = pose.to_head(points)
    outward = np.clip((np.abs(local[:, 0]) - 0.010) / 0.042, 0, 1)
    rise = 0.0064 if attributes["gender"] == "man" else 0.0036
    local[:, 2] += rise * (0.60 - outward) * (0.6 if attributes["expression"] == "serious" else 1)
    local[:, 1] -= 0.0004
    return pose.to_scene(local)


def _card_material(
    name: str, texture: Path, color: np.ndarray | tuple[float, ...], opacity: float, gamma: float
) -> Graph:
    """Hairs cut out by the alpha of a texture."""
    graph = Graph(name)
    alpha = graph.picture(texture, output="Alpha")
    transparent = graph.add("ShaderNodeBsdfTransparent")
    solid = graph.principled({"Base Color": opaque(color), "Roughness": 0.6, "Specular IOR Level": 0.15})
    graph.surface(graph.transparent_where(graph.product(alpha**gamma, opacity), transparent, solid))
    return graph
