"""The pack of the light stage: what is unpacked is what was rendered."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recipes.mini import stage, stage_pack

WIDTH, HEIGHT = 320, 400


def rendered(work: Path) -> np.ndarray:
    """A ball under every light of the table, shaded by hand; returns what each light gives."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    across, down = (x - 160) / 120, (y - 180) / 150
    inside = across**2 + down**2 < 1
    depth = np.sqrt(np.clip(1 - across**2 - down**2, 0, 1))
    normal = np.stack([across, -down, depth], -1) * inside[..., None]
    lights = []
    for elevation, row in stage.ROWS.items():
        for azimuth in row:
            a, e = np.radians(azimuth), np.radians(elevation)
            direction = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
            lights.append(np.clip(normal @ direction, 0, 1) + 0.05 * inside)
    lights.append(0.4 * inside)
    light = np.stack(lights)[..., None] * np.array([0.8, 0.6, 0.5])
    albedo = np.where(inside[..., None], 0.5, 0).repeat(3, -1)
    # as two parts, one of them a single row, as they may be rendered
    row = [name.startswith("e43") for name in stage.names()]
    for part, chosen in (("43", row), ("all", [not each for each in row])):
        np.savez(
            work / f"{part}.npz", radiance=light[chosen].astype(np.float16), alpha=inside.astype(np.float32),
            albedo=albedo.astype(np.float16),
        )  # fmt: skip
        lights = [name for name, each in zip(stage.names(), chosen, strict=True) if each]
        (work / f"{part}.json").write_text(json.dumps({"eyes": [[190, 150], [130, 150]], "lights": lights}))
    return light


def unpacked(folder: Path, index: int) -> np.ndarray:
    """One light at full size, as the browser has it."""
    about = json.loads((folder / "stage.json").read_text())
    width, height = about["tile"]
    sheet = np.asarray(Image.open(folder / "lights.webp").convert("RGB"), float) / 255
    top, left = index // about["columns"] * height, index % about["columns"] * width
    ratio = sheet[top : top + height, left : left + width] ** 3 * about["scales"][index]
    planes = [Image.fromarray(ratio[..., c].astype(np.float32)).resize((WIDTH, HEIGHT), 2) for c in range(3)]
    head = np.asarray(Image.open(folder / "head.webp").convert("RGB"), float) / 255
    return head**2 * about["most"] * np.stack(planes, -1)


def test_head_times_ratio_is_the_light(tmp_path: Path) -> None:
    light = rendered(tmp_path)
    stage_pack.pack(tmp_path, tmp_path / "pack")
    names = stage.names()
    level = 0.0
    for name in ("e28a0", "e43a-45", "e0a75", "env"):
        index = names.index(name)
        shown, wanted = unpacked(tmp_path / "pack", index), light[index]
        level = level or shown[200, 160, 0] / wanted[200, 160, 0]
        assert np.abs(shown / level - wanted).mean() < 0.02, name


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered(tmp_path)
    monkeypatch.setattr(stage_pack, "LIMIT_BYTES", 1000)
    with pytest.raises(ValueError, match="at most 1000"):
        stage_pack.pack(tmp_path, tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_the_shipped_pack_is_of_this_recipe() -> None:
    folder = files("fluxgram.studio") / "assets" / "stage"
    about = json.loads((folder / "stage.json").read_text("utf-8"))
    assert about["lights"] == [[a, e] for e, row in stage.ROWS.items() for a in row]
    assert about["size"] == [stage.WIDTH, stage.HEIGHT]
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) <= stage_pack.LIMIT_BYTES
