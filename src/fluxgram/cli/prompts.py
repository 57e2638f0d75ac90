"""Where a prompt comes from: the command line, a file (`@file`, `--prompt-file`) or standard input (`-`)."""

from __future__ import annotations

import sys
from pathlib import Path

from fluxgram.errors import RequestError

MOST_BYTES = 1_000_000


def read_prompt(words: str | None, file: Path | None) -> str:
    """The prompt as it was meant.

    Args:
        words: The argument: the prompt itself, `@file`, or `-` for standard input.
        file: The option's file; `-` for standard input.

    Raises:
        RequestError: None or two were given, or the file cannot be read as text.
    """
    if words is not None and file is not None:
        raise RequestError("The prompt is given twice: as words and as a file.", "Give one of them.")
    if file is not None:
        return _of_stdin() if str(file) == "-" else _of_file(file)
    if words is None:
        raise RequestError("There is no prompt.", 'Say what to draw: fluxgram generate "portrait of …"')
    if words == "-":
        return _of_stdin()
    if words.startswith("@"):
        return _of_file(Path(words[1:]).expanduser())
    return words


def _of_stdin() -> str:
    if sys.stdin is None or sys.stdin.closed:
        raise RequestError("There is no standard input to read the prompt from.", "Give the prompt as words.")
    return _as_text(sys.stdin.buffer.read(MOST_BYTES + 1), "Standard input")


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "A prompt that begins with @ names a file; one that shall begin so goes through standard input (-)."
        raise RequestError(f"The prompt's file {path} cannot be read: {reason}.", hint) from None
    return _as_text(data, str(path))


def _as_text(data: bytes, name: str) -> str:
    if len(data) > MOST_BYTES:
        raise RequestError(f"{name} is too long for a prompt.", f"At most {MOST_BYTES:,} bytes are read.")
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise RequestError(f"{name} is not text in UTF-8.", "Save it as UTF-8 and try again.") from None
