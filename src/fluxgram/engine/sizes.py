"""Picture sizes: reading "2:3", "512x768" and "portrait", and choosing what to render for what was asked.

A checkpoint draws only sizes it knows; everything else is rendered close by, then cropped or resampled to
what was asked. Both sizes and the crop are numbers of the plan, and the receipt names them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from fluxgram.errors import RequestError

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Sizes

Pixels = tuple[int, int]
"""(width, height) in px."""

MOST_SIDE = 16_384
"""Longest side of any picture, in px."""
MOST_DELIVERED = 4_194_304
"""Most pixels that a picture is enlarged to."""
LEAST_DELIVERED = 16
"""Shortest side that a picture is reduced to, in px."""
MOST_ASPECT = 8
"""Longest side over shortest side at most (the limit of FLUX.2 klein)."""

_HINT = "Write it as 512x768, as a shape such as 2:3, or as portrait, landscape or square."


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture's shape without its size, such as 2:3; the checkpoint's own best size of that shape is drawn.

    Attributes:
        across: Parts across.
        down: Parts down.
    """

    across: int
    down: int

    def __post_init__(self) -> None:
        if not (1 <= self.across <= MOST_SIDE and 1 <= self.down <= MOST_SIDE):
            raise RequestError(f"A shape needs two numbers of at least 1, not {self}.", _HINT)
        _check_aspect(self.across, self.down, str(self))

    def __str__(self) -> str:
        return f"{self.across}:{self.down}"


NAMED = {
    "square": (1, 1),
    "portrait": (2, 3),
    "landscape": (3, 2),
    "wide": (16, 9),
    "tall": (9, 16),
}
"""Shapes with a name: parts across, parts down."""


def parse_size(text: str) -> Pixels | Shape:
    """Read a size as people write it: `512x768`, `2:3`, `portrait`.

    Raises:
        RequestError: Anything else, or a size that no picture can have.
    """
    clean = text.strip().lower()
    if clean in NAMED:
        return Shape(*NAMED[clean])
    if match := re.fullmatch(r"([+-]?\d{1,9})\s*([x×*:])\s*([+-]?\d{1,9})", clean):
        first, sign, second = int(match[1]), match[2], int(match[3])
        return Shape(first, second) if sign == ":" else check_pixels((first, second))
    near = get_close_matches(clean, NAMED, n=1)
    raise RequestError(
        f"{_short(text)} is not a picture size.", f"Did you mean {near[0]}?" if near else _HINT
    )


def check_pixels(size: Pixels) -> Pixels:
    """Return `size` if some picture can have it, whatever the checkpoint.

    Raises:
        RequestError: A side below 1 px or absurdly long, or one side more than eight times the other.
    """
    width, height = size
    asked = f"{width}x{height}"
    if width < 1 or height < 1:
        raise RequestError(
            f"A picture of {asked} px has no area.", "Both sides must be at least 1 px; try 512x768."
        )
    if max(width, height) > MOST_SIDE:
        raise RequestError(
            f"A picture of {asked} px is too large.", f"The longest side may be {MOST_SIDE} px."
        )
    _check_aspect(width, height, asked)
    return size


def choose_sizes(wish: Pixels | Shape | None, sizes: Sizes) -> tuple[Pixels, Pixels]:
    """What to render and what to deliver for a wish, both (width, height) in px.

    Raises:
        RequestError: The checkpoint can't draw it and no picture that it can draw comes close.
    """
    if wish is None:
        return sizes.default, sizes.default
    if sizes.known:
        return _of_known(wish, sizes.known)
    if isinstance(wish, Shape):
        rendered = _of_area(wish, sizes)
        return rendered, rendered
    return _rounded(wish, sizes), wish


