"""`GalleryDoor`: the gallery as callers may see it, and what becomes of files that somebody brings.

Every caller sees its own pictures, who administers everybody's. A file that is brought is read like anything a stranger
made; kept, its bytes stay as they came, so that what else it carries is not lost.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fluxgram.errors import PictureError, RequestError, StoreError
from fluxgram.jobs.orders import LOCAL, Caller
from fluxgram.store.gallery import Gallery, Import
from fluxgram.store.naming import picture_names, thumbnail_name
from fluxgram.store.records import PictureRecord
from fluxgram.store.searching import Wanted, words_for

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.pictures.found import Settings
    from fluxgram.pictures.read import File
    from fluxgram.store.records import Origin

MOST_BYTES = 40_000_000
"""Of a file that is brought."""
MOST_AT_ONCE = 2
"""Files whose pixels are in memory at a time."""
_KEPT_TEXT = 20_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that somebody brought, read.

    Attributes:
        filename: What it is called, fit to be shown.
        format: `png`, `jpeg` or `webp`.
        width: Pixels.
        height: Pixels.
        settings: How it was made, as far as it says.
        receipt: Ours where it carries one, else what was found under `imported`.
        notes: What it carries and could not be read, in sentences.
    """

    filename: str
    format: str
    width: int
    height: int
    settings: Settings
    receipt: dict[str, Any]
    notes: tuple[str, ...]


class GalleryDoor:
    """The gallery of a service.

    Args:
        jobs: The door, whose database and files these are.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._gallery = Gallery(jobs.database)
        self._reading = threading.BoundedSemaphore(MOST_AT_ONCE)

    def page(
        self,
        caller: Caller = LOCAL,
        wanted: Wanted = Wanted(),  # noqa: B008  (frozen)
        *,
        before: tuple[float, str] | None = None,
        limit: int = 60,
    ) -> list[PictureRecord]:
        """The caller's pictures, the newest first; see `store.gallery.Gallery.page`."""
        caller.may_look()
        return self._gallery.page(caller.sees, wanted, before=before, limit=limit)

    def count(self, caller: Caller = LOCAL, wanted: Wanted = Wanted()) -> int:  # noqa: B008
        """How many pictures there are."""
        caller.may_look()
        return self._gallery.count(caller.sees, wanted)

    def get(self, name: str, caller: Caller = LOCAL) -> PictureRecord:
        """A picture.

        Raises:
            UnknownJob: There is none of that name that the caller may see.
        """
        caller.may_look()
        return self._gallery.get(name, caller.sees)

    def tags_of(self, pictures: Iterable[PictureRecord]) -> dict[str, list[str]]:
        """Tags of pictures that the caller has, by name."""
        return self._gallery.tags_of([picture.name for picture in pictures])

    def tags(self, caller: Caller = LOCAL) -> list[tuple[str, int]]:
        """Tags with how many pictures have them."""
        caller.may_look()
        return self._gallery.tags(caller.sees)

    def checkpoints(self, caller: Caller = LOCAL) -> list[str]:
        """Checkpoints that the caller's pictures are of."""
        caller.may_look()
        return self._gallery.checkpoints(caller.sees)

    def family(self, name: str, caller: Caller = LOCAL) -> list[PictureRecord]:
        """A picture with its ancestors and all that came of them, the eldest first.

        Raises:
            UnknownJob: There is none of that name that the caller may see.
        """
        caller.may_look()
        return self._gallery.family(name, caller.sees)

    def mark(self, names: Sequence[str], caller: Caller = LOCAL, **marks: Any) -> list[PictureRecord]:
        """Mark pictures, all or none; see `store.gallery.Gallery.mark`.

        Raises:
            UnknownJob: One is none that the caller may see.
            RequestError: A tag is none, or there are too many.
        """
        caller.may("draw")
        return self._gallery.mark(names, caller.sees, **marks)

    def trash(self, names: Sequence[str], caller: Caller = LOCAL) -> list[PictureRecord]:
        """Put pictures into the bin.

        Raises:
            UnknownJob: One is none that the caller may see.
        """
        caller.may("draw")
        return self._gallery.trash(names, caller.sees)

    def restore(self, names: Sequence[str], caller: Caller = LOCAL) -> list[PictureRecord]:
        """Take pictures out of the bin.

        Raises:
            UnknownJob: One is none that the caller may see, or was removed for good.
        """
        caller.may("draw")
        return self._gallery.restore(names, caller.sees)

    def empty(self, caller: Caller = LOCAL) -> int:
        """Remove for good what lies in the caller's bin; says how many pictures.

        Raises:
            StoreError: None of what is left can be removed.
        """
        caller.may("draw")
        total = 0
        while pictures := self._gallery.binned(caller.sees):
            gone = remove_files(self._jobs, pictures)
            if not gone:
                raise StoreError(
                    "The pictures in the bin cannot be removed.", "Check the folder of pictures."
                )
            total += gone
        return total

    def read(self, data: bytes, filename: str, caller: Caller = LOCAL) -> Brought:
        """What a file says of how it was made; nothing is kept.

        Raises:
            PictureError: It is too large, damaged or no picture.
        """
        caller.may_look()
        with self._reading:
            shown = name_of(filename)
            return _brought(_opened(data, shown), shown)

    def keep(
        self,
        data: bytes,
        filename: str,
        caller: Caller = LOCAL,
        *,
        origin: Origin = "imported",
        receipt: Mapping[str, Any] | None = None,
        prompt: str = "",
        checkpoint: str = "",
        parent: str = "",
        relation: str = "",
    ) -> tuple[PictureRecord, Brought]:
        """Keep a file in the gallery, as a job that is done; when this returns, it is on the disk.

        Args:
            data: The file.
            filename: What it is called where it comes from.
            caller: Whose it will be.
            origin: `imported`, or `endpoint` where another server drew it.
            receipt: What is known of it, where it does not say so itself.
            prompt: The words, where it does not say so itself.
            checkpoint: What drew it, where it does not say so itself.
            parent: Name of the picture that it was made from.
            relation: How.

        Raises:
            PictureError: It is too large, damaged or no picture.
            StoreFull: No room; nothing of it was kept.
            StoreError: It cannot be stored; nothing of it was kept.
        """
        from fluxgram.pictures.thumbnail import thumbnail

        caller.may("draw")
        shown = name_of(filename)
        with self._reading:
            file = _opened(data, shown)
            found, small = _brought(file, shown), thumbnail(file.image)
        settings = found.settings
        words, drawn_by = prompt or settings.prompt, checkpoint or settings.checkpoint
        unsaid = found.receipt.get("imported")
        if isinstance(unsaid, dict):  # who brings a file may know what it does not say
            unsaid["settings"] = {**unsaid["settings"], "prompt": words, "checkpoint": drawn_by}
        name = picture_names(file.format)[0]  # type: ignore[arg-type]  # one of those that are read
        beside = thumbnail_name(name)
        picture = PictureRecord(
            name=name,
            thumbnail=beside,
            job=0,
            index=0,
            seed=settings.seed or 0,
            width=found.width,
            height=found.height,
            bytes=len(data),
            format=file.format,  # type: ignore[arg-type]
            sha256=hashlib.sha256(data).hexdigest(),
            receipt=dict(receipt) if receipt is not None else found.receipt,
            verdict="unchecked",
            created=0.0,
            owner=caller.owner,
            checkpoint=drawn_by,
            origin=origin,
            words=words_for(
                words, settings.negative, drawn_by, f"{found.width}x{found.height}", settings.software, shown
            ),
            parent=parent,
            relation=relation,
        )
        request = {"prompt": words, "seed": picture.seed, "checkpoint": drawn_by}
        surface = "import" if origin == "imported" else origin
        try:
            self._jobs.store.write(beside, small)
            self._jobs.store.write(name, data)
            return self._gallery.keep(Import(picture, request, surface)), found
        except BaseException:
            for each in (name, beside):
                try:
                    self._jobs.store.remove(each)
                except StoreError as error:
                    _log.warning("%s was not kept and cannot be removed: %s", each, error)
            raise


