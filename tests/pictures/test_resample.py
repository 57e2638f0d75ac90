"""Cropped about the centre, never stretched, exactly the size asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from fluxgram.errors import PictureError
from fluxgram.pictures.resample import centre_box, resample

SIDES = st.integers(1, 4000)


@given(size=st.tuples(SIDES, SIDES), shape=st.tuples(SIDES, SIDES))
def test_the_box_is_central_inside_and_of_the_shape(size: tuple[int, int], shape: tuple[int, int]) -> None:
    left, top, right, bottom = centre_box(size, shape)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert left == pytest.approx(size[0] - right, abs=1e-6)
    assert top == pytest.approx(size[1] - bottom, abs=1e-6)
    assert (right - left) * shape[1] == pytest.approx((bottom - top) * shape[0], rel=1e-6)


@pytest.mark.parametrize("size", [(512, 768), (100, 100), (1, 1), (256, 384), (1000, 20)])
def test_size_is_exact(size: tuple[int, int]) -> None:
    assert resample(Image.new("RGB", (256, 384)), *size).size == size


def test_a_circle_stays_one_and_stays_in_the_middle() -> None:
    image = Image.new("L", (300, 200))
    ImageDraw.Draw(image).ellipse((110, 60, 190, 140), fill=255)
    box = resample(image, 400, 400).point(lambda value: 255 * (value > 128)).getbbox()
    assert box is not None
    assert box[2] - box[0] == pytest.approx(160, abs=3)
    assert box[3] - box[1] == pytest.approx(160, abs=3)
    assert (box[0] + box[2]) / 2 == pytest.approx(200, abs=2)


def test_the_same_size_is_the_same_pixels() -> None:
    image = Image.effect_noise((32, 32), 50)
    copy = resample(image, 32, 32)
    assert copy.tobytes() == image.tobytes()
    assert copy is not image


@pytest.mark.parametrize("size", [(0, 10), (10, -1)])
def test_no_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError):
        resample(Image.new("RGB", (8, 8)), *size)
