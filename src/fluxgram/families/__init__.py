"""What differs between kinds of FLUX: checkpoints, where their files are, how they are loaded and run.

The only part of fluxgram that imports diffusers and transformers. Read `contract.py` first, then `flux2.py`
(or `flux1.py`, which is older and has two text encoders).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Family


def family_of(checkpoint: Checkpoint) -> Family:
    """The family that draws with a checkpoint. Imports no torch until the family is asked to do something."""
    if checkpoint.family == "flux1":
        from fluxgram.families.flux1 import Flux1

        return Flux1()
    from fluxgram.families.flux2 import Flux2

    return Flux2()