def crop_box(rendered: Pixels, delivered: Pixels, sizes: Sizes) -> tuple[int, int, int, int]:
    """The part of the rendered picture that is delivered: (left, top, right, bottom) in px, from the middle.

    A picture that was rendered a few pixels larger loses them; any other keeps the largest part of the
    delivered shape, which is resampled afterwards.
    """
    (width, height), (asked_width, asked_height) = rendered, delivered
    if sizes.known or asked_width > width or asked_height > height:
        scale = min(width / asked_width, height / asked_height)
        asked_width = min(width, max(1, round(asked_width * scale)))
        asked_height = min(height, max(1, round(asked_height * scale)))
    left, top = (width - asked_width) // 2, (height - asked_height) // 2
    return left, top, left + asked_width, top + asked_height


def _of_known(wish: Pixels | Shape, known: tuple[Pixels, ...]) -> tuple[Pixels, Pixels]:
    """The nearest size that the checkpoint was trained for: by shape, then by area (a shape takes the largest)."""
    if isinstance(wish, Shape):
        rendered = min(known, key=lambda size: (_unlike(size, (wish.across, wish.down)), -size[0] * size[1]))
        return rendered, _within(wish, rendered)
    asked = f"{wish[0]}x{wish[1]}"
    if min(wish) < LEAST_DELIVERED:
        raise RequestError(
            f"A picture of {asked} px is too small.", f"The shortest side may be {LEAST_DELIVERED} px."
        )
    if wish[0] * wish[1] > MOST_DELIVERED:
        raise RequestError(
            f"A picture of {asked} px is too large for this checkpoint.",
            f"It may have {MOST_DELIVERED / 1e6:.1f} megapixels, such as 2048x2048.",
        )
    area = wish[0] * wish[1]
    nearest = min(known, key=lambda size: (_unlike(size, wish), abs(math.log(size[0] * size[1] / area))))
    return nearest, wish


def _within(shape: Shape, size: Pixels) -> Pixels:
    """The largest picture of a shape inside `size`."""
    scale = min(size[0] / shape.across, size[1] / shape.down)
    return max(1, round(shape.across * scale)), max(1, round(shape.down * scale))


def _of_area(shape: Shape, sizes: Sizes) -> Pixels:
    """The size of a shape, in the checkpoint's multiples, with about as many pixels as its default."""
    area = sizes.default[0] * sizes.default[1]
    width = math.sqrt(area * shape.across / shape.down)
    sides = width, width * shape.down / shape.across
    least = math.ceil(sizes.least / sizes.multiple) * sizes.multiple
    across, down = (max(least, round(side / sizes.multiple) * sizes.multiple) for side in sides)
    return across, down


def _rounded(wish: Pixels, sizes: Sizes) -> Pixels:
    """The smallest size in multiples that holds `wish`; at the upper limit, the largest inside it."""
    asked = f"{wish[0]}x{wish[1]}"
    if min(wish) < sizes.least:
        raise RequestError(
            f"A picture of {asked} px is too small for this checkpoint.",
            f"Its shortest side is at least {sizes.least} px.",
        )
    if wish[0] * wish[1] > sizes.most:
        raise RequestError(
            f"A picture of {asked} px is too large for this checkpoint.",
            f"It draws at most {sizes.most / 1e6:.1f} megapixels; "
            f"its own size is {sizes.default[0]}x{sizes.default[1]}.",
        )
    width, height = (math.ceil(side / sizes.multiple) * sizes.multiple for side in wish)
    if width * height > sizes.most:
        width, height = (max(sizes.multiple, side // sizes.multiple * sizes.multiple) for side in wish)
    return width, height


def _unlike(size: Pixels, wish: Pixels) -> float:
    """How far two shapes are apart: |log| of the ratio of their aspects, 0 for equal shapes."""
    return round(abs(math.log(size[0] * wish[1] / (size[1] * wish[0]))), 9)


def _check_aspect(across: int, down: int, asked: str) -> None:
    if max(across, down) > MOST_ASPECT * min(across, down):
        raise RequestError(
            f"A picture of {asked} is too long and thin.",
            f"One side may be at most {MOST_ASPECT} times the other, such as 2048x256.",
        )


def _short(text: str) -> str:
    """The text in quotes, cut where it would flood a message."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
