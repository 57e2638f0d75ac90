"""One character in several scenes at once, over the ModelsLab surface: the same words and the same seed.

All orders are handed in first and fetched afterwards, so the server's queue is used and nothing waits in between.
Address and key as in `batch_portraits.py`: the first argument or FLUXGRAM_URL, and FLUXGRAM_KEY.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import requests

SERVER = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FLUXGRAM_URL", "http://127.0.0.1:7070")
KEY = os.environ.get("FLUXGRAM_KEY", "none-needed-on-this-machine")
SEED = 7
LONGEST = 600  # seconds that all of them may take

CHARACTER = "portrait of a man of 60 with a white beard, weathered skin and a blue cap"
SCENES = {
    "deck": "on the deck of a boat, overcast daylight",
    "workshop": "in a workshop, one lamp from the right, Rembrandt light",
    "night": "in front of a bar at night, neon light",
}


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
    answer = requests.post(f"{SERVER}/api/v6/images/text2img", json=fields, timeout=60).json()
    if answer["status"] not in ("processing", "success"):
        sys.exit(f"refused: {answer['message']} {answer.get('tip', '')}")
    return dict(answer)


def fetch(number: object) -> dict[str, Any]:
    """A job as it stands, asked for by its number."""
    asked = {"key": KEY, "request_id": str(number)}
    return dict(requests.post(f"{SERVER}/api/v6/images/fetch", json=asked, timeout=60).json())


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
