"""The gallery over HTTP: pages, marks, the bin, others' pictures, and files that anybody may have made."""

from __future__ import annotations

import errno
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from starlette.testclient import TestClient

from fluxgram.errors import StoreFull
from fluxgram.jobs.orders import Order
from fluxgram.pictures.write import encode_picture
from fluxgram.store.records import PictureRecord

if TYPE_CHECKING:
    from tests.server.conftest import Keyed

A1111 = """a sailor, <b>bold</b>
on a second line
Negative prompt: blur,
hands
Steps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 18446744073709551615, Size: 512x768, Model hash: 0a1b, \
Model: "a, \\"b\\"", Version: v1.9.4"""
RECEIPT = {
    "schema": 1, "prompt": {"text": "a queen", "total": 3, "kept": 3, "limit": 128, "lost": ""}, "negative": None,
    "seed": 12, "quality": "proof", "steps": 8, "guidance": 2.0, "delivered": [32, 48], "checkpoint":
    {"name": "fluxgram-mini"},
}  # fmt: skip


def png(size: tuple[int, int] = (32, 48), **texts: str) -> bytes:
    """A PNG with text chunks."""
    chunks, out = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    Image.new("RGB", size, (90, 80, 70)).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def bring(app: TestClient, data: bytes, name: str = "a.png", path: str = "imports", **headers: str) -> Any:
    return app.post(f"/api/v1/{path}", content=data, headers={"X-Filename": quote(name), **headers})


def files(app: TestClient) -> list[str]:
    """Names of all files that lie in the store."""
    place = Path(app.app.state.jobs.store.place)  # type: ignore[attr-defined]
    return sorted(path.name for path in place.rglob("*") if path.is_file())


def draw(app: TestClient, prompt: str = "a sailor", **surface: str) -> str:
    """A picture that was drawn, without a file."""
    jobs = app.app.state.jobs  # type: ignore[attr-defined]
    jobs.submit(Order({"prompt": prompt}, extra=surface))
    job = jobs.queue.claim("the test", 600)
    name = job.names[0]
    picture = PictureRecord(
        name=name, thumbnail=name.replace(".png", "-small.webp"), job=job.id, index=0, seed=2**64 - 1, width=32,
        height=48, bytes=9, format="png", sha256="ab" * 32, receipt=RECEIPT, verdict="unchecked",
        created=float(job.created),
    )  # fmt: skip
    assert jobs.queue.picture(job.id, job.attempt, picture)
    assert jobs.queue.finish(job.id, job.attempt, seconds=1.0)
    return str(name)


def test_a_card_says_what_pages_need(app: TestClient) -> None:
    name = draw(app)
    (card,) = app.get("/api/v1/pictures").json()["pictures"]
    expected = {
        "name": name, "url": f"http://127.0.0.1:7070/pictures/{name}", "width": 32, "height": 48, "prompt": "a queen",
        "seed": "18446744073709551615", "checkpoint": "fluxgram-mini", "origin": "drawn", "rating": 0,
        "favourite": False, "rejected": False, "tags": [], "parent": "", "relation": "", "index": 0,
        "verdict": "unchecked", "trashed": None, "bytes": 9,
    }  # fmt: skip
    assert {key: card[key] for key in expected} == expected
    detail = app.get(f"/api/v1/pictures/{name}").json()
    assert detail["receipt"] == RECEIPT
    assert detail["settings"]["size"] == "32x48"
    assert (detail["settings"]["checkpoint"], detail["settings"]["offered"]) == ("fluxgram-mini", True)
    assert app.get(f"/api/v1/pictures/{name}/receipt").json() == RECEIPT  # as before there was a gallery


