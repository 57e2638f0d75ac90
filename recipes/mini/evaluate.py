"""Step 7: how well the checkpoint does what it is asked, measured on held-out renders' terms.

    python -m recipes.mini.evaluate POOL STATE FOLDER --out REPORT.json [--prompts 200] [--quality final]

Draws balanced prompts with fluxgram's own engine and reports: obedience (the judge's kappa on generated pictures over
its kappa on held-out renders), light (brightness of the face's halves; colour temperature; blur by aperture), the
Frechet distance of the judge's features to held-out renders (Heusel et al. 2017), spread over seeds, faces found by an
independent detector (mediapipe, the `realism` extra), and identity over lights. The rules are in README.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.linalg import sqrtm

from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.pictures.sheet import contact_sheet
from recipes.mini.judge import JUDGED, Judge, answers, floor, judged_columns, kappa, shrink, square_pool
from recipes.mini.labels import ATTRIBUTES, STYLES
from recipes.mini.prompts import FIXED, SIDELESS, Asked, balanced

COUNTED = 0.8
"""An attribute counts where the judge reaches this kappa on held-out renders."""
SPREAD = 0.7
COMPONENTS = 24


class Camera:
    """Draws pictures of one checkpoint at one quality."""

    def __init__(self, checkpoint: str, quality: str) -> None:
        self.engine, self.quality = Engine(checkpoint), quality

    def shoot(self, prompt: str, seed: int, samples: int = 1) -> list[np.ndarray]:
        """(256, 256, 3) uint8 for each sample."""
        request = Request(prompt=prompt, seed=seed, samples=samples, size=(256, 256), quality=self.quality)  # type: ignore[arg-type]
        return [np.asarray(result.picture) for result in self.engine.generate(request)]


def obedience(
    judge: Judge, pictures: np.ndarray, asked: Sequence[Asked], floors: dict[str, float]
) -> dict[str, Any]:
    """Kappa on generated pictures over kappa on held-out renders, for each attribute that counts, and their mean."""
    found, _ = answers(judge, shrink(pictures))
    truth = np.array([[row.labels[c] for c in judged_columns()] for row in asked])
    table = {}
    for i, (name, off) in enumerate(JUDGED.items()):
        value = kappa(truth[:, i], found[:, i], ATTRIBUTES[name][0], off)
        table[name] = {
            "generated": round(value, 3),
            "renders": round(floors[name], 3),
            "ratio": round(value / floors[name], 3),
        }
    counted = [
        row["ratio"] for name, row in table.items() if floors[name] >= COUNTED and not np.isnan(row["ratio"])
    ]
    return {
        "by_attribute": table,
        "mean_ratio_of_counted": round(float(np.mean(counted)), 3),
        "counted": len(counted),
    }


def brighter_side(picture: np.ndarray) -> float:
    """log2 of the brightness of the face's left half over its right half (the middle of the picture), in stops."""
    linear = (picture[72:168, 64:192].astype(np.float64) / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])
    return float(np.log2(linear[:, :64].mean() / max(linear[:, 64:].mean(), 1e-6)))


def lit_side(pictures: np.ndarray, asked: Sequence[Asked]) -> dict[str, float]:
    """Share of pictures lit from the side that was asked for, of those whose style lights the face from a side.

    Backlight (golden hour, low key) is left out: there the named side is the rim's.
    """
    right = []
    for picture, row in zip(pictures, asked, strict=True):
        style = STYLES[row.label("light style")]
        if style in (*SIDELESS, "golden hour", "low-key", "neon", "mixed warm cool"):
            continue
        right.append((brighter_side(picture) > 0) == (row.label("light side") == 0))
    return {"share": round(float(np.mean(right)), 3), "pictures": len(right)}


def warmth(picture: np.ndarray) -> float:
    """log2 of red over blue in linear light, over the whole picture."""
    linear = (picture.astype(np.float64) / 255) ** 2.2
    return float(np.log2(linear[..., 0].mean() / max(linear[..., 2].mean(), 1e-6)))


def sharpness_of_background(picture: np.ndarray) -> float:
    """Mean gradient of the upper corners, relative to their brightness."""
    grey = picture.astype(np.float64).mean(-1)
    corners = (grey[:80, :56], grey[:80, -56:])
    return float(np.mean([np.abs(np.diff(c, axis=1)).mean() / (c.mean() + 8) for c in corners]))


