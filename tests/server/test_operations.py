"""Whether the service is alive and ready, its figures, its log; and that its HTTP process knows no torch."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.serving import Server, serving, wait_until


def figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every figure by name and labels, as Prometheus itself would read it."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_nobody_is_ready_without_workers(app: TestClient) -> None:
    assert app.get("/livez").json() == app.get("/healthz").json() == {"status": "ok"}
    answer = app.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (
        503,
        ["No worker has its checkpoint in memory yet."],
    )
    assert app.get("/livez").headers["cache-control"] == "no-store"


def test_a_pause_is_told_and_ended(service: Server) -> None:
    assert service.call("GET", "/readyz").json == {"status": "ready", "reasons": []}
    paused = service.call("POST", "/api/v1/queue/pause", {"reason": "We move house."}).json
    try:
        assert paused["paused"] == "We move house."
        assert service.call("GET", "/readyz").status == 503
        job = service.call("POST", "/api/v1/jobs", {"prompt": "a sailor", "quality": "draft"}).json
        assert service.call("GET", f"/api/v1/jobs/{job['id']}?wait=1").json["state"] == "queued"
    finally:
        resumed = service.call("POST", "/api/v1/queue/resume").json
    assert resumed["paused"] == ""
    assert service.call("GET", f"/api/v1/jobs/{job['id']}?wait=60").json["state"] == "done"


def test_a_pause_needs_no_body_but_a_key_that_administers(app: TestClient) -> None:
    assert app.post("/api/v1/queue/pause").json()["paused"] == "Paused by its owner."
    _, token = app.app.state.jobs.keys.create("phone")  # type: ignore[attr-defined]
    headers = {"Authorization": f"Bearer {token}"}
    for body in ({}, {"reason": 3}, None):
        answer = app.post("/api/v1/queue/pause", json=body, headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (403, "ScopeMissing")


def test_errors_that_go_out_as_200_are_counted_as_what_they_are(
    app: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "fluxgram.server"):
        for path in ("text2img", "fetch/4711"):
            answer = app.post(f"/api/v6/images/{path}", json={"key": "x"})
            assert (answer.status_code, answer.json()["status"]) == (200, "error")
    lines = [(line.status, line.meant) for line in caplog.records if "/api/v6" in line.getMessage()]  # type: ignore[attr-defined]
    assert lines == [(200, 400), (200, 404)]
    found = figures(app.get("/metrics").text)
    counted = {
        dict(labels)["status"]: value
        for (name, labels), value in found.items()
        if name == "fluxgram_requests_total" and dict(labels)["surface"] == "api/v6"
    }
    assert counted == {"400": 1, "404": 1}


def test_a_device_that_is_not_there_is_told_and_takes_no_job(tmp_path: Path) -> None:
    with serving(tmp_path / "home", start=False, devices="cuda:99") as server:
        server.start(ready=False)
        job = server.call("POST", "/api/v1/jobs", {"prompt": "a face"}).json["id"]

        def told() -> str:
            return "".join(server.call("GET", "/readyz").json["reasons"])

        wait_until(lambda: "The device cuda:99 is not there" in told(), "the reason")
        assert 'devices = ["cpu"]' in told()
        assert server.call("GET", f"/api/v1/jobs/{job}").json["state"] == "queued"


def test_figures_count_what_happened(service: Server) -> None:
    before = figures(service.call("GET", "/metrics").body.decode())
    for _ in range(3):
        job = service.call(
            "POST", "/api/v1/jobs", {"prompt": "a sailor", "samples": 2, "quality": "draft"}
        ).json
        assert service.call("GET", f"/api/v1/jobs/{job['id']}?wait=60").json["state"] == "done"
    answer = service.call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    after = figures(answer.body.decode())

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0.0)

    assert grown("fluxgram_images_total", model="fluxgram-mini") == 6
    assert grown("fluxgram_jobs_total", model="fluxgram-mini", state="done", surface="native") == 3
    assert grown("fluxgram_requests_total", model="fluxgram-mini", status="202", surface="api/v1") == 3
    assert grown("fluxgram_request_duration_seconds_count") == 3
    assert grown("fluxgram_queue_wait_seconds_count") == 3
    assert grown("fluxgram_stage_duration_seconds_count", stage="denoise") == 6
    assert grown("fluxgram_denoise_step_seconds_count") == 6
    assert after["fluxgram_queue_depth", ()] == after["fluxgram_running_requests", ()] == 0
    assert sum(value for (name, _), value in after.items() if name == "fluxgram_workers") == 1
    assert [value for (name, _), value in after.items() if name == "fluxgram_gpu_memory_bytes"] == [123]


def test_a_pause_does_not_tell_where_pictures_lie(inside: Callable[..., TestClient], tmp_path: Path) -> None:
    app = inside(pictures=str(tmp_path / "pictures"))
    app.app.state.jobs.queue.pause(f"The disk is full: {tmp_path}/pictures cannot be written.")  # type: ignore[attr-defined]
    for path in ("/readyz", "/api/v1/queue"):
        answer = app.get(path).text
        assert "The disk is full" in answer
        assert str(tmp_path) not in answer


def test_figures_are_not_shown_to_everybody(inside: Callable[..., TestClient]) -> None:
    app = inside(require_key=True)
    assert app.get("/metrics").status_code == 401
    open_to_all = inside(require_key=True, metrics_open=True)
    assert open_to_all.get("/metrics").status_code == 200


def test_the_log_is_json_with_ids_and_without_prompts(service: Server) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"X-Request-Id": "log-me", "traceparent": trace}
    secret = "zanzibar"
    service.call("POST", "/api/v1/jobs", {"prompt": f"a sailor of {secret}", "quality": "draft"}, headers)
    service.call("GET", f"/api/v1/vocabulary?words={secret}")
    service.call("POST", "/api/v1/jobs", {"prompt": "x", "checkpoint": secret})
    service.call("POST", "/api/v1/lint", {"prompt": secret, "select": [secret]})
    service.call("POST", "/v1/images/generations", {"prompt": secret, "model": secret})
    service.call("POST", "/api/v6/images/text2img", {"prompt": secret, "model_id": secret, "key": secret})
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("request_id") == "log-me"]
    assert [(line["message"], line["status"], line["trace"]) for line in mine] == [
        ("POST /api/v1/jobs", 202, trace)
    ]
    assert secret not in service.log


def test_pages_need_nothing_from_elsewhere(service: Server) -> None:
    for path, policy in (("/", "default-src 'self'"), ("/docs", "default-src 'none'")):
        answer = service.call("GET", path)
        text = answer.body.decode()
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["content-security-policy"].startswith(f"{policy};")
        assert not re.findall(r"<script(?! src=\"/studio/| type=\"(?:application/json|module)\")", text)
        assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    docs = service.call("GET", "/docs").body.decode()
    assert "/api/v1/jobs/{id}/events" in docs
    for path in ("/api/v1/jobs/5", "/api/v1/jobs?limit=x", "/nope"):
        kind = service.call("GET", path).json["type"]
        assert f'id="{kind.removeprefix("/docs#")}"' in docs, "a problem's type leads nowhere"


def test_every_surface_is_documented(service: Server) -> None:
    document = service.call("GET", "/openapi.json").json
    for path in (
        "/api/v1/jobs",
        "/api/v6/images/text2img",
        "/v1/images/generations",
        "/pictures/{name}",
        "/readyz",
    ):
        assert path in document["paths"]
    numbers = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(numbers) == len(set(numbers))
    fields = document["components"]["schemas"]["JobOrder"]["properties"]
    assert all(field.get("description") for field in fields.values())


WALK = """
import json, sys, tempfile
from pathlib import Path
from starlette.testclient import TestClient
from fluxgram.jobs.door import Jobs
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.server import run
from fluxgram.server.app import create_app
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
jobs = Jobs.open(Settings(home=Path(tempfile.mkdtemp())), ServiceSettings())
Supervisor(jobs)
with TestClient(create_app(jobs), base_url="http://localhost", client=("127.0.0.1", 9)) as app:
    order = {"prompt": "portrait of a sailor"}
    statuses = [app.post("/api/v1/jobs", json=order | {"enhance": True}).status_code,
                app.post("/api/v1/enhance", json=order).status_code, app.post("/api/v1/lint", json=order).status_code,
                app.post("/api/v1/compose", json={"subject": "a sailor"}).status_code,
                app.get("/api/v1/checkpoints").status_code, app.get("/v1/models").status_code,
                app.get("/openapi.json").status_code, app.get("/metrics").status_code]
jobs.close()
print(json.dumps([statuses, sorted({"torch", "diffusers", "transformers", "typer"} & set(sys.modules))]))
"""


def test_the_process_that_speaks_http_never_imports_torch() -> None:
    done = subprocess.run([sys.executable, "-c", WALK], capture_output=True, text=True, check=True)
    statuses, imported = json.loads(done.stdout.splitlines()[-1])
    assert set(statuses[:-1]) == {200, 202}
    assert imported == []
