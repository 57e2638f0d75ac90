"""What the ModelsLab surface says of jobs that wait, fail or are gone, and how it says no, in both settings.

The server is real and has no workers: the test claims jobs and ends them. What bodies hold is what the hosted
service's documentation and its clients' recordings show.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from standardwebhooks import Webhook

from tests.server.receivers import receiving
from tests.serving import wait_until
from tests.standing import Standing, standing

ORDER = {"key": "any", "model_id": "fluxgram-v1", "prompt": "portrait of a sailor", "seed": 7}
TEXT2IMG = "/api/v6/images/text2img"


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("legacy"), v6_wait_seconds=0, max_queued=1000) as made:
        yield made


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Asks for keys, answers with 4xx, and calls a failed job `failed`."""
    settings = {"v6_error_http": "strict", "v6_failed_status": "failed", "require_key": True}
    with standing(tmp_path_factory.mktemp("strict"), v6_wait_seconds=0, **settings) as made:
        yield made


@pytest.fixture(autouse=True)
def emptied(legacy: Standing, strict: Standing) -> Iterator[None]:
    yield
    for made in (legacy, strict):
        for job in made.jobs.queue.list(None, states=("queued",), limit=500):
            made.jobs.queue.cancel(job.id)


def post(at: Standing, path: str, body: Any = None, **how: Any) -> requests.Response:
    return requests.post(at.url + path, json=body, timeout=60, **how)


def test_while_the_queue_is_paused_it_says_so(legacy: Standing) -> None:
    legacy.jobs.queue.pause("We move house.")
    try:
        said = post(legacy, TEXT2IMG, ORDER).json()
        fetched = post(legacy, f"/api/v6/images/fetch/{said['id']}", {"key": "any"}).json()
    finally:
        legacy.jobs.queue.resume()
    for answer in (said, fetched):
        assert (answer["status"], answer["message"]) == ("processing", "The queue is paused: We move house.")
        assert answer["eta"] == 60
        assert "ask again" in answer["tip"]
    again = post(legacy, f"/api/v6/images/fetch/{said['id']}", {"key": "any"}).json()
    assert "paused" not in again["message"]


def test_a_job_that_waits_is_processing_until_it_is_drawn(legacy: Standing) -> None:
    said = post(legacy, TEXT2IMG, ORDER | {"samples": "2", "track_id": "order 7"}).json()
    assert said["status"] == "processing"
    assert 1 <= said["id"] < 2**53
    assert said["fetch_result"] == f"{legacy.url}/api/v6/images/fetch/{said['id']}"
    assert said["message"] == said["messege"] == "Try to fetch request after seconds estimated"
    assert (said["output"], said["track_id"], said["webhook_status"]) == ([], "order 7", "")
    assert said["eta"] > 0
    assert len(said["future_links"]) == 2
    assert [requests.get(link, timeout=60).status_code for link in said["future_links"]] == [404, 404]

    again = post(legacy, f"/api/v6/images/fetch/{said['id']}", {"key": "any"})
    assert (again.status_code, again.json()["status"]) == (200, "processing")
    legacy.draw(legacy.claim())
    done = requests.post(said["fetch_result"], json={"key": "any"}, timeout=60).json()
    assert done["status"] == "success"
    assert done["output"] == done["proxy_links"] == said["future_links"]
    assert "future_links" not in done  # clients add them to what they have
    assert (done["id"], done["track_id"], done["generationTime"]) == (said["id"], "order 7", 1.5)
    assert done["nsfw_content_detected"] is False
    assert done["meta"]["fluxgram"]["safety"] == "unchecked"
    assert done["meta"]["fluxgram"]["seeds"] == [7, 8]
    assert requests.get(done["output"][0], timeout=60).content.startswith(b"\x89PNG")


def test_a_flagged_picture_is_told(legacy: Standing) -> None:
    said = post(legacy, TEXT2IMG, ORDER).json()
    legacy.draw(legacy.claim(), verdict="flagged")
    done = requests.get(said["fetch_result"], timeout=60).json()
    assert done["nsfw_content_detected"] is True
    assert done["meta"]["fluxgram"]["safety"] == "flagged"


