"""Comparisons over HTTP, and other servers as they are: a second fluxgram, and one that does everything wrong."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from fluxgram.errors import RequestError
from fluxgram.server.images_answers import EndpointFailed
from fluxgram.server.images_client import ImagesClient, Wish, check_endpoint_url
from fluxgram.store.records import EndpointRecord
from tests.server.conftest import Keyed
from tests.serving import TINY, Server, serving, wait_until

GRID = {
    "title": "Two lights",
    "axes": {"x": {"vary": "light", "values": ["light.rembrandt@left", "light.butterfly"]}},
    "request": {"prompt": "portrait of a sailor, 85mm lens", "quality": "draft"},
}
TOKEN = "fg_other_token-of-another-service"


def done(service: Server, board: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The comparison once nothing more comes by itself."""

    def over() -> dict[str, Any] | None:
        found = service.call("GET", f"/api/v1/boards/{board}", headers=headers).json
        return None if {"queued", "running"} & {cell["state"] for cell in found["cells"]} else found

    found: dict[str, Any] = wait_until(over, "the end of the comparison")
    return found


def test_two_lights_are_drawn_from_one_seed(service: Server) -> None:
    answer = service.call("POST", "/api/v1/boards", GRID)
    assert answer.status == 202, answer.body
    assert answer.headers["location"].endswith(f"/api/v1/boards/{answer.json['id']}")
    found = done(service, answer.json["id"])
    first, second = found["cells"]
    assert first["settings"]["seed"] == second["settings"]["seed"] == first["picture"]["seed"]
    assert first["settings"]["prompt"] != second["settings"]["prompt"]
    assert "Rembrandt" in first["settings"]["prompt"]
    assert "from the left" in first["settings"]["prompt"]
    assert "butterfly lighting" in second["settings"]["prompt"]
    assert found["axes"]["x"]["labels"][1] == "butterfly lighting"
    picture = service.call("GET", first["picture"]["url"].partition(str(service.port))[2])
    assert picture.headers["content-type"] == "image/png"


def test_a_title_is_changed_from_the_version_that_was_seen(service: Server) -> None:
    board = service.call("POST", "/api/v1/boards", GRID).json
    path = f"/api/v1/boards/{board['id']}"
    assert service.call("PATCH", path, {"title": "A", "version": board["version"]}).json["title"] == "A"
    late = service.call("PATCH", path, {"title": "B", "version": board["version"]})
    assert (late.status, late.json["hint"]) == (409, "Load it again and repeat the change.")
    assert service.call("GET", path).json["title"] == "A"
    assert service.call("DELETE", path).status == 204
    listed = [each["id"] for each in service.call("GET", "/api/v1/boards?limit=200").json["boards"]]
    assert board["id"] not in listed
    binned = [each["id"] for each in service.call("GET", "/api/v1/boards?trashed=true").json["boards"]]
    assert board["id"] in binned
    assert service.call("PATCH", path, {"trashed": False}).json["trashed"] is None


