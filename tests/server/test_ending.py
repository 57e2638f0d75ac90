"""The end of a service: told to, it loses nothing; killed, neither."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from pathlib import Path

from tests.serving import TINY, Server, serving, wait_until


def running_job(server: Server, **order: object) -> int:
    job = server.call("POST", "/api/v1/jobs", {"prompt": "slow", **order}).json
    path = f"/api/v1/jobs/{job['id']}"
    wait_until(lambda: server.call("GET", path).json["state"] == "running", "the start of the job")
    return int(job["id"])


class Listener(threading.Thread):
    """Reads the events of a job, or another answer, until it ends."""

    def __init__(self, server: Server, job: int, what: str = "/events") -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.request("GET", f"/api/v1/jobs/{job}{what}")
        self.text = ""
        self.start()

    def run(self) -> None:
        self.text = self.connection.getresponse().read().decode()
        self.connection.close()


def test_what_runs_is_finished_and_streams_end(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, drain_seconds="60") as server:
        job = running_job(server, steps=15)
        waiting = server.call("POST", "/api/v1/jobs", {"prompt": "slow", "steps": 200}).json["id"]
        listener = Listener(server, job)
        assert server.stop() == 0
        listener.join(30)
        assert "event: done" in listener.text
        server.start()
        assert server.call("GET", f"/api/v1/jobs/{job}").json["state"] == "done"
        assert server.call("POST", f"/api/v1/jobs/{waiting}/cancel").json["state"] in (
            "queued",
            "running",
            "cancelled",
        )
        assert "Traceback" not in server.log
        assert "defect" not in server.log


def test_what_takes_too_long_is_queued_again_and_readiness_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, drain_seconds="1.5") as server:
        job = running_job(server, steps=200)
        listener = Listener(server, job)
        waiting = Listener(server, job, "?wait=60")
        keeps = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        keeps.connect()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 40
        listener.join(30)
        assert not listener.is_alive()
        waiting.join(30)
        assert json.loads(waiting.text)["state"] in ("queued", "running"), "the answer was cut off"
        assert "event: done" not in listener.text
        keeps.close()
        found = server.command("queue", "list", "--json")
        entry = next(each for each in json.loads(found.stdout)["jobs"] if each["id"] == job)
        assert (entry["state"], entry["attempt"]) == ("queued", 1)


def test_while_it_drains_everything_but_new_jobs_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, drain_seconds="90") as server:
        done = server.call("POST", "/api/v1/jobs", {"prompt": "flat"}).json["id"]
        picture = server.call("GET", f"/api/v1/jobs/{done}?wait=60").json["pictures"][0]["url"]
        job = running_job(server, prompt="crawl", steps=200)
        server.call("POST", "/api/v1/jobs", {"prompt": "flat"})
        listener = Listener(server, job)
        server.process.send_signal(signal.SIGTERM)
        wait_until(
            lambda: "The service is ending." in server.call("GET", "/readyz").json["reasons"], "the end"
        )
        assert server.call("GET", "/readyz").status == 503
        words = {"prompt": "portrait"}
        refused = {
            "/api/v1/jobs": lambda body: body["title"] == "ServiceEnding",
            "/v1/images/generations": lambda body: body["error"]["code"] == "service_ending",
            "/api/v6/images/text2img": lambda body: "ending" in body["message"] and body["status"] == "error",
        }
        for path, says_so in refused.items():
            answer = server.call("POST", path, {"key": "x", **words} if "v6" in path else words)
            assert (answer.status, says_so(answer.json)) == (503, True), answer.body
            assert int(answer.headers["retry-after"]) > 0
        assert server.call("GET", f"/api/v1/jobs/{job}").json["state"] == "running"
        assert server.call("GET", picture.removeprefix(server.url)).status == 200
        assert server.call("POST", f"/api/v6/images/fetch/{done}", {"key": "x"}).json["status"] == "success"
        assert server.call("POST", f"/api/v1/jobs/{job}/cancel").status == 200
        assert server.process.wait(60) == 0
        listener.join(30)
        assert "event: cancelled" in listener.text
        assert "Ending: 1 job is being drawn and has 90 s to finish" in server.log
        assert server.log.splitlines()[-1] == "Ended; 1 job waits in the queue for the next start."


def test_with_nothing_to_draw_it_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, drain_seconds="300") as server:
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 20
        assert server.log.splitlines()[-1] == "Ended."


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, drain_seconds="300") as server:
        job = running_job(server, prompt="crawl", steps=200)
        os.killpg(server.process.pid, signal.SIGINT)  # to the workers too, as a terminal does
        wait_until(lambda: "Ending: 1 job is being drawn" in server.log, "the drain")
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert time.monotonic() - began < 30
        entry = json.loads(server.command("queue", "list", "--json").stdout)["jobs"][0]
        assert (entry["id"], entry["state"]) == (job, "queued")
        assert server.log.splitlines()[-1] == "Ended; 1 job waits in the queue for the next start."
        assert "Traceback" not in server.log, server.log


def test_killed_in_the_middle_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, lease_seconds="2") as server:
        jobs = [
            server.call("POST", "/api/v1/jobs", {"prompt": "slow", "steps": 5, "seed": 7}).json["id"]
            for _ in range(3)
        ]
        wait_until(
            lambda: server.call("GET", f"/api/v1/jobs/{jobs[0]}").json["state"] == "running", "the start"
        )
        server.kill()
        server.start()
        reasons = [
            event["data"]["reason"]
            for event in server.call(
                "GET", f"/api/v1/jobs/{jobs[0]}/events", headers={"Accept": "application/json"}
            ).json["events"]
            if event["kind"] == "requeued"
        ]
        assert all("told to end" not in reason and "gone" in reason for reason in reasons), reasons
        for number in jobs:
            found = server.call("GET", f"/api/v1/jobs/{number}?wait=60").json
            assert (found["state"], len(found["pictures"])) == ("done", 1)
            assert server.call("GET", found["pictures"][0]["url"].removeprefix(server.url)).status == 200
