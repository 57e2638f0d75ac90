"""Finding, browsing and naming terms; a user's own words and those of other packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fluxgram.errors import UnknownTerm, VocabularyError
from fluxgram.photography.catalog import catalog, load_catalog

OWN = """
[light.kitchen]
say = "light of our kitchen"
aliases = ["kitchen lamp light"]
effect = "It is yellow and small."
best_for = "breakfast"
source = "at home"
[preset.breakfast]
title = "Breakfast"
effect = "Yellow and small."
best_for = "mornings"
brief = "portrait"
terms = ["light.kitchen", "lens.50mm"]
source = "at home"
"""


def own(folder: Path, text: str = OWN) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return folder


def test_it_is_read_once() -> None:
    assert catalog() is catalog()
    assert load_catalog() is catalog()


def test_terms_by_id() -> None:
    assert catalog().term("light.rembrandt").say.startswith("Rembrandt")
    assert catalog().preset("editorial-rembrandt") is catalog().preset("preset.editorial-rembrandt")
    assert {term.kind for term in catalog().of_kind("film")} == {"film"}


@pytest.mark.parametrize(
    ("id_", "meant"),
    [
        ("light.rembrant", "light.rembrandt"),
        ("light.fog", "atmosphere.fog"),
        ("rembrandt", "light.rembrandt"),
        ("lens.f1-8", "aperture.f1-8"),
        ("85mm", "lens.85mm"),
    ],
)
def test_an_unknown_term_brings_the_nearest(id_: str, meant: str) -> None:
    with pytest.raises(UnknownTerm, match=f"no term '{id_}'") as told:
        catalog().term(id_)
    assert meant in told.value.hint


def test_unknown_presets_and_kinds() -> None:
    with pytest.raises(UnknownTerm) as told:
        catalog().preset("editorial-rembrand")
    assert "preset.editorial-rembrandt" in told.value.hint
    with pytest.raises(UnknownTerm) as told:
        catalog().of_kind("lights")
    assert "'light'" in told.value.hint
    for ask in (catalog().search, catalog().nearest):
        with pytest.raises(UnknownTerm):
            ask("soft", kind="lights")


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("rembrandt", "light.rembrandt"),
        ("pores", "skin.pores"),
        ("portra", "film.portra-400"),
        ("wet cobble", "surface.wet-cobblestones"),
        ("1.8", "aperture.f1-8"),
        ("cyberpunk ambient", "light.neon-reflections"),
    ],
)
def test_search_puts_the_best_first(words: str, first: str) -> None:
    assert catalog().search(words)[0].id == first


def test_search_wants_every_word() -> None:
    hits = catalog().search("soft window")
    assert hits
    assert len(hits) < len(catalog().search("soft"))
    assert catalog().search("soft windowless zeppelin") == []
    assert catalog().search("", kind="film") == list(catalog().of_kind("film"))
    assert {term.kind for term in catalog().search("warm", kind="film")} == {"film"}


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("rembrant lighting", "light.rembrandt"),
        ("buterfly lighting", "light.butterfly"),
        ("golden hour backlihgt", "light.golden-hour"),
        ("vissible pores", "skin.pores"),
        ("shalow depth of feild", "aperture.shallow"),
        ("photorealisitc", "quality.photorealistic"),
        ("hasselblat", "camera.medium-format"),
        ("cobblestons", "surface.wet-cobblestones"),
    ],
)
def test_misspellings(slip: str, meant: str) -> None:
    if meant == "surface.wet-cobblestones":
        slip = f"wet {slip}"
    assert meant in [term.id for _, term in catalog().nearest(slip)]


def test_nothing_is_near_to_nonsense() -> None:
    assert catalog().nearest("zqxjkv") == []
    assert catalog().nearest("") == []
    assert catalog().nearest("x" * 100_000) == []
    assert all(term.kind == "skin" for _, term in catalog().nearest("visible pore", kind="skin"))
    assert len(catalog().nearest("rembrandt lighting", n=1)) == 1


def test_own_words_are_added(tmp_path: Path) -> None:
    words = load_catalog([own(tmp_path / "mine"), tmp_path / "absent"])
    assert words.term("light.kitchen").effect == "It is yellow and small."
    assert [match.term.id for match in words.find("a kitchen lamp light, please")] == ["light.kitchen"]
    assert words.preset("breakfast").terms == ("light.kitchen", "lens.50mm")
    assert "light.kitchen" not in catalog().terms
    assert len(words.terms) == len(catalog().terms) + 1


def test_own_words_replace(tmp_path: Path) -> None:
    text = OWN.replace("light.kitchen", "light.rembrandt").replace("kitchen lamp light", "butterfly lighting")
    words = load_catalog([own(tmp_path, text)])
    assert words.term("light.rembrandt").say == "light of our kitchen"
    assert [match.term.id for match in words.find("butterfly lighting")] == ["light.rembrandt"], "taken over"
    assert words.find("Rembrandt triangle") == [], "the old phrases have gone with the old term"


def test_the_last_folder_wins(tmp_path: Path) -> None:
    one = own(tmp_path / "one")
    two = own(tmp_path / "two", OWN.replace("yellow", "blue"))
    assert "blue" in load_catalog([one, two]).term("light.kitchen").effect
    assert "yellow" in load_catalog([two, one]).term("light.kitchen").effect


def test_a_tag_stands_for_all_that_have_it(tmp_path: Path) -> None:
    text = OWN.replace(
        'source = "at home"\n[preset', 'conflicts = ["film.#slide"]\nsource = "at home"\n[preset'
    )
    words = load_catalog([own(tmp_path, text)])
    kitchen = words.term("light.kitchen")
    assert set(kitchen.conflicts) == {"film.velvia-50", "film.provia-100f", "film.kodachrome-64"}
    assert words.conflict(words.term("film.velvia-50"), kitchen)
    assert not words.conflict(words.term("film.hp5"), kitchen)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with an entry point, as pip would leave it."""
    folder = own(tmp_path / "kitchen_words")
    (folder / "__init__.py").write_text("")
    info = tmp_path / "kitchen_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kitchen-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fluxgram.vocabulary]\nkitchen = kitchen_words\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "kitchen_words", raising=False)
    return folder


def test_words_of_a_package(package: Path, tmp_path: Path) -> None:
    assert "light.kitchen" in load_catalog(entry_points=True).terms
    assert "light.kitchen" not in load_catalog().terms
    folder = own(tmp_path / "mine", OWN.replace("yellow", "blue"))
    assert "blue" in load_catalog([folder], entry_points=True).term("light.kitchen").effect


def test_a_broken_package_is_named(package: Path) -> None:
    (package / "__init__.py").write_text("raise OSError('no disk')")
    with pytest.raises(VocabularyError, match=r"'kitchen_words' of the entry point 'kitchen' .*no disk"):
        load_catalog(entry_points=True)
