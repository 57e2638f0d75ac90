"""What the OpenAI surface does while nothing is drawn: a real server without workers, so that time stands still.

Where a worker is needed the test is the worker: it claims the job from the queue and ends it as it likes.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from PIL import Image

from fluxgram.store.records import JobRecord, PictureRecord, Problem
from tests.serving import wait_until
from tests.standing import Standing

PROMPT = "portrait of a sailor"


class Idle(Standing):
    """A service whose only worker is the test, and its client."""

    def client(self, **how: Any) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.url}/v1",
            api_key="any",
            _strict_response_validation=True,
            **({"max_retries": 0} | how),
        )

    def one(self) -> JobRecord:
        return wait_until(lambda: self.jobs.queue.list(None), "a job")[0]  # type: ignore[no-any-return]

    def state(self) -> str:
        return self.jobs.queue.list(None)[0].state


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Callable[..., Idle]]:
    with contextlib.ExitStack() as stack:

        def make(**service: Any) -> Idle:
            made = Idle(tmp_path / "home", **service)
            stack.callback(made.close)
            return made

        yield make


@contextlib.contextmanager
def asking(service: Idle, **fields: Any) -> Iterator[Future[Any]]:
    """A client that asks in a thread of its own, while the test does something."""
    with ThreadPoolExecutor(1) as pool, service.client() as client:
        yield pool.submit(lambda: client.images.generate(**({"prompt": PROMPT} | fields)))


def test_too_late(idle: Callable[..., Idle]) -> None:
    service = idle(openai_wait_seconds=0.3)
    with service.client(max_retries=2) as client, pytest.raises(openai.InternalServerError) as caught:
        client.images.generate(prompt=PROMPT)
    assert caught.value.status_code == 504
    assert caught.value.code == "timeout"
    assert len(service.jobs.queue.list(None)) == 1, "it was sent again"
    assert f"job {service.one().id} was cancelled" in caught.value.message
    assert service.state() == "cancelled"


def test_too_late_with_a_key_loses_nothing(idle: Callable[..., Idle]) -> None:
    service = idle(openai_wait_seconds=0.3)
    with service.client() as client, pytest.raises(openai.InternalServerError, match="goes on"):
        client.images.generate(prompt=PROMPT, extra_headers={"Idempotency-Key": "k"})
    assert service.state() == "queued"


def test_too_late_for_a_stream(idle: Callable[..., Idle]) -> None:
    service = idle(openai_wait_seconds=0.3)
    with (
        service.client() as client,
        pytest.raises(openai.APIError, match=r"took longer than 0\.3 s") as caught,
    ):
        list(client.images.generate(prompt=PROMPT, stream=True))
    assert caught.value.code == "timeout"
    assert service.state() == "cancelled"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("running", [False, True])
def test_who_leaves_has_its_job_cancelled(idle: Callable[..., Idle], stream: bool, running: bool) -> None:
    service = idle()
    body = json.dumps({"prompt": PROMPT, "stream": stream}).encode()
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))) as line:
        line.sendall(
            b"POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            % len(body)
            + body
        )
        service.one()
        if running:
            service.claim()
    if running:
        wait_until(lambda: service.one().cancel_asked, "the wish to cancel")
    else:
        wait_until(lambda: service.state() == "cancelled", "cancelled")


def test_many_who_leave_leave_nothing(idle: Callable[..., Idle]) -> None:
    service = idle(max_queued=200)
    body = json.dumps({"prompt": PROMPT}).encode()
    message = (
        b"POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )
    lines = []
    for _ in range(40):
        lines.append(socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))))
        lines[-1].sendall(message)
    wait_until(lambda: service.jobs.queue.depth()["queued"] > 10, "jobs")
    for line in lines:
        line.close()
    wait_until(lambda: service.jobs.queue.depth()["queued"] == 0, "all of them cancelled")
    assert {job.state for job in service.jobs.queue.list(None, limit=100)} == {"cancelled"}


def test_a_full_queue_is_waited_for(idle: Callable[..., Idle]) -> None:
    service = idle(max_queued=1)
    with asking(service) as first:
        record = service.one()
        with service.client() as client, pytest.raises(openai.RateLimitError) as caught:
            client.images.generate(prompt=PROMPT)
        assert caught.value.code == "rate_limit_exceeded"
        assert 1 <= int(caught.value.response.headers["retry-after"]) <= 120
        service.jobs.cancel(record.id)
        with pytest.raises(openai.ConflictError) as told:
            first.result(60)
    assert told.value.code == "job_cancelled"
    assert told.value.response.headers["x-should-retry"] == "false"
    assert len(service.jobs.queue.list(None)) == 1


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (Problem("OutOfMemory", "The device has too little memory.", "Ask for less."), 500, "out_of_memory"),
        (Problem("Defect", "It failed.", ""), 500, "job_failed"),
        (Problem("PromptTooLong", "The prompt is too long.", "Shorten it."), 400, "invalid_value"),
        (Problem("AdapterMisfit", "It does not fit.", "It was made for FLUX.1."), 400, "invalid_value"),
        (Problem("CheckpointDamaged", "Files are truncated.", "Fetch them again."), 503, "model_unavailable"),
        (Problem("NoSuchWord", "Whatever.", ""), 500, "job_failed"),
        (Problem("FluxgramError", "Whatever.", ""), 500, "job_failed"),
    ],
)
def test_a_failed_job_is_told_and_not_tried_again(
    idle: Callable[..., Idle], problem: Problem, status: int, code: str
) -> None:
    service = idle()
    with ThreadPoolExecutor(1) as pool, service.client(max_retries=2) as client:
        asked = pool.submit(lambda: client.images.generate(prompt=PROMPT))
        record = service.claim()
        assert service.jobs.queue.fail(record.id, record.attempt, problem)
        with pytest.raises(openai.APIStatusError) as caught:
            asked.result(60)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert problem.message in caught.value.message
    assert len(service.jobs.queue.list(None)) == 1, "it was sent again"


def finish(service: Idle, record: JobRecord, verdicts: tuple[str, ...]) -> None:
    """Be the worker: pictures of one pixel, judged."""
    data = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    queue = service.jobs.queue
    for index, (name, verdict) in enumerate(zip(record.names, verdicts, strict=True)):
        service.jobs.store.write(name, data)
        picture = PictureRecord(
            name=name, thumbnail="", job=record.id, index=index, seed=int(str(record.request["seed"])) + index, width=1,
            height=1, bytes=len(data), format="png", sha256="", receipt={}, verdict=verdict, created=time.time(),
            removed=False,
        )  # fmt: skip
        assert queue.picture(record.id, record.attempt, picture)
    assert queue.finish(record.id, record.attempt, seconds=1.0)


def test_a_flagged_picture_is_withheld(idle: Callable[..., Idle]) -> None:
    service = idle()
    with asking(service, n=2) as asked:
        finish(service, service.claim(), ("clean", "flagged"))
        with pytest.raises(openai.BadRequestError) as caught:
            asked.result(60)
    assert (caught.value.code, caught.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert "1 of 2 pictures" in caught.value.message


def test_a_flagged_picture_is_withheld_from_streams(idle: Callable[..., Idle]) -> None:
    service = idle()
    with ThreadPoolExecutor(1) as pool, service.client() as client:
        asked = pool.submit(lambda: _until_error(client.images.generate(prompt=PROMPT, n=2, stream=True)))
        finish(service, service.claim(), ("clean", "flagged"))
        seen, error = asked.result(60)
    assert [event.type for event in seen] == ["image_generation.completed"]
    assert seen[0].index == 0
    assert error.code == "moderation_blocked"


def _until_error(stream: Any) -> tuple[list[Any], openai.APIError]:
    seen = []
    try:
        for event in stream:
            seen.append(event)  # noqa: PERF402  (what came before the error counts)
    except openai.APIError as error:
        return seen, error
    raise AssertionError("no error")


def test_nothing_but_pictures_and_comments_is_streamed(idle: Callable[..., Idle]) -> None:
    """Previews: as many as were asked for, of each picture, and none again after the job was drawn anew."""
    service = idle()
    queue, blocks = service.jobs.queue, Blocks(service, {"n": 2, "partial_images": 2})
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(blocks.read)
        record = service.claim()
        assert record.request["preview_every"] == 8  # of 24 steps
        told: list[tuple[str, dict[str, Any]]] = [("loading", {"stage": "weights", "fraction": 0.5})]
        image = jpeg(8, 16)
        for done in (1, 2, 3):
            for picture in (0, 1):
                where = {"picture": picture, "done": done, "steps": 4}
                told += [("step", where), ("preview", where | {"image": image})]
        assert queue.note(record.id, record.attempt, told)
        service.jobs.ring(record.id)
        wait_until(lambda: "picture 2, step 3/4" in blocks.comments, "the steps")
        assert queue.release(record.id, record.attempt, "the worker died", strike=True)
        record = service.claim()
        assert queue.note(record.id, record.attempt, told)
        wait_until(lambda: blocks.comments.count("picture 2, step 3/4") == 2, "the steps, once more")
        finish(service, record, ("clean", "unchecked"))
        headers = reading.result(60)
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-cache, no-store"
    assert blocks.comments[0] == f"job {record.id}"
    assert {"started", "loading weights, 50 %", "queued again"} <= set(blocks.comments)
    kinds = [
        (event["type"].rpartition(".")[2], event["index"], event.get("partial_image_index"))
        for event in blocks.events
    ]
    assert kinds == [
        ("partial_image", 0, 0), ("partial_image", 1, 0), ("partial_image", 0, 1), ("partial_image", 1, 1),
        ("completed", 0, None), ("completed", 1, None),
    ]  # fmt: skip
    assert {(size_of(event), event["size"]) for event in blocks.events[:4]} == {((181, 362), "181x362")}


def test_a_defect_is_told_as_one_and_its_cause_is_in_the_log(
    idle: Callable[..., Idle], caplog: pytest.LogCaptureFixture
) -> None:
    service = idle()
    blocks = Blocks(service, {"partial_images": 1})
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(blocks.read)
        record = service.claim()
        preview = {"picture": 0, "done": 1, "steps": 4, "image": base64.b64encode(b"secret").decode()}
        assert service.jobs.queue.note(record.id, record.attempt, [("preview", preview)])
        assert "x-request-id" in reading.result(60)
    assert [event["error"]["type"] for event in blocks.events] == ["server_error"]
    assert "UnidentifiedImageError" not in json.dumps(blocks.events)
    assert "UnidentifiedImageError" in caplog.text


def jpeg(width: int, height: int) -> str:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()


def size_of(event: Any) -> tuple[int, int]:
    return Image.open(io.BytesIO(base64.b64decode(event["b64_json"]))).size


class Blocks:
    """A stream as it comes over the line, without a client's reading of it."""

    def __init__(self, service: Idle, fields: dict[str, Any]) -> None:
        self.url = f"{service.url}/v1/images/generations"
        self.body = {"prompt": PROMPT, "stream": True} | fields
        self.comments: list[str] = []
        self.events: list[Any] = []

    def read(self) -> Any:
        """Read it to its end, and give the headers."""
        with httpx2.stream("POST", self.url, json=self.body, timeout=60) as answer:
            kind = ""
            for line in answer.iter_lines():
                if line.startswith(": "):
                    self.comments.append(line[2:])
                elif line.startswith("event: "):
                    kind = line[7:]
                elif line:
                    event = json.loads(line.removeprefix("data: "))
                    assert event.get("type", "") == kind
                    self.events.append(event)
            return answer.headers


