"""Words and phrases in a text: places are exact, work is linear, nothing makes it fall."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fluxgram.photography.catalog import catalog
from fluxgram.photography.phrases import Phrases, normal, words_of


@pytest.mark.parametrize(
    "text",
    [
        "Rembrandt lighting",
        "REMBRANDT LIGHT",
        "rembrandt-lighting",
        "Rembrandt  \n lights",
        "“Rembrandt” lighting",
        "re\u200bmbrandt light\u00ading",
        "Rémbrandt lighting",
        "Ｒｅｍｂｒａｎｄｔ lighting",
        "rembrandt_lighting",
        "\u202erembrandt lighting",
    ],
)
def test_what_does_not_matter(text: str) -> None:
    (match,) = catalog().find(f"🙂 {text} ✨")
    assert match.term.id == "light.rembrandt"
    assert text.strip("“\u202e") in f"🙂 {text} ✨"[match.start :]
    assert f"🙂 {text} ✨"[match.start : match.end] == text.lstrip("“\u202e")


@pytest.mark.parametrize(
    "text",
    [
        "rembrandtlighting",
        "arembrandt lighting",
        "Rembrandt. Lighting",
        "Rembrandt, lighting",
        "x85mm",
        "85mmx",
        "f/1.85",
    ],
)
def test_what_does(text: str) -> None:
    assert catalog().find(text) == []


@pytest.mark.parametrize("text", ["f/1.8", "f1.8", "F 1.8", "ƒ/1.8", "f / 1.8", "f⁄1.8"])
def test_f_numbers_as_they_are_written(text: str) -> None:
    assert [match.term.id for match in catalog().find(text)] == ["aperture.f1-8"]


def test_the_longest_wins_and_nothing_overlaps() -> None:
    text = "soft studio lighting with warm key and cool fill, rim light, Canon EF 85mm f/1.4 bokeh"
    matches = catalog().find(text)
    assert [text[match.start : match.end] for match in matches] == [
        "soft studio lighting with warm key and cool fill",
        "rim light",
        "Canon EF 85mm f/1.4 bokeh",
    ]
    assert [match.term.id for match in matches] == [
        "light.warm-key-cool-fill",
        "light.rim",
        "lens.canon-ef-85mm-f1-4",
    ]


def test_a_comma_of_the_phrase_may_be_left_out() -> None:
    assert [match.term.id for match in catalog().find("Rembrandt lighting single source")] == [
        "light.rembrandt"
    ]


@given(st.text())
@example("0¼")
def test_any_text_can_be_read(text: str) -> None:
    words = words_of(text)
    for word in words:
        assert 0 <= word.start < word.end <= len(text)
    assert all(one.end <= other.start or one.start == other.start for one, other in pairwise(words))
    end = 0
    for match in catalog().find(text):
        assert end <= match.start < match.end <= len(text)
        end = match.end


AROUND = st.text(alphabet="⁂🙂👩🏽‍🎨 ,.;\u200b\u202e\n", max_size=8)
WITHIN = st.sampled_from(["", "\u200b", "\u00ad", "\u0301", "\ufe0f"])
TERMS = st.sampled_from(sorted(catalog().terms))


@given(TERMS, AROUND, AROUND, WITHIN)
def test_places_are_exact_among_strange_characters(id_: str, before: str, after: str, within: str) -> None:
    term = catalog().term(id_)
    said = within.join(term.say) if within else term.say
    text = f"{before}.{said}.{after}"
    (match,) = catalog().find(text)
    assert match.term is term
    assert match.start == len(before) + 1
    assert text[match.start : match.end].startswith(term.say[0])
    assert len(before) + len(said) + 1 - len(within) <= match.end <= len(before) + len(said) + 1


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_text_is_read_as_any_other(text: str) -> None:
    """The short way for ASCII gives what the long way gives."""
    with_other = [(word.text, word.start, word.end) for word in words_of(text + "…ж")][: len(words_of(text))]
    alone = [(word.text, word.start, word.end) for word in words_of(text)]
    visible = all(char.isprintable() or char.isspace() for char in text)
    if visible and not text[-1:].isalnum():
        assert alone == with_other


class Counting(dict[str, object]):
    """A dictionary that counts how often it was asked."""

    asked = 0

    def get(self, key: str, default: object = None) -> object:
        Counting.asked += 1
        return super().get(key, default)


@pytest.mark.parametrize("text", ["soft studio lighting with warm ", "a b ", "light, ", "é soft "])
def test_work_grows_with_the_length_only(text: str) -> None:
    phrases: Phrases[int] = Phrases()
    for number, term in enumerate(catalog().terms.values()):
        phrases.add(normal(term.say), number)
    count(phrases)
    work = []
    for times in (100, 200, 400):
        Counting.asked = 0
        list(phrases.find(text * times))
        assert Counting.asked <= len(words_of(text * times)) * (phrases.longest + 1)
        work.append(Counting.asked)
    assert work[2] - work[1] == pytest.approx(2 * (work[1] - work[0]), rel=0.02)


def count(phrases: Phrases[int]) -> None:
    nodes = [phrases._root]
    while nodes:
        node = nodes.pop()
        nodes += node.below.values()
        node.below = Counting(node.below)  # type: ignore[assignment]


def test_a_long_text_is_read_to_its_end() -> None:
    text = "nothing here, " * 7000 + "Rembrandt lighting"
    assert len(text) > 98_000
    (match,) = [match for match in catalog().find(text) if match.term.kind == "light"]
    assert match.end == len(text)
