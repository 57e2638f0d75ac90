"""Attributes: the same seed gives the same head for ever, and heads are plausible."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recipes.mini.heads.attributes import sample
from recipes.mini.heads.palettes import CLOTH_COLORS, HAIR_COLORS, HAIR_PIGMENTS, SKIN_TONES

ROOT = Path(__file__).parents[4]

# Drawn by the first renderer of these heads, a program written before this package and apart from it.
FIRST_RENDERER: list[dict[str, Any]] = json.loads((ROOT / "tests/data/head.attributes.json").read_text())


@pytest.fixture(scope="module")
def heads() -> list[dict[str, Any]]:
    return [sample(seed) for seed in range(2000)]


@pytest.mark.parametrize("expected", FIRST_RENDERER, ids=lambda e: str(e["seed"]))
def test_same_as_the_first_renderer(expected: dict[str, Any]) -> None:
    assert sample(expected["seed"]) == expected


def test_heads_can_be_written_as_json(heads: list[dict[str, Any]]) -> None:
    assert json.loads(json.dumps(heads[:50])) == heads[:50]


def test_sampling_needs_no_blender() -> None:
    program = "import sys; sys.modules['bpy'] = None; from recipes.mini.heads import attributes, visibility"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_values_have_colors(heads: list[dict[str, Any]]) -> None:
    assert {head["skin"] for head in heads} == set(SKIN_TONES)
    assert {head["hair_color"] for head in heads} == set(HAIR_COLORS) == set(HAIR_PIGMENTS)
    assert {head["top_color"] for head in heads} == set(CLOTH_COLORS)


def test_ancestry_adds_up(heads: list[dict[str, Any]]) -> None:
    for head in heads:
        assert sum(head["race"].values()) == pytest.approx(1)
        assert list(head["race"].values()) == sorted(head["race"].values(), reverse=True)


def test_heads_are_varied(heads: list[dict[str, Any]]) -> None:
    genders = Counter(head["gender"] for head in heads)
    assert 0.45 < genders["woman"] / len(heads) < 0.55
    assert {head["age"] for head in heads} == set(range(18, 81))
    assert min(head["yaw"] for head in heads) < -40
    assert max(head["yaw"] for head in heads) > 40


def test_heads_are_plausible(heads: list[dict[str, Any]]) -> None:
    for head in heads:
        if head["gender"] == "woman":
            assert head["beard"] == "none"
        else:
            assert head["lipstick"] == "none"
        assert head["pattern"] == "plain" or head["top"] in (
            "crew-neck t-shirt",
            "crew-neck sweater",
            "button-up shirt",
            "blouse",
        )
        assert -7 <= head["pitch"] + head["cam_el"] <= 2.5 + 1e-9
    old = [head for head in heads if head["age"] > 70]
    grey = [head for head in old if head["hair_color"] in ("salt-and-pepper", "gray", "white")]
    assert len(grey) > 0.8 * len(old)