def test_pages_of_boards(service: Server) -> None:
    made = [service.call("POST", "/api/v1/boards", {**GRID, "title": f"{n}"}).json["id"] for n in range(3)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None and not set(made) <= set(seen):
        page = service.call("GET", f"/api/v1/boards?kind=comparison&limit=2&cursor={cursor}").json
        seen += [each["id"] for each in page["boards"]]
        cursor = page["next"]
    assert [each for each in seen if each in made] == made[::-1]
    assert len(set(seen)) == len(seen)
    assert service.call("GET", "/api/v1/boards?cursor=nonsense").status == 422


def test_votes_and_sheets(service: Server) -> None:
    board = done(service, service.call("POST", "/api/v1/boards", GRID).json["id"])
    path = f"/api/v1/boards/{board['id']}"
    for winner in ("left", "left", "tie"):
        assert service.call("POST", f"{path}/votes", {"left": 1, "right": 0, "winner": winner}).status == 201
    last = service.call("POST", f"{path}/votes", {"left": 0, "right": 1, "winner": "left"}).json["id"]
    assert service.call("DELETE", f"{path}/votes/{last}").json == {"removed": 1}
    found = service.call("GET", f"{path}/votes").json
    assert (found["votes"], found["ties"], found["on_the_left"], found["leader"]) == (3, 1, 2, None)
    butterfly = found["standings"][1]
    assert (butterfly["wins"], butterfly["losses"], butterfly["share"]) == (2, 0, 1.0)
    assert butterfly["low"] == pytest.approx(0.025**0.5)
    for wrong in ({"left": 0, "right": 0}, {"left": 0, "right": 9}):
        refused = service.call("POST", f"{path}/votes", {**wrong, "winner": "left"})
        assert (refused.status, refused.json["hint"]) == (422, "Give two different numbers of cells.")
    png = service.call("GET", f"{path}/sheet.png")
    with Image.open(io.BytesIO(png.body)) as sheet:
        assert sheet.format == "PNG"
    page = service.call("GET", f"{path}/sheet.html")
    assert page.headers["content-disposition"] == 'attachment; filename="two-lights.html"'
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.body.count(b"data:image/jpeg;base64,") == 2


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "at least two"),
        ({"cells": [{"label": "a", "request": {"prompt": "p"}}]}, 422, "at least two"),
        ({"axes": GRID["axes"]}, 422, "both axes and request"),
        ({**GRID, "axes": {"x": {"vary": "light", "values": ["light.nothing"]}}}, 422, "light.nothing"),
        ({**GRID, "axes": {"x": {"vary": "light", "values": ["lens.85mm-f1-4@up"]}}}, 422, "not a side"),
        (
            {**GRID, "axes": {"x": {"vary": "checkpoint", "values": ["fluxgram-mini", "nobody"]}}},
            422,
            "nobody",
        ),
        ({**GRID, "axes": {"x": {"vary": "seed", "values": list(range(65))}}}, 422, "64"),
        ({**GRID, "axes": {"x": {"vary": "steps", "values": ["many"]}}}, 422, ""),
        ({**GRID, "colour": "red"}, 422, "'colour' is not a field"),
        ({"cells": [{"picture": "../../etc/passwd"}, {"picture": "x.png"}]}, 404, "no picture"),
        ({"cells": [{"endpoint": "nobody", "prompt": "p"}] * 2}, 404, "no other server"),
    ],
)
def test_what_cannot_be_compared(service: Server, body: dict[str, Any], status: int, said: str) -> None:
    before = len(service.call("GET", "/api/v1/jobs?limit=200").json["jobs"])
    answer = service.call("POST", "/api/v1/boards", body)
    assert answer.status == status, answer.body
    assert said in answer.json["detail"]
    assert len(service.call("GET", "/api/v1/jobs?limit=200").json["jobs"]) == before


def test_a_board_of_another_key_is_none(keyed: Keyed) -> None:
    mara, owner = keyed.key("mara"), keyed.key("owner")
    zoe = keyed.key("zoe")
    board = keyed.server.call("POST", "/api/v1/boards", GRID, mara).json["id"]
    path = f"/api/v1/boards/{board}"
    cell = f"{path}/cells/0"
    for method, where, body in [
        ("GET", path, None), ("PATCH", path, {"title": "x"}), ("DELETE", path, None), ("GET", f"{path}/votes", None),
        ("POST", f"{path}/votes", {"left": 0, "right": 1, "winner": "tie"}), ("POST", f"{cell}/again", None),
        ("DELETE", cell, None), ("POST", f"{path}/cancel", None), ("GET", f"{path}/sheet.png", None),
        ("POST", f"{path}/cells", {"cells": [{"picture": "x.png"}]}),
    ]:  # fmt: skip
        assert keyed.server.call(method, where, body, zoe).status == 404, where
    assert keyed.server.call("GET", path, headers=owner).json["title"] == "Two lights"
    assert (
        keyed.server.call("PUT", "/api/v1/endpoints/far", {"url": "http://127.0.0.1:1"}, mara).status == 403
    )
    assert keyed.server.call("GET", path).status == 401


def test_another_keys_picture_is_not_compared_and_nothing_is_told_of_it(keyed: Keyed) -> None:
    call, mara, zoe = keyed.server.call, keyed.key("mara"), keyed.key("zoe")
    drawn = call("POST", "/api/v1/jobs", {"prompt": "a sailor"}, mara).json["id"]

    def picture() -> str:
        pictures = call("GET", f"/api/v1/jobs/{drawn}", None, mara).json["pictures"]
        return pictures[0]["name"] if pictures else ""

    name = wait_until(picture, "the picture")
    answers = [
        call("POST", "/api/v1/boards", {"kind": "comparison", "title": "x", "cells": cells}, zoe)
        for each in (name, "nobody-0.png")
        for cells in [[{"label": "a", "picture": each}, {"label": "b", "picture": each}]]
    ]
    assert [answer.status for answer in answers] == [404, 404]
    assert [answer.json["detail"] for answer in answers] == ["There is no picture of that name."] * 2
    assert str(drawn) not in str(answers[0].json)