def test_what_is_fetched_may_be_named_in_any_way(legacy: Standing) -> None:
    number = post(legacy, TEXT2IMG, ORDER).json()["id"]
    fetch = "/api/v6/images/fetch"
    ways = [
        post(legacy, f"{fetch}/{number}", {"key": "any"}),
        post(legacy, f"{fetch}/{number}"),
        post(legacy, fetch, {"key": "any", "request_id": str(number)}),
        post(legacy, fetch, {"request_id": number}),
        post(legacy, fetch, {"id": f" {number} "}),
        requests.post(legacy.url + fetch, data={"request_id": number}, timeout=60),
        requests.get(f"{legacy.url}{fetch}/{number}", timeout=60),
        requests.get(f"{legacy.url}{fetch}?request_id={number}", timeout=60),
        requests.get(legacy.url + fetch, json={"request_id": number}, timeout=60),
        post(legacy, f"/api/v7/images/fetch/{number}"),
        post(legacy, f"/api/v3/fetch/{number}"),
    ]
    assert [(way.status_code, way.json()["id"]) for way in ways] == [(200, number)] * len(ways)


@pytest.mark.parametrize(
    ("path", "fetched"),
    [
        ("/api/v6/images/text2img", "/api/v6/images/fetch/"),
        ("/api/v6/realtime/text2img", "/api/v6/realtime/fetch/"),
        ("/api/v7/images/text-to-image", "/api/v7/images/fetch/"),
        ("/api/v3/text2img", "/api/v3/fetch/"),
        ("/api/v3/dreambooth", "/api/v3/dreambooth/fetch/"),
        ("/api/v4/dreambooth", "/api/v4/dreambooth/fetch/"),
        ("/api/v1/enterprise/images/text2img", "/api/v1/enterprise/images/fetch/"),
    ],
)
def test_every_alias_leads_to_its_own_fetch(legacy: Standing, path: str, fetched: str) -> None:
    said = post(legacy, path, {"prompt": "portrait of a sailor"}).json()
    assert said["fetch_result"] == f"{legacy.url}{fetched}{said['id']}"
    assert post(legacy, fetched.rstrip("/"), {"request_id": str(said["id"])}).json()["id"] == said["id"]
    assert requests.post(said["fetch_result"], timeout=60).json()["status"] == "processing"


def test_the_order_is_kept_as_it_was_meant(legacy: Standing) -> None:
    body = ORDER | {"width": "256", "height": 384.0, "negative_prompt": "blur", "num_inference_steps": "9"}
    body |= {"guidance_scale": "3.5", "scheduler": "DDIMScheduler", "temp": "yes", "sampler": "x"}
    number = post(legacy, TEXT2IMG, body).json()["id"]
    job = legacy.jobs.get(number)
    asked = {
        "prompt": "portrait of a sailor",
        "negative": "blur",
        "size": [256, 384],
        "steps": 9,
        "guidance": 3.5,
    }
    assert job.record.request.items() >= (asked | {"seed": 7, "samples": 1}).items()
    assert (job.record.checkpoint, job.record.surface) == ("fluxgram-v1", "modelslab")
    assert [note.name for note in job.notes] == ["scheduler", "sampler"]
    assert all(name.startswith("temp/") for name in job.record.names)
    legacy.draw(legacy.claim())
    done = requests.get(f"{legacy.url}/api/v6/images/fetch/{number}", timeout=60).json()
    assert "/temp/" in done["output"][0]
    record = legacy.jobs.queue.get(number)
    assert record.expires == pytest.approx((record.finished or 0) + 86_400, abs=5)
    meta = done["meta"]
    assert (meta["W"], meta["H"], meta["width"], meta["height"]) == (256, 384, 256, 384)
    assert (meta["seed"], meta["n_samples"], meta["temp"], meta["base64"]) == (7, 1, "yes", "no")
    assert [note["name"] for note in meta["fluxgram"]["ignored"]] == ["scheduler", "sampler"]


