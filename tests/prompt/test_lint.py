"""The linter as a whole: the articles' own prompts, their four families of mistakes, shoots, fixes, and any text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.lint import MOST_CHARACTERS, Scene, apply_fixes, lint, lint_scenes, mend
from fluxgram.prompt.lint_configuration import LintConfiguration
from fluxgram.prompt.rules import RULES
from tests.prompt.work import calls

HONOURED = CheckpointFacts("base", "flux2", "honoured")
DISTILLED = CheckpointFacts("distilled", "flux2", "unsupported")
ANCHOR = (
    "30-year-old woman, dark brown wavy hair past shoulders, warm olive skin tone, small nose, defined jaw, "
    "brown eyes"
)
NEGATIVE = "cartoon, anime, painting, blur, oversmoothed, plastic skin, watermark, text"
GOOD = Path(__file__).with_name("recommended.txt").read_text("utf-8").splitlines()
"""Prompts and phrases that the two articles recommend, as they stand there; the first is the long example."""


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("facts", [None, HONOURED])
def test_what_the_articles_recommend_is_clean(text: str, facts: CheckpointFacts | None) -> None:
    negative = NEGATIVE if facts else None
    found = lint(text, negative=negative, facts=facts, seed=42)
    assert [f for f in found if f.severity is not Severity.ADVICE] == []


def test_the_long_example_has_no_finding_at_all() -> None:
    assert len(GOOD) == 30
    assert GOOD[0].endswith("skin texture, photorealistic, RAW photo")
    assert lint(GOOD[0]) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("photorealistic portrait of a woman, digital art", "FX101"),
        ("photorealistic portrait of a woman, oil painting", "FX101"),
        (
            "woman, blue eyes, red lips, long lashes, high cheekbones, small nose, freckles, braided hair",
            "FX102",
        ),
        ("beautiful, stunning, amazing woman", "FX103"),
        ("portrait of a woman, soft window light from the left", "FX601"),
    ],
)
def test_the_four_families_of_mistakes(text: str, code: str) -> None:
    assert code in codes(lint(text, facts=HONOURED))


def test_blurred_background_of_the_second_article() -> None:
    assert codes(lint("portrait of a man, overcast light, blurry background")) == ["FX301"]


def test_findings_are_in_order_and_name_places() -> None:
    found = lint("1girl, digital art, RAW photo, good lighting")
    spans = [finding.span for finding in found if finding.span]
    assert spans == sorted(spans)
    assert {"FX106", "FX101", "FX202"} <= set(codes(found))


def test_configuration() -> None:
    text = "1girl, good lighting, digital art, RAW photo"
    assert codes(lint(text, configuration=LintConfiguration(select=("FX2",)))) == ["FX202"]
    assert "FX202" not in codes(lint(text, configuration=LintConfiguration(ignore=("FX202",))))
    heavier = LintConfiguration(select=("FX202",), severities={"FX202": Severity.ERROR})
    assert lint(text, configuration=heavier)[0].severity is Severity.ERROR


def test_negative_that_cannot_be_honoured() -> None:
    found = lint("man at a window, morning", negative="glasses", facts=DISTILLED)
    assert [(f.code, f.severity) for f in found] == [("FX602", Severity.ERROR)]


def test_fixes() -> None:
    text, negative = mend("portrait of a man, no glasses, soft window light, (hat:1.2)", facts=HONOURED)
    assert text == "portrait of a man, soft window light, hat"
    assert negative.split(", ")[-1] == "glasses"
    assert negative.startswith("cartoon")


def test_fixes_of_the_same_words_do_not_clash() -> None:
    both = [
        Finding("FX107", Severity.ADVICE, Span(0, 5), "", Fix("a", (Edit(Span(0, 5), "one"),), safe=True)),
        Finding("FX108", Severity.ADVICE, Span(3, 8), "", Fix("b", (Edit(Span(3, 8), "two"),), safe=True)),
        Finding("FX109", Severity.ADVICE, Span(9, 9), "", Fix("c", (Edit(Span(9, 9), "!"),), safe=False)),
    ]
    assert apply_fixes("0123456789", None, both) == ("one56789", "")
    assert apply_fixes("0123456789", "x", both, unsafe=True) == ("one5678!9", "x")


def scene(number: int, **more: Any) -> Scene:
    made = Scene(f"scene {number}", f"{ANCHOR}, in a cafe, soft window light", NEGATIVE, ANCHOR, 42)
    return replace(made, **more)


def shoot_codes(*scenes: Scene) -> list[tuple[str, str]]:
    wanted = LintConfiguration(select=("FX7",))
    return [(finding.code, finding.where) for finding in lint_scenes(scenes, configuration=wanted)]


def test_a_shoot_that_is_right() -> None:
    assert shoot_codes(scene(1), scene(2, text=f"{ANCHOR}, on a street, red hat, golden hour")) == []


def test_an_anchor_that_changes() -> None:
    other = ANCHOR.replace("dark brown", "blonde")
    changed = scene(2, anchor=other, text=f"{other}, on a street")
    assert shoot_codes(scene(1), changed) == [("FX701", "scene 2")]
    assert shoot_codes(scene(1), replace(changed, character="Ida")) == []
    assert shoot_codes(scene(1, text="woman in a cafe")) == [("FX701", "scene 1")]


@pytest.mark.parametrize("rest", ["with blonde hair", "with bright green eyes", "a 50-year-old at heart"])
def test_a_scene_that_contradicts_its_anchor(rest: str) -> None:
    assert shoot_codes(scene(1, text=f"{ANCHOR}, {rest}")) == [("FX701", "scene 1")]


@pytest.mark.parametrize(
    "rest", ["brown hair in the wind", "red coat, grey wall", "a friend with a blue hat"]
)
def test_a_scene_that_only_adds(rest: str) -> None:
    assert shoot_codes(scene(1, text=f"{ANCHOR}, {rest}")) == []


def test_two_characters_in_one_scene() -> None:
    two = "30-year-old woman, red hair; 60-year-old man, grey hair"
    text = "60-year-old man, grey hair and 30-year-old woman, red hair at a table, window light"
    assert shoot_codes(scene(1, anchor=two, text=text)) == []


def test_seeds_of_a_shoot() -> None:
    assert shoot_codes(scene(1), scene(2, seed=None)) == [("FX702", "scene 2")]
    assert shoot_codes(scene(1), scene(2, seed=43)) == [("FX702", "scene 2")]
    assert shoot_codes(scene(1, anchor=""), scene(2, anchor="")) == [("FX703", "scene 2")]
    assert shoot_codes(scene(1, anchor=""), scene(2, anchor="", seed=7)) == []
    assert shoot_codes(scene(1, anchor=""), scene(2, anchor="", seed=None)) == []


def test_one_prompt_with_an_anchor_needs_a_seed() -> None:
    text = f"{ANCHOR}, in a cafe, soft window light"
    assert "FX702" in codes(lint(text, anchor=ANCHOR))
    assert "FX702" not in codes(lint(text, anchor=ANCHOR, seed=42))


def test_scenes_are_checked_one_by_one() -> None:
    found = lint_scenes([scene(1), scene(2, text=f"{ANCHOR}, in a cafe, <lora:x:1>")])
    assert ("FX105", "scene 2") in [(finding.code, finding.where) for finding in found]


PIECES = [
    "portrait of a woman",
    "(freckles:1.2)",
    "((hat))",
    "[beard]",
    "<lora:x:1>",
    "no glasses",
    "without a hat",
    "f/1.4",
    "f/16",
    "85mm",
    "24-70mm",
    "bokeh",
    "golden hour",
    "overcast sky",
    "hard shadows",
    "Rembrandt lighting",
    "digital art",
    "RAW photo",
    "masterpiece",
    "1girl",
    "blurry background",
    '"OPEN"',
    "“",
    "\u202e",
    "\u200b",
    "\x00",
    "\ud800",
    "👩‍🚀",
    "İstanbul",
    "ﬁ",
    "ß",
    "\u2028",
    "\r\n",
    "\t",
    ",",
    ";",
    ".",
    "--ar 2:3",
    "::2",
    "BREAK",
    "product photo of a mug",
    "flawless skin",
    "visible pores",
    "hands",
    "rainy street",
    "soft lightning",
    "Rembrant light",
    "don't",
    "'",
    "_",
    "日本語",
]
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=12).map(", ".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map(" ".join),
)
GENTLE = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def count(text: str) -> Any:
    text.encode("utf-8")
    lost = text[40:]
    return type("Count", (), {"total": len(text), "kept": min(40, len(text)), "limit": 40, "lost": lost})()


@GENTLE
@given(
    TEXTS, TEXTS, st.sampled_from([None, HONOURED, DISTILLED, replace(HONOURED, count_tokens=count)]), TEXTS
)
def test_any_text(text: str, negative: str, facts: CheckpointFacts | None, anchor: str) -> None:
    for finding in lint(text, negative=negative, facts=facts, size=(512, 512), anchor=anchor):
        for span in (
            [finding.span, *(edit.span for edit in finding.fix.edits if finding.fix)]
            if finding.fix
            else [finding.span]
        ):
            assert span is None or 0 <= span.start <= span.end <= len(text)
        if finding.fix:
            edits = sorted(finding.fix.edits, key=lambda edit: edit.span)
            assert all(one.span.end <= other.span.start for one, other in pairwise(edits))
            alone = apply_fixes(text, negative, [finding], unsafe=True)
            assert alone != (text, negative) or not (edits or finding.fix.negative)


@GENTLE
@given(TEXTS, st.sampled_from([None, HONOURED, DISTILLED]))
def test_safe_fixes_are_done_at_once_and_for_good(text: str, facts: CheckpointFacts | None) -> None:
    once = mend(text, facts=facts)
    assert mend(once[0], negative=once[1], facts=facts) == once


@GENTLE
@given(st.lists(st.sampled_from(PIECES[1:]), max_size=8), st.sampled_from([None, HONOURED]))
def test_safe_fixes_never_take_the_subject(pieces: list[str], facts: CheckpointFacts | None) -> None:
    text = ", ".join(["old sailor with a parrot", *pieces])
    fixed, _ = mend(text, facts=facts)
    assert "old sailor with a parrot" in fixed


@pytest.mark.parametrize(
    "piece",
    ["(", "((((", "[", "a ", "a,", "no ", '"', "'", "-", "f/1.4 ", "85mm ", "<lora:", "::", "--", "hands ", "light, ",
     "beautiful ", "\u200b", "key light from the left ", "to the left of a man ", "portrait, "],
)  # fmt: skip
def test_the_longest_text_is_read_to_its_end(piece: str) -> None:
    """A catastrophic pattern would never end here; `bench/words.py` has the figures."""
    text = (piece * (MOST_CHARACTERS // len(piece) + 1))[:MOST_CHARACTERS]
    for finding in lint(text, facts=HONOURED):
        assert finding.span is None or finding.span.end <= len(text)


def test_more_than_is_read() -> None:
    found = lint("portrait of a man at noon " * 50_000)
    assert codes(found)[0] == "FX006"


def test_no_rule_is_without_a_word_to_say() -> None:
    assert len(RULES) + 3 == 38


@pytest.mark.parametrize("words", ["golden hour", "photo", "oak"])
def test_many_different_phrases_take_no_more_work_each(words: str) -> None:
    def work(count: int) -> int:
        text = ", ".join(
            f"{chr(97 + n // 676 % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}x {words}"
            for n in range(count)
        )
        assert "FX102" in {finding.code for finding in lint(text)}
        return calls(lambda: lint(text))

    assert work(2400) < 10 * work(300)  # 8 is linear, 64 quadratic
