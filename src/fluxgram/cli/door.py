"""The door that every command goes through: one sentence and a hint for what went wrong, the right exit status.

No command catches errors for itself and nothing else in fluxgram exits. 0 is done, 1 could not be done, 2 was asked
for wrongly, 130 was stopped by Ctrl-C, 143 was told to end. The commands are in `app.py`.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from types import FrameType

STOPPED, TERMINATED = 130, 143

_OPTIONS = {"allow ignored parameters": "add --allow-ignored", "allow changed weights": "add --anyway"}
"""What hints of the library are called on the command line."""


def main() -> None:
    """The console script: run the command of the process's arguments and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: As given after `fluxgram`. `--debug` may stand anywhere: it shows tracebacks and warnings.

    Returns:
        The exit status.
    """
    arguments, debug = _without_debug(arguments)
    _prepare_process(debug=debug)
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = _say("Stopped.", status=STOPPED)
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 1
    except Exception as error:
        if debug:
            raise
        status = _explain(error)
    return status


def _dispatch(arguments: list[str]) -> int:
    from typer.exceptions import Abort, TyperException

    from fluxgram.cli.app import app

    try:
        answer = app(arguments, prog_name="fluxgram", standalone_mode=False)
    except TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "fluxgram")
        return _say(f"error: {error.format_message()}", f"{command} --help lists what there is.", status=2)
    except Abort:
        return _say("Stopped.", status=STOPPED)
    status = answer if isinstance(answer, int) else 0
    return _say("Stopped.", status=STOPPED) if status == STOPPED else status


def _explain(error: Exception) -> int:
    """Say what went wrong in one sentence and a hint."""
    from fluxgram.errors import Cancelled, FluxgramError

    if isinstance(error, Cancelled):
        return _say(str(error), error.hint, status=STOPPED)
    if isinstance(error, FluxgramError):
        hint = error.hint
        for words, option in _OPTIONS.items():
            hint = hint.replace(words, option)
        return _say(f"error: {error}", hint, status=error.exit_status)
    if _is_out_of_memory(error):
        hint = "Close other programs, draw smaller pictures, or see what fits with `fluxgram doctor`."
        return _say("error: There is too little memory for this.", hint, status=1)
    kind, text = type(error).__name__, (str(error).strip().splitlines() or [""])[0][:200]
    hint = "Add --debug for the details, and report them in fluxgram's issue tracker."
    return _say(f"error: fluxgram failed in a way it should not: {kind}: {text}".rstrip(": "), hint, status=1)


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether an error comes of too little memory, whatever it is called (libraries that cannot be mapped, too)."""
    link: BaseException | None = error
    while link is not None:
        text = str(link).lower()
        signs = ("cannot allocate memory", "failed to map segment", "out of memory", "can't allocate memory")
        if isinstance(link, MemoryError) or any(sign in text for sign in signs):
            return True
        link = link.__cause__ or link.__context__
    return False


def _say(sentence: str, hint: str = "", *, status: int) -> int:
    from fluxgram.cli.console import safe

    for line in (sentence, f"hint:  {hint}" if hint else ""):
        if line:
            sys.stderr.write(safe(line) + "\n")
    sys.stderr.flush()
    return status


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Take `--debug` out, wherever it stands before a lone `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    head = [argument for argument in arguments[:end] if argument != "--debug"]
    return head + arguments[end:], len(head) < end


def _prepare_process(*, debug: bool) -> None:
    """Output that cannot fail on a character, an end by SIGTERM that cleans up, and no warnings of libraries."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, _end)
    if not debug and not sys.warnoptions:
        warnings.simplefilter("ignore")


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
