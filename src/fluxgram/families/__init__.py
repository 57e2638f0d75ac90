"""What differs between kinds of FLUX: checkpoints, where their files are, how they are loaded and run.

The only part of fluxgram that imports diffusers and transformers. Read `contract.py` first, then `flux2.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Family


def family_of(checkpoint: Checkpoint) -> Family:
    """The family that draws with a checkpoint. Imports no torch until the family is asked to do something."""
    from fluxgram.families.flux2 import Flux2

    families: dict[str, Family] = {Flux2.name: Flux2()}
    return families[checkpoint.family]
