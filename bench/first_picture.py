"""Cold start to file: fresh processes, one picture each, side by side with the stock pipeline on the same weights.

Both get the same prompt, padded length, text layers, size, steps, guidance and seed, and draw the same picture: the
greatest difference of a number is printed. Every process has an empty FLUXGRAM_HOME; files are in the page cache after
the first round, which is not counted. What the processes do: `first_picture_fluxgram.py`, `first_picture_stock.py`.

    python bench/first_picture.py                       # fluxgram-mini, five rounds
    python bench/first_picture.py --rounds 1 --steps 2 --checkpoint FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side import circumstances, in_turn, spread, table

HERE = Path(__file__).parent
PROMPT = "Close-up portrait of a woman with auburn hair, Rembrandt light from the left, 85mm lens, dark grey background"
STAGES = ("start", "import", "load", "encode", "denoise", "decode", "write")
OURS, STOCK = "fluxgram", "diffusers"
TARGET = 0.7
"""Of diffusers' time; its memory must not be exceeded either."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process.

    Attributes:
        seconds: By stage, as the program says; empty for the command line.
        file: Seconds from spawning the process to the file being there (for the command line: to its exit).
        exit: Seconds from spawning the process to its exit.
        memory: The most physical memory it had, in MiB.
        work: CPU seconds of all its threads; on one thread little disturbed by others who compute.
    """

    seconds: dict[str, float]
    file: float
    exit: float
    memory: float
    work: float


def main() -> None:
    """Measure, and print two tables."""
    options = _options()
    task = _task(options)
    print(
        f"# Cold start to file: {task['checkpoint_name']}, {task['width']}x{task['height']}, {task['steps']} steps\n"
    )
    print(circumstances(), flush=True)
    print(f"- rounds: {options.rounds}, in turn, after one that is not counted; medians (least … greatest)\n")
    with tempfile.TemporaryDirectory() as folder:
        contenders = _contenders(task, Path(folder))
        if options.one_thread:
            contenders = {name: contenders[name] for name in (OURS, f"{STOCK}, 1 thread")}
        in_turn(contenders, 1)
        runs = in_turn(contenders, options.rounds)
        difference = _difference(Path(folder))
    print(_stages_table(runs))
    print()
    print(_verdict_table(runs))
    print(f"\nGreatest difference between the two pictures: {difference} of 255.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is started")
    parser.add_argument("--checkpoint", default="fluxgram-mini", help="a name or a folder")
    parser.add_argument(
        "--steps", type=int, default=None, help="denoising steps (default: the checkpoint's `final`)"
    )
    parser.add_argument(
        "--one-thread",
        action="store_true",
        help="leave out what needs all cores: for a machine that is not idle",
    )
    parser.add_argument("--size", default=None, help="WIDTHxHEIGHT in px (default: the checkpoint's)")
    return parser.parse_args()


def _task(options: argparse.Namespace) -> dict[str, Any]:
    """What is drawn, in numbers that both programs are given."""
    from fluxgram.families.checkpoints import find
    from fluxgram.families.sources import folder_of
    from fluxgram.families.text import PromptTokenizer
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    checkpoint = find(options.checkpoint, settings)
    folder = folder_of(checkpoint, settings)
    size = options.size.split("x") if options.size else checkpoint.sizes.default
    return {
        "prompt": PROMPT,
        "checkpoint": options.checkpoint,
        "checkpoint_name": checkpoint.name,
        "folder": str(folder),
        "width": int(size[0]),
        "height": int(size[1]),
        "steps": options.steps or checkpoint.steps["final"],
        "guidance": checkpoint.guidance,
        "seed": 7,
        "layers": checkpoint.text.layers,
        # the length that fluxgram pads this prompt to: a careful user of diffusers would set it, too
        "length": len(PromptTokenizer(folder / "tokenizer", checkpoint.text).encode(PROMPT).ids),
    }


def _contenders(task: dict[str, Any], folder: Path) -> dict[str, Callable[[], Run]]:
    """Diffusers runs as it comes (a thread a core), and on one thread, which suits a small checkpoint better."""
    words = [
        "generate", task["prompt"], "--checkpoint", task["checkpoint"], "--seed", str(task["seed"]),
        "--size", f"{task['width']}x{task['height']}", "--steps", str(task["steps"]),
        "--out", str(folder / "command.png"), "--force", "--quiet",
    ]  # fmt: skip
    program = ["-c", "from fluxgram.cli import main; main()", *words]
    return {
        OURS: partial(_start_program, "first_picture_fluxgram.py", task, folder, {}),
        STOCK: partial(_start_program, "first_picture_stock.py", task, folder, {}),
        f"{STOCK}, 1 thread": partial(
            _start_program, "first_picture_stock.py", task, folder, {"OMP_NUM_THREADS": "1"}
        ),
        "`fluxgram generate`": partial(_start, program, {}),
    }


def _start_program(name: str, task: dict[str, Any], folder: Path, variables: dict[str, str]) -> Run:
    """Start one of the two programs, and read what its stopwatch says."""
    picture, seconds = folder / f"{name}.png", folder / "seconds.json"
    picture.unlink(missing_ok=True)
    task = task | {"picture": str(picture), "seconds": str(seconds), "spawned": time.monotonic()}
    run = _start([str(HERE / name), json.dumps(task)], variables)
    stages = json.loads(seconds.read_text(encoding="utf-8"))
    return Run(stages, sum(stages.values()), run.exit, run.memory, run.work)


def _start(arguments: list[str], variables: dict[str, str]) -> Run:
    """Start Python, wait for its end, and look at its greatest memory."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as said:
        environment = os.environ | {"FLUXGRAM_HOME": home, "HF_HUB_OFFLINE": "1"} | variables
        begun = time.monotonic()
        process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode() + f"ended with status {process.returncode}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Run({}, seconds, seconds, usage.ru_maxrss / unit, usage.ru_utime + usage.ru_stime)


