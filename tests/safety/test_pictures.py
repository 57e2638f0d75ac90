"""Redacted pictures: nothing recognisable is left, measured, and nothing of the file's metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fluxgram.errors import RequestError
from fluxgram.safety.pictures import REDACTIONS, redact

PORTRAIT = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = [(512, 768), (768, 512), (64, 64), (33, 257), (1, 1), (2048, 2048)]


def portrait(size: tuple[int, int]) -> Image.Image:
    """A real picture of the documentation."""
    path = min(each for each in PORTRAIT.rglob("*") if each.suffix in (".png", ".jpg", ".webp"))
    with Image.open(path) as image:
        return image.convert("RGB").resize(size)


def detail(image: Image.Image) -> float:
    """Energy of a thumbnail in everything finer than six waves across the picture."""
    grey = np.asarray(image.convert("L").resize((128, 128), Image.Resampling.BOX), dtype=float)
    mirrored = np.block(
        [[grey, grey[:, ::-1]], [grey[::-1], grey[::-1, ::-1]]]
    )  # no edge where it wraps round
    power = np.abs(np.fft.fft2(mirrored)) ** 2
    waves = np.abs(np.fft.fftfreq(256, 1 / 256)) / 2
    return float(power[np.maximum.outer(waves, waves) > 6].sum())


def test_a_blur_leaves_no_detail() -> None:
    image = portrait((512, 768))
    assert detail(redact(image, "blur")) < 0.001 * detail(image)
    weak = image.resize((48, 72), Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)
    assert detail(weak) > 0.001 * detail(image), "the measure sees a blur that is too weak"


def test_pixels_are_few() -> None:
    for size in SIZES:
        assert len(redact(portrait(size), "pixelate").getcolors(101) or ()) in range(1, 101)


def test_black_is_black() -> None:
    assert redact(portrait((40, 60)), "black").getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize("how", REDACTIONS)
@pytest.mark.parametrize("size", SIZES)
def test_the_size_stays_and_the_picture_is_not_touched(how: str, size: tuple[int, int]) -> None:
    image = portrait(size)
    before = image.tobytes()
    image.info = {"parameters": "a prompt", "exif": b"x"}
    redacted = redact(image, how)
    assert (redacted.size, redacted.mode, redacted.info) == (size, "RGB", {})
    assert image.tobytes() == before


def test_pictures_of_two_people_cannot_be_told_apart() -> None:
    """Two faces before the same backdrop in the same light differ by less than the eye sees after a blur of detail."""
    rows, columns = np.mgrid[0:256, 0:256]
    base = 120 + 60 * np.cos(columns / 256 * np.pi)
    faces = [base + 60 * np.sin(rows / period) * np.sin(columns / period) for period in (3, 5)]
    first, second = (Image.fromarray(face.clip(0, 255).astype(np.uint8)).convert("RGB") for face in faces)
    assert np.abs(np.asarray(first, float) - np.asarray(second, float)).mean() > 10
    for how in ("blur", "pixelate"):
        a, b = (np.asarray(redact(each, how), float) for each in (first, second))
        assert np.abs(a - b).max() < 6


def test_another_word_is_refused() -> None:
    with pytest.raises(RequestError, match="'mosaic'") as caught:
        redact(portrait((8, 8)), "mosaic")
    assert "blur, pixelate, black" in caught.value.hint
