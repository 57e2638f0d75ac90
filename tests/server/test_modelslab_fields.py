"""What clients of the ModelsLab surface send: the same order for every spelling of a value, an error for nonsense.

The spellings are those that were seen in clients (docs/modelslab.md); the limits and the sentences of errors are
those of the hosted service's documentation.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.engine.request import Request
from fluxgram.families.checkpoints import Licence
from fluxgram.jobs.checkpoints import CheckpointCard, Offer
from fluxgram.server.modelslab_fields import WITHOUT_EFFECT, find_card, fit, read
from fluxgram.server.modelslab_values import InvalidFields
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings

QUICK = settings(max_examples=60, deadline=None)
ABSENT = object()

YES = [True, "yes", "Yes", "YES", "true", "True", 1, "1", " yes "]
NO = [False, "no", "No", "false", "False", 0, "0"]
NOTHING = [ABSENT, None, "", "  ", "null", "undefined"]


def spelled(value: Any) -> st.SearchStrategy[Any]:
    """Ways in which clients were seen to write a value."""
    if value is None:
        return st.sampled_from(NOTHING)
    if isinstance(value, bool):
        return st.sampled_from(YES if value else NO)
    if isinstance(value, int):
        ways = [value, str(value), f" {value} ", f"{value}.0"] + (
            [float(value)] if abs(value) < 2**53 else []
        )
        return st.sampled_from(ways)
    if isinstance(value, float):
        return st.sampled_from([value, repr(value), f" {value!r} "])
    return st.just(value)


SIDES = st.none() | st.integers(32, 128).map(lambda eighth: eighth * 8)
DOCUMENTED = st.fixed_dictionaries(
    {
        "width": SIDES,
        "height": SIDES,
        "samples": st.none() | st.integers(1, 4),
        "num_inference_steps": st.none() | st.integers(1, 50),
        "guidance_scale": st.none()
        | st.integers(1, 20)
        | st.floats(1, 20).map(lambda scale: round(scale, 3)),
        "seed": st.none() | st.integers(0, 2**64 - 1),
        "safety_checker": st.none() | st.booleans(),
        "enhance_prompt": st.none() | st.booleans(),
        "base64": st.none() | st.booleans(),
        "temp": st.none() | st.booleans(),
        "negative_prompt": st.none() | st.just("cartoon, blur"),
        "model_id": st.none() | st.just("fluxgram-v1"),
        "safety_checker_type": st.none() | st.sampled_from(["blur", "pixelate", "black"]),
        "webhook": st.none() | st.just("https://example.com/done"),
        "panorama": st.none() | st.just(False),
        "lora_model": st.none() | st.just(""),
    }
)


@QUICK
@given(st.data())
def test_every_spelling_of_a_value_gives_the_same_order(data: st.DataObject) -> None:
    values = data.draw(DOCUMENTED)
    orders = []
    for _ in range(2):
        body = {name: data.draw(spelled(value), label=name) for name, value in values.items()}
        orders.append(read({"prompt": "a face"} | {k: v for k, v in body.items() if v is not ABSENT}))
    assert replace(orders[0], extra={}) == replace(orders[1], extra={})
    order = orders[0]
    plain = {
        "prompt": "a face",
        "size": [values["width"] or 512, values["height"] or 512],
        "samples": values["samples"] or 1,
        "negative": values["negative_prompt"],
        "seed": values["seed"],
        "steps": values["num_inference_steps"],
        "guidance": values["guidance_scale"],
        "checkpoint": values["model_id"],
    }
    assert order.request == {name: value for name, value in plain.items() if value is not None}
    assert (order.check, order.enhance) == (values["safety_checker"], bool(values["enhance_prompt"]))
    assert order.redact == (values["safety_checker_type"] or "blur")
    assert order.lasts == (86_400 if values["temp"] else None)
    assert order.extra["base64"] is bool(values["base64"])
    assert order.webhook == (values["webhook"] or "")
    assert order.notes == ()
    assert order.lenient
    assert Request.from_dict(order.request).prompt == "a face"  # the engine takes it


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["prompt", "width", "height", "samples", "num_inference_steps", "guidance_scale", "seed", "safety_checker",
     "safety_checker_type", "enhance_prompt", "base64", "temp", "webhook", "track_id", "lora_model", "model_id",
     "negative_prompt", "instant_response", *WITHOUT_EFFECT]
) | st.text(st.characters(codec="utf-8"), max_size=10)  # fmt: skip


@QUICK
@given(st.dictionaries(NAMES, ANYTHING, max_size=8))
def test_whatever_is_sent_is_an_order_or_an_error_of_its_fields(body: dict[str, Any]) -> None:
    try:
        order = read(body)
    except InvalidFields as error:
        assert error.errors.keys() <= body.keys() | {"prompt"}  # noqa: PT017
        assert all(sentence.startswith(name) for name, sentence in error.errors.items())  # noqa: PT017
        json.dumps(error.errors, allow_nan=False)
        return
    assert {note.name for note in order.notes} <= {*body, "…"}
    kept = json.dumps([dict(order.extra), [note.to_dict() for note in order.notes]], allow_nan=False)
    assert "\0" not in kept
    assert 1 <= order.request["samples"] <= 4  # type: ignore[operator]
    assert all(256 <= side <= 1024 and side % 8 == 0 for side in order.request["size"])  # type: ignore[attr-defined]
    assert order.request.get("steps") is None or 1 <= order.request["steps"] <= 50  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prompt": ABSENT}, "prompt is required"),
        ({"prompt": None}, "prompt is required"),
        ({"prompt": "   "}, "prompt is required"),
        ({"prompt": 7}, "prompt must be text"),
        ({"prompt": ["a face"]}, "prompt must be text"),
        ({"prompt": "a\0face"}, "prompt holds characters that are not text"),
        ({"width": "abc"}, "width must be a whole number, not 'abc'"),
        ({"width": 512.5}, "width must be a whole number, not 512.5"),
        ({"width": True}, "width must be a whole number, not 'yes'"),
        ({"width": [512]}, "width must be a whole number, not '[512]'"),
        ({"width": math.nan}, "width must be a whole number, not 'NaN'"),
        ({"width": 248}, "width must be between 256 and 1024"),
        ({"width": "-512"}, "width must be between 256 and 1024"),
        ({"width": 10**30}, "width must be between 256 and 1024"),
        ({"height": 1032}, "height must be between 256 and 1024"),
        ({"height": 515}, "height must be divisible by 8"),
        ({"samples": 0}, "samples must be between 1 and 4"),
        ({"samples": "5"}, "samples must be between 1 and 4"),
        ({"guidance_scale": 0.5}, "guidance_scale must be between 1 and 20"),
        ({"guidance_scale": 21}, "guidance_scale must be between 1 and 20"),
        ({"guidance_scale": "nan"}, "guidance_scale must be a number, not 'nan'"),
        ({"guidance_scale": math.inf}, "guidance_scale must be a number, not 'Infinity'"),
        ({"guidance_scale": 10**400}, "guidance_scale must be a number"),
        ({"num_inference_steps": 0}, "num_inference_steps must be at least 1"),
        ({"seed": -2}, "seed must be between 0 and 18446744073709551615, or null for a random one"),
        ({"seed": "1e3"}, "seed must be a whole number, not '1e3'"),
        ({"safety_checker": "perhaps"}, "safety_checker must be yes or no, not 'perhaps'"),
        ({"enhance_prompt": 2}, "enhance_prompt must be yes or no, not 2"),
        ({"safety_checker_type": "smear"}, "safety_checker_type must be one of blur, pixelate, black"),
        ({"track_id": {"a": 1}}, "track_id must be text or a number"),
        ({"webhook": 5}, "webhook must be text"),
        ({"lora_model": ["skin"]}, "lora_model must be text"),
        ({"lora_model": "skin, skin"}, "lora_model names an adapter twice"),
        ({"lora_model": ",".join("abcdefghi")}, "lora_model may name at most 8 adapters"),
        ({"init_image": "https://example.com/a.png"}, "init_image is not available"),
    ],
)  # fmt: skip
def test_nonsense_is_an_error_that_names_the_field(fields: dict[str, Any], sentence: str) -> None:
    body = {name: value for name, value in ({"prompt": "a face"} | fields).items() if value is not ABSENT}
    with pytest.raises(InvalidFields) as caught:
        read(body)
    assert str(caught.value).startswith(sentence)
    assert list(caught.value.errors) == list(fields)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidFields) as caught:
        read({"width": "abc", "samples": 9})
    assert caught.value.errors.keys() == {"prompt", "width", "samples"}
    assert "; " in str(caught.value)


def test_more_steps_than_are_documented_are_moved_to_the_limit_and_listed() -> None:
    order = read({"prompt": "a face", "num_inference_steps": "999"})
    assert order.request["steps"] == 50
    assert [(note.name, note.value) for note in order.notes] == [("num_inference_steps", 999)]
    assert "50" in order.notes[0].reason


def test_a_seed_of_minus_one_is_a_random_one_and_listed() -> None:
    order = read({"prompt": "a face", "seed": -1})
    assert "seed" not in order.request
    assert [note.name for note in order.notes] == ["seed"]


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_what_nothing_applies_is_listed_with_its_reason(name: str) -> None:
    order = read({"prompt": "a face", name: "DDIMScheduler"})
    assert [(note.name, note.value) for note in order.notes] == [(name, "DDIMScheduler")]
    assert order.notes[0].reason.endswith(".")
    for off in (None, "", "no", False, "none", 0):
        assert read({"prompt": "a face", name: off}).notes == ()


def test_unknown_fields_are_listed_and_their_number_is_bounded() -> None:
    body = {"prompt": "a face", "key": "secret", "sampler": "x" * 5000} | {f"f{i}": i for i in range(200)}
    notes = read(body).notes
    assert notes[0].name == "sampler"
    assert len(str(notes[0].value)) == 200
    assert len(notes) == 65
    assert notes[-1].value == 137
    assert "secret" not in str(notes)


def test_the_reason_for_the_blur_is_told_where_a_text_was_asked_for() -> None:
    order = read({"prompt": "a face", "safety_checker_type": "sensitive_content_text"})
    assert order.redact == "blur"
    assert [note.name for note in order.notes] == ["safety_checker_type"]


@pytest.mark.parametrize("track", ["order 7", 7, "ünïcode"])
def test_a_track_id_comes_back_as_it_was_sent(track: object) -> None:
    assert read({"prompt": "a face", "track_id": track}).extra["track_id"] == track


CARD = CheckpointCard(
    name="small",
    title="",
    family="flux2",
    licence=Licence(name="none", page="", commercial=True, outputs=""),
    present=True,
    default=True,
    steps={"draft": 4, "proof": 4, "final": 4},
    guidance=1.0,
    distilled=True,
    sizes={"default": [512, 512], "known": [], "least": 64, "most": 512 * 512},
    negative="unsupported",
    names=("fluxgram-v1",),
)


def test_a_distilled_checkpoint_is_not_made_to_take_more_steps() -> None:
    order = fit(read({"prompt": "a face", "num_inference_steps": 30}), CARD)
    assert order.request["steps"] == 4
    assert [(note.name, note.value) for note in order.notes] == [("num_inference_steps", 30)]
    assert fit(read({"prompt": "a face", "num_inference_steps": 2}), CARD).request["steps"] == 2
    twice = fit(read({"prompt": "a face", "num_inference_steps": 999}), CARD)  # above both limits: told once
    assert [(note.name, note.value) for note in twice.notes] == [("num_inference_steps", 999)]
    whole = replace(CARD, distilled=False)
    assert fit(read({"prompt": "a face", "num_inference_steps": 30}), whole).request["steps"] == 30


def test_a_size_that_the_checkpoint_cannot_draw_keeps_its_shape() -> None:
    order = fit(read({"prompt": "a face", "width": 512, "height": 1024}), CARD)
    width, height = order.request["size"]  # type: ignore[misc]
    assert width * height <= 512 * 512
    assert width / height == pytest.approx(0.5, abs=0.02)
    assert [(note.name, note.value) for note in order.notes] == [("size", "512x1024")]
    resampled = replace(CARD, sizes={**CARD.sizes, "known": [[256, 256]]})
    assert fit(read({"prompt": "a face", "width": 1024}), resampled).notes == ()


@pytest.mark.parametrize(
    ("fields", "adapters"),
    [
        ({"lora_model": "skin"}, [("skin", 1.0)]),
        ({"lora_model": "skin", "lora_strength": 0.45}, [("skin", 0.45)]),
        ({"lora_model": "skin", "lora_strength": "0.45"}, [("skin", 0.45)]),
        (
            {"lora_model": "contrast-fix, skin,", "lora_strength": "0.45,-1"},
            [("contrast-fix", 0.45), ("skin", -1.0)],
        ),
        ({"lora_model": "a,b", "lora_strength": 0.5}, [("a", 0.5), ("b", 0.5)]),
        ({"lora_model": "no", "lora_strength": 1}, None),
        ({"lora_model": None, "lora_strength": "1"}, None),
    ],
)
def test_adapters(fields: dict[str, Any], adapters: list[tuple[str, float]] | None) -> None:
    order = read({"prompt": "a face"} | fields)
    expected = adapters and [{"source": name, "weight": weight} for name, weight in adapters]
    assert order.request.get("adapters") == expected
    assert order.notes == ()


@pytest.mark.parametrize(
    ("strength", "sentence"),
    [
        ("strong", "lora_strength must be a number, or numbers separated by commas"),
        ("0.5,,1", "lora_strength must be a number, or numbers separated by commas"),
        (1e9, "lora_strength must be between -4 and 4"),
        ("1,1,1", "lora_strength has 3 numbers for 2 adapters"),
    ],
)
def test_strengths_that_are_none(strength: object, sentence: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        read({"prompt": "a face", "lora_model": "a,b", "lora_strength": strength})
    assert caught.value.errors == {"lora_strength": sentence}


def test_a_strength_of_nothing_is_listed() -> None:
    assert [note.name for note in read({"prompt": "a face", "lora_strength": 0.5}).notes] == ["lora_strength"]


def test_names_lead_to_checkpoints() -> None:
    other = replace(CARD, name="other", default=False, names=())
    assert find_card("", [other, CARD]) is CARD
    assert find_card("fluxgram-v1", [other, CARD]) is CARD
    assert find_card("other", [CARD, other]) is other
    assert find_card("../small", [CARD, other]) is None


def test_every_checkpoint_is_found_by_the_name_of_its_repository(tmp_path: Path) -> None:
    """So that steps are fitted whatever a distilled one is called."""
    cards = Offer(Settings(tmp_path), ServiceSettings()).cards()
    card = find_card("black-forest-labs/FLUX.2-klein-4B", cards)
    assert card is not None
    assert fit(read({"prompt": "a face", "num_inference_steps": 30}), card).request["steps"] == 4
