"""Changing prompts: what is added is read there and can be taken out again, and no other word is touched."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fluxgram.errors import RequestError, UnknownTerm
from fluxgram.photography.catalog import catalog
from fluxgram.prompt.chunks import words_of
from fluxgram.prompt.compose import compose
from fluxgram.prompt.editing import Edited, edit
from fluxgram.prompt.looks import brief_of
from fluxgram.prompt.parse import parse
from tests.prompt.test_parse import ODD
from tests.prompt.work import calls

CATALOG = catalog()
TERMS = sorted(term.id for term in CATALOG.terms.values() if term.kind not in ("negative", "mode"))
SUBJECTS = (
    "portrait of a woman in her 30s",
    "an old fisherman with a grey beard",
    "A young man, short dark hair",
)
FULL = (
    "Portrait of a woman in her 30s with freckles and sharp cheekbones, in a workshop. Lit with Rembrandt lighting "
    "from the left and thin rim light along the edge of hair and shoulders. Photographed with an 85mm lens at f/1.8. "
    "Photorealistic, RAW photo."
)


def said(text: str) -> set[str]:
    return {term.id for term in parse(text).terms}


def rebuilt(text: str, edited: Edited) -> str:
    """The text with the changes made, by hand."""
    for change in reversed(edited.changes):
        text = text[: change.span.start] + change.text + text[change.span.end :]
    return text


def check(text: str, edited: Edited) -> None:
    """The changes are in order, inside the text, and make the new one."""
    for first, second in pairwise(edited.changes):
        assert first.span.end <= second.span.start
    for change in edited.changes:
        assert 0 <= change.span.start <= change.span.end <= len(text)
        assert change.text != text[change.span.start : change.span.end]
    assert rebuilt(text, edited) == edited.text


def prompts(sentences: bool) -> st.SearchStrategy[str]:
    """Prompts as `compose` writes them, of terms that go together."""

    def made(subject: str, ids: list[str]) -> str:
        kept: list[str] = []
        for id_ in ids:
            term = CATALOG.term(id_)
            if not any(other == id_ or CATALOG.conflict(term, CATALOG.term(other)) for other in kept):
                kept.append(id_)
        kinds = {
            "details": ("skin", "material", "surface", "macro", "product"),
            "light": ("light",),
            "camera": ("lens", "aperture", "camera", "film"),
            "quality": ("quality",),
        }
        parts = {
            name: tuple(id_ for kind in held for id_ in kept if id_.startswith(f"{kind}."))
            for name, held in kinds.items()
        }
        brief = brief_of("portrait", subject, parts, catalog=CATALOG)
        return compose(brief, family="flux2" if sentences else "").text

    return st.builds(made, st.sampled_from(SUBJECTS), st.lists(st.sampled_from(TERMS), max_size=5))


ANY = st.one_of(prompts(sentences=False), prompts(sentences=True), st.sampled_from(SUBJECTS), st.just(FULL))


@settings(max_examples=250, deadline=None)
@given(ANY, st.sampled_from(TERMS), st.sampled_from(["", "flux2"]))
@example(FULL, "aperture.f2-8", "")
@example("woman, f/1.8", "lens.85mm", "")
def test_what_is_added_is_said_and_nothing_else_changes(text: str, id_: str, family: str) -> None:
    done = edit(text, add=[id_], family=family)
    check(text, done)
    assert id_ in said(done.text)
    term = CATALOG.term(id_)
    for other in said(text) - said(done.text):  # only what contradicts the term may have made room for it
        assert CATALOG.term(other).kind == term.kind
        assert CATALOG.conflict(term, CATALOG.term(other))
    if id_ in said(text):
        assert done.text == text


@settings(max_examples=250, deadline=None)
@given(ANY, st.sampled_from(TERMS), st.sampled_from(["", "flux2"]))
def test_taking_out_what_was_added_gives_the_text_back(text: str, id_: str, family: str) -> None:
    term = CATALOG.term(id_)
    assume(id_ not in said(text))
    assume(not any(other.kind == term.kind and CATALOG.conflict(term, other) for other in parse(text).terms))
    there = edit(text, add=[id_], family=family)
    back = edit(there.text, remove=[id_])
    check(there.text, back)
    assert back.text == text


@settings(max_examples=200, deadline=None)
@given(ANY, st.data())
def test_what_is_taken_out_is_gone_and_nothing_else_is(text: str, data: st.DataObject) -> None:
    known = sorted(said(text))
    assume(known)
    id_ = data.draw(st.sampled_from(known))
    done = edit(text, remove=[id_])
    check(text, done)
    assert said(done.text) == said(text) - {id_}
    left = words_of(done.text)
    assert set(left) <= set(words_of(text))
    assert not done.text.rstrip().endswith((",", " and", " with", "Lit with", "Photographed with"))
    assert ",," not in done.text
    assert ", ," not in done.text
    assert "  " not in done.text


@settings(max_examples=300, deadline=None)
@given(ODD, st.sampled_from(TERMS), st.sampled_from([None, "left", "right", ""]))
@example("\u202eRembrandt\u200b lighting\u202c from the left", "light.window", "right")
@example("\x00", "skin.freckles", None)
@example("[[[", "light.window", "left")
def test_any_text_can_be_changed(text: str, id_: str, side: str | None) -> None:
    for wish in ({"add": [id_]}, {"remove": [id_]}, {"add": [id_], "side": side, "replace_kind": True}):
        try:
            done = edit(text, **wish)  # type: ignore[arg-type]
        except RequestError:
            continue  # said in words that cannot be parted, and it says so
        check(text, done)


@settings(max_examples=150, deadline=None)
@given(ODD, st.sampled_from(TERMS))
def test_characters_outside_the_change_stay(text: str, id_: str) -> None:
    done = edit(text, add=[id_])
    kept = []
    at = 0
    for change in done.changes:
        kept.append(text[at : change.span.start])
        at = change.span.end
    kept.append(text[at:])
    place = 0
    for run in kept:
        place = done.text.index(run, place) + len(run)


@pytest.mark.parametrize(
    ("text", "id_", "after"),
    [
        ("woman, 85mm lens at f/1.8, RAW photo", "lens.50mm", "woman, 50mm lens at f/1.8, RAW photo"),
        ("woman, shot on 85mm", "lens.50mm", "woman, shot on 50mm"),
        ("woman, with an 85mm lens", "lens.50mm", "woman, with a 50mm lens"),
        ("woman, with a 50mm lens", "lens.85mm", "woman, with an 85mm lens"),
        ("woman, 85mm f/1.8", "aperture.f4", "woman, 85mm f/4"),
        ("woman, 85/1.8 lens", "aperture.f4", "woman, 85mm lens at f/4"),
        ("woman, 85/1.8", "lens.50mm", "woman, 50mm lens at f/1.8"),
        ("woman, 92mm lens, RAW photo", "lens.85mm", "woman, 85mm lens, RAW photo"),
        ("woman, Rembrandt lighting from the left, RAW photo", "light.window",
         "woman, soft window light from the left, RAW photo"),
        ("woman, Rembrandt lighting from the left", "light.butterfly", "woman, butterfly lighting"),
        ("woman, no freckles, RAW photo", "skin.moles", "woman, a few small moles, no freckles, RAW photo"),
        ("woman, no moles, RAW photo", "skin.moles", "woman, a few small moles, RAW photo"),
        ("woman, nice lighting, 85mm", "light.window", "woman, soft window light, 85mm"),
        ("woman, 4K", "quality.8k", "woman, 8K"),
        ("(portrait of a woman:1.2), 85mm", "light.window", "(portrait of a woman:1.2), soft window light, 85mm"),
        ("woman, f/1.8, RAW photo", "lens.85mm", "woman, 85mm lens at f/1.8, RAW photo"),
        ("85mm lens, RAW photo", "light.window", "soft window light, 85mm lens, RAW photo"),
        ("A woman by the sea.", "light.window", "A woman by the sea. Lit with soft window light."),
        ("Subject: woman\nCamera: 85mm", "light.rim",
         "Subject: woman, thin rim light along the edge of hair and shoulders\nCamera: 85mm"),
        ("", "light.window", "soft window light"),
        ("woman, ", "light.window", "woman, soft window light, "),
    ],
)  # fmt: skip
def test_a_term_takes_its_place(text: str, id_: str, after: str) -> None:
    assert edit(text, add=[id_]).text == after


@pytest.mark.parametrize(
    ("text", "out", "after"),
    [
        ("woman with freckles", "skin.freckles", "woman"),
        ("woman with freckles and grey eyes", "skin.freckles", "woman with grey eyes"),
        ("woman with grey eyes and freckles", "skin.freckles", "woman with grey eyes"),
        ("woman with a scar, freckles and a mole, 85mm", "skin.freckles", "woman with a scar and a mole, 85mm"),
        ("woman, freckles, 85mm", "skin.freckles", "woman, 85mm"),
        ("freckles, woman", "skin.freckles", "woman"),
        ("woman\nwindow light\n85mm", "light.window", "woman\n85mm"),
        ("woman\r\nwindow light\r\n85mm", "light.window", "woman\r\n85mm"),
        ("Woman. Window light from the left. 85mm lens.", "light.window", "Woman. 85mm lens."),
        ("Subject: woman\nLight: window light from the left\nLens: 85mm", "light.window",
         "Subject: woman\nLens: 85mm"),
        ("old man lit by a candle in a pub", "light.candle", "old man in a pub"),
        ("woman, 85mm lens at f/1.8", "lens.85mm", "woman, f/1.8"),
        ("woman, 85mm lens at f/1.8", "aperture.f1-8", "woman, 85mm lens"),
        ("freckles", "skin.freckles", ""),
        ("freckles, freckles, freckles", "skin.freckles", ""),
        ("woman, no freckles", "skin.freckles", "woman, no freckles"),
        ("woman, blue scarf, 85mm", "blue scarf", "woman, 85mm"),
        ("woman, blue scarf, 85mm", "red scarf", "woman, blue scarf, 85mm"),
    ],
)  # fmt: skip
def test_words_go_with_their_separators(text: str, out: str, after: str) -> None:
    assert edit(text, remove=[out]).text == after


@pytest.mark.parametrize(
    ("text", "side", "after"),
    [
        ("woman, soft window light, 85mm", "left", "woman, soft window light from the left, 85mm"),
        ("woman, soft window light from the upper left, 85mm", "right",
         "woman, soft window light from the upper right, 85mm"),
        ("woman, soft window light from the upper left, 85mm", "", "woman, soft window light, 85mm"),
        ("woman, key light from camera left", "right", "woman, key light from camera right"),
        ("woman, 85mm", "right", "woman, key light from the right, 85mm"),
        ("woman looking left, window light", "right", "woman looking left, window light from the right"),
        ("woman, 85mm", "", "woman, 85mm"),
    ],
)  # fmt: skip
def test_the_side_of_the_light(text: str, side: str, after: str) -> None:
    done = edit(text, side=side)  # type: ignore[arg-type]
    assert done.text == after
    found = [piece.side for piece in parse(done.text).pieces if piece.side]
    assert found == ([side] if side else [])


def test_several_changes_at_once_are_told_apart() -> None:
    done = edit(FULL, add=["skin.pores", "lens.50mm", "quality.8k"], remove=["light.rim"], side="right")
    check(FULL, done)
    assert done.text == (
        "Portrait of a woman in her 30s with freckles and sharp cheekbones, visible skin pores, in a workshop. Lit "
        "with Rembrandt lighting from the right. Photographed with a 50mm lens at f/1.8. Photorealistic, RAW photo, "
        "8K."
    )
    touched = " ".join(FULL[change.span.start : change.span.end] for change in done.changes)
    assert "Portrait" not in touched
    assert "f/1.8" not in touched


def test_all_of_a_kind_make_room_where_that_is_asked() -> None:
    text = "woman, bare bulb strobe with crisp shadows, practical lamps glowing in the background, 85mm"
    assert edit(text, add=["light.window"], replace_kind=True).text == "woman, soft window light, 85mm"
    both = edit(text, add=["light.window", "light.rim"], replace_kind=True).text
    assert said(both) == {"light.window", "light.rim", "lens.85mm"}


def test_free_words_are_said_once() -> None:
    once = edit("woman, 85mm", add=["a red scarf"]).text
    assert once == "woman, a red scarf, 85mm"
    assert edit(once, add=["a red scarf"]).text == once


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(UnknownTerm, match="rembrand"):
        edit("woman", add=["light.rembrand"])
    with pytest.raises(RequestError, match="must not be there"):
        edit("woman", add=["negative.always"])
    with pytest.raises(RequestError, match="together with something else"):
        edit("sunset portrait of a bride", remove=["light.golden-hour-front"])


def test_work_grows_with_the_text_and_not_faster() -> None:
    for unit in ("soft window light, ", "woman with freckles ", "(((", "a. ", 'x "y', "and and "):
        few, many = ((unit * 20_000)[:length] for length in (2_000, 20_000))
        assert calls(lambda few=few: edit(few, add=["skin.moles"])) * 15 + 20_000 > calls(
            lambda many=many: edit(many, add=["skin.moles"])
        )
