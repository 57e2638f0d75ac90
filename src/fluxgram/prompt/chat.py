"""A language model behind any OpenAI-compatible chat endpoint (llama.cpp, Ollama, vLLM, ...), by its URL.

It asks once, with a limit of time and of size, and turns whatever goes wrong into one clear sentence. What is asked
and what becomes of the answer is `rewrite.py`'s.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fluxgram.errors import FluxgramError, RequestError

MOST_BYTES = 1_000_000
"""The longest answer that is read."""

_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A```[a-z]*\n(.*)\n```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A chat endpoint.

    Attributes:
        url: Where it is, up to and with the version: `http://localhost:8080/v1`.
        name: What it calls the language model.
        key: Sent as a bearer token; empty for none.
        timeout_s: Seconds to wait for the answer.
    """

    url: str
    name: str
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or any(char.isspace() for char in self.url):
            hint = "Give the address of a chat endpoint: http://localhost:8080/v1"
            raise RequestError(f"{self.url!r} is no address of a language model.", hint)

    def complete(self, instructions: str, text: str) -> str:
        """What the model answers.

        Args:
            instructions: The system message.
            text: The user's message.

        Raises:
            FluxgramError: It cannot be reached, refuses, or answers something that is no answer.
        """
        answer = self._ask(
            {
                "model": self.name,
                "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": text}],
                "temperature": 0,
                "seed": 0,
                "stream": False,
            }
        )
        return _content(answer, self.url)

    def _ask(self, question: dict[str, object]) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        url = f"{self.url.rstrip('/')}/chat/completions"
        body = json.dumps(question).encode()
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 (checked above)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as reply:  # noqa: S310
                data: bytes = reply.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(300).decode("utf-8", "replace").strip()
            hint = f"It said: {said}" if said else "See what its log says."
            raise FluxgramError(
                f"The language model at {self.url} refused: HTTP {error.code}.", hint
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            what = (
                "did not answer in time"
                if isinstance(reason, TimeoutError)
                else f"cannot be reached: {reason}"
            )
            hint = "Start it, mend the address, or enhance without --url."
            raise FluxgramError(f"The language model at {self.url} {what}.", hint) from None
        if len(data) > MOST_BYTES:
            raise FluxgramError(
                f"The language model at {self.url} answered more than {MOST_BYTES:,} bytes.",
                "Ask another one.",
            )
        return data


def _content(answer: bytes, url: str) -> str:
    """The words of an answer, without thoughts, fences and quotes around them."""
    try:
        words = json.loads(answer.decode("utf-8"))["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        words = None
    if not isinstance(words, str):
        hint = "The address must be that of an OpenAI-compatible endpoint and usually ends in /v1."
        raise FluxgramError(f"What answers at {url} is no chat endpoint.", hint)
    words = _THOUGHTS.sub("", words).strip()
    fence = _FENCE.match(words)
    words = (fence.group(1) if fence else words).strip()
    if len(words) > 1 and words[0] == words[-1] == '"':
        words = words[1:-1].strip()
    return words
