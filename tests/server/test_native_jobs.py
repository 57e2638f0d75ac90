"""Native jobs against a real service: submitted, followed, fetched, listed, cancelled, retried."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.serving import Server, wait_until


def submit(service: Server, **order: Any) -> dict[str, Any]:
    answer = service.call("POST", "/api/v1/jobs", {"prompt": "portrait of a sailor"} | order)
    assert answer.status == 202, answer.body
    found: dict[str, Any] = answer.json
    assert answer.headers["location"] == f"{service.url}/api/v1/jobs/{found['id']}"
    return found


def done(service: Server, **order: Any) -> dict[str, Any]:
    job = submit(service, **order)
    found: dict[str, Any] = service.call("GET", f"/api/v1/jobs/{job['id']}?wait=60").json
    assert found["state"] == "done", found
    return found


def read_events(text: str) -> list[dict[str, str]]:
    """Server-sent events, read as their standard says."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^(id|event|data): (.*)$", block, re.MULTILINE))
        if "data" in fields:
            found.append(fields)
    return found


def test_a_job_is_drawn_and_its_pictures_are_to_be_had(service: Server) -> None:
    job = done(service, seed=2**63 + 5, samples=2, size=[64, 96], quality="draft")
    assert [picture["seed"] for picture in job["pictures"]] == [2**63 + 5, 2**63 + 6]
    for picture in job["pictures"]:
        answer = service.call("GET", picture["url"].removeprefix(service.url))
        assert answer.headers["content-type"] == "image/png"
        assert hashlib.sha256(answer.body).hexdigest() == picture["sha256"]
        assert Image.open(io.BytesIO(answer.body)).size == (64, 96)
        receipt = service.call("GET", picture["receipt_url"].removeprefix(service.url)).json
        assert receipt["seed"] == picture["seed"]
        small = service.call("GET", picture["thumbnail_url"].removeprefix(service.url))
        assert Image.open(io.BytesIO(small.body)).format.lower() in small.headers["content-type"]  # type: ignore[union-attr]
    assert job["future_urls"] == []
    listed = service.call("GET", f"/api/v1/jobs/{job['id']}/pictures").json["pictures"]
    assert listed == job["pictures"]


def test_a_format_is_written(service: Server) -> None:
    picture = done(service, format="webp", quality="draft")["pictures"][0]
    answer = service.call("GET", picture["url"].removeprefix(service.url))
    assert (answer.headers["content-type"], answer.body[8:12]) == ("image/webp", b"WEBP")


def test_links_known_beforehand_are_those_of_the_pictures(service: Server) -> None:
    job = submit(service, prompt="a slow sailor", samples=2, quality="draft")
    found = service.call("GET", f"/api/v1/jobs/{job['id']}?wait=60").json
    assert job["future_urls"] == [picture["url"] for picture in found["pictures"]]


