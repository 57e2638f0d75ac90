"""Captions say nothing that the facts do not; checked on thousands of people who were never rendered."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from recipes.mini.heads.attributes import sample
from recipes.mini.portraits.captions import caption
from recipes.mini.portraits.captions.choice import with_article
from recipes.mini.portraits.rigs import STYLES, rig

Case = tuple[dict[str, Any], dict[str, Any], str]

ALL_VISIBLE = dict.fromkeys(("eye_color", "freckles", "top", "hair_length"), True)


def write(seed: int, style: str, **changes: Any) -> Case:
    """A person, a light and what is said about them."""
    rng = np.random.default_rng([seed, STYLES.index(style)])
    meta = {**sample(seed), "visible": ALL_VISIBLE, "geo": {}}
    _, side, facts = rig(style, rng)
    info = {
        "style": style,
        "side": side,
        "facts": facts,
        "flip": bool(rng.random() < 0.5),
        "bw": False,
        "fstop": 2.8,
        "bg_blur_px": 12.0,
        "background": "garden",
        **changes,
    }
    return meta, info, caption(meta, info, rng)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [write(seed, style) for seed in range(300) for style in STYLES]


def test_a_side_is_only_named_where_the_key_is(cases: list[Case]) -> None:
    named = 0
    for _, info, text in cases:
        if info["style"] in ("neon", "mixed warm cool"):
            continue
        found = re.search(r"(?:from the|upper|window on the) (?:upper )?(left|right)", text)
        if found:
            named += 1
            assert found[1] == info["side"], text
    assert named > 300


def test_two_colored_lights_come_from_their_own_sides(cases: list[Case]) -> None:
    for _, info, text in cases:
        found = re.search(r"(\w+) light from the (\w+) and (\w+) light from the (\w+)", text)
        if found:
            assert (found[1], found[3]) == info["facts"]["neon"]
            assert found[2] == info["side"] != found[4]


def test_ages_are_right(cases: list[Case]) -> None:
    for meta, _, text in cases:
        for years in re.findall(r"(\d+)[- ]year[- ]old", text):
            assert int(years) == meta["age"]
        for part, decade in re.findall(r"in (?:her|his) (early |mid-|late )?(\d\d)s", text):
            assert int(decade) == meta["age"] // 10 * 10
            low, high = {"early ": (0, 2), "mid-": (4, 6), "late ": (8, 9), "": (0, 9)}[part]
            assert low <= meta["age"] % 10 <= high


def test_the_person_is_called_what_they_are(cases: list[Case]) -> None:
    for meta, _, text in cases:
        other = {"woman": "man", "man": "woman"}[meta["gender"]]
        assert not re.search(rf"\b{other}\b", text)
        wrong = {"woman": "He|his", "man": "She|her"}[meta["gender"]]
        assert not re.search(rf"\b({wrong})\b", text)


@pytest.mark.parametrize(
    ("words", "attribute"),
    [
        (r"\bglasses\b", "glasses"),
        (r"\b(beard|stubble|shadow|goatee|mou?stache)\b", "beard"),
        (r"lipstick|makeup", "lipstick"),
        (r"freckle", "freckles"),
    ],
)
def test_what_is_not_there_is_not_mentioned(cases: list[Case], words: str, attribute: str) -> None:
    mentions = 0
    for meta, info, text in cases:
        if attribute == "beard" and info["style"] in ("butterfly", "loop", "split", "low-key"):
            continue  # their words for light speak of shadows
        if meta[attribute] == "none":
            assert not re.search(words, text), text
        else:
            mentions += bool(re.search(words, text))
    assert mentions > 20


def test_colors_are_the_attributes_colors(cases: list[Case]) -> None:
    for meta, info, text in cases:
        if found := re.search(r"(light blue|dark brown|brown|hazel|blue|green|gray) eyes", text):
            assert found[1] == meta["eyes"]
        if "wearing" in text and info["style"] != "neon":
            assert f" {meta['top_color']} " in text


def test_left_and_right_of_a_pose_are_the_viewers() -> None:
    for seed in range(400):
        meta, info, text = write(seed, "overcast")
        if found := re.search(r"(?:slightly to the|facing|to the|slightly) (left|right)\b", text):
            yaw = -meta["yaw"] if info["flip"] else meta["yaw"]
            assert found[1] == ("right" if yaw > 0 else "left")


def test_black_and_white_names_no_colors() -> None:
    for seed in range(300):
        meta, _, text = write(seed, "loop", bw=True, background="teal plaster wall")
        assert not re.search(r"\b(teal|blue|green|brown|auburn|blonde?|red|lipstick)\b", text)
        assert not re.search(rf"\b{meta['skin']} skin", text)
        if meta["top_color"] not in ("black", "white"):
            assert f"{meta['top_color']} {meta['top']}" not in text


def test_hidden_things_are_not_mentioned() -> None:
    nothing = dict.fromkeys(ALL_VISIBLE, False)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        meta = {**sample(seed), "visible": nothing, "geo": {}}
        _, info, _ = write(seed, "loop")
        text = caption(meta, info, rng)
        assert not re.search(r"freckle|wearing| eyes\b|\blong (straight|wavy|curly)", text), text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("18-year-old man", "an 18-year-old man"),
        ("80-year-old woman", "an 80-year-old woman"),
        ("elderly man", "an elderly man"),
        ("young woman", "a young woman"),
        ("olive green blouse", "an olive green blouse"),
    ],
)
def test_articles(words: str, expected: str) -> None:
    assert with_article(words) == expected


def test_captions_are_tidy(cases: list[Case]) -> None:
    for _, _, text in cases:
        assert text == text.strip()
        assert "  " not in text
        assert " ," not in text
        assert "None" not in text
