"""Cursors: where a list goes on, opaque to clients. Inside is when the last entry was made, and its name or number."""

from __future__ import annotations

import base64
import binascii
import re

from fluxgram.server.failures import Malformed


def cursor_of(created: float, name: object) -> str:
    """Where a list goes on after an entry.

    Args:
        created: When it was made (unix seconds).
        name: Which of those that were made then.
    """
    return base64.urlsafe_b64encode(f"{created!r}:{name}".encode()).rstrip(b"=").decode()


def read_cursor(text: str, names: str) -> tuple[float, str] | None:
    """What `cursor_of` wrote; None of an empty text.

    Args:
        text: What a client sent.
        names: A regular expression of the names of such a list.

    Raises:
        Malformed: It is none of ours.
    """
    if not text:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        plain = ""
    found = re.fullmatch(rf"(\d{{1,12}}(?:\.\d{{1,20}})?):({names})", plain)
    if found is None:
        raise Malformed("The cursor is none of this server's.", "Take it from `next` of the page before.")
    return float(found[1]), found[2]
