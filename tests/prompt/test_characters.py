"""Characters: kept and read back equal, names that cannot leave their folder, and files that people got wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import ShootError
from fluxgram.prompt.characters import Adapter, Cast, Character, anchor_warnings, slug_of

MARA = Character(name="Mara Ölander", anchor="woman in her 30s, brown eyes", seed=42)


def test_kept_and_read_back(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "new" / "characters")
    (tmp_path / "face.png").write_bytes(b"")
    whole = Character(
        name="Zoë “Z”",
        anchor='woman, "defined" jaw\\chin',
        seed=2**64 - 1,
        negative="negative.always",
        checkpoint="fluxgram-mini",
        adapters=(Adapter("face.safetensors", 0.8), Adapter("skin.safetensors")),
        references=("../../face.png",),
        notes="met in 光",
    )
    for character in (MARA, whole):
        path = cast.save(character)
        assert cast.load(character.name) == character
        assert path.parent == cast.folder
    assert cast.slugs() == ["mara-ölander", "zoë-z"]
    assert tomllib.loads(cast.path("MARA ölander").read_text("utf-8")) == {
        "name": "Mara Ölander",
        "anchor": "woman in her 30s, brown eyes",
        "seed": 42,
    }
    cast.remove("mara Ölander")
    assert cast.slugs() == ["zoë-z"]
    assert [each.name for each in cast.folder.iterdir()] == ["zoë-z.toml"]


def test_a_taken_name(tmp_path: Path) -> None:
    cast = Cast(tmp_path)
    cast.save(MARA)
    other = Character(name="MARA ÖLANDER", anchor="man", seed=1)
    with pytest.raises(ShootError, match="There is a character 'mara-ölander' already"):
        cast.save(other)
    assert cast.load("Mara Ölander") == MARA
    cast.save(other, overwrite=True)
    assert cast.load("Mara Ölander") == other


def test_nobody_of_that_name(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "none")
    assert cast.slugs() == []
    with pytest.raises(ShootError, match="no character 'Mara'") as caught:
        cast.load("Mara")
    assert "fluxgram character new" in caught.value.hint
    cast.save(MARA)
    for call in (cast.load, cast.remove):
        with pytest.raises(ShootError) as caught:
            call("Mara Olander")
        assert caught.value.hint == "Nearest: mara-ölander."


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mara", "mara"),
        ("  Dr. O'Neil / Jr.  ", "dr-o-neil-jr"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\x", "x"),
        ("／root", "root"),
        ("Straße", "strasse"),
        ("山田 太郎", "山田-太郎"),
        ("e\u0301va", "éva"),
        ("مها", "مها"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "no letter or digit"),
        ("../..", "no letter or digit"),
        ("👩", "no letter or digit"),
        ("a\0b", "control character U+0000"),
        ("a\u202eb", "control character U+202E"),
        ("x" * 61, "too long"),
        ("\ud800x", "control character U+D800"),
    ],
)
def test_names_that_are_none(name: str, says: str) -> None:
    with pytest.raises(ShootError) as caught:
        slug_of(name)
    assert says in str(caught.value)
    assert caught.value.hint


@settings(deadline=None)
@given(st.text(max_size=70))
def test_no_name_leaves_the_folder(name: str) -> None:
    folder = Path("/home/characters")
    try:
        path = Cast(folder).path(name)
    except ShootError:
        return
    assert path.parent == folder
    assert path.name == slug_of(name) + ".toml"
    assert not set("/\\.\0 ") & set(slug_of(name))
    assert len(path.name.encode()) < 250
    assert slug_of(slug_of(name)) == slug_of(name)


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("", "name is missing", "name ="),
        ('name = "a"\nseed = 1', "anchor is missing", "anchor ="),
        ('name = "a"\nanchor = "b"', "seed is missing", "seed = 42"),
        ('name = "a"\nanchor = "  "\nseed = 1', "anchor is empty", "anchor ="),
        ('name = "a"\nanchor = "b"\nsead = 1\nseed = 1', "unknown key 'sead'", "'seed'"),
        ('name = "a"\nanchor = 3\nseed = 1', "anchor must be text, not a whole number", "quotes"),
        ('name = "a"\nanchor = "b"\nseed = 1.5', "seed must be a whole number, not a number", "from 0 to"),
        ('name = "a"\nanchor = "b"\nseed = true', "seed must be a whole number, not true or false", "from 0"),
        ('name = "a"\nanchor = "b"\nseed = -1', "seed can't be -1", "from 0 to"),
        (
            'name = "a"\nanchor = "b"\nseed = 18446744073709551616',
            "seed can't be 18446744073709551616",
            "from 0",
        ),
        ('name = "a"\nanchor = "b"\nseed = ' + "9" * 5000, "is not TOML", "quotes"),
        (
            'name = "a"\nanchor = "b\\u0007"\nseed = 1',
            "anchor holds the control character U+0007",
            "Take it out",
        ),
        (
            'name = "a"\nanchor = "b\\u202E"\nseed = 1',
            "anchor holds the control character U+202E",
            "Take it out",
        ),
        ('name = "a"\nanchor = "{red|blue} hat"\nseed = 1', "holds a choice", "never changes"),
        (
            'name = "a"\nanchor = "b"\nseed = 1\nreferences = ["x.png"]',
            "'x.png', which is not there",
            "looked for",
        ),
        ('name = "a"\nanchor = "b"\nseed = 1\nreferences = ["/x.png"]', "absolute path", "relative"),
        ('name = "a"\nanchor = "b"\nseed = 1\nreferences = ["x.txt"]', "no name of a picture", "PNG"),
        (
            'name = "a"\nanchor = "b"\nseed = 1\n[[adapter]]\nstrength = 1',
            "[[adapter]] 1 source is missing",
            "source",
        ),
        (
            'name = "a"\nanchor = "b"\nseed = 1\n[[adapter]]\nsource = "x"\nstrength = nan',
            "can't be nan",
            "from -4",
        ),
        ('name = "a"\nname = "b"', "line 2", "once"),
        ("name = ", "line 1", "quotes"),
        ('name = "a', "ends too early", "quotes"),
        ("a" + ".a" * 50_000 + " = 1", "this key has no end", "one part"),
        ("a = " + "[" * 50_000, "nested too deeply", "not needed"),
        ("#" * 300_000, "too large", "bytes"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, text: str, says: str, hint: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ShootError) as caught:
        Cast(tmp_path).load("a")
    assert says in str(caught.value)
    assert "a.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.hint


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'name = "a"\nanchor = "\xff"\n')
    with pytest.raises(ShootError, match=r"a\.toml, line 2: this is not text in UTF-8"):
        Cast(tmp_path).load("a")


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir(), reason="needs a folder in which not even root may write"
)
def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(ShootError, match="cannot be written"):
        Cast(Path("/sys/kernel/characters")).save(MARA)


@pytest.mark.parametrize(
    ("anchor", "what"),
    [
        ("woman in her 30s, Rembrandt lighting", ["light (Rembrandt lighting)"]),
        ("man, 85mm lens", ["camera (85mm lens)"]),
        ("woman wearing a red coat", ["clothes (wearing)", "clothes (coat)"]),
        ("woman in her 30s, dark brown wavy hair, warm olive skin, brown eyes, defined jaw", []),
    ],
)
def test_anchors_that_name_what_belongs_to_scenes(anchor: str, what: list[str]) -> None:
    said = anchor_warnings(anchor)
    assert len(said) == len(what)
    for sentence, words in zip(said, what, strict=True):
        assert f"names {words}" in sentence
