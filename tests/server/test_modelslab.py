"""The ModelsLab surface as its clients use it: a real service, its workers, and programs written for the hosted one.

The toy draws (random weights, whole way). What is said of jobs that wait or fail is in `test_modelslab_states.py`.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from fluxgram.pictures.read import read_receipt
from tests.server.receivers import receiving
from tests.serving import TINY, Server, serving, wait_until
from tests.standing import standing

ORDER = {"key": "a key of the hosted service", "model_id": "fluxgram-v1", "prompt": "portrait of a sailor"}
SMALL = {"width": 256, "height": 384, "num_inference_steps": 2}
TEXT2IMG = "/api/v6/images/text2img"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("modelslab")
    with serving(folder, v6_wait_seconds="120", webhook_private="1") as running:
        yield running


def order(server: Server, **fields: Any) -> dict[str, Any]:
    answer = requests.post(server.url + TEXT2IMG, json=ORDER | SMALL | fields, timeout=180)
    return dict(answer.json())


def picture(address: str) -> Image.Image:
    answer = requests.get(address, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content))


def test_a_quick_picture_comes_with_the_answer_and_carries_its_receipt(
    server: Server, tmp_path: Path
) -> None:
    said = order(server, seed=42, negative_prompt="cartoon", scheduler="DDIMScheduler", clip_skip="2")
    assert said["status"] == "success"
    assert (said["nsfw_content_detected"], said["meta"]["fluxgram"]["safety"]) == (False, "unchecked")
    assert said["generationTime"] > 0
    (address,) = said["output"]
    assert picture(address).size == (256, 384)
    file = tmp_path / "picture.png"
    file.write_bytes(requests.get(address, timeout=60).content)
    receipt: Any = read_receipt(file)
    assert (receipt["seed"], receipt["steps"], receipt["delivered"]) == (42, 2, [256, 384])
    assert receipt["negative"]["text"] == "cartoon"
    service = receipt["service"]
    assert (service["job"], service["surface"], service["safety"]) == (said["id"], "modelslab", "unchecked")
    assert [(note["name"], note["value"]) for note in service["notes"]] == [
        ("scheduler", "DDIMScheduler"),
        ("clip_skip", "2"),
    ]
    assert said["meta"]["fluxgram"]["ignored"] == service["notes"]
    assert said["meta"]["fluxgram"]["rendered"] == receipt["rendered"]


def test_a_seed_gives_the_same_picture_again_and_none_a_new_one(server: Server) -> None:
    first, second = (order(server, seed="42", samples="2") for _ in range(2))
    assert [picture(a).tobytes() for a in first["output"]] == [picture(a).tobytes() for a in second["output"]]
    assert first["meta"]["fluxgram"]["seeds"] == [42, 43]
    one, other = (order(server, seed=None) for _ in range(2))
    assert one["meta"]["seed"] != other["meta"]["seed"]
    again = order(server, seed=one["meta"]["seed"])
    assert picture(again["output"][0]).tobytes() == picture(one["output"][0]).tobytes()


def test_many_clients_at_once_get_their_own_pictures(server: Server) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda seed: order(server, seed=seed), range(100, 106)))
    assert [answer["meta"]["fluxgram"]["seeds"] for answer in answers] == [[seed] for seed in range(100, 106)]
    assert len({picture(answer["output"][0]).tobytes() for answer in answers}) == 6


def test_base64_is_a_link_to_the_same_picture_as_text(server: Server) -> None:
    plain, text = order(server, seed=5), order(server, seed=5, base64="yes")
    (address,) = text["output"]
    assert address.endswith(".base64")
    decoded = Image.open(io.BytesIO(base64.b64decode(requests.get(address, timeout=60).text, validate=True)))
    assert decoded.tobytes() == picture(plain["output"][0]).tobytes()


def test_a_webhook_says_what_came_of_it(server: Server) -> None:
    with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/done"
        said = order(server, webhook=url, track_id=7, instant_response="true", samples=2, base64=True)
        assert said["status"] == "processing"
        letter = wait_until(lambda: next(iter(receiver.letters), None), "the webhook")
    body = json.loads(letter.body)
    assert (body["status"], body["id"], body["track_id"]) == ("success", said["id"], 7)
    assert body["output"] == said["future_links"]
    assert body["generationTime"] > 0
    assert body["meta"]["seed"] == said["meta"]["seed"]
    assert requests.get(body["output"][1], timeout=60).status_code == 200
    assert letter.headers["content-type"] == "application/json"


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")  # the client's own code
def test_the_published_python_client(server: Server) -> None:
    from modelslab_py.core.apis.community import Community
    from modelslab_py.core.apis.realtime import Realtime
    from modelslab_py.core.client import Client
    from modelslab_py.schemas.community import Image2Image, Text2Image
    from modelslab_py.schemas.realtime import RealtimeText2ImageSchema

    client = Client(api_key="any", fetch_timeout=1)
    client.base_url = f"{server.url}/api/"
    community = Community(client=client)
    asked = Text2Image(
        prompt="portrait of a sailor", model_id="fluxgram-v1", negative_prompt="blur", width=256, height=384,
        samples=2, num_inference_steps=2, seed=3, safety_checker="no", enhance_prompt="no", guidance_scale=4,
        scheduler="UniPCMultistepScheduler", clip_skip=2,
    )  # fmt: skip
    said = community.text_to_image(asked)
    assert said["status"] == "success"
    fetched = community.fetch(str(said["id"]))
    assert fetched["output"] == said["output"]
    assert [picture(address).size for address in fetched["output"]] == [(256, 384)] * 2
    assert fetched["meta"]["guidance_scale"] == 4
    assert community.image_to_image(Image2Image(prompt="a face", init_image="x"))["status"] == "error"
    realtime = Realtime(client=client)
    drawn = realtime.text_to_image(
        RealtimeText2ImageSchema(prompt="a face", width=256, height=256, num_inference_steps=2)
    )
    assert realtime.fetch(str(drawn["id"]))["status"] == "success"
    enterprise = Community(client=client, enterprise=True)
    assert enterprise.system_details()["status"] == "ok"
    assert enterprise.text_to_image(asked)["output"]


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")  # the client's own code
def test_the_published_client_asynchronously(server: Server) -> None:
    from modelslab_py.core.apis.community import Community
    from modelslab_py.core.client import Client
    from modelslab_py.schemas.community import Text2Image

    async def drawn() -> tuple[dict[str, Any], dict[str, Any]]:
        async with Client(api_key="any", fetch_timeout=60) as client:
            client.base_url = f"{server.url}/api/"
            community = Community(client=client)
            said = await community.async_text_to_image(
                Text2Image(prompt="a face", width=256, height=256, num_inference_steps=2)
            )
            return said, await community.async_fetch(str(said["id"]))

    said, fetched = asyncio.run(drawn())
    assert (said["status"], fetched["output"]) == ("success", said["output"])


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")  # the client's own code
def test_the_published_client_waits_for_a_picture(server: Server) -> None:
    """It knows of no `instant_response`; the order is handed in by hand, and it fetches."""
    from modelslab_py.core.apis.community import Community
    from modelslab_py.core.client import Client

    said = order(server, seed=9, instant_response=True, samples=4)
    assert said["status"] == "processing"
    client = Client(api_key="any", fetch_timeout=1, fetch_retry=60)
    client.base_url = f"{server.url}/api/"
    assert Community(client=client).fetch(str(said["id"]))["output"] == said["future_links"]


def example(name: str, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of `examples/` in a folder."""
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("batch_portraits.py", ["studio.png", "harbour.png", "library.png"]),
        ("character_scenes.py", ["deck.png", "workshop.png", "night.png"]),
    ],
)
def test_the_examples_run(server: Server, tmp_path: Path, name: str, files: list[str]) -> None:
    done = example(name, tmp_path, FLUXGRAM_URL=server.url)
    assert done.returncode == 0, done.stderr + done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)
    for file in files:
        receipt: Any = read_receipt(tmp_path / file)
        assert receipt["delivered"] == [512, 768]
        assert receipt["seed"] == (42 if name.startswith("batch") else 7)
        assert file in done.stdout


