"""Finds faces in drawn pictures and writes down where they are; needs mediapipe and numpy, and nothing else.

    python -m recipes.mini.tune_faces PICTURES.npz FACES.npz

Mediapipe wants versions of its neighbours that fluxgram does not, so this runs in an environment of its own.
`tune_report.py` reads what it writes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

POINTS = 4
"""Right eye, left eye, tip of the nose, mouth: the first of mediapipe's six."""


def find(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Faces by mediapipe's short-range detector.

    Args:
        pictures: (n, height, width, 3) uint8.

    Returns:
        `counts` (n,) of faces with a confidence of at least 0.5; `scores` (n,) of the surest, 0 for none; its `boxes`
        (n, 4) left, top, right, bottom and `points` (n, 4, 2) x, y in px.
    """
    import mediapipe

    height, width = pictures.shape[1:3]
    counts, scores = np.zeros(len(pictures), int), np.zeros(len(pictures))
    boxes, points = np.zeros((len(pictures), 4)), np.zeros((len(pictures), POINTS, 2))
    with mediapipe.solutions.face_detection.FaceDetection(
        model_selection=0, min_detection_confidence=0.5
    ) as detector:
        for i, picture in enumerate(pictures):
            found = detector.process(np.ascontiguousarray(picture)).detections or []
            counts[i] = len(found)
            if not found:
                continue
            best = max(found, key=lambda each: each.score[0])
            place = best.location_data.relative_bounding_box
            scores[i] = best.score[0]
            boxes[i] = place.xmin, place.ymin, place.xmin + place.width, place.ymin + place.height
            points[i] = [(p.x, p.y) for p in best.location_data.relative_keypoints[:POINTS]]
    boxes *= [width, height, width, height]
    return {"counts": counts, "scores": scores, "boxes": boxes, "points": points * [width, height]}


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with np.load(source) as given:
        np.savez(Path(target), **find(given["pictures"]))
