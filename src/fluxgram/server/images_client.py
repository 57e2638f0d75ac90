"""`ImagesClient`: asks a server that has the images route of OpenAI's clients for one picture, and believes it nothing.

Other servers are named by whoever administers (or sits at the keyboard), so private networks and loopback are allowed,
but never a redirect, and a picture's own address must be public or the same server (`addresses.py`). Time, size and
form are bounded. What it answers is read in `images_answers.py`; who asks on behalf of comparisons is `elsewhere.py`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx2

from fluxgram.errors import RequestError
from fluxgram.jobs.webhook_urls import is_public, literal
from fluxgram.server.addresses import AddressRefused, GuardedTransport, Resolve, resolve
from fluxgram.server.images_answers import EndpointFailed, first_picture, refusal

if TYPE_CHECKING:
    from fluxgram.store.records import EndpointRecord

TIMEOUT = 300.0
"""Seconds for a picture as a whole; those who draw take their time."""
CONNECT_SECONDS = 10.0
MOST_BYTES = 40_000_000
"""Of a picture."""
_MOST_ANSWER = MOST_BYTES * 4 // 3 + 1_000_000
"""Of the JSON around a picture in base64."""
_MOST_PROBLEM = 64_000
_ROUTE = "/images/generations"

FIELDS = {
    "size": "size",
    "quality": "quality",
    "seed": "seed",
    "negative": "negative_prompt",
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
}
"""What is asked for beside prompt and model → its field. The first two are OpenAI's own; the others, which it refuses,
are called so by fluxgram, vLLM-Omni, SGLang and FastVideo."""
_QUALITIES = {"draft": "low", "proof": "medium"}
"""The dial → OpenAI's words; `final` is what is drawn without one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What another server is asked for; what is empty or None is left to it.

    Attributes:
        prompt: The words.
        size: `512x768`.
        quality: `draft`, `proof` or `final`; the last is what servers draw anyway.
        seed: Of the picture.
        negative: What must not be there.
        steps: Denoising steps.
        guidance: Classifier-free guidance scale.
    """

    prompt: str
    size: str = ""
    quality: str = ""
    seed: int | None = None
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None

    def given(self, without: Collection[str] = ()) -> dict[str, Any]:
        """What is asked for beside the prompt: its name here → value as it is sent, without some."""
        values = {name: getattr(self, name) for name in FIELDS if name not in without}
        if "quality" in values:
            values["quality"] = _QUALITIES.get(self.quality)
        return {name: value for name, value in values.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Came:
    """A picture that another server gave.

    Attributes:
        data: Its file, whatever it is.
        sent: What it was asked with, beside prompt and model.
        refused: What it was then asked without → why, in its own words.
        seconds: What the asking took that gave it.
    """

    data: bytes
    sent: Mapping[str, Any]
    refused: Mapping[str, str]
    seconds: float


def check_endpoint_url(text: str) -> str:
    """What the routes of another server begin with, checked and without what does not belong there.

    Raises:
        RequestError: Not a whole http(s) address, one with credentials, or one that nothing may be sent to.
    """
    hint = "Give what its routes begin with, such as https://api.example.com/v1."
    try:
        parts = httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError):
        raise RequestError("This is not a web address.", hint) from None
    if len(text) > 2000 or parts.scheme not in ("http", "https") or not parts.host or "%" in parts.host:
        raise RequestError("The address must begin with http:// or https:// and name a host.", hint)
    if parts.userinfo:
        raise RequestError("The address must not hold a user name or password.", "Give the key by itself.")
    address = literal(parts.host)
    if address is not None and not is_public(address, private_too=True):
        raise RequestError("Nothing is ever sent to that address.", "Give one of a machine.")
    path = parts.path.rstrip("/").removesuffix(_ROUTE) or "/v1"
    return str(parts.copy_with(path=path, query=None, fragment=None))


class ImagesClient:
    """Asks other servers, from whatever event loop it is called in.

    Args:
        timeout: Seconds for a picture as a whole.
        resolve: Who turns names into addresses.
    """

    def __init__(self, *, timeout: float = TIMEOUT, resolve: Resolve = resolve) -> None:
        self._timeout = timeout
        self._resolve = resolve
        self._tls: ssl.SSLContext | None = None

    async def fetch(
        self, endpoint: EndpointRecord, wish: Wish, *, refused: Mapping[str, str] = MappingProxyType({})
    ) -> Came:
        """One picture. A field that the other server refuses by name is left out, and it is asked again.

        Args:
            endpoint: Whom to ask.
            wish: What for.
            refused: What it is known to refuse → why.

        Raises:
            EndpointFailed: No picture came; the message says why, and never holds the key.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._fetch(endpoint, wish, dict(refused))
        except (TimeoutError, httpx2.TimeoutException):
            raise EndpointFailed(
                f"{endpoint.name} gave no picture within {self._timeout:g} s.",
                "Ask again, or for a smaller one.",
            ) from None
        except httpx2.ConnectError:
            raise EndpointFailed(
                f"{endpoint.name} cannot be reached at {_place(endpoint.url)}.",
                "Is it running, and the address right?",
            ) from None
        except AddressRefused:
            raise EndpointFailed(
                f"{endpoint.name} leads to an address that nothing is sent to.", "Change its address."
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            raise EndpointFailed(
                f"The connection to {endpoint.name} broke ({type(error).__name__}).", "Ask again."
            ) from None

    async def _fetch(self, endpoint: EndpointRecord, wish: Wish, refused: dict[str, str]) -> Came:
        named = {"model": endpoint.checkpoint} if endpoint.checkpoint else {}
        while True:
            sent, begun = wish.given(refused), time.monotonic()
            fields = {FIELDS[name]: value for name, value in sent.items()}
            try:
                data = await self._picture(endpoint, {"prompt": wish.prompt, "n": 1, **named, **fields})
                return Came(data, sent, refused, time.monotonic() - begun)
            except EndpointFailed as error:
                unwanted = [name for name in sent if error.names & {name, FIELDS[name]}]
                if not unwanted:
                    raise
                refused |= dict.fromkeys(unwanted, error.said)

    async def _picture(self, endpoint: EndpointRecord, body: dict[str, Any]) -> bytes:
        headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        status, data = await self._send("POST", endpoint.url + _ROUTE, endpoint, headers, body, _MOST_ANSWER)
        if not 200 <= status < 300:
            raise refusal(endpoint, status, data)
        found = first_picture(endpoint, data)
        if isinstance(coded := found.get("b64_json"), str) and coded:
            try:
                return base64.b64decode(coded, validate=True)
            except (binascii.Error, ValueError):
                raise EndpointFailed(
                    f"{endpoint.name} sent a picture that is not base64.", "Is it an images API?"
                ) from None
        if not isinstance(where := found.get("url"), str) or not where:
            raise EndpointFailed(f"{endpoint.name} sent an answer without a picture.", "Is it an images API?")
        url = httpx2.URL(endpoint.url).join(where)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise EndpointFailed(
                f"{endpoint.name} sent an address of a picture that is none.", "Is it an images API?"
            )
        status, data = await self._send("GET", str(url), endpoint, {}, None, MOST_BYTES)
        if not 200 <= status < 300:
            raise EndpointFailed(
                f"{endpoint.name} drew a picture, but its address answers {status}.", "Ask again."
            )
        return data

    async def _send(
        self, method: str, url: str, endpoint: EndpointRecord, headers: dict[str, str], body: Any, most: int
    ) -> tuple[int, bytes]:
        """Status and body; of a refusal only its beginning."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context)
        own = _origin(httpx2.URL(url)) == _origin(httpx2.URL(endpoint.url))
        transport = GuardedTransport(private_too=own, tls=self._tls, resolve=self._resolve)
        sent = {"user-agent": f"fluxgram/{version('fluxgram')}", "accept-encoding": "identity", **headers}
        times = httpx2.Timeout(self._timeout, connect=CONNECT_SECONDS)
        async with (
            httpx2.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=times
            ) as client,
            client.stream(method, url, json=body, headers=sent) as response,
        ):
            good = 200 <= response.status_code < 300
            taken = bytearray()
            async for piece in response.aiter_bytes(65_536):
                taken += piece
                if len(taken) > (most if good else _MOST_PROBLEM):
                    if not good:
                        break
                    raise EndpointFailed(
                        f"{endpoint.name} sent more than {MOST_BYTES / 1e6:.0f} MB.",
                        "Ask for a smaller picture.",
                    )
            return response.status_code, bytes(taken)


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _place(url: str) -> str:
    """Host and port for a message."""
    return httpx2.URL(url).netloc.decode("ascii", "replace")
