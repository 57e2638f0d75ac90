"""`Request` at the door: every bad value of the issue is one sentence and a hint."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.request import Request, Shape, parse_seed, parse_size
from fluxgram.errors import RequestError

BAD = {
    "no words": ({"prompt": ""}, "empty"),
    "white words": ({"prompt": " \t\n"}, "empty"),
    "words of bytes": ({"prompt": b"portrait"}, "must be text, not bytes"),
    "words of nothing": ({"prompt": None}, "must be text, not nothing"),
    "half a character": ({"prompt": "a \ud800 b"}, "not text"),
    "a zero byte": ({"prompt": "a\0b"}, "not text"),
    "a book": ({"prompt": "a" * 100_001}, "100001 characters"),
    "negative of a number": ({"negative": 5}, "negative prompt must be text"),
    "width 0": ({"size": (0, 512)}, "0x512 px has no area"),
    "height below 0": ({"size": (512, -512)}, "512x-512 px has no area"),
    "absurd size": ({"size": (10**9, 10**9)}, "too large"),
    "long and thin": ({"size": (1600, 100)}, "too long and thin"),
    "size of one number": ({"size": 512}, "width and a height"),
    "size of three": ({"size": (512, 512, 3)}, "width and a height"),
    "half pixels": ({"size": (512.5, 512)}, "whole numbers of px"),
    "steps 0": ({"steps": 0}, "steps can't be 0"),
    "steps below 0": ({"steps": -4}, "steps can't be -4"),
    "steps without end": ({"steps": 10**6}, "steps can't be 1000000"),
    "half steps": ({"steps": 4.0}, "must be a whole number, not a number"),
    "guidance NaN": ({"guidance": math.nan}, "guidance can't be nan"),
    "guidance without end": ({"guidance": math.inf}, "guidance can't be inf"),
    "guidance below 0": ({"guidance": -1}, "guidance can't be -1"),
    "guidance above 30": ({"guidance": 30.5}, "guidance can't be 30.5"),
    "guidance in words": ({"guidance": "high"}, "must be a number, not text"),
    "seed below 0": ({"seed": -1}, "seed can't be -1"),
    "seed over 64 bits": ({"seed": 2**64}, "seed can't be 18446744073709551616"),
    "seed of 100 digits": ({"seed": 10**100}, "a number of 101 digits"),
    "seed with a point": ({"seed": 1.5}, "must be a whole number, not a number"),
    "seed in words": ({"seed": "lucky"}, "'lucky' is not a seed"),
    "seed true": ({"seed": True}, "must be a whole number, not True"),
    "no samples": ({"samples": 0}, "samples can't be 0"),
    "65 samples": ({"samples": 65}, "samples can't be 65"),
    "samples true": ({"samples": True}, "must be a whole number"),
    "quality typo": ({"quality": "darft"}, "no quality 'darft'"),
    "no checkpoint": ({"checkpoint": " "}, "name, a folder or a hub id"),
    "strict in words": ({"strict": "yes"}, "must be true or false, not text"),
    "previews below 0": ({"preview_every": -1}, "preview_every can't be -1"),
}


@pytest.mark.parametrize(("fields", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_value_is_one_sentence_and_a_hint(fields: dict[str, object], words: str) -> None:
    with pytest.raises(RequestError) as caught:
        Request.from_dict({"prompt": "portrait of a woman"} | fields)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 160
    assert caught.value.hint
    assert caught.value.exit_status == 2


def test_the_constructor_checks_as_well() -> None:
    with pytest.raises(RequestError, match="steps can't be 0"):
        Request("portrait", steps=0)


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(RequestError) as caught:
        Request.from_dict({"prompt": "portrait", "guidence": 3})
    assert "'guidence' is not a field" in str(caught.value)
    assert caught.value.hint == "Did you mean guidance?"


def test_a_request_without_prompt_is_refused() -> None:
    with pytest.raises(RequestError, match="has no prompt"):
        Request.from_dict({"seed": 1})


def test_a_blank_negative_is_none() -> None:
    assert Request("portrait", negative="  ").negative is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512x768", (512, 768)),
        (" 512 X 768 ", (512, 768)),
        ("512×768", (512, 768)),
        ("2:3", Shape(2, 3)),
        ("portrait", Shape(2, 3)),
        ("Square", Shape(1, 1)),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: object) -> None:
    assert parse_size(text) == size
    assert Request.from_dict({"prompt": "portrait", "size": text}).size == size


@pytest.mark.parametrize(
    "text", ["", "512", "512x", "x512", "0x512", "-512x512", "2:0", "9:1", "1x1x1", "9" * 5000, "∞x∞"]
)
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_size(text)
    assert caught.value.hint
    assert len(str(caught.value)) < 160


def test_a_misspelt_shape_names_the_nearest() -> None:
    with pytest.raises(RequestError) as caught:
        parse_size("portait")
    assert caught.value.hint == "Did you mean portrait?"


def test_seeds_are_read_as_people_write_them() -> None:
    assert parse_seed(" 42 ") == 42
    assert parse_seed(str(2**64 - 1)) == 2**64 - 1


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "0x2a", "random", str(2**64), "9" * 5000, "４２x"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_seed(text)
    assert "0 to 18446744073709551615" in caught.value.hint


requests = st.builds(
    Request,
    prompt=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
        str.strip
    ),
    negative=st.none() | st.just("blurry"),
    seed=st.none() | st.integers(0, 2**64 - 1),
    size=st.none() | st.tuples(st.integers(300, 900), st.integers(300, 900)) | st.just(Shape(2, 3)),
    samples=st.integers(1, 64),
    steps=st.none() | st.integers(1, 200),
    guidance=st.none() | st.floats(0, 30),
    quality=st.sampled_from(["draft", "proof", "final"]),
    checkpoint=st.none() | st.just("fluxgram-mini"),
    strict=st.booleans(),
    preview_every=st.integers(0, 200),
    allow_ignored=st.booleans(),
    adapters=st.just(())
    | st.just((AdapterUse("film", 0.5, (0.0, 0.5), {"double": 2.0}), AdapterUse("skin"))),
    negative_method=st.none() | st.sampled_from(["true_cfg", "vsf", "nag"]),
    negative_scale=st.none() | st.floats(0.1, 30),
)


@given(requests)
def test_a_request_survives_json(request: Request) -> None:
    assert Request.from_dict(json.loads(json.dumps(request.to_dict()))) == request


_NAMES = "prompt size seed steps guidance samples quality x adapters negative negative_method negative_scale"
fields = st.sampled_from(_NAMES.split())
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.integers())
    | st.binary()
)


@given(st.dictionaries(fields, anything))
def test_nothing_but_a_request_error_comes_out_of_the_door(values: dict[str, object]) -> None:
    try:
        Request.from_dict(values)
    except RequestError as error:
        assert error.hint  # noqa: PT017  (most values are refused, not all)