def test_an_enhanced_prompt_says_what_was_added(legacy: Standing) -> None:
    asked = ORDER | {"enhance_prompt": "yes", "safety_checker": "yes"}
    meta = post(legacy, TEXT2IMG, asked).json()["meta"]
    assert meta["prompt"].startswith(ORDER["prompt"])
    assert meta["prompt"] != ORDER["prompt"]
    assert meta["fluxgram"]["prompt_asked"] == ORDER["prompt"]
    assert {note["name"] for note in meta["fluxgram"]["added"]} <= {"prompt", "negative_prompt"}
    assert all(
        str(note["value"]) in meta["prompt"] + meta["negative_prompt"] for note in meta["fluxgram"]["added"]
    )
    assert [note["name"] for note in meta["fluxgram"]["ignored"]] == ["safety_checker"]  # nothing checks here
    plain = post(legacy, TEXT2IMG, ORDER).json()["meta"]
    assert (plain["prompt"], plain["fluxgram"]["added"]) == (ORDER["prompt"], [])


def test_base64_links_lead_to_text(legacy: Standing) -> None:
    said = post(legacy, TEXT2IMG, ORDER | {"base64": "yes", "temp": "yes"}).json()
    assert requests.get(said["future_links"][0], timeout=60).status_code == 404
    job = legacy.claim()
    legacy.draw(job)
    done = requests.get(said["fetch_result"], timeout=60).json()
    assert done["output"] == said["future_links"]
    assert done["output"][0].endswith("-0.png.base64")
    text = requests.get(done["output"][0], timeout=60)
    assert text.headers["content-type"].startswith("text/plain")
    assert base64.b64decode(text.text, validate=True) == legacy.jobs.store.read(job.names[0])
    for path in (
        "/pictures/../../etc/passwd.base64",
        "/pictures/%2e%2e%2fjobs.sqlite.base64",
        "/pictures/x.base64",
    ):
        connection = http.client.HTTPConnection(urlsplit(legacy.url).netloc)
        connection.request("GET", path)  # as it is, not tidied up
        assert connection.getresponse().status == 404
        connection.close()


def test_signed_links_are_checked_for_text_too(tmp_path: Path) -> None:
    with standing(tmp_path, v6_wait_seconds=0, url_seconds=600) as signing:
        said = post(signing, TEXT2IMG, ORDER | {"base64": True}).json()
        signing.draw(signing.claim())
        link = requests.get(said["fetch_result"], timeout=60).json()["output"][0]
        assert requests.get(link, timeout=60).status_code == 200
        assert requests.get(link.partition("?")[0], timeout=60).status_code == 403
        assert requests.get(link[:-1] + ("A" if link[-1] != "A" else "B"), timeout=60).status_code == 403


def test_a_quick_job_is_waited_for(tmp_path: Path) -> None:
    with standing(tmp_path, v6_wait_seconds=60) as waiting:
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(post, waiting, TEXT2IMG, ORDER)
            waiting.draw(waiting.claim())
            assert answer.result(60).json()["status"] == "success"
        began = time.monotonic()
        assert post(waiting, TEXT2IMG, ORDER | {"instant_response": True}).json()["status"] == "processing"
        assert time.monotonic() - began < 50


def test_a_service_that_ends_answers_with_what_it_has(tmp_path: Path) -> None:
    """A client that waits is not held until the end of its patience, and fetches from the next start."""
    with ThreadPoolExecutor(1) as pool:
        with standing(tmp_path, v6_wait_seconds=600) as ending:
            answer = pool.submit(post, ending, TEXT2IMG, ORDER)
            ending.claim()
        said = answer.result(60).json()
    assert said["status"] == "processing"
    with standing(tmp_path) as again:
        assert post(again, f"/api/v6/images/fetch/{said['id']}").json()["id"] == said["id"]


def test_a_client_that_leaves_loses_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, v6_wait_seconds=60) as waiting:
        connection = http.client.HTTPConnection(urlsplit(waiting.url).netloc)
        connection.request("POST", TEXT2IMG, json.dumps(ORDER))
        job = waiting.claim()
        connection.close()
        waiting.draw(job)
        done = requests.get(f"{waiting.url}/api/v6/images/fetch/{job.id}", timeout=60).json()
        assert done["status"] == "success"


