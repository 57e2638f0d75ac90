"""Checkpoints over HTTP: fetched, stopped, removed; and what this machine says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.jobs.slow_hub import HELD, NAME, SlowHub
from tests.serving import Server, wait_until


def pull(server: Server, method: str = "GET") -> Any:
    return server.call(method, f"/api/v1/checkpoints/{NAME}/pull").json


def entry(server: Server) -> Any:
    return next(
        each for each in server.call("GET", "/api/v1/machine").json["checkpoints"] if each["name"] == NAME
    )


def test_a_checkpoint_comes_stops_survives_a_restart_and_goes(far: tuple[Server, SlowHub]) -> None:
    server, hub = far
    assert pull(server)["state"] == "none"
    assert not entry(server)["present"]
    assert pull(server, "POST")["state"] == "running"
    wait_until(lambda: hub.times(HELD), "the held file being asked for")
    assert pull(server, "DELETE")["state"] == "cancelled"
    pull(server, "POST")
    wait_until(lambda: hub.times(HELD) > 1, "the held file being asked for again")
    assert server.stop() == 0
    server.start()
    assert pull(server)["state"] == "interrupted"
    hub.free.set()
    assert pull(server, "POST")["state"] == "running"
    wait_until(lambda: pull(server)["state"] == "done", "the checkpoint")
    found = entry(server)
    assert found["present"]
    assert found["bytes"] > 100_000
    freed = server.call("DELETE", f"/api/v1/checkpoints/{NAME}/files").json["freed"]
    assert freed >= found["bytes"]
    assert not entry(server)["present"]
    assert server.call("DELETE", f"/api/v1/checkpoints/{NAME}/files").status == 409


def test_what_cannot_be_fetched_or_removed(far: tuple[Server, SlowHub]) -> None:
    server, _ = far
    for method, name, status in (
        ("POST", "nothing", 404), ("GET", "nothing", 404), ("DELETE", "nothing", 404),
        ("POST", "fluxgram-mini", 422), ("POST", "..%2F..%2Fetc", 404),
    ):  # fmt: skip
        answer = server.call(method, f"/api/v1/checkpoints/{name}/pull")
        assert answer.status == status, (method, name, answer.body)
    refused = server.call("DELETE", "/api/v1/checkpoints/fluxgram-mini/files")
    assert refused.status == 409
    assert "by default" in refused.json["detail"]


def test_the_machine(far: tuple[Server, SlowHub]) -> None:
    server, _ = far
    found = server.call("GET", "/api/v1/machine").json
    storage = found["storage"]
    before = storage["pictures"]
    job = server.call("POST", "/api/v1/jobs", {"prompt": "a", "samples": 2, "size": "256x256"}).json["id"]
    server.call("GET", f"/api/v1/jobs/{job}?wait=60")
    pictures = server.call("GET", f"/api/v1/jobs/{job}/pictures").json["pictures"]
    after = server.call("GET", "/api/v1/machine").json["storage"]
    assert after["pictures"] == before + 2
    assert after["bytes"] - storage["bytes"] == sum(each["bytes"] for each in pictures)
    assert after["free_bytes"] > 0
    assert after["database_bytes"] >= Path(after["database"]).stat().st_size
    server.call("DELETE", f"/api/v1/pictures/{pictures[0]['name']}")
    binned = server.call("GET", "/api/v1/machine").json["storage"]
    assert (binned["bin_pictures"], binned["bin_bytes"]) == (1, pictures[0]["bytes"])


def test_an_examination_is_asked_for_and_kept(far: tuple[Server, SlowHub]) -> None:
    server, _ = far
    made = server.call("POST", "/api/v1/machine/examine").json["examination"]
    assert any(each["checkpoint"] == "fluxgram-mini" and each["runs"] for each in made["outlooks"])
    assert made["at"].endswith("Z")
    assert server.call("GET", "/api/v1/machine").json["examination"] == made


def test_only_who_administers_may(keyed: Any) -> None:
    mara = keyed.key("mara")
    for method, path in (
        ("GET", "/machine"), ("POST", "/machine/examine"), ("POST", "/checkpoints/flux2-klein-4b/pull"),
        ("DELETE", "/checkpoints/flux2-klein-4b/files"), ("GET", "/checkpoints/flux2-klein-4b/pull"),
    ):  # fmt: skip
        assert keyed.server.call(method, f"/api/v1{path}", headers=mara).status == 403, path
        assert keyed.server.call(method, f"/api/v1{path}").status == 401, path
