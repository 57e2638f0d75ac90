"""The service: submits a second, a job's overhead, 100,000 jobs, memory over 10,000, how soon a job is cancelled.

The first, third and fourth part draw nothing (`zero_work.py`), so that only the service is measured; the others draw
with fluxgram-mini. Load comes from locust. What survives SIGKILLs is measured by `kills.py`.

    python bench/service.py                       # all parts, about six minutes
    python bench/service.py --parts overhead cancel
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median

import psutil
from serving import HERE, ZERO_WORK, Service
from side_by_side import circumstances, in_turn, spread, table

PROMPT = "Close-up portrait of a woman with auburn hair, Rembrandt light from the left, 85mm lens"
UNBOUND = {"FLUXGRAM_SERVE_MAX_QUEUED": "0"}
TARGET_MS, TARGET_SHARE = 20.0, 0.02
PARTS = ("submits", "overhead", "history", "memory", "cancel")


def main() -> None:
    """Measure the parts, and print a table for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=12, help="of overhead and cancel")
    parser.add_argument("--seconds", type=int, default=20, help="of load")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=10_000, help="of the memory part")
    parser.add_argument("--history", type=int, default=100_000)
    options = parser.parse_args()
    print("# The service\n")
    print(circumstances(), flush=True)
    for part in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n## {part}\n", flush=True)
            _MEASURES[part](Path(folder) / "home", options)


def submits(home: Path, options: argparse.Namespace) -> None:
    """Submissions a second from many clients at once; each is on the disk before it is answered."""
    with Service(home, ZERO_WORK | UNBOUND) as service:
        prefix = home / "load"
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(HERE / "submits.py"),
            "--headless",
            "--only-summary",
        ]
        command += ["--users", str(options.users), "--spawn-rate", str(options.users), "--host", service.url]
        command += ["--run-time", f"{options.seconds}s", "--csv", str(prefix)]
        subprocess.run(command, check=True, capture_output=True)
        with Path(f"{prefix}_stats.csv").open(encoding="utf-8") as file:
            total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
        depth = service.call("GET", "/api/v1/queue")
    rows = [
        ["clients", str(options.users)],
        ["submits a second", f"{float(total['Requests/s']):.0f}"],
        ["failures", total["Failure Count"]],
        ["median, ms", total["50%"]],
        ["p99, ms", total["99%"]],
        ["still waiting at the end", str(depth["queued"])],
    ]
    print(table(["submits", ""], rows))


def overhead(home: Path, options: argparse.Namespace) -> None:
    """A job from its submission to its end, beside the bare engine drawing and writing the same picture, in turn."""
    from fluxgram.engine.engine import Engine
    from fluxgram.settings import Settings

    with Service(home) as service, Engine(settings=Settings(home=home)) as engine:
        connection = HTTPConnection("127.0.0.1", service.port)
        rows = []
        for quality in ("draft", "final"):

            def bare(quality: str = quality) -> float:
                start = time.perf_counter()
                result = engine.generate(PROMPT, seed=7, quality=quality)[0]
                result.save(home / "bare.png", overwrite=True)
                return time.perf_counter() - start

            def job(quality: str = quality) -> float:
                start = time.perf_counter()
                made = _call(
                    connection, "POST", "/api/v1/jobs", {"prompt": PROMPT, "seed": 7, "quality": quality}
                )
                over = _call(connection, "GET", f"/api/v1/jobs/{made['id']}?wait=60")
                if over["state"] != "done":
                    raise SystemExit(f"the job is {over['state']}: {over['problem']}")
                return time.perf_counter() - start

            in_turn({"bare": bare, "job": job}, 2)
            times = in_turn({"bare": bare, "job": job}, options.rounds)
            more = median(times["job"]) - median(times["bare"])
            share = more / median(times["bare"])
            met = "met" if more * 1000 <= TARGET_MS and share <= TARGET_SHARE else "missed"
            rows.append(
                [
                    quality,
                    spread(times["bare"], 3),
                    spread(times["job"], 3),
                    f"{more * 1000:.1f}",
                    f"{share:.1%}",
                    met,
                ]
            )
    print(
        table(["quality", "engine and file, s", "job, s", "more, ms", "more", "target 20 ms and 2 %"], rows)
    )


def history(home: Path, options: argparse.Namespace) -> None:
    """Listing and fetching with few and with many finished jobs in the database."""
    with Service(home, ZERO_WORK | UNBOUND) as service:
        made = [_submit(service, seed) for seed in range(1000)]
        _until_idle(service)
        rows = {"1,000": _reads(service, made)}
        service.stop()
        _multiply(home, options.history - 1000)
        service.start()
        rows[f"{options.history:,}"] = _reads(service, made)
    few, many = rows.values()
    cells = [[name, f"{few[name]:.2f}", f"{many[name]:.2f}", f"{many[name] / few[name]:.2f}"] for name in few]
    print(table(["over HTTP, median ms of 200", *(f"{name} jobs" for name in rows), "ratio"], cells))


