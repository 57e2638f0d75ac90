"""Adapters as people write them: names, files, hub ids, weights, steps and blocks, and what is none of these."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.engine.adapter_use import AdapterUse, adapters_of
from fluxgram.engine.request import Request
from fluxgram.errors import RequestError


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("film", AdapterUse("film")),
        ("film:0.8", AdapterUse("film", 0.8)),
        (" film : -1.5 ", AdapterUse("film", -1.5)),
        ("film:1e-1", AdapterUse("film", 0.1)),
        ("a/b/film.safetensors", AdapterUse("a/b/film.safetensors")),
        ("./film.safetensors:.5", AdapterUse("./film.safetensors", 0.5)),
        (r"C:\loras\film.safetensors", AdapterUse(r"C:\loras\film.safetensors")),
        (r"C:\loras\film.safetensors:0.8", AdapterUse(r"C:\loras\film.safetensors", 0.8)),
        ("C:/film", AdapterUse("C:/film")),
        ("c:film.safetensors", AdapterUse("c:film.safetensors")),
        ("c:film.safetensors:2", AdapterUse("c:film.safetensors", 2.0)),
        ("owner/repo", AdapterUse("owner/repo")),
        ("owner/repo:0.5", AdapterUse("owner/repo", 0.5)),
        ("owner/repo/film.safetensors:0.5", AdapterUse("owner/repo/film.safetensors", 0.5)),
        ("hf:owner/repo", AdapterUse("hf:owner/repo")),
        ("owner/repo:film.safetensors", AdapterUse("owner/repo:film.safetensors")),
        ("film@home", AdapterUse("film@home")),
        ("film@steps=0-0.6", AdapterUse("film", None, (0.0, 0.6))),
        ("film:0.8@steps=0.25-1", AdapterUse("film", 0.8, (0.25, 1.0))),
        ("film@blocks=double:0.5", AdapterUse("film", None, (0.0, 1.0), {"double": 0.5})),
        (
            "film:2@blocks=double:0.5, single.0-9:-1 @steps=0.5-1",
            AdapterUse("film", 2.0, (0.5, 1.0), {"double": 0.5, "single.0-9": -1.0}),
        ),
        (
            "film@blocks=transformer_blocks.3.attn:0,text_encoder:2",
            AdapterUse("film", None, (0.0, 1.0), {"transformer_blocks.3.attn": 0.0, "text_encoder": 2.0}),
        ),
    ],
)
def test_written_by_people(text: str, use: AdapterUse) -> None:
    assert AdapterUse.parse(text) == use


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no name"),
        (":0.5", "no name"),
        ("  ", "no name"),
        ("film:1e9", "can't be 1000000000.0"),
        ("film:4.01", "can't be 4.01"),
        ("film:nan", "can't be nan"),
        ("film:-inf", "can't be -inf"),
        ("film:strong", "'strong' is not a weight"),
        ("film:0,8", "'0,8' is not a weight"),
        ("film:", "'' is not a weight"),
        ("film@step=0-0.5", "@step is nothing"),
        ("film@steps=0-0.5@steps=0-1", "@steps is given twice"),
        ("film@steps=0.6-0.2", "can't be from 0.6 to 0.2"),
        ("film@steps=0-1.5", "can't be from 0.0 to 1.5"),
        ("film@steps=half", "'half' of 'film@steps=half' are no steps"),
        ("film@steps=.5", "are no steps"),
        ("film@steps=1.2.3-4", "are no steps"),
        ("film@blocks=double", "no factor of blocks"),
        ("film@blocks=double:1,double:2", "no factor of blocks"),
        ("film@blocks=double:9", "can't be 9"),
        ("film@blocks=do uble:1", "names no blocks"),
        ("x" * 2000, "names no adapter"),
        ("fi\nlm", "names no adapter"),
    ],
)
def test_what_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        AdapterUse.parse(text)
    assert words in str(caught.value)
    assert caught.value.hint
    assert len(str(caught.value)) < 250


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
weights = st.floats(-4, 4).map(lambda number: float(f"{number:.3g}"))
uses = st.builds(
    AdapterUse,
    source=names,
    weight=st.none() | weights,
    steps=st.sampled_from([(0.0, 1.0), (0.0, 0.5), (0.25, 0.75)]),
    blocks=st.dictionaries(st.sampled_from(["double", "single.3", "double.0-4"]), weights, max_size=3),
)


@given(uses)
def test_there_and_back(use: AdapterUse) -> None:
    assert AdapterUse.parse(str(use)) == use
    assert AdapterUse.of(json.loads(json.dumps(use.to_dict()))) == use
    assert hash(use) == hash(AdapterUse.of(use.to_dict()))


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.floats())


@given(st.dictionaries(st.sampled_from(["source", "weight", "steps", "blocks", "x"]), anything) | anything)
def test_nothing_but_a_request_error_comes_out(value: object) -> None:
    try:
        AdapterUse.of(value)
    except RequestError as error:
        assert error.hint  # noqa: PT017  (most values are refused, not all)


def test_of_a_request() -> None:
    request = Request.from_dict(
        {"prompt": "p", "adapters": ["film:0.5", {"source": "skin", "steps": [0, 0.5]}]}
    )
    assert request.adapters == (AdapterUse("film", 0.5), AdapterUse("skin", None, (0.0, 0.5)))
    assert Request.from_dict(json.loads(json.dumps(request.to_dict()))) == request


@pytest.mark.parametrize(
    ("adapters", "words"),
    [
        ("film", "must be a list"),
        (["film"] * 9, "9 adapters are too many"),
        (["film", "film:0.5"], "named twice"),
        ([{"weight": 1}], "no source"),
        ([{"source": "film", "wieght": 1}], "'wieght' is not a field"),
        ([7], "a text or a table"),
    ],
)
def test_lists_that_are_none(adapters: object, words: str) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        adapters_of(adapters)
    assert caught.value.hint
