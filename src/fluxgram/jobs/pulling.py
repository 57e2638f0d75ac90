"""`Pulls`: checkpoints on their way to this machine, each fetched once at a time, in a process of its own.

How each stands is kept in a file, so that a page that is loaded again finds it, and so that a service that was ended in
the middle says so afterwards. What has been fetched always stays: the next pull goes on from there.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.durable import write_whole
from fluxgram.errors import CheckpointMissing, UnknownCheckpoint
from fluxgram.jobs import aside

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

State = Literal["none", "running", "done", "failed", "cancelled", "interrupted"]
KEPT_EVERY = 1.0
"""Seconds between two writings of how far a pull is."""
_INTERRUPTED = {
    "kind": "Interrupted",
    "message": "The service ended while this was fetched.",
    "hint": "Fetch again: it goes on from what is there.",
}


@dataclass(frozen=True, slots=True)
class Pull:
    """How a checkpoint's way to this machine stands.

    Attributes:
        checkpoint: Its name.
        state: `interrupted` is a pull whose service ended in the middle; `none` was never begun.
        stage: What is done now: `download`.
        fraction: How much of that is done, 0 … 1.
        started: When, Unix seconds; None where it never was.
        finished: When it was over.
        problem: Why it failed: `kind`, `message`, `hint`.
    """

    checkpoint: str
    state: State = "none"
    stage: str = ""
    fraction: float = 0.0
    started: float | None = None
    finished: float | None = None
    problem: Mapping[str, str] | None = None


class Pulls:
    """The pulls of this machine.

    Args:
        settings: Of the machine.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "service" / "pulls"
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Pull, Popen[str]]] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._closed = False

    def start(self, name: str) -> Pull:
        """Begin to fetch a checkpoint; one that is under way already goes on.

        Raises:
            UnknownCheckpoint: There is no table of that name.
            CheckpointMissing: It is none that can be fetched, or the service is ending.
        """
        checkpoint = self.table(name)
        if not checkpoint.source.startswith("hub:"):
            kind = checkpoint.source.partition(":")[0]
            raise CheckpointMissing(
                f"{checkpoint.name} is not fetched from anywhere: it is {kind}.",
                "Only checkpoints of a hub are fetched.",
            )
        with self._lock:
            if self._closed:
                raise CheckpointMissing("The service is ending.", "Fetch it when it runs again.")
            if checkpoint.name in self._running:
                return self._running[checkpoint.name][0]
            made = Pull(checkpoint.name, "running", "download", started=time.time())
            process = aside.begin("pull", self._settings, checkpoint.name)
            self._running[made.checkpoint] = made, process
            self._keep(made)
            thread = threading.Thread(target=self._follow, args=(made.checkpoint, process), daemon=True)
            self._threads[made.checkpoint] = thread
            thread.start()
        return made

    def get(self, name: str) -> Pull:
        """How the pull of a checkpoint stands.

        Raises:
            UnknownCheckpoint: There is no table of that name.
        """
        found = self.table(name).name
        with self._lock:
            return self._running[found][0] if found in self._running else self._kept(found)

    def cancel(self, name: str) -> Pull:
        """Stop fetching; what has been fetched stays. One that is over stays as it is.

        Raises:
            UnknownCheckpoint: There is no table of that name.
        """
        found = self.table(name).name
        with self._lock:
            if found not in self._running:
                return self._kept(found)
            made, process = self._running.pop(found)
            made = replace(made, state="cancelled", finished=time.time())
            self._keep(made)
            thread = self._threads.pop(found)
        aside.end(process)
        thread.join()
        return made

    def close(self) -> None:
        """Stop all; they are told to have been interrupted afterwards."""
        with self._lock:
            self._closed = True
            stopped, self._running = self._running, {}
            threads, self._threads = self._threads, {}
        for _, process in stopped.values():
            aside.end(process)
        for thread in threads.values():
            thread.join()

    def table(self, name: str) -> Checkpoint:
        """The table of a name; asks no network.

        Raises:
            UnknownCheckpoint: There is none.
        """
        from fluxgram.families.checkpoints import known

        tables = known(self._settings)
        for table in tables.values():
            if name in (table.name, *table.aliases) or table.source == f"hub:{name}":
                return table
        near = get_close_matches(name[:80], tables, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(tables)}."
        raise UnknownCheckpoint(f"There is no checkpoint {name[:80]!a}.", hint)

    def _follow(self, name: str, process: Popen[str]) -> None:
        """Listen to a pull until it is over; in a thread of its own."""
        last: dict[str, Any] = {}
        for said in aside.told_by(process):
            last = said
            if "fraction" in said:
                self._note(name, process, str(said.get("stage", "")), float(said["fraction"]))
        with self._lock:
            if name not in self._running or self._running[name][1] is not process:
                return  # it was cancelled, or the service ends
            made, _ = self._running.pop(name)
            self._threads.pop(name, None)
            self._keep(_over(made, last, process.returncode))

    def _note(self, name: str, process: Popen[str], stage: str, fraction: float) -> None:
        with self._lock:
            made, own = self._running.get(name, (None, None))
            if made is None or own is not process:
                return
            self._running[name] = replace(made, stage=stage, fraction=round(fraction, 4)), process
            path = self._path(name)
            if not path.exists() or time.time() - path.stat().st_mtime > KEPT_EVERY:
                self._keep(self._running[name][0])

    def _kept(self, name: str) -> Pull:
        """What the file says. One that says it is under way belongs to a service that has ended."""
        try:
            values = json.loads(self._path(name).read_text(encoding="utf-8"))
            made = Pull(**{**values, "checkpoint": name})
        except (OSError, ValueError, TypeError):
            return Pull(name)
        if made.state != "running":
            return made
        return replace(made, state="interrupted", problem=_INTERRUPTED)

    def _keep(self, made: Pull) -> None:
        with contextlib.suppress(OSError):  # a full disk stops the pull itself, which is told
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(json.dumps(asdict(made)).encode(), self._path(made.checkpoint), overwrite=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{re.sub(r'[^A-Za-z0-9._-]', '-', name)}.json"


def _over(made: Pull, last: Mapping[str, Any], status: int | None) -> Pull:
    """How a pull ended, by the last thing its process said."""
    now = time.time()
    if "done" in last:
        return replace(made, state="done", fraction=1.0, finished=now)
    problem = last.get("problem")
    if not isinstance(problem, dict):
        problem = {
            "kind": "CheckpointMissing",
            "message": f"What fetched it ended in the middle (status {status}).",
            "hint": "Fetch again: it goes on from what is there. The service's log may say more.",
        }
    return replace(made, state="failed", finished=now, problem=problem)
