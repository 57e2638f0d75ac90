"""Work beside the service: a checkpoint is fetched, or the machine examined, in a process of its own.

So the service stays free of torch, and what takes long can be ended at once. The first line on standard input says
what to do; its end means that the parent is gone, and with it this process. Lines of JSON on standard output say how it
goes. `pulling.py` and `machine.py` are the parents.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, TextIO

from fluxgram.errors import FluxgramError
from fluxgram.settings import Settings

LEAST_STEP = 0.002
"""Progress is told when it has grown by this share."""


def begin(task: str, settings: Settings, checkpoint: str = "") -> Popen[str]:
    """Start the process.

    Args:
        task: `pull` or `examine`.
        settings: Of the machine.
        checkpoint: Which one to fetch.
    """
    process = Popen([sys.executable, "-m", "fluxgram.jobs.aside"], stdin=PIPE, stdout=PIPE, text=True)
    order = {
        "task": task,
        "checkpoint": checkpoint,
        "settings": {**asdict(settings), "home": str(settings.home)},
    }
    try:
        assert process.stdin is not None  # noqa: S101  (asked for above)
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
    except OSError:  # it has ended already, which whoever reads its lines is told
        pass
    return process


def told_by(process: Popen[str]) -> Iterator[dict[str, Any]]:
    """What the process says, until it ends; closes its pipes."""
    assert process.stdout is not None  # noqa: S101  (asked for in `begin`)
    with process:
        for line in process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict):
                yield said


def end(process: Popen[str]) -> None:
    """Stop it now; files that are half there stay, and are resumed by the next one."""
    if process.poll() is None:
        process.kill()


def main() -> int:
    """The process: do what the first line says."""
    output = _own_output()
    order = json.loads(sys.stdin.readline() or "{}")
    settings = Settings(**{**order["settings"], "home": Path(order["settings"]["home"])})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        done = _pull(order["checkpoint"], settings, output) if order["task"] == "pull" else _examine(settings)
    except FluxgramError as error:
        _tell(output, {"problem": {"kind": type(error).__name__, "message": str(error), "hint": error.hint}})
        return 1
    _tell(output, {"done": done})
    return 0


def _pull(name: str, settings: Settings, output: TextIO) -> str:
    from fluxgram.families.checkpoints import find
    from fluxgram.families.sources import pull

    told: dict[str, float] = {}
    lock = threading.Lock()

    def progress(stage: str, fraction: float) -> None:
        with lock:  # several files are fetched at a time
            if fraction >= 1 or fraction - told.get(stage, -1.0) >= LEAST_STEP:
                told[stage] = fraction
                _tell(output, {"stage": stage, "fraction": fraction})

    return str(pull(find(name, settings), settings, progress))


def _examine(settings: Settings) -> dict[str, Any]:
    from fluxgram.jobs.examination import examine

    return asdict(examine(settings))


def _tell(output: TextIO, said: dict[str, Any]) -> None:
    output.write(json.dumps(said) + "\n")
    output.flush()


def _end_with_parent() -> None:
    while sys.stdin.read(1):
        pass
    os._exit(0)


def _own_output() -> TextIO:
    """Standard output for us alone: what libraries print goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


if __name__ == "__main__":
    sys.exit(main())
