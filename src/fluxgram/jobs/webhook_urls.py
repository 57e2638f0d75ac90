"""What a webhook's address may look like, and which network addresses are public. Pure: nobody is asked.

Surfaces call `check_webhook_url` when a job is submitted, so that its user learns of a mistake at once. Names are
resolved, and what they resolve to is held against `is_public`, when the webhook is sent (`server/addresses.py`).
"""

from __future__ import annotations

import ipaddress
import re
import socket

import httpx2

from fluxgram.errors import RequestError
from fluxgram.service import ServiceSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 2048
_PRINTABLE = re.compile(r"[!-~]+")
_INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa")
_TRANSLATED = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96")
)
"""IPv6 that carries an IPv4 address inside (NAT64, 6to4, Teredo, two old forms): where it ends cannot be seen."""
_OPEN = "Set webhook_private of the service to allow it."


def check_webhook_url(url: str, service: ServiceSettings) -> str:
    """Hold the text of a webhook's address against the rules; the address is not called and its name not resolved.

    Args:
        url: What the client gave.
        service: Its `webhook_private` lets plain http, private addresses and any port through.

    Returns:
        The address, without white space around it.

    Raises:
        RequestError: Not a whole http(s) address, one with credentials, or one that leads into a private network.
    """
    url = url.strip()
    if len(url) > _LONGEST or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise RequestError(
            "The webhook is not a web address.",
            f"Give one such as https://example.com/hook, in plain characters, of at most {_LONGEST} of them.",
        )
    try:
        parts = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise RequestError(
            "The webhook is not a web address.", "Give one such as https://example.com/hook."
        ) from None
    begins = "http:// or https://" if service.webhook_private else "https://"
    if parts.scheme not in ("http", "https") or not parts.host or "%" in parts.netloc.decode():
        raise RequestError(
            f"The webhook must begin with {begins} and name a host.",
            "Give one such as https://example.com/hook.",
        )
    if parts.userinfo:
        raise RequestError(
            "The webhook must not hold a user name or password.",
            "Webhooks are signed; check the signature instead.",
        )
    if parts.scheme == "http" and not service.webhook_private:
        raise RequestError("The webhook must use https.", f"Give it a certificate. {_OPEN}")
    _check_port(parts.port, service)
    _check_host(parts.host, service)
    return url


def is_public(address: Address, *, private_too: bool = False) -> bool:
    """Whether a webhook may be sent to a network address.

    Args:
        address: As it was resolved.
        private_too: Private networks and loopback as well; link-local (cloud metadata), multicast, the unspecified
            address and IPv4 inside IPv6 remain refused.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped, private_too=private_too)
        if not address.is_loopback and any(address in network for network in _TRANSLATED):
            return False
        if address.is_site_local:
            return private_too
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback:
        return private_too
    return not address.is_reserved and (private_too or address.is_global)


def literal(host: str) -> Address | None:
    """The address that a host's text stands for, in all forms that systems accept (`127.1`, `0x7f1`); else None."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _check_port(port: int | None, service: ServiceSettings) -> None:
    if port is None:
        return
    if not 0 < port < 65536:
        raise RequestError("The webhook's port is not one of 1 to 65535.", "Leave it out for 443.")
    if service.webhook_private:
        return
    if port < 1024 and port != 443:
        raise RequestError(
            f"The webhook's port {port} belongs to another service.",
            f"Use 443, or one of 1024 and above. {_OPEN}",
        )


def _check_host(host: str, service: ServiceSettings) -> None:
    host = host.rstrip(".").lower()
    address = literal(host)
    if address is not None:
        if not is_public(address, private_too=service.webhook_private):
            raise RequestError(
                "The webhook leads to an address that webhooks are never sent to."
                if service.webhook_private
                else "The webhook leads to an address that is not on the public internet.",
                "Give one of a machine." if service.webhook_private else f"Give one that is. {_OPEN}",
            )
        return
    if service.webhook_private:
        return
    if "." not in host or any(host == name or host.endswith(f".{name}") for name in _INNER_NAMES):
        raise RequestError(
            "The webhook names a host of a private network.", f"Give one of the public internet. {_OPEN}"
        )
