"""Numbers of lenses, as people write them."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.prompt.gear import find_gear, find_numbers
from tests.prompt.work import calls


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("85mm f/1.8", [(85, 1.8)]),
        ("shot on 35mm, f2", [(35, 2)]),
        ("50 mm, F 1.4", [(50, 1.4)]),
        ("35mm lens at f/2", [(35, 2)]),
        ("f/1.8 85mm", [(85, 1.8)]),
        ("85‑mm lens, ƒ/2", [(85, 2)]),
        ("f2,85mm", [(85, 2)]),
        ("f/2,8 50 millimetres", [(50, 2.8)]),
        ("aperture of 5.6", [(None, 5.6)]),
        ("85/1.8 and 50/2 lens", [(85, 1.8), (50, 2)]),
        ("135mm f2, then 35mm f/8", [(135, 2), (35, 8)]),
        ("85mm f/1.4 stopped down to f/2.8", [(85, 1.4), (None, 2.8)]),
        ("24-70mm f/2.8", [(None, 2.8)]),
        ("f16", [(None, 16)]),
        ("85MM F/1.8", [(85, 1.8)]),
    ],
)
def test_numbers(text: str, numbers: list[tuple[float | None, float | None]]) -> None:
    assert [(gear.focal_mm, gear.aperture) for gear in find_gear(text)] == numbers


@pytest.mark.parametrize(
    "text",
    ["F16 fighter jet", "F1 car", "24/7", "1/200 s", "f/999", "2500mm", "0.85mm", "half 3", "the 80s", "F150 truck",
     "35 mm tall", "35mm film", "10 mm thick", "f17", "version 2/3", "B52mm5"],
)  # fmt: skip
def test_what_is_no_lens(text: str) -> None:
    assert find_gear(text) == []


def test_lengths_are_told_apart() -> None:
    lenses, lengths = find_numbers("a 35 mm tall king, 35mm wide angle")
    assert [(gear.start, gear.end) for gear in lengths] == [(2, 12)]
    assert [gear.focal_mm for gear in lenses] == [35]


def test_places_are_exact() -> None:
    text = "portrait, 85mm prime lens at f/1.8, soft"
    (gear,) = find_gear(text)
    assert text[gear.start : gear.end] == "85mm prime lens at f/1.8"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="f/ƒ.,0189 m-–lens٣²", max_size=80))
def test_any_text(text: str) -> None:
    last = 0
    for gear in find_gear(text):
        assert last <= gear.start < gear.end <= len(text)
        last = gear.end


@pytest.mark.parametrize("text", ["f", "8", "85mm ", " f ", "1/", "85 - ", "aperture ", "85mm f2 ", ".5"])
def test_work_grows_no_faster_than_the_text(text: str) -> None:
    short, long = (calls(partial(find_gear, (text * length)[:length])) for length in (10_000, 80_000))
    assert long < 10 * short + 100  # 8 is linear
