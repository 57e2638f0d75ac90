"""Renders a head: one path-traced pass of Cycles with a light group for each of the sixteen lights. Needs `bpy`.

`render` builds the figure, turns it, places camera and lights, renders to a multi-layer EXR, reads it back and
denoises every light. `pack` makes a file of the result.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from recipes.mini.heads.attributes import sample
from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.camera import SENSOR, Camera, place_camera
from recipes.mini.heads.denoise import BALANCED_QUALITY, Denoiser, denoise
from recipes.mini.heads.figure import BuiltFigure, build_figure
from recipes.mini.heads.lights import LIGHTS, add_lights
from recipes.mini.heads.posing import rotation

Attributes = dict[str, Any]


@dataclass(frozen=True)
class RenderedHead:
    """A rendered head of n by n pixels, float32.

    Attributes:
        radiance: Linear premultiplied light of each source, (16, n, n, 3), in the order of `LIGHTS`.
        alpha: Coverage, (n, n).
        depth: Distance from the camera in metres, (n, n).
        normal: Camera-space normals, (n, n, 3): x right, y up, z away from the camera.
        albedo: Diffuse color, (n, n, 3).
        meta: Attributes, landmarks and timings, plain values.
    """

    radiance: np.ndarray
    alpha: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
    albedo: np.ndarray
    meta: dict[str, Any]


def render(
    seed: int, resolution: int = 288, samples: int = 24, overrides: Attributes | None = None
) -> RenderedHead:
    """Render the head of a seed.

    Args:
        seed: Decides everything about the head.
        resolution: Width and height, pixels.
        samples: Paths a pixel.
        overrides: Attributes to replace after sampling.
    """
    started = time.process_time()
    attributes = {**sample(seed), **(overrides or {})}
    figure, camera, body_turn = _build_scene(attributes)
    scene = bpy.context.scene
    configure(scene, resolution, samples)
    built = time.process_time()
    layers = render_layers(scene)
    rendered = time.process_time()
    head = _denoised(layers)
    meta = {
        **{
            key: value.item() if isinstance(value, np.generic) else value for key, value in attributes.items()
        },
        "brow": figure.brow,
        "geo": figure.features,
        "t": {
            "build": built - started,
            "hair": figure.hair_seconds,
            "render": rendered - built,
            "denoise": time.process_time() - rendered,
        },
        "strands": figure.strands,
        "cam_dist": camera.distance,
        "cov": camera.coverage,
        "res": resolution,
        **_landmarks(figure, camera, body_turn, resolution),
    }
    return RenderedHead(**head, meta=meta)


def _build_scene(attributes: Attributes) -> tuple[BuiltFigure, Camera, np.ndarray]:
    """Figure, camera and lights; returns figure, camera and the rotation of the body (3, 3)."""
    body_turn = rotation("z", attributes["body_yaw"])
    elevation = np.radians(attributes["cam_el"])
    to_camera = body_turn.T @ np.array([0, -1, 0.0]) * np.cos(elevation) + np.array([0, 0, np.sin(elevation)])
    figure = build_figure({**attributes, "yaw": attributes["yaw"] - attributes["body_yaw"]}, to_camera)
    scene = bpy.context.scene
    turn_scene(scene, attributes["body_yaw"])
    center = body_turn @ figure.center
    eyes = [body_turn @ eye for eye in figure.eyes]
    camera = place_camera(attributes, eyes, figure.top, center)
    add_camera(scene, camera)
    add_lights(scene, center + np.array([0, 0, 0.03]))
    return figure, camera, body_turn


def turn_scene(scene: Any, degrees: float) -> None:
    """Turn everything that is in the scene about the vertical."""
    root = bpy.data.objects.new("root", None)
    scene.collection.objects.link(root)
    for member in list(scene.collection.objects):
        if member is not root:
            member.parent = root
    root.rotation_euler = (0, 0, np.radians(degrees))


def add_camera(scene: Any, camera: Camera) -> None:
    """Put the camera into the scene."""
    from mathutils import Vector

    data = bpy.data.cameras.new("c")
    data.sensor_width = SENSOR
    data.sensor_fit = "HORIZONTAL"
    data.lens = float(camera.focal_length)
    data.clip_start = 0.01
    body = bpy.data.objects.new("c", data)
    scene.collection.objects.link(body)
    body.location = camera.position
    body.rotation_euler = Vector(camera.forward).to_track_quat("-Z", "Y").to_euler()
    scene.camera = body


CYCLES_SETTINGS = {
    "device": "CPU",
    "use_adaptive_sampling": False,
    "use_denoising": False,
    "max_bounces": 5,
    "diffuse_bounces": 2,
    "glossy_bounces": 3,
    "transmission_bounces": 4,
    "transparent_max_bounces": 12,
    "caustics_reflective": False,
    "caustics_refractive": False,
    "sample_clamp_indirect": 2.0,
    "sample_clamp_direct": 0.0,
    "blur_glossy": 0.5,
    "use_light_tree": True,
    "pixel_filter_type": "BLACKMAN_HARRIS",
    "filter_width": 1.5,
}


def configure(scene: Any, resolution: int, samples: int) -> None:
    """Settings of renderer, passes and file."""
    scene.render.engine = "CYCLES"
    for name, value in CYCLES_SETTINGS.items():
        setattr(scene.cycles, name, value)
    scene.cycles.samples = samples
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles_curves.subdivisions = 1
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 1
    scene.render.resolution_x = scene.render.resolution_y = resolution
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    layer = scene.view_layers[0]
    layer.use_pass_z = True
    layer.cycles.denoising_store_passes = True
    output = scene.render.image_settings
    if hasattr(output, "media_type"):
        output.media_type = "MULTI_LAYER_IMAGE"
    output.file_format = "OPEN_EXR_MULTILAYER"
    output.color_depth = "32"
    output.exr_codec = "ZIP"
    scene.view_settings.view_transform = "Standard"


def render_layers(scene: Any) -> dict[str, np.ndarray]:
    """Render and return every layer of the file, float32, by its full name."""
    import OpenEXR

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.exr"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        layers = {
            name: np.asarray(channel.pixels, np.float32)
            for part in OpenEXR.File(str(path)).parts
            for name, channel in part.channels.items()
        }
    for name in [name for name in layers if name.endswith(".X")]:
        layers[name[:-2]] = np.stack([layers.pop(name[:-1] + axis) for axis in "XYZ"], -1)
    return layers


def find(layers: dict[str, np.ndarray], part: str) -> np.ndarray:
    """The first layer whose name contains `part`."""
    for name, layer in layers.items():
        if part in name:
            return layer
    raise KeyError(f"The renderer wrote no layer {part!r}, only {', '.join(layers)}.")


def _denoised(layers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Fields of `RenderedHead`, denoised: first the guides, with them coverage and every light."""
    albedo = denoise(np.ascontiguousarray(find(layers, "Denoising Albedo")[..., :3]))
    raw_normal = find(layers, "Denoising Normal")[..., :3]
    normal = denoise(np.clip(raw_normal * 0.5 + 0.5, 0, 1)) * 2 - 1
    depth = find(layers, "Denoising Depth")
    coverage = np.repeat(pixel_coverage(layers)[..., None], 3, -1).astype(np.float32)
    denoiser = Denoiser(albedo.shape[:2], albedo, normal, quality=BALANCED_QUALITY)
    lit = [denoiser(np.nan_to_num(find(layers, f"Combined_{name}")[..., :3])) for name in LIGHTS]
    return {
        "radiance": np.stack(lit),
        "alpha": np.clip(denoise(coverage, albedo, normal)[..., 0], 0, 1),
        "depth": depth if depth.ndim == 2 else depth[..., 0],
        "normal": normal,
        "albedo": albedo,
    }


