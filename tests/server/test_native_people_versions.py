"""Two who change one character: versions of the native surface, and what goes with a character."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.prompt import characters

MARA = {"anchor": "woman in her 30s, olive skin", "seed": 7}


def test_a_change_from_an_old_version_is_refused_with_both_kept(app: TestClient) -> None:
    app.post("/api/v1/characters", json=MARA | {"name": "Mara"})
    read = app.get("/api/v1/characters/Mara")
    tag = read.headers["etag"]
    assert read.json()["etag"] == tag
    first = app.put("/api/v1/characters/Mara", json=MARA | {"notes": "mine"}, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    second = app.put("/api/v1/characters/Mara", json=MARA | {"notes": "yours"}, headers={"If-Match": tag})
    assert second.status_code == 412
    assert second.headers["content-type"] == "application/problem+json"
    refused = second.json()
    assert "changed meanwhile" in refused["detail"]
    assert refused["current"]["notes"] == "mine"
    assert refused["current"]["etag"] == first.headers["etag"]
    again = app.put("/api/v1/characters/Mara", json=MARA | {"notes": "yours"},
                    headers={"If-Match": refused["current"]["etag"]})  # fmt: skip
    assert (again.status_code, again.json()["notes"]) == (200, "yours")


def test_without_a_version_as_ever(app: TestClient) -> None:
    assert app.put("/api/v1/characters/Mara", json=MARA).status_code == 200
    assert app.put("/api/v1/characters/Mara", json=MARA | {"seed": 8}).json()["seed"] == 8
    assert app.put("/api/v1/characters/Mara", json=MARA, headers={"If-Match": "*"}).status_code == 200
    assert app.put("/api/v1/characters/Nobody", json=MARA, headers={"If-Match": "*"}).status_code == 412


def test_one_that_was_deleted_meanwhile(app: TestClient) -> None:
    tag = app.put("/api/v1/characters/Mara", json=MARA).headers["etag"]
    assert app.delete("/api/v1/characters/Mara", headers={"If-Match": '"another"'}).status_code == 412
    assert app.delete("/api/v1/characters/Mara", headers={"If-Match": tag}).status_code == 204
    answer = app.put("/api/v1/characters/Mara", json=MARA, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert answer.json()["current"] is None
    assert "deleted meanwhile" in answer.json()["detail"]


def test_of_many_who_begin_from_one_version_one_is_first(app: TestClient) -> None:
    tag = app.put("/api/v1/characters/Mara", json=MARA).headers["etag"]
    statuses: list[int] = []

    def change(number: int) -> None:
        body = MARA | {"notes": f"of {number}"}
        statuses.append(app.put("/api/v1/characters/Mara", json=body, headers={"If-Match": tag}).status_code)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + 7 * [412]


def test_a_command_line_that_changes_the_file_is_seen(app: TestClient, tmp_path: Path) -> None:
    tag = app.put("/api/v1/characters/Mara", json=MARA).headers["etag"]
    path = tmp_path / "home" / "characters" / "mara.toml"
    path.write_text(path.read_text("utf-8").replace("olive", "fair"), "utf-8")
    answer = app.put("/api/v1/characters/Mara", json=MARA, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert "fair skin" in answer.json()["current"]["anchor"]


def test_seeds_that_no_browser_can_hold_come_as_text(app: TestClient) -> None:
    largest = str(2**64 - 1)
    made = app.post("/api/v1/characters", json=MARA | {"name": "Ada", "seed": largest})
    assert made.status_code == 201
    assert made.json()["seed_text"] == largest
    assert app.get("/api/v1/characters/ada").json()["seed"] == 2**64 - 1
    for wrong in (str(2**64), "-1", "1e3", "", "7 "):
        assert app.put("/api/v1/characters/ada", json=MARA | {"seed": wrong}).status_code == 422, wrong


def test_an_anchor_is_looked_at_without_being_kept(app: TestClient) -> None:
    found = app.post("/api/v1/characters/anchor", json={"anchor": "man in a red coat, window light"}).json()
    assert any("clothes (coat)" in words for words in found["warnings"])
    assert any("light" in words for words in found["warnings"])
    assert app.post("/api/v1/characters/anchor", json={"anchor": "man, grey beard"}).json() == {
        "warnings": []
    }
    assert app.get("/api/v1/characters").json() == {"characters": []}


def test_a_reference_picture_is_handed_out_small_and_bare(app: TestClient, tmp_path: Path) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    folder = tmp_path / "home" / "characters"
    folder.mkdir(parents=True)
    private = PngInfo()
    private.add_text("where", "at home")
    Image.new("RGB", (900, 1200), (200, 30, 30)).save(folder / "mara.png", pnginfo=private)
    (folder / "mara.toml").write_text(
        'name = "Mara"\nanchor = "woman"\nseed = 1\nreferences = ["mara.png"]\n'
    )
    (one,) = app.get("/api/v1/characters?faces=true").json()["characters"]
    answer = app.get(one["face"])
    assert answer.headers["content-type"] == "image/webp"
    assert b"at home" not in answer.content
    (tmp_path / "small.webp").write_bytes(answer.content)
    with Image.open(tmp_path / "small.webp") as image:
        assert image.size == (240, 320)
    assert app.get("/api/v1/characters/mara/references/1").status_code == 404
    assert app.get("/api/v1/characters/mara/references/x").status_code == 422
    (folder / "mara.png").write_bytes(b"no picture")
    assert app.get(one["face"]).status_code == 422


def test_who_may_only_look_changes_nothing(keyed: Any) -> None:
    reader = keyed.key("reader", "--scope", "read")
    owner = keyed.key("owner", "--scope", "admin", "--scope", "draw", "--scope", "read")
    server = keyed.server
    tag = server.call("PUT", "/api/v1/characters/Kim", MARA, owner).headers["etag"]
    assert server.call("GET", "/api/v1/characters/Kim", headers=reader).headers["etag"] == tag
    changed = server.call("PUT", "/api/v1/characters/Kim", MARA, reader | {"If-Match": tag})
    assert changed.status == 403


def test_one_name_is_kept_once_however_many_ask_at_a_time(app: TestClient) -> None:
    answers: list[int] = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait()
        answers.append(app.post("/api/v1/characters", json=MARA | {"name": "Mara"}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]


def test_a_full_disk_is_said_and_leaves_what_was_there(
    app: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.put("/api/v1/characters/Mara", json=MARA)

    def full(*given: Any, **named: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(characters, "save_text", full)
    answer = app.put("/api/v1/characters/Mara", json=MARA | {"seed": 8})
    assert (answer.status_code, answer.json()["title"]) == (503, "StoreFull")
    assert answer.json()["hint"] == "Free some space; nothing was lost."
    assert app.get("/api/v1/characters/Mara").json()["seed"] == 7
