"""Denoising step, text encoding and decoding at klein 4B's width on a CPU in bfloat16, side by side with diffusers.

Weights are random and the checkpoint is few blocks deep (`klein_geometry.py`); the blocks' time is taken apart and
scaled to the real depth. Contenders take turns inside one process. Both sides compute the same numbers but for
rounding; how far they are apart is printed. The share of the peak is of the best matrix product measured here.

    python bench/klein_cpu.py                      # 512x768, needs 8 GB of memory and 3 GB of disk
    python bench/klein_cpu.py --toy --rounds 1 --size 64x64
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from klein_geometry import KLEIN_4B, LENGTH, TOY, make
from meter import Meter, Reading
from side_by_side import circumstances, in_turn, ratios, spread, table

from fluxgram.families.checkpoints import find
from fluxgram.families.contract import Condition, Parts
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.settings import Settings

FLUX2 = Flux2()
OURS, STOCK, COMPILED = "fluxgram", "diffusers", "diffusers, blocks compiled"
PROMPT = "Close-up portrait of a woman with auburn hair, Rembrandt light from the left, 85mm lens, picture"
TARGETS = {"denoising step": 1.0, "text encoding": 1.4, "decoding": 2.0}
"""How many times as quick as every form of diffusers that is measured."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of drawing, measured.

    Attributes:
        name: What it is.
        readings: By contender, round by round; not scaled.
        depths: By contender: kind of block → how many the real checkpoint computes.
        work: Floating-point operations that are needed at the real depth (what diffusers does beyond is not work).
        apart: How far ours is from diffusers' answer, relative.
    """

    name: str
    readings: dict[str, list[Reading]]
    depths: dict[str, dict[str, int]]
    work: float
    apart: float

    def seconds(self, contender: str) -> list[float]:
        """Scaled to the real depth, round by round."""
        return [reading.scaled(self.depths[contender]).seconds for reading in self.readings[contender]]


def main() -> None:
    """Measure, and print the tables."""
    options = _options()
    warnings.filterwarnings("ignore")  # the libraries' own
    width, height = (int(side) for side in options.size.split("x"))
    print(
        f"# {'Toy' if options.toy else 'klein 4B geometry'}, {width}x{height}, {LENGTH} text tokens, bfloat16\n"
    )
    print(circumstances())
    print(
        f"- threads: {torch.get_num_threads()}; rounds: {options.rounds}, in turn, after one not counted",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        place_of = options.folder or Path(folder)
        if not (place_of / "fluxgram.toml").is_file():
            make(place_of, toy=options.toy)
        bench = Bench(place_of, width, height, options)
        peak = matrix_product_peak(256 if options.toy else 2048, bench.clock)
        print(f"- best matrix product here, bfloat16: {peak / 1e12:.3f} TFLOP/s\n", flush=True)
        measures = {"decoding": bench.decoding, "text": bench.text, "step": bench.step}
        for name in options.parts:  # a run that is cut off has told what it knew
            part = measures[name]()
            print(_blocks_table(part))
            print()
            print(_verdict_table(part, peak), flush=True)
            print()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="512x768", help="WIDTHxHEIGHT in px")
    parser.add_argument("--folder", type=Path, default=None, help="keep the checkpoint here for the next run")
    names = ["decoding", "text", "step"]
    parser.add_argument("--parts", nargs="+", default=names, choices=names, help="which of the three")
    parser.add_argument("--cpu-clock", action="store_true", help="CPU seconds; with OMP_NUM_THREADS=1 only")
    parser.add_argument("--toy", action="store_true", help="tiny widths, to see whether the script works")
    return parser.parse_args()


def matrix_product_peak(side: int, clock: Callable[[], float]) -> float:
    """Floating-point operations a second of the best bfloat16 product: a square one and those of a single block."""
    best = 0.0
    shapes = (
        (side, side, side),
        (side // 2, side * 3 // 4, side * 27 // 4),
        (side // 2, side * 3, side * 3 // 4),
    )
    with torch.inference_mode():
        for rows, inner, columns in shapes:
            a, b = torch.randn(rows, inner).bfloat16(), torch.randn(columns, inner).bfloat16()
            for _ in range(5):
                start = clock()
                torch.nn.functional.linear(a, b)
                best = max(best, 2 * rows * inner * columns / (clock() - start))
    return best


class Bench:
    """Both sides on one checkpoint, and their three parts.

    Args:
        folder: The checkpoint.
        width: Of the picture, in px.
        height: Of the picture, in px.
        options: The command line's.
    """

    def __init__(self, folder: Path, width: int, height: int, options: argparse.Namespace) -> None:
        from diffusers import Flux2KleinPipeline

        settings = Settings(
            home=folder / "home",
            device="cpu",
            dtype="bfloat16",
            offline=True,
            threads=torch.get_num_threads(),
        )
        checkpoint = find(str(folder), settings)
        self.folder, self.rounds, self.real = folder, options.rounds, TOY if options.toy else KLEIN_4B
        self.clock = time.process_time if options.cpu_clock else time.perf_counter
        # a memory limit only decides how components wait, and this machine's free memory is not what is measured
        placement = replace(place(checkpoint, settings), plan="all")
        self.parts: Parts = FLUX2.load(checkpoint, placement)
        stock: Any = Flux2KleinPipeline
        self.stock = stock.from_pretrained(folder, torch_dtype=torch.bfloat16)
        self.latents = FLUX2.begin(self.parts, width, height, seed=1)
        self.condition: Condition = FLUX2.encode(self.parts, PROMPT, None, 1.0)

    def step(self) -> Part:
        """One pass of the transformer; diffusers as it comes, and with its blocks compiled."""
        from diffusers import Flux2Transformer2DModel

        stock: Any = Flux2Transformer2DModel
        compiled = stock.from_pretrained(self.folder / "transformer", torch_dtype=torch.bfloat16)
        compiled.compile_repeated_blocks()
        kinds = {"double": "transformer_blocks", "single": "single_transformer_blocks"}
        sigma, after = torch.tensor([0.7]), torch.tensor([0.5])
        ours = partial(FLUX2.predict, self.parts, self.latents, sigma, after, self.condition)
        depths = {"double": self.real.double, "single": self.real.single}
        contenders = {
            OURS: Meter(ours, self.parts.components["transformer"], kinds, self.clock),
            STOCK: Meter(
                partial(self._stock_step, self.stock.transformer), self.stock.transformer, kinds, self.clock
            ),
            COMPILED: Meter(partial(self._stock_step, compiled), compiled, kinds, self.clock),
        }
        return self._measure("denoising step", contenders, dict.fromkeys(contenders, depths))

    def text(self) -> Part:
        """A prompt's embedding; ours gets a new prompt each time, because it remembers."""
        number = itertools.count()
        layers = self.parts.checkpoint.text.layers

        def ours() -> torch.Tensor:
            return FLUX2.encode(self.parts, f"{PROMPT} {next(number)}", None, 1.0).text

        def stock() -> torch.Tensor:
            with torch.no_grad():
                prompt = f"{PROMPT} {(next(number) - 1)}"
                answer: torch.Tensor = self.stock.encode_prompt(
                    prompt, max_sequence_length=LENGTH, text_encoder_out_layers=layers
                )[0]
            return answer

        contenders = {
            OURS: Meter(ours, self.parts.components["text_encoder"], {"layer": "layers"}, self.clock),
            STOCK: Meter(stock, self.stock.text_encoder.model, {"layer": "layers"}, self.clock),
        }
        depths = {OURS: {"layer": self.real.text_read}, STOCK: {"layer": self.real.text}}
        return self._measure("text encoding", contenders, depths)

    def decoding(self) -> Part:
        """Latents to a picture in bytes; the autoencoder is whole, so nothing is scaled."""
        grid: Any = torch.randn(1, 32, self.latents.rows * 2, self.latents.columns * 2).bfloat16()
        statistics = self.stock.vae.bn
        deviation = torch.sqrt(statistics.running_var + statistics.eps)
        packed = (
            grid.unflatten(2, (-1, 2))
            .unflatten(4, (-1, 2))
            .permute(0, 2, 4, 1, 3, 5)
            .flatten(3)
            .flatten(1, 2)
        )
        tokens = (packed.float() - statistics.running_mean.float()) / deviation.float()

        def stock() -> torch.Tensor:
            with torch.no_grad():
                picture = self.stock.vae.decode(grid, return_dict=False)[0]
                image = self.stock.image_processor.postprocess(picture, output_type="np")[0]
            return torch.from_numpy(image * 255).round()

        ours = partial(FLUX2.decode, self.parts, replace(self.latents, tokens=tokens))
        contenders = {OURS: Meter(ours, None, {}, self.clock), STOCK: Meter(stock, None, {}, self.clock)}
        depths: dict[str, dict[str, int]] = {name: {} for name in contenders}
        return self._measure("decoding", contenders, depths)

    def _stock_step(self, transformer: Any) -> torch.Tensor:
        """As the pipeline's loop calls it."""
        rows, columns = self.latents.rows, self.latents.columns
        zero = torch.arange(1)
        with torch.no_grad():
            velocity: torch.Tensor = transformer(
                hidden_states=self.latents.tokens.bfloat16(),
                timestep=torch.tensor([700.0]).bfloat16() / 1000,
                guidance=None,
                encoder_hidden_states=self.condition.text,
                txt_ids=torch.cartesian_prod(zero, zero, zero, torch.arange(LENGTH)).unsqueeze(0),
                img_ids=torch.cartesian_prod(zero, torch.arange(rows), torch.arange(columns), zero).unsqueeze(
                    0
                ),
                joint_attention_kwargs=None,
                return_dict=False,
            )[0]
        return velocity

    def _measure(self, name: str, contenders: dict[str, Meter], depths: dict[str, dict[str, int]]) -> Part:
        """Count the work once and compare the answers (the round that is not counted), then take turns."""
        answers: dict[str, torch.Tensor] = {}
        counted: dict[str, Reading] = {}
        for contender, meter in contenders.items():
            count = contender == STOCK  # the counter does not see through compiled blocks
            counted[contender] = meter(count=count)
            answers[contender] = meter.answer.float()
        readings: dict[str, list[Reading]] = in_turn(contenders, self.rounds)
        truth = answers[STOCK]
        apart = max(float((answer - truth).norm() / truth.norm()) for answer in answers.values())
        work = counted[STOCK].scaled(depths[OURS]).work - (
            self._head_work() if name == "text encoding" else 0.0
        )
        return Part(name, readings, depths, work, apart)

    def _head_work(self) -> float:
        """What the language head costs, which no picture needs."""
        return 2.0 * LENGTH * float(self.stock.text_encoder.lm_head.weight.numel())