def test_the_key_of_another_server_goes_in_and_never_comes_out(app: TestClient, caplog: Any) -> None:
    put = app.put(
        "/api/v1/endpoints/far", json={"url": "https://far.example", "key": TOKEN, "checkpoint": "flux"}
    )
    assert put.json()["url"] == "https://far.example/v1"
    assert put.json()["has_key"] is True
    said = put.text + app.get("/api/v1/endpoints").text + app.get("/api/v1/endpoints/far").text + caplog.text
    assert TOKEN not in said
    assert app.put("/api/v1/endpoints/far", json={"url": "https://far.example/v1"}).json()["has_key"] is True
    assert (
        app.put("/api/v1/endpoints/far", json={"url": "https://far.example/v1", "key": ""}).json()["has_key"]
        is False
    )
    assert app.delete("/api/v1/endpoints/far").status_code == 204
    assert app.get("/api/v1/endpoints/far").status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:7071", "http://127.0.0.1:7071/v1"),
        (" https://api.example.com/v1/ ", "https://api.example.com/v1"),
        ("https://api.example.com/v1/images/generations?x=1#y", "https://api.example.com/v1"),
    ],
)
def test_addresses_of_other_servers(given: str, kept: str) -> None:
    assert check_endpoint_url(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "api.example.com", "ftp://a.example", "file:///etc/passwd", "http://", "http://user:word@a.example",
     "http://169.254.169.254/latest", "http://[fe80::1]/", "http://0.0.0.0/", "http://2852039166/"],
)  # fmt: skip
def test_addresses_that_nothing_is_sent_to(given: str) -> None:
    with pytest.raises(RequestError):
        check_endpoint_url(given)


class Other:
    """A server that answers as a test says, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda _: None
        self.hold = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def says(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(data)

        self.answer = answer


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            made.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.do_GET()

        def do_GET(self) -> None:
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            with contextlib.suppress(OSError):  # who asked may have left
                made.answer(self)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


def a_png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 48), colour).save(out, "PNG")
    return out.getvalue()


def fetch(url: str, timeout: float = 20.0, key: str = TOKEN, **given: Any) -> bytes:
    """What is got of a server."""
    far = EndpointRecord("far", url, key, "flux", 0.0)
    return asyncio.run(ImagesClient(timeout=timeout).fetch(far, Wish("a sailor", **given))).data


def test_it_is_asked_as_clients_of_openai_ask(other: Other) -> None:
    other.says(200, {"data": [{"b64_json": base64.b64encode(a_png()).decode()}]})
    assert fetch(other.url, size="512x768", seed=7) == a_png()
    assert other.asked == [{"prompt": "a sailor", "n": 1, "model": "flux", "size": "512x768", "seed": 7}]
    assert other.headers[0]["authorization"] == f"Bearer {TOKEN}"


ALL = {
    "size": "512x768", "quality": "draft", "seed": 0, "negative": "glasses", "steps": 4, "guidance": 2.5,
}  # fmt: skip
SENT = {
    "size": "512x768", "quality": "low", "seed": 0, "negative_prompt": "glasses", "num_inference_steps": 4,
    "guidance_scale": 2.5,
}  # fmt: skip


def refusing(other: Other, status: int, body: Any) -> None:
    """Have a server refuse once, then draw."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if len(other.asked) == 1:
            other.says(status, body)
        else:
            other.says(200, {"data": [{"b64_json": base64.b64encode(a_png()).decode()}]})
        other.answer(handler)
        other.answer = answer

    other.answer = answer


@pytest.mark.parametrize(
    ("status", "body", "gone"),
    [
        (400, {"error": {"message": "Unknown parameter: 'seed'.", "param": "seed", "code": "unknown_parameter"}},
         {"seed"}),
        (400, {"error": {"message": "unexpected seed, guidance_scale", "param": None}}, {"seed", "guidance_scale"}),
        (400, {"error": "no negative_prompt, please"}, {"negative_prompt"}),
        (400, {"error": {"message": "steps can't be 4.", "param": "steps"}}, {"num_inference_steps"}),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "quality"], "msg": "Extra inputs"}]},
         {"quality"}),
        (422, {"detail": "size and seed are not known"}, {"size", "seed"}),
    ],
)  # fmt: skip
def test_what_is_refused_by_name_is_left_out(other: Other, status: int, body: Any, gone: set[str]) -> None:
    refusing(other, status, body)
    assert fetch(other.url, **ALL) == a_png()
    first, second = ({**asked} for asked in other.asked)
    assert first == {"prompt": "a sailor", "n": 1, "model": "flux", **SENT}
    assert second == {name: value for name, value in first.items() if name not in gone}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "The prompt was refused.", "param": None}}),
        (
            400,
            {"error": {"message": "Of what size, quality and seed?", "param": "prompt"}},
        ),  # about another field
        (400, {"error": {"message": "Unknown parameter: 'n'.", "param": "n"}}),
        (500, {"error": {"message": "Unknown parameter: 'seed'.", "param": "seed"}}),
        (401, {"error": {"message": "no seed without a key", "param": "seed"}}),
        (400, {"error": {"message": 7, "param": ["seed"]}}),
        (422, {"detail": [{"loc": 7, "msg": None}]}),
    ],
)
def test_any_other_refusal_ends_it(other: Other, status: int, body: Any) -> None:
    refusing(other, status, body)
    with pytest.raises(EndpointFailed, match=f"far answers {status}"):
        fetch(other.url, **ALL)
    assert len(other.asked) == 1


