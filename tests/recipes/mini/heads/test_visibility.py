"""What a viewer can see."""

from __future__ import annotations

from typing import Any

from recipes.mini.heads.visibility import visible

HEAD: dict[str, Any] = {
    "eyes_px": [[100.0, 120.0], [145.0, 120.0]],
    "res": 288,
    "cov": 0.30,
    "yaw": 0.0,
    "framing": "close-up",
    "hair_style": "long wavy",
    "freckles": "light",
    "lipstick": "none",
    "beard": "none",
    "top": "crew-neck t-shirt",
}


def test_eyes_that_are_large_show_their_color() -> None:
    assert visible(HEAD)["eye_color"]
    far = {**HEAD, "eyes_px": [[100.0, 120.0], [130.0, 120.0]]}
    assert not visible(far)["eye_color"]
    assert not visible(far)["freckles"]
    assert visible({**far, "freckles": "heavy"})["freckles"]


def test_a_tight_frame_hides_clothes_and_length_of_hair() -> None:
    tight = {**HEAD, "cov": 0.27}
    assert not visible(tight)["top"]
    assert visible({**tight, "top": "turtleneck"})["top"]
    assert not visible(HEAD)["hair_length"]
    wide = {**HEAD, "framing": "head and shoulders"}
    assert visible(wide)["hair_length"]
    assert visible(wide)["top"]


def test_a_ponytail_shows_from_the_side() -> None:
    tail = {**HEAD, "hair_style": "ponytail"}
    assert not visible(tail)["ponytail"]
    assert visible({**tail, "yaw": -25.0})["ponytail"]
