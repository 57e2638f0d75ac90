"""From scene-linear light to display pixels: exposure for the face, a film-like curve, and the last touches.

The curve is the AgX transform that Blender ships as a default view (a 6th-degree fit of its contrast curve),
followed by a little contrast and saturation, as a raw developer would add. All pictures here are float32
(height, width, 3), RGB.
"""

from functools import lru_cache

import cv2
import numpy as np

from recipes.mini.portraits.light_color import LUMINANCE

AGX_INSET = np.array(
    [
        [0.842479062253094, 0.0784335999999992, 0.0792237451477643],
        [0.0423282422610123, 0.878468636469772, 0.0791661274605434],
        [0.0423756549057051, 0.0784336, 0.879142973793104],
    ],
    np.float32,
)
CURVE_ENTRIES = 4096
DARKEST_STOP = -12.47393
STOPS = 16.5
"""The curve covers 16.5 stops from 2**-12.47 on."""

MONOCHROME = np.array([0.35, 0.5, 0.15], np.float32)
"""Channel weights of black and white pictures (a light red filter)."""


@lru_cache(maxsize=1)
def _contrast_curve() -> np.ndarray:
    """Display value of evenly spaced log exposures, float32 (CURVE_ENTRIES,)."""
    v = np.linspace(0, 1, CURVE_ENTRIES)
    y = 15.5 * v**6 - 40.14 * v**5 + 31.96 * v**4 - 6.868 * v**3 + 0.4298 * v**2 + 0.1191 * v - 0.00232
    return np.clip(y, 0, 1).astype(np.float32)


@lru_cache(maxsize=1)
def _agx_outset() -> np.ndarray:
    """Inverse of the inset matrix, float32 (3, 3)."""
    return np.linalg.inv(AGX_INSET)


def tone_map(linear: np.ndarray, saturation: float = 1.25, contrast: float = 1.25) -> np.ndarray:
    """Linear light of any brightness to display values in 0..1."""
    log_exposure = np.log2(np.maximum(cv2.transform(linear, AGX_INSET), 2e-4))
    log_exposure -= DARKEST_STOP
    log_exposure *= (CURVE_ENTRIES - 1) / STOPS
    entry = np.clip(log_exposure, 0, CURVE_ENTRIES - 1).astype(np.int32)
    display = cv2.pow(_contrast_curve()[entry], contrast)
    grey = np.outer(np.ones(3, np.float32), LUMINANCE)
    saturate = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * grey
    return np.clip(cv2.transform(display, (_agx_outset() @ saturate).astype(np.float32)), 0, 1)


def face_exposure(
    figure: np.ndarray,
    alpha: np.ndarray,
    face_box: list[int],
    level: float,
    highlight_limit: float,
) -> float:
    """Exposure factor that brings the face to a level without burning it out.

    Args:
        figure: Linear picture of the figure alone, (size, size, 3).
        alpha: Its coverage, (size, size, 1).
        face_box: Left, top, right, bottom of the face in pixels.
        level: Mean luminance to reach.
        highlight_limit: Luminance that the brightest three per cent of the face may reach.
    """
    luminance = figure @ LUMINANCE
    x0, y0, x1, y1 = face_box
    radius_x, radius_y = max((x1 - x0) * 0.42, 4), max((y1 - y0) * 0.46, 4)
    yy, xx = np.ogrid[: figure.shape[0], : figure.shape[1]]
    ellipse = ((xx - (x0 + x1) / 2) / radius_x) ** 2 + ((yy - (y0 + y1) / 2) / radius_y) ** 2 < 1
    covered = alpha[..., 0] > 0.9
    face = ellipse & covered
    samples = luminance[face] if face.sum() > 50 else luminance[covered]
    brightest = float(np.percentile(samples[::3], 97))
    mean = float(np.minimum(samples, brightest).mean())
    return min(level / max(mean, 1e-5), highlight_limit / max(brightest, 1e-5))


def sharpen(display: np.ndarray, amount: float) -> np.ndarray:
    """Capture sharpening: an unsharp mask of 0.9 px."""
    return np.clip(display + amount * (display - cv2.GaussianBlur(display, (0, 0), 0.9)), 0, 1)


def monochrome(display: np.ndarray) -> np.ndarray:
    """Black and white with a little more contrast, still three channels."""
    grey = np.repeat((display @ MONOCHROME)[..., None], 3, -1)
    return np.clip((grey - 0.5) * 1.08 + 0.5, 0, 1)


def add_grain(display: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise, stronger in the shadows; `strength` is its standard deviation at black."""
    height, width = display.shape[:2]
    noise = rng.standard_normal((height, width, 1), dtype=np.float32) * strength
    return np.clip(display + noise * (1.1 - display), 0, 1)
