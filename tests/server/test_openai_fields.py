"""Fields of an OpenAI request, read without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.errors import FluxgramError, PromptRefused, RequestError, UnknownCheckpoint
from fluxgram.server.openai_body import Body, FieldRefused, shown
from fluxgram.server.openai_fields import Wish, param_of, read_wish


def read(mapped: tuple[str, ...] = (), **values: Any) -> Wish:
    return read_wish(Body.parse(json.dumps({"prompt": "a portrait"} | values).encode()), mapped)


def names(wish: Wish) -> list[str]:
    return [note.name for note in wish.notes]


def test_a_prompt_is_enough() -> None:
    wish = read()
    assert wish.fields == {"prompt": "a portrait", "samples": 1, "quality": "final"}
    assert (wish.format, wish.url, wish.stream, wish.partials, wish.notes) == ("png", False, False, 0, ())


def test_null_is_the_same_as_nothing() -> None:
    every = ("model", "n", "size", "quality", "output_format", "output_compression", "response_format", "background",
             "moderation", "style", "user", "stream", "partial_images", "seed", "negative_prompt", "steps",
             "num_inference_steps", "guidance", "guidance_scale", "width", "height", "enhance_prompt",
             "safety_checker", "loras", "lora_model", "something_else")  # fmt: skip
    assert read(**dict.fromkeys(every)) == read()


@pytest.mark.parametrize(
    ("word", "dial"),
    [
        ("auto", "final"),
        ("low", "draft"),
        ("medium", "proof"),
        ("high", "final"),
        ("standard", "proof"),
        ("hd", "final"),
    ],
)
def test_qualities_lead_to_the_dial(word: str, dial: str) -> None:
    assert read(quality=word).fields["quality"] == dial


def test_sizes_come_as_one_text_or_as_two_numbers() -> None:
    assert "size" not in read(size="auto").fields
    assert read(size="1536x1024").fields["size"] == "1536x1024"
    assert read(width=256, height=384).fields["size"] == [256, 384]
    assert read(width=256, height=384, size="256x384").fields["size"] == [256, 384]
    with pytest.raises(FieldRefused, match="size is '256x256', but width and height are 256 and 384"):
        read(width=256, height=384, size="256x256")
    with pytest.raises(FieldRefused, match="one side but no height") as caught:
        read(width=256)
    assert caught.value.param == "height"


def test_their_models_are_stood_in_for_and_it_is_said() -> None:
    wish = read(model="gpt-image-1")
    assert "checkpoint" not in wish.fields
    assert names(wish) == ["model"]
    assert wish.notes[0].value == "gpt-image-1"
    mapped = read(("gpt-image-1",), model="gpt-image-1")
    assert mapped.fields["checkpoint"] == "gpt-image-1"
    assert mapped.notes == ()
    assert read(model="flux2-klein-4b").fields["checkpoint"] == "flux2-klein-4b"


def test_old_models_answer_with_links_unless_told_otherwise() -> None:
    assert read(model="dall-e-3").url
    assert read(model="dall-e-2").url
    assert not read(model="dall-e-3", response_format="b64_json").url
    assert not read(model="gpt-image-1").url
    assert read(response_format="url").url


def test_both_names_of_a_field_are_read() -> None:
    assert read(steps=7).fields["steps"] == read(num_inference_steps=7).fields["steps"] == 7
    assert read(guidance=2).fields["guidance"] == read(guidance_scale=2.0).fields["guidance"] == 2
    with pytest.raises(FieldRefused, match="steps is 7 and num_inference_steps is 8"):
        read(steps=7, num_inference_steps=8)


def test_nothing_is_ignored_silently() -> None:
    wish = read(
        style="vivid", user="u-1", output_compression=80, moderation="low", partial_images=2, wobble={"a": 1}
    )
    assert sorted(names(wish)) == [
        "moderation",
        "output_compression",
        "partial_images",
        "style",
        "user",
        "wobble",
    ]
    assert all(note.reason.endswith(".") for note in wish.notes)


def test_a_flood_of_unknown_fields_is_counted_not_repeated() -> None:
    wish = read(**{f"field{number}": "x" * 10_000 for number in range(1000)})
    assert len(wish.notes) == 33
    assert wish.notes[-1].value == 1000 - 32
    assert len(json.dumps([note.to_dict() for note in wish.notes])) < 16_000


@pytest.mark.parametrize(
    ("fields", "adapters"),
    [
        ({"loras": ["film"]}, [{"source": "film"}]),
        ({"loras": "film, skin"}, [{"source": "film"}, {"source": "skin"}]),
        (
            {"loras": [{"name": "film", "scale": 0.5}, {"path": "skin"}]},
            [{"source": "film", "weight": 0.5}, {"source": "skin"}],
        ),
        ({"lora": {"model": "film", "weight": "2"}}, [{"source": "film", "weight": 2.0}]),
        ({"lora_model": "film", "lora_strength": 0.8}, [{"source": "film", "weight": 0.8}]),
        (
            {"lora_model": "film,skin", "lora_strength": "0.8, -1"},
            [{"source": "film", "weight": 0.8}, {"source": "skin", "weight": -1.0}],
        ),
        (
            {"loras": ["a", "b"], "lora_strength": 2},
            [{"source": "a", "weight": 2.0}, {"source": "b", "weight": 2.0}],
        ),
    ],
)
def test_adapters_in_every_form(fields: dict[str, object], adapters: list[object]) -> None:
    assert read(**fields).fields["adapters"] == adapters


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"loras": [{"x": 1}]}, "loras"),
        ({"loras": [{"name": "a", "path": "b"}]}, "loras"),
        ({"loras": [1]}, "loras"),
        ({"loras": 0.5}, "loras"),
        ({"loras": [" "]}, "loras"),
        ({"loras": [{"name": "a", "scale": 1e9}]}, "loras"),
        ({"loras": ["a"], "lora_model": "b"}, "lora_model"),
        ({"lora_model": "a,b", "lora_strength": "1,2,3"}, "lora_strength"),
        ({"lora_model": "a", "lora_strength": "nan"}, "lora_strength"),
        ({"lora_model": "a", "lora_strength": True}, "lora_strength"),
        ({"lora_strength": 0.5}, "lora_strength"),
        ({"loras": list("abcdefghi")}, "loras"),
    ],
)
def test_adapters_that_cannot_be_read_are_refused(fields: dict[str, object], param: str) -> None:
    with pytest.raises(FieldRefused) as caught:
        read(**fields)
    assert caught.value.param == param
    assert caught.value.hint


def test_no_adapters_are_no_adapters() -> None:
    assert read(loras=[], lora_model="", lora={}).notes == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", 7), ("prompt", ["a"]), ("prompt", {}), ("prompt", True),
        ("model", 7), ("model", []),
        ("n", 0), ("n", 11), ("n", -1), ("n", 10**400), ("n", "2"), ("n", 1.5), ("n", True), ("n", []),
        ("size", 1024), ("size", [256, 256]),
        ("width", "256"), ("width", 2.5),
        ("quality", "best"), ("quality", 3), ("quality", ""),
        ("output_format", "tiff"), ("output_format", "gif"), ("output_format", "svg"), ("output_format", 1),
        ("output_compression", 101), ("output_compression", -1), ("output_compression", "80"),
        ("response_format", "base64"), ("response_format", 1),
        ("background", "transparent"), ("background", "blue"),
        ("moderation", "none"),
        ("stream", "perhaps"), ("stream", 1), ("stream", []),
        ("partial_images", 4), ("partial_images", -1), ("partial_images", 1.0),
        ("seed", 1.5), ("seed", []), ("seed", True),
        ("negative_prompt", 3), ("negative_prompt", ["a"]),
        ("steps", "8"), ("steps", 8.0), ("num_inference_steps", True),
        ("guidance", "2"), ("guidance_scale", 10**400), ("guidance_scale", True),
        ("enhance_prompt", 2), ("safety_checker", "perhaps"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field(field: str, value: object) -> None:
    values = {"width": 8, "height": 8} if field == "width" else {}
    with pytest.raises(FieldRefused) as caught:
        read(**values | {field: value})
    assert caught.value.param == field
    assert len(str(caught.value)) < 300
    assert str(caught.value).endswith(".")
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"3", b"null", b'"prompt"', b"\xff\xfe", b'{"prompt": NaN}', b'{"guidance": Infinity}',
        b"[" * 100_000, b'{"seed": ' + b"9" * 5000 + b"}", b'{"prompt": "\\ud800"}', b"prompt=a", b"\0",
    ],
    ids=lambda data: data[:12].decode("latin-1"),
)  # fmt: skip
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(FieldRefused) as caught:
        read_wish(Body.parse(data), ())
    assert caught.value.param is None


def test_no_prompt_is_told_as_such() -> None:
    with pytest.raises(FieldRefused) as caught:
        read_wish(Body.parse(b"{}"), ())
    assert (caught.value.param, caught.value.code) == ("prompt", "missing_required_parameter")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = st.sampled_from(
    [
        "prompt",
        "model",
        "n",
        "size",
        "quality",
        "seed",
        "steps",
        "guidance",
        "stream",
        "style",
        "loras",
        "width",
    ]
)


@given(st.dictionaries(_FIELDS | st.text(max_size=6), _JSON, max_size=6))
def test_any_object_is_read_or_refused_in_words(values: dict[str, Any]) -> None:
    try:
        wish = read_wish(Body(values), ())
    except FluxgramError as error:
        assert str(error)  # noqa: PT017  (either way is right)
        return
    used = {note.name for note in wish.notes}
    for name, value in values.items():
        if name not in _KNOWN and value is not None:
            assert name in used or len(name) > 100 or "\0" in name


_KNOWN = {"prompt", "model", "n", "size", "quality", "seed", "steps", "guidance", "stream", "loras", "width"}


@pytest.mark.parametrize(
    "value", ["a\0b", "\ud800", "x" * 10_000, 10**4000, -(10**30), [1] * 9999, {"a": "é"}]
)
def test_what_is_shown_is_short_and_clean(value: object) -> None:
    text = shown(value)
    assert len(text) < 200
    assert "\0" not in text
    text.encode("utf-8")


def test_the_door_s_errors_are_about_fields() -> None:
    """The sentences are the door's own: whoever changes one of them is told here."""
    from fluxgram.engine.request import Request

    def fault(**values: object) -> str | None:
        with pytest.raises(RequestError) as caught:
            Request.from_dict({"prompt": "a portrait"} | values)
        return param_of(caught.value)

    assert fault(prompt=" ") == "prompt"
    assert fault(prompt="x" * 100_001) == "prompt"
    assert fault(prompt="\0") == "prompt"
    assert fault(negative="\0") == "negative_prompt"
    assert fault(seed=-1) == fault(seed="abc") == fault(seed=2**64) == "seed"
    assert fault(steps=0) == fault(steps=10**30) == "steps"
    assert fault(guidance=-1.0) == fault(guidance=31.0) == "guidance"
    for size in ("0x0", "99999x1", "huge", "3x", "2:99", [0, 5], "999999x999999"):
        assert fault(size=size) == "size", size
    assert param_of(UnknownCheckpoint("x")) == "model"
    assert param_of(PromptRefused("x")) == "prompt"
    assert param_of(FluxgramError("x")) is None
