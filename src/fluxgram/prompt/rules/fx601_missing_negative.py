"""FX601: no negative prompt where the checkpoint honours one."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Fix, Severity
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.fx101_style_conflict import modes_of
from fluxgram.prompt.rules.rule import Rule

ALWAYS = "negative.always"
_SET = "cartoon, anime, painting, blur, oversmoothed, plastic skin, watermark, text"


class MissingNegative(Rule):
    """Finds a photograph without a negative prompt where one would be honoured.

    ## What it does
    Asks for the always-include set where the checkpoint honours negative prompts and none is given. Words of the set
    that the prompt asks for (writing in the picture, a painting on the wall) are left out. Silent for illustrations.

    ## Why it is bad
    Without it pictures slide now and then towards illustration, smooth skin and stray writing.

    ## Example
    `fluxgram lint --checkpoint fluxgram-mini "portrait of a woman, window light"`

    ## Use instead
    `--negative "cartoon, anime, painting, blur, oversmoothed, plastic skin, watermark, text"`; `--fix` adds it.

    ## Evidence
    First article, "What to Avoid", missing negative prompt, and its set. Undistilled checkpoints honour it by a second
    pass with guidance (FLUX.2 klein base, FLUX.3 base; diffusers 0.42).
    """

    code = "FX601"
    name = "missing-negative"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole, whose fix is the set."""
        facts = draft.facts
        if facts is None or facts.negative != "honoured" or (draft.negative or "").strip() or not draft.words:
            return
        modes = {mode for _, mode in modes_of(draft)}
        if modes and "photo" not in modes:
            return
        words = _words(draft)
        yield self.finding(
            f"{facts.name} honours a negative prompt and there is none, so it slides now and then towards "
            f"illustration. "
            f'Add "{words}".',
            None,
            Fix("Add the always-include set", negative=words, safe=True),
        )


def _words(draft: Draft) -> str:
    """The set without what the prompt itself asks for."""
    term = draft.vocabulary.terms.get(ALWAYS)
    said = {word.text for word in draft.words}
    writes = '"' in draft.folded or said & {
        "text",
        "says",
        "reading",
        "sign",
        "letters",
        "logo",
        "label",
        "title",
    }
    kept = [
        word
        for part in (term.say if term else _SET).split(",")
        if (word := part.strip()) and word not in said and not (writes and word == "text")
    ]
    return ", ".join(kept)
