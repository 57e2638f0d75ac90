"""Adapters: what changing one costs, and pictures with different ones in one pass, against one and against merging.

Everything is CPU seconds on one thread, in turn: the embedded checkpoint through its family, and a wider transformer
with random weights. The adapters are LoRAs of every linear layer of the blocks. Merging adds their products to the
weights before a picture (or a step, where pictures are drawn in turns) and puts them back from a copy afterwards.

    python bench/adapters.py --rounds 7
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from safetensors.torch import save_file
from side_by_side import circumstances, in_turn, ratios, spread, table

from fluxgram.families import flux2_blocks
from fluxgram.families.adapters.adapter import Adapter
from fluxgram.families.adapters.applied import Applied, adapt
from fluxgram.families.adapters.reading import open_adapter
from fluxgram.families.checkpoints import find
from fluxgram.families.contract import Latents
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.settings import Settings

FLUX2 = Flux2()
PICTURES = 4
STEPS = (24, 8)
"""Of a picture: final of the embedded checkpoint, and a distilled one's."""
Rows = Sequence[Sequence[Applied]]


@dataclass(frozen=True, slots=True)
class World:
    """A transformer and one pass through it.

    Attributes:
        name: For people.
        transformer: The module.
        shapes: Its linear layers.
        step: One pass with these adapters, a picture a row.
    """

    name: str
    transformer: Any
    shapes: dict[str, tuple[int, ...]]
    step: Callable[[Rows], object]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--checkpoint", default="fluxgram-mini")
    parser.add_argument("--size", type=int, default=256, help="sides of its pictures")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--width", type=int, default=768, help="of the wider transformer; a multiple of 64")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(circumstances())
    print(f"- LoRAs of rank {options.rank}; one thread; CPU time\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for world in (embedded(options.checkpoint, options.size), wide(options.width)):
            measure(world, Path(folder), options.rank, options.rounds)


def embedded(name: str, side: int) -> World:
    """A checkpoint through its family, without guidance: one pass a step."""
    settings = Settings(home=Path(tempfile.mkdtemp()), device="cpu", threads=1, offline=True)
    checkpoint = find(name, settings)
    parts = FLUX2.load(checkpoint, place(checkpoint, settings))
    condition = FLUX2.encode(parts, "portrait of a woman, soft window light from the left", None, 1.0)

    def step(rows: Rows) -> object:
        starts = [FLUX2.begin(parts, side, side, seed) for seed in range(len(rows))]
        latents = Latents(torch.cat([each.tokens for each in starts]), starts[0].rows, starts[0].columns)
        levels = torch.full((len(rows),), 0.8)
        return FLUX2.predict(parts, latents, levels, levels, replace(condition, rows=tuple(map(tuple, rows))))

    title = f"{checkpoint.name}, {side}x{side}"
    return World(title, parts.components["transformer"], FLUX2.linear_shapes(parts), step)


def wide(width: int) -> World:
    """FLUX.2's transformer with random weights: 2 + 4 blocks, 128 text and 256 picture tokens."""
    from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

    torch.manual_seed(0)
    transformer: Any = Flux2Transformer2DModel(
        in_channels=128, num_layers=2, num_single_layers=4, attention_head_dim=64, num_attention_heads=width // 64,
        joint_attention_dim=512, timestep_guidance_channels=64, axes_dims_rope=(16, 16, 16, 16),
        guidance_embeds=False,
    ).eval().requires_grad_(False)  # fmt: skip
    flux2_blocks.hasten(transformer)
    shapes = {
        f"transformer.{name}": tuple(layer.weight.shape)
        for name, layer in transformer.named_modules()
        if isinstance(layer, torch.nn.Linear)
    }

    def step(rows: Rows) -> object:
        with (
            torch.inference_mode(),
            adapt(transformer, "transformer").use(rows) if any(rows) else nullcontext(),
        ):
            return transformer(
                hidden_states=torch.ones(len(rows), 256, 128),
                encoder_hidden_states=torch.ones(len(rows), 128, 512),
                timestep=torch.full((len(rows),), 0.8),
                img_ids=torch.zeros(256, 4),
                txt_ids=torch.zeros(128, 4),
                return_dict=False,
            )

    return World(f"{width} wide, 2 + 4 blocks, 128 text and 256 picture tokens", transformer, shapes, step)


def measure(world: World, folder: Path, rank: int, rounds: int) -> None:
    """The tables of one transformer."""
    files = [lora(folder / f"{number}.safetensors", world, rank, seed=number) for number in range(PICTURES)]
    dtype = next(world.transformer.parameters()).dtype

    def opened(path: Path) -> Adapter:
        return open_adapter(path, world.shapes).to(torch.device("cpu"), dtype)

    adapters = [opened(path) for path in files]
    use = [[Applied(adapter)] for adapter in adapters]
    copies = {name: tensor.clone() for name, tensor in world.transformer.state_dict().items()}
    turn = iter(range(10**9))

    def open_one() -> None:
        opened(files[next(turn) % PICTURES])

    def change(rows: Rows) -> None:
        adapting = adapt(world.transformer, "transformer")
        adapting._ready.clear()  # noqa: SLF001  (as if this batch had never been)
        with adapting.use(rows):
            pass

    contenders: dict[str, Callable[[], object]] = {
        "a step, one picture": partial(world.step, [[]]),
        "a step, one picture with a LoRA": partial(world.step, use[:1]),
        "a step, four pictures": partial(world.step, [[]] * PICTURES),
        "a step, four with one LoRA": partial(world.step, use[:1] * PICTURES),
        "a step, four with four LoRAs": partial(world.step, use),
        "another LoRA, from the file": open_one,
        "another LoRA, from memory": lambda: change([use[next(turn) % PICTURES]]),
        "four others in one pass": partial(change, use),
        "merge one and take it out": lambda: merge_and_restore(
            world, adapters[next(turn) % PICTURES], copies
        ),
    }
    for contender in contenders.values():
        contender()  # not counted
    took = in_turn({name: partial(clocked, each) for name, each in contenders.items()}, rounds)
    one = median(took["a step, one picture"])
    rows = [
        [name, spread([1000 * each for each in took[name]], 1), f"{median(took[name]) / one:.2f}"]
        for name in took
    ]
    print(table([f"{world.name}: {sum(each.bytes for each in adapters) // PICTURES // 1024:,} KiB a LoRA", "CPU ms",
                 "of a step"], rows) + "\n")  # fmt: skip
    print(
        table(["four pictures in flight, a LoRA each", "times as quick"], compared(took)) + "\n", flush=True
    )


def compared(took: dict[str, list[float]]) -> list[list[str]]:
    """The figures that have targets: above 1 ours is quicker."""
    ours, one = took["a step, four with four LoRAs"], took["a step, one picture"]
    switch, alone = took["merge one and take it out"], took["a step, one picture with a LoRA"]
    rows = [
        ["four LoRAs in one pass, against one LoRA", spread(ratios(ours, took["a step, four with one LoRA"]))]
    ]
    merged = [PICTURES * (each + step) for each, step in zip(switch, one, strict=True)]
    rows.append(["against merging, pictures drawn in turns", spread(ratios(ours, merged))])
    rows.append(["one by one beside the weights, against merging, in turns",
                 spread(ratios([PICTURES * each for each in alone], merged))])  # fmt: skip
    for steps in STEPS:
        merged = [PICTURES * (each + steps * step) for each, step in zip(switch, one, strict=True)]
        title = f"against merging, one picture after the other, {steps} steps"
        rows.append([title, spread(ratios([steps * each for each in ours], merged))])
    return rows


def merge_and_restore(world: World, adapter: Adapter, copies: dict[str, torch.Tensor]) -> None:
    """What another way of drawing with an adapter does before and after a picture."""
    with torch.inference_mode():
        for path, changes in adapter.changes.items():
            weight = world.transformer.get_submodule(path.removeprefix("transformer.")).weight
            for change in changes:
                down, up = change.pair or (None, None)
                weight.addmm_(up, down)
        for path in adapter.changes:
            name = path.removeprefix("transformer.")
            world.transformer.get_submodule(name).weight.copy_(copies[f"{name}.weight"])


def lora(path: Path, world: World, rank: int, *, seed: int) -> Path:
    """A file with a LoRA of every linear layer of the blocks."""
    dice = torch.Generator().manual_seed(seed)
    pairs = {}
    for name, (out, into) in world.shapes.items():
        if "transformer_blocks." in name:
            pairs[f"{name}.lora_A.weight"] = torch.randn(rank, into, generator=dice)
            pairs[f"{name}.lora_B.weight"] = torch.randn(out, rank, generator=dice) * 0.01
    save_file(pairs, path)
    return path


def clocked(call: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