def light_orders(camera: Camera, seeds: range) -> dict[str, Any]:
    """Whether colour temperature and background blur follow the words, on the mean over seeds."""
    person = "portrait of a woman with brown hair"
    lights = ("warm candlelight from the left", "soft window light from the left", "overcast daylight")
    warm = [
        float(np.mean([warmth(camera.shoot(f"{person}, {light}", s)[0]) for s in seeds])) for light in lights
    ]
    stops = ("f/1.4", "f/8")
    sharp = [
        float(
            np.mean(
                [
                    sharpness_of_background(camera.shoot(f"{person}, brick wall background, 85mm {f}", s)[0])
                    for s in seeds
                ]
            )
        )
        for f in stops
    ]
    return {
        "warmth_stops": dict(zip(lights, np.round(warm, 2).tolist(), strict=True)),
        "warmth_in_order": warm == sorted(warm, reverse=True),
        "background_detail": dict(zip(stops, np.round(sharp, 4).tolist(), strict=True)),
        "blur_in_order": sharp[1] > sharp[0],
    }


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of two sets of features on the leading components of the second."""
    middle = b.mean(0)
    _, _, axes = np.linalg.svd(b - middle, full_matrices=False)
    a, b = (a - middle) @ axes[:COMPONENTS].T, (b - middle) @ axes[:COMPONENTS].T
    ca, cb = np.cov(a.T), np.cov(b.T)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * np.real(sqrtm(ca @ cb))))


def spread(features: np.ndarray) -> float:
    """Mean distance between all pairs of rows."""
    gaps = np.linalg.norm(features[:, None] - features[None], axis=-1)
    return float(gaps[np.triu_indices(len(features), 1)].mean())


def identity(judge: Judge, camera: Camera, seeds: range) -> dict[str, float]:
    """Feature distance of one person (same anchor and seed) over four lights, and of others under one light."""
    anchor = "30-year-old woman, dark brown wavy hair, warm olive skin tone, brown eyes"
    lights = (
        "soft studio lighting",
        "overcast daylight",
        "soft window light from the left",
        "golden hour backlight",
    )

    def features(prompt: str, seed: int) -> np.ndarray:
        return answers(judge, shrink(np.stack(camera.shoot(prompt, seed))))[1][0]

    same = [spread(np.stack([features(f"{anchor}, {light}", seed) for light in lights])) for seed in seeds]
    other = spread(
        np.stack([features(f"{anchor}, {lights[0]}", 1000 + seed) for seed in seeds for _ in range(1)])
    )
    return {
        "same_seed_four_lights": round(float(np.mean(same)), 3),
        "different_seeds_one_light": round(other, 3),
    }


def faces(pictures: np.ndarray) -> dict[str, Any]:
    """Share of pictures in which mediapipe's short-range detector finds exactly one face."""
    try:
        import mediapipe
    except ImportError:
        return {
            "share_exactly_one": None,
            "why": "mediapipe is not installed (pip install 'fluxgram[realism]')",
        }
    with mediapipe.solutions.face_detection.FaceDetection(
        model_selection=0, min_detection_confidence=0.5
    ) as detector:
        counts = [len(detector.process(np.ascontiguousarray(p)).detections or []) for p in pictures]
    return {
        "share_exactly_one": round(float(np.mean(np.array(counts) == 1)), 3),
        "none": counts.count(0),
        "pictures": len(counts),
    }


def report(options: argparse.Namespace) -> dict[str, Any]:
    """Draw, judge and measure everything."""
    judge = Judge()
    judge.load_state_dict(torch.load(options.state / "judge.pt", weights_only=True))
    judge.eval()
    camera = Camera(options.checkpoint, options.quality)
    asked = balanced(options.prompts)
    pictures = np.stack([camera.shoot(row.prompt, seed)[0] for seed, row in enumerate(asked)])
    if options.save:
        np.savez_compressed(options.save, pictures=pictures)
    held, _ = square_pool(options.pool, "held", 8)
    _, real = answers(judge, held.float() / 127.5 - 1)
    _, drawn = answers(judge, shrink(pictures))
    few = range(options.seeds)
    same_prompt = np.stack([camera.shoot(FIXED[16], seed)[0] for seed in few])
    _, repeated = answers(judge, shrink(same_prompt))
    return {
        "checkpoint": options.checkpoint,
        "quality": options.quality,
        "prompts": options.prompts,
        "obedience": obedience(judge, pictures, asked, floor(judge, options.pool)),
        "lit_side": lit_side(pictures, asked),
        "faces": faces(pictures),
        "light": light_orders(camera, few),
        "frechet": round(frechet(drawn, real), 2),
        "frechet_of_halves_of_renders": round(frechet(real[::2], real[1::2]), 2),
        "spread_over_seeds": {
            "one_prompt": round(spread(repeated), 3),
            "renders": round(spread(real[:200]), 3),
            "balanced": round(spread(drawn), 3),
        },
        "identity": identity(judge, camera, few),
    }


def main() -> None:
    """Read the command line, write the report and the contact sheet of the fixed prompts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument(
        "--save", type=Path, help="keep the judged pictures (.npz), for a detector in another environment"
    )
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--quality", default="final")
    options = parser.parse_args()
    if options.sheet:
        camera = Camera(options.checkpoint, options.quality)
        contact_sheet([(Image.fromarray(camera.shoot(p, 7)[0]), p) for p in FIXED]).save(options.sheet)
    found = report(options)
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
