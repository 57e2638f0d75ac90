"""Reading a picture that anybody may have made: limits first, then pixels or receipt, and one clear error.

Only PNG, JPEG and WebP are opened. A truncated or damaged file is a `PictureError`; a whole one that fluxgram did
not make is `NoReceipt`.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageOps, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from fluxgram.errors import FluxgramError, NoReceipt, PictureError
from fluxgram.pictures import marks

MOST_BYTES = 256 * 2**20
MOST_PIXELS = 64_000_000
_READABLE = ("PNG", "JPEG", "WEBP")
_KINDS = {"PNG": "png", "JPEG": "jpeg", "WEBP": "webp"}
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"


@dataclass(frozen=True, slots=True)
class File:
    """A picture file that somebody handed in.

    Attributes:
        image: Its pixels, as RGB, upright.
        format: `png`, `jpeg` or `webp`, whatever its name says.
        receipt: The text of our receipt; empty where it carries none.
        parameters: The text that A1111 started; empty where it carries none.
        others: Names of the other texts that it carries.
    """

    image: Image.Image
    format: str
    receipt: str
    parameters: str
    others: tuple[str, ...]


def read_file(data: bytes, name: str, *, most_pixels: int = MOST_PIXELS) -> File:
    """All that is wanted of a picture file in memory: pixels and texts. The texts are anybody's; see `found.py`.

    Args:
        data: The file.
        name: What to call it in errors.
        most_pixels: A larger one is refused before its pixels are made.

    Raises:
        PictureError: It is too large, damaged or no picture.
    """
    with _decoded(io.BytesIO(data), name, most_pixels) as image:
        return _file_of(image)


def open_file(path: Path) -> File:
    """The same of a file on disk.

    Raises:
        PictureError: It is missing, too large, damaged or no picture.
    """
    with _opened(path) as image:
        return _file_of(image)


def read_comparison(path: Path) -> dict[str, object]:
    """What a sheet of `fluxgram compare` carries: its rows, and the receipt of each picture on it.

    Raises:
        NoReceipt: The picture is whole, but no such sheet.
        PictureError: The file is missing, too large, damaged or no picture.
    """
    with _opened(path) as image:
        if isinstance(image, PngImagePlugin.PngImageFile) and (text := image.text.get(marks.COMPARISON)):
            return marks.parse_receipt(str(text))
    raise NoReceipt(
        f"{path} is no sheet of fluxgram compare.", "Only PNG sheets as they were written carry it."
    )


def read_picture(path: Path) -> Image.Image:
    """The pixels of a picture file, as RGB.

    Raises:
        PictureError: The file is missing, too large, damaged or no picture.
    """
    with _opened(path) as image:
        return image.convert("RGB")


def read_receipt(path: Path) -> dict[str, object]:
    """The receipt that a picture carries.

    Raises:
        NoReceipt: The picture is whole, but carries none.
        PictureError: The file is missing, too large, damaged or no picture.
    """
    with _opened(path) as image:
        if isinstance(image, PngImagePlugin.PngImageFile) and (text := image.text.get("fluxgram")):
            return marks.parse_receipt(str(text))
        if text := _xmp_of(image).get("receipt"):
            return marks.parse_receipt(text)
    raise NoReceipt(
        f"{path} carries no receipt of fluxgram.",
        "Only pictures that fluxgram wrote have one, and editors often drop it.",
    )


def read_source(path: Path) -> str:
    """IPTC's DigitalSourceType of a picture, empty where it has none. Raises as `read_picture` does."""
    with _opened(path) as image:
        return _xmp_of(image).get("source", "")


