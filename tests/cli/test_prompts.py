"""Where prompts come from."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fluxgram.cli.prompts import read_prompt
from fluxgram.errors import RequestError


def test_words() -> None:
    assert read_prompt(" a cat ", None) == " a cat "


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_bytes("\ufeffline one\nline two\r\n".encode())
    assert read_prompt(f"@{path}", None) == read_prompt(None, path) == "line one\nline two"


@pytest.mark.parametrize("arguments", [("-", None), (None, Path("-"))])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str | None, Path | None]) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(closed=False, buffer=io.BytesIO(b"a cat\n")))
    assert read_prompt(*arguments) == "a cat"


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(RequestError, match="no standard input"):
        read_prompt("-", None)


@pytest.mark.parametrize(
    ("data", "says"), [(b"\xff\xfe", "not text in UTF-8"), (b"x" * 1_000_001, "too long")]
)
def test_files_that_are_no_prompt(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "words").write_bytes(data)
    with pytest.raises(RequestError, match=says):
        read_prompt(None, tmp_path / "words")


@pytest.mark.parametrize("name", [".", "missing", "a\0b"])
def test_files_that_cannot_be_read(name: str) -> None:
    with pytest.raises(RequestError, match="cannot be read") as caught:
        read_prompt(f"@{name}", None)
    assert caught.value.hint
