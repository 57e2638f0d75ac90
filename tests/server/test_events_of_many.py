"""One stream for many jobs: browsers have six connections to a server, for all their tabs."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import TINY, Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), "fluxgram-mini", engine=TINY) as started:
        yield started


def stream(server: Server, query: str) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of every event until the server ends the stream."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", f"/api/v1/events?{query}")
    answer = connection.getresponse()
    assert answer.status == 200
    blocks = answer.read().decode().split("\n\n")
    connection.close()
    fields = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in blocks]
    return [
        (each["event"], json.loads(each["data"]) | {"id": int(each.get("id", 0))})
        for each in fields
        if "event" in each
    ]


def submit(server: Server, prompt: str = "a sailor") -> int:
    return int(server.call("POST", "/api/v1/jobs", {"prompt": prompt, "quality": "draft"}).json["id"])


def test_all_jobs_are_told_to_their_ends(server: Server) -> None:
    numbers = [submit(server, prompt) for prompt in ("slow", "a sailor", "slow")]
    seen = stream(server, "&".join(f"job={number}" for number in numbers))
    for number in numbers:
        kinds = [kind for kind, data in seen if data["job"] == number]
        assert (kinds[0], kinds[-1]) == ("queued", "done")
        alone = server.call("GET", f"/api/v1/jobs/{number}/events", headers={"Accept": "application/json"})
        assert [data["id"] for _, data in seen if data["job"] == number] == [
            event["id"] for event in alone.json["events"]
        ]


def test_each_goes_on_after_its_own_event(server: Server) -> None:
    first, second = submit(server), submit(server)
    seen = stream(server, f"job={first}&job={second}")
    last = [data["id"] for _, data in seen if data["job"] == first][-2]
    again = stream(server, f"job={first}:{last}&job={second}:0")
    assert [kind for kind, data in again if data["job"] == first] == ["done"]
    assert [data["id"] for _, data in again if data["job"] == second] == [
        data["id"] for _, data in seen if data["job"] == second
    ]


def test_what_is_not_there_is_told_and_hides_nothing(server: Server) -> None:
    there = submit(server)
    seen = stream(server, f"job=17&job={there}")
    assert seen[0] == ("unknown", {"job": 17, "id": 0})
    assert seen[-1][0] == "done"


@pytest.mark.parametrize(
    "query", ["", "job=x", "job=1:x", "job=-1", "job=1%002", "job=99999999999999999", "job="]
)
def test_what_names_no_job_is_refused(server: Server, query: str) -> None:
    answer = server.call("GET", f"/api/v1/events?{query}")
    assert answer.status in (400, 404, 422), answer.body
    assert answer.json["detail"]


def test_too_many_are_refused(server: Server) -> None:
    query = "&".join(f"job={number}" for number in range(1, 102))
    assert server.call("GET", f"/api/v1/events?{query}").status == 422


def test_it_is_not_for_those_without_a_key(tmp_path: Path) -> None:
    with serving(
        tmp_path, "fluxgram-mini", start=False, engine=TINY, arguments=("--require-key",)
    ) as guarded:
        token = guarded.command("keys", "create", "ada").stdout.strip()
        guarded.start(ready=False)
        assert guarded.call("GET", "/api/v1/events?job=1").status == 401
        headers = {"Authorization": f"Bearer {token}"}
        answer = guarded.call("GET", "/api/v1/events?job=1", headers=headers)
        assert b"event: unknown" in answer.body
