"""Links to pictures that are signed and expire: pure functions, HMAC-SHA256 over name and time.

Names of pictures cannot be guessed to begin with; a signature limits for how long a link that was passed on works.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math

SECRET = "picture links"  # noqa: S105  (the name under which the store keeps it)
"""Name of the secret, for `Queue.secret`."""
_CONTEXT = b"fluxgram picture link\0"
_MOST_DIGITS = 12


def sign(name: str, expires: int, secret: bytes) -> str:
    """The signature of a picture's name and the time (unix seconds) at which the link ends."""
    said = _CONTEXT + f"{expires}\0{name}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, said, hashlib.sha256)).rstrip(b"=").decode()


def picture_link(base: str, name: str, *, secret: bytes = b"", seconds: float = 0.0, now: float = 0.0) -> str:
    """The address of a picture or thumbnail.

    Args:
        base: What it begins with, such as `http://127.0.0.1:7070`.
        name: The picture's name.
        secret: Of this service; only needed where links expire.
        seconds: The link works for so long; 0 is for ever, and unsigned.
        now: Unix time, in seconds.
    """
    address = f"{base.rstrip('/')}/pictures/{name}"
    if not seconds:
        return address
    expires = math.ceil(now + seconds)
    return f"{address}?expires={expires}&signature={sign(name, expires, secret)}"


def link_is_good(name: str, expires: str, signature: str, *, secret: bytes, now: float) -> bool:
    """Whether a link's signature is ours and its time has not come. Takes the same time for every signature.

    Args:
        name: The picture's name.
        expires: As the link says.
        signature: As the link says.
        secret: Of this service.
        now: Unix time, in seconds.
    """
    if not (expires.isascii() and expires.isdigit() and len(expires) <= _MOST_DIGITS):
        return False
    same = hmac.compare_digest(
        sign(name, int(expires), secret).encode(), signature.encode("utf-8", "replace")
    )
    return same and now < int(expires)


def text_link(address: str) -> str:
    """The address of a picture as base64 text, from the address of the picture; the signature is the picture's."""
    path, mark, query = address.partition("?")
    return f"{path}.base64{mark}{query}"
