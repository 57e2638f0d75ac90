"""`PictureStore`: where picture files lie, a folder or object storage by URL. It knows names and bytes, not pictures.

A name is checked before anything else happens with it, so no name leads out of the store.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fluxgram.durable import PARTIAL, flush_folder, write_whole
from fluxgram.errors import StoreError, UnknownJob
from fluxgram.store import failures

_NAME = re.compile(r"(temp/)?[A-Za-z0-9_-]{2,120}\.[a-z0-9]{1,8}")
_FOLDER_URL = re.compile(r"(file|local)://")


class PictureStore:
    """The place of picture files. Threads and processes may share it.

    Args:
        url: A folder, or a URL that fsspec knows such as `s3://bucket/pictures`; empty is a folder in the home.
        home: The home folder.

    Raises:
        StoreError: No such kind of storage, or the package for it is not installed.
    """

    def __init__(self, url: str, home: Path) -> None:
        self._folder: Path | None = None
        self._files: Any = None
        self._root = ""
        if not url or "://" not in url or _FOLDER_URL.match(url):
            self._folder = Path(_FOLDER_URL.sub("", url) or home / "service" / "pictures").expanduser()
            self.place = str(self._folder)
        else:
            self.place = re.sub(r"//[^/@]*@", "//***@", url)
            self._files, self._root = _storage(url, self.place)

    def write(self, name: str, data: bytes) -> None:
        """Store a file whole or not at all; it is on the disk when this returns. Replaces one of that name.

        Raises:
            StoreFull: No room.
            StoreError: It cannot be written.
        """
        _check(name)
        with self._told():
            if self._folder is not None:
                path = self._folder / _path(name)
                _make_folder(path.parent)
                write_whole(data, path, overwrite=True)
            else:
                self._files.pipe_file(self._where(name), data)

    def probe(self, size: int = 1) -> None:
        """Write and remove a file of so many bytes.

        Raises:
            StoreFull: No room.
            StoreError: Nothing can be written here.
        """
        name = f"probe-{secrets.token_hex(8)}.tmp"
        self.write(name, bytes(size))
        self.remove(name)

    def read(self, name: str) -> bytes:
        """All of a file.

        Raises:
            UnknownJob: No such file.
            StoreError: It cannot be read.
        """
        return self._bytes(name, None, None)

    def open_range(self, name: str, start: int, stop: int) -> bytes:
        """Bytes `start` to before `stop`; less where the file ends sooner.

        Raises:
            UnknownJob: No such file.
            StoreError: It cannot be read.
        """
        if not 0 <= start <= stop:
            raise ValueError((start, stop))
        return self._bytes(name, start, stop)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        _check(name)
        with self._told():
            try:
                if self._folder is not None:
                    return (self._folder / _path(name)).stat().st_size
                return int(self._files.size(self._where(name)))
            except FileNotFoundError:
                return None

    def local(self, name: str) -> Path | None:
        """The file's path where the store is a folder; it need not be there."""
        _check(name)
        return None if self._folder is None else self._folder / _path(name)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is removed already.

        Raises:
            StoreError: It cannot be removed.
        """
        _check(name)
        with self._told():
            try:
                if self._folder is not None:
                    (self._folder / _path(name)).unlink()
                else:
                    self._files.rm_file(self._where(name))
            except FileNotFoundError:
                pass

    def remove_partial(self, older_than: float) -> int:
        """Remove what writers left behind that were killed while they wrote; reads the whole folder.

        Args:
            older_than: Seconds of age; a younger one may still be written.

        Returns:
            How many there were. Object storage keeps none.

        Raises:
            StoreError: One cannot be removed.
        """
        if self._folder is None:
            return 0
        removed = 0
        with self._told():
            for path in self._folder.rglob(PARTIAL):
                with suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > older_than:
                        path.unlink()
                        removed += 1
        return removed

    def free_bytes(self) -> int | None:
        """Room on the disk of the folder; None for object storage."""
        if self._folder is None:
            return None
        there = next(folder for folder in (self._folder, *self._folder.absolute().parents) if folder.is_dir())
        with self._told():
            return shutil.disk_usage(there).free

    def _bytes(self, name: str, start: int | None, stop: int | None) -> bytes:
        _check(name)
        with self._told():
            try:
                if self._folder is None:
                    return bytes(self._files.cat_file(self._where(name), start=start, end=stop))
                with (self._folder / _path(name)).open("rb") as file:
                    file.seek(start or 0)
                    return file.read() if stop is None else file.read(stop - (start or 0))
            except FileNotFoundError:
                raise UnknownJob("There is no picture of that name.", "It may have been removed.") from None

    def _where(self, name: str) -> str:
        return f"{self._root}/{_path(name)}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong in it, in a user's words."""
        try:
            yield
        except (StoreError, UnknownJob):
            raise
        except OSError as error:
            raise failures.of_system(error, self.place) from error
        except Exception as error:  # each kind of object storage has errors of its own
            if self._folder is not None:
                raise
            raise StoreError(
                f"{self.place} cannot be used: {str(error).rstrip('.') or type(error).__name__}.",
                "Check the storage's address and credentials.",
            ) from error


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UnknownJob(
            "There is no picture of that name.", "A name has letters, digits, - and _, and an ending."
        )


def _path(name: str) -> str:
    """Files lie in folders named by their first two characters, so that no folder has too many."""
    temporary, _, last = name.rpartition("/")
    return f"{temporary}/{last[:2]}/{last}" if temporary else f"{last[:2]}/{last}"


def _make_folder(folder: Path) -> None:
    """Make it, and on the way the pictures' own folder, for the owner's eyes only."""
    if not folder.is_dir():
        missing = [part for part in (folder, *folder.parents) if not part.exists()]
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
            flush_folder(part.parent)


def _storage(url: str, place: str) -> tuple[Any, str]:
    import fsspec  # type: ignore[import-untyped]

    try:
        files, root = fsspec.url_to_fs(url)
    except ImportError as error:
        raise StoreError(
            f"{place} needs a package that is not installed: {error}.", "Install it with pip."
        ) from None
    except (ValueError, OSError) as error:
        raise StoreError(
            f"{place} is not a place for pictures: {error}.", "Give a folder or an fsspec URL."
        ) from None
    return files, str(root).rstrip("/")
