"""Shoots that are kept: boards of frames, takes, contact sheets; drawn by a real service with flat pictures."""

from __future__ import annotations

import io
import re
import threading
import tomllib
import zipfile
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from tests.jobs.tiny_engine import colour_of
from tests.serving import Answer, Server, wait_until

FILE = """
[shoot]
title = "Two days"
quality = "draft"
size = "256x256"
[[character]]
name = "Mara"
anchor = "woman in her 30s, olive skin"
seed = 4242
[[scene]]
name = "café"
setting = "small café"
[[scene]]
name = "night"
setting = "wet street"
seed_offset = 1
"""


def call(server: Server, method: str, path: str, body: Any = None) -> Answer:
    return server.call(method, f"/api/v1{path}", body)


def made(server: Server, file: str = FILE) -> str:
    answer = call(server, "POST", "/shoots", {"file": file})
    assert answer.status == 202, answer.body
    return str(answer.json["board"])


def whole(server: Server, board: str) -> dict[str, Any]:
    """The shoot once nothing of it waits any more."""

    def over() -> dict[str, Any] | None:
        found: dict[str, Any] = call(server, "GET", f"/shoots/{board}").json
        return found if not found["counts"]["queued"] + found["counts"]["running"] else None

    return wait_until(over, "the end of the shoot")  # type: ignore[no-any-return]


def pixel(server: Server, picture: dict[str, Any]) -> Any:
    with Image.open(io.BytesIO(server.call("GET", f"/pictures/{picture['name']}").body)) as image:
        return image.getpixel((3, 3))


def test_a_shoot_is_kept_and_filled(service: Server) -> None:
    board = made(service)
    found = whole(service, board)
    assert (found["title"], found["characters"]) == ("Two days", ["Mara"])
    assert found["counts"]["done"] == 2
    assert found["file"] == FILE
    assert [frame["scene"] for frame in found["frames"]] == ["café", "night"]
    assert [frame["seed"] for frame in found["frames"]] == ["4242", "4243"]
    assert [pixel(service, frame["picture"]) for frame in found["frames"]] == [
        colour_of(4242),
        colour_of(4243),
    ]
    listed = call(service, "GET", "/shoots").json["shoots"][0]
    assert (listed["id"], listed["frames"], len(listed["pictures"])) == (board, 2, 2)


def test_a_dry_run_keeps_nothing_and_says_what_the_linter_says(service: Server) -> None:
    before = len(call(service, "GET", "/shoots").json["shoots"])
    answer = call(service, "POST", "/shoots", {"file": FILE, "dry_run": True}).json
    assert answer["board"] is None
    assert [frame["characters"] for frame in answer["frames"]] == [["Mara"], ["Mara"]]
    assert any(finding["code"] == "FX201" and finding["where"] == "café" for finding in answer["findings"])
    assert len(call(service, "GET", "/shoots").json["shoots"]) == before


def test_the_same_submission_is_one_board(service: Server) -> None:
    headers = {"Idempotency-Key": "two-days-once"}
    answers = [
        service.call("POST", "/api/v1/shoots", {"file": FILE.replace("4242", "99")}, headers)
        for _ in range(2)
    ]
    assert answers[0].json["board"] == answers[1].json["board"]


def test_one_scene_again(service: Server) -> None:
    board = made(service, FILE.replace("4242", "11"))
    before = whole(service, board)
    path = f"/boards/{board}/scenes/caf%C3%A9/again"
    assert call(service, "POST", path, {"seed": "new"}).status == 202
    frame = whole(service, board)["frames"][0]
    assert len(frame["takes"]) == 2
    assert frame["takes"][1]["seed"] != "11"
    assert frame["shown"] == frame["takes"][1]["job"]
    assert pixel(service, frame["picture"]) == colour_of(int(frame["takes"][1]["seed"]))
    assert frame["seed"] == "11"  # the lock stays
    first = before["frames"][0]["takes"][0]["job"]
    back = call(service, "PUT", f"/shoots/{board}/frames/{quote(frame['file'])}", {"take": first}).json
    assert back["frames"][0]["picture"]["name"] == before["frames"][0]["picture"]["name"]
    assert back["frames"][1] == before["frames"][1]
    call(
        service,
        "POST",
        path,
        {"seed": 2**64 - 1, "prompt": "portrait of somebody else", "file": frame["file"]},
    )
    last = whole(service, board)["frames"][0]["takes"][-1]
    assert (last["seed"], last["prompt"]) == (str(2**64 - 1), "portrait of somebody else")


def test_a_scene_whose_name_has_a_slash_again(service: Server) -> None:
    board = made(service, FILE.replace("4242", "31").replace('"night"', '"day / night?"'))
    whole(service, board)
    path = f"/boards/{board}/scenes/{quote('day / night?', safe='')}/again"
    assert call(service, "POST", path, {"seed": "new"}).status == 202
    assert len(whole(service, board)["frames"][1]["takes"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/boards/{board}/scenes/beach/again", {}, 422),
        ("/boards/{board}/scenes/night/again", {"seed": "-1"}, 422),
        ("/boards/{board}/scenes/night/again", {"seed": str(2**64)}, 422),
        ("/boards/{board}/scenes/night/again", {"file": "other"}, 422),
        ("/boards/{board}/scenes/night/again", {"prompt": ""}, 422),
        ("/boards/none/scenes/night/again", {}, 404),
        ("/boards/{board}/scenes/night/again", {"colour": 1}, 422),
        ("/boards/{board}/scenes/%22%3E%3Cscript%3E/again", {}, 422),
    ],
)
def test_what_cannot_be_drawn_again(service: Server, path: str, body: dict[str, Any], status: int) -> None:
    board = made(service, FILE.replace("4242", "21"))
    before = whole(service, board)
    answer = call(service, "POST", path.format(board=board), body)
    assert answer.status == status, answer.body
    assert call(service, "GET", f"/shoots/{board}").json == before


