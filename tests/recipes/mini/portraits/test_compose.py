"""Pictures: the same as the first renderer's, and true to what their facts say about light and lens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2", reason="composing needs OpenCV")

from recipes.mini.portraits.compose import Composer, compose  # noqa: E402
from recipes.mini.portraits.pack import Head  # noqa: E402
from recipes.mini.portraits.rigs import STYLES  # noqa: E402

DATA = Path(__file__).parents[3] / "data"
PACK = DATA / "head.pack"

# Made by the first renderer of these packs, a program written before this package and apart from it: captions in
# full, pictures as thumbnails of 6 by 6 pixels (area averages).
FIRST_RENDERER: list[dict[str, Any]] = json.loads((DATA / "head.portraits.json").read_text(encoding="utf-8"))

ROUNDING = 1.0
"""Grey levels by which versions of OpenCV and numpy may move an average of 1800 pixels."""


@pytest.fixture(scope="module")
def head() -> Head:
    return Head(PACK)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("expected", FIRST_RENDERER, ids=lambda e: f"{e['seed']}-{e['style']}")
def test_same_as_the_first_renderer(head: Head, expected: dict[str, Any]) -> None:
    picture, caption, info = compose(
        head, rng(expected["seed"]), expected["style"], expected["flip"], expected["fstop"]
    )
    assert caption == expected["caption"]
    assert info["background"] == expected["background"]
    assert info["side"] == expected["side"]
    thumbnail = cv2.resize(picture, (6, 6), interpolation=cv2.INTER_AREA)
    difference = np.abs(thumbnail.ravel().astype(int) - np.array(expected["thumbnail"]))
    assert difference.max() <= ROUNDING


def test_every_style_is_compared() -> None:
    assert {e["style"] for e in FIRST_RENDERER} >= set(STYLES)


def halves_of_face(picture: np.ndarray, info: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Mean color of the left and right half of the face, as the viewer sees it."""
    x0, y0, x1, y1 = (round(v) for v in info["face_box"])
    quarter = (x1 - x0) // 4
    face = picture[y0 + (y1 - y0) // 4 : y1 - (y1 - y0) // 4, x0 + quarter // 2 : x1 - quarter // 2].astype(
        float
    )
    middle = face.shape[1] // 2
    return face[:, :middle].mean((0, 1)), face[:, middle:].mean((0, 1))


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("style", ["split", "rembrandt", "window", "loop"])
@pytest.mark.parametrize("seed", range(4))
def test_the_side_of_the_key_is_the_brighter_one(head: Head, style: str, seed: int, flip: bool) -> None:
    picture, _, info = compose(head, rng(seed), style, flip)
    left, right = halves_of_face(picture, info)
    brighter = "left" if left.sum() > right.sum() else "right"
    assert brighter == info["side"]
    key = next(light for light in info["light"] if light["role"] == "key")
    assert (key["azimuth"] < 0) == (info["side"] == "left")


@pytest.mark.parametrize("style", [s for s in STYLES if s != "high-key"])
def test_a_flip_mirrors_picture_and_facts(head: Head, style: str) -> None:
    plain, _, facts = compose(head, rng(3), style, flip=False)
    flipped, _, mirrored = compose(head, rng(3), style, flip=True)
    assert np.array_equal(flipped, plain[:, ::-1])
    swap = {"left": "right", "right": "left", None: None}
    assert mirrored["side"] == swap[facts["side"]]
    assert mirrored["yaw"] == -facts["yaw"]
    for light, image in zip(facts["light"], mirrored["light"], strict=True):
        assert image["azimuth"] in (light["azimuth"], -(light["azimuth"] or 0))
        assert not light["azimuth"] or image["azimuth"] == -light["azimuth"]
    assert mirrored["face_box"][0] == pytest.approx(256 - facts["face_box"][2], abs=0.11)


@pytest.mark.parametrize("style", ["golden hour", "overcast", "open shade sun"])
def test_a_larger_aperture_blurs_the_background_more(head: Head, style: str) -> None:
    blurs, details = [], []
    for fstop in (8.0, 2.8, 1.2):
        picture, _, info = compose(head, rng(11), style, flip=False, fstop=fstop)
        corner = cv2.cvtColor(picture[:64, :48], cv2.COLOR_RGB2GRAY).astype(np.float32)
        smooth = cv2.GaussianBlur(corner, (0, 0), 1.2)  # grain is not detail
        details.append(float(np.abs(cv2.Laplacian(smooth, cv2.CV_32F)).mean()))
        blurs.append(info["bg_blur_px"])
    assert blurs == sorted(blurs)
    assert blurs[0] < blurs[-1]
    assert details[-1] < details[0]


@pytest.mark.parametrize("seed", range(4))
def test_the_candle_side_is_warmer_than_the_daylight_side(head: Head, seed: int) -> None:
    picture, _, info = compose(head, rng(seed), "mixed warm cool")
    left, right = halves_of_face(picture, info)
    warmth = {"left": left[0] / left[2], "right": right[0] / right[2]}
    other = "left" if info["side"] == "right" else "right"
    assert warmth[info["side"]] > warmth[other]


def test_low_key_is_darker_than_high_key(head: Head) -> None:
    low, high = (compose(head, rng(5), style)[0].mean() for style in ("low-key", "high-key"))
    assert low < 60
    assert high > 120


def test_size_changes_the_pixels_and_not_the_facts(head: Head) -> None:
    small, _, facts = compose(head, rng(8), "butterfly", flip=False, fstop=2.0)
    large, _, enlarged = compose(head, rng(8), "butterfly", flip=False, fstop=2.0, size=384)
    assert small.shape == (256, 256, 3)
    assert large.shape == (384, 384, 3)
    assert enlarged["light"] == facts["light"]
    assert enlarged["bg_blur_px"] == pytest.approx(facts["bg_blur_px"], abs=0.1)
    assert enlarged["face_box"] == pytest.approx([1.5 * v for v in facts["face_box"]], abs=0.2)


def test_an_unknown_style_is_refused_by_name(head: Head) -> None:
    with pytest.raises(ValueError, match=r"'sunset'.*rembrandt"):
        compose(head, rng(0), "sunset")


def test_a_composer_repeats_itself() -> None:
    first, second = Composer([PACK], seed=4), Composer([PACK], seed=4)
    for _ in range(2):
        a, b = first.sample(), second.sample()
        assert np.array_equal(a[0], b[0])
        assert a[1:] == b[1:]
    stream = Composer(DATA, seed=4).stream(per_head=2)
    assert next(stream)[0].shape == (256, 256, 3)


def test_a_folder_without_packs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No packs"):
        Composer(tmp_path)


def test_facts_are_plain_json(head: Head) -> None:
    _, _, info = compose(head, rng(1))
    assert json.loads(json.dumps(info)) == info
