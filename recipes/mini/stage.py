"""The head of the studio's light stage: one head under 51 single lights, rendered and packed into under 100 KB.

`python -m recipes.mini.stage render WORK` renders (needs `bpy`, about twenty minutes on one core) and leaves the linear
pictures in WORK; `python -m recipes.mini.stage pack WORK FOLDER` writes the studio's pack of them (needs Pillow,
`stage_pack.py`). The same seed gives the same head.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT = 640, 800
SAMPLES = 144
SEED = 168
HEAD: dict[str, Any] = {
    "age": 29,
    "skin": "light olive",
    "freckles": "light",
    "hair_style": "short curls",
    "hair_color": "dark brown",
    "top": "scoop-neck top",
    "top_color": "black",
    "lipstick": "nude",
    "expression": "neutral",
    "eyes": "hazel",
    "yaw": 5.0,
    "body_yaw": 16.0,
    "roll": -1.5,
    "pitch": -1.0,
    "cam_el": 1.0,
    "lens": 85,
    "framing": "head and shoulders",
}
"""What is not left to the seed."""

COVERAGE = 0.315
"""Width of the picture at the head, metres."""

ROWS: dict[int, tuple[int, ...]] = {
    -38: (-60, 0, 60),
    0: (-160, -130, -100, -75, -50, -25, 0, 25, 50, 75, 100, 130, 160),
    28: (-160, -130, -100, -75, -50, -25, 0, 25, 50, 75, 100, 130, 160),
    43: (-145, -100, -65, -45, -22, 0, 22, 45, 65, 100, 145),
    55: (-150, -110, -70, -35, 0, 35, 70, 110, 150),
    85: (0,),
}
"""Elevation to the azimuths of the lights on it, degrees; the closest where keys of portraits stand.

The dome (`env`) is the last light."""

LIGHT_DISTANCE, LIGHT_SIZE, LIGHT_WATTS = 2.0, 0.42, 60.0
"""Metres, metres and watts of every light: a disc 12 degrees wide as the face sees it."""


def names(rows: Sequence[int] = tuple(ROWS), *, dome: bool = True) -> list[str]:
    """Names of the lights of some rows in the order of the pack."""
    return [f"e{elevation}a{azimuth}" for elevation, azimuth in directions(rows)] + ["env"] * dome


def directions(rows: Sequence[int] = tuple(ROWS)) -> list[tuple[int, int]]:
    """Elevation and azimuth of the lights of some rows."""
    return [(elevation, azimuth) for elevation in rows for azimuth in ROWS[elevation]]


def render(
    work: Path,
    size: tuple[int, int],
    samples: int,
    seed: int,
    changed: dict[str, Any],
    rows: Sequence[int] = (),
) -> None:
    """Render the head to `work/*.npz`: linear premultiplied light of each source, coverage, albedo; facts beside it.

    Args:
        work: Folder for it.
        size: Width and height in px.
        samples: Paths a pixel.
        seed: Decides what `HEAD` leaves open.
        changed: Attributes to replace.
        rows: Only the lights of these elevations, without the dome; all if empty.
    """
    import bpy

    from recipes.mini.heads import render as heads
    from recipes.mini.heads.attributes import sample
    from recipes.mini.heads.camera import Camera
    from recipes.mini.heads.denoise import Denoiser, denoise
    from recipes.mini.heads.figure import build_figure
    from recipes.mini.heads.lights import AreaLight, add_area_light, add_dome
    from recipes.mini.heads.posing import rotation

    width, height = size
    used, whole = tuple(rows) or tuple(ROWS), not rows
    lit_by, part = names(used, dome=whole), "_".join(map(str, rows)) or "all"
    attributes = {**sample(seed), **HEAD, **changed}
    turn = rotation("z", attributes["body_yaw"])
    to_camera = turn.T @ np.array([0, -1.0, 0])
    figure = build_figure({**attributes, "yaw": attributes["yaw"] - attributes["body_yaw"]}, to_camera)
    scene = bpy.context.scene
    heads.turn_scene(scene, attributes["body_yaw"])
    eyes = [turn @ eye for eye in figure.eyes]
    center = turn @ figure.center
    eye = (eyes[0] + eyes[1]) / 2
    target = np.array([0.6 * center[0] + 0.4 * eye[0], center[1], eye[2] - 0.1 * COVERAGE])
    distance = COVERAGE * attributes["lens"] / 24.0 + 0.06
    camera = Camera(target + np.array([0, -distance, 0.01]), target, COVERAGE, distance, attributes["lens"])
    heads.add_camera(scene, camera)
    face = np.array([eye[0], center[1], eye[2] - 0.03])
    for name, (elevation, azimuth) in zip(lit_by, directions(used), strict=False):
        scene.view_layers[0].lightgroups.add(name=name)
        lamp = AreaLight("disk", azimuth, elevation, LIGHT_SIZE, LIGHT_DISTANCE, LIGHT_WATTS)
        add_area_light(scene, name, lamp, face)
    if whole:
        scene.view_layers[0].lightgroups.add(name="env")
        add_dome(scene)
    heads.configure(scene, width, samples)
    scene.render.resolution_y = height
    layers = heads.render_layers(scene)

    albedo = denoise(np.ascontiguousarray(heads.find(layers, "Denoising Albedo")[..., :3]))
    normal = denoise(np.clip(heads.find(layers, "Denoising Normal")[..., :3] * 0.5 + 0.5, 0, 1)) * 2 - 1
    coverage = np.repeat(heads.pixel_coverage(layers)[..., None], 3, -1).astype(np.float32)
    denoiser = Denoiser(albedo.shape[:2], albedo, normal)
    lit = [denoiser(np.nan_to_num(heads.find(layers, f"Combined_{name}")[..., :3])) for name in lit_by]
    facts = {
        "seed": seed,
        "eyes": [_pixel(camera, point, width, height) for point in eyes],
        "lights": lit_by,
    }
    np.savez(
        work / f"{part}.npz",
        radiance=np.stack(lit).astype(np.float16),
        alpha=np.clip(denoise(coverage, albedo, normal)[..., 0], 0, 1).astype(np.float32),
        albedo=albedo.astype(np.float16),
    )
    (work / f"{part}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _pixel(camera: Any, point: np.ndarray, width: int, height: int) -> list[float]:
    """Where a point of the scene lies, px; the sensor's width is the picture's."""
    x, y = camera.project(point, width)[0]
    return [round(float(x), 1), round(float(y + (height - width) / 2), 1)]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini.stage", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    rendering = parts.add_parser("render")
    rendering.add_argument("work", type=Path, help="folder for the linear pictures")
    rendering.add_argument("--width", type=int, default=WIDTH)
    rendering.add_argument("--height", type=int, default=HEIGHT)
    rendering.add_argument("--samples", type=int, default=SAMPLES, help="paths a pixel")
    rendering.add_argument("--rows", type=int, nargs="*", default=[], help="only lights of these elevations")
    rendering.add_argument("--seed", type=int, default=SEED)
    rendering.add_argument("--changed", type=json.loads, default={}, help="attributes to replace, as JSON")
    packing = parts.add_parser("pack")
    packing.add_argument("work", type=Path)
    packing.add_argument("folder", type=Path, help="where the studio's assets lie")
    options = parser.parse_args(arguments)
    if options.part == "render":
        options.work.mkdir(parents=True, exist_ok=True)
        size = (options.width, options.height)
        render(options.work, size, options.samples, options.seed, options.changed, options.rows)
    else:
        from recipes.mini.stage_pack import pack

        pack(options.work, options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
