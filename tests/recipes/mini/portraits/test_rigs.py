"""Lightings as physics: where sources stand, which color they have, what is said about them."""

from __future__ import annotations

import numpy as np
import pytest

from recipes.mini.portraits.light_color import LUMINANCE, black_body, neon_light
from recipes.mini.portraits.rigs import STYLE_PROBABILITIES, STYLES, TOO_SIMILAR, rig
from recipes.mini.portraits.sources import SOURCES, Rig

SEEDS = range(40)


def test_tungsten_is_warmer_than_daylight_and_daylight_warmer_than_shade() -> None:
    ratios = [black_body(kelvin)[0] / black_body(kelvin)[2] for kelvin in (2800, 5400, 7500)]
    assert ratios[0] > ratios[1] > ratios[2]


@pytest.mark.parametrize("kelvin", [2000, 2800, 5400, 6600, 10000])
def test_black_bodies_have_unit_luminance(kelvin: int) -> None:
    assert black_body(kelvin) @ LUMINANCE == pytest.approx(1, abs=1e-5)


def test_daylight_is_nearly_neutral() -> None:
    assert np.ptp(black_body(6500)) < 0.1


def test_neon_is_named_after_its_strongest_channel() -> None:
    assert [int(neon_light(name).argmax()) for name in ("red", "green", "blue")] == [0, 1, 2]


def test_sources_come_in_mirrored_pairs() -> None:
    for name, source in SOURCES.items():
        if "L" in name:
            twin = SOURCES[name.replace("L", "R")]
            assert twin.azimuth == -(source.azimuth or 0)
            assert (twin.elevation, twin.softness, twin.power) == (
                source.elevation,
                source.softness,
                source.power,
            )


def test_a_source_that_is_off_is_not_mentioned() -> None:
    lighting = Rig()
    lighting.add("env", 0.0)
    assert not lighting.lights
    assert not lighting.weights


@pytest.mark.parametrize("style", STYLES)
def test_the_named_side_is_where_the_key_stands(style: str) -> None:
    for seed in SEEDS:
        lighting, side, _ = rig(style, np.random.default_rng(seed))
        assert set(lighting.weights) <= set(SOURCES)
        if side is None:
            continue
        roles = ("key", "backlight", "sun") if style != "low-key" else ("rim",)
        first = next(light for light in lighting.lights if light["role"] in roles)
        assert (first["azimuth"] < 0) == (side == "left")


@pytest.mark.parametrize("style", STYLES)
def test_a_rim_that_is_stated_burns(style: str) -> None:
    for seed in SEEDS:
        lighting, _, facts = rig(style, np.random.default_rng(seed))
        if facts.get("rim"):
            assert {"rL", "rR"} & set(lighting.weights)


def test_neon_pairs_can_be_told_apart() -> None:
    for seed in range(200):
        _, _, facts = rig("neon", np.random.default_rng(seed))
        first, second = facts["neon"]
        assert first != second
        assert frozenset((first, second)) not in TOO_SIMILAR


def test_probabilities_are_probabilities() -> None:
    assert STYLE_PROBABILITIES.shape == (len(STYLES),)
    assert STYLE_PROBABILITIES.sum() == pytest.approx(1)
