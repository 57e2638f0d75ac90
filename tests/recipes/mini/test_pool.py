"""Facts of tall pictures are in their own pixels, not in those of the square they are cut from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="composing needs OpenCV")

from recipes.mini import pool
from recipes.mini.portraits import compose as composing
from recipes.mini.portraits.pack import Head

PACK = Path(__file__).parents[2] / "data" / "head.pack"


@pytest.mark.parametrize("seed", range(4))
def test_the_face_of_a_tall_picture_is_where_its_facts_say(seed: int) -> None:
    head = Head(PACK)
    square, _, asked = composing.compose(head, np.random.default_rng(seed), size=pool.TALL[1])
    tall, _, told = pool.picture(head, np.random.default_rng(seed), tall=True)
    cuts = [x for x in range(pool.TALL[1] - pool.TALL[0] + 1) if np.array_equal(square[:, x : x + 256], tall)]
    assert len(cuts) == 1
    left, top, right, bottom = asked["face_box"]
    assert told["face_box"] == pytest.approx([left - cuts[0], top, right - cuts[0], bottom])
    assert told["eyes"] == [pytest.approx([x - cuts[0], y]) for x, y in asked["eyes"]]
    assert abs((told["face_box"][0] + told["face_box"][2]) / 2 - pool.TALL[0] / 2) <= 64
