"""The built-in words: each can be found, means something possible, agrees with what is expected and with the others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fluxgram.photography.catalog import catalog
from fluxgram.photography.limits import MEASURES
from fluxgram.photography.phrases import normal
from fluxgram.photography.terms import KINDS, DetailMeaning, LightMeaning, OpticsMeaning, Preset

TERMS = tuple(catalog().terms.values())
PRESETS = tuple(catalog().presets.values())
LIGHTS = [term for term in TERMS if isinstance(term.meaning, LightMeaning)]

LEAST = {
    "light": 30, "camera": 10, "lens": 20, "aperture": 12, "film": 10, "skin": 20, "material": 20, "surface": 8,
    "atmosphere": 10, "macro": 10, "product": 10, "interior": 10, "landscape": 10, "environment": 8, "street": 8,
    "quality": 10, "mode": 8, "negative": 8,
}  # fmt: skip
"""What was promised of each kind."""


def found(words: str) -> list[tuple[str, int, int, bool]]:
    return [(match.term.id, match.start, match.end, match.vague) for match in catalog().find(words)]


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def test_every_kind_has_its_share() -> None:
    assert set(LEAST) == set(KINDS)
    assert len(TERMS) >= 250
    assert len(PRESETS) >= 24
    for kind, least in LEAST.items():
        assert len(catalog().of_kind(kind)) >= least, kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_is_found(kind: str) -> None:
    for term in catalog().of_kind(kind):
        for words in (term.say, *term.say_for.values(), *term.aliases):
            assert found(words) == [(term.id, 0, len(words), False)]
            shouted = words.upper().replace(" ", "-")
            assert [row[0] for row in found(f"a woman, {shouted}, smiling")] == [term.id]
        for words in term.instead_of:
            assert found(words) == [(term.id, 0, len(words), True)]


def test_a_phrase_belongs_to_one_term() -> None:
    owner: dict[tuple[str, ...], str] = {}
    for term in TERMS:
        for phrase in {*term.aliases, *term.instead_of, term.say}:
            assert owner.setdefault(normal(phrase), term.id) == term.id, phrase


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_told_in_plain_sentences(kind: str) -> None:
    for term in catalog().of_kind(kind):
        assert term.effect[0].isupper() or term.effect[0].isdigit()
        assert term.effect.endswith(".")
        assert len(term.effect.split()) >= 4, term.id
        assert not term.best_for.endswith(".")
        assert len(normal(term.say)) <= 30
        assert term.id.startswith(f"{term.kind}.")
        assert not set(term.aliases) & set(term.instead_of)
        assert term.kind == "negative" or len(term.aliases) >= 2, term.id


@pytest.mark.parametrize("kind", KINDS)
def test_expectations_are_possible(kind: str) -> None:
    for term in catalog().of_kind(kind):
        for expectation in term.expect:
            low, high = MEASURES[expectation.measure]
            assert low <= expectation.low < expectation.high <= high


def test_light_means_what_is_measured() -> None:
    for term in LIGHTS:
        meaning = term.meaning
        assert isinstance(meaning, LightMeaning)
        expected = {entry.measure: (entry.low, entry.high) for entry in term.expect}
        azimuth, elevation = expected.get("key_azimuth_degrees"), expected.get("key_elevation_degrees")
        if azimuth:
            assert azimuth[0] <= meaning.key_azimuth_degrees[0]
            assert azimuth[1] >= meaning.key_azimuth_degrees[1], (
                "a measurement is less sure than the lamp's place"
            )
        if elevation:
            assert overlap(elevation, meaning.key_elevation_degrees)
        if "lighting_ratio_stops" in expected:  # the two sides cannot differ by more than key and fill do
            assert expected["lighting_ratio_stops"][0] <= meaning.fill_stops[1]
        if "hardness_stops_per_mm" in expected and meaning.softness_degrees[0] >= 25:
            assert expected["hardness_stops_per_mm"][1] <= 0.2, (
                "0.37 is a point, 0.07 very soft (realism notes, M7e)"
            )
        if "rim_stops" in expected:
            assert meaning.rim == "always"
        if "shadow_warmth_log2" in expected and meaning.key_kelvin and meaning.fill_kelvin:
            assert meaning.fill_kelvin[0] > meaning.key_kelvin[1], "a cool fill makes cool shadows"
            assert expected["shadow_warmth_log2"][1] <= 0.4


def test_bare_words_for_softness_agree() -> None:
    for term in LIGHTS:
        assert isinstance(term.meaning, LightMeaning)
        if "soft" in term.tags:
            assert term.meaning.softness_degrees[1] >= 30, term.id
        if "hard" in term.tags:
            assert term.meaning.softness_degrees[0] <= 5, term.id
        if "backlight" in term.tags:
            assert term.meaning.key_azimuth_degrees[0] >= 90, term.id


@pytest.mark.parametrize("kind", KINDS)
def test_details_need_the_pixels_of_their_size(kind: str) -> None:
    for term in catalog().of_kind(kind):
        if not isinstance(term.meaning, DetailMeaning):
            continue
        low, _ = term.meaning.size_mm
        assert 0.2 <= low * term.meaning.least_px_per_mm <= 4, "about one to three pixels across the smallest"


def test_pores_need_what_the_notes_measured() -> None:
    pores = catalog().term("skin.pores").meaning
    assert isinstance(pores, DetailMeaning)
    assert pores.size_mm == (0.25, 0.5)
    assert 4 <= pores.least_px_per_mm <= 6


@pytest.mark.parametrize("kind", ["lens", "aperture"])
def test_isolation_follows_the_lens(kind: str) -> None:
    """Blur by hand: m f / N (1 - s/b), m = 36/460, over 0.1 mm."""
    for term in catalog().of_kind(kind):
        optics = term.meaning
        if not isinstance(optics, OpticsMeaning) or optics.isolation_stops is None:
            continue
        if optics.sensor_mm not in (None, (36, 24)) or (kind == "lens" and optics.aperture is None):
            continue
        assert optics.aperture
        focal = (optics.focal_mm, optics.focal_mm) if optics.focal_mm else (50, 105)
        by_hand = [
            np.log2(np.hypot(1, 36 / 460 * mm / optics.aperture * share / 0.1))
            for mm, share in zip(focal, (0.5, 1), strict=True)
        ]
        assert optics.isolation_stops == pytest.approx(by_hand, abs=0.06), term.id


def test_wide_open_separates_more() -> None:
    stops = []
    for name in ("f1-2", "f1-8", "f2-8", "f5-6", "f11"):
        meaning = catalog().term(f"aperture.{name}").meaning
        assert isinstance(meaning, OpticsMeaning)
        assert meaning.isolation_stops
        stops.append(meaning.isolation_stops[1])
    assert stops == sorted(stops, reverse=True)


def test_conflicts_go_both_ways() -> None:
    words = catalog()
    pairs = [(one, other) for one, other in combinations(TERMS, 2) if words.conflict(one, other)]
    assert pairs
    for one, other in pairs:
        assert words.conflict(other, one)
    for term in TERMS:
        assert not words.conflict(term, term)
        for entry in term.conflicts:
            assert entry in words.terms or entry.removesuffix(".*") in KINDS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("light.rembrandt", "light.butterfly"),
        ("light.overcast", "light.bare-bulb"),
        ("light.golden-hour", "light.noon"),
        ("aperture.shallow", "aperture.f16"),
        ("aperture.f1-4", "aperture.deep"),
        ("lens.35mm", "lens.85mm"),
        ("lens.canon-ef-85mm-f1-4", "camera.phone"),
        ("mode.oil-painting", "quality.photorealistic"),
        ("mode.anime", "mode.photograph"),
        ("skin.retouched", "skin.pores"),
        ("film.black-and-white", "light.neon"),
    ],
)
def test_these_cannot_go_together(one: str, other: str) -> None:
    assert catalog().conflict(catalog().term(one), catalog().term(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("light.rembrandt", "light.rim"),
        ("light.golden-hour", "light.shafts"),
        ("aperture.f1-4", "aperture.shallow"),
        ("lens.85mm", "aperture.f1-8"),
        ("film.portra-400", "film.grain"),
        ("camera.canon-r5", "lens.85mm"),
        ("skin.pores", "skin.freckles"),
    ],
)
def test_these_can(one: str, other: str) -> None:
    assert not catalog().conflict(catalog().term(one), catalog().term(other))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_a_preset_is_a_whole_look(preset: Preset) -> None:
    words = catalog()
    terms = [words.term(id_) for id_ in preset.terms]
    kinds = {term.kind for term in terms}
    assert "light" in kinds
    assert {"lens", "camera", "macro"} & kinds
    assert not [pair for pair in combinations(terms, 2) if words.conflict(*pair)]
    assert words.term(preset.negative).kind == "negative"


def test_every_kind_of_brief_has_presets() -> None:
    assert {preset.brief for preset in PRESETS} == {
        "portrait", "product", "landscape", "macro", "environment", "interior",
    }  # fmt: skip


ARTICLE_1 = {
    "soft studio lighting, warm key light": "light.warm-key-cool-fill",
    "golden hour backlight, rim light halo": "light.golden-hour",
    "Rembrandt lighting, single source": "light.rembrandt",
    "overcast natural light, diffused window": "light.overcast-window",
    "neon city reflections, cyberpunk ambient": "light.neon-reflections",
    "Canon EF 85mm f/1.4": "lens.canon-ef-85mm-f1-4",
    "Sigma 35mm f/1.4": "lens.sigma-35mm-f1-4",
    "Sony FE 135mm f/1.8 GM": "lens.sony-fe-135mm-f1-8",
    "iPhone 15 Pro portrait mode": "camera.iphone-15-pro-portrait",
    "medium format film scan, Hasselblad": "camera.hasselblad-film",
    "visible skin pores, subsurface scattering": "skin.pores-subsurface",
    "natural freckles, slight skin variation": "skin.variation",
    "catchlights in eyes, sharp iris detail": "skin.catchlights",
    "natural lip texture, soft lip lines": "skin.lips",
    "hair strand detail, flyaways": "skin.hair-strands",
    "cartoon, anime, painting, blur, oversmoothed, plastic skin, watermark, text": "negative.always",
}
ARTICLE_2 = {
    "strong side light": "light.side",
    "soft diffused overcast light": "light.overcast",
    "volumetric light": "light.shafts",
    "warm tungsten and cool daylight": "light.mixed",
    "rim light": "light.rim",
    "early morning haze": "atmosphere.morning-haze",
    "light through fog": "atmosphere.fog",
    "dust particles in sunbeams": "atmosphere.dust-beams",
    "a light dusting of freckles across the nose bridge": "skin.freckles",
    "vellus hair": "skin.vellus",
    "raking light to reveal surface texture": "light.raking",
}


@pytest.mark.parametrize(("words", "id_"), (ARTICLE_1 | ARTICLE_2).items())
def test_the_articles_words_are_known(words: str, id_: str) -> None:
    assert found(words) == [(id_, 0, len(words), False)]


@pytest.mark.parametrize("words", ["rainy street", "blurry background", "stunning", "studio lighting"])
def test_vague_words_are_known_as_such(words: str) -> None:
    assert [row[3] for row in found(words)] == [True]
