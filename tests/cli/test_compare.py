"""`fluxgram compare` as people use it: checkpoints, files and other servers on one sheet, and rows that fail."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from fluxgram.cli.comparing import drawn_rows
from fluxgram.cli.comparing_others import ask, endpoint_rows, file_rows
from fluxgram.engine.receipt import Receipt
from fluxgram.errors import RequestError
from fluxgram.pictures.read import read_comparison, read_picture, read_receipt, read_source
from fluxgram.settings import Settings
from tests.cli.conftest import SCRIPT, Done, Shell
from tests.cli.test_bad_input import refused
from tests.serving import serving, toy_at_home, wait_until

Run = Callable[..., Done]
KEY = "sk-secret-of-another-maker"
TOYS = ("--size", "64x64", "--steps", 2, "--seed", 7)


def pictures(page: str) -> list[Image.Image]:
    """The pictures within a page."""
    coded = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in coded]


def words(page: str) -> str:
    """What a page says, without tags and pictures."""
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", body)).strip()


def test_two_checkpoints_from_the_same_seeds(
    shell: Shell, inside: Run, toy: Path, distilled_toy: Path
) -> None:
    done = inside(
        "compare",
        "a sailor",
        "-c",
        toy,
        "-c",
        distilled_toy,
        *TOYS,
        "-n",
        2,
        "--keep",
        "each",
        "--out",
        "s.png",
    )
    assert done.status == 0, done.err
    assert shell.files() == ["each", "s.html", "s.png"]
    said = done.out.splitlines()
    assert said[0].startswith(f"{toy.name} · 2 pictures · ")
    assert re.search(
        rf"^{distilled_toy.name} · 2 pictures · .* s a picture, [\d.e+-]+ times the first$", said[1]
    )
    assert said[2:] == ["s.png", "s.html"]
    shown = read_comparison(shell.folder / "s.png")
    found = [[each["seed"] for each in row["pictures"]] for row in shown["rows"]]  # type: ignore[attr-defined]
    assert found == [[7, 8], [7, 8]]
    kept = sorted((shell.folder / "each").iterdir())
    assert [path.name for path in kept] == [
        "1-toy-7.png", "1-toy-8.png", "2-toy-distilled-7.png", "2-toy-distilled-8.png",
    ]  # fmt: skip
    for path, each in zip(kept, (each for row in shown["rows"] for each in row["pictures"]), strict=True):  # type: ignore[attr-defined]
        assert read_receipt(path) == each["receipt"]
        assert Receipt.from_dict(each["receipt"]).seed == each["seed"]
        assert each["seconds"] == pytest.approx(
            sum(spent for stage, spent in each["receipt"]["seconds"].items() if stage != "load"), abs=1e-3
        )
    assert read_source(shell.folder / "s.png").endswith("trainedAlgorithmicMedia")
    page = (shell.folder / "s.html").read_text("utf-8")
    assert [image.size for image in pictures(page)] == [(64, 64)] * 4
    assert "seed 7 seed 8" in words(page)
    assert "2 steps" in words(page)
    assert "http" not in re.sub(r"<meta http-equiv", "", page)


def test_a_base_beside_its_tune_which_have_the_same_weights(shell: Shell) -> None:
    settings = Settings(home=shell.home)
    rows = drawn_rows(["mini", "fluxgram-v1", "fluxgram-mini"], [()], [7], settings, prompt="a sailor")
    assert [row.label for row in rows] == ["fluxgram-mini", "fluxgram-v1"]
    assert [len(plan.adapters) for row in rows for cell in row.cells if (plan := cell.plan)] == [0, 1]


def test_the_pictures_are_those_that_generate_draws(
    shell: Shell, inside: Run, toy: Path, distilled_toy: Path
) -> None:
    assert inside("generate", "a sailor", "-c", toy, *TOYS, "-o", "one.png", "--quiet").status == 0
    done = inside(
        "compare", "a sailor", "-c", distilled_toy, "-c", toy, *TOYS, "--keep", "k", "-o", "s", "--quiet"
    )
    assert (done.status, done.out.split(), done.err) == (0, ["s.png", "s.html"], "")
    alone, beside = (read_picture(shell.folder / name) for name in ("one.png", "k/2-toy-7.png"))
    assert alone.tobytes() == beside.tobytes()


def write_adapter(path: Path, checkpoint: Path, *, narrower: int = 0) -> None:
    """A LoRA of every query projection of a checkpoint; one that is narrower fits none."""
    file = next((checkpoint / "transformer").glob("*.safetensors"))
    tensors = {}
    with safe_open(file, "np") as weights:
        for name in weights.keys():  # noqa: SIM118  (it is no mapping)
            if name.endswith(".attn.to_q.weight"):
                out, into = weights.get_slice(name).get_shape()
                layer = f"transformer.{name.removesuffix('.weight')}"
                tensors[f"{layer}.lora_A.weight"] = np.full((2, into - narrower), 0.3, np.float32)
                tensors[f"{layer}.lora_B.weight"] = np.full((out, 2), 0.3, np.float32)
    assert tensors
    save_file(tensors, path)


def test_a_row_with_each_adapter_beside_the_row_without(shell: Shell, inside: Run, toy: Path) -> None:
    """One that does not fit is told in its row; the pictures of the others are as `generate` draws them."""
    write_adapter(shell.folder / "film.safetensors", toy)
    write_adapter(shell.folder / "odd.safetensors", toy, narrower=1)
    done = inside(
        "compare", "x", "-c", toy, *TOYS, "-a", "film.safetensors:0.5", "-a", "film.safetensors + odd.safetensors",
        "--keep", "k", "-o", "s.png",
    )  # fmt: skip
    assert done.status == 1
    assert "error: toy + film + odd: " in done.err
    rows: Any = read_comparison(shell.folder / "s.png")["rows"]
    assert [row["label"] for row in rows] == ["toy", "toy + film 0.5", "toy + film + odd"]
    plain, film, odd = (row["pictures"][0] for row in rows)
    assert plain["receipt"]["adapters"] == []
    assert [(each["name"], each["strength"]) for each in film["receipt"]["adapters"]] == [("film", 0.5)]
    assert odd["receipt"] is None
    assert "odd" in odd["problem"]
    assert "toy + film + odd " + odd["problem"] in words((shell.folder / "s.html").read_text("utf-8"))
    same = inside("generate", "x", "-c", toy, *TOYS, "-a", "film.safetensors:0.5", "-o", "one.png", "--quiet")
    assert same.status == 0, same.err
    without, with_film = (read_picture(path).tobytes() for path in sorted((shell.folder / "k").iterdir()))
    alone = read_picture(shell.folder / "one.png").tobytes()
    assert alone == with_film
    assert alone != without
    placed = inside(
        "compare", "x", "-c", toy, *TOYS, "-a", "film.safetensors", "-a", "none", "-o", "t.png", "--json"
    )
    assert [row["label"] for row in json.loads(placed.out)["rows"]] == ["toy + film", "toy"]


def test_what_a_checkpoint_cannot_apply_stands_in_its_row(
    shell: Shell, inside: Run, toy: Path, distilled_toy: Path
) -> None:
    done = inside(
        "compare", "x", "-c", toy, "-c", distilled_toy, *TOYS, "--guidance", 2.5, "--allow-ignored",
        "-o", "s.png", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    able, unable = (row["not_applied"] for row in json.loads(done.out)["rows"])
    assert able == {}
    assert list(unable) == ["guidance"]
    assert "distilled" in unable["guidance"]
    assert words((shell.folder / "s.html").read_text("utf-8")).count("not applied: guidance") == 1


def test_files_stand_where_their_seed_is(shell: Shell, inside: Run, toy: Path) -> None:
    """A picture that knows its seed takes that column, one that knows nothing the column that is left."""
    assert (
        inside(
            "generate", "x", "-c", toy, "--size", "64x64", "--steps", 1, "--seed", 8, "-o", "eight.png"
        ).status
        == 0
    )
    Image.new("RGB", (40, 60), "red").save(shell.folder / "red.webp", lossless=True)
    done = inside(
        "compare", "x", "-c", toy, "--size", "64x64", "--steps", 1, "--seed", 7, "--seed", 8,
        "--picture", "A painter=red.webp", "--picture", "A painter=eight.png", "--picture", "red.webp",
        "-o", "s.png", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    _, painter, red = json.loads(done.out)["rows"]
    assert (painter["label"], painter["kind"], red["label"]) == ("A painter", "file", "red")
    assert [each["seed"] for each in painter["pictures"]] == [None, 8]
    assert [each["receipt"] is None for each in painter["pictures"]] == [True, False]
    assert [image.size for image in pictures((shell.folder / "s.html").read_text("utf-8"))] == [
        (64, 64), (64, 64), (40, 60), (64, 64), (40, 60),
    ]  # fmt: skip


def test_another_fluxgram_draws_a_row_of_all_that_is_asked(shell: Shell, inside: Run, tmp_path: Path) -> None:
    """The same weights give the same picture there, and its receipt says so: nothing is unconfirmed."""
    toy_at_home(shell.home)
    with serving(tmp_path / "other") as service:
        done = inside(
            "compare", "x", "-c", "toy", "--endpoint", f"Other={service.url}/v1,toy", "--seed", 7, "--size", "portrait",
            "--steps", 2, "--guidance", 2.5, "--negative", "glasses", "--keep", "k", "-o", "s.png", "--json",
        )  # fmt: skip
        assert done.status == 0, done.err
    assert "note:" not in done.err
    rows = json.loads(done.out)["rows"]
    (here,), (there,) = (row["pictures"] for row in rows)
    assert there["sent"] == {
        "size": "64x96", "seed": 7, "negative": "glasses", "steps": 2, "guidance": 2.5,
    }  # fmt: skip
    for name in ("seed", "steps", "guidance", "delivered", "negative"):
        assert there["receipt"][name] == here["receipt"][name], name
    assert there["receipt"]["service"]["surface"] == "openai"
    assert [row["not_applied"] for row in rows] == [{}, {}]
    one, other = (np.asarray(read_picture(shell.folder / each["file"]), int) for each in (here, there))
    assert np.abs(one - other).max() <= 2
    page = words((shell.folder / "s.html").read_text("utf-8"))
    assert "Other toy · 2 steps · guidance 2.5 64 × 96" in page
    assert "unconfirmed" not in page


class Maker(BaseHTTPRequestHandler):
    """A server as OpenAI's own: it wants a key, has three sizes, and refuses fields that it does not know."""

    KNOWN = ("prompt", "model", "n", "size", "quality")
    SIZES = (None, "auto", "1024x1024", "1024x1536", "1536x1024")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers["authorization"], body))  # type: ignore[attr-defined]
        if self.headers["authorization"] != f"Bearer {KEY}":
            return self.answer(401, {"error": {"message": f"bad key {self.headers['authorization']}"}})
        for name in body:
            if name not in self.KNOWN:
                return self.refuse(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if body.get("size") not in self.SIZES:
            return self.refuse(f"Invalid value: '{body['size']}'.", "size", "invalid_value")
        coded = base64.b64encode(self.picture()).decode()
        return self.answer(200, {"data": [{"b64_json": coded}]})

    def refuse(self, message: str, param: str, code: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.answer(400, {"error": error})

    def picture(self) -> bytes:
        data = io.BytesIO()
        Image.new("RGB", (30, 20), "blue").save(data, "JPEG")
        return data.getvalue()

    def answer(self, status: int, value: Any) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Careless(Maker):
    """A server whose first part of the path says what it does wrong; without one it takes anything."""

    def do_GET(self) -> None:
        self.answer(200, self.picture())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        wrong = self.path.strip("/").split("/")[0]
        if wrong == "hangs":
            self.server.hold.wait(60)  # type: ignore[attr-defined]
        elif wrong == "page":
            self.answer(200, b"<html>Welcome!</html>")
        elif wrong == "url":
            self.answer(200, {"data": [{"url": "/there.jpg"}]})
        elif wrong == "inside":
            self.answer(200, {"data": [{"url": "http://169.254.169.254/key"}]})
        elif wrong == "huge":
            with contextlib.suppress(OSError):  # who asked leaves
                self.answer(200, bytes(60_000_000))
        else:
            data = b"GIF89a" if wrong == "gif" else self.picture()
            self.answer(200, {"data": [{"b64_json": base64.b64encode(data).decode()}]})


def run(handler: type[Maker]) -> Iterator[Any]:
    """A server on a free port, with what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.asked, server.hold = [], Event()  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.hold.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def maker() -> Iterator[Any]:
    yield from run(Maker)


@pytest.fixture
def careless() -> Iterator[Any]:
    yield from run(Careless)


def test_what_a_server_refuses_is_left_out_and_told_everywhere(
    shell: Shell, inside: Run, toy: Path, maker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKERS_KEY", KEY)
    done = inside(
        "compare", "x", "-c", toy, *TOYS, "-n", 2, "-q", "draft", "--negative", "glasses", "--keep", "k", "-o", "s.png",
        "--endpoint", f"http://127.0.0.1:{maker.server_port}/v1,imago,MAKERS_KEY",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert KEY not in done.out + done.err
    assert {(path, key) for path, key, _ in maker.asked} == {("/v1/images/generations", f"Bearer {KEY}")}
    least = {"prompt": "x", "n": 1, "model": "imago", "quality": "low"}
    first, *_, last_of_the_first, second = (body for _, _, body in maker.asked)
    more = {"size": "64x64", "seed": 7, "negative_prompt": "glasses", "num_inference_steps": 2}
    assert first == least | more
    assert last_of_the_first == second == least, "what it refused once is not sent again"
    assert len(maker.asked) == 6
    told = "seed, negative prompt, steps, size"
    assert "imago · 2 pictures · " in done.out
    assert f"sent, unconfirmed: quality · not applied: {told}" in done.out
    assert "note:  imago refused seed and was asked without: Unknown parameter: 'seed'." in done.err
    row: Any = read_comparison(shell.folder / "s.png")["rows"][1]  # type: ignore[index]
    assert row["not_applied"] == {
        "seed": "Unknown parameter: 'seed'.",
        "negative": "Unknown parameter: 'negative_prompt'.",
        "steps": "Unknown parameter: 'num_inference_steps'.",
        "size": "Invalid value: '64x64'.",
    }
    assert [(each["seed"], each["sent"], each["size"]) for each in row["pictures"]] == [
        (None, {"quality": "low"}, "30x20")
    ] * 2
    assert [Path(each["file"]).name for each in row["pictures"]] == ["2-imago-7.jpg", "2-imago-8.jpg"]
    assert read_picture(shell.folder / "k" / "2-imago-8.jpg").size == (30, 20)
    page = words((shell.folder / "s.html").read_text("utf-8"))
    assert f"sent, unconfirmed: quality not applied: {told}" in page
    assert page.count("30 × 20 instead of 64 × 64") == 2
    inspected = " ".join(inside("inspect", "s.png").out.split())
    assert "sent quality low not applied: seed. Unknown parameter: 'seed'." in inspected


def test_what_no_server_can_be_asked_for_is_told(shell: Shell, inside: Run, toy: Path, careless: Any) -> None:
    """A shape is sent in the pixels that the first row has; adapters and ways of a negative prompt are not sent."""
    write_adapter(shell.folder / "film.safetensors", toy)
    done = inside(
        "compare", "x", "-c", toy, "--size", "portrait", "--steps", 2, "--seed", 7, "-a", "film.safetensors",
        "--negative", "glasses", "--negative-method", "true_cfg", "--guidance", 2.5, "-o", "s.png", "--json",
        "--endpoint", f"Any: of=them=http://127.0.0.1:{careless.server_port}",
    )  # fmt: skip
    assert done.status == 0, done.err
    first, *_, row = json.loads(done.out)["rows"]
    assert row["label"] == "Any: of=them"
    assert row["not_applied"] == {
        "adapters": "They lie on this machine.",
        "negative_method": "The images route has no field for it.",
    }
    (cell,) = row["pictures"]
    assert cell["sent"]["size"] == "{}x{}".format(*first["pictures"][0]["receipt"]["delivered"])
    page = words((shell.folder / "s.html").read_text("utf-8"))
    assert "sent, unconfirmed: seed, negative prompt, steps, guidance" in page
    assert "not applied: adapters, way of the negative prompt" in page
    assert "30 × 20 instead of" in page


@pytest.mark.parametrize(
    ("wrong", "said", "hint"),
    [
        ("page", "sent an answer that is not one of an images API.", "Check its address; most end in /v1."),
        ("gif", "sent is not a picture that can be read.", "PNG, JPEG and WebP can be."),
        ("inside", "leads to an address that nothing is sent to.", "Change its address."),
        ("huge", "sent more than 40 MB.", "Ask for a smaller picture."),
        ("hangs", "gave no picture within 0.5 s.", "Ask again, or for a smaller one."),
    ],
)
def test_an_answer_that_is_no_picture_leaves_the_other_rows(
    careless: Any, wrong: str, said: str, hint: str
) -> None:
    server = f"http://127.0.0.1:{careless.server_port}"
    rows = endpoint_rows([f"odd={server}/{wrong}/v1", f"good={server}/url/v1"], [1, 2], {})
    for row, seconds in ((rows[0], 0.5 if wrong == "hangs" else 60.0), (rows[1], 60.0)):
        ask([row], {"prompt": "x"}, force=False, note=lambda _: None, timeout=seconds)
    problem = rows[0].problem
    assert problem is not None
    assert (str(problem).partition("odd ")[2], problem.hint) == (said, hint)
    assert [cell.picture is None for cell in rows[0].cells] == [True, True]
    assert [cell.picture and cell.picture.size for cell in rows[1].cells] == [(30, 20)] * 2


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["2024=a.png", "2024=b.png", "c.png"], ["2024", "c"]),
        (["0=a.png", "b.png"], ["0", "b"]),  # no label is mistaken for a place in the list
        (["a=b.png"], ["a=b"]),  # the file's whole name
        (["L=a=b.png"], ["L"]),
        (["steps=4=c.png"], ["steps=4"]),
        (["FLUX.2: dev=a.png"], ["FLUX.2: dev"]),
        (["in=side/a.png", "x=in=side/a.png"], ["a", "x"]),
        ([" spaced  out = a.png "], ["spaced out"]),
    ],
)
def test_labels_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], labels: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in=side").mkdir()
    for name in ("a.png", "b.png", "c.png", "a=b.png", "in=side/a.png"):
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    rows = file_rows(texts, [1, 2])
    assert [row.label for row in rows] == labels
    assert sum(cell.picture is not None for row in rows for cell in row.cells) == len(texts)


def test_a_key_with_what_no_key_has() -> None:
    for key in ("schlüssel", "two words"):
        with pytest.raises(RequestError, match="characters that no key has") as refused:
            endpoint_rows(["http://x/v1,m,K"], [1], {"K": key})
        assert key not in f"{refused.value}{refused.value.hint}"


def test_a_row_that_fails_says_why_and_the_others_are_drawn(
    shell: Shell, inside: Run, toy: Path, maker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKERS_KEY", "sk-wrong")
    done = inside(
        "compare", "x", "-c", toy, *TOYS, "-n", 2, "-o", "s.png",
        "--endpoint", f"http://127.0.0.1:{maker.server_port}/v1,imago,MAKERS_KEY", "--endpoint", "http://127.0.0.1:1/v1",
    )  # fmt: skip
    assert done.status == 1
    assert "error: imago answers 401: bad key Bearer …" in done.err
    assert "hint:  Check its key." in done.err
    assert "error: 127.0.0.1:1 cannot be reached at 127.0.0.1:1." in done.err
    assert "sk-wrong" not in done.out + done.err + (shell.folder / "s.html").read_text("utf-8")
    assert len(maker.asked) == 1  # its other column was not tried
    page = (shell.folder / "s.html").read_text("utf-8")
    assert len(pictures(page)) == 2
    assert "imago answers 401: bad key Bearer … Not tried again." in words(page)
    shown = inside("inspect", "s.png")
    assert "imago answers 401" in shown.out
    assert inside("reshoot", "s.png").status == 1  # it is no single picture


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "nothing to compare with"),
        (["-c", "fluxgram-mini", "-c", "mini"], 2, "nothing to compare with"),  # the same by another name
        (["--picture", "nothing.png"], 1, "nothing.png is not there"),
        (["-c", "fluxgram-mini", "-c", "nobody"], 2, "no checkpoint 'nobody'"),
        (["--picture", "a.png", "--seed", "x"], 2, "'x' is not a seed"),
        (["--picture", "a.png", "--seed", "1", "--seed", "2", "-n", "2"], 2, "Several seeds and --samples"),
        (["--picture", "a.png", "-n", "33"], 2, "2 rows of 33 are 66 pictures"),
        (["--picture", "a.png", "-n", "0"], 2, "samples can't be 0"),
        (["--picture", "L=a.png", "--picture", "L=a.png"], 2, "The row L has 2 pictures"),
        (["--picture", "a.png", "--out", "s.jpg"], 1, "'s.jpg' is no name of a sheet"),
        (["--picture", "a.png", "--out", "there.png"], 1, "there.png is there already"),
        (["--picture", "a.png", "--out", "gone/s.png"], 1, "The folder gone is not there"),
        (["--picture", "a.png", "--size", "huge"], 2, "huge"),
        (["--picture", "a.png", "--keep", "a.png"], 1, "The folder a.png cannot be made"),
        (["--endpoint", "ftp://x"], 2, "must begin with http"),
        (["--endpoint", "http://user:pw@x/v1"], 2, "must not hold a user name"),
        (["--endpoint", "http://169.254.169.254/v1"], 2, "Nothing is ever sent to that address"),
        (["--endpoint", "http://x/v1,m,sk-key-by-mistake"], 2, "environment variable that is not set"),
        (["--endpoint", "http://x/v1,m,V,more"], 2, "too many parts"),
        (["--adapter", "film:much"], 2, "not a weight"),
        (["--adapter", "nobodys"], 2, "There is no adapter 'nobodys'"),
        (["--adapter", "gone.safetensors"], 2, "gone.safetensors"),
    ],
)
def test_what_cannot_be_compared(
    shell: Shell, inside: Run, arguments: list[str], status: int, said: str
) -> None:
    """All of it is found before anything is drawn or written."""
    Image.new("RGB", (9, 9)).save(shell.folder / "a.png")
    Image.new("RGB", (9, 9)).save(shell.folder / "there.png")
    before = (shell.folder / "there.png").read_bytes()
    done = inside("compare", "a sailor", *arguments)
    refused(done, status, said)
    assert "sk-key" not in done.err
    assert shell.files() == ["a.png", "there.png"]
    assert (shell.folder / "there.png").read_bytes() == before


def test_ctrl_c_leaves_a_sheet_of_what_is_there(shell: Shell, toy: Path) -> None:
    command = ["compare", "x", "-c", str(toy), "--size", "64x64", "--steps", "40", "--seed", "1", "-n", "32",
               "--picture", "a.png", "--keep", "k", "-o", "s.png"]  # fmt: skip
    Image.new("RGB", (9, 9)).save(shell.folder / "a.png")
    process = subprocess.Popen(
        [SCRIPT, *command], cwd=shell.folder, env=shell.environment(), stderr=subprocess.PIPE, text=True
    )
    kept = shell.folder / "k"
    wait_until(lambda: kept.is_dir() and len(list(kept.glob("*.png"))) >= 2, "two pictures")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Stopped; what was there is on s.png." in said
    shown = read_comparison(shell.folder / "s.png")
    drawn = [each for each in shown["rows"][0]["pictures"] if each["receipt"]]  # type: ignore[index]
    assert 2 <= len(drawn) < 32
    assert "Not drawn" in (shell.folder / "s.html").read_text("utf-8")
