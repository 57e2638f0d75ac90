"""One cold start as a user of diffusers writes it. Started by `first_picture.py`, with a task as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from stages import Stopwatch

task = json.loads(sys.argv[1])
watch = Stopwatch(task["spawned"])

import torch  # noqa: E402  (the watch comes first)
from diffusers import Flux2KleinPipeline  # noqa: E402

pipeline: Any = Flux2KleinPipeline.from_pretrained(  # type: ignore[no-untyped-call]
    task["folder"], torch_dtype=torch.float32
)
watch.lap("load")
pipeline.set_progress_bar_config(disable=True)
encode_prompt = pipeline.encode_prompt


def encode(*args: Any, **kwargs: Any) -> Any:
    """The pipeline's own, and a lap."""
    answer = encode_prompt(*args, **kwargs)
    watch.lap("encode")
    return answer


def step(_: Any, __: int, ___: Any, values: dict[str, Any]) -> dict[str, Any]:
    """A lap; changes nothing."""
    watch.lap("denoise")
    return values


pipeline.encode_prompt = encode
picture = pipeline(
    prompt=task["prompt"],
    width=task["width"],
    height=task["height"],
    num_inference_steps=task["steps"],
    guidance_scale=task["guidance"],
    generator=torch.Generator().manual_seed(task["seed"]),
    max_sequence_length=task["length"],
    text_encoder_out_layers=tuple(task["layers"]),
    callback_on_step_end=step,
).images[0]
watch.lap("decode")
picture.save(task["picture"])
watch.lap("write")
watch.write(Path(task["seconds"]))
