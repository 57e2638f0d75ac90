"""What the commands print with: results on standard output, everything else on standard error.

Texts of users and of files go through `safe`, so that a prompt cannot steer the terminal.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from fluxgram.pictures.terminal import Protocol

_JOINERS = "\n\t\u200c\u200d"  # line ends, and what emoji and some scripts need


def safe(text: str) -> str:
    """Text in which nothing steers a terminal: control and direction characters are shown as their escapes."""
    return "".join(char if _is_plain(char) else char.encode("unicode_escape").decode() for char in text)


def _is_plain(char: str) -> bool:
    return char in _JOINERS or char.isprintable() or unicodedata.category(char) == "Zs"


def messages() -> Console:
    """Where notes and progress go: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def tables() -> Console:
    """Where readable results go: standard output."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200  # a file or a pipe has no width of its own
    return Console(highlight=False, markup=False, emoji=False, width=width)


def write_line(text: str = "") -> None:
    """One line of result on standard output."""
    sys.stdout.write(safe(text) + "\n")


def write_json(value: Any) -> None:
    """A result as JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def preview_protocol() -> Protocol:
    """Which way of showing pictures the terminal behind standard error has."""
    from fluxgram.pictures.terminal import protocol_of

    return protocol_of(os.environ, is_terminal=sys.stderr.isatty())
