"""An adapter's file before anything of it is loaded: names, types and shapes, checked against the file's length.

Nothing is unpickled, nothing is read that the header does not vouch for, and torch is not needed. What the names mean
is `roles.py`; where the tensors go is `reading.py`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import AdapterDamaged, UnknownAdapter, UnsafeWeights

if TYPE_CHECKING:
    import numpy as np

_AGAIN = "Fetch the adapter again; the file is not whole."
_SAFE = "Ask for the adapter's .safetensors file; pickled ones can run any program when read."
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_LONGEST = 16 * 2**20
"""Bytes of a header; that of the largest adapter known is below one million."""
_MOST_TENSORS, _LONGEST_NAME = 20_000, 300
"""Tensors of a file and characters of their names; what people train has a fifth of either at most."""
_MOST = 1e6
"""No weight of an adapter is as large as this; what is larger is not a weight."""
_CHUNK = 4 * 2**20

SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes an element of each type that safetensors has."""
FLOATS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
"""Types that weights may have."""

_LIMITS = {  # the unsigned number that `_MOST` is (or, where the type ends below it, infinity), of sign-free bits
    "F64": ("<u8", 0x412E848000000000, 2**63 - 1),
    "F32": ("<u4", 0x49742400, 2**31 - 1),
    "F16": ("<u2", 0x7C00, 2**15 - 1),
    "BF16": ("<u2", 0x4974, 2**15 - 1),
    "F8_E4M3": ("u1", 0x7F, 2**7 - 1),
    "F8_E5M2": ("u1", 0x7C, 2**7 - 1),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor: its type as safetensors names it, its shape, and where in the file it begins and ends."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """A safetensors file whose header has been read.

    Attributes:
        path: Where it lies.
        entries: Its tensors by name.
        metadata: What its maker wrote beside them.
    """

    path: Path
    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]


def open_file(path: Path) -> AdapterFile:
    """Read the header of an adapter's file.

    Raises:
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
        AdapterDamaged: Half a file, no safetensors file, or one that contradicts itself.
    """
    if path.suffix.lower() in _PICKLED:
        raise UnsafeWeights(f"{path} is pickled, and pickled weights are never read.", _SAFE)
    try:
        if not path.exists():
            raise UnknownAdapter(f"There is no file {path}.", "Check the spelling.")
        if not path.is_file():
            raise AdapterDamaged(f"{path} is no file.", "Name the adapter's .safetensors file.")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
            length = int.from_bytes(head[:8], "little")
            if size < 10 or length > size - 8 or length > _LONGEST:
                raise _no_safetensors(path, head, size, length)
            file.seek(8)
            text = file.read(length)
    except OSError as reason:
        raise AdapterDamaged(
            f"{path} cannot be read: {reason.strerror or reason}.", "Check the file."
        ) from None
    try:
        header = json.loads(text, object_pairs_hook=_once)
        metadata = _texts(header.pop("__metadata__", None) or {})
        entries = {name: _entry(name, each, 8 + length) for name, each in _few(header).items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        said = str(reason).splitlines()[0][:120] if str(reason) else type(reason).__name__
        raise AdapterDamaged(
            f"{path} is no safetensors file: its header cannot be read ({said}).", _AGAIN
        ) from None
    _check_places(path, entries, 8 + length, size)
    if not entries:
        raise AdapterDamaged(f"{path} is empty: it holds no tensors.", "Name another file.")
    return AdapterFile(path, entries, metadata)


def number(file: AdapterFile, name: str) -> float:
    """The only element of a tensor, such as alpha.

    Raises:
        AdapterDamaged: It has several, or none, or one that is no finite number.
    """
    entry = file.entries[name]
    if math.prod(entry.shape) != 1:
        raise AdapterDamaged(
            f"{file.path.name}: {name} should be one number and is {list(entry.shape)}.", _AGAIN
        )
    try:
        with file.path.open("rb") as stream:
            stream.seek(entry.start)
            value = _decoded(stream.read(SIZES[entry.dtype]), entry.dtype)
    except (OSError, struct.error) as reason:
        raise AdapterDamaged(f"{file.path} cannot be read: {reason}.", _AGAIN) from None
    if not math.isfinite(value):
        raise AdapterDamaged(f"{file.path.name}: {name} is no number ({entry.dtype}).", _AGAIN)
    return value


def check_numbers(file: AdapterFile, names: Iterable[str]) -> None:
    """Read all weights of these names once.

    Raises:
        AdapterDamaged: One of them is not a number, infinite, or too large to be a weight.
    """
    for name in names:
        entry = file.entries[name]
        if entry.dtype not in _LIMITS:
            continue
        limit = _LIMITS[entry.dtype][1]
        for bits in _bits(file, entry):
            if bits.max() >= limit:
                raise AdapterDamaged(
                    f"{file.path.name}: {name} holds impossible numbers (not a number, infinite, or above "
                    f"{_MOST:.0e}).",
                    "Its training went wrong, or the file is damaged; ask for another one.",
                )


def is_zero(file: AdapterFile, name: str) -> bool:
    """Whether all elements of a tensor of a floating-point type are 0."""
    entry = file.entries[name]
    return entry.dtype in _LIMITS and not any(bits.any() for bits in _bits(file, entry))


def _bits(file: AdapterFile, entry: Entry) -> Iterator[np.ndarray[Any, Any]]:
    """The elements as unsigned numbers without their signs, some at a time.

    Read, not mapped: a mapped file that somebody cuts off meanwhile would end the process.
    """
    import numpy as np

    kind, _, mask = _LIMITS[entry.dtype]
    try:
        with file.path.open("rb") as stream:
            stream.seek(entry.start)
            for start in range(entry.start, entry.stop, _CHUNK):
                part = np.frombuffer(stream.read(min(_CHUNK, entry.stop - start)), kind)
                yield part & part.dtype.type(mask)
    except (OSError, ValueError) as reason:
        raise AdapterDamaged(f"{file.path} cannot be read: {reason}.", _AGAIN) from None


def _no_safetensors(path: Path, head: bytes, size: int, length: int) -> AdapterDamaged | UnsafeWeights:
    """What a file is that claims to be safetensors."""
    start = head.lstrip().lower()
    if head.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return UnsafeWeights(
            f"{path} is pickled whatever its name says, and pickled weights are never read.", _SAFE
        )
    if size == 0:
        return AdapterDamaged(f"{path} is empty.", _AGAIN)
    if start.startswith((b"<!doctype", b"<html")):
        return AdapterDamaged(
            f"{path} is a web page, not an adapter.", "Sign in where it was downloaded, and fetch it again."
        )
    if start.startswith(b"version https://git-lfs"):
        return AdapterDamaged(f"{path} is a pointer of git LFS, not the file itself.", "Run `git lfs pull`.")
    if head.startswith(b"GGUF"):
        return AdapterDamaged(f"{path} is a GGUF file.", "Ask for the adapter's .safetensors file.")
    if all(byte in b"\t\n\r" or byte >= 32 for byte in head):
        return AdapterDamaged(
            f"{path} is a text, not an adapter ({size} bytes).", "Name a .safetensors file."
        )
    if length <= size - 8:
        return AdapterDamaged(f"{path} claims a header of {length} bytes, which no adapter needs.", _AGAIN)
    return AdapterDamaged(f"{path} is truncated or no safetensors file ({size} bytes).", _AGAIN)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which no name comes twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
    return found


def _texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Metadata is texts by texts."""
    if not all(isinstance(each, str) for pair in metadata.items() for each in pair):
        raise ValueError("__metadata__ is not made of texts")
    return dict(metadata)


def _few(header: Mapping[str, Any]) -> Mapping[str, Any]:
    """A header of so many tensors as adapters have: what is looked at by patterns must not take for ever."""
    longest = max(map(len, header), default=0)
    if len(header) > _MOST_TENSORS or longest > _LONGEST_NAME:
        raise ValueError(f"{len(header)} tensors with names of up to {longest} characters, as no adapter has")
    return header


def _entry(name: str, each: Mapping[str, Any], offset: int) -> Entry:
    dtype, shape, (start, stop) = each["dtype"], each["shape"], each["data_offsets"]
    numbers = [*shape, start, stop]
    if dtype not in SIZES:
        raise ValueError(f"{name} has the type {dtype}")
    if not all(isinstance(side, int) and not isinstance(side, bool) and side >= 0 for side in numbers):
        raise ValueError(f"{name} has impossible sides")
    if stop - start != math.prod(shape) * SIZES[dtype]:
        raise ValueError(f"{name} has another length than its shape")
    return Entry(dtype, tuple(shape), offset + start, offset + stop)


def _check_places(path: Path, entries: Mapping[str, Entry], start: int, size: int) -> None:
    """Tensors lie one after the other, from the header to the end of the file."""
    for entry in sorted(entries.values(), key=lambda each: (each.start, each.stop)):
        if entry.start != start:
            raise AdapterDamaged(f"{path} is no safetensors file: its tensors overlap or leave gaps.", _AGAIN)
        start = entry.stop
    if size != start:
        raise AdapterDamaged(f"{path} is truncated: {size} bytes where its header says {start}.", _AGAIN)


def _decoded(raw: bytes, dtype: str) -> float:
    """A number of a type; not a number for true and false."""
    codes = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b",
             "U64": "Q", "U32": "I", "U16": "H", "U8": "B"}  # fmt: skip
    if dtype == "BF16":
        raw, dtype = b"\0\0" + raw, "F32"
    if dtype == "F8_E5M2":
        raw, dtype = b"\0" + raw, "F16"
    if dtype == "F8_E4M3":
        return _of_e4m3(raw[0])
    return float(struct.unpack(f"<{codes[dtype]}", raw)[0]) if dtype in codes else math.nan


def _of_e4m3(bits: int) -> float:
    """A sign, 4 bits of exponent (less 7), 3 of fraction; no infinities, and all ones are not a number."""
    exponent, fraction = (bits >> 3) & 15, bits & 7
    if exponent == 15 and fraction == 7:
        return math.nan
    value = math.ldexp(fraction + 8 if exponent else fraction, max(exponent, 1) - 10)
    return -value if bits >> 7 else value
