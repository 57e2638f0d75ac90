"""Many pictures at once for tests and benchmarks: rows of one job, which share a few files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import insert

from fluxgram.pictures.thumbnail import thumbnail
from fluxgram.store import tables
from fluxgram.store.database import Database
from fluxgram.store.pictures import PictureStore
from fluxgram.store.searching import words_for

KINDS = ("sailor", "queen", "baker", "diver", "smith")
SHAPES = ((256, 384), (384, 256), (256, 256), (240, 426))
COLOURS = ((120, 90, 70), (60, 80, 110), (90, 110, 80), (130, 120, 110))


def fill(home: Path, count: int, *, database: str = "", since: float | None = None) -> list[str]:
    """Put pictures into the gallery of a home, the newest last; gives their names.

    Args:
        home: The home folder.
        count: How many.
        database: URL; empty is the home's own.
        since: When the first was made (unix seconds); each is a second younger than the one before.
    """
    begin = time.time() - count - 60 if since is None else since
    store = PictureStore("", home)
    for n, (shape, colour) in enumerate(zip(SHAPES, COLOURS, strict=True)):
        small = thumbnail(Image.new("RGB", shape, colour))
        store.write(f"shared{n}-small.webp", small)
    opened = Database.open(database, home)
    try:
        with opened.writing() as connection:
            number = int(time.time() * 1e6) % 2**52 + 1
            connection.execute(insert(tables.jobs).values(_job(number, count, begin)))
            names = []
            for start in range(0, count, 1000):
                rows = [_picture(number, n, begin) for n in range(start, min(start + 1000, count))]
                connection.execute(insert(tables.pictures), rows)
                names += [row["name"] for row in rows]
    finally:
        opened.close()
    return names


def _job(number: int, count: int, at: float) -> dict[str, Any]:
    return {
        "id": number, "owner": "", "surface": "native", "state": "done", "rank": 0, "tag": 0.0, "weight": 1.0,
        "request": {"prompt": "many", "seed": 1}, "checkpoint": "fluxgram-mini", "samples": count, "cost": 1.0,
        "extra": {}, "names": [], "format": "png", "created": at, "started": at, "finished": at, "attempt": 1,
    }  # fmt: skip


def _picture(job: int, n: int, begin: float) -> dict[str, Any]:
    width, height = SHAPES[n % len(SHAPES)]
    prompt = f"portrait {n} of a {KINDS[n % len(KINDS)]}, window light from the left, 85 mm, f/2"
    receipt = {
        "schema": 1, "prompt": {"text": prompt, "total": 18, "kept": 18, "limit": 128, "lost": "", "method": "prompt"},
        "negative": None, "seed": n, "quality": "final", "steps": 24, "guidance": 2.0, "schedule": "shift 2",
        "rendered": [width, height], "delivered": [width, height], "crop": [0, 0, width, height],
        "checkpoint": {"name": "fluxgram-mini", "family": "flux2", "fingerprint": "ab" * 32, "revision": None,
                       "licence": "Apache-2.0"},
        "adapters": [], "ignored": [], "mode": "exact", "versions": {"fluxgram": "0.1.0"},
        "machine": {"system": "Linux", "cpu": "x", "device": "cpu", "device_name": "x", "dtype": "float32",
                    "threads": 2},
        "seconds": {"encode": 0.1, "denoise": 2.0, "decode": 0.3}, "created": "2026-11-21T12:00:00+00:00",
    }  # fmt: skip
    return {
        "job": job, "index": n, "name": f"many{job}n{n:06}.png", "thumbnail": f"shared{n % len(SHAPES)}-small.webp",
        "seed": str(n), "width": width, "height": height, "bytes": 1000, "format": "png", "sha256": f"{n:064x}",
        "receipt": receipt, "verdict": "unchecked", "created": begin + n, "owner": "", "checkpoint": "fluxgram-mini",
        "origin": "drawn", "words": words_for(prompt, "fluxgram-mini", f"{width}x{height}"),
        "rating": 5 if n % 50 == 0 else 0, "favourite": n % 25 == 0, "rejected": False, "trashed": None,
        "parent": "", "relation": "",
    }  # fmt: skip