def test_a_cell_says_what_another_server_refused_and_that_its_size_is_another(
    service: Server, other: Other
) -> None:
    service.call("PUT", "/api/v1/endpoints/maker", {"url": other.url})
    refusing(other, 400, {"error": {"message": "Unknown parameter: 'negative_prompt'."}})
    far = {
        "endpoint": "maker",
        "prompt": "a sailor",
        "negative": "glasses",
        "quality": "proof",
        "size": "64x64",
    }
    own = {"request": {"prompt": "a sailor", "seed": 2**60 + 1}}
    board = done(service, service.call("POST", "/api/v1/boards", {"cells": [far, own]}).json["id"])
    assert other.asked[1] == {
        "prompt": "a sailor", "n": 1, "size": "64x64", "quality": "medium", "seed": 2**60 + 1,
    }, "the seed of the picture that is drawn here"  # fmt: skip
    settings = board["cells"][0]["settings"]
    assert (settings["not_applied"], settings["unconfirmed"]) == ("size, negative", "seed, quality")
    assert (settings["size"], settings["quality"], settings["seed"]) == ("32x48", "proof", str(2**60 + 1))
    assert "negative" not in settings
    page = service.call("GET", f"/api/v1/boards/{board['id']}/sheet.html").body.decode()
    assert "not applied: size, negative" in page
    wrong = service.call("POST", "/api/v1/boards", {"cells": [{**far, "steps": 0}, own]})
    assert wrong.status == 422


def test_a_picture_by_address_is_fetched_without_the_key(other: Other) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/picture.png":
            other.says(200, a_png("blue"))
        else:
            other.says(200, {"data": [{"url": "/picture.png"}]})
        other.answer(handler)
        other.answer = answer

    other.answer = answer
    assert fetch(other.url) == a_png("blue")
    assert "authorization" not in other.headers[1]


@pytest.mark.parametrize(
    "where",
    ["http://127.0.0.1:1/x.png", "http://10.0.0.1/x.png", "http://169.254.169.254/x", "file:///etc/passwd"],
)
def test_a_picture_s_address_leads_to_no_other_machine_inside(other: Other, where: str) -> None:
    other.says(200, {"data": [{"url": where}]})
    with pytest.raises(EndpointFailed, match="address"):
        fetch(other.url)
    assert len(other.headers) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": {"message": f"Incorrect key: {TOKEN}"}}, "far answers 401: Incorrect key: …"),
        (500, b"<html>oops", "far answers 500."),
        (422, {"detail": "too\n\x1b[31mlarge" + "!" * 1000}, "far answers 422: too [31mlarge!"),
        (307, b"", "redirects are not followed"),
        (200, b"not json", "not one of an images API"),
        (200, b"[" * 100_000, "not one of an images API"),
        (200, {"data": []}, "not one of an images API"),
        (200, {"data": ["x"]}, "not one of an images API"),
        (200, {"data": [{"b64_json": 7}]}, "without a picture"),
        (200, {"data": [{"b64_json": "§§§"}]}, "not base64"),
    ],
)
def test_what_another_server_does_wrong_is_told(other: Other, status: int, body: Any, said: str) -> None:
    other.says(status, body, Location="http://127.0.0.1:1/")
    with pytest.raises(EndpointFailed) as refused:
        fetch(other.url)
    told = f"{refused.value} {refused.value.hint}"
    assert said in told
    assert TOKEN not in told
    assert told.isprintable()
    assert len(told) < 600


def test_a_server_that_hangs_is_left(other: Other) -> None:
    other.answer = lambda _: other.hold.wait(30) and None
    with pytest.raises(EndpointFailed, match=r"no picture within 0\.3 s"):
        fetch(other.url, timeout=0.3)


def test_a_server_that_drips_is_left(other: Other) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not other.hold.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    other.answer = drip
    with pytest.raises(EndpointFailed, match=r"no picture within 0\.5 s"):
        fetch(other.url, timeout=0.5)