def test_events_end_with_the_job_and_are_replayed(service: Server) -> None:
    job = submit(service, samples=2, quality="draft", preview_every=1)
    path = f"/api/v1/jobs/{job['id']}/events"
    answer = service.call("GET", path)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-request-id"]
    events = read_events(answer.body.decode())
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1], kinds.count("picture")) == ("queued", "done", 2)
    numbers = [int(event["id"]) for event in events]
    assert numbers == sorted(set(numbers))

    again = read_events(service.call("GET", path).body.decode())
    kept = [event for event in events if event["event"] != "preview"]  # previews go with the end of the job
    assert [event["id"] for event in again] == [event["id"] for event in kept]
    middle = kept[len(kept) // 2]
    later = read_events(service.call("GET", path, headers={"Last-Event-ID": middle["id"]}).body.decode())
    assert [event["id"] for event in later] == [
        event["id"] for event in kept if int(event["id"]) > int(middle["id"])
    ]
    assert later == read_events(service.call("GET", f"{path}?after={middle['id']}").body.decode())

    listed = service.call("GET", path, headers={"Accept": "application/json"}).json["events"]
    assert [str(event["id"]) for event in listed] == [event["id"] for event in kept]
    assert listed[-1]["data"] == {"pictures": 2}


def test_the_same_key_gives_the_same_job(service: Server) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    order = {"prompt": "portrait of a sailor", "quality": "draft"}
    first, second = (service.call("POST", "/api/v1/jobs", order, key) for _ in range(2))
    assert first.json["id"] == second.json["id"]
    other = service.call("POST", "/api/v1/jobs", order | {"samples": 2}, key)
    assert (other.status, other.json["title"]) == (422, "IdempotencyMismatch")
    bad = service.call("POST", "/api/v1/jobs", order, {"Idempotency-Key": "x" * 256})
    assert (bad.status, bad.json["detail"]) == (422, "The Idempotency-Key is none.")


def test_the_same_key_many_times_at_once_is_one_job(service: Server) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    order = {"prompt": "portrait of a sailor", "quality": "draft"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: service.call("POST", "/api/v1/jobs", order, key), range(32)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1


def test_lists_go_on_where_they_stopped(service: Server) -> None:
    made = [submit(service, quality="draft")["id"] for _ in range(3)]
    found: list[int] = []
    path = "/api/v1/jobs?limit=2"
    page = service.call("GET", path).json
    while True:
        found += [job["id"] for job in page["jobs"]]
        if page["next"] is None:
            break
        page = service.call("GET", f"{path}&cursor={page['next']}").json
    assert found[:3] == made[::-1]
    assert len(found) == len(set(found))
    for number in made:
        service.call("GET", f"/api/v1/jobs/{number}?wait=60")
    states = {
        job["state"] for job in service.call("GET", "/api/v1/jobs?state=done&state=failed").json["jobs"]
    }
    assert states <= {"done", "failed"}
    assert service.call("GET", "/api/v1/jobs?state=finished").status == 422
    for cursor in ("x", "MTIz", "ZZZZ", "%00", "bnVsbDpudWxs"):
        assert service.call("GET", f"/api/v1/jobs?cursor={cursor}").status == 422, cursor


def test_a_running_job_is_cancelled_and_drawn_after_all(service: Server) -> None:
    job = submit(service, prompt="slow", steps=100)
    path = f"/api/v1/jobs/{job['id']}"
    wait_until(lambda: service.call("GET", path).json["state"] == "running", "the start")
    assert service.call("POST", f"{path}/cancel").status == 200
    cancelled = service.call("GET", f"{path}?wait=60").json
    assert cancelled["state"] == "cancelled"
    assert service.call("POST", f"{path}/cancel").json["state"] == "cancelled"
    again = service.call("POST", f"{path}/retry").json
    assert (again["id"], again["request"]["seed"]) == (job["id"], job["request"]["seed"])
    assert service.call("DELETE", path).status == 200
    assert service.call("GET", f"{path}?wait=60").json["state"] == "cancelled"
    events = service.call("GET", f"{path}/events", headers={"Accept": "application/json"}).json["events"]
    assert [event["kind"] for event in events if event["kind"] in ("queued", "cancelled")] == [
        "queued", "cancelled", "queued", "cancelled",
    ]  # fmt: skip


def test_what_goes_wrong_is_told_and_no_more_than_that(service: Server) -> None:
    for words, kind in (("oom", "OutOfMemory"), ("defect", "Defect")):
        job = submit(service, prompt=words)
        found = service.call("GET", f"/api/v1/jobs/{job['id']}?wait=60")
        assert (found.json["state"], found.json["problem"]["kind"]) == ("failed", kind)
        assert b"secret inner workings" not in found.body


def test_a_waiting_request_does_not_stop_the_others(service: Server) -> None:
    """More of them than there are threads."""
    import socket

    job = submit(service, prompt="slow", steps=100)
    waiting = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(60)]
    try:
        for connection in waiting:
            connection.sendall(
                f"GET /api/v1/jobs/{job['id']}?wait=50 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
            )
        assert service.call("GET", "/api/v1/jobs?limit=1", timeout=10).status == 200
    finally:
        for connection in waiting:
            connection.close()
        service.call("POST", f"/api/v1/jobs/{job['id']}/cancel")


@pytest.mark.parametrize(
    ("order", "sentence", "hint"),
    [
        ({}, "prompt: Field required.", ""),
        ({"promt": "x", "prompt": "x"}, "'promt' is not a field here.", "Did you mean prompt?"),
        ({"prompt": ""}, "The prompt is empty.", ""),
        ({"prompt": 3}, "prompt: Input should be a valid string.", ""),
        ({"prompt": "x", "steps": "20"}, "steps: Input should be a valid integer.", ""),
        ({"prompt": "x", "steps": 0}, "steps can't be 0.", "It is a whole number from 1 to 200."),
        ({"prompt": "x", "samples": -1}, "samples can't be -1.", ""),
        ({"prompt": "x", "samples": True}, "samples: Input should be a valid integer.", ""),
        ({"prompt": "x", "seed": 2**64}, "seed can't be 18446744073709551616.", ""),
        ({"prompt": "x", "seed": "abc"}, "'abc' is not a seed.", ""),
        ({"prompt": "x", "seed": 1.5}, "seed: Input should be a valid integer, or a valid string.", ""),
        (
            {"prompt": "x", "width": 512},
            "'width' is not a field here.",
            "Send both as size, such as 512x768.",
        ),
        ({"prompt": "x", "checkpoint": "zzzz"}, "There is no checkpoint 'zzzz'.", "There are: fluxgram-mini"),
        ({"prompt": "x", "size": "huge"}, "", ""),
        ({"prompt": "x", "size": [10**9, 10**9]}, "", ""),
        ({"prompt": "x", "priority": 101}, "priority: Input should be less than or equal to 100.", ""),
        ({"prompt": "x", "checkpoint": "/etc"}, "There is no checkpoint '/etc'.", ""),
        (
            {"prompt": "x", "checkpoint": "fluxgram-mni"},
            "There is no checkpoint 'fluxgram-mni'.",
            "fluxgram-mini",
        ),
        ({"prompt": "x", "negative": "hats", "guidance": 1}, "", "Leave it out"),
        ({"prompt": "x", "webhook": "http://127.0.0.1/"}, "", ""),
        ({"prompt": "x", "lasts": 0}, "lasts: Input should be greater than 0.", ""),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    app: TestClient, order: dict[str, Any], sentence: str, hint: str
) -> None:
    answer = app.post("/api/v1/jobs", json=order)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "hint"}
    assert problem["status"] == 422
    assert sentence in problem["detail"]
    assert hint in problem["hint"]
    assert app.get("/api/v1/jobs").json()["jobs"] == []


def test_a_key_of_another_request_is_named_as_the_client_does(app: TestClient) -> None:
    headers = {"Idempotency-Key": "order-7"}
    assert app.post("/api/v1/jobs", json={"prompt": "a sailor"}, headers=headers).status_code == 202
    answer = app.post("/api/v1/jobs", json={"prompt": "a baker"}, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (422, "IdempotencyMismatch")
    assert answer.json()["detail"] == "The Idempotency-Key 'order-7' came with another request before."


def test_a_path_that_is_not_there_is_no_job(app: TestClient) -> None:
    answer = app.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["title"]) == (404, "NoSuchPath")
    assert app.get("/docs").text.count('id="NoSuchPath"') == 1


def test_a_full_queue_says_when_to_come_again(inside: Callable[..., TestClient]) -> None:
    app = inside(max_queued=2)
    answers = [app.post("/api/v1/jobs", json={"prompt": "a sailor"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].json()["title"] == "QueueFull"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 120


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "abc", str(2**53), str(2**64), "9" * 300, "%00", "1%2F2", "٣"]
)
def test_numbers_that_no_job_has(app: TestClient, number: str) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry"),
                         ("GET", "/pictures")):  # fmt: skip
        answer = app.request(method, f"/api/v1/jobs/{number}{path}")
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
