"""A language model completes prompts behind the same answer; what it loses is noticed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluxgram.errors import FluxgramError
from fluxgram.prompt.chat import ChatModel
from fluxgram.prompt.enhance import enhance
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.rewrite import enhance_with
from tests.prompt.endpoint import Endpoint, says, serving

BASE = CheckpointFacts("klein-base", "flux2", "honoured")
PROMPT = "an old fisherman with a grey beard, 85mm"
GOOD = "An old fisherman with a grey beard, 85mm lens at f/2, soft window light from the left, visible pores."


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def answer(endpoint: Endpoint, words: str) -> ChatModel:
    endpoint.answer = lambda: (200, says(words))
    return ChatModel(endpoint.url, "qwen")


def test_an_answer_that_keeps_everything(endpoint: Endpoint) -> None:
    done = enhance_with(answer(endpoint, GOOD), PROMPT, facts=BASE)
    assert done.text == GOOD
    assert done.note == ""
    said = [(addition.term.id, addition.why.split(".")[0]) for addition in done.additions if addition.term]
    assert said[:3] == [
        ("aperture.f2", "Said by qwen"), ("light.window", "Said by qwen"), ("skin.pores", "Said by qwen")
    ]  # fmt: skip
    assert done.negative == enhance(PROMPT, facts=BASE).negative != ""
    instructions = endpoint.asked[0][2]["messages"][0]["content"]
    assert "surface and skin detail" in instructions


def test_free_words_are_told_as_a_whole(endpoint: Endpoint) -> None:
    done = enhance_with(answer(endpoint, "A cat asleep, curled up tight"), "a cat asleep")
    assert [(addition.text, addition.why) for addition in done.additions] == [
        ("A cat asleep, curled up tight", "Rewritten by qwen.")
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("An old sailor with a grey beard, 85mm, window light", "'fisherman' of 'old fisherman' is missing"),
        ("An old fisherman with a beard, 85mm", "'grey' of 'grey beard' is missing"),
        ("An old fisherman with a grey beard, 35mm lens", "lens.85mm is missing"),
        ("", "it is empty"),
        ("fisherman " * 1000, "characters long"),
        ("an old fisherman with a grey beard, 85mm\x1b[2J", "control characters"),
    ],
)
def test_answers_that_are_not_taken(endpoint: Endpoint, words: str, reason: str) -> None:
    done = enhance_with(answer(endpoint, words), PROMPT, "light", facts=BASE)
    plain = enhance(PROMPT, "light", facts=BASE)
    assert reason in done.note
    assert "What qwen wrote was not taken" in done.note
    assert (done.text, done.negative, done.additions) == (plain.text, plain.negative, plain.additions)


def test_a_model_that_cannot_be_reached() -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(FluxgramError, match="cannot be reached"):
        enhance_with(ChatModel(url, "qwen"), PROMPT)


class Upsampler:
    """A model of its own kind, as FLUX.3's prompt upsampler will be."""

    name = "upsampler"

    def complete(self, instructions: str, text: str) -> str:
        return f"{text}, lit with Rembrandt lighting from the right"


def test_any_model_fits_behind_the_protocol() -> None:
    done = enhance_with(Upsampler(), PROMPT)
    assert done.text == f"{PROMPT}, lit with Rembrandt lighting from the right"
    assert [addition.term.id for addition in done.additions if addition.term] == ["light.rembrandt"]