def _blocks_table(part: Part) -> str:
    """Seconds as measured: of one block of each kind, and of the rest."""
    rows = []
    for contender, readings in part.readings.items():
        for kind in [*readings[0].blocks, "rest"] if readings[0].blocks else ["all"]:
            seconds = [reading.one(kind) for reading in readings]
            depth = str(part.depths[contender].get(kind, 1))
            rows.append([f"{part.name}: {contender}", kind, depth, spread(seconds, 3)])
    return table(["as measured", "of", "times", "seconds of one"], rows)


def _verdict_table(part: Part, peak: float) -> str:
    """Seconds at the real depth, ratios, share of the peak, targets."""
    rows = []
    for contender in part.readings:
        theirs = part.seconds(contender)
        row = [f"{part.name}: {contender}", spread(theirs), f"{part.work / median(theirs) / peak:.0%}"]
        if contender == OURS:
            rows.append([*row, "–", "–", f"{part.apart:.1%}"])
            continue
        quicker = ratios(part.seconds(OURS), theirs)
        verdict = "met" if median(quicker) >= TARGETS[part.name] else "missed"
        rows.append([*row, spread(quicker), f"{TARGETS[part.name]:g}: {verdict}", "–"])
    head = [
        "at the real depth",
        "seconds",
        "of the peak",
        "fluxgram is quicker by",
        "target",
        "answers apart",
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
