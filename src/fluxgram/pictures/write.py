"""Writing a picture: whole or not at all, and never without its receipt.

The file is written under a temporary name in the same folder, flushed to the disk and renamed; whatever goes
wrong, no partial file stays. PNG keeps the receipt in text chunks, JPEG and WebP in XMP and EXIF (`read.py` reads
all of them back).
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from fluxgram.durable import partial_name, write_whole
from fluxgram.errors import PictureError, PictureExists
from fluxgram.pictures import marks

FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}
"""What a name may end in → the format written."""

_SEGMENT = 65_533  # bytes of data in one JPEG segment (16-bit length, which counts itself)
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_PROBE = 256 * 1024


def write_picture(
    image: Image.Image,
    path: Path,
    receipt: Mapping[str, object],
    *,
    parameters_text: str,
    format: str | None = None,  # noqa: A002  (the word that every picture library uses)
    overwrite: bool = False,
) -> Path:
    """Write one picture with its receipt; atomically, and on the disk when this returns.

    Args:
        image: The picture; written as RGB.
        path: The file's name.
        receipt: What is written as JSON; must be serialisable.
        parameters_text: The text that A1111 and the tools that follow it read.
        format: `png`, `jpeg` or `webp`; by the name's ending where none is given.
        overwrite: Replace a file of that name.

    Returns:
        The file's name, as given.

    Raises:
        PictureExists: The name is taken and `overwrite` is false.
        PictureError: The format is unknown, or the file cannot be written here.
    """
    kind = format_of(path, format)
    _refuse_bad_name(path, overwrite=overwrite)
    data = encode_picture(image, receipt, parameters_text=parameters_text, format=kind)
    return write_file(data, path, overwrite=overwrite)


def write_file(data: bytes, path: Path, *, overwrite: bool = False) -> Path:
    """Write any file that belongs to pictures (a contact sheet's page), atomically as `write_picture` does.

    Raises:
        PictureExists: The name is taken and `overwrite` is false.
        PictureError: The file cannot be written here.
    """
    _refuse_bad_name(path, overwrite=overwrite)
    try:
        write_whole(data, Path(os.path.realpath(path)), overwrite=overwrite)
    except FileExistsError:
        raise _exists(path) from None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    return path


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Find out whether a picture can be written under this name, before it is computed.

    Writes and removes a small file in the folder, because permissions alone do not say (read-only and full disks).

    Raises:
        PictureExists: The name is taken and `overwrite` is false.
        PictureError: The folder is missing, unwritable or full.
    """
    _refuse_bad_name(path, overwrite=overwrite)
    try:
        partial = partial_name(Path(os.path.realpath(path)))
        try:
            partial.write_bytes(b"\0" * _PROBE)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def format_of(path: Path, format: str | None = None) -> str:  # noqa: A002  (see write_picture)
    """`png`, `jpeg` or `webp`: as asked for, else by the name's ending, else PNG.

    Raises:
        PictureError: No such format, or the name's ending says another one.
    """
    ending = path.suffix.lower().lstrip(".")
    if format is not None and format.lower() not in FORMATS:
        raise PictureError(f"{format!r} is not a format that can be written.", "Use png, jpeg or webp.")
    if format is None and ending and ending not in FORMATS:
        raise PictureError(f"{path.name!r} has no ending of a picture.", "Let it end in .png, .jpg or .webp.")
    asked = FORMATS[format.lower()] if format else None
    if asked and FORMATS.get(ending, asked) != asked:
        raise PictureError(
            f"{path.name!r} ends in .{ending}, but {asked} was asked for.", "Change one of the two."
        )
    return asked or FORMATS.get(ending, "png")


def encode_picture(
    image: Image.Image,
    receipt: Mapping[str, object],
    *,
    parameters_text: str,
    format: str = "png",  # noqa: A002  (see write_picture)
) -> bytes:
    """The bytes of a picture file with its receipt. Takes the same arguments as `write_picture`."""
    clean = image.convert("RGB") if image.mode != "RGB" else image.copy()
    clean.info.clear()  # nothing that the picture was handed over with is written by accident
    properties = marks.receipt_properties(receipt, parameters_text)
    out = io.BytesIO()
    if format == "png":
        chunks = PngInfo()
        chunks.add_itxt("fluxgram", marks.receipt_text(receipt))
        chunks.add_text("parameters", marks.plain_text(parameters_text))
        packet = marks.packet(marks.source_properties())
        chunks.add_itxt("XML:com.adobe.xmp", packet.decode("utf-8"))
        clean.save(out, "PNG", pnginfo=chunks, compress_level=6)
    elif format == "webp":
        packet = marks.packet(marks.source_properties() + properties)
        clean.save(out, "WEBP", quality=92, method=4, xmp=packet, exif=_exif(parameters_text))
    else:
        segments = _jpeg_segments(properties)
        exif = _exif(parameters_text)
        clean.save(out, "JPEG", quality=95, subsampling=0, optimize=True, extra=segments, exif=exif)
    return out.getvalue()


def _exif(parameters: str) -> bytes:
    """EXIF with the A1111 text as UserComment, cut to what one JPEG segment holds (XMP has all of it)."""
    text = marks.plain_text(parameters).encode("utf-16-be")
    limit = _SEGMENT - 1024
    if len(text) > limit:
        more = " … (cut; XMP has all of it)".encode("utf-16-be")
        text = text[: limit - len(more)].decode("utf-16-be", "ignore").encode("utf-16-be") + more
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "fluxgram"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + text
    return exif.tobytes()


def _jpeg_segments(properties: str) -> bytes:
    """APP1 segments: one packet where all of it fits, else a short packet and Adobe's extended XMP."""
    whole = marks.packet(marks.source_properties() + properties)
    if len(_XMP) + len(whole) <= _SEGMENT:
        return _app1(_XMP + whole)
    extension = marks.packet(properties)
    name = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()  # the specification's digest
    note = f"<xmpNote:HasExtendedXMP>{name}</xmpNote:HasExtendedXMP>"
    segments = _app1(_XMP + marks.packet(marks.source_properties() + note))
    step = 65_400
    for start in range(0, len(extension), step):
        head = _XMP_MORE + name.encode() + len(extension).to_bytes(4, "big") + start.to_bytes(4, "big")
        segments += _app1(head + extension[start : start + step])
    return segments


def _app1(data: bytes) -> bytes:
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def _refuse_bad_name(path: Path, *, overwrite: bool) -> None:
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder.", "Give the name of a file in it.")
        if path.exists() or path.is_symlink():
            if not overwrite:
                raise _exists(path)
            if path.exists() and not path.is_file():
                raise PictureError(f"{path} is not an ordinary file.", "Give another name.")
        if not path.parent.is_dir():
            raise PictureError(
                f"The folder {path.parent} is not there.", f"Make it first: mkdir -p '{path.parent}'"
            )
    except (OSError, ValueError) as error:  # a name too long, a NUL in it, a loop of links
        raise _unwritable(path, error) from None


def _exists(path: Path) -> PictureExists:
    return PictureExists(f"{path} is there already.", "Choose another name, or overwrite it with --force.")


def _unwritable(path: Path, error: OSError | ValueError) -> PictureError:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return PictureError(f"There is no space to write {path}.", "Free some, or write to another disk.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PictureError(f"{path} cannot be written: no permission.", "Choose a folder that is yours.")
    if number == errno.ENAMETOOLONG:
        return PictureError(f"The name {path.name[:40]}… is too long.", "Choose a shorter one.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PictureError(f"{path!s} cannot be written: {reason}.", "Choose another name.")
