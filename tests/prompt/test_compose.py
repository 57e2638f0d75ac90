"""Writing briefs out, and reading them back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import RequestError, UnknownTerm
from fluxgram.photography.catalog import catalog
from fluxgram.photography.terms import LightMeaning, Term
from fluxgram.prompt.briefs import BRIEFS, EnvironmentalPortrait, Landscape, Portrait, Product
from fluxgram.prompt.compose import compose
from fluxgram.prompt.parse import parse

WORDS = catalog()
SAYABLE = tuple(term for term in WORDS.terms.values() if term.kind != "negative")
PARTS = {"light": "light", "camera": "camera", "lens": "camera", "aperture": "camera", "film": "camera",
         "quality": "quality", "mode": "quality"}  # fmt: skip
MARA = Portrait(
    "portrait of a woman in her 30s",
    details=("auburn hair", "skin.freckles"),
    light=("light.rembrandt",),
    camera=("lens.85mm", "aperture.f1-8"),
    quality=("quality.photorealistic", "quality.raw-photo"),
    side="left",
)


def test_phrases() -> None:
    composed = compose(MARA)
    assert composed.text == (
        "portrait of a woman in her 30s, auburn hair, natural freckles across the nose bridge, varied in size and "
        "shade, Rembrandt lighting, single source from the left, 85mm lens at f/1.8, photorealistic, RAW photo"
    )
    assert composed.negative == ""
    assert compose(MARA, family="flux1") == composed


def test_sentences() -> None:
    text = compose(MARA, family="flux2").text
    assert text == (
        "Portrait of a woman in her 30s with auburn hair, natural freckles across the nose bridge that vary in size "
        "and shade. Lit with single-source Rembrandt lighting from the left. Photographed with 85mm lens at f/1.8. "
        "Photorealistic, RAW photo."
    )
    assert compose(MARA, family="flux3").text == text


def test_the_anchor_comes_first_and_whole() -> None:
    anchor = "30-year-old woman, dark brown wavy hair, brown eyes"
    text = compose(Portrait("", anchor=anchor, setting="in a kitchen", action="reading")).text
    assert text == f"{anchor}, reading, in a kitchen"
    assert anchor in compose(Portrait("", anchor=anchor), family="flux2").text


def test_other_briefs() -> None:
    product = Product(
        "a leather wallet", materials=("material.leather",), light=("light.raking",), setting="on slate"
    )
    assert compose(product).text.startswith("a leather wallet, full-grain leather")
    land = Landscape(
        "a mountain valley", atmosphere=("atmosphere.fog",), light=("light.sunrise",), details=("pines",)
    )
    order = ["a mountain valley", "pines", "dense fog", "first light of sunrise"]
    assert sorted(order, key=compose(land).text.index) == order
    smith = EnvironmentalPortrait("a smith", surroundings=("anvil", "coals"), setting="in a forge")
    assert compose(smith).text == "a smith, in a forge, anvil, coals"


def test_negatives() -> None:
    assert compose(Portrait("a man", negative="cartoon, blur")).negative == "cartoon, blur"
    composed = compose(Portrait("a man", negative="negative.always"))
    assert composed.negative == WORDS.term("negative.always").say
    assert composed.text == "a man"
    assert [term.id for term in composed.terms] == ["negative.always"]


@pytest.mark.parametrize("subject", ["", " ", "\n"])
def test_no_subject(subject: str) -> None:
    with pytest.raises(RequestError, match="no subject"):
        compose(Portrait(subject))


def test_unknown_ids() -> None:
    with pytest.raises(UnknownTerm, match=r"light\.rembrant") as caught:
        compose(Portrait("a man", light=("light.rembrant",)))
    assert "light.rembrandt" in caught.value.hint
    assert compose(Portrait("a man", details=("wears a no. 7 shirt", "v1.0", "e.g. a hat"))).terms == ()


@pytest.mark.parametrize(
    "light", [("light.rembrandt", "light.butterfly"), ("Rembrandt lighting", "light.butterfly"), ("butterfly lighting",
              "rembrandt light")]
)  # fmt: skip
def test_conflicts_name_both(light: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="contradict each other") as caught:
        compose(Portrait("a man", light=light))
    assert "light.rembrandt" in str(caught.value)
    assert "light.butterfly" in str(caught.value)


def test_what_cannot_be_said() -> None:
    with pytest.raises(RequestError, match="side 'up'"):
        compose(Portrait("a man", side="up"))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="cannot be part of a prompt"):
        compose(Portrait("a man", quality=("negative.always",)))
    with pytest.raises(RequestError, match="not a negative set"):
        compose(Portrait("a man", negative="light.rembrandt"))
    unsided = next(
        t for t in WORDS.of_kind("light") if isinstance(t.meaning, LightMeaning) and not t.meaning.sided
    )
    with pytest.raises(RequestError, match="No side can be said"):
        compose(Portrait("a man", light=(unsided.id,), side="left"))
    assert compose(Portrait("a man", side="left")).text == "a man, key light from the left"


def test_twice_is_once() -> None:
    once = compose(Portrait("a man", quality=("quality.4k",)))
    assert compose(Portrait("a man", quality=("quality.4k", "quality.4k"))) == once


def brief_of(kind: str, terms: list[Term], side: str = "") -> Any:
    parts: dict[str, list[str]] = {}
    for term in terms:
        parts.setdefault(PARTS.get(term.kind, "details"), []).append(term.id)
    return BRIEFS[kind](subject="a person", side=side, **{name: tuple(ids) for name, ids in parts.items()})


@pytest.mark.parametrize("family", ["", "flux1", "flux2", "flux3"])
def test_every_term_alone_comes_back(family: str) -> None:
    for term in SAYABLE:
        composed = compose(brief_of("portrait", [term]), family=family)
        assert [said.id for said in parse(composed.text).terms] == [term.id], composed.text


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(BRIEFS)),
    st.lists(st.sampled_from(SAYABLE), max_size=8, unique_by=lambda term: term.id),
    st.sampled_from(["", "left", "right"]),
    st.sampled_from(["", "flux2"]),
)
def test_what_is_written_is_read_back(kind: str, terms: list[Term], side: str, family: str) -> None:
    kept: list[Term] = []
    for term in terms:
        if not any(WORDS.conflict(term, other) for other in kept):
            kept.append(term)
    lights = [term for term in kept if term.kind == "light"]
    sided = any(not isinstance(term.meaning, LightMeaning) or term.meaning.sided for term in lights)
    side = side if sided else ""
    composed = compose(brief_of(kind, kept, side), family=family)
    parsed = parse(composed.text)
    assert {term.id for term in parsed.terms} == {term.id for term in kept}, composed.text
    assert {piece.side for piece in parsed.pieces if piece.side} == ({side} if side else set()), composed.text
    assert composed == compose(brief_of(kind, kept, side), family=family)