def remove_files(jobs: Jobs, pictures: Collection[PictureRecord]) -> int:
    """Remove the files of pictures for good; their rows and receipts stay. Says of how many."""
    gone = []
    for picture in pictures:
        try:
            jobs.store.remove(picture.thumbnail)
            jobs.store.remove(picture.name)
        except StoreError as error:
            _log.warning("%s cannot be removed: %s", picture.name, error)
        else:
            gone.append(picture.name)
    if gone:
        jobs.queue.mark_removed(gone)
    return len(gone)


def settings_of(picture: PictureRecord) -> Settings:
    """How a kept picture was made, from its receipt."""
    from fluxgram.pictures.found import Settings, settings_of_receipt

    imported = picture.receipt.get("imported")
    if isinstance(imported, Mapping):
        said = imported.get("settings")
        known = said if isinstance(said, Mapping) else {}
        return Settings(**{name: known[name] for name in Settings.__slots__ if name in known})
    return settings_of_receipt(picture.receipt)[0]


def prompt_of(picture: PictureRecord) -> str:
    """A picture's words, from its receipt."""
    return settings_of(picture).prompt


def name_of(filename: str) -> str:
    """A file's name fit to be shown: its last part, without what cannot be printed, and not too long."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shown[:120] or "The file"


def _opened(data: bytes, shown: str) -> File:
    from fluxgram.pictures.read import read_file

    if not data:
        raise PictureError(f"{shown} is empty.", "Give a PNG, JPEG or WebP file.")
    if len(data) > MOST_BYTES:
        raise PictureError(
            f"{shown} has {len(data) / 1e6:,.0f} MB; it is not read.",
            f"The limit is {MOST_BYTES / 1e6:g} MB.",
        )
    return read_file(data, shown)


def _brought(file: File, shown: str) -> Brought:
    """What the texts of a file say, whoever wrote them."""
    from fluxgram.pictures import found as said
    from fluxgram.pictures import marks

    notes: list[str] = []
    settings, receipt = said.Settings(), None
    if file.receipt:
        try:
            receipt = said.plain_value(marks.parse_receipt(file.receipt))
        except PictureError as error:
            notes.append(str(error))
        else:
            if receipt is None:
                notes.append("The picture's receipt is too large or nested too deeply; it is not used.")
            else:
                settings, more = said.settings_of_receipt(receipt)
                notes += more
                if settings.is_empty:
                    receipt = None
    if receipt is None and file.parameters:
        settings, more = said.settings_of_parameters(file.parameters)
        notes += more
    if settings.is_empty and not notes and {"workflow", "prompt"} & set(file.others):
        notes.append("The file carries a ComfyUI workflow; settings are not read from those.")
    if receipt is None:
        kept = said.clean(file.parameters[:_KEPT_TEXT])
        receipt = {"imported": {"software": settings.software, "filename": shown, "parameters": kept,
                                "settings": asdict(settings)}}  # fmt: skip
    return Brought(
        shown,
        file.format,
        file.image.width,
        file.image.height,
        settings,
        json.loads(json.dumps(receipt)),
        tuple(notes),
    )


def check_names(names: Sequence[str], most: int) -> None:
    """Refuse lists of names that no page sends.

    Raises:
        RequestError: None, or too many.
    """
    if not 0 < len(names) <= most:
        raise RequestError(f"Name 1 to {most} pictures.", "Send more in several requests.")
