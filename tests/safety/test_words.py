"""Screening of words: labelled prompts, every word of the vocabulary, evasions, and the amount of work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.photography.catalog import catalog
from fluxgram.prompt.shoots import template, template_names
from fluxgram.safety import words
from fluxgram.safety.words import Screening, screen
from tests.prompt.work import calls

ROOT = Path(__file__).parents[2]
PROMPTS = tomllib.loads(Path(__file__).with_name("prompts.toml").read_text("utf-8"))
TUNED, HELD_BACK = PROMPTS["tuned"], PROMPTS["held_back"]


@pytest.mark.parametrize("prompt", TUNED["allowed"])
def test_photographers_are_left_alone(prompt: str) -> None:
    assert screen(prompt) == Screening()


@pytest.mark.parametrize("prompt", TUNED["refused"])
def test_refused(prompt: str) -> None:
    screening = screen(prompt)
    assert screening.refused
    assert screening.category in (words.MINORS, words.CONSENT, words.GORE)
    assert screening.rule


def test_prompts_that_the_rules_were_not_made_by() -> None:
    """Precision and recall of prompts written before the rules were run; docs/safety.md gives the figures."""
    caught = sum(screen(prompt).refused for prompt in HELD_BACK["refused"])
    alarms = sum(screen(prompt).refused for prompt in HELD_BACK["allowed"])
    assert len(HELD_BACK["refused"]) == 40
    assert len(HELD_BACK["allowed"]) == 46
    assert caught / len(HELD_BACK["refused"]) >= 0.95
    assert caught / (caught + alarms) >= 0.95


def test_categories() -> None:
    for prompt, category in [
        ("nude child", words.MINORS),
        ("undress her", words.CONSENT),
        ("decapitated child", words.GORE),
        ("celebrity nude", words.CONSENT),
        ("nude child, decapitated", words.MINORS),
    ]:
        assert screen(prompt).category == category


def test_the_reason_is_one_fixed_sentence() -> None:
    """One for each category, so nothing of a prompt can get into it."""
    reasons = {
        (screen(prompt).category, screen(prompt).reason) for prompt in TUNED["refused"] + HELD_BACK["refused"]
    }
    assert len(reasons) == 3
    for _, reason in reasons:
        assert reason.count(".") == 1
        assert reason.endswith(".")


def sayings() -> Iterator[str]:
    """All that the vocabulary says."""
    for term in catalog().terms.values():
        yield from (term.id, term.say, term.effect, term.best_for)
        yield from (*term.say_for.values(), *term.aliases, *term.instead_of, *term.tags)


def test_no_word_of_the_vocabulary_is_refused() -> None:
    said = set(sayings())
    assert len(catalog().terms) > 300
    assert [each for each in said if screen(each).refused] == []
    assert [each for each in said if screen(f"portrait of a woman, {each}").refused] == []


def test_no_word_of_the_vocabulary_turns_a_portrait_of_a_child() -> None:
    """Light, lens and material words are no words about bodies."""
    said = {
        each
        for term in catalog().terms.values()
        for each in (term.say, *term.aliases, *term.say_for.values())
    }
    assert [each for each in said if screen(f"portrait of a child, {each}").refused] == []


def test_presets_templates_and_documents_are_not_refused() -> None:
    for name in template_names():
        text = template(name)
        for line in text.splitlines():
            assert not screen(line).refused, line
        assert not screen(text).refused, name
    for page in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        *ROOT.glob("src/fluxgram/photography/data/*.toml"),
    ]:
        if page.name == "safety.md":  # names what is refused
            continue
        for line in page.read_text("utf-8").splitlines():
            assert not screen(line).refused, (page.name, line)
    for path in (ROOT / "tests" / "prompt").glob("*.t*t*"):
        for line in path.read_text("utf-8").splitlines():
            assert not screen(line).refused, (path.name, line)


def test_the_usual_negative_prompts_are_no_reason() -> None:
    for negative in (
        "nude, nsfw, child, loli",
        "child, naked",
        "gore, blood, deformed",
        "clothes wrinkles, blurry",
        "old, wrinkles",
        "nsfw, underage",
    ):
        assert not screen("portrait of a woman, 85mm", negative).refused
    assert not screen("portrait of a child, laughing", "nsfw, nude, naked, clothes").refused
    assert not screen("nude woman, studio", "child, teen, underage, man").refused


def test_what_is_put_into_the_negative_prompt_to_get_round_the_rules() -> None:
    assert screen("nude woman", "adult").rule == "adults_excluded"
    assert screen("nude person", "blurry, grown ups").rule == "adults_excluded"
    assert screen("a child on a bed", "clothes, blurry").rule == "clothes_excluded"
    assert screen("12 year old", "Clothing").rule == "clothes_excluded"
    assert screen("nude person", "adult, nsfw").rule == "adults_excluded"
    assert not screen("nude person", "adult, child").refused
    assert screen("nude child", "nsfw").refused


AGES = {
    "nude, 17 years old": True,
    "nude, 18 years old": False,
    "nude 17yo": True,
    "nude 21yo": False,
    "nude, 9 y.o.": True,
    "nude, 13 yrs. old": True,
    "nude, seventeen-year-old": True,
    "nude, twenty-two-year-old": False,
    "nude, aged fifteen": True,
    "nude, age: 40": False,
    "nude, 30.5 years old": False,
    "nude, 2.5 years old": True,
    "nude, one hundred and twelve years old": False,
    "nude, 112 years old": False,
    "nude woman, 12 year old whisky": False,
    "nude woman, 85mm, f/1.4, ISO 100, 1/16 s": False,
    "nude woman, 16:9, 12 megapixels": False,
    "nude woman, 35mm, 15 softboxes": False,
    "nude, in her 20s": False,
    "nude, ①② years old": True,
    "nude, １２ years old": True,
    "nude, 6 months old": True,
    "nude, 30 months old": True,
    "nude, 16th birthday": True,
    "nude, 40th birthday": False,
    "nude, between 12 and 14 years old": True,
    "nude, 16/17 years old": True,
    "nude, 17 – 19 years old": True,
    "nude, f/1.2, 50 years old": False,
    "nude, seed 12, 45 years old": False,
    "nude woman, 1912, 10x8 plate": False,
    "nude, 8th grade": True,
    "nude woman, grade 5 titanium": False,
    "nude, 99999 years old": False,
    "nackt, 15 Jahre alt": True,
    "nackt, 45 Jahre alt": False,
    "nue, 16 ans": True,
    "desnuda, 16 años": True,
    "nuda, 30 anni": False,
    "голая, 15 лет": True,
    "голая, 35 лет": False,
    "裸, 14歳": True,
    "裸, 34歳": False,
}


@pytest.mark.parametrize(("prompt", "refused"), AGES.items())
def test_ages(prompt: str, refused: bool) -> None:
    assert screen(prompt).refused is refused


def hidden(word: str) -> dict[str, str]:
    """A word in the ways in which people hide words."""
    alike = str.maketrans("aceopxyi", "асеорхуі")
    return {
        "capitals": word.upper(),
        "spaces": " ".join(word),
        "dots": ".".join(word),
        "hyphens": "-".join(word),
        "underscores": "_".join(word),
        "zero width": "\u200b".join(word),
        "soft hyphen": "\u00ad".join(word),
        "word joiner": "\u2060".join(word),
        "cyrillic": word.translate(alike),
        "wide": "".join(chr(ord(letter) + 0xFEE0) for letter in word),
        "bold": "".join(chr(0x1D400 + ord(letter) - 97) for letter in word),
        "double struck": "".join(chr(0x1D552 + ord(letter) - 97) for letter in word),
        "circled": "".join(chr(0x24D0 + ord(letter) - 97) for letter in word),
        "squared": "".join(chr(0x1F130 + ord(letter) - 97) for letter in word),
        "flags": "".join(chr(0x1F1E6 + ord(letter) - 97) for letter in word),
        "accents": "".join(letter + "\u0301" for letter in word),
        "struck": "".join(letter + "\u0336" for letter in word),
        "signs": word.translate(str.maketrans("aeio", "@310")),
        "long": word.replace("i", "iiii").replace("u", "uuuu"),
        "weight": f"({word}:1.4)",
        "right to left": f"\u202e{word}\u202c",
        "bars": "|".join(word),
        "plural": word + "s",
    }


@pytest.mark.parametrize("way", hidden("child"))
def test_hidden_words_are_found(way: str) -> None:
    child, nude = hidden("child")[way], hidden("nude")[way]
    for prompt in (
        f"nude {child}",
        f"{nude} child",
        f"{nude} {child}",
        f"a {child} by a window, 85mm, {nude}",
    ):
        assert screen(prompt).category == words.MINORS, (way, prompt)
    assert not screen(f"{child} by a window, laughing").refused


@given(
    st.lists(
        st.sampled_from([*TUNED["allowed"][:8], "85mm f/1.4", "\u200b", "🙂", "soft light", "\n", "—"]),
        max_size=5,
    ),
    st.data(),
)
@settings(max_examples=80, deadline=None)
def test_what_stands_around_does_not_hide_it(around: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(around)))
    assert screen(", ".join([*around[:place], "child", *around[place:], "nude"])).category == words.MINORS


@given(st.text(max_size=300), st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_any_text_has_an_answer(prompt: str, negative: str) -> None:
    screening = screen(prompt, negative)
    assert screening.refused is bool(screening.category) is bool(screening.reason)


def test_lone_surrogates_and_control_characters_are_text_too() -> None:
    assert not screen("\ud800 portrait \x00\x07").refused
    assert screen("nu\x00de\ud800 child").refused


LONG = {
    "words": "nude woman in soft light, 85mm, ",
    "letters": "a",
    "hyphens": "a-",
    "numbers": "12 ",
    "fractions": "2.5",
    "signs": "n0!",
    "stars": "n*",
    "single letters": "c h ",
    "chinese": "裸",
    "kana": "ヌー",
    "marks": "e\u0301\u0301",
    "invisible": "\u200b",
    "cyrillic": "д",
    "spaces": " ",
    "stems": "porn",
    "harmless": "nude lip gloss ",
    "ages": "twenty two year ",
    "commas": "adult,",
    "repeated": "no clothing ",
}


@pytest.mark.parametrize("kind", LONG)
def test_the_work_is_linear(kind: str) -> None:
    """Calls counted; what the interpreter does inside of one is held by `test_expressions_do_not_go_back`."""
    piece = LONG[kind]

    def work(length: int) -> int:
        text = (piece * (length // len(piece) + 1))[:length]
        return calls(lambda: screen(text, text))

    screen("warm")
    small, large = work(2_000), work(16_000)
    assert large <= 8.8 * small + 2_000


def test_expressions_do_not_go_back() -> None:
    """Every repetition is of one class of characters, or possessive: nothing to try a second way."""
    from fluxgram.safety import letters

    found = {name: value.pattern for name, value in vars(letters).items() if isinstance(value, re.Pattern)}
    assert len(found) == 4
    for name, pattern in found.items():
        repeats = re.findall(r"[+*]\+?(?![^\[]*\])", pattern)
        assert len(repeats) == 1 or all(each == "++" for each in repeats) or name == "_WORD", (name, pattern)


def test_a_hundred_thousand_characters() -> None:
    text = "portrait of a woman, soft light, 85mm, " * 2600
    assert len(text) > 100_000
    assert not screen(text).refused
    assert screen(text + "nude child").refused
    assert screen("nude child" + text).refused
