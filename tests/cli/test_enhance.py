"""`fluxgram enhance`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Done, Shell
from tests.prompt.endpoint import says, serving

Inside = Callable[..., Done]


def test_the_prompt_alone_is_on_standard_output(shell: Shell) -> None:
    done = shell("enhance", "-", stdin=b"portrait of a fisherman\n")
    assert done.status == 0
    assert done.out == (
        "portrait of a fisherman, soft window light, 85mm lens, f/1.8, natural skin texture, photorealistic\n"
    )
    assert "+ soft window light\n    No light was said;" in done.err


def test_light_strength_and_nothing_missing(inside: Inside) -> None:
    assert (
        inside("enhance", "a fisherman, 85mm f/2", "-s", "light").out
        == "a fisherman, 85mm f/2, soft window light\n"
    )
    done = inside("enhance", "a fisherman, 85mm f/2, window light", "-s", "light")
    assert (done.out, done.err) == ("a fisherman, 85mm f/2, window light\n", "Nothing was missing.\n")


def test_json_and_size(inside: Inside) -> None:
    said = json.loads(inside("enhance", "portrait of a fisherman", "--size", "2048x2048", "--json").out)
    terms = [addition["term"] for addition in said["additions"]]
    assert "skin.pores" in terms
    assert said["negative"] == ""
    assert said["text"].startswith("portrait of a fisherman, ")


def test_a_checkpoint_decides_about_the_negative_prompt(inside: Inside) -> None:
    honours = json.loads(inside("enhance", "a fisherman", "-c", "klein-base-4b", "--json").out)
    assert honours["negative"].startswith("cartoon, anime")
    distilled = json.loads(inside("enhance", "a fisherman", "-c", "klein-4b", "--json").out)
    assert distilled["negative"] == honours["negative"]  # inside attention


def test_a_language_model(inside: Inside) -> None:
    with serving() as server:
        server.answer = lambda: (200, says("a fisherman in Rembrandt lighting, 85mm"))
        done = inside("enhance", "a fisherman", "--url", server.url, "--model-name", "qwen")
        assert done.out == "a fisherman in Rembrandt lighting, 85mm\n"
        assert "Said by qwen" in done.err
        assert server.asked[0][2]["model"] == "qwen"
        server.answer = lambda: (200, says("a sailor"))
        done = inside("enhance", "a fisherman", "--url", server.url, "--model-name", "qwen")
        assert done.status == 0
        assert done.out.startswith("a fisherman, ")
        assert "was not taken: 'fisherman' of 'fisherman' is missing" in done.err
        server.answer = lambda: (200, b"hello")
        done = inside("enhance", "a fisherman", "--url", server.url)
        assert (done.status, done.out) == (1, "")
        assert "is no chat endpoint" in done.err
    done = inside("enhance", "a fisherman", "--url", server.url)
    assert (done.status, done.out) == (1, "")
    assert "cannot be reached" in done.err


@pytest.mark.parametrize(
    ("arguments", "says_"),
    [((" ",), "no words to enhance"), (("a man", "-s", "much"), "no strength 'much'"),
     (("a man", "--size", "big"), "not a size"),
     (("a man", "--url", "nowhere"), "no address"), (("a man", "-c", "fluxgram-mimi"), "fluxgram-mimi")],
)  # fmt: skip
def test_mistakes(inside: Inside, arguments: tuple[str, ...], says_: str) -> None:
    done = inside("enhance", *arguments)
    assert done.status == 2
    assert done.out == ""
    assert says_ in done.err
    assert "hint:" in done.err


def test_a_prompt_cannot_steer_the_terminal(inside: Inside) -> None:
    done = inside("enhance", "a man\x1b[2J \u202etxet")
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
