"""Three portraits of one woman over the ModelsLab surface, saved with their seeds.

`fluxgram serve` in one terminal, `python examples/batch_portraits.py` in another. The server's address is the first
argument or FLUXGRAM_URL, the key (where the server wants one) FLUXGRAM_KEY. A program that was written for the hosted
service looks the same, but for the address.
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
LONGEST = 600  # seconds that a portrait may take
PATIENCE = 60  # seconds that the server may take to start anew

WOMAN = "portrait of a woman of 45 with short grey hair, green eyes and a woollen coat"
SCENES = {
    "studio": "neutral backdrop, soft studio light from the left, 85mm lens",
    "harbour": "harbour at sunset, golden light from behind, shallow depth of field",
    "library": "in a library, overcast window light, 50mm lens",
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


def draw(prompt: str, seed: int) -> list[str]:
    """Ask for a picture and wait until it is there; addresses of its files."""
    order: dict[str, Any] = {
        "key": KEY,
        "model_id": "fluxgram-v1",
        "prompt": prompt,
        "negative_prompt": "cartoon, painting, blur",
        "width": 512,
        "height": 768,
        "samples": 1,
        "seed": seed,
        "safety_checker": "yes",
    }
    answer = post(f"{SERVER}/api/v6/images/text2img", order)
    end = time.monotonic() + LONGEST
    while answer["status"] == "processing" and time.monotonic() < end:
        time.sleep(min(answer["eta"], 5))
        answer = post(answer["fetch_result"], {"key": KEY})
    if answer["status"] != "success":
        sys.exit(f"no picture: {answer['message']} {answer.get('tip', '')}")
    for note in answer["meta"]["fluxgram"]["ignored"]:
        print(f"  {note['name']} {note['value']}: {note['reason']}")
    return list(answer["output"])


for name, scene in SCENES.items():
    for address in draw(f"{WOMAN}, {scene}", seed=42):
        file = Path(f"{name}.png")
        file.write_bytes(requests.get(address, timeout=60).content)
        print(f"{file}: {scene}")
