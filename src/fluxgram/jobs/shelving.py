"""Adapters put on the shelf of this machine and taken off it, for clients that administer; and what is in each.

What comes is looked at whole before it lands there, by the same code as `fluxgram adapters add`; torch is not needed.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from fluxgram.errors import AdapterError, FluxgramError, RequestError, UnknownAdapter
from fluxgram.jobs.adapters import AdapterCard, card_of, refuse_broken

if TYPE_CHECKING:
    from fluxgram.families.adapters.adapter import Report
    from fluxgram.families.adapters.shelf import Added
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

MOST_BYTES = 4_000_000_000
"""Of a file that is sent; the largest that people train have half of it."""
_LEFT_SECONDS = 86_400.0
"""After which a file that came while the service was killed is removed, when the next one comes."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """What became of adding an adapter.

    Attributes:
        adapter: As it is offered now.
        fresh: Whether it was not there yet.
        contents: As `contents_of` says, without a checkpoint.
    """

    adapter: AdapterCard
    fresh: bool
    contents: dict[str, Any]


def contents_of(
    path: Path, name: str, settings: Settings, checkpoint: Checkpoint | None, *, numbers: bool = True
) -> dict[str, Any]:
    """What is in an adapter's file, and whether it can be used, with a checkpoint or (None) with any.

    `numbers` says whether to look at all of its numbers, which is not needed where somebody just has.

    Raises:
        CheckpointError: The checkpoint is not on this machine, or cannot be read.
        AdapterDamaged: Half a file, or none of safetensors.
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
    """
    from fluxgram.families.adapters.layers import shapes_of
    from fluxgram.families.adapters.reading import fault_of, inspect_adapter

    shapes = None if checkpoint is None else shapes_of(checkpoint, settings)
    report = inspect_adapter(path, shapes)
    made_for = checkpoint.name if checkpoint else ""
    fault = fault_of(path, shapes, name=name, made_for=made_for, numbers=numbers)
    return plain_report(report) | plain_verdict(fault, made_for)


def plain_report(report: Report) -> dict[str, Any]:
    """A report as JSON has it."""
    return {
        "base": report.base,
        "form": report.form,
        "kinds": dict(report.kinds),
        "total": report.total,
        "matched": report.matched,
        "unmatched": {name: list(near) for name, near in report.unmatched.items()},
        "ranks": list(report.ranks),
        "alphas": list(report.alphas),
        "layers": list(report.layers),
    }


def plain_verdict(fault: FluxgramError | None, checkpoint: str) -> dict[str, Any]:
    """Why an adapter cannot be used, with a checkpoint or (empty) with any, as JSON has it."""
    return {
        "checkpoint": checkpoint or None,
        "usable": fault is None,
        "reason": None if fault is None else str(fault),
        "hint": None if fault is None else fault.hint,
    }


def contents(name: str, settings: Settings, checkpoint: Checkpoint | None = None) -> dict[str, Any]:
    """The same of an adapter on the shelf, by its name alone.

    Raises:
        UnknownAdapter: There is none of that name.
        FluxgramError: As `contents_of`.
    """
    from fluxgram.families.adapters.reading import fingerprint_of
    from fluxgram.families.adapters.shelf import changed, whole_shelf

    shelf = whole_shelf(settings)
    known = shelf.known.get(name)
    if known is None:
        refuse_broken(name, shelf)
        raise UnknownAdapter(f"There is no adapter {name[:80]!r}.", "/api/v1/adapters lists all.")
    if (fault := changed(known, fingerprint_of(known.path))) is not None:
        raise fault
    return contents_of(known.path, name, settings, checkpoint)


def add_from_hub(
    source: str, settings: Settings, *, name: str, weight: float, words: Sequence[str], replace: bool
) -> Shelved:
    """Fetch an adapter and put it on the shelf; arguments and errors as `shelf.add_adapter`.

    Raises:
        RequestError: It is no hub id: files of this machine are added by `fluxgram adapters add`.
    """
    from fluxgram.families.adapters.fetching import hub_id_of
    from fluxgram.families.adapters.shelf import add_adapter

    if hub_id_of(source) is None:
        raise RequestError(
            f"{source[:80]!r} is no id of the hub.",
            "Write owner/repo or owner/repo/file.safetensors, or send the file itself.",
        )
    asked = source if source.startswith(("hub:", "http")) else f"hub:{source}"  # never a file of this machine
    added = add_adapter(asked, settings, name=name, weight=weight, words=words, replace=replace)
    return _shelved(added, settings)


@contextmanager
def arriving(filename: str, name: str, settings: Settings) -> Iterator[Path]:
    """Where a file that is sent is to be written; gone after the block, with all that is there.

    Args:
        filename: What the sender calls it.
        name: What the adapter is to be called; made of the file's name where empty.
        settings: Of the machine.

    Raises:
        RequestError: A name that cannot be, or half of an adapter.
        AdapterError: It cannot be written.
    """
    from fluxgram.families.adapters.shelf import checked_name, derived_name

    file = PurePath(filename.replace("\\", "/")).name
    if file == "adapter_model.safetensors":
        raise RequestError(
            "adapter_model.safetensors is half of an adapter: its strength is in the adapter_config.json beside it.",
            "Add it by its id on the hub, or on the machine itself with `fluxgram adapters add`, which takes both.",
        )
    stem = checked_name(name) if name else derived_name(PurePath(file).stem)
    uploads = settings.home / "service" / "uploads"
    try:
        uploads.mkdir(parents=True, exist_ok=True)
        for left in uploads.iterdir():
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=uploads))
    except OSError as reason:
        raise AdapterError(
            f"The file cannot be kept: {reason.strerror}.", "Check the server's disk."
        ) from None
    try:
        yield folder / f"{stem}.safetensors"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def add_sent(
    path: Path,
    filename: str,
    settings: Settings,
    *,
    name: str,
    weight: float,
    words: Sequence[str],
    replace: bool,
) -> Shelved:
    """Put a file that has arrived on the shelf; arguments and errors as `shelf.add_adapter`."""
    from fluxgram.families.adapters.shelf import add_adapter

    try:
        added = add_adapter(
            str(path), settings, name=name, weight=weight, words=words, replace=replace,
            origin=f"upload:{PurePath(filename).name}",
        )  # fmt: skip
    except FluxgramError as error:
        error.args = (str(error).replace(str(path), path.name),)
        raise
    return _shelved(added, settings)


def remove(name: str, settings: Settings) -> int:
    """Take an adapter off the shelf; bytes that became free. Errors as `shelf.remove_adapter`."""
    from fluxgram.families.adapters.shelf import remove_adapter

    return remove_adapter(name, settings)


def _shelved(added: Added, settings: Settings) -> Shelved:
    known = added.adapter
    found = contents_of(known.path, known.name, settings, None, numbers=not added.fresh)
    return Shelved(card_of(known), added.fresh, found)
