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
            f"The embedded checkpoint {name} is not in this installation.", "Install fluxgram again, from a whole package."
        )
    raise CheckpointMissing(f"The folder {name} of {checkpoint.name} is not there.", "Mend `source` in its table.")


def where(checkpoint: Checkpoint, settings: Settings) -> Path | None:
    """The folder of a checkpoint that is on this machine and whole as far as names go; else None. Asks no network."""
    kind, _, name = checkpoint.source.partition(":")
    if kind == "hub":
        from fluxgram.families import hub

        return hub.find_local(name, checkpoint.revision, settings)
    folder = Path(__file__).with_name("data") / name if kind == "embedded" else Path(name).expanduser()
    return folder if (folder / "model_index.json").is_file() else None
