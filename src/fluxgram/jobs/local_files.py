"""What the files of each checkpoint take on this machine, and how they are removed; nothing is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings


def on_disk(settings: Settings) -> list[dict[str, Any]]:
    """One entry a checkpoint that has a table: name, where it comes from, sizes, bytes on disk.

    Raises:
        SettingsError: The user's own table is wrong.
    """
    from fluxgram.families.checkpoints import known
    from fluxgram.families.sources import is_present, size_on_disk

    return [
        {
            "name": table.name,
            "source": table.source.partition(":")[0],
            "download_gb": table.download_gb,
            "memory_gb": table.memory_gb,
            "present": is_present(table, settings),
            "bytes": size_on_disk(table, settings),
        }
        for table in known(settings).values()
    ]


def remove(checkpoint: Checkpoint, settings: Settings) -> int:
    """Delete what fluxgram has fetched of a checkpoint; bytes that became free.

    Raises:
        CheckpointMissing: It was not fetched by fluxgram.
    """
    from fluxgram.families.sources import remove as delete

    return delete(checkpoint, settings)
