"""Previews as the published clients expect them: as large as the picture will be, though not as sharp.

A job's own previews are as small as they come; clients of this surface put them where the picture goes.
"""

from __future__ import annotations

import base64
import io
import math

from PIL import Image

Pixels = tuple[int, int]


def enlarged(preview: str, wanted: Pixels | None, usual: Pixels) -> tuple[str, Pixels]:
    """A preview in the size of the picture.

    Args:
        preview: JPEG in base64.
        wanted: (width, height) in px of the picture, where the client said it.
        usual: The checkpoint's own size: where the client said none, a preview gets about as many pixels.

    Returns:
        JPEG in base64, and its size.
    """
    with Image.open(io.BytesIO(base64.b64decode(preview))) as image:
        if wanted is None:
            scale = math.sqrt(usual[0] * usual[1] / (image.width * image.height))
            wanted = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        out = io.BytesIO()
        image.resize(wanted, Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
    return base64.b64encode(out.getvalue()).decode("ascii"), wanted
