"""Nothing that a user or a file says can steer the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.cli.console import safe


@given(st.text())
def test_safe_text_has_no_control_characters(text: str) -> None:
    shown = safe(text)
    assert not any((ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    shown.encode()


@pytest.mark.parametrize("text", ["portrait, 85mm", "ümläut 光", "👩‍🦰", "a\u00a0b", "two\nlines"])
def test_ordinary_text_stays(text: str) -> None:
    assert safe(text) == text


def test_escapes_are_shown() -> None:
    assert safe("\x1b[2J\x07") == "\\x1b[2J\\x07"
