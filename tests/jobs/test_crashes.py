"""Nothing is lost: workers, supervisors and disks that fail in the middle of a job."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.errors import StoreError, StoreFull
from fluxgram.jobs.door import Caller, Job, Jobs, Order
from fluxgram.jobs.drawing import Worker
from fluxgram.jobs.names import WorkerName, is_dead_here
from fluxgram.jobs.signals import Signals
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.pictures.read import read_receipt
from fluxgram.settings import Settings
from fluxgram.store.queue import Queue
from fluxgram.store.records import PictureRecord
from tests.jobs.tiny_engine import colour_of, make
from tests.jobs.waiting import kinds, until

ANNA, BERT, CARL = Caller(owner="anna"), Caller(owner="bert"), Caller(owner="carl")


def ask(prompt: str = "portrait", **fields: object) -> Order:
    return Order({"prompt": prompt, "steps": 4, **fields})


def colours(jobs: Jobs, job: Job) -> list[object]:
    return [pixels(jobs, name).getpixel((0, 0)) for name in job.record.names]


def pixels(jobs: Jobs, name: str) -> Image.Image:
    path = jobs.store.local(name)
    assert path is not None
    with Image.open(path) as image:
        return image.convert("RGB")


def kill_worker(supervisor: Supervisor) -> None:
    os.kill(supervisor.status()[0].pid, signal.SIGKILL)


def test_a_worker_killed_in_mid_step_gives_the_same_pixels(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], toy: str
) -> None:
    jobs = open_jobs(checkpoint=toy)
    supervisor = supervise(jobs, engine="")
    asked = {"prompt": "portrait of a woman", "seed": 11, "size": [64, 64], "steps": 30, "samples": 2}
    job = jobs.submit(Order(asked))
    until(lambda: jobs.get(job.id).pictures and kinds(jobs, job.id)[-1] in ("step", "preview"))
    before = jobs.get(job.id).pictures
    kill_worker(supervisor)
    done = jobs.wait(job.id, 120)
    assert (done.state, done.record.attempt, done.record.deaths) == ("done", 2, 1)
    assert done.pictures[: len(before)] == before
    assert kinds(jobs, job.id).count("requeued") == 1
    with Engine(toy, jobs.settings) as engine:
        undisturbed = engine.generate(Request.from_dict(asked))
    assert [pixels(jobs, name).tobytes() for name in done.record.names] == [
        result.picture.tobytes() for result in undisturbed
    ]


def test_a_job_that_kills_three_workers_fails_and_others_do_not(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    innocent = [jobs.submit(ask("portrait slow", steps=20), caller) for caller in (ANNA, BERT)]
    poison = jobs.submit(ask("portrait slow die"), CARL)
    supervisor = supervise(jobs)
    failed = jobs.wait(poison.id, 60)
    assert (failed.state, failed.record.deaths, failed.record.attempt) == ("failed", 3, 3)
    assert "3 workers" in failed.problem.message
    for job in innocent:
        done = jobs.wait(job.id, 60)
        assert done.state == "done"
        assert done.record.deaths <= 1  # a suspect is drawn alone
    until(lambda: supervisor.status()[0].state == "idle")
    assert supervisor.status()[0].restarts == 3
    assert jobs.wait(jobs.submit(ask()).id, 60).state == "done"


def test_a_device_that_is_lost_takes_its_worker_with_it(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(jobs)
    job = jobs.wait(jobs.submit(ask("portrait lost")).id, 60)
    assert (job.state, job.record.deaths) == ("failed", 3)
    assert jobs.wait(jobs.submit(ask()).id, 60).state == "done"
    assert supervisor.status()[0].restarts == 3


def test_finished_pictures_of_an_earlier_attempt_are_kept(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(jobs)
    job = jobs.submit(ask("portrait slow", samples=3, seed=2**64 - 2))
    first = until(lambda: jobs.get(job.id).pictures)[0]
    kill_worker(supervisor)
    done = jobs.wait(job.id, 60)
    assert done.state == "done"
    assert done.pictures[0] == first
    assert colours(jobs, done) == [colour_of(seed) for seed in (2**64 - 2, 2**64 - 1, 0)]
    assert kinds(jobs, job.id).count("picture") == 3


PARENT = """
import sys, time
from pathlib import Path
from fluxgram.jobs.door import Jobs, Order
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from fluxgram.store.queue import Queue
jobs = Jobs.open(Settings(home=Path(sys.argv[1]), device="cpu", offline=True), ServiceSettings(lease_seconds=600.0))
supervisor = Supervisor(jobs, engine="tests.jobs.tiny_engine:make")
job = jobs.submit(Order({"prompt": sys.argv[2], "steps": 8, "seed": 5}))
supervisor.start()
while not any(event.kind == sys.argv[3] for event in jobs.events(job.id)):
    time.sleep(0.01)
