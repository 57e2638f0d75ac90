"""`fluxgram character` as people use it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import Done, Shell

Run = Callable[..., Done]


def test_from_new_to_removed(shell: Shell, inside: Run) -> None:
    done = inside("character", "new", "Mara Ö", "--anchor", "woman in her 30s,\n brown eyes", "--seed", "42")
    path = shell.home / "characters" / "mara-ö.toml"
    assert (done.status, done.err) == (0, "")
    assert done.out == f"Mara Ö · seed 42 · {path}\n"
    assert 'anchor = "woman in her 30s, brown eyes"' in path.read_text("utf-8")
    assert "Mara Ö  42" in inside("character", "list").out
    assert "woman in her 30s, brown eyes" in inside("character", "show", "mara ö").out
    shown = json.loads(inside("character", "show", "mara-ö", "--json").out)
    assert (shown["name"], shown["seed"], shown["file"]) == ("Mara Ö", 42, str(path))
    assert inside("character", "remove", "Mara Ö", "--yes").status == 0
    assert not path.exists()
    assert "no character yet" in inside("character", "list").out


def test_a_seed_is_drawn_and_said(inside: Run) -> None:
    first, second = (
        json.loads(inside("character", "new", name, "--anchor", "woman", "--json").out)["seed"]
        for name in "ab"
    )
    assert first != second
    done = inside("character", "new", "c", "--anchor", "woman")
    assert "(drawn now, and locked)" in done.out


def test_an_anchor_with_light_in_it_is_warned_of(inside: Run) -> None:
    done = inside("character", "new", "a", "--anchor", "woman, Rembrandt lighting, 85mm lens", "--seed", "1")
    assert done.status == 0
    first, second = done.err.splitlines()
    assert first.startswith("warning:  The anchor names light (Rembrandt lighting)")
    assert second.startswith("warning:  The anchor names camera (85mm lens)")
    assert inside("character", "show", "a").err == done.err


def test_references_are_kept_relative(shell: Shell, inside: Run) -> None:
    face = shell.folder.parent / "faces" / "face.png"
    face.parent.mkdir()
    face.write_bytes(b"")
    inside("character", "new", "a", "--anchor", "woman", "--reference", "../faces/face.png")
    shown = json.loads(inside("character", "show", "a", "--json").out)
    assert shown["references"] == ["../../faces/face.png"]
    face.unlink()
    done = inside("character", "show", "a")
    assert done.status == 2
    assert "face.png', which is not there" in done.err
    assert "error: " in inside("character", "list").out


def test_mistakes(shell: Shell, inside: Run) -> None:
    inside("character", "new", "Mara", "--anchor", "woman", "--seed", "1")
    for arguments, says, hint in (
        (("new", "mara", "--anchor", "man"), "There is a character 'mara' already", "--force"),
        (("new", "../..", "--anchor", "man"), "no letter or digit", "Mara"),
        (("new", "x", "--anchor", " "), "has no anchor", "never changes"),
        (("new", "x", "--anchor", "a {b|c}"), "holds a choice", "scene"),
        (("new", "x", "--anchor", "man", "--seed", "-1"), "'-1' is not a seed", "whole number"),
        (("new", "x", "--anchor", "man", "--seed", "1e3"), "'1e3' is not a seed", "whole number"),
        (
            ("new", "x", "--anchor", "man", "--reference", "none.png"),
            "none.png', which is not there",
            "looked for",
        ),
        (("new", "x"), "Missing option", "--help"),
        (("show", "Marra"), "no character 'Marra'", "Nearest: mara."),
        (("remove", "Marra", "--yes"), "no character 'Marra'", "Nearest: mara."),
        (("remove", "Mara"), "nobody could be asked", "--yes"),
        (("shwo", "Mara"), "shwo", "--help"),
    ):
        done = inside("character", *arguments)
        error, said = done.err.splitlines()
        assert (done.status, done.out) == (2, ""), arguments
        assert says in error
        assert hint in said
    assert [path.name for path in (shell.home / "characters").iterdir()] == ["mara.toml"]


def test_one_damaged_file_does_not_hide_the_others(shell: Shell, inside: Run) -> None:
    inside("character", "new", "Mara", "--anchor", "woman", "--seed", "1")
    (shell.home / "characters" / "broken.toml").write_text("name = \x1b")
    done = inside("character", "list")
    assert done.status == 0
    assert "broken" in done.out
    assert "Mara" in done.out
    assert "\x1b" not in done.out
    listed = json.loads(inside("character", "list", "--json").out)
    assert [each["name"] for each in listed] == ["broken", "Mara"]
    assert "line 1" in listed[0]["error"]
