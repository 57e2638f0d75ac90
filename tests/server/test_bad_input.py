"""Nonsense on every route of every surface: never a status of 500, never a traceback, nothing given away.

The application runs in this process, so that a defect in it fails the test instead of being answered.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from fluxgram.jobs.door import Jobs
from fluxgram.server.app import create_app
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from tests.serving import Server

DEEP = "[" * 100_000 + "]" * 100_000
BODIES: list[bytes] = [
    b"", b"{", b"null", b"[]", b"3", b'"x"', b"\xff\xfe", b'{"prompt": "\xff"}', b'{"prompt": "\\ud800"}',
    b'{"prompt": NaN}', b'{"seed": Infinity, "prompt": "x"}', b'{"prompt": "x", "guidance": -Infinity}',
    DEEP.encode(), b'{"prompt": ' + DEEP.encode() + b"}", b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}",
    b'{"prompt": "x", "samples": 1e400}', b'{"prompt": "x", "width": 1e308, "height": 1e308}', b"\x00" * 100,
    b'{"prompt": "\\u0000"}', b'{"prompt": {"a": 1}}', b'{"prompt": ["x"]}', b'{"prompt": "' + b"x" * 200_000 + b'"}',
    b'{"prompt": "x", "samples": -1, "n": -1}', b'{"prompt": "x", "samples": 10000000, "n": 10000000}',
    b'{"prompt": "x", "webhook": "http://[::1", "negative": {}}', b'{"prompt": "x", "prompt": 3}',
    b'\xef\xbb\xbf{"prompt": "x", "size": "0x0"}', b'{"name": "../../x", "anchor": "y", "seed": -1}',
]  # fmt: skip
KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "%")
TAKE_NO_BODY = ("/api/v1/machine/examine", "/api/v1/checkpoints/{name}/pull")
"""Left out where bodies are tried: they read none, and begin processes that take seconds."""
GIVEN_AWAY = ("Traceback", 'File "', ".py", "pytest-of", "sqlalchemy", "sqlite", "pydantic")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("bad") / "home"
    jobs = Jobs.open(
        Settings(home=home, device="cpu", offline=True),
        ServiceSettings(v6_wait_seconds=0, openai_wait_seconds=0.01),
    )
    with TestClient(create_app(jobs), base_url="http://127.0.0.1:7070", client=("127.0.0.1", 5)) as client:
        yield client
    jobs.close()


def routes(app: TestClient) -> list[tuple[str, str]]:
    """Every method and path of the document."""
    document = app.get("/openapi.json").json()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def check(method: str, path: str, status: int, text: str) -> None:
    assert status < 500 or (status, path) == (503, "/readyz") or status == 504, (
        f"{method} {path}: {status} {text[:500]}"
    )
    if status >= 400:
        for words in GIVEN_AWAY:
            assert words not in text, f"{method} {path} gives away {words}: {text[:500]}"


def test_the_nearest_of_a_name_of_megabytes_is_found_at_once(app: TestClient) -> None:
    began = time.process_time()
    answer = app.post("/api/v1/jobs", json={"prompt": "x", "prompt" * 2_000_000: 1})
    assert answer.json()["detail"].startswith("'promptprompt")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_bodies(app: TestClient, body: bytes) -> None:
    for method, path in routes(app):
        if method in ("POST", "PUT", "PATCH") and path not in TAKE_NO_BODY:
            filled = path.replace("{id}", "5").replace("{name}", "x").replace("{job_id}", "5")
            kinds = KINDS if body in BODIES[:2] or "v6" in path else KINDS[:1]
            for kind in kinds:
                answer = app.request(method, filled, content=body, headers={"Content-Type": kind})
                check(method, path, answer.status_code, answer.text)


NAMES = ("after", "limit", "cursor", "state", "wait", "since", "words")
PIECES = ["0", "-1", "1e5", str(2**53), str(2**63), "9" * 400, "..%2f..%2fetc%2fpasswd", "%00", "%ff",
          "%f0%9f%98%80", "a%0d%0aSet-Cookie:x", "' OR 1=1 --", "%2e%2e", "x" * 3000]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece[:30])
def test_paths_and_queries(app: TestClient, piece: str) -> None:
    for method, path in routes(app):
        parts = path.split("/")
        filled = "/".join(piece if part.startswith("{") else part for part in parts)
        query = "?" + "&".join(f"{name}={piece}" for name in NAMES)
        body: Any = {} if method in ("POST", "PUT") else None
        if "pause" in path or path.endswith("/examine"):
            continue
        headers = {"Last-Event-ID": "-1", "Accept": "application/json", "Range": "bytes=-"}
        answer = app.request(method, filled + query, json=body, headers=headers)
        check(method, path, answer.status_code, answer.text)


NOWHERE = ["/api/v1", "/api/v1/", "/api/v1/jobs/", "/api/v6", "/api/v6/images/nope", "/v1", "/v1/nope", "/api//v1",
           "/%", "/openapi.json/", "/docs/oauth2-redirect", "/redoc"]  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
def test_paths_that_are_none(app: TestClient, path: str) -> None:
    for method in ("GET", "POST", "PATCH", "TRACE", "OPTIONS", "BREW"):
        answer = app.request(method, path, follow_redirects=False)
        check(method, path, answer.status_code, answer.text)
        assert answer.status_code >= 300
        if answer.content:
            json.loads(answer.text)


@pytest.mark.slow
def test_the_document_holds(service: Server, tmp_path: Path) -> None:
    """What the document promises of each route is what a real service does, also with wild values."""
    schema = schemathesis.openapi.from_dict(service.call("GET", "/openapi.json").json)
    schema.config.update(base_url=service.url)
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    tried = []
    for found in (
        schema.include(path_regex="^/api/v1/").exclude(path_regex="pause|/keys|events").get_all_operations()
    ):
        operation = found.ok()

        @settings(
            max_examples=8, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @operation_given(operation)
        def once(case: schemathesis.Case) -> None:
            if case.query and "wait" in case.query:
                case.query["wait"] = 0
            case.call_and_validate(checks=checks, headers={"Accept": "application/json"}, timeout=30)

        once()
        tried.append(operation.label)
    assert len(tried) >= 20, tried


def operation_given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())
