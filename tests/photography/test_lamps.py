"""Lamps and words: what is said of lamps is read back as lamps that the words mean."""

from __future__ import annotations

import itertools
import random

import pytest

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import catalog
from fluxgram.photography.lamp_words import Said, number, read, words_of
from fluxgram.photography.lamps import Fill, Key, Lamps, Rim, Told, is_key, lamps_of, named_lamps
from fluxgram.photography.terms import LightMeaning
from fluxgram.prompt.parse import parse


def read_back(text: str) -> Lamps:
    """Lamps of a prompt, by the same way a browser's prompt takes."""
    pieces = [piece for piece in parse(text).pieces if piece.role != "negative"]
    said = [Said(p.text, p.term if p.term and p.term.kind == "light" else None, p.side) for p in pieces]
    lamps = read(said)
    assert lamps is not None, text
    return lamps


REMBRANDT = Lamps(Key(-45, 42, 8, 4000), Fill(4.1, 5000), Rim(False), 0.12)


def test_the_words_of_a_rembrandt_light() -> None:
    told = words_of(REMBRANDT, catalog())
    assert told.words == "Rembrandt lighting, single source from the upper left, warm key, deep shadows"
    assert [term.id for term, _ in told.terms] == ["light.rembrandt"]
    assert (told.side, told.left_out) == ("left", ())


def test_the_other_side() -> None:
    told = words_of(Lamps(Key(45, 42, 8, 4000), Fill(4.1), Rim(False), 0.12), catalog())
    assert "from the upper right" in told.words
    assert told.side == "right"


def test_a_key_without_a_name_is_said_plainly() -> None:
    told = words_of(Lamps(Key(-140, -30, 60, 9500), Fill(2.7), Rim(False)), catalog())
    assert told.terms == ()
    assert told.words == "rear key light from the lower left, deep blue key, soft shadow edges"


def test_what_no_words_say_is_told() -> None:
    told = words_of(Lamps(Key(8, 45, 15, power=2), Fill(1.5), Rim(True, 178, power=0.5)), catalog())
    assert told.side == ""
    assert len(told.left_out) == 4  # aside by 8°, two powers, the rim light's place


def space() -> list[Lamps]:
    """Points of the whole space: a coarse grid and chance."""
    grid = [
        Lamps(Key(azimuth, elevation, softness, kelvin), Fill(stops, fill), Rim(rim, 130))
        for azimuth, elevation, softness, kelvin, stops, fill, rim in itertools.product(
            (-180, -145, -88, -45, -25, -6, 0, 30, 50, 70, 110, 160),
            (-40, 5, 35, 80), (3, 20, 55, 140), (2000, 3500, 5400, 9000), (0.5, 2.5, 4.5), (3000, 9000), (False, True),
        )
    ]  # fmt: skip
    chance = random.Random(20)
    drawn = [
        Lamps(
            Key(
                chance.uniform(-180, 180), chance.uniform(-90, 90), chance.uniform(0.1, 180),
                chance.uniform(1000, 20000),
            ),
            Fill(chance.uniform(0, 8), chance.uniform(1000, 20000)),
            Rim(chance.random() < 0.5, chance.choice((-1, 1)) * chance.uniform(100, 170), chance.uniform(1000, 20000)),
            chance.random(),
        )
        for _ in range(1500)
    ]  # fmt: skip
    near = [
        Lamps(
            Key(
                chance.choice((-1, 1)) * chance.uniform(*m.key_azimuth_degrees),
                chance.uniform(*m.key_elevation_degrees),
                chance.uniform(*m.softness_degrees),
                chance.uniform(*(m.key_kelvin or (1500, 12000))),
            ),
            Fill(chance.uniform(*m.fill_stops), chance.uniform(*(m.fill_kelvin or (1500, 12000)))),
            Rim(m.rim == "always" or chance.random() < 0.3, chance.choice((-135, 135))),
            chance.random(),
        )
        for term in catalog().of_kind("light")
        if is_key(term) and isinstance(m := term.meaning, LightMeaning)
        for _ in range(30)
    ]
    return chance.sample(grid, 1500) + drawn + near


