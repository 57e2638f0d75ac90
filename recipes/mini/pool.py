"""Composes packs into shards of captioned pictures, the pool that everything else is trained on.

    python -m recipes.mini.pool PACKS POOL --first 0 --shards 40 [--held-out] [--tall-every 4]
    python -m recipes.mini.pool PACKS STYLED --shards 2 --tall-every 2 --style "golden hour" --hair auburn red

Shard i depends on its number alone (and on the packs that lie there), is written under a temporary name and
renamed, and is skipped when it exists: stop and start at will. Every picture carries captions of itself and of its
mirror image, so that left and right are learnt as a pair.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from recipes.mini.labels import mirrored
from recipes.mini.portraits import compose as composing
from recipes.mini.portraits.captions import caption
from recipes.mini.portraits.pack import Head

SHARD = 512
CAPTIONS = 3
"""Captions of each picture, and as many of its mirror image."""
SQUARE = (256, 256)
TALL = (256, 384)
"""(width, height) in px."""
TOKEN = 32
HELD_OUT = 20
"""Heads with a seed divisible by this are never trained on."""


def packs(folder: Path, held_out: bool, hair: Collection[str] = ()) -> list[Path]:
    """The packs to draw from, in the order of their seeds; of hair of these colours, where any are named."""
    files = [p for p in sorted(folder.glob("*.pack")) if (int(p.stem) % HELD_OUT == 0) == held_out]
    return [p for p in files if not hair or Head(p).meta["hair_color"] in hair]


def geometry(head: Head, info: dict[str, Any], left: float, share: float) -> np.ndarray:
    """Normals times coverage, relative depth and coverage on two cells a token.

    Args:
        head: The pack.
        info: Facts of the composed picture (crop and flip).
        left: Left edge of the cut, as a share of the composed square's width.
        share: Width of the cut, as a share of the square's width (2/3 for tall pictures).

    Returns:
        (rows, columns, 5) uint8: x, y, z of the normal, depth (near is 0), coverage.
    """
    x, y, width = info["crop"]
    alpha = head.alpha[y : y + width, x : x + width].astype(np.float32) / 255
    depth = head.depth[y : y + width, x : x + width]
    near, far = np.percentile(depth[alpha > 0.9], (2, 98))
    depth = np.clip((depth - near) / max(far - near, 1e-3), 0, 1) * alpha + (1 - alpha)
    normals = cv2.resize(np.ascontiguousarray(head.normal), (head.resolution, head.resolution))[
        y : y + width, x : x + width
    ]
    normals = (normals.astype(np.float32) / 127.5 - 1) * alpha[..., None]
    planes = np.concatenate([normals, (depth * 2 - 1)[..., None], (alpha * 2 - 1)[..., None]], -1)
    if info["flip"]:
        planes = planes[:, ::-1] * np.array([-1, 1, 1, 1, 1], np.float32)
    first = int(left * width)
    planes = planes[:, first : first + int(share * width)]
    columns, rows = (
        (SQUARE if share == 1 else TALL)[0] // (TOKEN // 2),
        (SQUARE if share == 1 else TALL)[1] // (TOKEN // 2),
    )
    shrink = [
        cv2.resize(planes[..., part].copy(), (columns, rows), interpolation=cv2.INTER_AREA)
        for part in (slice(0, 3), slice(3, 5))
    ]
    small = np.concatenate(shrink, -1)
    return (np.clip(small * 0.5 + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)


def picture(
    head: Head, rng: np.random.Generator, tall: bool, style: str | None = None
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """One picture of a head: pixels (height, width, 3), geometry, facts. Tall ones are cut from a larger square."""
    if not tall:
        pixels, _, info = composing.compose(head, rng, style)
        return pixels, geometry(head, info, 0.0, 1.0), info
    side = TALL[1]
    pixels, _, info = composing.compose(head, rng, style, size=side)
    x0, _, x1, _ = info["face_box"]
    left = int(np.clip((x0 + x1) / 2 - TALL[0] / 2 + rng.uniform(-12, 12), 0, side - TALL[0]))
    info["face_box"] = [edge - left * (at % 2 == 0) for at, edge in enumerate(info["face_box"])]
    info["eyes"] = [[x - left, y] for x, y in info["eyes"]]
    return pixels[:, left : left + TALL[0]], geometry(head, info, left / side, TALL[0] / side), info


def stream(
    files: list[Path], rng: np.random.Generator, tall: bool, style: str | None = None, per_head: int = 4
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, Any], Head]]:
    """Pictures without end; each head is opened once for `per_head` pictures."""
    while True:
        for index in rng.permutation(len(files)):
            head = Head(files[index])
            for _ in range(per_head):
                yield *picture(head, rng, tall, style), head


def write_shard(path: Path, files: list[Path], number: int, tall: bool, style: str | None = None) -> None:
    """Compose one shard and write `pixels`, `geometry`, `facts` (JSON lines with captions of both orientations)."""
    rng = np.random.default_rng([number, int(tall)])
    pixels, planes, facts = [], [], []
    for image, cells, info, head in stream(files, rng, tall, style):
        mirror = mirrored(info)
        info.pop("caption", None)
        facts.append(
            {
                "info": info,
                "captions": [caption(head.meta, info, rng) for _ in range(CAPTIONS)],
                "mirrored": [caption(head.meta, mirror, rng) for _ in range(CAPTIONS)],
            }
        )
        pixels.append(image)
        planes.append(cells)
        if len(pixels) == SHARD:
            break
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        np.savez(
            file,
            pixels=np.stack(pixels),
            geometry=np.stack(planes),
            facts=np.array([json.dumps(f) for f in facts]),
        )
    temporary.replace(path)


def main() -> None:
    """Read the command line and fill the pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", type=Path)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--tall-every", type=int, default=4, help="every so-manieth shard is 256x384")
    parser.add_argument("--style", help="one light for all pictures")
    parser.add_argument("--hair", nargs="*", default=(), help="only heads with hair of these colours")
    options = parser.parse_args()
    options.pool.mkdir(parents=True, exist_ok=True)
    for number in range(options.first, options.first + options.shards):
        tall = number % options.tall_every == options.tall_every - 1
        name = f"{'held' if options.held_out else 'train'}-{number:04d}-{'tall' if tall else 'square'}.npz"
        path = options.pool / name
        if not path.exists():
            files = packs(options.packs, options.held_out, options.hair)
            write_shard(path, files, number, tall, options.style)


if __name__ == "__main__":
    main()
