"""Where hair and beard grow: densities on the vertices of the base mesh, float32 (N,), 0 to 1."""

from functools import lru_cache

import numpy as np

from recipes.mini.heads.base_mesh import base_mesh
from recipes.mini.heads.surfaces import smooth_noise

HAIRLINE = ([0.6, 0.8, 0.9, 1.1, 1.25, 1.5], [7.1, 7.26, 7.5, 7.8, 7.93, 7.97])
"""Depth (z) to height (y) of the hairline on the rest mesh, decimetres."""

HAIRLINE_SEED = 5
"""The hairline's small irregularities are the same on every head."""


@lru_cache(maxsize=1)
def scalp_density() -> np.ndarray:
    """Density of hair on the head, fading at the hairline."""
    mesh = base_mesh()
    rest = mesh.vertices
    density = np.zeros(len(rest), np.float32)
    density[np.unique(mesh.faces[mesh.scalp_faces])] = 1
    line = np.interp(rest[:, 2], *HAIRLINE)
    wobble = smooth_noise(rest, 0.45, np.random.default_rng(HAIRLINE_SEED), 2)[:, 0] * 0.035
    density *= np.clip((rest[:, 1] - line + wobble) / 0.20 + 0.5, 0, 1)
    density.flags.writeable = False
    return density


def receding_density(recede: float, rng: np.random.Generator) -> np.ndarray:
    """Scalp density with the temples and the front thinned out by `recede` (0..1) along a hairline of its own."""
    rest = base_mesh().vertices
    wobble = smooth_noise(rest, 1.2, rng, 2)[:, 0] * 0.25
    temple = np.clip((np.abs(rest[:, 0]) - 0.35) / 0.4, 0, 1) * np.clip((rest[:, 2] - 0.75) / 0.4, 0, 1)
    front = np.clip((rest[:, 2] - 1.0) / 0.35, 0, 1)
    density = scalp_density().copy()
    density *= np.clip(1 - recede * temple * 2.2 - recede * front * 1.2 + wobble * 0.3, 0, 1)
    return density


def beard_density(beard: str) -> np.ndarray:
    """Density of a beard; "none" gives the full growth, as a shadow under the skin."""
    rest = base_mesh().vertices
    y, z, x = rest[:, 1], rest[:, 2], np.abs(rest[:, 0])
    sideburns = 0.42 * np.clip((x - 0.35) / 0.4, 0, 1) * np.clip((1.15 - z) / 0.5, 0, 1.3)
    below = 1 / (1 + np.exp(-((6.83 + sideburns - y) / 0.03)))
    front = np.clip((z - 0.25) / 0.15, 0, 1)
    neck = np.clip((y - 6.02 + 0.12 * np.clip(x, 0, 1)) / 0.1, 0, 1)
    lips = np.exp(-((x / 0.27) ** 4 + ((y - 6.63) / 0.085) ** 4)) * (z > 1.2)
    around_lips = 1 - np.clip(lips * 2, 0, 1)
    cheek = np.exp(-(((x - 0.42) / 0.2) ** 2 + ((y - 6.88) / 0.17) ** 2)) * (z > 0.9)
    density = below * front * neck * around_lips * (1 - 0.9 * cheek)
    density *= (y < 6.86) | (x > 0.5)
    moustache = np.exp(-((x / 0.3) ** 4 + ((y - 6.755) / 0.065) ** 4)) * (z > 1.2)
    if beard == "moustache":
        density = moustache * (1 - lips)
    elif beard == "goatee":
        chin = np.clip((6.56 - y) / 0.05, 0, 1) * np.clip((0.32 - x) / 0.1, 0, 1) * (z > 0.9) * neck
        sides = np.exp(-(((x - 0.3) / 0.07) ** 2)) * ((y < 6.78) & (y > 6.3)) * (z > 1.1)
        density = np.maximum(moustache, np.maximum(chin, sides)) * around_lips
    density = density.astype(np.float32)
    density[(z < 1.18) & (x < 0.3) & (y > 6.35) & (y < 6.95)] = 0  # inside the mouth
    return density
