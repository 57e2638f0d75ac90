"""The denoiser that comes with Blender; skipped where Blender is not installed."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("bpy") is None:
    pytest.skip("needs bpy", allow_module_level=True)

from recipes.mini.heads.denoise import denoise


def test_noise_goes_and_edges_stay() -> None:
    clean = np.full((96, 96, 3), 0.3, np.float32)
    clean[:, 48:] = 0.7
    noisy = np.clip(clean + np.random.default_rng(0).normal(size=clean.shape) * 0.1, 0, 1).astype(np.float32)
    result = denoise(noisy)
    assert np.abs(result - clean).mean() < 0.4 * np.abs(noisy - clean).mean()
    assert result[48, 60, 0] - result[48, 36, 0] > 0.3