def test_words_hold_what_they_claim_and_are_read_back() -> None:
    names = set()
    for lamps in space():
        told = words_of(lamps, catalog())
        again = read_back(f"portrait of a woman, {told.words}, 85mm lens")
        for name, (low, high) in told.claims.items():
            assert low <= number(lamps, name) <= high, (told.words, name, lamps)
            assert low <= number(again, name) <= high, (told.words, name, again)
        if told.side:
            assert (again.key.azimuth > 0) == (told.side == "right") == (lamps.key.azimuth > 0), told.words
        assert again.rim.on == lamps.rim.on, told.words
        if lamps.rim.on:
            assert (again.rim.azimuth > 0) == (lamps.rim.azimuth > 0), told.words
        names.update(term.id for term, _ in told.terms)
    assert len(names) > 25  # the names are really used


def test_words_say_only_the_lights_that_are_meant() -> None:
    for lamps in space()[::7]:
        told = words_of(lamps, catalog())
        found = {match.term.id for match in catalog().find(told.words)}
        assert found == {term.id for term, _ in told.terms}, told.words


@pytest.mark.parametrize("named", named_lamps(catalog()), ids=lambda named: named.term.id)
def test_a_named_light_sets_lamps_inside_its_meaning(named: object) -> None:
    from fluxgram.photography.lamps import NamedLamps

    assert isinstance(named, NamedLamps)
    meaning, key = named.term.meaning, named.lamps.key
    assert isinstance(meaning, LightMeaning)
    assert meaning.key_azimuth_degrees[0] <= abs(key.azimuth) <= meaning.key_azimuth_degrees[1]
    assert meaning.key_elevation_degrees[0] <= key.elevation <= meaning.key_elevation_degrees[1]
    assert meaning.softness_degrees[0] <= key.softness_degrees <= meaning.softness_degrees[1]
    assert meaning.fill_stops[0] <= named.lamps.fill.stops <= meaning.fill_stops[1]
    assert bool(named.left_out) == bool(meaning.colours or "pattern" in named.term.tags)
    if meaning.rim != "maybe":
        assert named.lamps.rim.on == (meaning.rim == "always")


def test_every_named_light_that_lamps_can_show_is_called_by_its_name() -> None:
    for named in named_lamps(catalog()):
        if not named.left_out:
            assert next(term.id for term, _ in words_of(named.lamps, catalog()).terms) == named.term.id


def test_a_name_that_was_chosen_stays_while_it_fits() -> None:
    lamps = Lamps(Key(-35, 30, 28, 5200), Fill(2))  # both loop and soft studio light
    assert words_of(lamps, catalog(), prefer="light.loop").terms[0][0].id == "light.loop"
    assert words_of(lamps, catalog(), prefer="light.soft-studio").terms[0][0].id == "light.soft-studio"
    assert words_of(lamps, catalog(), prefer="light.split").terms[0][0].id != "light.split"
    assert words_of(lamps, catalog(), prefer="nothing").words


def test_terms_set_the_side_the_rim_and_the_fill() -> None:
    term = catalog().term
    right = lamps_of([Told(term("light.loop"))], "right")
    assert right
    assert right.key.azimuth == 30
    assert not right.rim.on
    rimmed = lamps_of([Told(term("light.loop"), "left"), Told(term("light.rim"))])
    assert rimmed
    assert rimmed.key.azimuth == -30
    assert rimmed.rim.on
    assert rimmed.rim.azimuth > 0
    deeper = lamps_of([Told(term("light.loop")), Told(term("light.negative-fill"))])
    assert deeper
    assert right
    assert deeper.fill.stops > right.fill.stops
    assert lamps_of([Told(term("light.octabox"))]) is None


@pytest.mark.parametrize(
    "broken", [{"azimuth": 181}, {"elevation": float("nan")}, {"softness_degrees": 0}, {"kelvin": 10}]
)
def test_numbers_that_no_lamp_can_have(broken: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="must be from"):
        Lamps(Key(**broken))
