"""Reading a picture that anybody may have made: limits first, then pixels or receipt, and one clear error.

Only PNG, JPEG and WebP are opened. A truncated or damaged file is a `PictureError`; a whole one that fluxgram did
not make is `NoReceipt`.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from fluxgram.errors import FluxgramError, NoReceipt, PictureError
from fluxgram.pictures import marks

MOST_BYTES = 256 * 2**20
MOST_PIXELS = 64_000_000
_READABLE = ("PNG", "JPEG", "WEBP")
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of oddities that are harmless or raised below
            with Image.open(path, formats=_READABLE) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise PictureError(f"{path} has {image.width}x{image.height} px; it is not read.")
                image.load()
                yield image
    except FluxgramError:
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"{path} is not a picture that can be read.", "PNG, JPEG and WebP can be."
        ) from None
    except PermissionError:
        raise PictureError(f"{path} cannot be read: no permission.") from None
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
        reason = str(error) or type(error).__name__
        raise PictureError(
            f"{path} is damaged ({reason}).", "It may have been cut short; copy it again."
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(f"{path} claims to have far too many pixels; it is not read.") from None


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
