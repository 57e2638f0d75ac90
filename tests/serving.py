"""`serving`: a real `fluxgram serve` in a process of its own, on a free port of loopback, with a home of its own.

The checkpoint is the toy (random weights, drawn in no time) unless the embedded one is asked for.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.executable).with_name("fluxgram")
ROOT = Path(__file__).parents[1]
TINY = "tests.jobs.tiny_engine:make"
"""An engine that draws flat pictures at once, for `serving(engine=TINY)` and the checkpoint `fluxgram-mini`."""
DEADLINE = 120.0
"""Seconds until whatever is waited for counts as lost; machines that run tests can be very slow."""


def wait_until(condition: Callable[[], Any], what: str, deadline: float = DEADLINE) -> Any:
    """The first value of a condition that is true; fails when it does not come."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {deadline:g} s")


@functools.cache
def toy() -> Path:
    """The toy's folder, made once in a process of tests."""
    from fluxgram.families.flux2_toy import make_toy

    folder = Path(tempfile.mkdtemp(prefix="fluxgram-toy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_toy(folder / "toy")


def toy_at_home(home: Path, name: str = "toy", folder: Path | str = "") -> None:
    """Have a name mean the toy in a home folder; another toy than this process's own lies in `folder`."""
    from fluxgram.families import flux2_toy

    home.mkdir(parents=True, exist_ok=True)
    with (home / "checkpoints.toml").open("a", encoding="utf-8") as file:
        file.write(
            f"""[{name}]
family = "flux2"
title = "The toy"
source = 'folder:{folder or toy()}'
distilled = false
guidance = 3.0
download_gb = 0.01
memory_gb = 0.01
cpu_dtype = "float32"
steps = {{ draft = 2, proof = 3, final = 4 }}
licence = {{ name = "none", page = "", commercial = true, outputs = "yours" }}
sizes = {{ multiple = 32, default = [64, 64], known = [[64, 64], [64, 96]], least = 64 }}
text = {{ template = "qwen3-chat", layers = {list(flux2_toy.LAYERS)}, lengths = {list(flux2_toy.LENGTHS)} }}
schedule = {{ kind = "shift", shift = 2.0 }}
"""
        )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Server:
    """A service in a process of its own."""

    home: Path
    port: int
    checkpoint: str
    environment: dict[str, str]
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        """What addresses begin with."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it said on standard error so far, over all starts."""
        path = self.home / "serve.log"
        return path.read_text("utf-8") if path.exists() else ""

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of fluxgram in the same home."""
        return subprocess.run(
            [SCRIPT, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def newest(self) -> list[int]:
        """The id of the job that was handed in last; nothing where there is none."""
        return [job["id"] for job in self.call("GET", "/api/v1/jobs?limit=1").json["jobs"]]

    def start(self, *, ready: bool = True) -> None:
        """Start it (again), on the same port and home.

        Args:
            ready: Wait until a checkpoint is in memory, not only until it answers.
        """
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [SCRIPT, "serve", "--port", str(self.port), "--checkpoint", self.checkpoint, *self.arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self.wait_for("/readyz" if ready else "/livez")

    def wait_for(self, path: str) -> None:
        """Wait until a path is answered with 200."""

        def answered() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode}:\n{self.log}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.call("GET", path).status == 200
            return False

        try:
            wait_until(answered, f"200 of {path}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-6000:]}") from None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """One request; any status is an answer. A body that is not bytes is sent as JSON."""
        data, sent = body, dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            return Answer(
                answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
            )

    def kill(self) -> None:
        """SIGKILL the server; its workers find out by themselves."""
        self.process.kill()
        self.process.wait(timeout=DEADLINE)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE)


@contextlib.contextmanager
def serving(
    folder: Path,
    checkpoint: str = "toy",
    *,
    start: bool = True,
    ready: bool = True,
    arguments: tuple[str, ...] = (),
    **environment: str,
) -> Iterator[Server]:
    """A running service, ended with the block.

    Args:
        folder: Its home; a service that was there before goes on where it stopped.
        checkpoint: `toy`, or a name such as `fluxgram-mini`.
        start: Start it now.
        ready: Wait for its checkpoint to be in memory.
        arguments: Further ones of `fluxgram serve`.
        **environment: Settings of the service by field (`max_queued="3"`), or whole variables in capitals.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint == "toy" and not (folder / "checkpoints.toml").exists():
        toy_at_home(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLUXGRAM_", "HF_"))}
    given = {
        (name if name.isupper() else f"FLUXGRAM_SERVE_{name.upper()}"): value
        for name, value in environment.items()
    }
    paths = [str(ROOT / "src"), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    kept["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    settings = {"FLUXGRAM_HOME": str(folder), "FLUXGRAM_OFFLINE": "1", "FLUXGRAM_THREADS": "1"}
    server = Server(folder, free_port(), checkpoint, kept | settings | given, arguments)
    try:
        if start:
            server.start(ready=ready)
        yield server
    finally:
        if hasattr(server, "process") and server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
