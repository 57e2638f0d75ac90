"""Adapters over HTTP: sent as files, fetched from the hub, looked at and removed, by those who administer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from fluxgram.jobs import shelving
from tests.families.test_hub import REPO
from tests.jobs.slow_hub import SlowHub
from tests.loras import write_lora
from tests.server.conftest import Keyed
from tests.serving import Answer, Server, toy

FILE = "/api/v1/adapters/file"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_lora(tmp_path_factory.mktemp("film") / "film.safetensors", toy(), seed=1).read_bytes()


def sent(server: Server, body: bytes, filename: str = "Film Look.safetensors", query: str = "") -> Answer:
    headers = {"Content-Type": "application/octet-stream", "X-Filename": quote(filename)}
    return server.call("POST", f"{FILE}{query}", body, headers)


def names(server: Server) -> set[str]:
    return {each["name"] for each in server.call("GET", "/api/v1/adapters").json["adapters"] if each["added"]}


def nothing_left(home: Path) -> bool:
    return list((home / "service" / "uploads").iterdir()) == []


def test_a_file_is_sent_looked_at_and_removed(service: Server, film: bytes) -> None:
    answer = sent(service, film, "C:\\loras\\Film Löok.safetensors", "?weight=0.7&word=flm&word=on%20film")
    assert answer.status == 201, answer.body
    adapter, contents = answer.json["adapter"], answer.json["contents"]
    assert answer.json["fresh"]
    assert (adapter["name"], adapter["weight"], adapter["words"]) == ("film-look", 0.7, ["flm", "on film"])
    assert adapter["fingerprint"] == hashlib.sha256(film).hexdigest()
    assert (service.home / "adapters" / "film-look.safetensors").read_bytes() == film
    assert (contents["usable"], contents["matched"], contents["ranks"]) == (True, contents["total"], [2])
    assert sent(service, film).json["fresh"] is False
    told = json.loads(service.command("adapters", "inspect", "film-look", "--json").stdout)
    looked = service.call("GET", "/api/v1/adapters/film-look").json
    assert {key: told[key] for key in looked} == looked
    misfit = service.call("GET", "/api/v1/adapters/film-look?checkpoint=fluxgram-mini").json
    assert (misfit["usable"], misfit["checkpoint"]) == (False, "fluxgram-mini")
    assert misfit["reason"].startswith("The adapter film-look does not fit fluxgram-mini")
    removed = service.call("DELETE", "/api/v1/adapters/film-look")
    assert (removed.status, removed.json["freed"] > len(film)) == (200, True)
    assert service.call("DELETE", "/api/v1/adapters/film-look").status == 404
    assert service.call("GET", "/api/v1/adapters/film-look").status == 404
    assert nothing_left(service.home)
    assert names(service) == set()


@pytest.mark.parametrize(
    ("filename", "query", "body", "status", "words"),
    [
        ("half.safetensors", "", slice(0, -10), 422, "half.safetensors is truncated"),
        ("text.safetensors", "", b"words, words, words", 422, "is a text"),
        ("film.pt", "", b"PK\x03\x04" + b"\0" * 600, 422, "pickled"),
        ("小红.safetensors", "", slice(None), 422, "No name can be made"),
        ("film.safetensors", "?name=../film", slice(None), 422, "cannot be called"),
        ("film.safetensors", "?weight=9", slice(None), 422, "less than or equal to 4"),
        ("adapter_model.safetensors", "", slice(None), 422, "adapter_config.json"),
        ("nothing.safetensors", "", b"", 422, "is empty"),
    ],
)
def test_what_is_not_kept(
    service: Server, film: bytes, filename: str, query: str, body: Any, status: int, words: str
) -> None:
    answer = sent(service, film[body] if isinstance(body, slice) else body, filename, query)
    assert answer.status == status
    assert words in answer.body.decode()
    assert str(service.home) not in answer.body.decode()
    assert names(service) == set()


def test_a_taken_name_is_kept_unless_told(service: Server, film: bytes, tmp_path: Path) -> None:
    other = write_lora(tmp_path / "other.safetensors", toy(), seed=2).read_bytes()
    try:
        assert sent(service, film, query="?name=look").status == 201
        refused = sent(service, other, query="?name=look")
        assert (refused.status, "an adapter look already" in refused.body.decode()) == (422, True)
        taken = sent(service, other, query="?name=look&replace=true")
        assert taken.json["adapter"]["fingerprint"] == hashlib.sha256(other).hexdigest()
    finally:
        service.call("DELETE", "/api/v1/adapters/look")


def test_what_comes_with_fluxgram_is_not_removed(service: Server) -> None:
    answer = service.call("DELETE", "/api/v1/adapters/fluxgram-portrait")
    assert (answer.status, answer.json["detail"]) == (409, "fluxgram-portrait comes with fluxgram.")


def test_from_the_hub(far: tuple[Server, SlowHub], film: bytes) -> None:
    server, hub = far
    (hub.folder / "style.safetensors").write_bytes(film)
    order = {"source": f"{REPO}/style.safetensors", "weight": 0.5, "words": ["w"]}
    answer = server.call("POST", "/api/v1/adapters", order)
    assert answer.status == 201, answer.body
    assert (answer.json["adapter"]["name"], answer.json["adapter"]["weight"]) == ("style", 0.5)
    assert answer.json["contents"]["usable"]
    missing = server.call("POST", "/api/v1/adapters", {"source": f"{REPO}/none.safetensors"})
    assert missing.status == 422
    hub.gated = True
    gated = server.call("POST", "/api/v1/adapters", {"source": "somebody/else"})
    hub.gated = False
    assert gated.status == 422
    assert names(server) == {"style"}


def test_no_file_of_the_machine_is_named(far: tuple[Server, SlowHub], film: bytes, tmp_path: Path) -> None:
    server, _ = far
    (tmp_path / "secret.safetensors").write_bytes(film)
    for source in (str(tmp_path / "secret.safetensors"), "../x.safetensors", "~/film.safetensors", "film"):
        answer = server.call("POST", "/api/v1/adapters", {"source": source})
        assert (answer.status, "is no id of the hub" in answer.body.decode()) == (422, True)


def test_only_those_who_administer(keyed: Keyed, film: bytes) -> None:
    """The answer comes through though the body is still being sent, and larger than what is kept in memory."""
    server, key = keyed.server, keyed.key("plain")
    body = bytes(40_000_000)
    for headers, status in (({}, 401), (key, 403)):
        answer = server.call("POST", FILE, body, headers | {"X-Filename": "a.safetensors"})
        assert answer.status == status
    assert server.call("POST", "/api/v1/adapters", {"source": REPO}, key).status == 403
    assert server.call("DELETE", "/api/v1/adapters/fluxgram-portrait", headers=key).status == 403
    assert server.call("GET", "/api/v1/adapters/fluxgram-portrait", headers=key).status == 200
    assert not (server.home / "service" / "uploads").exists()


def test_what_is_too_large_is_not_taken(
    inside: Callable[..., TestClient], film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelving, "MOST_BYTES", len(film) - 1)
    client = inside()
    told = client.post(FILE, content=film, headers={"X-Filename": "film.safetensors"})
    untold = client.post(
        FILE, content=iter([film[:1000], film[1000:]]), headers={"X-Filename": "film.safetensors"}
    )
    assert [answer.status_code for answer in (told, untold)] == [413, 413]
    assert "larger than" in untold.json()["detail"]
    monkeypatch.setattr(shelving, "MOST_BYTES", len(film))
    kept = client.post(
        FILE, content=iter([film[:1000], film[1000:]]), headers={"X-Filename": "film.safetensors"}
    )
    assert kept.status_code == 201
    assert nothing_left(tmp_path / "home")
