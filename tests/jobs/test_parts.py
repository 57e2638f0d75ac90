"""The small parts of jobs: estimates, bodies of webhooks, tasks, the bell."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from fluxgram.engine import events
from fluxgram.jobs.bell import Bell
from fluxgram.jobs.estimates import seconds_left
from fluxgram.jobs.keeper import pause_after
from fluxgram.jobs.orders import Note, job_of
from fluxgram.jobs.task import task_of
from fluxgram.jobs.webhook_bodies import modelslab, native
from fluxgram.store.naming import thumbnail_name
from fluxgram.store.records import JobRecord, PictureRecord, Problem


def record(**changes: Any) -> JobRecord:
    values: dict[str, Any] = {
        "id": 7, "owner": "", "surface": "native", "state": "done", "priority": 0, "samples": 3, "cost": 6.0,
        "request": {"prompt": "p", "seed": 2**64 - 1}, "checkpoint": "c", "names": ("a-0.png",), "format": "png",
        "extra": {"notes": [Note("x", 1, "why").to_dict()], "prompt_asked": "asked"}, "created": 0.0,
        "seconds": 1.23456,
    }  # fmt: skip
    return JobRecord(**values | changes)


def picture(index: int = 0, verdict: Any = "clean") -> PictureRecord:
    return PictureRecord(
        name=f"a-{index}.png", thumbnail=f"a-{index}-small.webp", job=7, index=index, seed=3 + index, width=64,
        height=96, bytes=9, format="png", sha256="", receipt={}, verdict=verdict, created=0.0,
    )  # fmt: skip


def address(name: str) -> str:
    return f"https://h/{name}"


def test_estimates() -> None:
    assert seconds_left(rate=None, ahead=1, own=1) is None
    assert seconds_left(rate=2.0, ahead=3.0, own=1.0) == pytest.approx(8.0)
    assert seconds_left(rate=2.0, ahead=3.0, own=1.0, devices=3) == pytest.approx(4.0)
    assert seconds_left(rate=2.0, ahead=0.0, own=5.0, running_for=4.0) == pytest.approx(6.0)
    assert seconds_left(rate=2.0, ahead=0.0, own=5.0, running_for=400.0) == pytest.approx(0.5)


def test_pauses_between_deaths_double_up_to_half_a_minute() -> None:
    assert [pause_after(failures) for failures in (0, 1, 2, 3)] == pytest.approx([0.0, 0.2, 0.4, 0.8])
    assert pause_after(9) == pause_after(10**6) == pytest.approx(30.0)


def test_what_is_missing_is_drawn_with_its_own_seed() -> None:
    task = task_of(record(request={"prompt": "p", "seed": 2**64 - 1, "samples": 3}), {1}, "/folder")
    asked = [task.take_next() for _ in range(2)]
    assert [(request.seed, request.samples) for request in asked] == [(2**64 - 1, 1), (1, 1)]
    assert task.picture == 2
    assert {request.checkpoint for request in asked} == {"/folder"}
    assert not task.missing


def test_loading_is_told_in_tenths() -> None:
    task = task_of(record(), (), "c")
    told = [task.told(events.Loading("j", "weights", step / 100)) for step in range(101)]
    fractions = [entry[1]["fraction"] for entry in told if entry is not None]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert len(fractions) == 11
    assert task.told(events.Loading("j", "weights", 1.0)) is None
    assert task.told(events.Loading("j", "text encoder", 0.0)) is not None


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [((), ""), (("clean", "clean"), "clean"), (("clean", "unchecked"), "unchecked"),
     (("unchecked", "flagged", "clean"), "flagged")],
)  # fmt: skip
def test_one_word_for_all_pictures(verdicts: tuple[str, ...], expected: str) -> None:
    assert job_of(record(), tuple(picture(i, v) for i, v in enumerate(verdicts))).safety == expected


def test_the_native_body() -> None:
    body = json.loads(native(job_of(record(), (picture(),)), address))
    assert body["type"] == "job.done"
    assert body["data"]["pictures"][0]["url"] == "https://h/a-0.png"
    assert (body["data"]["prompt"], body["data"]["seconds"]) == ("asked", 1.235)
    assert body["data"]["notes"] == [{"name": "x", "value": 1, "reason": "why"}]
    failed = record(state="failed", problem=Problem("OutOfMemory", "Too little.", "Smaller."))
    problem = json.loads(native(job_of(failed, ()), address))["data"]["problem"]
    assert problem == {"kind": "OutOfMemory", "message": "Too little.", "hint": "Smaller."}


def test_the_modelslab_body_has_the_track_as_it_was_sent() -> None:
    for track in ("a", 7, None, "ü"):
        extra = {"surface": {"track_id": track, "meta": {"W": 64}}}
        body = json.loads(modelslab(job_of(record(extra=extra), (picture(), picture(1, "flagged"))), address))
        assert (body["status"], body["id"], body["track_id"]) == ("success", 7, track)
        assert body["output"] == ["https://h/a-0.png", "https://h/a-1.png"]
        assert body["nsfw_content_detected"] is True
    failed = record(state="failed", problem=Problem("Defect", "No.", ""), extra={})
    assert json.loads(modelslab(job_of(failed, ()), address)) == {
        "status": "failed",
        "id": 7,
        "message": "No.",
        "track_id": None,
    }


def test_a_thumbnail_lies_beside_its_picture() -> None:
    assert thumbnail_name("abc-0.png") == "abc-0-small.webp"
    assert thumbnail_name("temp/abc-0.jpeg") == "temp/abc-0-small.webp"


def test_the_bell_wakes_those_who_wait_for_that_job() -> None:
    bell, heard = Bell(), []
    stop = bell.on_bell(heard.append)
    with bell.waiting(1) as one, bell.waiting(2) as two:
        threading.Thread(target=bell.ring, args=(1,)).start()
        assert one.wait(30)
        assert not two.is_set()
    stop()
    bell.ring(1)
    assert heard == [1]
    assert bell._waiting == {}


def test_the_bell_wakes_those_who_wait_for_an_end_when_it_is_one() -> None:
    bell, heard = Bell(), []
    bell.on_bell(heard.append, ends=True)
    with bell.waiting(1, ends=True) as end:
        bell.ring(1)
        assert not end.is_set()
        bell.ring(1, over=True)
        assert end.is_set()
    assert heard == [1]


def test_a_listener_that_fails_keeps_no_other_from_hearing() -> None:
    bell, heard = Bell(), []
    bell.on_bell(lambda job: 1 / 0)  # type: ignore[arg-type, return-value]
    bell.on_bell(heard.append)
    bell.ring(3)
    assert heard == [3]
