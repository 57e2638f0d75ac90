"""What prompts need to know of a checkpoint, read from its table and, where they are on disk, its tokenizer files.

No weights are touched and torch is not imported; the tokenizer is read when the first text is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.prompt.facts import CheckpointFacts, TokenCount
    from fluxgram.settings import Settings

_FAMILY_DEFAULT = "fluxgram-mini"


def checkpoint_facts(name: str = "", settings: Settings | None = None) -> CheckpointFacts:
    """What is known of a checkpoint without loading it.

    Args:
        name: Name, alias, hub id or folder; empty for the embedded checkpoint.
        settings: Of this machine; None reads the environment.

    Raises:
        UnknownCheckpoint: There is none of that name.
    """
    from fluxgram.families.checkpoints import find
    from fluxgram.settings import Settings

    settings = settings or Settings.from_environment()
    checkpoint = find(name or _FAMILY_DEFAULT, settings)
    return facts_of(checkpoint, count_tokens=_counter(checkpoint, settings))


def facts_of(
    checkpoint: Checkpoint, *, guided: bool = True, count_tokens: Callable[[str], TokenCount] | None = None
) -> CheckpointFacts:
    """What a checkpoint's table says to those who write prompts.

    Args:
        checkpoint: The table.
        guided: Whether there is guidance; without it a second pass honours no negative prompt.
        count_tokens: Counts with its tokenizer.
    """
    from fluxgram.prompt.facts import CheckpointFacts

    sizes = checkpoint.sizes
    return CheckpointFacts(
        name=checkpoint.name,
        family=checkpoint.family,
        negative="honoured" if honours_negatives(checkpoint, guided=guided) else "unsupported",
        sizes=tuple(dict.fromkeys((sizes.default, *sizes.known))),
        most_pixels=sizes.most,
        count_tokens=count_tokens,
    )


def honours_negatives(checkpoint: Checkpoint, *, guided: bool = True) -> bool:
    """Whether a negative prompt has an effect; a second pass that is the guidance itself has none without guidance."""
    by_guidance = not checkpoint.distilled and not checkpoint.embeds_guidance
    usual = checkpoint.negatives[0] if checkpoint.negatives else ""
    return bool(usual) and (guided or usual != "true_cfg" or not by_guidance)


def _counter(checkpoint: Checkpoint, settings: Settings) -> Callable[[str], TokenCount] | None:
    """A function that counts with the checkpoint's tokenizer; None where its files are not on disk."""
    from fluxgram.families.layout import shape_of
    from fluxgram.families.sources import is_present, place_of

    if not is_present(checkpoint, settings):
        return None
    part = shape_of(checkpoint.family).counts
    folder = place_of(part, checkpoint, settings)
    if not (folder / part / "tokenizer.json").is_file():
        return None
    tokenizer = None

    def count(text: str) -> TokenCount:
        nonlocal tokenizer
        if tokenizer is None:
            from fluxgram.families.text import tokenizer_of

            tokenizer = tokenizer_of(folder, checkpoint.family, checkpoint.text)
        return tokenizer.report(text)

    return count
