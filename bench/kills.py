"""A campaign of SIGKILLs against a service under load: is any accepted job lost, finished twice, or drawn otherwise?

Clients hand in jobs (and again, with the same idempotency key, where the answer was lost with the server), while every
so often the server or one of its workers is killed; a killed server is started again. At the end every job that was
accepted must be done once, with the pixels that an undisturbed engine gives for its seed.

    python bench/kills.py                                   # 200 kills, an engine that draws nothing
    python bench/kills.py --engine real --kills 20          # fluxgram-mini
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import psutil
import requests
from PIL import Image
from serving import ZERO_WORK, Service, no_strikes
from side_by_side import circumstances, table

SIZE = (64, 64)
REAL_SIZE = (256, 256)


@dataclass
class Campaign:
    """What clients were promised, and what was done to the service.

    Attributes:
        service: The victim.
        real: Whether fluxgram-mini draws.
        accepted: Seed → id of each job whose acceptance a client has seen.
        killed: Kills by kind.
        refused: Seeds that were answered with another id than before.
        over: Clients end.
    """

    service: Service
    real: bool
    accepted: dict[int, int] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    refused: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> None:
    """Run a campaign, and print what became of the jobs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--engine", choices=("zero", "real"), default="zero")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1, help="of the choice of victims and moments")
    options = parser.parse_args()
    print(f"# Kill campaign: {options.kills} SIGKILLs, engine {options.engine}\n")
    print(circumstances(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = no_strikes() | (
            {} if options.engine == "real" else ZERO_WORK | {"ZERO_WORK_SECONDS": "0.15"}
        )
        service = Service(Path(folder) / "home", environment).start()
        campaign = Campaign(service, options.engine == "real")
        try:
            began = time.monotonic()
            _disturb(campaign, options.kills, options.clients, random.Random(options.seed))
            kept = time.monotonic() - began
            finished = _wait(campaign)
            _report(campaign, kept, finished)
        finally:
            service.stop()


def _disturb(campaign: Campaign, kills: int, clients: int, chance: random.Random) -> None:
    """Load and kills at the same time."""
    threads = [
        threading.Thread(target=_client, args=(campaign, number, clients)) for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    pause = (2.0, 6.0) if campaign.real else (0.1, 1.2)
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(*pause))
            workers = campaign.service.workers()
            if workers and chance.random() < 0.5:
                _kill(chance.choice(workers))
                campaign.killed["worker"] += 1
            else:
                campaign.service.kill()
                campaign.killed["server"] += 1
                campaign.service.start()
    finally:
        campaign.over.set()
        for thread in threads:
            thread.join()


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def _client(campaign: Campaign, number: int, clients: int) -> None:
    """Hand in jobs; ask again with the same key until there is an answer."""
    seed = number
    size = REAL_SIZE if campaign.real else SIZE
    while not campaign.over.is_set():
        body = {"prompt": f"portrait {seed}", "seed": seed, "size": list(size), "quality": "draft"}
        answer = _submit(campaign, body, f"seed-{seed}")
        if answer is not None:
            with campaign.lock:
                if campaign.accepted.setdefault(seed, answer) != answer:
                    campaign.refused.append(seed)
            seed += clients
        campaign.over.wait(4.0 if campaign.real else 0.8)  # about as fast as pictures are made


def _submit(campaign: Campaign, body: dict[str, object], key: str) -> int | None:
    try:
        answer = requests.post(
            f"{campaign.service.url}/api/v1/jobs", json=body, headers={"Idempotency-Key": key}, timeout=20
        )
    except requests.RequestException:
        time.sleep(0.05)
        return None
    if answer.status_code in (429, 503):
        time.sleep(0.2)
        return None
    answer.raise_for_status()
    return int(answer.json()["id"])


def _wait(campaign: Campaign) -> dict[int, dict[str, object]]:
    """Every accepted job once it is over, by seed."""
    finished = {}
    until = time.monotonic() + 900
    for seed, number in campaign.accepted.items():
        while time.monotonic() < until:
            answer = requests.get(f"{campaign.service.url}/api/v1/jobs/{number}?wait=30", timeout=60)
            job = answer.json() if answer.ok else {"state": f"HTTP {answer.status_code}", "pictures": []}
            if not answer.ok:
                break
            if job["state"] in {"done", "failed", "cancelled"}:
                break
        finished[seed] = job
    return finished


def _report(campaign: Campaign, seconds: float, finished: dict[int, dict[str, object]]) -> None:
    states = Counter(str(job["state"]) for job in finished.values())
    wrong = _wrong_pixels(campaign, finished)
    database = campaign.service.home / "service" / "jobs.sqlite"
    with sqlite3.connect(database) as connection:
        endings = Counter(
            dict(connection.execute("SELECT job, COUNT(*) FROM events WHERE kind = 'done' GROUP BY job"))
        )
        used = connection.execute("SELECT SUM(jobs) FROM usage").fetchone()[0] or 0
        attempts = connection.execute("SELECT SUM(attempt), COUNT(*) FROM jobs").fetchone()
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
    pictures = list((campaign.service.home / "service" / "pictures").rglob("*.png"))
    partial = list((campaign.service.home / "service").rglob("*.part"))
    rows = [
        ["kills of the server", str(campaign.killed["server"])],
        ["kills of a worker", str(campaign.killed["worker"])],
        ["seconds", f"{seconds:.0f}"],
        ["jobs accepted", str(len(campaign.accepted))],
        ["attempts taken for them", f"{attempts[0]} for {attempts[1]} jobs"],
        ["**lost** (accepted, not done)", str(len(finished) - states["done"])],
        ["states", ", ".join(f"{count} {state}" for state, count in sorted(states.items()))],
        ["**doubled**: same key, another job", str(len(campaign.refused))],
        ["**doubled**: finished more than once", str(sum(count > 1 for count in endings.values()))],
        ["counted in usage", f"{used} of {sum(endings.values())}"],
        ["picture files", str(len(pictures))],
        ["temporary files left behind", str(len(partial))],
        ["**pixels other than undisturbed**", str(wrong)],
        ["PRAGMA integrity_check", str(whole)],
    ]
    print("\n" + table(["", "count"], rows))


def _wrong_pixels(campaign: Campaign, finished: dict[int, dict[str, object]]) -> int:
    """How many pictures differ from what an engine draws that nobody kills."""
    expected = _expected_real if campaign.real else _expected_flat
    wrong = 0
    for seed, job in finished.items():
        for picture in job["pictures"]:  # type: ignore[attr-defined]
            data = requests.get(picture["url"], timeout=30).content
            pixels = Image.open(BytesIO(data)).convert("RGB")
            wrong += hashlib.sha256(pixels.tobytes()).digest() != expected(seed)
    return wrong


def _expected_flat(seed: int) -> bytes:
    colour = bytes((seed & 255, seed >> 8 & 255, seed >> 16 & 255))
    return hashlib.sha256(colour * (SIZE[0] * SIZE[1])).digest()


_engine = None


def _expected_real(seed: int) -> bytes:
    """Drawn here, by the same engine on the same threads."""
    global _engine  # noqa: PLW0603  (a program, not a library)
    from fluxgram.engine.engine import Engine

    _engine = _engine or Engine()
    result = _engine.generate(f"portrait {seed}", seed=seed, size=REAL_SIZE, quality="draft")[0]
    return hashlib.sha256(result.picture.tobytes()).digest()


if __name__ == "__main__":
    main()
