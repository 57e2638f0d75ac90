"""Completing prompts: the user's words stay, what is missing comes, nothing contradicts."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import catalog
from fluxgram.prompt.enhance import Enhanced, enhance
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.parse import parse
from tests.prompt.labelled import read_labelled

WORDS = catalog()
BASE = CheckpointFacts("klein-base", "flux2", "honoured", sizes=((1024, 1024),))
DISTILLED = replace(BASE, name="klein", negative="unsupported")
PROMPTS = [row.text for row in read_labelled()]


def ids(done: Enhanced, *, negative: bool = False) -> list[str]:
    return [
        addition.term.id for addition in done.additions if addition.term and addition.negative == negative
    ]


def test_a_bare_portrait() -> None:
    done = enhance("portrait of a woman in her 30s")
    assert done.text == (
        "portrait of a woman in her 30s, soft window light, 85mm lens, f/1.8, natural skin texture, photorealistic"
    )
    assert ids(done) == [
        "light.window",
        "lens.85mm",
        "aperture.f1-8",
        "quality.skin-texture",
        "quality.photorealistic",
    ]
    assert all(
        addition.why.startswith(("No ", "The ")) and addition.why.endswith(".") for addition in done.additions
    )
    assert done.negative == ""


def test_the_light_strength() -> None:
    done = enhance("portrait of a woman in her 30s", "light", facts=BASE)
    assert ids(done) == ["light.window", "lens.85mm", "aperture.f1-8"]
    assert done.negative == ""


@pytest.mark.parametrize(
    ("text", "added", "not_added"),
    [
        ("a girl by candlelight", ["lens.85mm"], ["light.window", "light.tungsten"]),
        ("a man, 50mm f/2", ["light.window"], ["lens.85mm", "aperture.f1-8"]),
        ("a man, f/4", ["lens.85mm"], ["aperture.f1-8"]),
        ("a man, shallow depth of field", ["lens.85mm", "aperture.f1-8"], []),
        ("a man, deep focus", ["lens.85mm"], ["aperture.f1-8"]),
        ("my friend, iPhone portrait mode", ["light.window"], ["lens.85mm", "aperture.f1-8"]),
        ("a man with freckles", ["light.window"], ["quality.skin-texture", "skin.pores"]),
        ("a woman with smooth skin", ["lens.85mm"], ["quality.skin-texture", "skin.pores"]),
        (
            "a leather wallet",
            ["light.product-softbox", "lens.100mm-macro"],
            ["quality.skin-texture", "lens.85mm"],
        ),
        (
            "mountain valley with pines",
            ["light.sunrise", "lens.24mm", "aperture.f8"],
            ["quality.skin-texture"],
        ),
        ("a bright kitchen with oak cupboards", ["light.window", "lens.24mm"], ["quality.skin-texture"]),
        ("macro of a bee", ["light.raking", "lens.100mm-macro"], ["quality.skin-texture"]),
        ("environmental portrait of a smith", ["lens.35mm"], ["lens.85mm"]),
        ("a man in the street at night", ["light.street-lamp"], ["light.window", "light.overcast"]),
        ("group of friends at a campfire", ["light.firelight"], ["light.window"]),
        ("a farmer in a field", ["light.overcast"], ["light.window"]),
        ("corporate headshot of a lawyer", ["light.soft-studio"], ["light.window"]),
        ("a man, nice lighting", ["light.window"], []),
        ("a man, no flash", ["light.window"], ["light.flash"]),
        ("a photo of a man", [], ["quality.photorealistic"]),
    ],
)
def test_what_suits(text: str, added: list[str], not_added: list[str]) -> None:
    done = enhance(text)
    assert set(added) <= set(ids(done))
    assert not set(not_added) & set(ids(done))


def test_a_car_is_not_said_to_be_indoors() -> None:
    assert not [each for each in enhance("a red sports car").additions if "indoors" in each.why]


def test_skin_needs_pixels() -> None:
    close = "extreme close-up of a woman's face"
    assert "skin.pores" in ids(enhance(close, size=(1024, 1024)))  # 8.5 px/mm; pores need 4
    assert "skin.pores" not in ids(enhance(close, size=(256, 256)))  # 2.1 px/mm
    assert "skin.pores" not in ids(enhance("portrait of a woman", size=(512, 768)))  # 1.7 px/mm
    assert "skin.pores" in ids(enhance("portrait of a woman", size=(2048, 2048)))  # 4.5 px/mm
    assert "skin.pores" in ids(enhance("portrait of a woman", facts=replace(BASE, sizes=((2048, 2048),))))


def test_negative_sets() -> None:
    done = enhance("portrait of a woman", facts=BASE)
    assert ids(done, negative=True) == ["negative.always", "negative.skin"]
    assert done.negative.startswith("cartoon, anime, painting, blur")
    assert done.negative.split(", ").count("plastic skin") == 1
    assert enhance("portrait of a woman", facts=DISTILLED).negative == ""
    assert enhance("portrait of a woman", facts=BASE, negative="hats").negative == "hats"
    assert "text" not in enhance("a man under a sign with the text OPEN", facts=BASE).negative.split(", ")
    assert "painting" not in enhance("a man before a painting of his", facts=BASE).negative.split(", ")


def test_drawings_are_left_alone() -> None:
    done = enhance("watercolor of a cat", facts=BASE)
    assert (done.text, done.negative, done.additions) == ("watercolor of a cat", "", ())
    assert "nothing was added" in done.note


@pytest.mark.parametrize(
    ("text", "joined"),
    [("A man.", "A man. Soft window light,"), ("a man,", "a man, soft window light,"), ("a man\n", "a man\n, soft"),
     ("a man", "a man, soft"), ("A man! ", "A man! Soft")],
)  # fmt: skip
def test_how_it_is_joined(text: str, joined: str) -> None:
    assert enhance(text).text.startswith(joined)


@pytest.mark.parametrize("text", ["", " ", "\n,.", "\u200b"])
def test_nothing_to_enhance(text: str) -> None:
    with pytest.raises(RequestError, match="no words to enhance"):
        enhance(text)


def test_an_unknown_strength() -> None:
    with pytest.raises(RequestError, match="no strength 'much'"):
        enhance("a man", "much")  # type: ignore[arg-type]


def check(text: str, done: Enhanced) -> None:
    assert done.text.startswith(text)
    again = enhance(done.text, facts=BASE, negative=done.negative)
    assert (again.text, again.negative, again.additions) == (done.text, done.negative, ())
    said = [term for term in parse(text).terms if term.kind != "negative"]
    added = [addition.term for addition in done.additions if addition.term and not addition.negative]
    assert not [(a.id, b.id) for a in added for b in said if WORDS.conflict(a, b)]
    assert not [(a.id, b.id) for a, b in combinations(added, 2) if WORDS.conflict(a, b)]
    keys = {"light"} & {term.kind for term in said}
    assert not keys or not [term for term in added if term.kind == "light"]
    before, after = parse(text), parse(done.text)
    assert {term.id for term in before.terms} <= {term.id for term in after.terms}
    assert [piece.text for piece in after.of("subject")] == [piece.text for piece in before.of("subject")]


@pytest.mark.parametrize("text", PROMPTS)
def test_real_prompts_are_kept_and_completed_once(text: str) -> None:
    done = enhance(text, facts=BASE)
    check(text, done)
    assert enhance(text, facts=BASE) == done


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([term.say for term in WORDS.terms.values() if term.kind != "negative"]),
            st.sampled_from(["portrait of a woman", "no glasses", "a bowl", "in a forest", "at night", "Not: blur"]),
            st.text(max_size=8),
        ),
        min_size=1, max_size=5,
    ).map(", ".join)
)  # fmt: skip
def test_any_prompt_is_kept_and_completed_once(text: str) -> None:
    if not parse(text).pieces:
        return
    check(text, enhance(text, facts=BASE))