def _difference(folder: Path) -> int:
    """The greatest difference of a number between the two pictures, 0 … 255."""
    from PIL import Image, ImageChops

    names = ("first_picture_fluxgram.py.png", "first_picture_stock.py.png")
    ours, theirs = (Image.open(folder / name).convert("RGB") for name in names)
    return max(int(high) for _, high in ImageChops.difference(ours, theirs).getextrema())  # type: ignore[misc]


def _stages_table(runs: dict[str, list[Run]]) -> str:
    programs = {name: each for name, each in runs.items() if each[0].seconds}
    rows = [
        [stage, *(spread(run.seconds.get(stage, 0.0) for run in each) for each in programs.values())]
        for stage in STAGES
    ]
    rows.append(["**to the file**", *(spread(run.file for run in each) for each in programs.values())])
    return table(["seconds", *programs], rows)


def _verdict_table(runs: dict[str, list[Run]]) -> str:
    """Totals, and ours against each of the others round by round."""
    rows = []
    for name, each in runs.items():
        time_ratio = [our.file / run.file for our, run in zip(runs[OURS], each, strict=True)]
        memory_ratio = [our.memory / run.memory for our, run in zip(runs[OURS], each, strict=True)]
        work_ratio = [our.work / run.work for our, run in zip(runs[OURS], each, strict=True)]
        verdict = "–"
        if name.startswith(STOCK):
            met = median(time_ratio) <= TARGET and median(memory_ratio) <= 1
            verdict = "met" if met else "missed"
        rows.append(
            [
                name,
                spread(run.file for run in each),
                spread(run.exit for run in each),
                spread(run.work for run in each),
                spread((run.memory for run in each), 0),
                spread(time_ratio),
                spread(work_ratio),
                spread(memory_ratio),
                verdict,
            ]
        )
    head = [
        "",
        "s to the file",
        "s to the exit",
        "CPU s",
        "peak memory, MiB",
        "fluxgram's time by its",
        "CPU time by its",
        "memory by its",
        f"at most {TARGET} and 1",
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
