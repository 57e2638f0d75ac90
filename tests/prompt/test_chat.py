"""A language model's endpoint, asked over a real socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from fluxgram.errors import FluxgramError, RequestError
from fluxgram.prompt.chat import MOST_BYTES, ChatModel
from tests.prompt.endpoint import Answer, Endpoint, says, serving


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def test_a_question_and_its_answer(endpoint: Endpoint) -> None:
    model = ChatModel(endpoint.url + "/", "qwen", key="secret")
    assert model.complete("be brief", "a cat") == "a cat, soft window light"
    path, headers, body = endpoint.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "qwen"
    assert body["temperature"] == 0
    assert body["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "a cat"},
    ]
    assert "secret" not in repr(model)


def test_no_key_no_header(endpoint: Endpoint) -> None:
    ChatModel(endpoint.url, "qwen").complete("", "a cat")
    assert "Authorization" not in endpoint.asked[0][1]


@pytest.mark.parametrize(
    "words",
    [
        "<think>hm, a cat\n\nor</think>\n\na cat",
        '"a cat"',
        "```\na cat\n```",
        "```text\na cat\n```",
        " a cat\n",
    ],
)
def test_wrappings_are_taken_off(endpoint: Endpoint, words: str) -> None:
    endpoint.answer = lambda: (200, says(words))
    assert ChatModel(endpoint.url, "qwen").complete("", "a cat") == "a cat"


@pytest.mark.parametrize(
    "data",
    [b"<html>hello</html>", b"", b"[]", b"{}", b'{"choices": []}', b"\xff\xfe", says(None), says(["a"]), b"[" * 90_000,
     b'{"choices": [{"message": "x"}]}'],
    ids=["html", "empty", "list", "object", "no-choice", "not-utf8", "null", "parts", "deep", "text"],
)  # fmt: skip
def test_nonsense(endpoint: Endpoint, data: bytes) -> None:
    endpoint.answer = lambda: (200, data)
    with pytest.raises(FluxgramError, match="is no chat endpoint") as caught:
        ChatModel(endpoint.url, "qwen").complete("", "a cat")
    assert "/v1" in caught.value.hint


def test_a_refusal(endpoint: Endpoint) -> None:
    endpoint.answer = lambda: (401, b"who are you?")
    with pytest.raises(FluxgramError, match="refused: HTTP 401") as caught:
        ChatModel(endpoint.url, "qwen").complete("", "a cat")
    assert caught.value.hint == "It said: who are you?"


def test_too_long_an_answer(endpoint: Endpoint) -> None:
    endpoint.answer = lambda: (200, says("a" * MOST_BYTES))
    with pytest.raises(FluxgramError, match="more than 1,000,000 bytes"):
        ChatModel(endpoint.url, "qwen").complete("", "a cat")


def test_too_slow_an_answer(endpoint: Endpoint) -> None:
    def wait() -> Answer:
        time.sleep(0.5)
        return 200, says("a cat")

    endpoint.answer = wait
    with pytest.raises(FluxgramError, match="did not answer in time"):
        ChatModel(endpoint.url, "qwen", timeout_s=0.1).complete("", "a cat")


def test_nobody_there() -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(FluxgramError, match="cannot be reached") as caught:
            ChatModel(url, "qwen").complete("", "a cat")
    assert caught.value.hint


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "file:///etc/passwd", "ftp://x/", "http://", "http://a:b/", "http://a b/"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(RequestError, match="no address of a language model"):
        ChatModel(url, "qwen")
