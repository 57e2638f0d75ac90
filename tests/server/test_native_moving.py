"""Native jobs that wait: their order is changed, and what they come from is kept and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import Keyed
from tests.serving import Server


def waiting(app: TestClient, **order: Any) -> dict[str, Any]:
    """A job that nobody draws."""
    answer = app.post("/api/v1/jobs", json={"prompt": "portrait of a sailor"} | order)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_job_is_moved_to_the_front_and_back(app: TestClient) -> None:
    a, b, c = (waiting(app)["id"] for _ in range(3))
    moved = app.post(f"/api/v1/jobs/{c}/move", json={"before": a})
    assert (moved.status_code, moved.json()["position"]) == (200, 0)
    assert [app.get(f"/api/v1/jobs/{job}").json()["position"] for job in (a, b, c)] == [1, 2, 0]
    assert app.post(f"/api/v1/jobs/{c}/move", json={"before": None}).json()["position"] == 2
    told = app.get(f"/api/v1/jobs/{c}/events", headers={"Accept": "application/json"}).json()["events"]
    assert [event["data"]["position"] for event in told] == [2, 0, 2]


def test_what_cannot_be_moved_is_told(app: TestClient) -> None:
    a, b = (waiting(app)["id"] for _ in range(2))
    app.post(f"/api/v1/jobs/{b}/cancel")
    answer = app.post(f"/api/v1/jobs/{b}/move", json={})
    assert (answer.status_code, answer.json()["detail"]) == (409, f"Job {b} is cancelled.")
    assert app.post(f"/api/v1/jobs/{a}/move", json={"before": b}).status_code == 409
    assert app.post(f"/api/v1/jobs/{a}/move", json={"before": 4711}).status_code == 404
    assert app.post("/api/v1/jobs/4711/move", json={}).status_code == 404
    for bad in (0, -1, "1", 1.5, True, 2**60):
        assert app.post(f"/api/v1/jobs/{a}/move", json={"before": bad}).status_code == 422
    named = app.post(f"/api/v1/jobs/{a}/move", json={"befor": a}).json()
    assert named["hint"] == "Did you mean before?"


def test_a_job_is_called_and_comes_from_a_picture(service: Server) -> None:
    first = service.call("POST", "/api/v1/jobs", {"prompt": "a sailor", "quality": "draft"}).json
    assert (first["label"], first["parent"], first["relation"]) == ("", "", "")
    picture = service.call("GET", f"/api/v1/jobs/{first['id']}?wait=60").json["pictures"][0]
    order = {"prompt": "an old sailor", "quality": "draft", "label": "Old", "parent": picture["name"]}
    made = service.call("POST", "/api/v1/jobs", order | {"relation": "push"})
    assert made.status == 202, made.body
    kept = service.call("GET", f"/api/v1/jobs/{made.json['id']}?wait=60").json
    assert (kept["label"], kept["parent"], kept["relation"]) == ("Old", picture["name"], "push")
    thumbnail = picture["thumbnail_url"].rpartition("/")[2]
    for parent in ("nothing-0.png", thumbnail, "../x", "a\0b"):
        answer = service.call("POST", "/api/v1/jobs", order | {"parent": parent})
        assert (answer.status, answer.json["title"]) == (422, "RequestError")


@pytest.mark.parametrize(
    "fields",
    [{"label": "x" * 81}, {"relation": "Push it"}, {"relation": "push"}, {"parent": 7}, {"label": None}],
)
def test_what_is_kept_for_people_is_checked(app: TestClient, fields: dict[str, Any]) -> None:
    assert app.post("/api/v1/jobs", json={"prompt": "a sailor"} | fields).status_code == 422


def test_the_same_key_with_another_label_is_another_request(inside: Callable[..., TestClient]) -> None:
    app, key = inside(), {"Idempotency-Key": "one"}
    first = app.post("/api/v1/jobs", json={"prompt": "a sailor", "label": "One"}, headers=key)
    again = app.post("/api/v1/jobs", json={"prompt": "a sailor", "label": "One"}, headers=key)
    other = app.post("/api/v1/jobs", json={"prompt": "a sailor", "label": "Two"}, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["title"]) == (422, "IdempotencyMismatch")


def test_another_keys_jobs_and_pictures_are_none(keyed: Keyed) -> None:
    server, owner, mara = keyed.server, keyed.key("owner"), keyed.key("mara")
    drawn = server.call("POST", "/api/v1/jobs", {"prompt": "a sailor", "quality": "draft"}, owner).json
    name = server.call("GET", f"/api/v1/jobs/{drawn['id']}?wait=60", None, owner).json["pictures"][0]["name"]
    refused = server.call("POST", "/api/v1/jobs", {"prompt": "a sailor", "parent": name}, mara)
    assert refused.status == 422
    assert name in refused.json["detail"]
    assert server.call("POST", f"/api/v1/jobs/{drawn['id']}/move", {}, mara).status == 404
    reader = keyed.key("reader", "--scope", "read")
    assert server.call("POST", f"/api/v1/jobs/{drawn['id']}/move", {}, reader).status == 403