def test_contact_sheets(service: Server) -> None:
    board = made(service, FILE.replace("4242", "3000").replace("Two days", "<b>Two</b>"))
    whole(service, board)
    with Image.open(io.BytesIO(call(service, "GET", f"/shoots/{board}/sheet.png").body)) as sheet:
        assert sheet.getpixel((50, 50)) == colour_of(3000)
    page = call(service, "GET", f"/shoots/{board}/sheet.html")
    assert b"<b>Two</b>" not in page.body
    assert b"&lt;b&gt;Two&lt;/b&gt;" in page.body
    assert len(re.findall(rb'src="data:image/jpeg;base64,', page.body)) == 2
    assert page.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(call(service, "GET", f"/shoots/{board}/pictures.zip").body))
    assert sorted(archive.namelist()) == ["café.png", "contact-sheet.html", "contact-sheet.png", "night.png"]
    with Image.open(io.BytesIO(archive.read("night.png"))) as picture:
        assert picture.getpixel((3, 3)) == colour_of(3001)
        assert "fluxgram" in picture.info  # its receipt


def test_rejected_frames_are_left_out_and_none_is_told(service: Server) -> None:
    board = made(service, FILE.replace("4242", "500"))
    frames = whole(service, board)["frames"]
    for frame in frames:
        answer = call(service, "PATCH", f"/pictures/{frame['picture']['name']}", {"rejected": True})
        assert answer.status == 200, answer.body
        if frame is frames[0]:
            names = zipfile.ZipFile(
                io.BytesIO(call(service, "GET", f"/shoots/{board}/pictures.zip").body)
            ).namelist()
            assert "café.png" not in names
            assert "night.png" in names
    for name in ("sheet.png", "sheet.html", "pictures.zip"):
        refused = call(service, "GET", f"/shoots/{board}/{name}")
        assert refused.status == 422
        assert "no picture yet" in refused.json["detail"]


def test_the_rest_is_cancelled(service: Server) -> None:
    scenes = "".join(f'[[scene]]\nname = "s{n}"\nsubject = "crawl along"\n' for n in range(4))
    head = FILE.partition("[[scene]]")[0].replace("4242", "600")
    board = made(service, head + scenes)
    found = call(service, "POST", f"/shoots/{board}/cancel").json
    assert found["counts"]["queued"] == 0
    found = whole(service, board)
    assert found["counts"]["cancelled"] >= 3
    job = next(frame["shown"] for frame in found["frames"] if frame["state"] == "cancelled")
    assert call(service, "POST", f"/jobs/{job}/retry").status == 200
    call(service, "POST", f"/shoots/{board}/cancel")


def test_a_form_becomes_a_file(service: Server) -> None:
    call(service, "PUT", "/characters/Form-A", {"anchor": "woman", "seed": 1})
    call(service, "PUT", "/characters/Form-B", {"anchor": "man", "seed": 2})
    order = {
        "title": 'He said "no" \\ \n',
        "characters": ["Form-A", "Form-B"],
        "scenes": [{"name": "café", "details": "grey coat, scarf", "side": "left"}, {"name": "rain"}],
        "quality": "draft",
        "size": "2:3",
    }
    file = call(service, "POST", "/shoots/text", order).json["file"]
    table = tomllib.loads(file)
    assert table["shoot"] == {"title": 'He said "no" \\', "quality": "draft", "size": "2:3"}
    assert [(scene["name"], scene["character"]) for scene in table["scene"]] == [
        ("café Form-A", "Form-A"), ("café Form-B", "Form-B"), ("rain Form-A", "Form-A"), ("rain Form-B", "Form-B"),
    ]  # fmt: skip
    assert table["scene"][0]["details"] == ["grey coat", "scarf"]
    frames = call(service, "POST", "/shoots", {"file": file, "dry_run": True}).json["frames"]
    assert [frame["seed"] for frame in frames] == [1, 2, 1, 2]
    together = call(service, "POST", "/shoots/text", order | {"together": True}).json["file"]
    frames = call(service, "POST", "/shoots", {"file": together, "dry_run": True}).json["frames"]
    assert [frame["characters"] for frame in frames] == 2 * [["Form-A", "Form-B"]]


def test_shoots_of_others_are_none(keyed: Any) -> None:
    mara, kim = keyed.key("mara"), keyed.key("kim-of-shoots")
    server = keyed.server
    board = server.call("POST", "/api/v1/shoots", {"file": FILE}, mara).json["board"]
    for method, path in (
        ("GET", f"/api/v1/shoots/{board}"),
        ("GET", f"/api/v1/shoots/{board}/sheet.png"),
        ("POST", f"/api/v1/shoots/{board}/cancel"),
        ("POST", f"/api/v1/boards/{board}/scenes/night/again"),
    ):
        body = {} if path.endswith("again") else None
        assert server.call(method, path, body, kim).status == 404, path
    assert server.call("GET", "/api/v1/shoots", headers=kim).json == {"shoots": []}


def test_a_shoot_that_comes_several_times_at_once_is_kept_once(service: Server) -> None:
    answers: list[Answer] = []
    together = threading.Barrier(4)
    file = FILE.replace("Two days", "At once")

    def ask() -> None:
        together.wait()
        answers.append(
            service.call("POST", "/api/v1/shoots", {"file": file}, {"Idempotency-Key": "at-once-7"})
        )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status for answer in answers] == [202] * 4
    assert len({answer.json["board"] for answer in answers}) == 1
    listed = [each["title"] for each in call(service, "GET", "/shoots").json["shoots"]]
    assert listed.count("At once") == 1
