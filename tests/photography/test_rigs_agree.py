"""Words mean what the training pictures show: rigs are drawn by the recipe, and their lamps lie inside the meanings."""

from __future__ import annotations

import numpy as np
import pytest

from fluxgram.photography.catalog import catalog
from fluxgram.photography.terms import LightMeaning
from recipes.mini.portraits.rigs import LIGHT_STYLES, rig

STYLES = {
    "soft studio": ("light.soft-studio", "light.warm-key-cool-fill"),
    "butterfly": ("light.butterfly", "light.clamshell"),
    "loop": ("light.loop",),
    "rembrandt": ("light.rembrandt",),
    "split": ("light.split",),
    "golden hour": ("light.golden-hour",),
    "window": ("light.window",),
    "noon sun": ("light.noon",),
    "neon": ("light.neon",),
    "low-key": ("light.low-key",),
    "high-key": ("light.high-key",),
    "mixed warm cool": ("light.mixed",),
    "overcast": ("light.overcast",),
    "open shade sun": ("light.hard-sun",),
}
"""Each style of the recipe and the terms that name it."""


def test_every_style_has_words() -> None:
    assert set(STYLES) == set(LIGHT_STYLES)


def inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


@pytest.mark.parametrize(("style", "ids"), STYLES.items())
def test_the_key_is_where_the_words_say(style: str, ids: tuple[str, ...]) -> None:
    meanings = [catalog().term(id_).meaning for id_ in ids]
    rng = np.random.default_rng(7)
    for _ in range(40):
        lights = rig(style, rng)[0].lights
        key = next((light for light in lights if light["azimuth"] is not None), None)
        assert key
        assert any(_agrees(meaning, key) for meaning in meanings), (style, key)


def _agrees(meaning: object, key: dict[str, float]) -> bool:
    assert isinstance(meaning, LightMeaning)
    warm = meaning.key_kelvin is None or "kelvin" not in key or inside(key["kelvin"], meaning.key_kelvin)
    return (
        inside(abs(key["azimuth"]), meaning.key_azimuth_degrees)
        and inside(key["elevation"], meaning.key_elevation_degrees)
        and warm
    )


@pytest.mark.parametrize(("style", "ids"), STYLES.items())
def test_the_fill_is_as_dark_as_the_words_say(style: str, ids: tuple[str, ...]) -> None:
    """Where the recipe states fill over key, it lies within the stops of the meaning."""
    meaning = catalog().term(ids[0]).meaning
    assert isinstance(meaning, LightMeaning)
    rng = np.random.default_rng(8)
    ratios = [facts["ratio"] for facts in (rig(style, rng)[2] for _ in range(40)) if "ratio" in facts]
    stops = -np.log2(np.array(ratios))
    assert all(meaning.fill_stops[0] <= stop <= meaning.fill_stops[1] for stop in stops)


def test_sides_are_said_where_the_recipe_has_them() -> None:
    for style, ids in STYLES.items():
        for id_ in ids:
            meaning = catalog().term(id_).meaning
            assert isinstance(meaning, LightMeaning)
            assert meaning.sided == LIGHT_STYLES[style].sided, id_
