"""The application in this process without workers, and two real services that a session's tests share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.jobs.door import Jobs
from fluxgram.server.app import create_app
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from tests.jobs.slow_hub import SlowHub, far_away_at_home, slow_hub
from tests.serving import TINY, Server, serving


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of an application with settings of the service; nobody draws, and defects are not hidden."""
    with ExitStack() as stack:

        def client(**service: Any) -> TestClient:
            settings = Settings(home=tmp_path / "home", device="cpu", offline=True)
            jobs = Jobs.open(settings, ServiceSettings(**service))
            stack.callback(jobs.close)
            made = TestClient(create_app(jobs), base_url="http://127.0.0.1:7070", client=("127.0.0.1", 50000))
            return stack.enter_context(made)

        yield client


@pytest.fixture
def app(inside: Callable[..., TestClient]) -> TestClient:
    """A client of an application as it is by default."""
    return inside()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, SlowHub]]:
    """A service, and the hub that it fetches from."""
    folder = tmp_path_factory.mktemp("far")
    far_away_at_home(folder / "home")
    online = {"FLUXGRAM_OFFLINE": "0", "HF_HOME": str(folder / "shared")}
    with (
        slow_hub(folder / "served") as hub,
        serving(folder / "home", "fluxgram-mini", engine=TINY, HF_ENDPOINT=hub.url, **online) as server,
    ):
        yield server, hub


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service on loopback without keys; its pictures are flat and drawn at once."""
    with serving(tmp_path_factory.mktemp("service") / "home", "fluxgram-mini", engine=TINY) as server:
        yield server


class Keyed:
    """A service that asks for keys, and the tokens of some."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}

    def key(self, name: str, *options: str) -> dict[str, str]:
        """The headers of a key, made where it is not there yet."""
        if name not in self.tokens:
            done = self.server.command("keys", "create", name, *options, "--json")
            assert done.returncode == 0, done.stderr
            self.tokens[name] = json.loads(done.stdout)["token"]
        return {"Authorization": f"Bearer {self.tokens[name]}"}


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    """A service that asks for keys; its links to pictures end after a minute, and a megapixel-step costs 2."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    settings = {"engine": TINY, "require_key": "1", "url_seconds": "60", "price": "2", "currency": "EUR"}
    with serving(home, "fluxgram-mini", start=False, **settings) as server:
        home.mkdir(exist_ok=True)
        found = Keyed(server)
        found.key("mara")
        found.key("owner", "--scope", "admin", "--scope", "draw", "--scope", "read")
        server.start()
        yield found
