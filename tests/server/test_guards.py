"""What stands before the surfaces: names, origins, sizes, ids of requests; on a real socket where that matters."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from fluxgram.server.guards import HostGuard, OriginGuard, host_name, known_names
from fluxgram.service import ServiceSettings
from tests.serving import Server

SURFACES = {"/api/v1/jobs": "detail", "/api/v6/images/text2img": "message", "/v1/images/generations": "error"}
"""A path of each surface, and a field that only its errors have."""


def raw(service: Server, request: bytes) -> tuple[int, bytes]:
    """Status and whole answer of bytes on a socket."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(request)
        return answered(connection)


def answered(connection: socket.socket) -> tuple[int, bytes]:
    """Status and whole answer that comes on a socket; 0 where it is hung up."""
    answer = HTTPResponse(connection)
    try:
        answer.begin()
    except (HTTPException, ConnectionError):
        return 0, b""
    head = "".join(f"{name.lower()}: {value}\n" for name, value in answer.getheaders())
    return answer.status, head.encode() + answer.read()


@pytest.mark.parametrize(
    ("settings", "header", "allowed"),
    [
        ({}, "127.0.0.1:7070", True),
        ({}, "localhost:7070", True),
        ({}, "LocalHost", True),
        ({}, "studio.localhost", True),
        ({}, "[::1]:7070", True),
        ({}, "127.9.9.9", True),
        ({}, "evil.example", False),
        ({}, "127.0.0.1.evil.example", False),
        ({}, "localhost.evil.example:7070", False),
        ({}, "evil@127.0.0.1", False),
        ({}, "192.168.1.7:7070", False),
        ({}, "", False),
        ({}, "127.0.0.1:99999999", False),
        ({}, "[::1", False),
        ({"hosts": ("studio.lan",)}, "Studio.LAN:80", True),
        ({"hosts": ("*",)}, "evil.example", True),
        ({"public_url": "https://pictures.example/x"}, "pictures.example", True),
        ({"host": "192.168.1.7"}, "192.168.1.7:7070", True),
        ({"host": "192.168.1.7"}, "192.168.1.8", False),
        ({"host": "0.0.0.0"}, "192.168.1.7:7070", True),  # noqa: S104
        ({"host": "0.0.0.0"}, "evil.example", False),  # noqa: S104
        ({"host": "0.0.0.0"}, socket.gethostname(), True),  # noqa: S104
    ],
)
def test_names_that_the_server_goes_by(settings: dict[str, str], header: str, allowed: bool) -> None:
    guard = HostGuard(lambda *_: None, known_names(ServiceSettings(**settings)))  # type: ignore[arg-type,return-value]
    assert guard.allows([header]) is allowed


def test_two_names_are_none() -> None:
    guard = HostGuard(lambda *_: None, frozenset())  # type: ignore[arg-type,return-value]
    assert not guard.allows(["localhost", "localhost"])
    assert not guard.allows([])
    assert host_name("a/b") == host_name("a?b") == host_name("a#b") == ""


@pytest.mark.parametrize("path", SURFACES)
def test_another_name_is_refused_in_the_words_of_the_surface(app: TestClient, path: str) -> None:
    answer = app.post(path, json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert SURFACES[path] in answer.json()
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("origin", "settings", "allowed"),
    [
        ("http://127.0.0.1:7070", {}, True),
        ("http://127.0.0.1:8080", {}, False),
        ("https://127.0.0.1:7070", {}, False),
        ("http://evil.example", {}, False),
        ("null", {}, False),
        ("", {}, False),
        ("https://app.example", {"origins": ("https://app.example",)}, True),
        ("https://app.example.evil", {"origins": ("https://app.example",)}, False),
        ("https://x.example", {"origins": ("*",)}, True),
        ("https://pictures.example", {"public_url": "https://pictures.example/fluxgram"}, True),
    ],
)
def test_origins_that_may_change_something(origin: str, settings: dict[str, str], allowed: bool) -> None:
    guard = OriginGuard(lambda *_: None, ServiceSettings(**settings))  # type: ignore[arg-type,return-value]
    assert guard.allows(Headers({"origin": origin, "host": "127.0.0.1:7070"}), "http") is allowed


