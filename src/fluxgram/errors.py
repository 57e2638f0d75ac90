"""Everything that fluxgram raises on purpose, in one tree.

Each error is one clear sentence (``str(error)``) and a ``hint``: what to do about it. Surfaces show both and
nothing else; a traceback means a defect in fluxgram, not a mistake of the user.

    FluxgramError                 exit status 1
    ├── RequestError              the request cannot be made as asked             (exit status 2)
    │   ├── PromptTooLong         strict mode, and the checkpoint cannot read all of the prompt
    │   ├── UnknownCheckpoint     no checkpoint of that name; the hint names the nearest
    │   ├── UnknownAdapter        no adapter of that name; the hint names the nearest
    │   ├── UnknownTerm           no word of that name in the vocabulary; the hint names the nearest
    │   ├── ShootError            a shoot file, a character or a wildcard cannot be used
    │   ├── UnknownJob            no job or picture of that name that this caller may see
    │   ├── PromptRefused         the safety rules refuse the words
    │   └── IdempotencyMismatch   the idempotency key came with another request before
    ├── AccessError               the caller may not
    │   ├── KeyInvalid            no key, an unknown or a revoked one
    │   ├── ScopeMissing          the key is not for this
    │   └── QuotaExceeded         the month's pictures are used up
    ├── Busy                      not now; `retry_after` says when
    │   ├── QueueFull             the key has as many jobs waiting as it may
    │   ├── RateLimited           too many requests in too short a time
    │   └── ServiceEnding         the service was told to end, and takes no more jobs
    ├── StoreError                the database or the folder of pictures cannot be used
    │   └── StoreFull             the disk is full
    ├── VocabularyError           a vocabulary file is malformed; the message names file, table and key
    ├── CheckpointError           the checkpoint's files cannot be used
    │   ├── CheckpointMissing     files are absent (or not downloaded, and offline)
    │   ├── CheckpointDamaged     files are truncated, of another shape, or of another kind
    │   ├── CheckpointGated       the hub asks for acceptance of a licence first
    │   └── UnsafeWeights         pickled weights, which are never read
    ├── AdapterError              an adapter cannot be used
    │   ├── AdapterDamaged        its file is truncated, no safetensors file, or holds impossible numbers
    │   └── AdapterMisfit         not every tensor of it found its place in the checkpoint; nothing was applied
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


class UnknownAdapter(RequestError):
    """No adapter of that name."""


class UnknownTerm(RequestError):
    """No term, preset or rule of that name is known."""


class ShootError(RequestError):
    """A shoot file, a character or a wildcard cannot be used."""


class UnknownJob(RequestError):
    """No job or picture of that name that this caller may see."""


class PromptRefused(RequestError):
    """The safety rules refuse the words."""


class IdempotencyMismatch(RequestError):
    """The idempotency key came with another request before."""


class AccessError(FluxgramError):
    """The caller may not."""


class KeyInvalid(AccessError):
    """No key was given, or an unknown or revoked one."""


class ScopeMissing(AccessError):
    """The key is not for this."""


class QuotaExceeded(AccessError):
    """The month's pictures are used up."""


class Busy(FluxgramError):
    """Not now.

    Args:
        message: One sentence saying what is wrong.
        hint: One sentence saying what to do.
        retry_after: Seconds after which a new try makes sense.
    """

    def __init__(self, message: str, hint: str = "", *, retry_after: float = 1.0) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class QueueFull(Busy):
    """The key has as many jobs waiting as it may."""


class RateLimited(Busy):
    """Too many requests in too short a time."""


class ServiceEnding(Busy):
    """The service was told to end, and takes no more jobs."""


class StoreError(FluxgramError):
    """The database or the folder of pictures cannot be used."""


class StoreFull(StoreError):
    """The disk is full."""


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


class AdapterError(FluxgramError):
    """An adapter cannot be used."""


class AdapterDamaged(AdapterError):
    """Its file is truncated, no safetensors file, or holds impossible numbers."""


class AdapterMisfit(AdapterError):
    """Not every tensor of it found its place in the checkpoint; nothing was applied."""


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
