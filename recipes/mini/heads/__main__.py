"""Renders seeds FIRST to LAST (inclusive) to packs in a folder.

Usage: `python -m recipes.mini.heads FIRST LAST FOLDER [--part I/N] [--spp 18] [--res 288] [--max N]`. Packs that
exist are skipped, and a pack appears only when it is complete, so several processes (one a core, each with its part)
may be stopped and started at will. Blender's memory grows slowly: with `--max`, a process stops with status 3 after
that many heads, for a loop to start a fresh one.
"""

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TextIO

MORE_TO_DO = 3
"""Exit status after `--max` heads."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parse(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one process a core
    part, parts = options.part
    options.folder.mkdir(parents=True, exist_ok=True)
    started, done = time.time(), 0
    with (options.folder / f"log_{part}.txt").open("a", encoding="utf-8") as log:
        for seed in range(options.first + part, options.last + 1, parts):
            path = options.folder / f"{seed:06d}.pack"
            if path.exists():
                continue
            if _produce(seed, path, options, log):
                done += 1
                rate = done * 3600 / (time.time() - started)
                print(f"{seed}: {done} heads, {rate:.0f} an hour", file=log, flush=True)
            if done >= options.max:
                return MORE_TO_DO
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini.heads", description=__doc__)
    parser.add_argument("first", type=int, help="first seed")
    parser.add_argument("last", type=int, help="last seed")
    parser.add_argument("folder", type=Path, help="folder of packs")
    parser.add_argument(
        "--part", type=_part, default=(0, 1), metavar="I/N", help="every N-th seed from the I-th on"
    )
    parser.add_argument("--spp", type=int, default=18, help="paths a pixel")
    parser.add_argument("--res", type=int, default=288, help="width and height in pixels")
    parser.add_argument("--quality", type=int, default=86, help="WebP quality of the lights")
    parser.add_argument("--max", type=int, default=10**9, help="stop after this many heads with status 3")
    parser.add_argument("--overrides", type=json.loads, default={}, help="attributes to replace, as JSON")
    return parser.parse_args(arguments)


def _part(text: str) -> tuple[int, int]:
    """Read a part: "1/4" is the second of four."""
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part such as 0/2 or 1/2")
    return int(index), int(count)


def _produce(seed: int, path: Path, options: argparse.Namespace, log: TextIO) -> bool:
    """Render one head and put its pack in place; a failure is logged and the head left out."""
    from recipes.mini.heads.pack import write_pack
    from recipes.mini.heads.render import render
    from recipes.mini.heads.visibility import visible

    started = time.time()
    try:
        head = render(seed, options.res, options.spp, options.overrides)
        head.meta["visible"] = visible(head.meta)
        head.meta["spp"] = options.spp
        pack = write_pack(head, options.quality)
    except Exception:
        print(f"{seed}: failed\n{traceback.format_exc()}", file=log, flush=True)
        return False
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(pack)
    temporary.replace(path)
    print(f"{seed}: {time.time() - started:.1f} s, {len(pack) // 1024} KB", file=log, flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