def test_the_end_of_the_service_is_told(idle: Callable[..., Idle]) -> None:
    service = idle()
    with service.client() as client, ThreadPoolExecutor(3) as pool:
        plain = pool.submit(lambda: client.images.generate(prompt=PROMPT))
        stream = pool.submit(lambda: list(client.images.generate(prompt=PROMPT, stream=True)))
        kept = pool.submit(
            lambda: client.images.generate(prompt=PROMPT, extra_headers={"Idempotency-Key": "k"})
        )
        wait_until(lambda: service.jobs.queue.depth()["queued"] == 3, "three jobs")
        loop_of(service).call_soon_threadsafe(service.app.state.draining.begin)
        with pytest.raises(openai.InternalServerError) as caught:
            plain.result(60)
        assert (caught.value.status_code, caught.value.code) == (503, "service_ending")
        with pytest.raises(openai.APIError, match="being ended"):
            stream.result(60)
        with pytest.raises(openai.InternalServerError, match="is kept"):
            kept.result(60)
    assert sorted(job.state for job in service.jobs.queue.list(None)) == ["cancelled", "cancelled", "queued"]


def loop_of(service: Idle) -> Any:
    """The event loop that the server runs in."""
    return service.server.servers[0].get_loop()  # type: ignore[attr-defined]


def test_notes_are_named_as_the_client_names_its_fields(idle: Callable[..., Idle]) -> None:
    """Whatever was sent, the notes are JSON that holds no infinities."""
    service = idle()
    extra = {
        "huge": 10**400,
        "nested": {"a": [1, 2]},
        "negative_prompt": "hat",
        "guidance": 1,
        "safety_checker": "yes",
    }
    with asking(service, extra_body=extra) as asked:
        finish(service, service.claim(), ("unchecked",))
        notes = {note["name"]: note["value"] for note in asked.result(60).fluxgram["notes"]}
    assert notes == {
        "huge": "a very large number", "nested": '{"a": [1, 2]}', "negative_prompt": "hat", "safety_checker": "yes",
    }  # fmt: skip
