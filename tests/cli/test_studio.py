"""`fluxgram studio`: a real service, and a browser that writes down where it was sent."""

from __future__ import annotations

import signal
import stat
import subprocess
from pathlib import Path

from tests.serving import SCRIPT, TINY, serving, wait_until


def test_the_browser_is_sent_to_the_page(tmp_path: Path) -> None:
    seen, program = tmp_path / "seen", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> "{seen}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with serving(tmp_path / "home", "fluxgram-mini", start=False, engine=TINY) as server:
        environment = server.environment | {"BROWSER": str(program)}
        command = [SCRIPT, "studio", "--port", str(server.port)]
        with (tmp_path / "log").open("wb") as log:
            server.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: seen.exists() and seen.read_text(), "the browser")
        assert seen.read_text() == f"{server.url}/\n"
        assert "Ctrl-C ends it" in (tmp_path / "log").read_text()
        server.wait_for("/livez")
        answer = server.call("GET", "/", headers={"Accept": "text/html"})
        assert (answer.status, b"<main" in answer.body) == (200, True)

        again = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert again.returncode == 0
        assert "runs already" in again.stdout + again.stderr
        assert seen.read_text() == f"{server.url}/\n" * 2

        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) in (0, 130)


def test_no_browser_is_opened_where_none_is_wanted(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY) as server:
        seen = tmp_path / "seen"
        environment = server.environment | {"BROWSER": f"touch {seen} #%s"}
        command = [SCRIPT, "studio", "--port", str(server.port), "--no-browser"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0
        assert not seen.exists()


def test_a_port_of_somebody_else_is_said(tmp_path: Path) -> None:
    import http.server
    import threading

    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other,
        serving(tmp_path / "home", "fluxgram-mini", start=False, engine=TINY) as server,
    ):
        threading.Thread(target=other.serve_forever, daemon=True).start()
        done = server.command("studio", "--no-browser", "--port", str(other.server_port))
        other.shutdown()
        assert done.returncode != 0
        assert "in use" in done.stderr