def test_pages_go_on_by_a_cursor_while_pictures_come(app: TestClient) -> None:
    made = [draw(app) for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = app.get("/api/v1/pictures", params={"limit": 2, "cursor": cursor}).json()
        seen += [card["name"] for card in page["pictures"]]
        draw(app)
        if not (cursor := page["next"]):
            break
    assert seen == made[::-1]
    assert app.get("/api/v1/pictures", params={"count": True, "limit": 1}).json()["total"] == 8
    for wrong in ("x", "a" * 400, "bm9uZQ"):
        answer = app.get("/api/v1/pictures", params={"cursor": wrong})
        assert (answer.status_code, answer.json()["title"]) == (422, "Malformed")


@pytest.mark.parametrize(
    "query",
    ["rating=6", "rating=x", "rejected=maybe", "limit=0", "limit=1000", "origin=moon", "q=" + "x" * 401],
)
def test_filters_that_are_none(app: TestClient, query: str) -> None:
    assert app.get(f"/api/v1/pictures?{query}").status_code == 422


def test_marks_tags_and_search(app: TestClient) -> None:
    name, other = draw(app, "a 100% sailor"), draw(app)
    card = app.patch(
        f"/api/v1/pictures/{name}", json={"rating": 4, "favourite": True, "tags": ["Sea"]}
    ).json()
    assert (card["rating"], card["favourite"], card["tags"], card["rejected"]) == (4, True, ["sea"], False)
    many = {"names": [name, other], "rejected": True, "add_tags": ["cut"], "remove_tags": ["sea"]}
    answer = app.post("/api/v1/pictures/marks", json=many).json()["pictures"]
    assert [(each["name"], each["rejected"], each["tags"]) for each in answer] == [
        (name, True, ["cut"]), (other, True, ["cut"])]  # fmt: skip
    assert app.get("/api/v1/pictures").json()["pictures"] == []
    found = app.get("/api/v1/pictures", params={"q": "100%", "rejected": "only"}).json()["pictures"]
    assert [each["name"] for each in found] == [name]
    assert app.get("/api/v1/tags").json() == {
        "tags": [{"tag": "cut", "count": 2}], "checkpoints": ["fluxgram-mini"]}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{"rating": 6}, {"rating": -1}, {"rating": "4"}, {"rating": 4.5}, {"favourite": 1}, {"tags": ["x" * 61]},
     {"tags": [""]}, {"tags": "sea"}, {"stars": 4}, {"tags": ["a\nb"] * 65}],
)  # fmt: skip
def test_marks_that_are_none(app: TestClient, body: dict[str, Any]) -> None:
    name = draw(app)
    assert app.patch(f"/api/v1/pictures/{name}", json=body).status_code == 422
    assert app.get("/api/v1/pictures").json()["pictures"][0]["rating"] == 0


@pytest.mark.parametrize("names", [[], ["x.png"], ["a\0b.png"], ["x"] * 501, [1]])
def test_many_that_are_not_there(app: TestClient, names: list[Any]) -> None:
    draw(app)
    answer = app.post("/api/v1/pictures/marks", json={"names": names, "rating": 1})
    assert answer.status_code in (404, 422)


def test_the_bin(app: TestClient) -> None:
    name = bring(app, png()).json()["name"]
    assert app.delete(f"/api/v1/pictures/{name}").json()["trashed"]
    assert app.get("/api/v1/pictures").json()["pictures"] == []
    assert app.get(f"/pictures/{name}").status_code == 200  # it can be taken out again
    assert app.post(f"/api/v1/pictures/{name}/restore").json()["trashed"] is None
    assert len(app.get("/api/v1/pictures").json()["pictures"]) == 1
    app.post("/api/v1/pictures/marks", json={"names": [name], "trashed": True})
    assert app.delete("/api/v1/bin").json() == {"removed": 1}
    assert files(app) == []
    assert app.get(f"/pictures/{name}").status_code == 410
    assert app.get(f"/api/v1/pictures/{name}").status_code == 404
    assert app.delete("/api/v1/bin").json() == {"removed": 0}


def test_lineage(app: TestClient) -> None:
    first = draw(app)
    second = draw(app, parent=first, relation="push")
    found = app.get(f"/api/v1/pictures/{second}/lineage").json()
    assert [(each["name"], each["parent"], each["relation"]) for each in found["pictures"]] == [
        (first, "", ""), (second, first, "push")]  # fmt: skip


def test_another_keys_pictures_are_none(keyed: Keyed) -> None:
    call, mara, ivo, owner = keyed.server.call, keyed.key("mara"), keyed.key("ivo"), keyed.key("owner")
    answer = call("POST", "/api/v1/imports", png(), mara)
    assert answer.status == 201
    name = answer.json["name"]
    assert "signature=" in answer.json["url"]
    path = f"/api/v1/pictures/{name}"
    for method, at, body in (
        ("GET", path, None), ("GET", f"{path}/lineage", None), ("GET", f"{path}/receipt", None),
        ("PATCH", path, {"rating": 1}), ("DELETE", path, None), ("POST", f"{path}/restore", None),
        ("POST", "/api/v1/pictures/marks", {"names": [name], "rating": 1}),
    ):  # fmt: skip
        assert call(method, at, body, ivo).status == 404, (method, at)
    assert name not in [card["name"] for card in call("GET", "/api/v1/pictures", None, ivo).json["pictures"]]
    assert call("GET", path, None, owner).status == 200  # who administers sees everybody's
    assert call("DELETE", "/api/v1/bin", None, ivo).json == {"removed": 0}
    reader = keyed.key("reader", "--scope", "read")
    for method, at, body in (
        ("POST", "/api/v1/imports", png()), ("DELETE", "/api/v1/bin", None), ("DELETE", path, None)
    ):  # fmt: skip
        assert call(method, at, body, reader).status == 403, (method, at)
    assert call("POST", "/api/v1/read", png(), reader).status == 200
    assert call("GET", "/api/v1/pictures").status == 401


