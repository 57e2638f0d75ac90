"""Where the files of a checkpoint lie: in the package, in a folder, or (downloaded) from the hub.

`folder_of` answers with a folder in diffusers' layout, downloading where it must; the rest is for the command line.
What is downloaded goes to fluxgram's home in huggingface_hub's own layout; a copy that other tools have already put
into the user's shared cache is used where it is whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import CheckpointMissing

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Progress
    from fluxgram.settings import Settings


def silent(stage: str, fraction: float) -> None:
    """A `Progress` that tells nobody."""


def folder_of(checkpoint: Checkpoint, settings: Settings, progress: Progress = silent) -> Path:
    """The folder of a checkpoint, downloaded where it must be.

    Raises:
        CheckpointMissing: Not there, and cannot be fetched.
        CheckpointGated: The hub asks for acceptance of a licence first.
    """
    folder = where(checkpoint, settings)
    if folder is not None:
        return folder
    kind, _, name = checkpoint.source.partition(":")
    if kind == "hub":
        from fluxgram.families import hub

        return hub.download(name, checkpoint, settings, progress)
    if kind == "embedded":
        raise CheckpointMissing(
            f"The embedded checkpoint {name} is not in this installation.",
            "Install fluxgram again, from a whole package.",
        )
    raise CheckpointMissing(
        f"The folder {name} of {checkpoint.name} is not there.", "Mend `source` in its table."
    )


def where(checkpoint: Checkpoint, settings: Settings) -> Path | None:
    """The folder of a checkpoint that is on this machine and whole as far as names go; else None. Asks no network."""
    kind, _, name = checkpoint.source.partition(":")
    if kind == "hub":
        from fluxgram.families import hub

        return hub.find_local(name, checkpoint.revision, settings)
    folder = Path(__file__).with_name("data") / name if kind == "embedded" else Path(name).expanduser()
    return folder if (folder / "model_index.json").is_file() else None


def place_of(part: str, checkpoint: Checkpoint, settings: Settings, progress: Progress = silent) -> Path:
    """The folder of the checkpoint that a part (`tokenizer`, `vae`) lies in: its own, or the one it borrows from.

    Its own is left to be complained about where it borrows nothing and has no such part. Errors as `folder_of`.
    """
    folder = folder_of(checkpoint, settings, progress)
    if not checkpoint.borrows or (folder / part).is_dir():
        return folder
    return folder_of(_lender(checkpoint, settings), settings, progress)


def _lender(checkpoint: Checkpoint, settings: Settings) -> Checkpoint:
    """The checkpoint whose parts another one uses; `checkpoints.py` has seen that there is one."""
    from fluxgram.families.checkpoints import find

    return find(checkpoint.borrows, settings)


def is_present(checkpoint: Checkpoint, settings: Settings) -> bool:
    """Whether a checkpoint can be loaded without a network: its own files, and those that it borrows."""
    if where(checkpoint, settings) is None:
        return False
    return not checkpoint.borrows or is_present(_lender(checkpoint, settings), settings)


def find_here(name: str, settings: Settings) -> Checkpoint:
    """The checkpoint of a name, where it can be loaded without a network.

    Raises:
        UnknownCheckpoint: There is none of that name.
        CheckpointMissing: Its files are not here.
    """
    from fluxgram.families.checkpoints import find

    checkpoint = find(name, settings)
    if not is_present(checkpoint, settings):
        raise CheckpointMissing(
            f"{checkpoint.name} is not on this machine.", f"fluxgram checkpoints pull {name}"
        )
    return checkpoint


def size_on_disk(checkpoint: Checkpoint, settings: Settings) -> int:
    """Bytes that the files of a checkpoint take on this machine; 0 where it is not here."""
    folder = where(checkpoint, settings)
    return 0 if folder is None else sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def pull(checkpoint: Checkpoint, settings: Settings, progress: Progress = silent) -> Path:
    """Bring a checkpoint onto this machine, and what it borrows; a pinned or present one is left as it is.

    Errors as `folder_of`.
    """
    if checkpoint.borrows:
        folder_of(_lender(checkpoint, settings), settings, progress)
    return folder_of(checkpoint, settings, progress)


def remove(checkpoint: Checkpoint, settings: Settings) -> int:
    """Delete what fluxgram has downloaded of a checkpoint; bytes that became free.

    Raises:
        CheckpointMissing: It was not downloaded by fluxgram (embedded, a folder of the user, or not here).
    """
    kind, _, name = checkpoint.source.partition(":")
    if kind != "hub":
        raise CheckpointMissing(
            f"{checkpoint.name} was not downloaded by fluxgram: it is {kind}.",
            "There is nothing to remove.",
        )
    from fluxgram.families import hub

    return hub.remove(name, settings)


def index_of_hub(repo: str, settings: Settings) -> Path:
    """A folder with the small files that say what a hub repository is. Errors as `folder_of`."""
    from fluxgram.families import hub

    return hub.index(repo, settings)
