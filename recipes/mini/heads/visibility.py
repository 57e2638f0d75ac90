"""What a viewer can see of a head at 256 px: coarse geometric rules that keep captions honest."""

import math
from typing import Any

LONG_STYLES = ("long straight", "long wavy", "long curly", "shoulder-length")
HIGH_COLLARS = ("suit and tie", "jacket over a striped shirt", "turtleneck")


def visible(meta: dict[str, Any]) -> dict[str, bool]:
    """Decide what may be mentioned.

    Args:
        meta: Attributes with `eyes_px` (both eyes in pixels), `res` (pixels across) and `cov` (metres
            across).

    Returns:
        Whether each of eye color, freckles, lipstick, beard, brow, garment (`top`), length of hair, ponytail
        and bun can be made out.
    """
    (left_x, left_y), (right_x, right_y) = meta["eyes_px"]
    eye_distance = math.hypot(left_x - right_x, left_y - right_y) / meta["res"]
    style = meta["hair_style"]
    close_up = meta["framing"] == "close-up"
    return {
        "eye_color": eye_distance > 0.13,
        "freckles": meta["freckles"] == "heavy" or (meta["freckles"] == "light" and eye_distance > 0.15),
        "lipstick": meta["lipstick"] != "none",
        "beard": meta["beard"] != "none",
        "brow": style != "bob with bangs",
        "top": not close_up or meta["cov"] > 0.29 or meta["top"] in HIGH_COLLARS,
        "hair_length": not close_up or style not in LONG_STYLES,
        "ponytail": style == "ponytail" and abs(meta["yaw"]) > 18,
        "bun": style == "bun" and not close_up,
    }
