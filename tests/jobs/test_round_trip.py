"""Jobs drawn by a real worker process: events, pictures, cancelling, failing, sharing."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from fluxgram.jobs.door import Caller, Job, Jobs, Order
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.pictures.read import read_receipt
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from tests.jobs.tiny_engine import colour_of
from tests.jobs.waiting import kinds, until

ANNA, BERT = Caller(owner="anna"), Caller(owner="bert")


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """A door with one worker behind it, for all tests here that leave it as it was."""
    home = tmp_path_factory.mktemp("working") / "home"
    settings = Settings(home=home, device="cpu", dtype="float32", threads=1, offline=True)
    jobs = Jobs.open(settings, ServiceSettings(log_format="text"))
    supervisor = Supervisor(jobs, engine="tests.jobs.tiny_engine:make")
    supervisor.start()
    yield jobs
    supervisor.stop()
    jobs.close()


def ask(prompt: str = "portrait", **fields: object) -> Order:
    return Order({"prompt": prompt, "steps": 4, **fields})


def drawn(jobs: Jobs, order: Order, caller: Caller = ANNA) -> Job:
    job = jobs.wait(jobs.submit(order, caller).id, 60)
    assert job.over
    return job


def image_of(jobs: Jobs, name: str) -> Image.Image:
    return Image.open(io.BytesIO(jobs.store.read(name)))


def test_round_trip(working: Jobs) -> None:
    job = drawn(working, ask(samples=2, seed=2**64 - 1, size=[256, 384]))
    assert job.state == "done"
    assert kinds(working, job.id) == (
        ["queued", "started"] + ["step"] * 4 + ["picture"] + ["step"] * 4 + ["picture", "done"]
    )
    assert [picture.seed for picture in job.pictures] == [2**64 - 1, 0]
    assert [picture.name for picture in job.pictures] == list(job.record.names)
    assert job.record.seconds == pytest.approx(2 * 0.25)  # drawing, and not loading
    for picture in job.pictures:
        image = image_of(working, picture.name)
        assert (image.size, image.getpixel((0, 0))) == ((256, 384), colour_of(picture.seed))
        assert (picture.width, picture.height) == (256, 384)
        small = image_of(working, picture.thumbnail)
        assert (small.format, small.size) == ("WEBP", (213, 320))


def test_the_receipt_names_the_door(working: Jobs, tmp_path: object) -> None:
    order = replace(ask("portrait of a woman"), surface="modelslab", enhance=True)
    job = drawn(working, order)
    path = working.store.local(job.pictures[0].name)
    assert path is not None
    receipt = read_receipt(path)
    assert receipt == job.pictures[0].receipt
    assert (receipt["service"]["job"], receipt["service"]["surface"]) == (job.id, "modelslab")
    assert receipt["service"]["prompt_asked"] == "portrait of a woman"
    assert receipt["service"]["safety"] == "unchecked"
    assert [note["name"] for note in receipt["service"]["notes"]] == [note.name for note in job.notes]


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_other_formats(working: Jobs, kind: str) -> None:
    job = drawn(working, replace(ask(), format=kind))
    assert image_of(working, job.pictures[0].name).format == kind.upper()


def test_previews_come_while_it_is_drawn_and_go_afterwards(working: Jobs) -> None:
    job = working.submit(ask("portrait crawl", steps=3, preview_every=1))

    def preview() -> object:
        return next((event for event in working.events(job.id) if event.kind == "preview"), None)

    data = until(preview).data
    assert (data["picture"], data["done"], data["steps"]) == (0, 1, 3)
    image = Image.open(io.BytesIO(base64.b64decode(data["image"])))
    assert (image.format, image.size) == ("JPEG", (256, 192))
    working.wait(job.id, 60)
    assert "preview" not in kinds(working, job.id)


def test_at_most_eight_previews_a_picture(jobs: Jobs) -> None:
    for steps in (1, 4, 8, 9, 24, 50, 200):
        every = jobs.submit(ask(steps=steps, preview_every=1)).record.request["preview_every"]
        assert 0 < (steps - 1) // every <= 8 or steps == 1
    assert jobs.submit(ask(steps=8)).record.request["preview_every"] == 0


def test_followed_live(working: Jobs) -> None:
    async def follow() -> list[tuple[int, str]]:
        job = await asyncio.to_thread(working.submit, ask("portrait slow", preview_every=1))
        return [(event.id, event.kind) async for event in working.follow(job.id)]

    events = asyncio.run(follow())
    assert [number for number, _ in events] == sorted({number for number, _ in events})
    said = [kind for _, kind in events if kind != "preview"]
    assert len(events) > len(said)
    assert said == ["queued", "started", "step", "step", "step", "step", "picture", "done"]


def test_cancelled_within_a_step(working: Jobs) -> None:
    job = working.submit(ask("portrait crawl", steps=100))
    until(lambda: "step" in kinds(working, job.id))
    working.cancel(job.id)
    before = kinds(working, job.id).count("step")
    assert working.wait(job.id, 30).state == "cancelled"
    assert kinds(working, job.id).count("step") <= before + 1
    assert kinds(working, job.id)[-1] == "cancelled"


def test_a_retry_draws_what_is_missing(working: Jobs) -> None:
    job = working.submit(ask("portrait slow", samples=3, steps=5, seed=40))
    until(lambda: working.get(job.id).pictures)
    working.cancel(job.id)
    first = working.wait(job.id, 30)
    assert (first.state, len(first.pictures)) == ("cancelled", 1)
    working.retry(job.id)
    done = working.wait(job.id, 30)
    assert done.state == "done"
    assert [picture.seed for picture in done.pictures] == [40, 41, 42]
    assert done.pictures[0] == first.pictures[0]
    assert [image_of(working, name).getpixel((0, 0)) for name in job.record.names] == [
        colour_of(seed) for seed in (40, 41, 42)
    ]


def test_out_of_memory_fails_that_job_alone(working: Jobs) -> None:
    worker = until(lambda: worker_pids(working) or None)
    job = drawn(working, ask("portrait oom"))
    assert job.state == "failed"
    assert (job.problem.kind, job.problem.hint) == ("OutOfMemory", "Draw a smaller picture.")
    assert drawn(working, ask()).state == "done"
    assert worker_pids(working) == worker


def worker_pids(jobs: Jobs) -> list[int]:
    import psutil

    return [
        child.pid
        for child in psutil.Process().children()
        if "fluxgram.jobs.worker" in " ".join(child.cmdline())
    ]


@pytest.mark.parametrize("log_prompts", [False, True])
def test_a_defect_tells_nothing_of_the_inside(
    log_prompts: bool,
    capfd: pytest.CaptureFixture[str],
    open_jobs: Callable[..., Jobs],
    supervise: Callable[..., Supervisor],
) -> None:
    jobs = open_jobs(log_prompts=log_prompts)
    supervise(jobs)
    job = drawn(jobs, ask("portrait defect"))
    assert job.problem.kind == "Defect"
    assert "cannot draw" not in json.dumps(jobs.events(job.id)[-1].data)
    assert drawn(jobs, ask()).state == "done"
    log = capfd.readouterr().err
    assert "in misbehave" in log
    assert "ValueError" in log
    assert ("cannot draw portrait" in log) is log_prompts


def test_a_checkpoint_that_cannot_be_loaded_is_said(
    jobs: Jobs, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_MISSING", "1")
    supervisor = supervise(jobs)
    until(lambda: supervisor.status()[0].state == "failed")
    assert not supervisor.ready()
    assert supervisor.problems() == [supervisor.status()[0].problem] == ["It is not here. Fetch it."]
    assert drawn(jobs, ask()).state == "done"  # its engine could all the same


def test_without_the_classifier_that_is_required_no_job_is_taken(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    jobs = open_jobs(safety="require", classifier=str(tmp_path / "none"))
    job = jobs.submit(ask())
    supervisor = supervise(jobs)
    until(lambda: supervisor.status()[0].restarts)  # it ends, and is tried again
    assert "picture classifier" in supervisor.problems()[0]
    assert supervisor.status()[0].loaded == ()
    assert (jobs.get(job.id).state, jobs.get(job.id).record.attempt) == ("queued", 0)


def test_ready_once_the_checkpoint_is_in_memory(jobs: Jobs, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(jobs)
    until(supervisor.ready)
    (status,) = supervisor.status()
    assert (status.state, status.loaded, status.restarts) == ("idle", ("fluxgram-mini",), 0)
    assert status.name.split(":")[1] == str(status.pid)
    job = jobs.submit(ask("portrait crawl"))
    until(lambda: supervisor.status()[0].jobs == (job.id,))
    assert supervisor.status()[0].state == "busy"


def test_keys_share_a_worker_and_one_keys_jobs_follow_each_other(working: Jobs) -> None:
    long = working.submit(ask("portrait slow", steps=100), ANNA)
    until(lambda: working.get(long.id).state == "running")
    queued = working.submit(ask(), ANNA)
    short = drawn(working, ask(), BERT)
    assert short.state == "done"
    assert working.get(long.id).state == "running"
    assert working.get(queued.id).state == "queued"
    working.cancel(long.id)
    assert working.wait(queued.id, 30).state == "done"


def test_the_webhook_is_stored_with_the_end(working: Jobs) -> None:
    extra = {"base_url": "http://127.0.0.1:7070", "track_id": 12, "meta": {"W": 256}}
    order = replace(ask(seed=9), surface="modelslab", extra=extra, webhook="https://example.org/hook")
    job = drawn(working, order)
    (delivery,) = working.deliveries.of(job.id)
    assert delivery.url == "https://example.org/hook"
    assert json.loads(delivery.body) == {
        "status": "success",
        "id": job.id,
        "output": [f"http://127.0.0.1:7070/pictures/{job.pictures[0].name}"],
        "generationTime": 0.25,
        "nsfw_content_detected": False,
        "track_id": 12,
        "meta": {"W": 256, "seed": 9},
    }
    failed = drawn(working, replace(order, request={"prompt": "portrait oom"}))
    body = json.loads(working.deliveries.of(failed.id)[0].body)
    assert (body["status"], body["track_id"]) == ("failed", 12)
    assert body["message"].startswith("There is too little memory")


def test_estimates_come_from_what_was_drawn(jobs: Jobs, supervise: Callable[..., Supervisor]) -> None:
    supervise(jobs)
    job = drawn(jobs, ask())
    until(lambda: jobs.queue.rate("fluxgram-mini"))
    assert jobs.queue.rate("fluxgram-mini") == pytest.approx(0.25 / job.record.cost)


def test_many_at_once_from_many_threads(working: Jobs) -> None:
    jobs: list[Job] = []

    def submit(number: int) -> None:
        caller = Caller(owner=f"key-{number}")
        jobs.extend(working.submit(ask(seed=100 * number + each), caller) for each in range(5))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [working.wait(job.id, 60) for job in jobs]
    assert [job.state for job in done] == ["done"] * 30
    assert {job.pictures[0].seed for job in done} == {100 * n + each for n in range(6) for each in range(5)}
    assert [kinds(working, job.id).count("done") for job in done] == [1] * 30


def test_little_is_added_to_what_the_engine_takes(working: Jobs) -> None:
    """Bells instead of polling: a job is far quicker than one look of a poller each way would be."""
    drawn(working, ask())
    took = []
    for _ in range(10):
        before = time.monotonic()
        drawn(working, ask())
        took.append(time.monotonic() - before)
    assert min(took) < 0.25, os.getloadavg()
