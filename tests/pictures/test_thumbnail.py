"""Thumbnails and previews: small, of the same shape, and without a word about where they come from."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from fluxgram.pictures.thumbnail import preview_jpeg, thumbnail


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 640), (320, 320)), ((512, 768), (213, 320)), ((100, 50), (100, 50)), ((4000, 1), (320, 1))]
)  # fmt: skip
def test_the_longest_side_is_320(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = opened(thumbnail(Image.new("RGB", size, (10, 200, 30))))
    assert (image.format, image.size) == ("WEBP", expected)
    assert all(
        abs(a - b) <= 4 for a, b in zip(image.convert("RGB").getpixel((0, 0)), (10, 200, 30), strict=True)
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 512), (256, 128)), ((32, 32), (256, 256)), ((32, 48), (171, 256)), ((64, 1), (256, 4))]
)  # fmt: skip
def test_previews_are_jpegs_whose_longest_side_is_256(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    image = opened(preview_jpeg(Image.new("RGB", size, (10, 200, 30))))
    assert (image.format, image.size) == ("JPEG", expected)
    assert all(abs(a - b) <= 4 for a, b in zip(image.getpixel((0, 0)), (10, 200, 30), strict=True))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "1"])
def test_any_kind_of_picture_and_none_is_changed(mode: str) -> None:
    image = Image.new(mode, (500, 400))
    before = image.tobytes()
    assert opened(thumbnail(image)).mode == "RGB"
    assert opened(preview_jpeg(image)).mode == "RGB"
    assert (image.size, image.tobytes()) == ((500, 400), before)


def test_nothing_that_the_picture_carried_is_written() -> None:
    image = Image.new("RGB", (500, 400))
    image.info = {"exif": b"Exif\0\0secret", "xmp": b"secret", "comment": b"secret", "icc_profile": b"secret"}
    assert b"secret" not in thumbnail(image) + preview_jpeg(image)
