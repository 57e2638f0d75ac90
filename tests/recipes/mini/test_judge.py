"""Kappa against worked examples, and the balance of the prompts that it is computed on."""

from __future__ import annotations

import numpy as np
import pytest

from recipes.mini.judge import kappa
from recipes.mini.labels import ATTRIBUTES, UNKNOWN, label, mirrored
from recipes.mini.prompts import balanced


def test_kappa_of_the_textbook_example() -> None:
    # 50 cases, two raters: 20 both yes, 15 both no, 5 and 10 apart; observed 0.7, by chance 0.5
    # (the formula of Cohen 1960, by hand)
    truth = np.array([1] * 25 + [0] * 25)
    answer = np.array([1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)
    assert kappa(truth, answer, 2) == pytest.approx(0.4)


def test_kappa_is_nought_for_one_answer_to_everything_and_one_for_the_truth() -> None:
    truth = np.array([0, 1, 2, 0, 1, 2, UNKNOWN])
    assert kappa(truth, np.zeros(7, int), 3) == pytest.approx(0)
    assert kappa(truth, np.where(truth == UNKNOWN, 0, truth), 3) == pytest.approx(1)


def test_kappa_with_tolerance_still_takes_chance_off() -> None:
    truth = np.arange(9).repeat(4)
    assert kappa(truth, np.minimum(truth + 1, 8), 9, tolerance=1) == pytest.approx(1)
    assert kappa(truth, np.full(36, 4), 9, tolerance=1) == pytest.approx(0)


def test_prompts_are_balanced_over_the_values_of_what_they_ask() -> None:
    asked = balanced(280)
    for name, values in (("gender", 2), ("skin", 9), ("light style", 14), ("framing", 2), ("glasses", 2)):
        counts = np.bincount([row.label(name) for row in asked], minlength=values)
        assert counts.max() - counts.min() <= 1, name


def test_prompts_say_what_their_labels_say() -> None:
    for row in balanced(200):
        assert ("glasses" in row.prompt) == (row.label("glasses") == 1)
        assert (" man" in row.prompt) == (row.label("gender") == 1)
        if row.label("light side") == 2:
            assert "left" not in row.prompt
            assert "right" not in row.prompt


def test_the_mirror_image_swaps_the_side_and_nothing_else() -> None:
    attrs = {
        "gender": "man",
        "age": 40,
        "skin": "olive",
        "hair_style": "side part",
        "hair_color": "brown",
        "beard": "none",
    }
    attrs |= {"glasses": "none", "framing": "close-up", "top_color": "navy", "expression": "smile"}
    info = {
        "attrs": attrs,
        "side": "left",
        "style": "neon",
        "background": "gray wall",
        "bw": False,
        "neon": ["red", "teal"],
    }
    info |= {"flip": False, "yaw": 3.0}
    plain, flipped = label(info), label(mirrored(info))
    names = [name for name, a, b in zip(ATTRIBUTES, plain, flipped, strict=True) if a != b]
    assert names == ["light side", "neon left", "neon right"]
