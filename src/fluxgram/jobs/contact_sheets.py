"""Contact sheets of a shoot that is kept: one picture, one page that holds its pictures, or a folder of all.

Only what is shown, finished and still there is on them; how they look is `pictures/sheet.py` and `sheet_page.py`.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from PIL import Image

from fluxgram.errors import FluxgramError, ShootError
from fluxgram.pictures.sheet import contact_sheet, sheet_file
from fluxgram.pictures.sheet_page import Entry, sheet_page
from fluxgram.prompt.shoots import SHEET

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Job
    from fluxgram.jobs.shoots import Shot
    from fluxgram.store.records import PictureRecord

PAGE_SIDE = 640
"""Longest side of a picture within a page, in px."""


def picture_sheet(jobs: Jobs, title: str, shots: Sequence[Shot], found: Mapping[int, Job]) -> bytes:
    """A PNG with all pictures, captions underneath.

    Args:
        jobs: The door.
        title: Of the shoot.
        shots: Its frames.
        found: Jobs by number.

    Raises:
        ShootError: Nothing is finished yet.
    """
    there = list(_finished(shots, found, title))
    columns, side = layout(len(there))
    tallest = min(2.0, max(0.5, *(each.height / each.width for _, each in there), 0.5))
    cell = (side, round(side * tallest))
    cells = []
    for shot, picture in there:
        image = _image(jobs, picture)
        image.thumbnail(cell)
        cells.append((image, shot.caption))
    return sheet_file(contact_sheet(cells, columns=columns, cell=cell, whole=True))


def whole_page(jobs: Jobs, title: str, shots: Sequence[Shot], found: Mapping[int, Job]) -> bytes:
    """One HTML file that holds its pictures. As `picture_sheet`."""
    entries = []
    for shot, picture in _finished(shots, found, title):
        image = _image(jobs, picture)
        image.thumbnail((PAGE_SIDE, PAGE_SIDE))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=88)
        data = base64.b64encode(out.getvalue()).decode()
        entries.append(_entry(shot, picture, embedded=f"data:image/jpeg;base64,{data}"))
    return sheet_page(title, entries, note=_note(shots, len(entries))).encode()


def archive(jobs: Jobs, title: str, shots: Sequence[Shot], found: Mapping[int, Job], out: IO[bytes]) -> None:
    """A ZIP: every picture as it is, the sheet as a picture and as a page. As `picture_sheet`, but written to `out`."""
    entries = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as whole:  # pictures are compressed already
        for shot, picture in _finished(shots, found, title):
            entry = _entry(shot, picture)
            whole.writestr(entry.file, jobs.store.read(picture.name))
            entries.append(entry)
        whole.writestr(f"{SHEET}.png", picture_sheet(jobs, title, shots, found))
        whole.writestr(f"{SHEET}.html", sheet_page(title, entries, note=_note(shots, len(entries))))


def layout(count: int) -> tuple[int, int]:
    """Columns and side of a cell (px) for a sheet of `count` pictures: large where there are few."""
    if count <= 12:
        return min(count, 4), 320
    return (6, 256) if count <= 60 else (10, 160) if count <= 300 else (20, 96)


def _finished(
    shots: Sequence[Shot], found: Mapping[int, Job], title: str
) -> Iterator[tuple[Shot, PictureRecord]]:
    """Frames with the picture that is shown of each.

    Raises:
        ShootError: There is none.
    """
    count = 0
    for shot in shots:
        job = found.get(shot.shown)
        for picture in job.pictures[:1] if job else ():
            if not picture.removed and not picture.rejected and picture.trashed is None:
                count += 1
                yield shot, picture
    if not count:
        raise ShootError(f"“{title}” has no picture yet.", "Wait for the first one.")


def _image(jobs: Jobs, picture: PictureRecord) -> Image.Image:
    try:
        with Image.open(io.BytesIO(jobs.store.read(picture.name))) as image:
            return image.convert("RGB")
    except (
        FluxgramError,
        OSError,
        ValueError,
    ):  # its file was moved away: its place on the sheet stays, empty
        return Image.new("RGB", (picture.width, picture.height), (48, 48, 50))


def _entry(shot: Shot, picture: PictureRecord, *, embedded: str = "") -> Entry:
    ending = picture.name.rpartition(".")[2]
    facts = (
        f"seed {picture.seed} · {picture.width}x{picture.height} · {picture.checkpoint or shot.checkpoint}"
    )
    size = picture.width, picture.height
    return Entry(
        f"{shot.file}.{ending}", shot.scene, facts.rstrip(" ·"), shot.prompt, shot.negative, size, embedded
    )


def _note(shots: Sequence[Shot], count: int) -> str:
    people = ", ".join(dict.fromkeys(name for shot in shots for name in shot.characters))
    return " · ".join(filter(None, [people, f"{count} picture{'s' if count != 1 else ''}"]))