def test_an_example_waits_for_what_takes_longer(tmp_path: Path) -> None:
    with standing(tmp_path / "home", v6_wait_seconds=0) as slow, ThreadPoolExecutor(1) as pool:
        running = pool.submit(example, "batch_portraits.py", tmp_path, slow.url)
        for _ in range(3):
            slow.draw(slow.claim())
        assert running.result(120).returncode == 0
    assert {"studio.png", "harbour.png", "library.png"} < {path.name for path in tmp_path.iterdir()}


def hung_up_on(listening: socket.socket) -> None:
    """Take one request and never answer it, as a server does that is killed meanwhile."""
    caller, _ = listening.accept()
    with caller, listening:
        caller.recv(65_536)


@pytest.mark.parametrize("name", ["batch_portraits.py", "character_scenes.py"])
def test_an_example_outlives_a_server_that_dies_over_its_first_order(tmp_path: Path, name: str) -> None:
    with (
        serving(tmp_path / "home", "fluxgram-mini", engine=TINY, start=False) as mortal,
        ThreadPoolExecutor(1) as pool,
    ):
        listening = socket.create_server(("127.0.0.1", mortal.port))
        running = pool.submit(example, name, tmp_path / "out", mortal.url)
        hung_up_on(listening)
        mortal.start(ready=False)
        done = running.result(120)
        assert done.returncode == 0, done.stderr + done.stdout
        assert len(mortal.call("GET", "/api/v1/jobs").json["jobs"]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("wait", ["0", "60"])
def test_a_server_that_is_killed_in_the_middle_has_kept_every_portrait(tmp_path: Path, wait: str) -> None:
    """The batch example runs; the server dies while its first portrait is drawn, and is started again.

    With a long wait its order has not even been answered then.
    """
    with (
        serving(tmp_path / "home", "fluxgram-mini", v6_wait_seconds=wait) as mortal,
        ThreadPoolExecutor(1) as pool,
    ):
        running = pool.submit(example, "batch_portraits.py", tmp_path, mortal.url)
        listed = "/api/v1/jobs?state=running"
        wait_until(lambda: mortal.call("GET", listed).json["jobs"], "a portrait being drawn")
        mortal.kill()
        mortal.start(ready=False)
        done = running.result(240)
        assert done.returncode == 0, done.stderr + done.stdout
        assert len(mortal.call("GET", "/api/v1/jobs").json["jobs"]) == 3  # none was handed in twice
        receipt: Any = read_receipt(tmp_path / "studio.png")
        again = {
            "prompt": receipt["prompt"]["text"],
            "negative_prompt": receipt["negative"]["text"],
            "seed": 42,
        }
        said = order(mortal, width=512, height=768, num_inference_steps=None, instant_response=True, **again)
        wait_until(
            lambda: mortal.call("GET", said["fetch_result"].removeprefix(mortal.url)).json["output"],
            "it again",
        )
        undisturbed = picture(said["future_links"][0])
    assert Image.open(tmp_path / "studio.png").tobytes() == undisturbed.tobytes()
    assert {"studio.png", "harbour.png", "library.png"} < {path.name for path in tmp_path.iterdir()}


def test_an_example_says_why_there_is_no_picture(tmp_path: Path) -> None:
    with standing(tmp_path / "home", require_key=True) as keyed:
        for name in ("batch_portraits.py", "character_scenes.py"):
            done = example(name, tmp_path, keyed.url)
            assert done.returncode == 1
            assert "Invalid API key" in done.stderr