def test_a_gigabyte_is_not_read(other: Other) -> None:
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        while sent < 10**9:
            handler.wfile.write(bytes(1_000_000))
            sent += 1_000_000

    other.answer = flood
    with pytest.raises(EndpointFailed, match="more than 40 MB"):
        fetch(other.url)
    assert sent < 200_000_000


def test_nobody_listens_there() -> None:
    with pytest.raises(EndpointFailed, match=r"cannot be reached at 127\.0\.0\.1:1"):
        fetch("http://127.0.0.1:1/v1")


def test_rubbish_for_a_picture_leaves_a_cell_that_says_so(service: Server, other: Other) -> None:
    service.call("PUT", "/api/v1/endpoints/rubbish", {"url": other.url, "key": TOKEN})
    other.says(200, {"data": [{"b64_json": base64.b64encode(b"GIF89a and so on").decode()}]})
    asked = {"endpoint": "rubbish", "prompt": "a sailor"}
    board = done(service, service.call("POST", "/api/v1/boards", {"cells": [asked, asked]}).json["id"])
    assert {cell["state"] for cell in board["cells"]} == {"failed"}
    assert board["cells"][0]["problem"]["message"] == "rubbish sent something that is no picture."
    other.says(200, {"data": [{"b64_json": base64.b64encode(a_png()).decode()}]})
    again = service.call("POST", f"/api/v1/boards/{board['id']}/cells/0/again")
    assert again.status == 202, again.body
    board = done(service, board["id"])
    assert [cell["state"] for cell in board["cells"]] == ["done", "failed"]
    kept = board["cells"][0]["picture"]
    assert (kept["origin"], kept["width"], kept["height"], kept["prompt"]) == ("endpoint", 32, 48, "a sailor")
    assert TOKEN not in service.log


def test_a_second_fluxgram_draws_and_a_server_that_dies_forgets_nothing(
    tmp_path: Path, service: Server, other: Other
) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY) as own:
        own.call("PUT", "/api/v1/endpoints/second", {"url": service.url})
        own.call("PUT", "/api/v1/endpoints/slow", {"url": other.url, "key": TOKEN})
        other.answer = lambda _: other.hold.wait(60) and None
        cells = [
            {"endpoint": "second", "prompt": "portrait of a sailor", "seed": 66},
            {"endpoint": "slow", "prompt": "portrait of a sailor"},
            {"label": "own", "request": {"prompt": "portrait of a sailor", "seed": 66}},
        ]
        board = own.call("POST", "/api/v1/boards", {"title": "Two services", "cells": cells}).json["id"]

        def there() -> Any:
            found = own.call("GET", f"/api/v1/boards/{board}").json["cells"]
            return (
                found if (found[0]["state"], found[2]["state"]) == ("done", "done") and other.asked else None
            )

        first, slow, third = wait_until(there, "the second service's picture")
        assert slow["state"] == "running"
        assert first["picture"]["origin"] == "endpoint"
        assert first["settings"]["seed"] == "66"
        assert "unconfirmed" not in first["settings"], "its receipt says it"
        with Image.open(io.BytesIO(own.call("GET", f"/pictures/{first['picture']['name']}").body)) as drawn:
            assert drawn.convert("RGB").getpixel((5, 5)) == (66, 0, 0), "the toy's colour of the seed"
        own.kill()
        own.start()
        after = own.call("GET", f"/api/v1/boards/{board}").json["cells"]
        assert after[0]["picture"] == first["picture"]
        assert (after[1]["state"], after[1]["problem"]["kind"]) == ("failed", "Interrupted")
        assert after[2]["picture"]["name"] == third["picture"]["name"]
        other.says(200, {"data": [{"b64_json": base64.b64encode(a_png()).decode()}]})
        assert own.call("POST", f"/api/v1/boards/{board}/cells/1/again").status == 202
        assert done(own, board)["cells"][1]["state"] == "done"
        assert TOKEN not in own.log


def test_cancelling_stops_what_waits_here_and_elsewhere(service: Server, other: Other) -> None:
    service.call("PUT", "/api/v1/endpoints/slow", {"url": other.url})
    other.answer = lambda _: other.hold.wait(60) and None
    cells = [{"endpoint": "slow", "prompt": "p"}, {"request": {"prompt": "crawl", "steps": 200}}]
    board = service.call("POST", "/api/v1/boards", {"cells": cells}).json["id"]
    wait_until(lambda: other.asked, "the other server's question")
    service.call("POST", f"/api/v1/boards/{board}/cancel")
    assert [cell["state"] for cell in done(service, board)["cells"]] == ["cancelled", "cancelled"]