def memory(home: Path, options: argparse.Namespace) -> None:
    """Resident memory of server and worker while jobs go through."""
    rows = []
    with Service(home, ZERO_WORK | UNBOUND) as service:
        server = psutil.Process(service.process.pid)  # type: ignore[union-attr]
        connection = HTTPConnection("127.0.0.1", service.port)
        tenth = options.jobs // 10
        start = time.monotonic()
        for done in range(0, options.jobs + 1, tenth):
            if done:
                for seed in range(done - tenth, done):
                    body = {"prompt": f"portrait {seed}", "seed": seed, "size": "64x64"}
                    _call(connection, "POST", "/api/v1/jobs", body)
                _until_idle(service)
            resident = [process.memory_info().rss / 2**20 for process in (server, *service.workers())]
            rows.append([f"{done:,}", *(f"{size:.0f}" for size in resident)])
        seconds = time.monotonic() - start
    print(table(["jobs done", "server, MiB", "worker, MiB"], rows))
    print(
        f"\n{options.jobs / seconds:.0f} jobs a second from one client, from submission to the file on the disk."
    )


def cancel(home: Path, options: argparse.Namespace) -> None:
    """From the answer to a cancel to the job's last event, beside the time of one step."""
    with Service(home) as service:
        connection = HTTPConnection("127.0.0.1", service.port)
        waits, steps = [], []
        for _ in range(options.rounds + 1):
            made = _call(
                connection, "POST", "/api/v1/jobs", {"prompt": PROMPT, "steps": 60, "size": [512, 768]}
            )
            waited, between = _cancelled_after(service, made["id"], 5)
            waits.append(waited)
            steps.append(between)
    waits, steps = waits[1:], steps[1:]
    rows = [[spread(waits, 3), spread(steps, 3), "met" if median(waits) <= median(steps) else "missed"]]
    print(table(["cancelled after, s", "one step takes, s", "target: at most a step"], rows))


def _cancelled_after(service: Service, number: int, step: int) -> tuple[float, float]:
    """Watch a job's events, cancel it at a step, and measure until it says so."""
    watch = HTTPConnection("127.0.0.1", service.port, timeout=60)
    watch.request("GET", f"/api/v1/jobs/{number}/events", headers={"Accept": "text/event-stream"})
    answer = watch.getresponse()
    kind, asked, times = "", 0.0, []
    while line := answer.readline().decode():
        if line.startswith("event:"):
            kind = line.split(":", 1)[1].strip()
            if kind == "step":
                times.append(time.perf_counter())
                if len(times) == step:
                    _call(HTTPConnection("127.0.0.1", service.port), "POST", f"/api/v1/jobs/{number}/cancel")
                    asked = time.perf_counter()
            if kind == "cancelled":
                break
            if kind in {"done", "failed"}:
                raise SystemExit(f"the job was {kind} before it could be cancelled")
    watch.close()
    return time.perf_counter() - asked, (times[step - 1] - times[0]) / (step - 1)


def _submit(service: Service, seed: int) -> int:
    return int(
        service.call("POST", "/api/v1/jobs", {"prompt": f"portrait {seed}", "seed": seed, "size": "64x64"})[
            "id"
        ]
    )


def _until_idle(service: Service) -> None:
    while True:
        pages = [
            service.call("GET", f"/api/v1/jobs?state={state}&limit=1") for state in ("queued", "running")
        ]
        if not any(page["jobs"] for page in pages):
            return
        time.sleep(0.05)


def _reads(service: Service, made: list[int]) -> dict[str, float]:
    """Median milliseconds of each kind of reading."""
    connection = HTTPConnection("127.0.0.1", service.port)
    first = _call(connection, "GET", "/api/v1/jobs?limit=50")
    paths = {
        "first page of 50": "/api/v1/jobs?limit=50",
        "next page": f"/api/v1/jobs?limit=50&cursor={first['next']}",
        "first page of done": "/api/v1/jobs?state=done&limit=50",
        "oldest job": f"/api/v1/jobs/{made[0]}",
        "its events": f"/api/v1/jobs/{made[0]}/events",
    }
    found = {}
    for name, path in paths.items():
        times = []
        for _ in range(200):
            start = time.perf_counter()
            _call(connection, "GET", path)
            times.append((time.perf_counter() - start) * 1000)
        found[name] = median(times)
    return found


def _multiply(home: Path, more: int) -> None:
    """Copy the finished jobs of a stopped service with their pictures and events under new numbers, older than all."""
    import sqlite3

    database = home / "service" / "jobs.sqlite"
    with sqlite3.connect(database) as connection:
        for table_name, key in (("jobs", "id"), ("pictures", "job"), ("events", "job")):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table_name})")]
            changed = {
                key: f"{key} + n.i * 7919",
                "created": "created - n.i",
                "name": "n.i || '-' || name",
                "names": "names",
                "thumbnail": "n.i || '-' || thumbnail",
            }
            if table_name == "events":
                changed["id"] = "NULL"
            chosen = ", ".join(
                changed.get(column, f'"{column}"')
                if column != "id" or table_name == "events"
                else changed["id"]
                for column in columns
            )
            names = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {more // 1000}) "  # noqa: S608
                f"INSERT INTO {table_name} ({names}) SELECT {chosen} FROM {table_name}, n"
            )
        connection.commit()
        connection.execute("ANALYZE")


def _call(connection: HTTPConnection, method: str, path: str, body: object = None) -> dict[str, object]:
    """One request over a connection that stays open."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    data = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
    except (ConnectionError, HTTPException):  # it was idle for so long that the server closed it
        connection.close()
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
    return dict(json.loads(data)) if data.startswith(b"{") else {"list": json.loads(data)}


_MEASURES = {
    "submits": submits,
    "overhead": overhead,
    "history": history,
    "memory": memory,
    "cancel": cancel,
}

if __name__ == "__main__":
    main()
