"""Colors of light sources in linear RGB: black bodies by temperature, and neon tubes by name.

The camera's white balance is about 5400 K and adapts only partly, so a warm lamp stays a little warm. What
the sources look like on a face is decided in `sources`.
"""

import numpy as np

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear RGB in luminance (ITU-R BT.709)."""

CAMERA_WHITE = 5400
"""White balance of the camera, kelvin."""

NEON = {
    "magenta": (1.0, 0.05, 0.6),
    "pink": (1.0, 0.16, 0.42),
    "cyan": (0.03, 0.75, 1.0),
    "blue": (0.07, 0.14, 1.0),
    "red": (1.0, 0.05, 0.05),
    "green": (0.10, 1.0, 0.28),
    "orange": (1.0, 0.36, 0.04),
    "purple": (0.48, 0.09, 1.0),
    "teal": (0.03, 0.8, 0.6),
}
"""Linear RGB of saturated tubes and gels."""


def black_body(kelvin: float) -> np.ndarray:
    """Linear RGB of a black body of unit luminance, float32 (3,).

    Tanner Helland's fit of the CIE 1964 colors (valid from about 1000 to 40000 K).
    """
    t = kelvin / 100.0
    red = 1 if t <= 66 else 1.292936 * (t - 60) ** -0.1332
    green = 0.390082 * np.log(t) - 0.631841 if t <= 66 else 1.129891 * (t - 60) ** -0.0755
    blue = _blue_of_black_body(t)
    linear = np.clip([red, green, blue], 0, 1) ** 2.2
    return (linear / (linear @ LUMINANCE)).astype(np.float32)


def _blue_of_black_body(t: float) -> float:
    """Gamma-coded blue at `t` hundred kelvin."""
    if t >= 66:
        return 1.0
    return 0.0 if t <= 19 else float(0.543207 * np.log(t - 10) - 1.196254)


def seen_by_camera(kelvin: float, adaptation: float) -> np.ndarray:
    """Linear RGB of a black body as a camera balanced for `CAMERA_WHITE` records it, float32 (3,).

    `adaptation` is the exponent that remains of the cast: 1 keeps all of it, 0 none.
    """
    return (black_body(kelvin) / black_body(CAMERA_WHITE)) ** adaptation


def neon_light(name: str) -> np.ndarray:
    """Linear RGB of a neon color at comparable apparent brightness, float32 (3,)."""
    rgb = NEON[name]
    return np.asarray(rgb, np.float32) / max(float(np.dot(rgb, [0.3, 0.5, 0.2])), 0.12)
