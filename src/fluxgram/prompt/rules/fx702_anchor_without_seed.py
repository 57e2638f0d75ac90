"""FX702: an anchor, and a seed left to chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.rule import Scene, ShootRule


class AnchorWithoutSeed(ShootRule):
    """Finds a character's scenes without one locked seed.

    ## What it does
    Looks, in scenes with an anchor, for a seed, and whether a character's scenes have the same one.

    ## Why it is bad
    The anchor says what the person looks like; the noise from which the picture starts decides what the words leave
    open. With another seed that is another face with the same description.

    ## Example
    A shoot of five scenes with an anchor and no `seed`.

    ## Use instead
    One seed for all scenes of the character: `seed = 42`.

    ## Evidence
    First article, on character consistency: locked seed and anchor together; neither alone is sufficient.
    """

    code = "FX702"
    name = "anchor-without-seed"
    severity = Severity.WARNING

    def check(self, scenes: Sequence[Scene]) -> Iterator[Finding]:
        """One finding for each scene without the character's seed."""
        seeds: dict[str, tuple[int, str]] = {}
        for scene in scenes:
            if not scene.anchor.strip():
                continue
            if scene.seed is None:
                yield self.finding(
                    "There is an anchor and no seed: the face will differ from picture to picture. Lock the seed, such "
                    "as 42, in every scene of this character.",
                    where=scene.where,
                )
                continue
            seed, where = seeds.setdefault(scene.character, (scene.seed, scene.where))
            if scene.seed != seed:
                yield self.finding(
                    f"The seed is {scene.seed}, and {seed} in {where}: the same description will have another "
                    f"face. Use "
                    "one seed for this character.",
                    where=scene.where,
                )
