"""Small versions of a picture: the thumbnail that lies beside it, and previews on their way to a client.

They carry no receipt and no metadata at all; the picture does.
"""

from __future__ import annotations

import io

from PIL import Image

THUMBNAIL_SIDE = 320
"""Longest side of a thumbnail, in px."""
PREVIEW_SIDE = 256
"""Longest side of a preview, in px."""


def thumbnail(image: Image.Image) -> bytes:
    """A WebP of at most 320 px on its longest side; a smaller picture keeps its size."""
    out = io.BytesIO()
    _within(image, THUMBNAIL_SIDE).save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def preview_jpeg(image: Image.Image) -> bytes:
    """A JPEG of 256 px on its longest side; a smaller picture, as small checkpoints preview, is enlarged."""
    out = io.BytesIO()
    small = _within(image, PREVIEW_SIDE)
    if max(small.size) < PREVIEW_SIDE:
        factor = PREVIEW_SIDE / max(small.size)
        width, height = (max(1, round(side * factor)) for side in small.size)
        small = small.resize((width, height), Image.Resampling.BICUBIC)
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def _within(image: Image.Image, side: int) -> Image.Image:
    """The picture as RGB without metadata, reduced where it is larger."""
    small = image.convert("RGB") if image.mode != "RGB" else image.copy()
    small.info.clear()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small
