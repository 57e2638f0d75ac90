"""The published `openai` client against a real service, with its strict validation of answers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import http.client
import io
import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from fluxgram.pictures.read import read_receipt
from tests.serving import Server, serving, wait_until

PROMPT = "portrait of a woman with auburn hair, soft window light from the left"
SLOW = {"n": 10, "steps": 200}
"""Takes the toy long enough to be stopped in the middle."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("openai")) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with client_of(server) as one:
        yield one


def client_of(server: Server, key: str = "any", **how: Any) -> openai.OpenAI:
    how = {"max_retries": 0} | how
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, _strict_response_validation=True, **how)


def picture(item: Any) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(item.b64_json, validate=True)))


def pixels(image: Image.Image) -> str:
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def draw(client: openai.OpenAI, *, extra: dict[str, Any] | None = None, **fields: Any) -> Any:
    return client.images.generate(**({"prompt": PROMPT} | fields), extra_body=extra)


def test_a_picture(client: openai.OpenAI, tmp_path: Path) -> None:
    answer = draw(client, model="gpt-image-1", size="64x96", quality="low", extra={"seed": 42})
    image = picture(answer.data[0])
    assert image.size == (64, 96)
    assert (answer.size, answer.quality, answer.background, answer.output_format) == (
        "64x96",
        "low",
        "opaque",
        "png",
    )
    assert answer.data[0].seed == 42
    assert answer.data[0].revised_prompt is None
    assert answer.data[0].url is None
    assert abs(answer.created - time.time()) < 600
    assert answer.fluxgram["checkpoint"] == "toy"
    assert answer.fluxgram["safety"] == "unchecked"
    assert [note["name"] for note in answer.fluxgram["notes"]] == ["model"]
    path = tmp_path / "picture.png"
    path.write_bytes(base64.b64decode(answer.data[0].b64_json))
    receipt = read_receipt(path)
    assert (receipt["seed"], receipt["prompt"]["text"], receipt["steps"]) == (42, PROMPT, 2)
    assert (
        answer.usage.input_tokens
        == answer.usage.input_tokens_details.text_tokens
        == receipt["prompt"]["total"]
        > 5
    )
    assert answer.usage.output_tokens == (64 // 16) * (96 // 16)


def test_a_link(server: Server, client: openai.OpenAI) -> None:
    linked = draw(client, model="dall-e-3", extra={"seed": 7})
    here = draw(client, response_format="b64_json", extra={"seed": 7})
    assert linked.data[0].b64_json is None
    assert linked.data[0].url.startswith(f"{server.url}/pictures/")
    with urllib.request.urlopen(linked.data[0].url) as fetched:  # noqa: S310  (our own)
        assert fetched.headers["Content-Type"] == "image/png"
        data = fetched.read()
    assert pixels(Image.open(io.BytesIO(data))) == pixels(picture(here.data[0]))


def test_a_seed_is_a_picture_here_and_on_the_command_line(
    server: Server, client: openai.OpenAI, tmp_path: Path
) -> None:
    extra = {"seed": 5, "steps": 3, "guidance": 2.5, "negative_prompt": "glasses"}
    first, again = (draw(client, n=1, extra=extra) for _ in range(2))
    assert pixels(picture(first.data[0])) == pixels(picture(again.data[0]))
    out = tmp_path / "same.png"
    done = server.command(
        "generate", "--checkpoint", "toy", "--seed", "5", "--steps", "3", "--guidance", "2.5", "--negative", "glasses",
        "--out", str(out), "--", PROMPT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pixels(picture(first.data[0])) == pixels(Image.open(out))
    other = draw(client, extra=extra | {"seed": 6})
    assert pixels(picture(other.data[0])) != pixels(picture(first.data[0]))


def test_several_pictures(client: openai.OpenAI) -> None:
    many = draw(client, n=3, extra={"seed": 100})
    assert [item.seed for item in many.data] == [100, 101, 102]
    assert len({pixels(picture(item)) for item in many.data}) == 3
    alone = draw(client, extra={"seed": 101})
    assert pixels(picture(alone.data[0])) == pixels(picture(many.data[1]))
    assert many.usage.output_tokens == 3 * alone.usage.output_tokens
    assert many.usage.input_tokens == alone.usage.input_tokens


@pytest.mark.parametrize(
    ("fields", "extra", "size"),
    [
        ({}, {}, (64, 64)),
        ({"size": "auto"}, {}, (64, 64)),
        ({"size": "256x256"}, {}, (256, 256)),
        ({"size": "1024x1024"}, {}, (1024, 1024)),
        ({"size": "1792x1024"}, {}, (1792, 1024)),
        ({"size": "2:3"}, {}, (64, 96)),
        ({}, {"width": 48, "height": 72}, (48, 72)),
    ],
)
def test_sizes(client: openai.OpenAI, fields: Any, extra: Any, size: tuple[int, int]) -> None:
    answer = draw(client, **fields, extra=extra | {"steps": 1})
    assert picture(answer.data[0]).size == size
    assert answer.size == f"{size[0]}x{size[1]}"


@pytest.mark.parametrize(("word", "format"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_formats(client: openai.OpenAI, word: str, format: str) -> None:  # noqa: A002
    answer = draw(client, output_format=word, output_compression=50)
    image = picture(answer.data[0])
    image.load()
    assert image.format == format
    assert answer.output_format == word
    assert [note["name"] for note in answer.fluxgram["notes"]] == ["output_compression"]


def test_an_enhanced_prompt_is_told(client: openai.OpenAI) -> None:
    answer = draw(client, extra={"enhance_prompt": True})
    words = answer.data[0].revised_prompt
    assert words.startswith(PROMPT)
    assert len(words) > len(PROMPT)


def test_what_nobody_knows_is_listed(client: openai.OpenAI) -> None:
    answer = draw(client, style="vivid", user="someone", extra={"wobble": 3})
    assert {note["name"]: note["value"] for note in answer.fluxgram["notes"]} == {
        "style": "vivid", "user": "someone", "wobble": 3,
    }  # fmt: skip


def test_models(client: openai.OpenAI) -> None:
    listed = list(client.models.list())
    assert listed[0].id == "toy"
    assert listed[0].default
    assert {"toy", "fluxgram-mini", "flux2-klein-4b"} <= {model.id for model in listed}
    assert client.models.retrieve("fluxgram-v1").id == "fluxgram-v1"
    assert (
        client.models.retrieve("black-forest-labs/FLUX.2-klein-4B".rpartition("/")[2]).owned_by == "fluxgram"
    )
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("../../etc/passwd")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("model", ["flux-9000", "/etc", "../toy", ".", "someone/some-repository", "é" * 5000])
def test_unknown_models(client: openai.OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        draw(client, model=model)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert caught.value.request_id
    assert len(caught.value.message) < 1000


def test_a_checkpoint_that_is_not_here_is_not_waited_for(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        draw(client, model="flux2-klein-4b")
    assert caught.value.status_code == 503
    assert caught.value.code == "model_unavailable"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("model", ["gpt-image-1", "dall-e-3", "chatgpt-image-latest"])
def test_models_that_are_stood_in_for_are_there(client: openai.OpenAI, model: str) -> None:
    found = client.models.retrieve(model)
    assert found.id == model
    assert found.default is True  # type: ignore[attr-defined]


def test_without_v1(server: Server) -> None:
    bare = openai.OpenAI(base_url=server.url, api_key="any", _strict_response_validation=True)
    with bare:
        assert picture(draw(bare).data[0]).size == (64, 64)
        assert list(bare.models.list())


def test_options_are_answered(server: Server) -> None:
    for path in (
        "/v1/images/generations",
        "/images/generations",
        "/v1/models",
        "/v1/images/edits",
        "/v1/models/toy",
    ):
        assert server.call("OPTIONS", path).status == 204


def test_the_asynchronous_client(server: Server) -> None:
    async def three() -> list[Any]:
        how = {"api_key": "any", "_strict_response_validation": True}
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", **how) as client:  # type: ignore[arg-type]
            calls = [client.images.generate(prompt=PROMPT, extra_body={"seed": seed}) for seed in (1, 2, 3)]
            return await asyncio.gather(*calls)

    answers = asyncio.run(three())
    assert [answer.data[0].seed for answer in answers] == [1, 2, 3]
    assert len({pixels(picture(answer.data[0])) for answer in answers}) == 3


def test_the_same_key_is_the_same_job(client: openai.OpenAI) -> None:
    headers = {"Idempotency-Key": "portrait-1"}
    first, again = (client.images.generate(prompt=PROMPT, extra_headers=headers) for _ in range(2))
    assert first.fluxgram["job"] == again.fluxgram["job"]  # type: ignore[attr-defined]
    assert first.data[0].b64_json == again.data[0].b64_json  # type: ignore[index]
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.images.generate(prompt="another", extra_headers=headers)
    assert caught.value.code == "idempotency_key_reused"
    with pytest.raises(openai.BadRequestError):
        client.images.generate(prompt=PROMPT, extra_headers={"Idempotency-Key": "x" * 256})


def test_the_file_of_a_job(server: Server, client: openai.OpenAI) -> None:
    answer = draw(client, n=2)
    job = answer.fluxgram["job"]
    found = server.call("GET", f"/v1/images/{job}/content?variant=1")
    assert found.headers["content-type"] == "image/png"
    assert found.body == base64.b64decode(answer.data[1].b64_json)
    for path in (
        f"{job}/content?variant=2",
        "1/content",
        "abc/content",
        f"{10**40}/content",
        "%2e%2e/content",
    ):
        missing = server.call("GET", f"/v1/images/{path}")
        assert missing.status == 404, path
        assert missing.json["error"]["type"] == "invalid_request_error"
    assert server.call("GET", f"/v1/images/{job}/content?variant=-1").status == 400
    assert server.call("GET", f"/v1/images/{job}/content?variant=x").status == 400


def test_edits_and_variations_are_refused_in_words(client: openai.OpenAI) -> None:
    data = base64.b64decode(draw(client).data[0].b64_json)
    with pytest.raises(openai.BadRequestError, match="change pictures yet") as caught:
        client.images.edit(image=data, prompt="with a hat")
    assert caught.value.code == "unsupported_operation"
    with pytest.raises(openai.BadRequestError, match="change pictures yet"):
        client.images.edit(image=[data, data], prompt="with a hat")
    with (
        pytest.raises(openai.BadRequestError, match="vary pictures yet"),
        pytest.warns(DeprecationWarning, match="deprecated"),
    ):
        client.images.create_variation(image=data)


BAD = [
    ("prompt", ""), ("prompt", "  \n"), ("prompt", 7), ("prompt", None), ("prompt", "\0"), ("prompt", ["a"]),
    ("prompt", "x" * 10_000_000), ("n", 0), ("n", 11), ("n", -(10**30)), ("n", "many"), ("size", "0x0"),
    ("size", "-5x7"), ("size", "99999x99999"), ("size", "8192x8192"), ("size", "big"), ("size", "\u202e64x64"),
    ("size", "64x640"), ("size", "3x3"), ("quality", "best"), ("output_format", "tiff"), ("background", "transparent"),
    ("response_format", "file"), ("stream", "perhaps"), ("partial_images", 9), ("seed", -1), ("seed", 2**64),
    ("seed", "abc"), ("seed", 1.5), ("steps", 0), ("steps", 201), ("steps", 10**100), ("guidance", -2),
    ("guidance", 1e300),
    ("negative_prompt", 5), ("loras", ["a"]), ("safety_checker", "perhaps"), ("output_compression", 101),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), BAD, ids=lambda value: str(value)[:16].encode("unicode_escape").decode()
)
def test_a_bad_value_is_told_by_its_field(server: Server, field: str, value: object) -> None:
    answer = server.call("POST", "/v1/images/generations", {"prompt": PROMPT} | {field: value})
    assert answer.status == 400
    error = answer.json["error"]
    assert error["param"] == field
    assert error["type"] == "invalid_request_error"
    assert error["code"]
    assert 10 < len(error["message"]) < 500
    assert answer.headers["x-request-id"]


def test_a_picture_that_is_too_large_to_send(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.edit(image=b"x" * 40_000_000, prompt="with a hat")
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")


def test_a_body_that_is_said_to_be_too_large_is_refused_at_once(server: Server) -> None:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(line):
        line.putrequest("POST", "/v1/images/edits")
        line.putheader("Content-Length", "17000000")
        line.endheaders()
        answer = line.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"prompt": NaN}', b"\xff", b"[" * 100_000])
def test_bodies_that_are_none(server: Server, body: bytes) -> None:
    answer = server.call("POST", "/v1/images/generations", body, {"Content-Type": "application/json"})
    assert answer.status == 400
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}


def test_what_is_not_there_is_told_in_the_same_form(server: Server) -> None:
    for method, path, status in (("GET", "/v1/nothing", 404), ("GET", "/v1/images/generations", 405)):
        answer = server.call(method, path)
        assert answer.status == status
        assert set(answer.json["error"]) == {"message", "type", "param", "code"}


def test_refused_words(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        draw(client, prompt="nude photograph of a 12 year old girl")
    assert (caught.value.code, caught.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert caught.value.param == "prompt"


def test_who_hangs_up_has_its_job_cancelled(server: Server) -> None:
    before = {job["id"] for job in jobs_of(server)}
    hang_up(server, {"prompt": PROMPT} | SLOW, "the job to begin", before)
    new = wait_until(lambda: [job for job in jobs_of(server) if job["id"] not in before], "the job")
    assert len(new) == 1
    wait_until(lambda: state_of(server, new[0]["id"]) == "cancelled", "cancelled")


def test_who_hangs_up_with_a_key_can_come_back(server: Server, client: openai.OpenAI) -> None:
    before = {job["id"] for job in jobs_of(server)}
    body = {"prompt": PROMPT, "n": 4, "steps": 60, "seed": 3}
    hang_up(server, body, "the job to begin", before, {"Idempotency-Key": "again"})
    answer = client.images.generate(
        prompt=PROMPT, n=4, extra_body={"steps": 60, "seed": 3}, extra_headers={"Idempotency-Key": "again"}
    )
    assert [item.seed for item in answer.data or ()] == [3, 4, 5, 6]  # type: ignore[attr-defined]
    assert len([job for job in jobs_of(server) if job["id"] not in before]) == 1


def hang_up(
    server: Server, body: Any, what: str, before: set[int], headers: dict[str, str] | None = None
) -> None:
    """Send a request, wait until its job is there, and close the connection without an answer."""
    data = json.dumps(body).encode()
    lines = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(data))}
    head = "".join(f"{name}: {value}\r\n" for name, value in (lines | (headers or {})).items())
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(f"POST /v1/images/generations HTTP/1.1\r\n{head}\r\n".encode() + data)
        wait_until(lambda: any(job["id"] not in before for job in jobs_of(server)), what)


def jobs_of(server: Server) -> list[Any]:
    return list(server.call("GET", "/api/v1/jobs?limit=100").json["jobs"])


def state_of(server: Server, job: int) -> str:
    return str(server.call("GET", f"/api/v1/jobs/{job}").json["state"])


def test_keys(keyed: Any) -> None:
    server = keyed.server
    good, other, reader = (
        token(keyed, name) for name in ("openai", "openai-other", "openai-reader --scope read")
    )
    gone = token(keyed, "openai-gone")
    assert server.command("keys", "revoke", "openai-gone").returncode == 0
    for wrong in ("any", "fg_", good[:-1], good + "x"):
        refused(server, wrong)
    wait_until(
        lambda: server.call("GET", "/v1/models", headers=bearer(gone)).status == 401, "the end of the key"
    )
    refused(server, gone)
    assert server.call("GET", "/v1/models", headers=bearer("é")).status == 401
    with client_of(server, reader) as client, pytest.raises(openai.PermissionDeniedError) as caught:
        draw(client)
    assert caught.value.code == "insufficient_permissions"
    with client_of(server, good) as client:
        linked = draw(client, model="dall-e-3")
    path = f"/v1/images/{linked.fluxgram['job']}/content"
    assert server.call("GET", path, headers=bearer(good)).status == 200
    assert server.call("GET", path, headers=bearer(other)).status == 404
    assert server.call("GET", path).status == 401
    with urllib.request.urlopen(linked.data[0].url) as fetched:  # noqa: S310  (our own)
        assert fetched.status == 200  # signed, and needs no key


def token(keyed: Any, name: str) -> str:
    """The token of a key, made where it is not there yet."""
    return str(keyed.key(*name.split())["Authorization"].partition(" ")[2])


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def refused(server: Server, key: str) -> None:
    with client_of(server, key) as client, pytest.raises(openai.AuthenticationError) as caught:
        draw(client)
    assert caught.value.code == "invalid_api_key"


def test_a_month_s_pictures_are_used_up(keyed: Any) -> None:
    with client_of(keyed.server, token(keyed, "openai-few --most-pictures 1"), max_retries=2) as client:
        assert draw(client).data
        began = time.monotonic()
        with pytest.raises(openai.RateLimitError) as caught:
            draw(client)
    assert caught.value.code == "insufficient_quota"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert time.monotonic() - began < 60


def test_a_rate_is_kept_to(keyed: Any) -> None:
    """A call a second: the client waits as long as it is told, and is then served."""
    key = token(keyed, "openai-slow --rate 60 --burst 1")
    with client_of(keyed.server, key) as impatient:
        impatient.models.list()
        with pytest.raises(openai.RateLimitError) as caught:
            impatient.models.list()
    error = caught.value
    assert error.code == "rate_limit_exceeded"
    assert error.response.headers["retry-after"] == "1"
    assert 0 < int(error.response.headers["retry-after-ms"]) <= 1000
    with client_of(keyed.server, key, max_retries=5) as patient:
        assert draw(patient).data
        assert draw(patient).data
