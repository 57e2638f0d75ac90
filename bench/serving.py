"""A real `fluxgram serve` in a process and a home folder of its own, to be measured, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import requests

HERE = Path(__file__).parent
ZERO_WORK = {"FLUXGRAM_SERVE_ENGINE": "zero_work:make"}
_READY_SECONDS = 120
_SERVE = "from fluxgram.cli import main; main()"


def no_strikes() -> dict[str, str]:
    """Settings for a campaign: kills come from outside, so that no job is to blame; no bound on the queue."""
    return {"FLUXGRAM_SERVE_DEATHS": "1000000", "FLUXGRAM_SERVE_MAX_QUEUED": "0"}


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """A service on a loopback port.

    Attributes:
        home: Its FLUXGRAM_HOME.
        environment: Further variables.
        port: TCP port, the same after a restart.
        process: The server; None before `start`.
    """

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")]))
        values = os.environ | {"FLUXGRAM_HOME": str(self.home), "PYTHONPATH": path} | self.environment
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SERVE, "serve", "--port", str(self.port)],
                env=values,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return self
            except requests.RequestException:
                pass
            time.sleep(0.05)
        text = (self.home / "log.txt").read_text("utf-8", "replace")[-4000:]
        raise SystemExit(f"the service did not come up:\n{text}")

    def kill(self) -> None:
        """SIGKILL to the server alone; its workers must see to themselves."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        if self.process is None or self.process.poll() is not None:
            return []
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "fluxgram.jobs.worker" in " ".join(_command(child))]

    def call(self, method: str, path: str, body: object = None, seconds: float = 30) -> Any:
        """One request; what the JSON answer says."""
        answer = requests.request(method, self.url + path, json=body, timeout=seconds)
        answer.raise_for_status()
        return answer.json()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