print(job.id, supervisor.status()[0].pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def parent(home: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int, int]]]:
    """A process with a supervisor that draws something; with the numbers of its job and of its worker."""
    started: list[subprocess.Popen[str]] = []

    def start(prompt: str, until_event: str = "step") -> tuple[subprocess.Popen[str], int, int]:
        command = [sys.executable, "-c", PARENT, str(home), prompt, until_event]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        job, worker = map(int, process.stdout.readline().split())
        return process, job, worker

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_worker_does_not_outlive_its_parent(
    parent: Callable[..., tuple[subprocess.Popen[str], int, int]],
    open_jobs: Callable[..., Jobs],
    supervise: Callable[..., Supervisor],
) -> None:
    process, number, worker = parent("portrait slow")
    process.kill()
    until(lambda: not psutil.pid_exists(worker), 20)
    jobs = open_jobs()
    left = jobs.get(number)
    assert (left.state, left.record.deaths) == ("queued", 0)
    supervise(jobs)
    assert jobs.wait(number, 60).state == "done"


def test_nor_one_that_is_in_the_middle_of_a_long_step(
    parent: Callable[..., tuple[subprocess.Popen[str], int, int]], open_jobs: Callable[..., Jobs]
) -> None:
    process, number, worker = parent("portrait stuck", "started")
    process.kill()
    until(lambda: not psutil.pid_exists(worker), 20)
    left = open_jobs().get(number)
    assert (left.state, left.record.deaths) == ("queued", 0)


def test_server_and_worker_killed_together(
    parent: Callable[..., tuple[subprocess.Popen[str], int, int]],
    open_jobs: Callable[..., Jobs],
    supervise: Callable[..., Supervisor],
) -> None:
    process, number, worker = parent("portrait slow")
    os.kill(process.pid, signal.SIGSTOP)  # its keeper must not see it
    os.kill(worker, signal.SIGKILL)
    process.kill()
    process.wait()
    until(lambda: not psutil.pid_exists(worker), 20)
    jobs = open_jobs()
    left = jobs.get(number)
    assert (left.state, left.record.lease > left.record.started + 500) == ("running", True)
    supervise(jobs)
    done = jobs.wait(number, 60)  # and not ten minutes, as its lease is
    assert (done.state, done.record.deaths) == ("done", 0)
    assert colours(jobs, done) == [colour_of(5)]


def test_drained_it_finishes_what_it_draws(jobs: Jobs, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=8))
    until(lambda: jobs.get(job.id).state == "running")
    later = jobs.submit(ask())
    supervisor.drain(30)
    assert jobs.get(job.id).state == "done"
    assert jobs.get(later.id).state == "queued"
    assert supervisor.status()[0].state == "stopped"


def test_drained_in_vain_it_queues_again_without_a_strike(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=200))
    until(lambda: jobs.get(job.id).state == "running")
    supervisor.drain(0.2)
    left = jobs.get(job.id)
    assert (left.state, left.record.deaths) == ("queued", 0)
    assert "requeued" in kinds(jobs, job.id)


def test_a_worker_that_is_told_to_end_by_the_system_drains(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=8))
    until(lambda: "step" in kinds(jobs, job.id))
    os.kill(supervisor.status()[0].pid, signal.SIGTERM)
    done = jobs.wait(job.id, 60)
    assert (done.state, done.record.attempt) == ("done", 1)


def test_a_lost_lease_changes_nothing_and_the_job_is_drawn_again(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=10, seed=3))
    until(lambda: "step" in kinds(jobs, job.id))
    record = jobs.get(job.id).record
    jobs.queue.release(job.id, record.attempt, "Taken away by the test.", strike=False)
    done = jobs.wait(job.id, 60)
    assert (done.state, done.record.attempt) == ("done", 2)
    said = kinds(jobs, job.id)
    assert (said.count("picture"), said.count("done")) == (1, 1)
    assert read_receipt(jobs.store.local(done.pictures[0].name)) == done.pictures[0].receipt