def pixel_coverage(layers: dict[str, np.ndarray]) -> np.ndarray:
    """Alpha of the combined picture, (n, n)."""
    combined = next(layer for name, layer in layers.items() if name.endswith("Combined"))
    if combined.ndim == 3 and combined.shape[2] == 4:
        return combined[..., 3]
    return find(layers, "Combined.A")


def _landmarks(figure: BuiltFigure, camera: Camera, body_turn: np.ndarray, resolution: int) -> dict[str, Any]:
    """Eyes, face box and mouth in pixels."""
    mesh = base_mesh()
    positions = figure.positions @ body_turn.T
    vertices = np.unique(mesh.faces[mesh.body])
    x, y, z = mesh.vertices[vertices].T
    face = vertices[(z > 0.55) & (y > 6.1) & (y < 7.97) & (np.abs(x) < 0.72)]
    eyes = camera.project(np.array([body_turn @ eye for eye in figure.eyes]), resolution)
    outline = camera.project(positions[face], resolution)
    mouth = camera.project(mesh.joint("mouth", positions), resolution)[0]
    return {
        "eyes_px": [[round(float(c), 1) for c in eye] for eye in eyes],
        "face_box": [round(float(c), 1) for c in (*outline.min(0), *outline.max(0))],
        "mouth_px": [round(float(c), 1) for c in mouth],
    }
