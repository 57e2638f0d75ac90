"""Everything that fluxgram raises on purpose, in one tree.

Each error is one clear sentence (``str(error)``) and a ``hint``: what to do about it. Surfaces show both and
nothing else; a traceback means a defect in fluxgram, not a mistake of the user.

    FluxgramError                 exit status 1
    ├── RequestError              the request cannot be made as asked             (exit status 2)
    │   ├── PromptTooLong         strict mode, and the checkpoint cannot read all of the prompt
    │   ├── UnknownCheckpoint     no checkpoint of that name; the hint names the nearest
    │   ├── UnknownTerm           no word of that name in the vocabulary; the hint names the nearest
    │   └── ShootError            a shoot file, a character or a wildcard cannot be used
    ├── VocabularyError           a vocabulary file is malformed; the message names file, table and key
    ├── CheckpointError           the checkpoint's files cannot be used
    │   ├── CheckpointMissing     files are absent (or not downloaded, and offline)
    │   ├── CheckpointDamaged     files are truncated, of another shape, or of another kind
    │   ├── CheckpointGated       the hub asks for acceptance of a licence first
    │   └── UnsafeWeights         pickled weights, which are never read
    ├── PictureError              a picture file cannot be read or written
    │   ├── PictureExists         the output name is taken, and overwriting was not asked for
    │   └── NoReceipt             the picture carries no receipt of fluxgram
    ├── OutOfMemory               the device has too little memory for this
    ├── SettingsError             a setting of the machine has an impossible value
    └── Cancelled                 the user stopped it; nothing went wrong
"""

from __future__ import annotations


class FluxgramError(Exception):
    """Something the user can mend.

    Args:
        message: One sentence saying what is wrong, with the value that is wrong.
        hint: One sentence saying what to do; empty where there is nothing to do.
    """

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RequestError(FluxgramError):
    """The request cannot be made as asked."""

    exit_status = 2


class PromptTooLong(RequestError):
    """Strict mode, and the checkpoint cannot read all of the prompt."""


class UnknownCheckpoint(RequestError):
    """No checkpoint of that name is known."""


class UnknownTerm(RequestError):
    """No term, preset or rule of that name is known."""


class ShootError(RequestError):
    """A shoot file, a character or a wildcard cannot be used."""


class VocabularyError(FluxgramError):
    """A vocabulary file is malformed."""


class CheckpointError(FluxgramError):
    """The checkpoint's files cannot be used."""


class CheckpointMissing(CheckpointError):
    """Files of the checkpoint are absent."""


class CheckpointDamaged(CheckpointError):
    """Files of the checkpoint are truncated, of another shape, or of another kind."""


class CheckpointGated(CheckpointError):
    """The hub asks for acceptance of a licence before it gives the files out."""


class UnsafeWeights(CheckpointError):
    """Pickled weights, which can run any program when read and are therefore never read."""


class PictureError(FluxgramError):
    """A picture file cannot be read or written."""


class PictureExists(PictureError):
    """The output name is taken, and overwriting was not asked for."""


class NoReceipt(PictureError):
    """The picture carries no receipt of fluxgram."""


class OutOfMemory(FluxgramError):
    """The device has too little memory for this."""


class SettingsError(FluxgramError):
    """A setting of the machine has an impossible value."""


class Cancelled(FluxgramError):
    """The user stopped it; nothing went wrong."""
