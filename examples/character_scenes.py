"""One character in several scenes at once, over the ModelsLab surface: the same words and the same seed.

All orders are handed in first and fetched afterwards, so the server's queue is used and nothing waits in between.
Address and key as in `batch_portraits.py`: the first argument or FLUXGRAM_URL, and FLUXGRAM_KEY.
"""

import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import requests

SERVER = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FLUXGRAM_URL", "http://127.0.0.1:7070")
KEY = os.environ.get("FLUXGRAM_KEY", "none-needed-on-this-machine")
SEED = 7
LONGEST = 600  # seconds that all of them may take
PATIENCE = 60  # seconds that the server may take to start anew

CHARACTER = "portrait of a man of 60 with a white beard, weathered skin and a blue cap"
SCENES = {
    "deck": "on the deck of a boat, overcast daylight",
    "workshop": "in a workshop, one lamp from the right, Rembrandt light",
    "night": "in front of a bar at night, neon light",
}


def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a body until it is answered. By the key, a server that was killed meanwhile knows an order again."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return dict(requests.post(address, json=body, headers=headers, timeout=60).json())
        except (requests.ConnectionError, requests.Timeout) as error:
            if time.monotonic() > end:
                sys.exit(f"{SERVER} does not answer; is fluxgram serve running? ({type(error).__name__})")
            time.sleep(1)


def order(scene: str) -> dict[str, Any]:
    """Hand in an order; the server answers at once because of `instant_response`."""
    fields: dict[str, Any] = {
        "key": KEY,
        "model_id": "fluxgram-v1",
        "prompt": f"{CHARACTER}, {scene}",
        "negative_prompt": "cartoon, plastic skin",
        "width": "512",
        "height": "768",
        "seed": SEED,
        "enhance_prompt": "yes",
        "instant_response": True,
        "track_id": scene,
    }
    answer = post(f"{SERVER}/api/v6/images/text2img", fields)
    if answer["status"] not in ("processing", "success"):
        sys.exit(f"refused: {answer['message']} {answer.get('tip', '')}")
    return answer


def fetch(number: object) -> dict[str, Any]:
    """A job as it stands, asked for by its number."""
    return post(f"{SERVER}/api/v6/images/fetch", {"key": KEY, "request_id": str(number)})


waiting = {name: order(scene)["id"] for name, scene in SCENES.items()}
print(f"{len(waiting)} orders are queued")
end = time.monotonic() + LONGEST
while waiting and time.monotonic() < end:
    for name, number in list(waiting.items()):
        answer = fetch(number)
        if answer["status"] == "processing":
            continue
        if answer["status"] != "success":
            sys.exit(f"no picture of {name}: {answer['message']}")
        (address,) = answer["output"]
        Path(f"{name}.png").write_bytes(requests.get(address, timeout=60).content)
        print(f"{name}.png: {answer['meta']['prompt']}")
        del waiting[name]
    time.sleep(0.5 if waiting else 0)
if waiting:
    sys.exit(f"not drawn in time: {', '.join(waiting)}")