def test_the_settings_that_a1111_writes(app: TestClient) -> None:
    found = bring(app, png(parameters=A1111), "../käse\n.png", "read").json()
    assert found["filename"] == "käse.png"
    assert found["settings"] == {
        "prompt": "a sailor, <b>bold</b>\non a second line", "negative": "blur,\nhands",
        "seed": "18446744073709551615", "size": "512x768", "steps": 20, "guidance": 6.5, "quality": "",
        "checkpoint": 'a, "b"', "offered": False, "sampler": "Euler a", "software": "A1111 v1.9.4",
    }  # fmt: skip
    assert found["notes"] == []
    assert app.get("/api/v1/pictures").json()["pictures"] == []  # reading keeps nothing
    card = bring(app, png(parameters=A1111)).json()
    assert (card["origin"], card["prompt"][:8], card["seed"]) == (
        "imported",
        "a sailor",
        "18446744073709551615",
    )
    found = app.get("/api/v1/pictures", params={"q": "bold hands"}).json()["pictures"]
    assert [each["name"] for each in found] == [card["name"]]
    job = app.get(f"/api/v1/jobs/{card['job']}").json()
    assert (job["surface"], job["state"], len(job["pictures"])) == ("import", "done", 1)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_our_own_receipt_comes_back_from_every_format(app: TestClient, kind: str) -> None:
    image = Image.new("RGB", (32, 48), (1, 2, 3))
    data = encode_picture(image, RECEIPT, parameters_text="not this", format=kind)
    kept = bring(app, data, "named.png").json()
    assert (kept["prompt"], kept["seed"], kept["checkpoint"]) == ("a queen", "12", "fluxgram-mini")
    assert app.get(f"/api/v1/pictures/{kept['name']}/receipt").json() == RECEIPT
    assert app.get(f"/pictures/{kept['name']}").content == data  # its bytes stay as they came
    assert app.get(f"/pictures/{kept['name']}").headers["content-type"] == f"image/{kind}"
    small = Image.open(io.BytesIO(app.get(kept["thumbnail_url"]).content))
    assert (small.format, small.size) == ("WEBP", (32, 48))


def test_a_parameters_text_in_a_jpeg_and_other_dialects(app: TestClient) -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode("utf-16-be")
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif.tobytes())
    assert bring(app, out.getvalue(), path="read").json()["settings"]["steps"] == 20
    swarm = {
        "sui_image_params": {"prompt": "p", "seed": 5, "steps": 4, "cfgscale": 1.0, "width": 64, "height": 96}
    }
    found = bring(app, png(parameters=json.dumps(swarm)), path="read").json()["settings"]
    assert (found["prompt"], found["seed"], found["size"], found["software"]) == (
        "p",
        "5",
        "64x96",
        "SwarmUI",
    )
    plain = bring(app, png(parameters="only words: here, and there"), path="read").json()["settings"]
    assert (plain["prompt"], plain["steps"]) == ("only words: here, and there", None)
    comfy = bring(app, png(prompt="{}", workflow="{}"), path="read").json()
    assert comfy["settings"] is None
    assert "ComfyUI" in comfy["notes"][0]


@pytest.mark.parametrize(
    ("receipt", "found"),
    [
        ({"schema": 1, "prompt": ["x"], "seed": "7", "checkpoint": 5, "delivered": "64"}, {}),
        ({"prompt": {"text": "ok"}, "seed": -1, "steps": 10**9, "guidance": "high"}, {"prompt": "ok"}),
        ({"prompt": {"text": "ok"}, "seed": 2**64, "delivered": [True, 5]}, {"prompt": "ok", "seed": None}),
        ({"prompt": {"text": "ok\ud800\0"}, "guidance": float("nan")}, {"prompt": "ok\ufffd\ufffd"}),
        ({"prompt": {"text": "x" * 30_000}}, {"prompt": "x" * 20_000}),
        ({"prompt": {"text": "<img src=x onerror=alert(1)>"}}, {"prompt": "<img src=x onerror=alert(1)>"}),
    ],
)
def test_a_hostile_receipt_is_read_as_far_as_it_is_sound(
    app: TestClient, receipt: dict[str, Any], found: dict[str, Any]
) -> None:
    data = png(fluxgram=json.dumps(receipt))
    for path, status in (("read", 200), ("imports", 201)):
        answer = bring(app, data, path=path)
        assert answer.status_code == status, answer.text
        said = answer.json()["settings"]
        assert (said is None) == (not found)
        assert not found or {key: said[key] for key in found} == found
    card = app.get("/api/v1/pictures").json()["pictures"][0]
    assert app.get(f"/api/v1/pictures/{card['name']}").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", "null", "[" * 100_000, '{"a":' * 300 + "1" + "}" * 300, '{"seed": ' + "9" * 5000 + "}",
     '{"x": "' + "y" * 500_000 + '"}'],
    ids=["broken", "a list", "null", "deep", "nested", "long number", "large"],
)  # fmt: skip
def test_a_receipt_that_is_none_costs_nothing_but_a_note(app: TestClient, text: str) -> None:
    found = bring(app, png(fluxgram=text, parameters=A1111), path="read").json()
    assert found["settings"]["steps"] == 20  # what else the file says is taken instead
    assert len(found["notes"]) == 1
    assert "receipt" in found["notes"][0]
    assert bring(app, png(fluxgram=text)).status_code == 201


