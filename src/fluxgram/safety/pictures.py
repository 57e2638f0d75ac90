"""The seam of picture classifiers, and what is done to a picture that one has flagged.

A classifier gives a score; where the line is drawn and what follows is decided in `jobs`. The loader of real ones is
`families/picture_classifier.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fluxgram.errors import RequestError

if TYPE_CHECKING:
    from PIL.Image import Image

REDACTIONS = ("blur", "pixelate", "black")
_BLUR_CELLS = 6
_PIXELS = 10
"""What is left of the longest side: too few to recognise anything by, whatever the size of the picture."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a classifier says of a picture.

    Attributes:
        unsafe: From 0 to 1, how sure it is that the picture is unsafe.
        label: Its own word for what weighs most.
    """

    unsafe: float
    label: str


class PictureClassifier(Protocol):
    """Looks at one picture at a time."""

    name: str

    def score(self, image: Image) -> Score:
        """How unsafe a picture is. The picture is not changed."""


def redact(image: Image, how: str) -> Image:
    """A picture of the same size in which nothing can be recognised, and which carries no metadata.

    Most of the information is gone for good: a blurred or pixelated picture is made of a few averages.

    Args:
        image: The picture; it is not changed.
        how: Of `REDACTIONS`.

    Raises:
        RequestError: Another word.
    """
    from PIL import Image as Pictures
    from PIL import ImageFilter

    if how not in REDACTIONS:
        raise RequestError(f"A picture cannot be redacted by {how!r}.", f"Choose {', '.join(REDACTIONS)}.")
    if how == "black":
        return Pictures.new("RGB", image.size)
    cells = _BLUR_CELLS if how == "blur" else _PIXELS
    share = cells / max(image.size)
    few = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    small = image.convert("RGB").resize(few, Pictures.Resampling.BOX)
    if how == "pixelate":
        return _fresh(small.resize(image.size, Pictures.Resampling.NEAREST))
    smooth = small.resize(image.size, Pictures.Resampling.BICUBIC)
    return _fresh(smooth.filter(ImageFilter.GaussianBlur(max(image.size) / _BLUR_CELLS / 2)))


def _fresh(image: Image) -> Image:
    """Without what the file of the picture said about it."""
    image.info = {}
    return image
