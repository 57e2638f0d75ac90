"""Step 12: an adapter against its base, picture by picture: the same prompts, the same seeds, paired differences.

    python -m recipes.mini.tune_report draw CHECKPOINT PICTURES.npz [--size 256x256]   once for each of the two
    python -m recipes.mini.tune_report renders POOL PICTURES.npz                         close-ups of held-out heads
    python -m recipes.mini.tune_faces PICTURES.npz FACES.npz                             for all three (mediapipe)
    python -m recipes.mini.tune_report compare BASE TUNED RENDERS --out REPORT.json      names without endings

Measured on each picture: whether exactly one face is found and how surely, whether the asked side is lit, and on
close-ups the texture of the cheeks and the contrast of the eyes, as distances in stops to what renders of held-out
heads have. Intervals are of the mean paired difference: 95 % by bootstrap over prompts (Efron 1979).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from recipes.mini.evaluate import brighter_side
from recipes.mini.labels import STYLES
from recipes.mini.prompts import SIDELESS, Asked, balanced

PROMPTS, SEED = 120, 8
"""How many prompts there are, and their seed; the model card's have seed 0."""
RESAMPLES = 10_000
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
NOT_FROM_A_SIDE = (*SIDELESS, "golden hour", "low-key", "neon", "mixed warm cool")


def band(picture: np.ndarray) -> np.ndarray:
    """Detail between about 2 and 8 px: difference of two Gaussians of the grey picture, (height, width)."""
    grey = picture.astype(np.float32) @ LUMINANCE.astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (0.7, 2.5))
    return np.asarray(fine - coarse)


def patch(plane: np.ndarray, middle: np.ndarray, width: float, height: float) -> np.ndarray:
    """The part of a plane around (x, y), at least 3 px wide and high, as far as it lies in the picture."""
    half = np.maximum(np.array([width, height]) / 2, 1.5)
    left, top = np.maximum(np.round(middle - half), 0).astype(int)
    right, bottom = np.round(middle + half).astype(int)
    return plane[top : max(bottom, top), left : max(right, left)]


def skin_texture(picture: np.ndarray, points: np.ndarray) -> float:
    """log2 of the cheeks' detail over their brightness; NaN where they lie outside the picture.

    Args:
        picture: (height, width, 3) uint8.
        points: (4, 2): both eyes, nose, mouth in px.
    """
    apart = float(np.linalg.norm(points[1] - points[0]))
    detail, grey = band(picture), picture.astype(np.float32) @ LUMINANCE.astype(np.float32)
    found = []
    for eye in points[:2]:
        cheek = np.array([eye[0], (eye[1] + points[3, 1]) / 2])
        part, light = (patch(plane, cheek, 0.45 * apart, 0.4 * apart) for plane in (detail, grey))
        if part.size >= 9:
            found.append(np.log2(part.std() / (light.mean() + 4) + 1e-4))
    return float(np.mean(found)) if found else float("nan")


def eye_contrast(picture: np.ndarray, points: np.ndarray) -> float:
    """log2 of the spread of brightness around the eyes over their mean; NaN where they lie outside the picture."""
    apart = float(np.linalg.norm(points[1] - points[0]))
    grey = picture.astype(np.float32) @ LUMINANCE.astype(np.float32)
    found = []
    for eye in points[:2]:
        part = patch(grey, eye, 0.5 * apart, 0.26 * apart)
        if part.size >= 9:
            dark, bright = np.percentile(part, (4, 96))
            found.append(np.log2((bright - dark) / (part.mean() + 4) + 1e-3))
    return float(np.mean(found)) if found else float("nan")


def side_is_right(picture: np.ndarray, row: Asked) -> float:
    """1 where the asked side of the face is the brighter one, 0 where not, NaN where the light is not from a side."""
    if STYLES[row.label("light style")] in NOT_FROM_A_SIDE:
        return float("nan")
    return float((brighter_side(picture) > 0) == (row.label("light side") == 0))


