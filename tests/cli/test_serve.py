"""`fluxgram serve` as a process: where it listens, what it refuses, how it ends."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from tests.serving import SCRIPT, TINY, serving, wait_until


def test_it_says_where_it_listens_and_how_to_try_it(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY) as server:
        first, studio, second, *_ = server.log.splitlines()
        assert first == f"fluxgram listens on {server.url} and draws with fluxgram-mini. Ctrl-C ends it."
        assert studio == f"Studio:  {server.url}/"
        words = shlex.split(second.removeprefix("try:"))
        assert words[:2] == ["curl", f"{server.url}/api/v1/jobs"]
        header, body = (words[words.index(option) + 1] for option in ("-H", "-d"))
        name, _, value = header.partition(": ")
        answer = server.call("POST", "/api/v1/jobs", body.encode(), {name: value})
        assert answer.status == 202, answer.body
        second_one = server.command("serve", "--port", str(server.port))
        assert second_one.returncode == 1
        assert second_one.stderr == (
            f"error: Port {server.port} of 127.0.0.1 is in use.\n"
            "hint:  Is the service running already? Or take another: --port.\n"
        )
        with serving(tmp_path / "home", "fluxgram-mini", ready=False, engine=TINY) as another:
            assert "Another fluxgram serve works on the same database" in another.log
            assert another.stop() == 0
        assert server.log.count("Another fluxgram serve") == 1
        assert server.stop() == 0


def test_others_need_a_key(tmp_path: Path) -> None:
    arguments = ("--host", "0.0.0.0")  # noqa: S104  (that is what is refused)
    with serving(tmp_path / "home", "fluxgram-mini", start=False, arguments=arguments, engine=TINY) as server:
        refused = server.command("serve", "--port", str(server.port), *arguments)
        assert refused.returncode == 1
        assert refused.stderr == (
            "error: On 0.0.0.0 others can reach the service, and there is no key.\n"
            "hint:  Make one: fluxgram keys create NAME. Or listen on 127.0.0.1, where none is needed.\n"
        )
        for option in ("--require-key",):
            asked = server.command("serve", "--port", str(server.port), option)
            assert (
                asked.returncode,
                "there is no key" in asked.stderr or "there is none" in asked.stderr,
            ) == (1, True)
        here = server.command("serve", "--port", str(server.port), "--host", "127.0.0.1", "--require-key")
        assert here.stderr.splitlines()[1:] == ["hint:  Make one: fluxgram keys create NAME."]
        token = server.command("keys", "create", "phone").stdout.strip()
        server.start(ready=False)
        assert server.call("GET", "/api/v1/jobs").status == 401
        assert server.call("GET", "/api/v1/jobs", headers={"Authorization": f"Bearer {token}"}).status == 200
        assert token not in server.log


@pytest.mark.parametrize(
    ("arguments", "file", "sentence"),
    [
        (("--port", "70000"), "", "There is no port 70000."),
        (("--port", "-1"), "", "port must be a whole number of at least 0, not -1."),
        (("--host", "no such host"), "", "'no such host' is no address of this machine."),
        (("--host", "192.0.2.1"), "", "192.0.2.1 is no address of this machine."),
        (("--log-format", "xml"), "", "log_format can't be 'xml'."),
        (("--checkpoint", "nope"), "", "nope"),
        ((), "prot = 7071", "'prot' in"),
        ((), "[", "is not TOML"),
        ((), 'webhook_secret = "short"', "webhook secret"),
        ((), 'database = "nonsense"', "`database`"),
        ((), 'devices = ["tpu"]', "devices can't have 'tpu'."),
        ((), 'public_url = "pictures.example"', "public_url"),
        ((), 'safety = "require"', "needs a classifier"),
        ((), 'classifier = "/not/there"', "There is no folder '/not/there' with a picture classifier."),
        ((), 'pictures = "/dev/null/pictures"', "/dev/null/pictures cannot be used: Not a directory."),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], file: str, sentence: str
) -> None:
    home = tmp_path / "home"
    with serving(home, "fluxgram-mini", start=False) as server:
        home.mkdir(exist_ok=True)
        (home / "service.toml").write_text(file)
        port = () if "--port" in arguments else ("--port", "0")
        done = server.command("serve", *port, *arguments)
    assert done.returncode in (1, 2), done.stderr  # 2: what the command line asks for
    assert not file or done.returncode == 1
    assert sentence in done.stderr
    assert re.fullmatch(r"error: .+\n(hint:  .+\n)?", done.stderr), done.stderr


def test_its_log_is_text_on_a_terminal(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", start=False, engine=TINY) as server:
        ours, theirs = os.openpty()
        process = subprocess.Popen([SCRIPT, "serve", "--port", "0"], env=server.environment, stderr=theirs)
        os.close(theirs)
        said = ""

        def tells(words: str) -> bool:
            nonlocal said
            said += os.read(ours, 65536).decode()
            return words in said

        wait_until(lambda: tells("try:"), "the greeting")
        server.port = int(re.findall(r"127\.0\.0\.1:(\d+)", said)[0])
        server.call("GET", "/v1/nothing")
        wait_until(lambda: tells("GET /v1/nothing"), "the line of the request")
        process.terminate()
        wait_until(lambda: tells("Ended."), "the end")
        assert process.wait(60) == 0
        os.close(ours)
        line = next(line for line in said.splitlines() if "GET /v1/nothing" in line)
        assert re.match(r"\d{4}-\d\d-\d\d .* INFO fluxgram\.server: GET /v1/nothing status=404 ", line)


def test_it_listens_on_a_port_of_its_own_choice(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", start=False, engine=TINY) as server:
        server.port = 0
        server.start = lambda **_: None  # type: ignore[method-assign]  # it cannot know where to wait
        with subprocess.Popen(
            [SCRIPT, "serve", "--port", "0"], env=server.environment, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+) ", line)
            assert found, line
            server.port = int(found[1])
            wait_until(lambda: server.call("GET", "/livez").status == 200, "an answer")
            with socket.create_connection(("127.0.0.1", server.port)):
                process.terminate()
                assert process.wait(60) == 0
