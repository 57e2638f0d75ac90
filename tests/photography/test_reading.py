"""Vocabulary files with mistakes: one sentence with file and table, and the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxgram.errors import VocabularyError
from fluxgram.photography.catalog import load_catalog
from fluxgram.photography.reading import read_file
from fluxgram.photography.terms import OpticsMeaning

GOOD = """
[lens.my-60mm]
say = "60mm lens of mine"
aliases = ["my sixty"]
effect = "A little longer than normal."
best_for = "portraits"
source = "my own"
[lens.my-60mm.meaning]
focal_mm = 60
aperture = 2.0
blades = 9
[lens.my-60mm.expect]
isolation_stops = [1, 4]
"""


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_file(tmp_path: Path) -> None:
    (term,) = read_file(write(tmp_path, GOOD)).terms
    assert term.id == "lens.my-60mm"
    assert term.name == "my-60mm"
    assert term.meaning == OpticsMeaning(focal_mm=60, aperture=2, blades=9)
    assert [(entry.measure, entry.low, entry.high) for entry in term.expect] == [("isolation_stops", 1, 4)]
    assert term.words("flux2") == "60mm lens of mine"


def test_words_for_a_family(tmp_path: Path) -> None:
    text = GOOD.replace('say = "60mm', 'say_for = { flux2 = "shot with my sixty lens" }\nsay = "60mm')
    (term,) = read_file(write(tmp_path, text)).terms
    assert term.words("flux2") == "shot with my sixty lens"
    assert term.words("flux1") == term.words() == "60mm lens of mine"


LIGHT = """
[light.x]
say = "light of mine"
effect = "It is light."
best_for = "tests"
source = "my own"
[light.x.meaning]
key_azimuth_degrees = [30, 60]
key_elevation_degrees = [0, 45]
softness_degrees = [1, 10]
fill_stops = [1, 2]
"""
PRESET = """
[preset.x]
title = "X"
effect = "A look."
best_for = "tests"
brief = "portrait"
terms = ["light.rembrandt"]
source = "my own"
"""


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (GOOD.replace("aliases", "alias"), r"table \[lens.my-60mm\] has an unknown key 'alias'", "'aliases'"),
        (GOOD.replace("focal_mm", "focal"), r"key 'meaning' has an unknown key 'focal'", "'focal_mm'"),
        (GOOD.replace("isolation_stops", "isolation"), r"'expect' has an unknown key 'isolation'", "'isolation_stops'"),
        (GOOD.replace("lens.", "lense."), r"table of the unknown kind 'lense'", "'lens'"),
        (GOOD.replace("my-60mm", "My_60"), r"\[lens.My_60\]: the name is not lower-case", "Rename"),
        (GOOD.replace('best_for = "portraits"', ""), r"\[lens.my-60mm\] lacks the key 'best_for'", "Add a line"),
        (GOOD.replace('"my own"', "3"), r"'source' must be a text on one line, not 3", "Mend"),
        (GOOD.replace('"my own"', '""'), r"'source' must be a text", "Mend"),
        (GOOD.replace('"my own"', '"a\\u0007b"'), r"'source' must be a text on one line", "Mend"),
        (GOOD.replace('["my sixty"]', '"my sixty"'), r"'aliases' must be a list of texts", r"\[ \]"),
        (GOOD.replace('["my sixty"]', "[1]"), r"'aliases' must be a text", "Mend"),
        (GOOD.replace('["my sixty"]', '["..."]'), r"'...' is no phrase to say", "words"),
        (GOOD.replace('"60mm lens of mine"', '"🙂"'), r"'🙂' is no phrase to say", "words"),
        (GOOD.replace("= 2.0", "= 0.2"), r"'aperture' must be from 0.7 to 64, not 0.2", "Mend"),
        (GOOD.replace("= 2.0", "= nan"), r"'aperture' must be from 0.7 to 64, not nan", "Mend"),
        (GOOD.replace("= 2.0", "= true"), r"'aperture' must be from 0.7 to 64, not True", "Mend"),
        (GOOD.replace("[1, 4]", "[4, 1]"), r"must be \[low, high\], not \[4, 1\]", "Swap"),
        (GOOD.replace("[1, 4]", "[1]"), r"'isolation_stops' must be two numbers", "low, high"),
        (GOOD.replace('say = "60mm', 'say_for = { flux4 = "x" }\nsay = "60mm'), r"unknown key 'flux4'", "'flux"),
        ("lens = 3", r"table \[lens\] must be a table, not 3", "docs/words.md"),
        ("[lens]\nx = 3", r"table \[lens.x\] must be a table", "docs/words.md"),
        ("[lens.x", r"mine.toml is not TOML", "Mend"),
        (GOOD + GOOD, r"mine.toml is not TOML: Cannot declare .*twice", "Mend"),
        ("x = " + "[" * 5000, r"mine.toml is not TOML", "Mend"),
        (b"\xff\xfe[lens.x]", r"mine.toml is not UTF-8: byte 0 is 0xff", "UTF-8"),
        (LIGHT.replace("fill_stops = [1, 2]", ""), r"'meaning' lacks the key 'fill_stops'", "low, high"),
        (LIGHT.replace("[30, 60]", "[-45, 60]"), r"'key_azimuth_degrees' must be from 0 to 180, not -45", "Mend"),
        (LIGHT + "rim = true", r"'rim' must be none, maybe or always", "Mend"),
        (LIGHT + 'sided = "yes"', r"'sided' must be true or false", "Mend"),
        (LIGHT + "key_kelvin = [100, 5000]", r"'key_kelvin' must be from 1000 to 20000", "Mend"),
        (LIGHT + "kelvin = [100, 5000]", r"unknown key 'kelvin'", "'key_kelvin'"),
        (PRESET.replace("terms", "term"), r"\[preset.x\] has an unknown key 'term'", "'terms'"),
        (PRESET.replace('"portrait"', '"portret"'), r"'portret' is not a kind of brief", "'portrait'"),
        (PRESET.replace('["light.rembrandt"]', "[]"), r"\[preset.x\] lacks the key 'terms'", "one term"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(text: str | bytes, says: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=says) as told:
        read_file(write(tmp_path, text))
    assert "mine.toml" in str(told.value)
    assert str(told.value).count("\n") == 0
    assert hint.replace("\\", "") in told.value.hint


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (GOOD.replace("my sixty", "x y") + LIGHT.replace("light of mine", "x y"), "'x y' belongs to", "one term"),
        (GOOD.replace("source", 'instead_of = ["my sixty"]\nsource'), "'my sixty' belongs to 'lens.my-60mm'", "vague"),
        (GOOD.replace("source", 'conflicts = ["lens.85m"]\nsource'), "unknown term 'lens.85m'", "'lens.85mm'"),
        (GOOD.replace("source", 'conflicts = ["lens.my-60mm"]\nsource'), "unknown term 'lens.my-60mm'", "Did you mean"),
        (PRESET.replace("light.rembrandt", "light.rembrant"), "names the unknown term", "'light.rembrandt'"),
        (PRESET.replace('["light.rembrandt"]', '["light.rembrandt", "light.loop"]'), "cannot be said together", "away"),
        (PRESET.replace('["light.rembrandt"]', '["light.loop", "light.loop"]'), "names 'light.loop' twice", "away"),
        (PRESET + 'negative = "light.loop"', "'light.loop' is not a negative set", "negative"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_the_others(text: str, says: str, hint: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(VocabularyError, match=says) as told:
        load_catalog([tmp_path])
    assert "mine.toml" in str(told.value)
    assert hint in told.value.hint


def test_the_same_id_in_two_files_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a.toml")
    write(tmp_path, GOOD, "b.toml")
    with pytest.raises(
        VocabularyError, match=r"b\.toml, table \[lens.my-60mm\] is there already, in .*a\.toml"
    ):
        load_catalog([tmp_path])


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(VocabularyError, match=r"x\.toml cannot be read"):
        load_catalog([tmp_path])