def _file_of(image: Image.Image) -> File:
    texts = dict(image.text) if isinstance(image, PngImagePlugin.PngImageFile) else {}
    try:
        xmp = _xmp_of(image)
    except PictureError:
        xmp = {}  # another program's; the picture is whole
    return File(
        image=_upright(image).convert("RGB"),
        format=_KINDS.get(str(image.format), "jpeg"),  # also several JPEGs in one file, as phones write them
        receipt=str(texts.get("fluxgram", "") or xmp.get("receipt", "")),
        parameters=str(texts.get("parameters", "") or xmp.get("parameters", "") or _comment_of(image)),
        others=tuple(sorted(str(key)[:80] for key in texts if key not in ("fluxgram", "parameters")))[:40],
    )


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open and decode within the limits; every way in which a file can be bad becomes one error."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise PictureError(f"{path} {what}.", "Give the name of a PNG, JPEG or WebP file.")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise PictureError(
                f"{path} has {size / 1e6:,.0f} MB; it is not read.",
                f"The limit is {MOST_BYTES / 1e6:,.0f} MB.",
            )
        with path.open("rb") as file, _decoded(file, str(path), MOST_PIXELS) as image:
            yield image
    except PermissionError:
        raise PictureError(f"{path} cannot be read: no permission.") from None
    except OSError as error:
        raise _damaged(str(path), error) from None


@contextmanager
def _decoded(file: IO[bytes], name: str, most_pixels: int) -> Iterator[Image.Image]:
    """The same for an open file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of oddities that are harmless or raised below
            with Image.open(file, formats=_READABLE) as image:
                if image.width * image.height > most_pixels:
                    raise PictureError(
                        f"{name} has {image.width}x{image.height} px; it is not read.",
                        f"At most {most_pixels / 1e6:g} megapixels are.",
                    )
                image.load()
                yield image
    except FluxgramError:
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"{name} is not a picture that can be read.", "PNG, JPEG and WebP can be."
        ) from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        struct.error,
        zlib.error,
        MemoryError,
    ) as error:
        raise _damaged(name, error) from None
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name} claims to have far too many pixels; it is not read.", "Save a smaller copy."
        ) from None


def _damaged(name: str, error: Exception) -> PictureError:
    reason = str(error) or type(error).__name__
    return PictureError(f"{name} is damaged ({reason}).", "It may have been cut short; copy it again.")


def _upright(image: Image.Image) -> Image.Image:
    """As browsers show it: turned as its EXIF says."""
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, struct.error):
        return image


def _comment_of(image: Image.Image) -> str:
    """EXIF's UserComment, where JPEG and WebP have the `parameters` of many tools."""
    try:
        said = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, struct.error):
        return ""  # damaged EXIF is no damaged picture
    if not isinstance(said, bytes):
        return said if isinstance(said, str) else ""
    code, rest = said[:8], said[8:]
    if code.startswith(b"UNICODE"):
        big = rest[:2] == b"\xfe\xff" or rest[:1] == b"\0"
        return rest.decode("utf-16-be" if big else "utf-16-le", "replace").lstrip("\ufeff").rstrip("\0")
    return (rest if code.startswith((b"ASCII", b"\0" * 8)) else said).decode("utf-8", "replace").rstrip("\0")


def _xmp_of(image: Image.Image) -> dict[str, str]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not packet:
        return {}
    found = marks.read_packet(packet.encode() if isinstance(packet, str) else packet)
    if isinstance(image, JpegImagePlugin.JpegImageFile) and (name := found.get("extension")):
        found |= marks.read_packet(_extended_xmp(image, name.encode()))
    return found


def _extended_xmp(image: JpegImagePlugin.JpegImageFile, name: bytes) -> bytes:
    """Put the pieces of Adobe's extended XMP together: 32 bytes name, 4 length, 4 offset, data."""
    pieces: dict[int, bytes] = {}
    total = 0
    for marker, data in image.applist:
        if marker == "APP1" and data.startswith(_XMP_MORE) and data[len(_XMP_MORE) :][:32] == name:
            rest = data[len(_XMP_MORE) + 32 :]
            total = int.from_bytes(rest[:4], "big")
            pieces[int.from_bytes(rest[4:8], "big")] = rest[8:]
    whole = b"".join(pieces[start] for start in sorted(pieces))
    if not whole or len(whole) != total:
        raise PictureError("The picture's XMP is damaged: a piece of it is missing.")
    return whole