@pytest.mark.parametrize("status", ["error", "failed"])
def test_a_failed_job_says_why(legacy: Standing, strict: Standing, status: str) -> None:
    at = legacy if status == "error" else strict
    key = strict.jobs.keys.create(f"fails {status}")[1]
    number = post(at, TEXT2IMG, ORDER | {"key": key}).json()["id"]
    at.fail(at.claim(), "The device has too little memory for this.", "Ask for a smaller picture.")
    answer = post(at, f"/api/v6/images/fetch/{number}", {"key": key})
    assert answer.status_code == 200  # whatever the setting: the request itself was well
    assert answer.json()["status"] == status
    assert (
        answer.json()["message"] == answer.json()["messege"] == "The device has too little memory for this."
    )
    assert (answer.json()["tip"], answer.json()["output"]) == ("Ask for a smaller picture.", "")


def test_a_webhook_tells_a_failure_and_is_signed(tmp_path: Path) -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmnopqrstuv").decode()
    settings = {"webhook_private": True, "webhook_secret": secret}
    with receiving() as receiver, standing(tmp_path, v6_wait_seconds=0, **settings) as calling:
        url = f"http://127.0.0.1:{receiver.port}/done"
        said = post(calling, TEXT2IMG, ORDER | {"webhook": url, "track_id": "order 7"}).json()
        calling.fail(
            calling.claim(), "The device has too little memory for this.", "Ask for a smaller picture."
        )
        letter = wait_until(lambda: next(iter(receiver.letters), None), "the webhook")
    body = Webhook(secret).verify(letter.body, letter.headers)
    assert (body["status"], body["id"], body["track_id"]) == ("failed", said["id"], "order 7")
    assert body["message"].startswith("The device has too little memory for this.")


def test_cancelled_and_removed_pictures_are_told(legacy: Standing) -> None:
    number = post(legacy, TEXT2IMG, ORDER).json()["id"]
    legacy.jobs.cancel(number)
    said = post(legacy, f"/api/v6/images/fetch/{number}").json()
    assert (said["status"], said["message"]) == ("error", "The request was cancelled.")
    number = post(legacy, TEXT2IMG, ORDER).json()["id"]
    job = legacy.claim()
    legacy.draw(job)
    legacy.jobs.queue.mark_removed(job.names)
    said = post(legacy, f"/api/v6/images/fetch/{number}").json()
    assert (said["status"], said["output"]) == ("error", "")
    assert "removed" in said["message"]


def test_the_same_idempotency_key_is_the_same_job(legacy: Standing) -> None:
    headers = {"Idempotency-Key": "one and the same"}
    first, second = (post(legacy, TEXT2IMG, ORDER, headers=headers).json()["id"] for _ in range(2))
    assert first == second
    other = post(legacy, TEXT2IMG, ORDER | {"prompt": "portrait of a cook"}, headers=headers).json()
    assert other["status"] == "error"