def test_a_silent_worker_is_ended(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor]
) -> None:
    jobs = open_jobs(lease_seconds=0.6)
    supervisor = supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=20))
    until(lambda: "step" in kinds(jobs, job.id))
    os.kill(supervisor.status()[0].pid, signal.SIGSTOP)
    done = jobs.wait(job.id, 60)
    assert (done.state, done.record.deaths) == ("done", 1)


def test_two_supervisors_on_one_database(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor]
) -> None:
    one, two = open_jobs(), open_jobs()
    first, second = supervise(one), supervise(two)
    until(lambda: first.ready() and second.ready())
    ordered = [
        (one, two)[number % 2].submit(ask("portrait slow", seed=number), Caller(owner=f"key-{number}"))
        for number in range(10)
    ]
    until(lambda: first.status()[0].jobs)
    kill_worker(first)
    for number, job in enumerate(ordered):
        done = one.wait(job.id, 60)
        assert done.state == "done"
        assert kinds(one, job.id).count("done") == 1
        assert colours(one, done) == [colour_of(number)]
    assert second.status()[0].restarts == 0


def test_a_supervisor_leaves_the_living_workers_of_another_alone(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor]
) -> None:
    one = open_jobs()
    supervise(one)
    job = one.submit(ask("portrait slow", steps=40))
    until(lambda: "step" in kinds(one, job.id))
    supervise(open_jobs())
    done = one.wait(job.id, 60)
    assert (done.state, done.record.attempt) == ("done", 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Take all the space there is."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65_536)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017  (that is how it ends)


def test_a_full_disk_fails_that_job_and_pauses_the_queue(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], small_disk: Path
) -> None:
    jobs = open_jobs(pictures=str(small_disk))
    supervise(jobs)
    filling = small_disk / "filling"
    fill(filling)
    failed = jobs.wait(jobs.submit(ask()).id, 60)
    assert (failed.state, failed.problem.kind) == ("failed", "StoreFull")
    assert failed.problem.message == "The disk is full: … cannot be written."
    until(jobs.queue.paused)
    assert jobs.queue.paused() == f"The disk is full: {small_disk} cannot be written."
    waiting = jobs.submit(ask())
    assert jobs.wait(waiting.id, 1.5).state == "queued"
    filling.unlink()
    assert jobs.wait(waiting.id, 60).state == "done"
    assert jobs.queue.paused() == ""
    assert jobs.wait(jobs.retry(failed.id).id, 60).state == "done"
    assert [path.name for path in small_disk.rglob("*") if path.name.endswith((".part", ".tmp"))] == []


def test_a_place_for_pictures_that_is_gone_fails_that_job_and_pauses_the_queue(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    place = tmp_path / "pictures"
    place.write_text("now it is a file")
    jobs = open_jobs(pictures=str(place))
    supervise(jobs)
    failed = jobs.wait(jobs.submit(ask()).id, 60)
    assert (failed.state, failed.problem.kind) == ("failed", "StoreError")
    assert jobs.queue.paused() == f"Pictures cannot be stored: {place} cannot be used: Not a directory."
    waiting = jobs.submit(ask())
    assert jobs.wait(waiting.id, 1.5).state == "queued"
    place.unlink()
    assert jobs.wait(waiting.id, 60).state == "done"
    assert jobs.queue.paused() == ""


def submit_many(jobs: Jobs) -> None:
    """More than any space that SQLite has put aside."""
    for _ in range(1000):
        jobs.submit(ask("portrait " + "of a woman " * 2000))


def test_a_disk_that_is_full_of_everything_loses_nothing(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], small_disk: Path
) -> None:
    jobs = open_jobs(home=small_disk / "home", lease_seconds=0.9)
    supervise(jobs)
    job = jobs.submit(ask("portrait slow", steps=10))
    until(lambda: "step" in kinds(jobs, job.id))
    filling = small_disk / "filling"
    fill(filling)
    with pytest.raises(StoreFull):
        submit_many(jobs)
    assert jobs.wait(job.id, 4).state in ("running", "failed")  # several leases long
    filling.unlink()
    done = jobs.wait(job.id, 60)
    assert done.state == "done" or (done.problem is not None and done.problem.kind == "StoreFull")
    assert done.record.deaths == 0
    assert jobs.wait(jobs.submit(ask(), BERT).id, 60).state == "done"
    jobs.database.check()


