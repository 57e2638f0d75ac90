"""FX703: a locked seed, and nobody described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.rule import Scene, ShootRule


class SeedWithoutAnchor(ShootRule):
    """Finds scenes that share a seed and no anchor.

    ## What it does
    Looks, in a shoot of several scenes, for a seed that comes again in scenes without an anchor.

    ## Why it is bad
    The same seed starts from the same noise, but other words make another picture of it. Without a stable description
    the person changes with every scene.

    ## Example
    Three scenes with `seed = 42`, each with a woman described otherwise.

    ## Use instead
    A character with an anchor (`fluxgram character`), and the same seed.

    ## Evidence
    First article, on character consistency: locked seed and anchor together; neither alone is sufficient.
    """

    code = "FX703"
    name = "seed-without-anchor"
    severity = Severity.WARNING

    def check(self, scenes: Sequence[Scene]) -> Iterator[Finding]:
        """One finding for each seed, at the first scene without an anchor that repeats it."""
        seen: set[int] = set()
        reported: set[int] = set()
        for scene in scenes:
            if scene.seed is None:
                continue
            if scene.seed in seen and scene.seed not in reported and not scene.anchor.strip():
                reported.add(scene.seed)
                yield self.finding(
                    f"The seed {scene.seed} is locked, but nothing describes the person in the same words: the "
                    f"face will "
                    "change with the scene. Give the character an anchor.",
                    where=scene.where,
                )
            seen.add(scene.seed)
