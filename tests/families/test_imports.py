"""Narrow imports: quick, and without a trace afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = """
import sys, warnings
from pathlib import Path
from fluxgram.settings import Settings
from fluxgram.families.checkpoints import find
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
import torch
settings = Settings(home=Path({home!r}), device="cpu", dtype="float32", threads=1)
checkpoint = find({toy!r}, settings)
parts = Flux2().load(checkpoint, place(checkpoint, settings))
start = Flux2().begin(parts, 64, 64, 0)
condition = Flux2().encode(parts, "a man", None, 3.0)
Flux2().decode(parts, start)
velocity = Flux2().predict(parts, start, torch.ones(1), torch.zeros(1), condition)
"""


def run(program: str, toys: dict[str, Path], home: Path) -> str:
    text = START.format(home=str(home), toy=str(toys["base"])) + program
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_drawing_loads_neither_the_compiler_nor_other_models(toys: dict[str, Path], tmp_path: Path) -> None:
    program = """
heavy = ["torch._dynamo", "sympy", "torch.distributed.tensor", "diffusers.models.transformers",
         "diffusers.pipelines.flux2",
         "diffusers.models.autoencoders", "diffusers.models.transformers.transformer_flux"]
print([name for name in heavy if name in sys.modules])
print(torch.distributed.is_available())
"""
    assert run(program, toys, tmp_path) == "[]\nTrue"


@pytest.mark.slow
def test_compiler_and_stock_pipeline_work_afterwards(toys: dict[str, Path], tmp_path: Path) -> None:
    program = """
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item() == 2
compiled = torch.compile(parts.components["transformer"], backend="eager")
parts.components["transformer"] = compiled
again = Flux2().predict(parts, start, torch.ones(1), torch.zeros(1), condition)
assert torch.allclose(velocity, again, atol=1e-5)
from diffusers import Flux2KleinPipeline, FluxTransformer2DModel
from diffusers.models.transformers import Flux2Transformer2DModel
assert type(compiled._orig_mod) is Flux2Transformer2DModel
pipeline = Flux2KleinPipeline.from_pretrained({toy!r})
pipeline(prompt="a man", width=64, height=64, num_inference_steps=1, max_sequence_length=64,
         text_encoder_out_layers=(1, 2, 3), output_type="latent")
print("ok")
""".replace("{toy!r}", repr(str(toys["base"])))
    assert run(program, toys, tmp_path).splitlines()[-1] == "ok"