WRONG: dict[str, tuple[Any, str]] = {
    "no prompt": ({"key": "any"}, "prompt is required"),
    "a width that is none": (ORDER | {"width": "abc"}, "width must be a whole number, not 'abc'"),
    "a huge width": (ORDER | {"width": 10**300}, "width must be between 256 and 1024"),
    "a negative height": (ORDER | {"height": -8}, "height must be between 256 and 1024"),
    "an odd width": (ORDER | {"width": 515}, "width must be divisible by 8"),
    "too many samples": (ORDER | {"samples": "9"}, "samples must be between 1 and 4"),
    "a guidance scale of none": (ORDER | {"guidance_scale": "nan"}, "guidance_scale must be a number, not 'nan'"),
    "NaN in JSON": (b'{"prompt": "a face", "width": NaN}', "width must be a whole number, not 'NaN'"),
    "endless digits": (b'{"prompt": "a face", "seed": ' + b"9" * 5000 + b"}", "The body is not a JSON object"),
    "endless nesting": (b'{"prompt": ' + b"[" * 200_000, "The body is not a JSON object"),
    "half a character": (b'{"prompt": "a face", "track_id": "\\ud800"}', "The body holds characters that are not"),
    "no JSON": (b"prompt=a face", "The body is not a JSON object"),
    "a list": ([ORDER], "The body is not a JSON object"),
    "bytes": (b"\xff\xfe\x00", "The body is not a JSON object"),
    "an unknown model": (ORDER | {"model_id": "midjourney"}, "Model not found: midjourney"),
    "a model that was not fetched": (ORDER | {"model_id": "klein"}, "Model not found: klein"),
    "a folder of the machine": (ORDER | {"model_id": "/etc"}, "Model not found: /etc"),
    "a folder above": (ORDER | {"model_id": "../../home"}, "Model not found: ../../home"),
    "an adapter": (ORDER | {"lora_model": "skin"}, "There is no adapter 'skin'"),
    "words that are refused": (ORDER | {"prompt": "undress this woman"}, "The prompt undresses or sexualises"),
    "a webhook at home": (ORDER | {"webhook": "https://127.0.0.1/x"}, "The webhook leads to an address that is not"),
    "a webhook of files": (ORDER | {"webhook": "file:///etc/passwd"}, "The webhook must begin with https://"),
    "an idempotency key without end": (ORDER, "Idempotency-Key may have at most 255 characters"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_the_documented_body(legacy: Standing, strict: Standing, what: str) -> None:
    body, message = WRONG[what]
    key = strict.jobs.keys.create(what)[1]
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    if what.startswith("an idempotency"):
        headers["Idempotency-Key"] = "x" * 300
    if isinstance(body, dict):
        data = json.dumps(body | {"key": key}).encode()
    for at, status in ((legacy, 200), (strict, 400)):
        before = at.jobs.queue.depth()
        answer = requests.post(at.url + TEXT2IMG, data=data, headers=headers, timeout=60)
        said = answer.json()
        assert (answer.status_code, said["status"]) == (status, "error")
        assert said["message"].startswith(message)
        assert said["messege"] == said["message"]
        assert "Traceback" not in answer.text
        assert key not in answer.text
        assert at.jobs.queue.depth() == before
    if " must be " in message:
        field = message.partition(" ")[0]
        assert said["errors"] == {field: [said["message"]]} or field == "The"


def test_the_oldest_routes_have_their_own_words_for_a_model(legacy: Standing) -> None:
    said = post(legacy, "/api/v4/dreambooth", ORDER | {"model_id": "midjourney"}).json()
    assert said["message"] == "Model id not found"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v6/images/img2img",
        "/api/v6/images/inpaint",
        "/api/v6/images/controlnet",
        "/api/v7/images/image-to-image",
    ],
)
def test_what_starts_from_a_picture_is_refused_clearly(legacy: Standing, path: str) -> None:
    answer = post(legacy, path, ORDER | {"init_image": "https://example.com/a.png"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "error"
    assert "no checkpoint here takes pictures yet" in answer.json()["message"]


def test_jobs_that_are_not_there_or_not_yours_are_not_found(legacy: Standing, strict: Standing) -> None:
    mine, yours = (strict.jobs.keys.create(name)[1] for name in ("mine", "yours"))
    number = post(strict, TEXT2IMG, ORDER | {"key": mine}).json()["id"]
    assert post(strict, f"/api/v6/images/fetch/{number}", {"key": mine}).json()["status"] == "processing"
    for wrong in (number, 1, 2**53, "abc", "-1", "9" * 400, "1.5"):
        answer = post(strict, f"/api/v6/images/fetch/{wrong}", {"key": yours})
        said = answer.json()
        assert (answer.status_code, said["status"], said["id"]) == (404, "failed", "")
        assert said["message"] == "Request not found"
    answer = post(legacy, "/api/v6/images/fetch", {"request_id": "12345"})
    assert (answer.status_code, answer.json()["status"], answer.json()["output"]) == (200, "error", "")
    for missing in ({}, {"request_id": ""}):
        assert post(legacy, "/api/v6/images/fetch", missing).json()["message"] == "request_id is required"


def test_keys_are_taken_wherever_clients_put_them(strict: Standing) -> None:
    key = strict.jobs.keys.create("anywhere")[1]
    order = {name: value for name, value in ORDER.items() if name != "key"}
    ways: list[dict[str, Any]] = [
        {"json": order | {"key": key}},
        {"data": order | {"key": key}},
        {"data": json.dumps(order | {"key": key}), "headers": {"Content-Type": "text/plain"}},
        {"files": {name: (None, str(value)) for name, value in (order | {"key": key}).items()}},
        {"json": order, "headers": {"Authorization": f"Bearer {key}"}},
        {"json": order, "headers": {"key": key}},
        {"json": order, "headers": {"x-key": key}},
        {"json": order, "headers": {"X-API-Key": key}},
    ]
    for how in ways:
        answer = requests.post(strict.url + TEXT2IMG, timeout=60, **how)
        assert (answer.status_code, answer.json()["status"]) == (200, "processing"), how
    listed = requests.get(f"{strict.url}/api/v7/models?key={key}", timeout=60)
    assert listed.json()["status"] == "success"


def test_keys_that_may_not(legacy: Standing, strict: Standing) -> None:
    def answered(key: object, path: str = TEXT2IMG) -> tuple[int, str, str]:
        answer = post(strict, path, ORDER | {"key": key})
        return answer.status_code, answer.json()["status"], answer.json()["message"]

    revoked = strict.jobs.keys.create("revoked")[1]
    strict.jobs.keys.revoke("revoked")
    for wrong in (None, "", "nonsense", revoked, 7, ["a"], "fg_" + "x" * 5000):
        assert answered(wrong) == (401, "error", "Invalid API key")
    reader = strict.jobs.keys.create("reader", scopes=("read",))[1]
    assert answered(reader)[:2] == (403, "error")
    assert answered(reader, "/api/v6/processing/request_count")[:2] == (200, "success")
    used_up = strict.jobs.keys.create("used up", most_pictures=1)[1]
    assert answered(used_up)[:2] == (200, "processing")
    status, word, message = answered(used_up)
    assert (status, word) == (402, "error")
    assert message.startswith("Insufficient credits.")


def test_old_clients_read_of_wrong_keys_with_status_200(tmp_path: Path) -> None:
    with standing(tmp_path, require_key=True, v6_wait_seconds=0) as keyed:
        answer = post(keyed, TEXT2IMG, ORDER)
        assert (answer.status_code, answer.json()["message"]) == (200, "Invalid API key")


@pytest.mark.parametrize("setting", ["legacy200", "strict"])
def test_a_full_queue_is_429_in_both_settings(tmp_path: Path, setting: str) -> None:
    with standing(tmp_path, v6_wait_seconds=0, v6_error_http=setting) as at:
        key = at.jobs.keys.create("impatient", most_queued=1)[1]
        assert post(at, TEXT2IMG, ORDER | {"key": key}).json()["status"] == "processing"
        answer = post(at, TEXT2IMG, ORDER | {"key": key})
        assert (answer.status_code, answer.json()["status"]) == (429, "error")
        assert answer.json()["message"].startswith("Rate limit exceeded.")
        assert 1 <= answer.json()["retry_after"] <= 120
        assert answer.headers["Retry-After"] == str(answer.json()["retry_after"])
        hasty = at.jobs.keys.create("hasty", rate=1, burst=1)[1]
        assert post(at, "/api/v3/system_load", {"key": hasty}).status_code == 200
        answer = post(at, "/api/v3/system_load", {"key": hasty})
        assert (answer.status_code, answer.json()["retry_after"]) == (429, int(answer.headers["Retry-After"]))


def test_routes_and_methods_that_are_not_there_are_told_in_the_same_body(legacy: Standing) -> None:
    for method, path, status in (
        ("POST", "/api/v6/images/upscale", 404),
        ("PUT", TEXT2IMG, 405),
        ("GET", TEXT2IMG, 405),
    ):
        answer = requests.request(method, legacy.url + path, timeout=60)
        assert (answer.status_code, answer.json()["status"]) == (status, "error")


def test_what_the_guards_and_the_store_refuse_is_told_in_the_same_body(tmp_path: Path) -> None:
    with standing(tmp_path, v6_wait_seconds=0, max_body_mb=0.01) as guarded:
        url = guarded.url + TEXT2IMG
        answers = {
            413: requests.post(url, json=ORDER | {"prompt": "x" * 20_000}, timeout=60),
            421: requests.post(url, json=ORDER, headers={"Host": "evil.example"}, timeout=60),
            403: requests.post(url, json=ORDER, headers={"Origin": "https://evil.example"}, timeout=60),
        }
        with guarded.jobs.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE jobs RENAME TO gone")
        answers[503] = requests.post(url, json=ORDER, timeout=60)
        for status, answer in answers.items():
            assert (answer.status_code, answer.json()["status"]) == (status, "error")
            assert answer.json()["message"] == answer.json()["messege"] != ""
            assert "Traceback" not in answer.text
            assert str(tmp_path) not in answer.text


def test_the_load_is_counted(legacy: Standing) -> None:
    assert post(legacy, "/api/v3/system_load").json() == {"queue_num": 0, "queue_time": 0, "status": "ok"}
    legacy.jobs.queue.learn("fluxgram-v1", 2.0)
    for _ in range(3):
        post(legacy, TEXT2IMG, ORDER | {"width": 256, "height": 256, "num_inference_steps": 10})
    load = post(legacy, "/api/v3/system_load").json()
    assert load["queue_num"] == 3
    each = 256 * 256 / 1e6 * 10 * 2.0  # megapixels x steps x seconds
    assert each * 3 <= load["queue_time"] <= each * 3 + 1
    assert post(legacy, "/api/v6/processing/request_count").json()["processing_count"] == 3
    assert post(legacy, "/api/v1/enterprise/images/system_details").json()["model_count"] >= 1
    said = post(legacy, TEXT2IMG, ORDER | {"width": 256, "height": 256, "num_inference_steps": 10}).json()
    assert said["eta"] == pytest.approx(each * 4, rel=0.01)


def test_models_are_listed_by_every_name(legacy: Standing) -> None:
    listed = post(legacy, "/api/v4/dreambooth/model_list", {"key": "any"}).json()
    assert {"fluxgram-v1", "fluxgram-mini"} <= {model["model_id"] for model in listed}
    assert {model["status"] for model in listed} == {"model_ready"}
    for model in listed:
        assert model.keys() >= {"model_id", "status", "created_at", "instance_prompt", "model_name", "description",
                                "screenshots"}  # fmt: skip
        assert (
            post(legacy, TEXT2IMG, ORDER | {"model_id": model["model_id"]}).json()["status"] == "processing"
        )
    found = requests.get(f"{legacy.url}/api/v7/models?search=V1&feature=imagen", timeout=60).json()
    assert [model["model_id"] for model in found["data"]] == ["fluxgram-v1"]
    assert requests.get(f"{legacy.url}/api/v7/models?feature=video", timeout=60).json()["data"] == []
    assert requests.get(f"{legacy.url}/api/v7/models?page=2&limit=100", timeout=60).json()["data"] == []
    assert requests.get(f"{legacy.url}/api/v7/models?page=x&limit=-1", timeout=60).json()["data"] != []


def test_reloading_a_model(legacy: Standing) -> None:
    reload = "/api/v6/images/model_reload"
    assert post(legacy, reload, {"model_id": "fluxgram-v1"}).json()["status"] == "success"
    assert post(legacy, reload, {"model_id": "midjourney"}).json()["message"] == "Model not found: midjourney"
    assert post(legacy, reload, {}).json()["message"] == "model_id is required"


def test_names_of_models_are_those_of_the_settings(tmp_path: Path) -> None:
    with standing(tmp_path, v6_wait_seconds=0, models={"flux": "fluxgram-mini"}) as named:
        said = post(named, TEXT2IMG, ORDER | {"model_id": "flux"}).json()
        assert (said["meta"]["model_id"], said["meta"]["fluxgram"]["checkpoint"]) == ("flux", "fluxgram-mini")


def test_links_begin_with_the_public_address(tmp_path: Path) -> None:
    settings = {"public_url": "https://pictures.example", "require_key": True}
    with standing(tmp_path, v6_wait_seconds=0, **settings) as public:
        key = public.jobs.keys.create("outside")[1]
        said = post(public, TEXT2IMG, ORDER | {"key": key}).json()
        assert said["fetch_result"] == f"https://pictures.example/api/v6/images/fetch/{said['id']}"
        assert said["future_links"][0].startswith("https://pictures.example/pictures/")
