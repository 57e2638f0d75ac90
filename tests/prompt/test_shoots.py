"""Shoot files: what is shared, who is in a scene, which pictures it makes, and every way to get one wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxgram.errors import FluxgramError, RequestError, ShootError, UnknownTerm
from fluxgram.prompt.characters import Cast, Character
from fluxgram.prompt.findings import Severity
from fluxgram.prompt.frames import Frame, frames_of
from fluxgram.prompt.lint import Scene, lint_scenes
from fluxgram.prompt.shoots import read_shoot, template, template_names

ANCHOR = "woman in her 30s, brown eyes"
MARA = f'[[character]]\nname = "Mara"\nanchor = "{ANCHOR}"\nseed = 42\n'
JON = (
    '[[character]]\nname = "Jon"\nanchor = "man in his 50s, grey beard"\nseed = 7\ncheckpoint = "jon-tune"\n'
)


def frames(tmp_path: Path, text: str, cast: Cast | None = None, **more: object) -> list[Frame]:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return frames_of(read_shoot(path, cast), **more)  # type: ignore[arg-type]


def test_every_scene_has_anchor_and_seed(tmp_path: Path) -> None:
    scenes = '[[scene]]\nname = "Café"\nsetting = "café"\nlight = "window"\nside = "left"\n'
    scenes += '[[scene]]\nname = "Street 2"\n'
    cafe, street = frames(tmp_path, '[shoot]\nnegative = "no hat"\ncamera = "85mm"\n' + MARA + scenes)
    assert cafe.text == f"{ANCHOR}, café, soft window light from the left, 85mm lens"
    assert street.text == f"{ANCHOR}, 85mm lens"
    assert (cafe.stem, street.stem) == ("café", "street-2")
    assert [each.seed for each in (cafe, street)] == [42, 42]
    assert [each.negative for each in (cafe, street)] == ["no hat", "no hat"]
    assert cafe.caption == "Café · seed 42"


def test_sizes_and_samples(tmp_path: Path) -> None:
    text = '[shoot]\nsizes = ["1:1", "512x768"]\nsamples = 2\n' + MARA
    made = frames(
        tmp_path,
        text + '[[scene]]\nname = "a"\n[[scene]]\nname = "b"\nsize = "2:3"\nsamples = 1\nseed_offset = 5\n',
    )
    assert [(each.stem, each.seed, each.size) for each in made] == [
        ("a_1x1", 42, "1:1"),
        ("a_512x768", 42, "512x768"),
        ("a_1x1_2", 43, "1:1"),
        ("a_512x768_2", 43, "512x768"),
        ("b", 47, "2:3"),
    ]


def test_who_is_in_it(tmp_path: Path) -> None:
    text = MARA + JON + (
        '[[scene]]\nname = "both"\ncharacters = ["jon", "Mara"]\n'
        '[[scene]]\nname = "she"\ncharacter = "MARA"\n'
        '[[scene]]\nname = "nobody"\ncharacters = []\nsubject = "empty street"\n'
    )  # fmt: skip
    both, she, nobody = frames(tmp_path, text)
    assert both.text == f"man in his 50s, grey beard; {ANCHOR}"
    assert (both.seed, both.characters, both.checkpoint) == (7, ("Jon", "Mara"), "jon-tune")
    assert (she.seed, she.text, she.checkpoint) == (42, ANCHOR, "")
    assert (nobody.seed, nobody.text, nobody.anchor) == (42, "empty street", "")


def test_characters_kept_by_name(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "cast")
    cast.save(Character(name="Ada", anchor="woman in her 60s", seed=9, negative="negative.batch"))
    made = frames(tmp_path, '[[character]]\nname = "ada"\n[[scene]]\nname = "a"\n', cast)
    assert (made[0].text, made[0].seed) == ("woman in her 60s", 9)
    made = frames(tmp_path, '[[scene]]\nname = "a"\ncharacter = "Ada"\n', cast)
    assert made[0].negative == "cartoon, anime, blur, plastic skin, watermark"
    with pytest.raises(ShootError, match="character 'Adda' is nobody") as caught:
        frames(tmp_path, '[[scene]]\nname = "a"\ncharacter = "Adda"\n', cast)
    assert caught.value.hint == "Nearest: ada."


def test_negatives_join_without_repeating(tmp_path: Path) -> None:
    text = (
        '[shoot]\nnegative = ["negative.batch", "hat"]\n'
        + MARA
        + 'negative = "Hat, glasses"\n[[scene]]\nname = "a"\n'
    )
    assert frames(tmp_path, text)[0].negative == "cartoon, anime, blur, plastic skin, watermark, hat, glasses"


def test_choices_are_made_by_the_seed(tmp_path: Path) -> None:
    (tmp_path / "coats.txt").write_text("red coat\nblue coat\ngreen coat\n")
    text = "[shoot]\nsamples = 8\n" + MARA + '[[scene]]\nname = "a"\naction = "wearing a __coats__"\n'
    made = frames(tmp_path, text)
    assert [each.text for each in made] == [each.text for each in frames(tmp_path, text)]
    assert {each.text.removeprefix(f"{ANCHOR}, wearing a ") for each in made} == {
        "red coat",
        "blue coat",
        "green coat",
    }
    (alone,) = frames(tmp_path, text.replace("samples = 8", "samples = 1"))
    assert alone.text == made[0].text


def test_one_scene_only(tmp_path: Path) -> None:
    text = MARA + '[[scene]]\nname = "One"\n[[scene]]\nname = "Two"\n'
    assert [each.scene for each in frames(tmp_path, text, only=["two"])] == ["Two"]
    with pytest.raises(ShootError, match="no scene 'tow'") as caught:
        frames(tmp_path, text, only=["tow"])
    assert caught.value.hint == "Did you mean 'Two'?"


def test_sentences_for_a_family(tmp_path: Path) -> None:
    text = MARA + '[[scene]]\nname = "a"\nlight = "window"\n'
    asked: list[str] = []

    def family_of(name: str) -> str:
        asked.append(name)
        return "flux2"

    (made,) = frames(tmp_path, text, family_of=family_of, checkpoint="klein")
    assert made.text == "Woman in her 30s, brown eyes. Lit with soft window light."
    assert asked == ["klein"]


def test_presets_fill_in_what_is_not_said(tmp_path: Path) -> None:
    from fluxgram.photography.catalog import load_catalog

    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.toml").write_text(
        '[preset.mine]\ntitle = "Mine"\neffect = "e"\nbest_for = "b"\nbrief = "portrait"\nsource = "s"\n'
        'terms = ["light.window", "lens.85mm", "quality.raw-photo"]\nnegative = "negative.batch"\n'
    )
    catalog = load_catalog([tmp_path / "words"])
    text = (
        '[shoot]\npreset = "mine"\n'
        + MARA
        + '[[scene]]\nname = "a"\n[[scene]]\nname = "b"\nlight = "butterfly"\n'
    )
    first, second = frames(tmp_path, text, catalog=catalog)
    assert first.text == f"{ANCHOR}, soft window light, 85mm lens, RAW photo"
    assert second.text == f"{ANCHOR}, butterfly lighting, 85mm lens, RAW photo"
    assert first.negative == "cartoon, anime, blur, plastic skin, watermark"


A = '[[scene]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("", "s.toml has no scene", "--new character-sheet"),
        (MARA, "s.toml has no scene", "--new"),
        (A, "scene 'a': character is missing", "[[character]]"),
        (MARA + JON + A, "scene 'a': character is missing", "Name one: Mara, Jon"),
        (MARA + A + "characters = []", "characters is empty, and there is no subject", "subject ="),
        (MARA + A + A, "two scenes are called 'a' and 'a'", "rename"),
        (MARA + A + '[[scene]]\nname = "A!"', "two scenes are called 'a' and 'A!'", "rename"),
        (MARA + MARA + A, "[[character]] 2 name 'Mara' is there twice", "of its own"),
        (MARA + '[[scene]]\nname = "Contact sheet"', "cannot be called 'Contact sheet'", "contact sheet"),
        (MARA + '[[scene]]\nsetting = "x"', "[[scene]] 1 name is missing", "name ="),
        (MARA + '[[scene]]\nname = "../.."', "[[scene]] 1 name is no good", "Mara"),
        (MARA + A + 'character = "Marra"', "character 'Marra' is nobody that is known", "Nearest: mara"),
        (MARA + A + 'lihgt = "window"', "scene 'a': has an unknown key 'lihgt'", "'light'"),
        ("[shot]\n" + MARA + A, "the file has an unknown key 'shot'", "'shoot'"),
        ("[shoot]\ntitel = 'x'\n" + MARA + A, "[shoot] has an unknown key 'titel'", "'title'"),
        ("shoot = 3\n" + MARA + A, "[shoot] must be a table, not a whole number", "[shoot]"),
        ("scene = [1]\n" + MARA, "[[scene]] 1 must be a table, not a whole number", "[[scene]]"),
        ("[shoot]\nquality = 'finel'\n" + MARA + A, "quality can't be 'finel'", "'final'"),
        ("[shoot]\nsamples = 65\n" + MARA + A, "samples can't be 65", "from 1 to 64"),
        ("[shoot]\nsamples = '2'\n" + MARA + A, "samples must be a whole number, not text", "whole number"),
        ("[shoot]\nsize = '1:1'\nsizes = ['2:3']\n" + MARA + A, "size and sizes are both there", "one"),
        ("[shoot]\nsizes = ['2:3', '2:3']\n" + MARA + A, "names a size twice", "out"),
        ("[shoot]\nsizes = ['512X768', '512 × 768']\n" + MARA + A, "names a size twice", "out"),
        ("[shoot]\nguidance = inf\n" + MARA + A, "guidance can't be", "from 0 to 30"),
        ("[shoot]\nkind = 'portrat'\n" + MARA + A, "kind can't be 'portrat'", "'portrait'"),
        (MARA + A + "light = [1]", "light must be a list of texts; a whole number is none", "light ="),
        (MARA + A + "side = 'up'", "side can't be 'up'", "left, right"),
        (MARA + A + "setting = 'a\\u0000b'".replace("'", '"'), "setting holds the control character U+0000", "out"),
        (MARA + A + f"setting = '{'x' * 20_001}'", "setting has 20,001 characters", "20,000"),
        (MARA + A + f"light = {['x'] * 33}", "light has 33 entries", "32"),
        (MARA + "[[scene]]\nname='x'\n" * 201, "there are 201 [[scene]]", "200"),
        ("[shoot]\nsamples = 64\n" + MARA + "".join(f"[[scene]]\nname='{i}'\n" for i in range(20)), "1,280 pic", ""),
        (MARA + A + 'setting = "{a|b"', "setting, character 1: this { is never closed", "Close it"),
        (MARA + A + 'setting = "a __plaze__"', "setting, character 3: there is no wildcard 'plaze'", "plaze.txt"),
        (MARA + A + 'materials = ["oak"]', "unknown key 'materials'", ""),
    ],
)  # fmt: skip
def test_files_that_are_wrong(tmp_path: Path, text: str, says: str, hint: str) -> None:
    with pytest.raises(ShootError) as caught:
        frames(tmp_path, text)
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "s.toml"))
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        ('light = "light.rembrant"', UnknownTerm, "no term 'light.rembrant'"),
        ('light = ["butterfly", "split"]', RequestError, "contradict each other"),
        ('negative = "light.split"', RequestError, "not a negative set"),
        ('preset = "no-such"', UnknownTerm, "no preset 'no-such'"),
        ('light = "butterfly"\nside = "left"', RequestError, "No side can be said"),
    ],
)
def test_scenes_that_cannot_be_composed(
    tmp_path: Path, line: str, kind: type[FluxgramError], says: str
) -> None:
    with pytest.raises(kind) as caught:
        frames(tmp_path, MARA + A + line)
    assert str(caught.value).startswith(f"{tmp_path / 's.toml'}: scene 'a': ")
    assert says in str(caught.value)
    assert caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ShootError, match=r"none\.toml cannot be read: No such file"):
        read_shoot(tmp_path / "none.toml")
    with pytest.raises(ShootError, match="cannot be read: Is a directory"):
        read_shoot(tmp_path)
    (tmp_path / "s.toml").write_text(MARA + '[[scene]\nname = "a"\n')
    with pytest.raises(ShootError, match=r"s\.toml, line 5, column \d+: "):
        read_shoot(tmp_path / "s.toml")


def test_templates() -> None:
    assert template_names() == ["character-sheet", "product-mockup", "profile-photos", "storyboard"]
    with pytest.raises(ShootError) as caught:
        template("story-board")
    assert caught.value.hint == "Did you mean storyboard?"


@pytest.mark.parametrize("name", ["character-sheet", "product-mockup", "profile-photos", "storyboard"])
@pytest.mark.parametrize("family", ["", "flux1", "flux2"])
def test_templates_lint_clean(tmp_path: Path, name: str, family: str) -> None:
    made = frames(tmp_path, template(name), family_of=lambda _: family)
    assert len({each.scene for each in made}) >= 3
    assert len({each.stem for each in made}) == len(made)
    scenes = [
        Scene(
            each.where,
            each.text,
            each.negative,
            each.anchor,
            each.seed - each.sample,
            None,
            each.characters[0],
        )
        for each in made
    ]
    found = lint_scenes(scenes)
    assert [
        f"{each.code} {each.where} {each.message}" for each in found if each.severity is not Severity.ADVICE
    ] == []
