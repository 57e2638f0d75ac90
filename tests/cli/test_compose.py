"""`fluxgram compose`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Done, Shell

Inside = Callable[..., Done]


def test_a_prompt_of_parts(shell: Shell) -> None:
    done = shell(
        "compose", "portrait of a fisherman", "--detail", "grey beard", "--light", "rembrandt", "--side", "left",
        "--lens", "85mm", "--aperture", "1.8", "--quality", "raw-photo", "--negative", "always",
    )  # fmt: skip
    assert done.status == 0
    assert done.out == (
        "portrait of a fisherman, grey beard, Rembrandt lighting, single source from the left, 85mm lens at f/1.8, "
        "RAW photo\n"
    )
    assert done.err.startswith("negative: cartoon, anime, painting")


def test_sentences_for_a_family_and_a_checkpoint(inside: Inside) -> None:
    parts = (
        "compose",
        "portrait of a fisherman",
        "--light",
        "window",
        "--lens",
        "50mm",
        "--aperture",
        "f/3.3",
    )
    text = "Portrait of a fisherman. Lit with soft window light. Photographed with 50mm lens and f/3.3.\n"
    assert inside(*parts, "--family", "flux2").out == text
    assert inside(*parts, "--checkpoint", "fluxgram-mini").out == text


def test_json(inside: Inside) -> None:
    done = inside(
        "compose", "a wallet", "--kind", "product", "--material", "leather", "--light", "raking", "--json"
    )
    said = json.loads(done.out)
    assert said["kind"] == "product"
    assert said["terms"] == ["material.leather", "light.raking"]
    assert said["text"].startswith("a wallet, full-grain leather")


def test_a_preset_and_what_is_said_beside_it(inside: Inside) -> None:
    plain = json.loads(inside("compose", "a smith", "--preset", "editorial-rembrandt", "--json").out)
    assert "light.rembrandt" in plain["terms"]
    other = inside(
        "compose",
        "a smith",
        "--preset",
        "editorial-rembrandt",
        "--light",
        "window",
        "--lens",
        "50mm",
        "--json",
    )
    terms = json.loads(other.out)["terms"]
    assert "light.rembrandt" not in terms
    assert {"light.window", "lens.50mm"} <= set(terms)
    assert "lens.85mm" not in terms


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (("a man", "--light", "rembrant"), "no light 'rembrant'", "light.rembrandt"),
        (("a man", "--light", "light.rembrant"), "no term 'light.rembrant'", "light.rembrandt"),
        (("a man", "--preset", "editorial-rembrant"), "no preset", "editorial-rembrandt"),
        (("a man", "--kind", "portrai"), "no kind of picture 'portrai'", "portrait"),
        (("a man", "--material", "leather"), "has no materials", "product"),
        (
            ("a man", "--light", "rembrandt", "--light", "butterfly"),
            "contradict each other",
            "one of the two",
        ),
        (("a man", "--side", "up"), "from the side 'up'", "left or right"),
        (("a man", "--aperture", "400"), "no f-number '400'", "1.8"),
        (("a man", "--family", "flux9"), "no family 'flux9'", "flux2"),
        (("",), "no subject", "woman"),
    ],
)
def test_mistakes(inside: Inside, arguments: tuple[str, ...], says: str, hint: str) -> None:
    done = inside("compose", *arguments)
    assert done.status == 2
    assert done.out == ""
    assert says in done.err.splitlines()[0]
    assert hint in done.err.splitlines()[1]


def test_an_unknown_checkpoint(inside: Inside) -> None:
    done = inside("compose", "a man", "--checkpoint", "fluxgram-mimi")
    assert done.status == 2
    assert "fluxgram-mini" in done.err


@pytest.mark.parametrize(
    ("words", "answer"), [("--preset editorial-", "editorial-rembrandt"), ("--light remb", "rembrandt")]
)
def test_completion(shell: Shell, words: str, answer: str) -> None:
    typed = f"fluxgram compose x {words}"
    done = shell(_FLUXGRAM_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split()) - 1))
    assert answer in done.out.split()


def test_a_negative_prompt_that_the_checkpoint_does_not_read_is_said(shell: Shell, inside: Inside) -> None:
    shell.home.mkdir(exist_ok=True)
    mute = '[mute]\nbase = "flux2-klein-4b"\nnegatives = []\n'
    (shell.home / "checkpoints.toml").write_text(mute, encoding="utf-8")
    done = inside("compose", "a cat", "--negative", "always", "--checkpoint", "mute")
    assert done.status == 0
    assert "mute reads no negative prompt" in done.err


def test_an_aperture_that_is_none(inside: Inside) -> None:
    done = inside("compose", "a cat", "--aperture", "banana")
    assert done.status == 2
    assert "'banana' is no f-number" in done.err
