"""`Catalogue`: where the engine gets checkpoints, families, placements and adapters from; its one seam to them.

`Shelf` is the real one. Tests hand the engine another that knows the toys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from fluxgram.families.adapters.shelf import KnownAdapter
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Family
    from fluxgram.families.placement import Placement
    from fluxgram.settings import Settings


class Catalogue(Protocol):
    """What the engine asks about checkpoints."""

    def find(self, name: str) -> Checkpoint:
        """The checkpoint of a name, folder or hub id. Raises `UnknownCheckpoint`."""
        ...

    def find_here(self, name: str) -> Checkpoint:
        """The same where its files are on this machine. Raises `CheckpointMissing` besides."""
        ...

    def family(self, checkpoint: Checkpoint) -> Family:
        """The family that draws it."""
        ...

    def place(self, checkpoint: Checkpoint, settings: Settings) -> Placement:
        """Where and in which type it would run now."""
        ...

    def folder(self, checkpoint: Checkpoint) -> Path | None:
        """Its folder on this machine, where it has one already."""
        ...

    def adapter(self, source: str) -> KnownAdapter:
        """The adapter of a name, file or hub id. Raises `UnknownAdapter`."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """The checkpoints of `checkpoints.toml`, of the user's own table, of folders and of the hub."""

    settings: Settings

    def find(self, name: str) -> Checkpoint:
        """See `Catalogue.find`."""
        from fluxgram.families.checkpoints import find

        return find(name, self.settings)

    def find_here(self, name: str) -> Checkpoint:
        """See `Catalogue.find_here`."""
        from fluxgram.families.sources import find_here

        return find_here(name, self.settings)

    def family(self, checkpoint: Checkpoint) -> Family:
        """See `Catalogue.family`."""
        from fluxgram.families import family_of

        return family_of(checkpoint)

    def place(self, checkpoint: Checkpoint, settings: Settings) -> Placement:
        """See `Catalogue.place`."""
        from fluxgram.families.placement import place

        return place(checkpoint, settings)

    def folder(self, checkpoint: Checkpoint) -> Path | None:
        """See `Catalogue.folder`."""
        from fluxgram.families.sources import where

        return where(checkpoint, self.settings)

    def adapter(self, source: str) -> KnownAdapter:
        """See `Catalogue.adapter`."""
        from fluxgram.families.adapters.shelf import find_adapter

        return find_adapter(source, self.settings)
