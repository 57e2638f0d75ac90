"""Reading prompts: exact places, sides, negatives, any text at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fluxgram.prompt.parse import Parsed, parse
from tests.prompt.work import calls

ODD = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from(
            list("\u202e\u2066\u200b\u200d\ufeff\x00\x1b\x7f\u0301,;:.()[]{}|/-—\n\t «»٨٥שלוםمرحبا漢字🙂👩‍🦰")
        ),
        st.sampled_from(
            ["Rembrandt lighting", "85mm f/1.8", " from the left", "no glasses", "visible pores", " light"]
        ),
    ),
    max_size=40,
).map("".join)


def check(parsed: Parsed) -> None:
    last = 0
    for piece in parsed.pieces:
        assert last <= piece.span.start < piece.span.end <= len(parsed.text)
        assert parsed.text[piece.span.start : piece.span.end] == piece.text
        last = piece.span.end


@settings(max_examples=300, deadline=None)
@given(ODD)
@example("\u202eRembrandt\u200b lighting\u202c from the left")
@example("from the left, from the right")
@example("85/1.8mm f/2 35mm tall lens")
def test_any_text_is_read_with_exact_places(text: str) -> None:
    check(parse(text))


def roles(text: str) -> list[tuple[str, str]]:
    return [(piece.role, piece.text) for piece in parse(text).pieces]


def test_the_article_s_formula() -> None:
    text = (
        "portrait of a woman in her 30s, sharp cheekbones, natural freckles, short auburn hair with loose waves, "
        "soft studio lighting with warm key and cool fill, shallow depth of field, Canon EF 85mm f/1.4 bokeh, 4K, "
        "skin texture, photorealistic, RAW photo"
    )
    parsed = parse(text)
    check(parsed)
    assert [piece.text for piece in parsed.of("subject")] == ["portrait of a woman in her 30s"]
    assert [term.id for term in parsed.terms] == [
        "skin.freckles", "light.warm-key-cool-fill", "aperture.shallow", "lens.canon-ef-85mm-f1-4", "quality.4k",
        "quality.skin-texture", "quality.photorealistic", "quality.raw-photo",
    ]  # fmt: skip
    lens = next(piece for piece in parsed.pieces if piece.focal_mm)
    assert (lens.focal_mm, lens.aperture) == (85, 1.4)
    assert parsed.kind == "portrait"


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("woman, Rembrandt lighting from the left", ["left"]),
        ("woman, Rembrandt lighting, left side", ["left"]),
        ("woman, rembrandt light, camera left", ["left"]),
        ("woman, split lighting, key from the right", ["right"]),
        ("woman, light left", ["left"]),
        ("woman, left side light", ["left"]),
        ("woman, window light from camera right", ["right"]),
        ("woman, large softbox on the right, rim light from the left", ["right", "left"]),
        ("woman, strong side light from the upper left", ["left"]),
        ("woman. The light comes from the right.", ["right"]),
        ("woman, a large window from the left", ["left"]),
        ("woman, hard key light from the right", ["right"]),
        ("woman turning left, window light", []),
        ("woman on the left, Rembrandt lighting", []),
        ("woman with her left hand up, window light", []),
        ("a bottle, softbox, white card fill from the right", []),
        ("what is left of a wall", []),
    ],
)
def test_sides(text: str, sides: list[str]) -> None:
    assert [piece.side for piece in parse(text).pieces if piece.side] == sides


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a man, no glasses, without beard", ["no glasses", "without beard"]),
        ("a man with no hat, 85mm", ["no hat"]),
        ("a man, don’t show hands", ["don’t show hands"]),
        ("a man, not smiling but calm", ["not smiling"]),
        ("a face, no retouching, visible pores", []),
        ("a man with a notebook in November", []),
        ("no", []),
    ],
)
def test_negatives(text: str, refused: list[str]) -> None:
    assert [piece.text for piece in parse(text).of("negative")] == refused


def test_a_term_that_is_refused_is_not_said() -> None:
    parsed = parse("a woman, no freckles, window light")
    assert [term.id for term in parsed.terms] == ["light.window"]
    assert parsed.of("negative")[0].term is not None
    assert parsed.of("negative")[0].term.id == "skin.freckles"


@pytest.mark.parametrize(
    ("text", "focal", "aperture"),
    [("a man, 85mm f/1.8", 85, 1.8), ("a man shot on 35mm, f2", 35, 2), ("a man, 50 mm, F 1.4", 50, 1.4),
     ("a man, Sigma 35mm f/1.4", 35, 1.4), ("a man, 63mm f/3.3", 63, 3.3),
     ("iPhone portrait mode of a man", None, None)],
)  # fmt: skip
def test_optics(text: str, focal: float | None, aperture: float | None) -> None:
    pieces = parse(text).of("camera")
    assert pieces
    assert {piece.focal_mm for piece in pieces} - {None} == ({focal} if focal else set())
    assert {piece.aperture for piece in pieces} - {None} == ({aperture} if aperture else set())


def test_a_length_that_is_no_lens() -> None:
    assert parse("35 mm tall chess king, 100mm").of("camera")[0].focal_mm == 100


def test_misspelt_words() -> None:
    text = "sailor, rembrant lighting, freckels, difused window light"
    assert [term.id for term in parse(text).terms] == [
        "light.rembrandt",
        "skin.freckles",
        "light.overcast-window",
    ]
    check(parse(text))
    assert [term.id for term in parse(text, forgiving=False).terms] == ["light.window"]
    assert parse("a woman with hazel eyes, sweet smile").terms == ()


def test_headings() -> None:
    text = "Subject: a red fox. Setting: old wall, moss. Light: one bulb."
    assert roles(text) == [
        ("subject", "red fox"),
        ("setting", "old wall"),
        ("setting", "moss"),
        ("light", "one bulb"),
    ]


def test_other_languages_are_left_alone() -> None:
    parsed = parse("Портрет женщины, мягкий свет, 85mm")
    assert [piece.role for piece in parsed.pieces] == ["subject", "unknown", "camera"]


@pytest.mark.parametrize("kind, text", [  # noqa: PT006
    ("portrait", "a nurse, window light"), ("product", "a ceramic bowl, softbox"),
    ("landscape", "mountain valley at dawn"),
    ("interior", "a bright kitchen with oak cupboards"), ("macro", "macro of a bee"), ("", "melancholy"),
    ("environment", "environmental portrait of a smith"),
])  # fmt: skip
def test_kinds(kind: str, text: str) -> None:
    assert parse(text).kind == kind


@pytest.mark.parametrize(
    "unit",
    ["portrait of a woman, Rembrandt lighting from the left, 85mm f/1.8, visible pores. ", "no glasses but ", "left ",
     "light from the left ", "(", "no freckles ", "- ", "rembrant ", "in a ", "f/", "a" , " ", ": ", "woman in her ",
     "no x but left light ", "no a but golden hour "],
)  # fmt: skip
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    def work(length: int) -> int:
        text = (unit * (length // len(unit) + 1))[:length]
        check(parse(text))
        return calls(lambda: parse(text))

    assert work(24_000) < 10 * work(3_000) + 500  # 8 is linear, 64 quadratic


@pytest.mark.parametrize(
    ("text", "term"),
    [("a man, daylight from large windows", "light.window"), ("a man, lit only by a candle", "light.candle"),
     ("a man, a softbox from the left", "light.soft-studio"), ("a man, dramatic lighting", "")],
)  # fmt: skip
def test_lights_are_known_by_their_source(text: str, term: str) -> None:
    (light,) = parse(text).of("light")
    assert (light.term.id if light.term else "") == term