def test_a_page_of_another_origin_changes_nothing(app: TestClient) -> None:
    order = {"prompt": "a sailor"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for path, field in SURFACES.items():
            answer = app.post(path, json=order, headers=headers)
            assert (answer.status_code, field in answer.json()) == (403, True)
    assert app.get("/api/v1/jobs", headers={"Origin": "https://evil.example"}).json()["jobs"] == []
    own = {"Origin": "http://127.0.0.1:7070", "Sec-Fetch-Site": "same-origin"}
    assert app.post("/api/v1/jobs", json=order, headers=own).status_code == 202


def test_pages_of_named_origins_may_call(inside: Callable[..., TestClient]) -> None:
    app = inside(origins=("https://app.example",))
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,idempotency-key"}  # fmt: skip
    before = app.options("/api/v1/jobs", headers=asked)
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, "https://app.example")
    answer = app.post("/api/v1/jobs", json={"prompt": "x"}, headers={"Origin": "https://app.example"})
    assert answer.status_code == 202
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    other = app.get("/api/v1/jobs", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_without_settings_no_page_elsewhere_reads(app: TestClient) -> None:
    answer = app.get("/api/v1/jobs", headers={"Origin": "https://app.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", SURFACES)
def test_large_bodies_are_refused_by_their_length_alone(service: Server, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    status, answer = raw(service, f"{head}Content-Length: 99000000\r\n\r\n".encode())
    assert status == 413
    assert SURFACES[path].encode() in answer
    assert b"x-request-id" in answer


@pytest.mark.parametrize("path", SURFACES)
def test_large_bodies_in_chunks_are_cut_off(service: Server, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    status, answer = raw(service, head.encode() + chunk * 17)  # and no end
    assert status == 413
    assert SURFACES[path].encode() in answer


def test_a_body_in_small_chunks_is_a_body(service: Server) -> None:
    body = b'{"prompt": "a sailor", "quality": "draft"}'
    chunks = b"".join(b"1\r\n%c\r\n" % letter for letter in body) + b"0\r\n\r\n"
    head = (
        b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert raw(service, head + chunks)[0] == 202


def test_a_body_that_breaks_off_changes_nothing(service: Server) -> None:
    before = service.newest()
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 5000\r\n\r\n{"prompt": "a sai'
        )
    assert service.newest() == before
    assert "defect" not in service.log


@pytest.mark.parametrize("bytes_", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff\xfe\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                    b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"])  # fmt: skip
def test_what_is_no_request_is_refused(service: Server, bytes_: bytes) -> None:
    assert raw(service, bytes_.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))[0] in (
        0,
        400,
        404,
        421,
    )
    assert service.call("GET", "/livez").status == 200


def test_every_answer_has_the_id_of_its_request(service: Server) -> None:
    paths = [
        "/livez",
        "/nope",
        "/api/v1/jobs/7",
        "/api/v6/nope",
        "/v1/models",
        "/pictures/x.png",
        "/metrics",
        "/",
    ]
    for path in paths:
        assert (
            service.call("GET", path, headers={"X-Request-Id": "my-id:1"}).headers["x-request-id"]
            == "my-id:1"
        )
        made = service.call("GET", path).headers["x-request-id"]
        assert len(made) == 16
    for wild in ("a b", "x" * 129, "<script>", "é"):
        answer = service.call(
            "GET", "/livez", headers={"X-Request-Id": wild.encode("latin-1").decode("latin-1")}
        )
        assert answer.headers["x-request-id"] != wild
    too_large = raw(
        service,
        b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\nContent-Length: 99000000\r\n\r\n",
    )
    assert b"mine" in too_large[1]


def test_a_defect_is_told_as_one_and_nothing_more(
    inside: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = inside()

    def broken(*_: object, **__: object) -> None:
        raise ValueError(" ".join(["sec" + "ret", "prompt"]))

    monkeypatch.setattr(app.app.state.jobs.queue, "list", broken)  # type: ignore[attr-defined]
    monkeypatch.setattr(logging.getLogger("fluxgram"), "propagate", True)
    answer = app.get("/api/v1/jobs", headers={"X-Request-Id": "abc"})
    assert (answer.status_code, answer.json()["title"], answer.headers["x-request-id"]) == (
        500,
        "Defect",
        "abc",
    )
    assert "secret" not in answer.text
    assert "secret" not in caplog.text
    assert "ValueError" in caplog.text
    assert "door.py" in caplog.text, "the log does not say where"
