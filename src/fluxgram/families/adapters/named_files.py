"""Files that are named without being added: which one on this machine a source means, and what lies there instead.

A source that begins with something on this machine means this machine; the hub is not asked for it (`fetching.py`).
"""

from __future__ import annotations

import errno
import os
import stat
from difflib import get_close_matches
from pathlib import Path

from fluxgram.errors import AdapterDamaged, FluxgramError, UnknownAdapter

_HUB = "For one of the hub write hub:{}."


def named_file(source: str) -> Path | None:
    """The file that a source names; None where it names none. Devices and pipes are files until they are opened."""
    path = _path(source)
    try:
        return path if path is not None and not stat.S_ISDIR(path.stat().st_mode) else None
    except OSError:  # not there, not to be looked at, or a name that is too long
        return None


def fault_here(source: str) -> FluxgramError | None:
    """Why a source that begins with something on this machine names no file; None where it does not begin so.

    Names without a folder and without an ending are left alone: they may be an adapter's.
    """
    path = _path(source)
    if path is None or not (len(path.parts) > 1 or path.suffix == ".safetensors"):
        return None
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return UnknownAdapter(f"{source} is a folder.", _files_in(path, source))
    except OSError as reason:
        if reason.errno == errno.ELOOP:
            return UnknownAdapter(f"{source} is a link that leads back to itself.", "Name the file itself.")
        if os.path.lexists(path):
            return UnknownAdapter(f"{source} is a link to what is not there.", "Name the file itself.")
        if reason.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return AdapterDamaged(f"{source} cannot be read: {reason.strerror}.", "Check its permissions.")
    return _missing(path, source) if os.path.lexists(Path(*path.parts[:1])) else None


def _missing(path: Path, source: str) -> FluxgramError:
    """There is a beginning of the path, and not all of it."""
    there = next(each for each in path.parents if os.path.lexists(each))
    if not there.is_dir():
        return UnknownAdapter(
            f"There is no file {source[:200]}: {there} is no folder.", "Check the spelling."
        )
    rest = str(path.relative_to(there))
    return UnknownAdapter(f"There is no file {rest[:200]} in {there}.", _files_in(there, source, rest))


def _files_in(folder: Path, source: str, wanted: str = "") -> str:
    """A hint: the files of adapters in a folder, nearest first, and how to say that the hub is meant."""
    from fluxgram.families.adapters.fetching import hub_id_of

    try:
        names = sorted(each.name for each in folder.iterdir() if each.suffix == ".safetensors")
    except OSError:
        names = []
    near = get_close_matches(wanted, names, n=3, cutoff=0.6) or names[:3]
    hints = [
        f"There {'is' if len(near) == 1 else 'are'}: {', '.join(near)}."
        if near
        else "Name a .safetensors file."
    ]
    return " ".join([*hints, _HUB.format(source)] if hub_id_of(source) else hints)


def _path(source: str) -> Path | None:
    try:
        return Path(source).expanduser() if "\0" not in source else None
    except RuntimeError:  # the home of somebody who is not known
        return None
