"""One cold start as fluxgram's user writes it. Started by `first_picture.py`, with a task as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from stages import Stopwatch

task = json.loads(sys.argv[1])
watch = Stopwatch(task["spawned"])

import fluxgram  # noqa: E402  (the watch comes first)

STAGES = {"Queued": "load", "Loading": "load", "Encoded": "encode", "Step": "denoise", "Finished": "decode"}


def listen(event: Any) -> None:
    """Each event ends a stretch of work."""
    stage = STAGES.get(type(event).__name__)
    if stage:
        watch.lap(stage)


result = fluxgram.generate(
    task["prompt"],
    checkpoint=task["checkpoint"],
    size=(task["width"], task["height"]),
    steps=task["steps"],
    seed=task["seed"],
    on_event=listen,
)
watch.lap("decode")
assert not isinstance(result, list)  # noqa: S101  (one picture was asked for)
result.save(task["picture"])
watch.lap("write")
watch.write(Path(task["seconds"]))
