"""What the shell completes after `--checkpoint`, `--quality` and `--format`."""

from __future__ import annotations


def complete_checkpoint(incomplete: str) -> list[str]:
    """Names of checkpoints that have a table."""
    from fluxgram.errors import FluxgramError
    from fluxgram.families.checkpoints import known
    from fluxgram.settings import Settings

    try:
        names = list(known(Settings.from_environment()))
    except FluxgramError:  # a broken table must not break the shell
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_quality(incomplete: str) -> list[str]:
    """Positions of the one dial."""
    return [name for name in ("draft", "proof", "final") if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """Formats that can be written."""
    return [name for name in ("png", "jpeg", "webp") if name.startswith(incomplete)]
