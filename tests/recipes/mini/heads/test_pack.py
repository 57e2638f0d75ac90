"""What is written into a pack comes out of it, and both tables of the lights agree."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="writing packs needs scipy")
pytest.importorskip("cv2", reason="reading packs needs OpenCV")

from recipes.mini.heads.camera import Camera, place_camera
from recipes.mini.heads.lights import LIGHTS, describe_lights
from recipes.mini.heads.pack import closed_alpha, write_pack
from recipes.mini.portraits.pack import Head
from recipes.mini.portraits.sources import SOURCES

N = 64


@pytest.fixture
def rendered() -> Any:
    """A grey ball in front of nothing, each light a little brighter than the one before."""
    y, x = np.mgrid[-1 : 1 : N * 1j, -1 : 1 : N * 1j]
    inside = x * x + y * y < 0.6
    z = np.sqrt(np.clip(0.6 - x * x - y * y, 0, 1))
    radiance = np.stack([np.where(inside[..., None], (i + 1) * 0.1, 0.0).repeat(3, -1) for i in range(16)])
    return SimpleNamespace(
        radiance=radiance.astype(np.float32),
        alpha=inside.astype(np.float32),
        depth=np.where(inside, 2 - z, 1e10).astype(np.float32),
        normal=np.stack([x, -y, -z], -1).astype(np.float32),
        albedo=np.full((N, N, 3), 0.3, np.float32),
        meta={"seed": 1, "res": N, "hair_style": "bob", "face_box": [20.0, 20.0, 44.0, 44.0]},
    )


def test_a_pack_comes_back(rendered: Any, tmp_path: Path) -> None:
    path = tmp_path / "000001.pack"
    path.write_bytes(write_pack(rendered))
    head = Head(path)
    assert head.resolution == N
    assert list(head.light_index) == list(LIGHTS)
    assert head.meta["face_albedo"] == pytest.approx(0.3, abs=1e-3)
    middle = slice(N // 2 - 6, N // 2 + 6)
    for i, name in enumerate(LIGHTS):
        tile = head.tile(name, 0, 0, N)[middle, middle].astype(float)
        light = head.meta["scale"][i] * (tile / 255) ** 2.2
        assert light.mean() == pytest.approx((i + 1) * 0.1, rel=0.03)
    assert head.alpha[N // 2, N // 2] > 250
    assert head.alpha[0, 0] < 5
    assert head.depth[N // 2, N // 2] == pytest.approx(2 - 0.6**0.5, abs=0.02)
    normal = head.normal[N // 4, N // 4].astype(float) / 127.5 - 1
    assert normal[2] < -0.6


def test_pin_holes_are_closed_and_large_gaps_stay() -> None:
    alpha = np.ones((N, N), np.float32)
    alpha[40:42, 30:32] = 0
    alpha[:30, :20] = 0
    meta = {"hair_style": "long wavy", "face_box": [20.0, 20.0, 44.0, 44.0]}
    closed = closed_alpha(alpha, meta)
    assert closed[41, 31] > 0.6
    assert closed[5, 5] == 0
    short = closed_alpha(alpha, {**meta, "hair_style": "fade"})
    assert short[41, 31] == 0


def test_renderer_and_composer_agree_on_the_lights() -> None:
    described = describe_lights()
    for name, source in SOURCES.items():
        if name == "env":
            assert described[name] == "dome"
            continue
        light = described[name]
        assert (light["azimuth"], light["elevation"]) == (source.azimuth, source.elevation)
        angular_size = np.degrees(2 * np.arctan(light["size_m"] / 2 / light["distance_m"]))
        assert source.softness == pytest.approx(angular_size, rel=0.08)


def test_a_camera_puts_its_target_in_the_middle() -> None:
    camera = Camera(np.array([0.0, -2.0, 1.6]), np.array([0.0, 0.0, 1.6]), 0.5, 2.0, 85)
    assert camera.project(camera.target, 288)[0] == pytest.approx([144, 144])
    right, up = camera.project(np.array([[0.1, 0, 1.6], [0, 0, 1.7]]), 288)
    assert right[0] > 144
    assert up[1] < 144


@pytest.mark.parametrize("framing", ["close-up", "head and shoulders"])
def test_the_whole_face_is_in_the_picture(framing: str) -> None:
    eyes = [np.array([0.032, -0.1, 1.65]), np.array([-0.032, -0.1, 1.65])]
    for seed in range(50):
        attributes = {"framing": framing, "lens": 85, "cam_el": 3.0, "seed": seed}
        camera = place_camera(attributes, eyes, 1.78, np.array([0.0, 0.0, 1.62]))
        chin_and_brow = np.array([[0, -0.1, 1.55], [0, -0.1, 1.70]])
        pixels = camera.project(np.concatenate([chin_and_brow, eyes]), 288)
        assert pixels.min() > 20
        assert pixels.max() < 268
