"""Streams and slow bodies on the event loop itself: what is sent in silence, what is left behind, what is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.jobs.door import LOCAL, Jobs
from fluxgram.jobs.orders import Caller, Order
from fluxgram.server import bodies, native_events
from fluxgram.server.app import create_app
from fluxgram.server.draining import Draining
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from tests.serving import wait_until


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs.open(Settings(tmp_path / "home", offline=True), ServiceSettings())
    yield found
    found.close()


def request_of(jobs: Jobs, draining: Draining) -> Any:
    return SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(jobs=jobs, draining=draining)))


def test_silence_is_filled_and_a_stream_ends_with_the_service(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_events, "KEEP_ALIVE", 0.05)
    number = jobs.submit(Order({"prompt": "a sailor"})).id

    async def listen() -> list[bytes]:
        draining, seen = Draining(), []
        async with asyncio.timeout(30):
            async for part in native_events.stream(request_of(jobs, draining), number, 0, LOCAL):
                seen.append(part)
                if seen.count(b": still here\n\n") == 3:
                    draining.over.set()
        return seen

    seen = asyncio.run(listen())
    assert seen[0] == b"retry: 2000\n\n"
    assert b"event: queued\n" in seen[1]
    assert seen[-1] == b": the service is ending\n\n"
    assert jobs._bell._waiting == {}


def test_who_hangs_up_leaves_nothing_behind(jobs: Jobs) -> None:
    number = jobs.submit(Order({"prompt": "a sailor"})).id

    async def hang_up(after: int) -> None:
        stream = native_events.stream(request_of(jobs, Draining()), number, 0, LOCAL)
        for _ in range(after):
            await anext(stream)
        if after == 2:  # while it waits
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await stream.aclose()  # type: ignore[attr-defined]
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    for after in (0, 1, 2):
        asyncio.run(hang_up(after))
        assert jobs._bell._waiting == {}


def test_who_hangs_up_is_waited_for_no_longer(jobs: Jobs) -> None:
    number = jobs.submit(Order({"prompt": "a sailor"})).id
    sent: list[Any] = []

    async def ask() -> None:
        coming = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            if (message := next(coming, None)) is None:
                await asyncio.to_thread(wait_until, lambda: jobs._bell._waiting, "somebody who waits")
            return message or {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        path = f"/api/v1/jobs/{number}"
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"wait=60",
                 "headers": [(b"host", b"localhost")], "scheme": "http", "server": ("localhost", 80),
                 "client": ("127.0.0.1", 9), "http_version": "1.1", "root_path": "",
                 "asgi": {"version": "3.0", "spec_version": "2.4"}}  # fmt: skip
        async with asyncio.timeout(30):
            await create_app(jobs)(scope, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 200
    assert jobs._bell._waiting == {}


def test_large_bodies_of_many_are_not_all_held_at_once(inside: Callable[..., TestClient]) -> None:
    """Each is within the limit, and nobody has shown a key yet. Small ones are taken all the while."""
    app, on, four = inside(max_body_mb=0.1).app, asyncio.Event(), asyncio.Event()
    statuses: list[int] = []

    async def send_body(first: bytes, rest: bytes) -> None:
        coming = iter([first, rest])

        async def receive() -> Any:
            part = next(coming, None)
            if part is rest:
                await on.wait()
            more = part is first
            return {"type": "http.request", "body": part or b"", "more_body": more}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if len(statuses) == 4:
                    four.set()

        headers = [
            (b"host", b"localhost"),
            (b"transfer-encoding", b"chunked"),
            (b"content-type", b"application/json"),
        ]
        scope = {"type": "http", "method": "POST", "path": "/api/v1/lint", "raw_path": b"/api/v1/lint",
                 "query_string": b"", "headers": headers, "scheme": "http", "server": ("localhost", 80),
                 "client": ("127.0.0.1", 9), "http_version": "1.1", "root_path": "",
                 "asgi": {"version": "3.0", "spec_version": "2.4"}}  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]

    async def many() -> None:
        large = [asyncio.create_task(send_body(b" " * 90_000, b"{}")) for _ in range(12)]
        small = asyncio.create_task(send_body(b'{"prompt": "a sailor"', b"}"))
        async with asyncio.timeout(30):
            await four.wait()
            assert statuses == [429] * 4, "eight times the limit is held"
            on.set()
            await asyncio.gather(*large, small)
            assert sorted(statuses[4:]) == [200] + [422] * 8
            await send_body(b" " * 90_000, b"{}")
        assert statuses[-1] == 422, "there is room again"

    asyncio.run(many())


def test_a_body_that_takes_for_ever_is_given_up(
    inside: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "_answer_and_listen", lambda answer, *channel: answer(*channel))
    app = inside().app
    headers = [(b"host", b"localhost"), (b"content-length", b"100"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/jobs", "raw_path": b"/api/v1/jobs", "query_string": b"",
             "headers": headers, "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 9),
             "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"}}  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        if not sent:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408
    assert b"too long" in sent[1]["body"]


def test_a_stream_ends_with_the_key_that_it_was_opened_with(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_events, "KEY_SECONDS", 0.05)
    key, _ = jobs.keys.create("mara")
    caller = Caller(owner=key.id)
    number = jobs.submit(Order({"prompt": "a sailor"}), caller).id

    async def listen() -> list[bytes]:
        seen = []
        async with asyncio.timeout(30):
            async for part in native_events.stream(request_of(jobs, Draining()), number, 0, caller):
                seen.append(part)
                if b"event: queued\n" in part:
                    await asyncio.to_thread(jobs.keys.revoke, key.id)
        return seen

    assert asyncio.run(listen())[-1] == b": the key is not valid any more\n\n"
    assert jobs._bell._waiting == {}
