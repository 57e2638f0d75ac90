"""Picture files: whole or not at all, in a folder or in object storage, and no name leads out of it."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fluxgram.errors import StoreError, StoreFull, UnknownJob
from fluxgram.store.pictures import PictureStore

NAME = "AbCdEfGhIjKlMnOpQrStUv-0.png"


@pytest.fixture(params=["home", "folder", "file url", "memory"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    places = {"home": "", "folder": f"{tmp_path}/else/where", "file url": f"file://{tmp_path}/by/url"}
    return PictureStore(places.get(request.param, f"memory://{tmp_path.name}/bucket"), tmp_path)


def test_there_and_back(pictures: PictureStore) -> None:
    data = bytes(range(256)) * 40
    for name in (NAME, f"temp/{NAME}", NAME.replace(".png", "-small.webp")):
        assert pictures.size(name) is None
        pictures.write(name, data)
        assert pictures.read(name) == data
        assert pictures.size(name) == len(data)
        assert pictures.open_range(name, 0, 1) == data[:1]
        assert pictures.open_range(name, 100, 300) == data[100:300]
        assert pictures.open_range(name, len(data) - 5, len(data) + 100) == data[-5:]
        assert pictures.open_range(name, 7, 7) == b""
        pictures.write(name, b"again")
        assert pictures.read(name) == b"again"
        pictures.remove(name)
        pictures.remove(name)
        assert pictures.size(name) is None
        with pytest.raises(UnknownJob):
            pictures.read(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x.png", "/etc/passwd", "a/../../x.png", "temp/../x.png", "temp/temp/x.png", "other/x.png",
     "temp//x.png", "x.png/", "x.png\n", "x.png\0", "\0.png", "..png", ".png", "a.png", "x..png", "x.png.exe", "x.PNG",
     "x\\y.png", "C:x.png", "ü.png", "%2e%2e/x.png", "~/x.png", "x" * 500 + ".png", "-", "x", "temp/", "\ud800x.png"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_none(name: str, tmp_path: Path) -> None:
    for pictures in (PictureStore("", tmp_path), PictureStore(f"memory://{tmp_path.name}/b", tmp_path)):
        for act in (
            pictures.read,
            pictures.size,
            pictures.remove,
            pictures.local,
            lambda name, store=pictures: store.open_range(name, 0, 1),
            lambda name, store=pictures: store.write(name, b"x"),
        ):
            with pytest.raises(UnknownJob):
                act(name)
    assert list(tmp_path.rglob("*")) == []


def test_files_of_a_folder_are_the_owners_and_spread(tmp_path: Path) -> None:
    pictures = PictureStore("", tmp_path)
    pictures.write(NAME, b"data")
    path = pictures.local(NAME)
    assert path == tmp_path / "service" / "pictures" / "Ab" / NAME
    assert path.read_bytes() == b"data"
    assert (tmp_path / "service").stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir()] == [NAME]
    assert pictures.local(f"temp/{NAME}") == tmp_path / "service" / "pictures" / "temp" / "Ab" / NAME
    assert PictureStore("memory://x", tmp_path).local(NAME) is None


def test_free_bytes(tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    free = PictureStore("", tmp_path / "not" / "yet").free_bytes()
    assert free == pytest.approx(there.f_bavail * there.f_frsize, rel=0.2)
    assert PictureStore("memory://x", tmp_path).free_bytes() is None


WRITE = """
import resource, signal, sys
from pathlib import Path
from fluxgram.errors import StoreFull
from fluxgram.store.pictures import PictureStore
pictures = PictureStore("", Path(sys.argv[1]))
pictures.write("before-0.png", b"x" * 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    pictures.write("toolarge-0.png", b"x" * 100_000)
except StoreFull as error:
    print(error)
"""


def test_no_room_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """The system's limit of a file's size stands for the disk: the write fails half way."""
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path)], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert "disk is full" in done.stdout, done.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["before-0.png"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_what_the_disk_says_is_told(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    pictures = PictureStore(str(tmp_path), tmp_path)
    (tmp_path / "Ab").mkdir()
    with pytest.raises(StoreError) as error:
        pictures.write(NAME, b"data")
    assert isinstance(error.value, StoreFull) == (number in (errno.ENOSPC, errno.EDQUOT))
    assert error.value.hint
    assert pictures.size(NAME) is None
    assert list((tmp_path / "Ab").iterdir()) == []


@pytest.mark.parametrize("url", ["nosuch://bucket/x", "s3://key:secret@bucket/x"])
def test_storage_that_is_not_there(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as error:
        PictureStore(url, tmp_path).write(NAME, b"data")
    assert "secret" not in str(error.value)


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        PictureStore(str(tmp_path / "file"), tmp_path).write(NAME, b"data")


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    PictureStore(str(tmp_path), tmp_path).probe(1000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        PictureStore(str(tmp_path / "file"), tmp_path).probe()
