"""Compose portraits from packs: a contact sheet, a folder of pictures with captions, or a speed test.

Usage: `python -m recipes.mini.portraits PACKS (--sheet FILE | --out FOLDER | --bench N)`.
"""

import argparse
import json
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.mini.portraits.compose import Composer, compose
from recipes.mini.portraits.pack import Head
from recipes.mini.portraits.rigs import STYLES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parse(arguments)
    try:
        composer = Composer(options.packs, options.seed)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if options.bench:
        print(f"{_pictures_per_second(composer, options.bench, options.per_head):.1f} pictures/s/core")
    elif options.out:
        _write_folder(composer, options.out, options.n, options.per_head)
    else:
        pictures = _sheet_pictures(composer, options.n, options.styles)
        Image.fromarray(_sheet(pictures, options.cols)).save(options.sheet)
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini.portraits", description=__doc__)
    parser.add_argument("packs", type=Path, help="folder of packs")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--sheet", type=Path, help="write a contact sheet to this file and print the captions"
    )
    action.add_argument("--out", type=Path, help="write JPEG files and captions.jsonl to this folder")
    action.add_argument("--bench", type=int, metavar="N", help="time N pictures")
    parser.add_argument("-n", type=int, default=24, help="number of pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--styles", type=_styles, help="comma-separated lightings, for a sheet")
    parser.add_argument("--cols", type=int, default=6, help="columns of a sheet")
    parser.add_argument("--per-head", type=int, default=4, help="pictures of a head before the next")
    return parser.parse_args(arguments)


def _styles(text: str) -> list[str]:
    """A comma-separated list of lightings."""
    styles = text.split(",")
    for style in styles:
        if style not in STYLES:
            raise argparse.ArgumentTypeError(f"no lighting {style!r}; there are {', '.join(STYLES)}")
    return styles


def _pictures_per_second(composer: Composer, count: int, per_head: int) -> float:
    """Speed of composing, in pictures per second of processor time."""
    stream = composer.stream(per_head)
    next(stream)
    start = time.process_time()
    for _ in islice(stream, count):
        pass
    return count / (time.process_time() - start)


def _write_folder(composer: Composer, folder: Path, count: int, per_head: int) -> None:
    """Write pictures, and one line of facts for each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "captions.jsonl").open("w", encoding="utf-8") as captions:
        for i, (picture, _, info) in enumerate(islice(composer.stream(per_head), count)):
            name = f"{i:06d}.jpg"
            Image.fromarray(picture).save(folder / name, quality=95)
            captions.write(json.dumps({"file": name, **info}) + "\n")


def _sheet_pictures(composer: Composer, count: int, styles: list[str] | None) -> list[np.ndarray]:
    """Pictures of heads in random order, or of the first heads under each of the given lightings."""
    heads = len(composer.files)
    order = np.arange(heads) if styles else composer.rng.permutation(heads)
    wanted: list[str | None] = [*styles] if styles else [None]
    pictures: list[np.ndarray] = []
    turn = 0
    while len(pictures) < count:
        head = Head(composer.files[order[turn % heads]])
        turn += 1
        for style in wanted:
            picture, caption, _ = compose(head, composer.rng, style)
            print(len(pictures), caption)
            pictures.append(picture)
    return pictures[:count]


def _sheet(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Lay pictures of one size out in rows, uint8 (rows * height, columns * width, 3)."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for i, picture in enumerate(pictures):
        y, x = i // columns * height, i % columns * width
        sheet[y : y + height, x : x + width] = picture
    return sheet


if __name__ == "__main__":
    sys.exit(main())