def read(name: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Pictures and faces of a name: NAME.npz and NAME-faces.npz."""
    with np.load(f"{name}.npz") as drawn, np.load(f"{name}-faces.npz") as found:
        return drawn["pictures"], dict(found)


def of_faces(pictures: np.ndarray, faces: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`texture` and `eyes` of each picture; NaN where there is not exactly one face."""
    rows = {"texture": np.full(len(pictures), np.nan), "eyes": np.full(len(pictures), np.nan)}
    for i in np.flatnonzero(faces["counts"] == 1):
        rows["texture"][i] = skin_texture(pictures[i], faces["points"][i])
        rows["eyes"][i] = eye_contrast(pictures[i], faces["points"][i])
    return rows


def measured(name: Path, asked: Sequence[Asked], middle: dict[str, float]) -> dict[str, np.ndarray]:
    """All measures of the pictures of a name, each (prompts,) with NaN where one does not apply; more is better."""
    pictures, faces = read(name)
    rows = of_faces(pictures, faces)
    close = np.array([row.label("framing") == 1 for row in asked])
    return {
        "exactly one face": (faces["counts"] == 1).astype(float),
        "confidence of the detector": faces["scores"],
        "lit side": np.array([side_is_right(p, row) for p, row in zip(pictures, asked, strict=True)]),
        "texture of the skin": np.where(close, -np.abs(rows["texture"] - middle["texture"]), np.nan),
        "contrast of the eyes": np.where(close, -np.abs(rows["eyes"] - middle["eyes"]), np.nan),
    }


def paired(base: np.ndarray, tuned: np.ndarray) -> dict[str, Any]:
    """Means of both where both have a value, their mean difference and its 95 % interval."""
    both = ~np.isnan(base) & ~np.isnan(tuned)
    differences = (tuned - base)[both]
    rng = np.random.default_rng(0)
    means = [
        differences[rng.integers(len(differences), size=len(differences))].mean() for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    return {
        "pairs": int(both.sum()),
        "base": round(float(base[both].mean()), 3),
        "tuned": round(float(tuned[both].mean()), 3),
        "difference": round(float(differences.mean()), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
        "better": int((differences > 0).sum()),
        "worse": int((differences < 0).sum()),
    }


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """The report."""
    renders = of_faces(*read(options.renders))
    middle = {name: float(np.nanmedian(values)) for name, values in renders.items()}
    with np.load(f"{options.base}.npz") as drawn:
        asked = balanced(PROMPTS, SEED)[: len(drawn["pictures"])]
    base, tuned = (measured(name, asked, middle) for name in (options.base, options.tuned))
    own = {name: -np.abs(values - middle[name]) for name, values in renders.items()}
    return {
        "prompts": len(asked),
        "renders": {f"{name}, median": round(value, 3) for name, value in middle.items()}
        | {f"{name}, distance of renders": round(float(np.nanmean(v)), 3) for name, v in own.items()},
        "measures": {name: paired(base[name], tuned[name]) for name in base},
    }


def draw(options: argparse.Namespace) -> None:
    """Draw the prompts with fluxgram's engine, prompt i with seed i."""
    from fluxgram.engine.engine import Engine
    from fluxgram.engine.request import Request

    width, height = (int(side) for side in options.size.split("x"))
    pictures = []
    with Engine(options.checkpoint) as engine:
        for seed, row in enumerate(balanced(PROMPTS, SEED)[: options.prompts]):
            request = Request(prompt=row.prompt, seed=seed, size=(width, height), quality=options.quality)
            pictures.append(np.asarray(engine.generate(request)[0].picture))
    np.savez_compressed(options.out, pictures=np.stack(pictures))


def renders(options: argparse.Namespace) -> None:
    """Close-ups of held-out heads, in colour, as they lie in the pool."""
    kept = []
    for path in sorted(options.pool.glob("held-*-square.npz")):
        with np.load(path) as file:
            infos = [json.loads(line)["info"] for line in file["facts"]]
            close = [info["attrs"]["framing"] == "close-up" and not info["bw"] for info in infos]
            kept.append(file["pixels"][np.array(close)])
    np.savez_compressed(options.out, pictures=np.concatenate(kept))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(required=True)
    step = steps.add_parser("draw")
    step.add_argument("checkpoint")
    step.add_argument("out", type=Path)
    step.add_argument("--prompts", type=int, default=PROMPTS)
    step.add_argument("--size", default="256x256")
    step.add_argument("--quality", default="proof")
    step.set_defaults(do=draw)
    step = steps.add_parser("renders")
    step.add_argument("pool", type=Path)
    step.add_argument("out", type=Path)
    step.set_defaults(do=renders)
    step = steps.add_parser("compare")
    for name in ("base", "tuned", "renders"):
        step.add_argument(name, type=Path)
    step.add_argument("--out", type=Path)
    step.set_defaults(do=compare)
    options = parser.parse_args()
    found = options.do(options)
    if found:
        text = json.dumps(found, indent=2) + "\n"
        print(text)
        if options.out:
            options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
