"""Many at once, in threads and in processes: no job is claimed twice, none is lost, none ends twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from fluxgram.errors import QueueFull, QuotaExceeded
from tests.store.stores import Store, new_job

WORKER = """
import json, random, sys, time
from pathlib import Path
from fluxgram.store.database import Database
from fluxgram.store.queue import Queue
url, home, name, wanted = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
queue = Queue(Database.open(url, home, migrate=False))
chance = random.Random(name)
claims, finished = [], []
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    job = queue.claim(name, 30.0)
    if job is None:
        if len(queue.list(None, states=("done",), limit=wanted)) == wanted:
            break
        time.sleep(0.01)
        continue
    claims.append([job.id, job.attempt])
    queue.note(job.id, job.attempt, [("step", {"by": name})])
    if chance.random() < 0.1:
        queue.release(job.id, job.attempt, "let go", strike=False)
    if queue.finish(job.id, job.attempt, seconds=0.1):
        finished.append(job.id)
print(json.dumps({"claims": claims, "finished": finished}))
"""

SUBMITTER = """
import sys
from pathlib import Path
from fluxgram.store.database import Database
from fluxgram.store.queue import Queue
from tests.store.stores import new_job
queue = Queue(Database.open("", Path(sys.argv[1])))
print("ready", flush=True)
while True:
    print(queue.submit(new_job())[0].id, flush=True)
"""

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def together(count: int, act: Callable[[int], None]) -> None:
    """Run in so many threads that all begin at once; the first error is raised here."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        try:
            act(number)
        except BaseException as error:  # raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]


def test_processes_and_threads_share_the_work(store: Store) -> None:
    """Three processes claim while four threads hand in and two more claim; a tenth is let go and done again."""
    wanted = 80
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, store.url, str(store.home), f"p{number}", str(wanted)],
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )
        for number in range(3)
    ]  # fmt: skip
    submitted: list[int] = []
    claims: list[tuple[int, int]] = []
    finished: list[int] = []

    def act(number: int) -> None:
        if number < 4:
            for _ in range(wanted // 4):
                submitted.append(store.submit("abcd"[number]).id)  # noqa: PERF401  (each is seen at once)
            return
        while len(store.queue.list(None, states=("done",), limit=wanted)) < wanted:
            if (job := store.queue.claim(f"t{number}", 30.0)) is not None:
                claims.append((job.id, job.attempt))
                if store.queue.finish(job.id, job.attempt, seconds=0.1):
                    finished.append(job.id)

    together(6, act)
    for process in workers:
        told = json.loads(process.communicate(timeout=90)[0])
        claims += [(job, attempt) for job, attempt in told["claims"]]
        finished += told["finished"]
    assert len(set(submitted)) == wanted
    assert sorted(finished) == sorted(submitted)
    assert max(Counter(claims).values()) == 1
    assert {job for job, _ in claims} == set(submitted)
    assert sum(row.jobs for row in store.keys.usage()) == wanted
    for job in submitted:
        events = store.queue.events(job)
        assert [event.kind for event in events].count("done") == 1
        assert events[-1].kind == "done"
        attempts = [event.data["attempt"] for event in events if event.kind == "started"]
        assert attempts == list(range(1, len(attempts) + 1))
    store.database.check()


def test_limits_hold_when_many_hand_in_at_once(store: Store) -> None:
    taken: list[int] = []
    refused: list[type] = []

    def act(number: int) -> None:
        limits = {"most_queued": 5} if number % 2 else {"most_pictures": 7}
        for _ in range(8):
            try:
                taken.append(store.submit("ab"[number % 2], **limits).id)
            except (QueueFull, QuotaExceeded) as error:
                refused.append(type(error))

    together(6, act)
    assert Counter(store.queue.get(job).owner for job in taken) == {"a": 7, "b": 5}
    assert Counter(refused) == {QuotaExceeded: 24 - 7, QueueFull: 24 - 5}


def test_one_idempotency_key_from_many_makes_one_job(store: Store) -> None:
    answers: list[tuple[int, bool]] = []

    def act(number: int) -> None:
        for key in range(4):
            job, new = store.queue.submit(new_job(idempotency=f"k{key}", fingerprint="f"))
            answers.append((job.id, new))

    together(6, act)
    assert len({job for job, _ in answers}) == 4
    assert sum(new for _, new in answers) == 4
    assert store.queue.depth()["queued"] == 4


def test_one_bad_submission_among_many_fails_alone(sqlite_store: Store) -> None:
    """They share a transaction; one that cannot be stored must not take the others with it."""
    store, taken, failed = sqlite_store, [], []

    def act(number: int) -> None:
        for count in range(6):
            try:
                taken.append(store.submit(request={"x": float("nan") if (number, count) == (2, 3) else 1}).id)
            except StatementError as error:  # a defect of who hands it in
                failed.append(error)

    together(8, act)
    assert len(failed) == 1
    assert len(set(taken)) == 47
    assert store.queue.depth()["queued"] == 47


def test_an_end_and_a_cancel_at_once(store: Store) -> None:
    """Whoever wins, the job ends once, and the events say how."""
    for _ in range(12):
        job = store.submit()
        taken = store.claim()
        won: list[bool] = []

        def act(number: int, taken: object = taken, won: list[bool] = won) -> None:
            if number == 0:
                store.queue.cancel(taken.id)  # type: ignore[attr-defined]
            elif number == 1:
                won.append(store.queue.finish(taken.id, 1, seconds=1.0))  # type: ignore[attr-defined]
            else:
                won.append(store.queue.stopped(taken.id, 1))  # type: ignore[attr-defined]

        together(3, act)
        assert sorted(won) == [False, True]
        ends = [kind for kind in store.kinds(job) if kind in {"done", "cancelled"}]
        assert ends == [store.queue.get(job.id).state]


@pytest.mark.parametrize("round_", range(4))
def test_what_was_answered_survives_a_kill(sqlite_store: Store, round_: int) -> None:
    """A process that hands in is killed in the middle; every id that it told is there, and the file is whole."""
    command = [sys.executable, "-c", SUBMITTER, str(sqlite_store.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(random.Random(round_).randrange(2, 40))]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read().splitlines(keepends=True)
    ids = [int(line) for line in told if line.endswith("\n") and line.strip().isdigit()]
    assert ids
    sqlite_store.database.check()
    for id in ids:  # noqa: A001  (a job's id is called so)
        assert sqlite_store.queue.get(id).state == "queued"
        assert sqlite_store.kinds(sqlite_store.queue.get(id)) == ["queued"]
    assert sqlite_store.queue.depth()["queued"] - len(ids) in {0, 1}  # one may have been stored and not told


def test_a_claimer_that_is_killed_loses_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    jobs = [sqlite_store.submit() for _ in range(30)]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER.replace("claims.append(", "print(job.id, flush=True); claims.append("),
         "", str(sqlite_store.home), "p", "30"],
        stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(7):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for held in sqlite_store.queue.held("p"):
        assert sqlite_store.queue.release(held.id, held.attempt, "killed", strike=True) is not None
    while (job := sqlite_store.queue.claim("w", 30.0)) is not None:
        assert sqlite_store.queue.finish(job.id, job.attempt, seconds=0.1)
    assert {sqlite_store.queue.get(job.id).state for job in jobs} == {"done"}
    assert sum(row.jobs for row in sqlite_store.keys.usage()) == 30
    sqlite_store.database.check()