def test_pictures_that_were_to_last_for_a_while_are_removed(
    jobs: Jobs, supervise: Callable[..., Supervisor]
) -> None:
    supervise(jobs)
    job = jobs.wait(jobs.submit(replace(ask(), lasts=0.5)).id, 60)
    path = jobs.store.local(job.pictures[0].name)
    assert path is not None
    assert job.pictures[0].name.startswith("temp/")
    caretaker = Supervisor(jobs)._caretaker
    until(lambda: caretaker._remove_old() or not path.exists())
    assert jobs.get(job.id).pictures[0].removed


def test_what_killed_workers_left_half_written_is_removed(jobs: Jobs) -> None:
    jobs.store.write("abc-0.png", b"x")
    folder = jobs.store.local("abc-0.png")
    assert folder is not None
    old, young = folder.parent / ".fluxgram-0123456789ab.part", folder.parent / ".fluxgram-ba9876543210.part"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    Supervisor(jobs)._caretaker._remove_partial()
    assert [path.exists() for path in (old, young, folder)] == [False, True, True]


def test_a_job_that_was_claimed_when_the_store_failed_is_drawn(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.submit(ask())
    jobs.queue.claim("somebody else", 60.0)
    jobs.queue.release(job.id, 1, "It went away.", strike=False)
    look, failures = jobs.queue.pictures, [StoreError("The database is busy.", "")]

    def fails_once(number: int) -> list[PictureRecord]:
        if failures:
            raise failures.pop()
        return look(number)

    monkeypatch.setattr(jobs.queue, "pictures", fails_once)
    signals = Signals(0.0)
    worker = Worker(jobs, make(jobs.settings, jobs.service), "w", signals, lambda said: None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        done = jobs.wait(job.id, 30)
    finally:
        signals.drain()
        signals.wake()
        thread.join(30)
    assert (done.state, done.record.attempt, failures) == ("done", 2, [])


def test_a_lease_that_still_moves_is_not_taken_although_clocks_differ(open_jobs: Callable[..., Jobs]) -> None:
    """The worker of a machine whose clock is an hour behind: by our clock its lease ended long ago."""
    jobs = open_jobs(lease_seconds=0.3)
    there, here = Queue(jobs.database, lambda: time.time() - 3600), Supervisor(jobs)._caretaker
    job = jobs.submit(ask())
    assert there.claim("0-own@elsewhere:1:1", 0.3) is not None
    end = time.monotonic() + 2.5  # twice as long as a silent one is waited for
    while time.monotonic() < end:
        assert there.beat("0-own@elsewhere:1:1", 0.3) == {job.id}
        here._release_lapsed()
        time.sleep(0.05)
    assert jobs.get(job.id).state == "running"
    until(lambda: here._release_lapsed() or jobs.get(job.id).state == "queued")


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the clock can move starts of processes here"
)
def test_the_start_of_a_process_is_not_told_by_a_clock_that_can_be_set() -> None:
    name = WorkerName.of_process("x", os.getpid())
    uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
    age = uptime - name.started / os.sysconf("SC_CLK_TCK")
    assert age == pytest.approx(time.time() - psutil.Process().create_time(), abs=2.0)


def test_names_of_workers_tell_whether_they_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = WorkerName.of_process("cuda:0", process.pid)
    assert WorkerName.parse(str(name)) == name
    assert not is_dead_here(str(name))
    assert is_dead_here(str(replace(name, started=name.started - 100)))  # the number came again
    assert not is_dead_here(str(replace(name, machine="elsewhere", pid=1)))
    process.communicate(b"\n")
    assert is_dead_here(str(name))
    for text in ("", "w", "a@b:c:d", "a@b:1", "@:1:2:"):
        assert not is_dead_here(text)
    with pytest.raises(ProcessLookupError):
        WorkerName.of_process("x", process.pid)


def test_settings_reach_the_worker(tmp_path: Path) -> None:
    from fluxgram.jobs.keeper import worker_environment
    from fluxgram.service import ServiceSettings

    settings = Settings(home=tmp_path, device="cpu", dtype="float32", threads=3, memory_gb=1.5, offline=True)
    service = ServiceSettings(
        host="0.0.0.0",  # noqa: S104  (only read back)
        devices=("cuda:0", "cuda:1"),
        models={"flux": "fluxgram-mini"},
        safety="off",
        lease_seconds=7.5,
        require_key=True,
        database="postgresql://user:pass@host/db",
    )
    environment = worker_environment(settings, service)
    assert Settings.from_environment(environment) == settings
    assert ServiceSettings.load(tmp_path, environment) == service
