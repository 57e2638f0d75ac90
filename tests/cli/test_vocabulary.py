"""`fluxgram vocabulary`: by kind, by words, by id; for people, for other programs, with a user's own words."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from collections.abc import Callable

import pytest

from fluxgram.photography.catalog import catalog
from tests.cli.conftest import SCRIPT, Done, Shell

Inside = Callable[..., Done]


def test_kinds_are_counted(inside: Inside) -> None:
    done = inside("vocabulary")
    assert done.status == 0, done.err
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert ["light", str(len(catalog().of_kind("light"))), "Lights"] in rows
    assert sum(int(row[1]) for row in rows) == len(catalog().terms) + len(catalog().presets)


def test_words_are_searched(inside: Inside) -> None:
    done = inside("vocabulary", "soft", "window")
    assert done.status == 0, done.err
    assert done.out.splitlines()[0].startswith("light.window\tsoft window light\t")


def test_a_kind_is_listed(inside: Inside) -> None:
    done = inside("vocabulary", "--kind", "film")
    assert {line.split(".")[0] for line in done.out.splitlines()} == {"film"}
    assert len(done.out.splitlines()) == len(catalog().of_kind("film"))


def test_a_term_is_shown_in_full(inside: Inside) -> None:
    done = inside("vocabulary", "light.rembrandt")
    assert done.status == 0, done.err
    lines = dict(line.split("\t") for line in done.out.splitlines())
    assert lines["say"] == "Rembrandt lighting, single source"
    assert "triangle of light" in lines["effect"]
    assert lines["best for"] == "editorial and dramatic portraits"
    assert "key 30–60° aside" in lines["means"]
    assert "key 3800–5600 K" in lines["means"]
    assert "key azimuth 25–60°" in lines["to measure"]
    assert "light.butterfly" in lines["not with"]
    assert lines["source"].startswith("Article 1")


def test_other_meanings_have_their_units(inside: Inside) -> None:
    assert "0.25–0.5 mm across; from 4 px/mm" in inside("vocabulary", "skin.pores").out
    assert "85 mm; f/1.4; on 36×24 mm" in inside("vocabulary", "lens.canon-ef-85mm-f1-4").out


def test_json(inside: Inside) -> None:
    term = json.loads(inside("vocabulary", "light.rembrandt", "--json").out)
    assert term["meaning"]["key_azimuth_degrees"] == [30, 60]
    assert term["expect"]["key_azimuth_degrees"] == [25, 60]
    found = json.loads(inside("vocabulary", "rembrandt", "--json").out)
    assert found[0] == term
    assert json.loads(inside("vocabulary", "--json").out)["kinds"]["light"] == len(catalog().of_kind("light"))
    presets = json.loads(inside("vocabulary", "--presets", "leather", "--json").out)
    assert [preset["id"] for preset in presets] == ["preset.leather-product"]


def test_presets(inside: Inside) -> None:
    assert len(inside("vocabulary", "--presets").out.splitlines()) == len(catalog().presets)
    shown = inside("vocabulary", "preset.leather-product").out
    assert "light.raking\tlow raking light across the surface" in shown


@pytest.mark.parametrize(
    ("asked", "says", "hint"),
    [
        (["light.rembrant"], "no term 'light.rembrant'", "light.rembrandt"),
        (["light.fog"], "no term 'light.fog'", "atmosphere.fog"),
        (["preset.leather"], "no preset 'preset.leather'", "preset."),
        (["--kind", "lihgt"], "no kind of terms 'lihgt'", "'light'"),
        (["rembrantt lighting"], "nothing in the vocabulary", "rembrandt light"),
        (["zqxjkv"], "nothing in the vocabulary", "one word"),
        (["--presets", "zqxjkv"], "no preset with", "--presets"),
        (["--presets", "--kind", "light"], "Presets have no kind", "Leave out"),
    ],
)
def test_what_is_not_there(asked: list[str], says: str, hint: str, inside: Inside) -> None:
    done = inside("vocabulary", *asked)
    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert says in done.err.splitlines()[0]
    assert hint in done.err.splitlines()[1]


OWN = '[light.kitchen]\nsay = "kitchen light"\neffect = "It is yellow."\nbest_for = "mornings"\nsource = "home"\n'


def test_own_words(inside: Inside, shell: Shell) -> None:
    folder = shell.home / "vocabulary"
    folder.mkdir(parents=True)
    (folder / "own.toml").write_text(OWN)
    assert "effect\tIt is yellow." in inside("vocabulary", "light.kitchen").out
    (folder / "own.toml").write_text(OWN.replace("effect", "efect"))
    done = inside("vocabulary")
    assert done.status == 1
    assert "own.toml, table [light.kitchen] has an unknown key 'efect'" in done.err
    assert "hint:  Did you mean 'effect'?" in done.err


def test_a_terminal_gets_a_table(shell: Shell) -> None:
    """A real terminal: titles and columns instead of tabs; the hint on how to go on."""
    ours, theirs = pty.openpty()
    env = shell.environment(TERM="xterm", COLUMNS="100")
    done = subprocess.Popen([SCRIPT, "vocabulary", "--kind", "film"], stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    out = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal has closed
            break
        if not part:
            break
        out += part
    os.close(ours)
    assert done.wait(60) == 0
    text = out.decode()
    assert "film.portra-400" in text
    assert "effect" in text.splitlines()[0]
    assert "\t" not in text
