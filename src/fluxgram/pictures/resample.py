"""Another size for a picture: cropped to the new shape about its centre, then resampled once with Lanczos."""

from __future__ import annotations

from PIL import Image

from fluxgram.errors import PictureError


def resample(image: Image.Image, width: int, height: int) -> Image.Image:
    """A picture of exactly `width` x `height` px, never stretched.

    Args:
        image: The picture.
        width: Pixels across, at least 1.
        height: Pixels down, at least 1.

    Raises:
        PictureError: A side of less than one pixel.
    """
    if width < 1 or height < 1:
        raise PictureError(f"A picture cannot have {width}x{height} px.", "Both sides must be at least 1.")
    if image.size == (width, height):
        return image.copy()
    return image.resize(
        (width, height), Image.Resampling.LANCZOS, box=centre_box(image.size, (width, height))
    )


def centre_box(size: tuple[int, int], shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest box (left, top, right, bottom; px) of the wanted shape in the middle of a picture."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    wide, high = min(shape[0] * scale, size[0]), min(shape[1] * scale, size[1])
    left, top = (size[0] - wide) / 2, (size[1] - high) / 2
    return (left, top, left + wide, top + high)
