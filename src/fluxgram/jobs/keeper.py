"""`Keeper`: keeps one worker process alive, passes on what it says, and sees to its jobs when it dies.

A worker that dies by itself costs its jobs a strike, because they may be what killed it; one that ends because it was
told to does not. It is started again after a pause that doubles while it keeps dying.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fluxgram.errors import StoreError
from fluxgram.service import PREFIX, ServiceSettings

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.settings import Settings

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A worker that lived for so long, or has ended a job, is started again at once when it dies."""
_TRIES = 5
"""To release the jobs of a dead worker; after that they wait for their lease."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """What is known of a worker.

    Attributes:
        name: As its jobs bear it; empty while it starts.
        device: Where it draws; empty is the machine's own choice.
        pid: Its process; 0 where there is none.
        state: `starting`, `idle`, `busy`, `failed` (its checkpoint cannot be loaded), `restarting`, `stopped`.
        jobs: Numbers of the jobs that it draws.
        loaded: Checkpoints that it said were in memory.
        restarts: How often it was started again.
        memory: Bytes of a GPU's memory that it has taken; 0 on the CPU.
        problem: Why it cannot load what it draws with, as it said when it last tried; empty where it can.
    """

    name: str
    device: str
    pid: int
    state: str
    jobs: tuple[int, ...]
    loaded: tuple[str, ...]
    restarts: int
    memory: int = 0
    problem: str = ""


class Keeper:
    """Keeps one worker.

    Args:
        jobs: The door.
        label: What the worker is called.
        device: Where it draws; empty is the machine's own choice.
        engine: `module:factory` of what it draws with; empty is fluxgram's own.
    """

    def __init__(self, jobs: Jobs, label: str, device: str, engine: str) -> None:
        self._jobs = jobs
        self._label = label
        self._device = device
        self._engine = engine
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper {label}", daemon=True)
        self._restarts = 0
        self._failures = 0
        self._state = "starting"
        self._loaded: tuple[str, ...] = ()
        self._memory = 0
        self.problem = ""
        self._heard_at = time.monotonic()
        self.name = ""

    def start(self) -> None:
        """Start the worker, and go on doing so."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._say("wake")

    def drain(self) -> None:
        """Have the worker finish what it draws and end; it is not started again."""
        self._ending.set()
        self._say("drain")
        if self._state == "starting":  # it holds nothing that is worth waiting for
            self.let_go()

    def let_go(self) -> None:
        """Close the worker's standard input: it queues its jobs again and ends."""
        self._ending.set()
        self._say("drain")  # it was told, and its parent is not merely gone
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()

    def kill(self) -> None:
        """End a worker that does not listen."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait until worker and keeper have ended. Returns whether they have."""
        if self._thread.ident is not None:
            self._thread.join(max(seconds, 0.0))
        return not self._thread.is_alive()

    @property
    def is_ready(self) -> bool:
        """Whether the worker has the default checkpoint in memory."""
        return bool(self._loaded) and self._state == "running"

    @property
    def silent_for(self) -> float:
        """Seconds since the worker said anything; it does so with every beat of its leases."""
        return time.monotonic() - self._heard_at

    def status(self) -> WorkerStatus:
        """What is known of the worker now."""
        process, state = self._process, self._state
        held: tuple[int, ...] = ()
        if self.name:
            held = tuple(record.id for record in self._jobs.queue.held(self.name))
        if state == "running":
            state = "busy" if held else "idle"
        pid = process.pid if process is not None and process.poll() is None else 0
        memory = self._memory if pid else 0
        return WorkerStatus(
            self.name, self._device, pid, state, held, self._loaded, self._restarts, memory, self.problem
        )

    def _keep(self) -> None:
        """The thread: start, listen, bury, pause, again."""
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                process = self._start()
            except Exception:  # also settings that were changed to what cannot be read: they may be mended
                _log.exception("the worker %s cannot be started", self._label)
            else:
                self._listen(process)
                self._bury(process)
            if self._ending.is_set():
                break
            self._failures = 0 if time.monotonic() - began > HEALTHY_SECONDS else self._failures + 1
            self._state = "failed" if self.problem else "restarting"
            self._restarts += 1
            self._ending.wait(pause_after(self._failures))
        self._state = "stopped"

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fluxgram.jobs.worker", "--name", self._label]
        command += ["--device", self._device] if self._device else []
        command += ["--engine", self._engine] if self._engine else []
        environment = worker_environment(self._jobs.settings, self._jobs.service)
        with self._lock:
            self._state, self._loaded, self._heard_at = "starting", (), time.monotonic()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            if self._process.stdin is not None:
                os.set_blocking(self._process.stdin.fileno(), False)
        if self._ending.is_set():
            self.let_go()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Follow what the worker says until it has ended."""
        for line in process.stdout or ():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, Mapping):
                self._heed(said)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _heed(self, said: Mapping[str, Any]) -> None:
        self._heard_at = time.monotonic()
        self._memory = said.get("memory", self._memory)
        if "job" in said:
            self._jobs.ring(said["job"], over=bool(said.get("over")))
            if said.get("over"):  # it gets on
                self._failures = 0
        elif "worker" in said:
            self.name = said["worker"]
        elif "ready" in said:
            self._state, self._loaded, self.problem = "running", (said["ready"],), ""
        elif "failed_to_load" in said:
            self.problem = f"{said['failed_to_load']} {said.get('hint', '')}".strip()
            self._state = "failed"

    def _bury(self, process: subprocess.Popen[str]) -> None:
        """Queue again what a worker held when it ended."""
        with self._lock, contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        strike = process.returncode != 0 and not self._ending.is_set()
        if strike:
            _log.error("the worker %s died (%s)", self._label, process.returncode)
        for _ in range(_TRIES):
            try:
                if self.name:
                    release_all(self._jobs, self.name, "Its worker died.", strike=strike)
                break
            except StoreError as error:
                _log.error("jobs of %s cannot be queued again: %s", self.name, error)
                time.sleep(1.0)
        self.name = ""

    def _say(self, word: str) -> None:
        """Write a line to the worker. One that does not read has unread lines enough to be woken by."""
        with self._lock:
            if self._process is None or self._process.stdin is None or self._process.stdin.closed:
                return
            with contextlib.suppress(OSError):
                os.write(self._process.stdin.fileno(), f"{word}\n".encode())


def pause_after(failures: int) -> float:
    """Seconds until a worker is started again that has died so often without having got on."""
    doubled = FIRST_PAUSE_SECONDS * 2 ** min(max(failures - 1, 0), 16)
    return 0.0 if failures == 0 else min(doubled, LONGEST_PAUSE_SECONDS)


def release_all(jobs: Jobs, worker: str, reason: str, *, strike: bool) -> None:
    """Queue again everything that a worker holds; with a strike a job may fail that took too many with it."""
    if jobs.service.url_seconds:
        jobs.links_secret  # noqa: B018  (made now: webhooks are made inside a transaction)
    for record in jobs.queue.held(worker):
        released = jobs.queue.release(
            record.id,
            record.attempt,
            reason,
            strike=strike,
            deaths=max(int(jobs.service.deaths), 1),
            webhook=jobs.webhook,
        )
        jobs.ring(record.id, over=released is not None and released.over)


def worker_environment(settings: Settings, service: ServiceSettings) -> dict[str, str]:
    """The environment in which a worker reads the same settings: ours, and what was given otherwise."""
    environment = dict(os.environ)
    for each in fields(settings):
        environment[f"FLUXGRAM_{each.name.upper()}"] = _as_text(getattr(settings, each.name))
    read = ServiceSettings.load(settings.home, environment)
    for each in fields(service):
        value = getattr(service, each.name)
        if value != getattr(read, each.name):
            environment[PREFIX + each.name.upper()] = _as_text(value)
    return environment


def _as_text(value: object) -> str:
    """A value as its variable is read."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return ",".join(f"{key}={entry}" for key, entry in value.items())
    return str(value)
