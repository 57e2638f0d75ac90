"""A stand-in for the hub that can hold a file back in the middle, and a home that knows its checkpoint."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from fluxgram.settings import Settings
from tests.families.test_hub import REPO, Answer, Hub
from tests.serving import toy, toy_at_home

HELD = "transformer/diffusion_pytorch_model.safetensors"
NAME = "far-away"


class SlowAnswer(Answer):
    """Sends half of a file and waits."""

    server: SlowHub

    def send_file(self, path: Path, short: str, *, body: bool) -> None:
        if not body or short != HELD or self.server.free.is_set() or self.server.gated:
            super().send_file(path, short, body=body)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("ETag", '"held"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.server.free.wait(60)
            self.wfile.write(content[len(content) // 2 :])


class SlowHub(Hub):
    """While `free` is not set, the transformer comes to its half."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.RequestHandlerClass = SlowAnswer
        self.free = threading.Event()

    def times(self, short: str) -> int:
        """How often a file was asked for."""
        return sum(verb == "GET" and path == short for verb, path, _ in self.asked)

    @property
    def url(self) -> str:
        """What it is called by."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def slow_hub(folder: Path) -> Iterator[SlowHub]:
    """One that serves the toy."""
    shutil.copytree(toy(), folder)
    server = SlowHub(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.free.set()
        server.shutdown()
        thread.join()
        server.server_close()


def far_away_at_home(home: Path) -> None:
    """Have `far-away` mean the hub's checkpoint in a home folder."""
    toy_at_home(home, NAME)
    tables = home / "checkpoints.toml"
    tables.write_text(tables.read_text("utf-8").replace(f"folder:{toy()}", f"hub:{REPO}"), "utf-8")


def settings_of(home: Path, *, offline: bool = False) -> Settings:
    """Of a machine that has nothing yet."""
    far_away_at_home(home)
    return Settings(home=home, device="cpu", offline=offline, threads=1)
