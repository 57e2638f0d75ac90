"""Dynamic prompts: what is chosen, that it never changes, and every way in which they can be wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import ShootError
from fluxgram.prompt.wildcards import expand, is_dynamic


def test_the_documented_algorithm() -> None:
    """Worked out here a second time, from the module's words alone."""
    for seed in range(50):
        digest = hashlib.sha256(f"fluxgram-choice-1 {seed} the prompt 0".encode()).digest()
        index = int.from_bytes(digest[:8], "big") * 3 // 2**64
        assert expand("a {red|green|blue} hat", seed) == f"a {['red', 'green', 'blue'][index]} hat"


def test_fixed_for_ever() -> None:
    """Written down when the algorithm was: a change here changes everybody's pictures."""
    text = "{2::oak|ash} and {a|{b|c} d} by {x|y|z}"
    assert [expand(text, seed) for seed in (0, 1, 42, 2**64 - 1)] == FIXED
    assert expand(text, 42, place="scene 'x': setting") == FIXED_ELSEWHERE


FIXED = ["oak and b d by z", "oak and c d by x", "oak and a by y", "oak and a by y"]
FIXED_ELSEWHERE = "ash and c d by x"


def test_weights_and_nesting() -> None:
    counts = Counter(expand("{2::a|b|{c|d} e|0::never}", seed) for seed in range(4000))
    assert set(counts) == {"a", "b", "c e", "d e"}
    assert counts["a"] == pytest.approx(2000, abs=150)
    assert counts["b"] == pytest.approx(1000, abs=130)
    assert counts["c e"] == pytest.approx(500, abs=100)


def test_choices_are_independent() -> None:
    pairs = Counter(expand("{a|b}{c|d}", seed) for seed in range(2000))
    assert len(pairs) == 4
    assert min(pairs.values()) > 400
    places = Counter(
        expand("{a|b}", seed, place="x") + expand("{a|b}", seed, place="y") for seed in range(2000)
    )
    assert min(places.values()) > 400


def test_a_choice_does_not_depend_on_those_before_it_being_longer() -> None:
    for seed in range(40):
        assert expand("{a|b} {c|d}", seed)[-1] == expand("a very long {x|y|{z|w}} {c|d}", seed)[-1]


def test_escapes_and_plain_text() -> None:
    assert expand(r"\{a\|b\} \__x__ {a\|b} c|d \\", 1) == r"{a|b} __x__ a|b c|d " + "\\"
    for text in ("plain, 85mm f/1.8 (no choice)", "____ snake_case __init", ""):
        assert not is_dynamic(text)
        assert expand(text, 1) == text


def test_files(tmp_path: Path) -> None:
    (tmp_path / "hair.txt").write_text("# colours\n\n3::{dark|light} brown\nblack\n", encoding="utf-8-sig")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "hats.txt").write_text("a hat over __hair__ hair\r\n")
    seen = {expand("__more/hats__", seed, tmp_path) for seed in range(60)}
    assert seen == {f"a hat over {colour} hair" for colour in ("dark brown", "light brown", "black")}


def test_the_first_folder_wins(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.txt").write_text(name)
    assert expand("__w__", 0, [tmp_path / "missing", tmp_path / "two", tmp_path / "one"]) == "two"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a {b|c", "the prompt, character 3: this { is never closed"),
        ("a {b|{c} d", "character 3: this { is never closed"),
        ("a} b", "character 2: this } closes nothing"),
        ("{a|b}}", "character 6: this } closes nothing"),
        ("{0::a|0::b}", "all weights are 0"),
        ("{" * 17 + "}" * 17, "nested more than 16 deep"),
        ("{" * 99_000, "nested more than 16 deep"),
        ("x {a|b}" * 20_000, "140,000 characters"),
        ("an __inexistent__ one", "character 4: there is no wildcard 'inexistent'"),
        ("__/etc/passwd__", "there is no wildcard '/etc/passwd'"),
        ("{" + "{a|b}" * 10_001 + "}", "more than 10,000 choices"),
    ],
)
def test_texts_that_cannot_be(text: str, says: str) -> None:
    with pytest.raises(ShootError) as caught:
        expand(text, 0)
    assert says in str(caught.value)
    assert caught.value.hint


def test_missing_wildcard_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "hair.txt").write_text("black")
    with pytest.raises(ShootError, match="no wildcard 'hairs'") as caught:
        expand("__hairs__", 0, tmp_path)
    assert caught.value.hint == "Nearest: hair."


def test_circles_are_found_whatever_the_seed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plain\n# no\nwith {nothing|__b__}\n")
    (tmp_path / "b.txt").write_text("plain\nplain\nplain\n__a__\n")
    for seed in range(8):
        with pytest.raises(ShootError) as caught:
            expand("x __a__", seed, tmp_path)
        assert (
            str(caught.value)
            == f"{tmp_path / 'b.txt'}, line 4: the wildcards go round in a circle: a → b → a."
        )


def test_mistakes_in_a_file_are_found_whatever_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plain\n{broken\n")
    for seed in range(8):
        with pytest.raises(ShootError, match=r"a\.txt, line 2, character 1: this \{ is never closed"):
            expand("__a__", seed, tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "no option"), (b"# only\n\n", "no option"), (b"a\n\xff\n", "line 2: this is not text")],
)
def test_files_without_options(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(ShootError, match=says):
        expand("__a__", 0, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x" * 1_000_001)
    with pytest.raises(ShootError, match="too large"):
        expand("__a__", 0, tmp_path)


def test_bombs_are_refused(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"b{number}.txt").write_text(f"__b{number + 1}__ " * 10)
    (tmp_path / "b12.txt").write_text("boom\n")
    with pytest.raises(ShootError, match="more than 10,000 choices"):
        expand("__b0__", 0, tmp_path)
    (tmp_path / "long.txt").write_text("x" * 90_000)
    with pytest.raises(ShootError, match="more than 100,000 characters"):
        expand("__long__ __long__", 0, tmp_path)
    for number in range(20):
        (tmp_path / f"c{number}.txt").write_text(f"__c{number + 1}__")
    with pytest.raises(ShootError, match="wildcards 16 deep"):
        expand("__c0__", 0, tmp_path)


@settings(deadline=None)
@given(st.text("{}|\\_:a1.2/ é\n", max_size=60), st.integers(0, 2**64 - 1))
def test_any_text_is_expanded_or_refused(text: str, seed: int) -> None:
    try:
        first = expand(text, seed)
    except ShootError:
        return
    assert first == expand(text, seed)
    assert len(first) <= len(text)


def test_a_chain_that_is_met_from_its_end_is_refused_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "f1.txt").write_text("end\n", "utf-8")
    for number in range(2, 301):
        (tmp_path / f"f{number}.txt").write_text(f"__f{number - 1}__\n", "utf-8")
    text = " ".join(f"__f{number}__" for number in range(1, 301))
    with pytest.raises(ShootError, match="16 deep"):
        expand(text, 1, tmp_path)