def test_ten_megabytes_of_text(app: TestClient) -> None:
    head = png()
    body = b"tEXtparameters\0" + b"x" * 10_000_000
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = head[:33] + chunk + head[33:]  # behind IHDR
    found = bring(app, data, path="read").json()
    assert found["settings"] is None
    assert "10,000,000 characters" in found["notes"][0]
    kept = bring(app, data)
    assert kept.status_code == 201
    assert len(app.get(f"/api/v1/pictures/{kept.json()['name']}").content) < 100_000


def bomb() -> bytes:
    """A PNG of a few kilobytes that claims 30,000 by 30,000 pixels."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + png()[33:]
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello, I am no picture", "not a picture"),
        (png()[:60], "damaged"),
        (png((400, 400))[:-300], "damaged"),
        (bomb(), "pixels|px"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a picture"),
        (b"GIF89a" + bytes(100), "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "damaged|not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "damaged|not a picture"),
    ],
    ids=["empty", "text", "header only", "truncated", "bomb", "svg", "gif", "signature only", "bad jpeg"],
)
def test_files_that_are_no_pictures(app: TestClient, data: bytes, words: str) -> None:
    import re

    for path in ("read", "imports"):
        answer = bring(app, data, "holiday <1>.png", path)
        assert answer.status_code == 422
        said = answer.json()
        assert said["title"] == "PictureError"
        assert re.search(words, said["detail"]), said["detail"]
        assert "holiday <1>.png" in said["detail"]
        assert said["hint"]
    assert files(app) == []
    assert app.get("/api/v1/pictures").json()["pictures"] == []


def test_files_may_be_larger_than_other_bodies_but_not_endless(inside: Callable[..., TestClient]) -> None:
    app = inside(max_body_mb=1)
    noisy = png((900, 900), note="x" * 2_000_000)
    assert len(noisy) > 1_000_000
    body = b"x" * 2_000_000
    assert app.post("/api/v1/lint", content=body).status_code == 413
    large = png() + bytes(39_000_000)
    assert bring(app, large, path="read").status_code == 200
    answer = bring(app, bytes(41_000_000), path="read")
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body is larger than 40 MB."


@pytest.mark.parametrize("fails_at", [0, 1, 2], ids=["thumbnail", "picture", "row"])
def test_no_room_keeps_nothing_half(app: TestClient, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    jobs = app.app.state.jobs  # type: ignore[attr-defined]
    write, calls = jobs.store.write, iter(range(10))

    def full(name: str, data: bytes) -> None:
        if next(calls) == fails_at:
            raise StoreFull("The disk is full: here cannot be written.", "Free some space; nothing was lost.")
        write(name, data)

    monkeypatch.setattr(jobs.store, "write", full)
    if fails_at == 2:

        def refuse(given: object) -> None:
            raise StoreFull("The disk is full.", "Free some space.") from OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(jobs.gallery._gallery, "keep", refuse)
    answer = bring(app, png())
    assert answer.status_code == 503
    assert "The disk is full" in answer.json()["detail"]
    assert answer.json()["hint"]
    assert files(app) == []
    assert app.get("/api/v1/pictures").json()["pictures"] == []
    monkeypatch.undo()
    assert bring(app, png()).status_code == 201


def test_old_pictures_of_the_bin_are_removed_by_the_caretaker(inside: Callable[..., TestClient]) -> None:
    from fluxgram.jobs.caretaker import Caretaker

    app = inside(bin_days=1e-9)
    jobs = app.app.state.jobs  # type: ignore[attr-defined]
    binned, kept = bring(app, png()).json()["name"], bring(app, png()).json()["name"]
    app.delete(f"/api/v1/pictures/{binned}")
    Caretaker(jobs, [])._remove_old()
    assert app.get(f"/pictures/{binned}").status_code == 410
    assert app.get(f"/pictures/{kept}").status_code == 200
    assert len(files(app)) == 2
