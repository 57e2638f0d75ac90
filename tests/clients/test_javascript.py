"""The published JavaScript clients against a real service; `make clients` installs them.

Skipped where node or the clients are absent: `make test` needs neither.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.serving import DEADLINE, Server, serving

HERE = Path(__file__).parent
NODE = shutil.which("node") or ""

pytestmark = pytest.mark.skipif(
    not NODE or not (HERE / "node_modules" / "openai").is_dir(),
    reason="node or its packages are not here; install node 20 and run: make clients",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("javascript")) as running:
        yield running


def told_by(script: str, server: Server) -> Any:
    done = subprocess.run(
        [NODE, HERE / script, server.url],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sizes(pictures: list[str]) -> list[tuple[int, int]]:
    return [Image.open(io.BytesIO(base64.b64decode(data, validate=True))).size for data in pictures]


def test_openai(server: Server) -> None:
    told = told_by("openai.mjs", server)
    assert sizes(told["pictures"]) == [(64, 96), (64, 96)]
    assert (told["seeds"], told["size"]) == ([11, 12], "64x96")
    assert told["link"]["type"] == "image/png"
    assert told["link"]["bytes"] > 1000
    kinds = [event["type"].rpartition(".")[2] for event in told["events"]]
    assert kinds == ["partial_image", "partial_image", "completed"]
    assert all(event["bytes"] > 300 for event in told["events"])
    assert told["refusal"] == {
        "name": "NotFoundError",
        "status": 404,
        "code": "model_not_found",
        "request": True,
    }
    assert "toy" in told["models"]


def test_ai_sdk(server: Server) -> None:
    told = told_by("ai-sdk.mjs", server)
    assert sizes(told["pictures"]) == [(64, 96), (64, 96)]
    assert told["types"] == ["image/png", "image/png"]
    receipts = [
        json.loads(Image.open(io.BytesIO(base64.b64decode(data))).info["fluxgram"])
        for data in told["pictures"]
    ]
    assert [(receipt["seed"], receipt["steps"]) for receipt in receipts] == [(11, 2), (12, 2)]
    assert receipts[0]["negative"]["text"] == "hat"
    assert told["refusal"]["status"] == 404
    assert "no-such-model" in told["refusal"]["message"]
    assert told["edit"]["status"] == 400
    assert "change pictures yet" in told["edit"]["message"]
