"""The guard of addresses that fluxgram calls because a client said so; at present webhooks.

A name is resolved here, all that it resolves to must be public, and the connection goes to the address that was
checked, so a name that answers differently a moment later (DNS rebinding) gains nothing. TLS and the `Host` header keep
the name. What an address may look like is `jobs/webhook_urls.py`.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

import httpx2

from fluxgram.errors import FluxgramError
from fluxgram.jobs.webhook_urls import check_webhook_url, is_public, literal

__all__ = ["AddressRefused", "GuardedTransport", "Resolve", "check_webhook_url", "resolve"]

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port → addresses, in the order in which to try them."""

_NO_REUSE = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
"""Kept connections are found by address: one that was verified for one name must not serve another name there."""


class AddressRefused(FluxgramError):
    """The host leads to an address that must not be called."""


async def resolve(host: str, port: int, threads: Executor | None = None) -> list[str]:
    """Ask the system.

    Args:
        host: A name.
        port: Of the service.
        threads: Where to wait; the system may take its time. The loop's own where none are given.

    Raises:
        OSError: No such name, or nobody who knows.
    """
    ask = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(threads, ask)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects only to addresses that were checked; one transport for one request.

    Args:
        private_too: Let private addresses through (`webhook_private` of the service).
        tls: Whom to trust; what the system and certifi trust where none is given.
        resolve: Who turns names into addresses.
    """

    def __init__(
        self, *, private_too: bool = False, tls: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        self._private_too = private_too
        self._resolve = resolve
        self._inner = httpx2.AsyncHTTPTransport(
            verify=tls if tls is not None else True, trust_env=False, limits=_NO_REUSE
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send to the first checked address that can be connected to.

        Raises:
            AddressRefused: One of the addresses may not be called.
            httpx2.TransportError: As usual; also where the name is unknown.
        """
        host = request.url.host
        addresses = await self._checked(host, request)
        extensions = dict(request.extensions)
        if literal(host) is None:
            extensions["sni_hostname"] = request.url.raw_host.decode("ascii").rstrip(".")
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            pinned = httpx2.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with `Host` as the client set it, from the name
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if last == 0:
                    error.request = request
                    raise
        raise httpx2.ConnectError(f"{host} has no address", request=request)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    async def _checked(self, host: str, request: httpx2.Request) -> list[str]:
        address = literal(host)
        if address is not None:
            addresses = [str(address)]
        else:
            port = request.url.port or (443 if request.url.scheme == "https" else 80)
            try:
                addresses = await self._resolve(host, port)
            except (OSError, UnicodeError):
                raise httpx2.ConnectError("the host's name is not known", request=request) from None
        if not all(
            is_public(ipaddress.ip_address(each), private_too=self._private_too) for each in addresses
        ):
            raise AddressRefused("The host leads to an address that is not on the public internet.")
        return addresses
