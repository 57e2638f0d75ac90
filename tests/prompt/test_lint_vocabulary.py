"""The linter and the vocabulary agree: no look that fluxgram recommends is one that it warns of."""

from __future__ import annotations

import pytest

from fluxgram.photography.catalog import catalog
from fluxgram.prompt.findings import Severity
from fluxgram.prompt.lint import lint

SUBJECTS = {
    "portrait": "portrait of a woman",
    "product": "leather wallet",
    "landscape": "valley with a river",
    "macro": "beetle on a leaf",
    "environment": "carpenter at a bench",
    "interior": "kitchen",
}


@pytest.mark.parametrize("preset", catalog().presets.values(), ids=lambda preset: preset.id)
def test_every_preset_is_clean(preset: object) -> None:
    words = [SUBJECTS[preset.brief], *(catalog().term(name).say for name in preset.terms)]  # type: ignore[attr-defined]
    found = lint(", ".join(words))
    assert [finding for finding in found if finding.severity is not Severity.ADVICE] == []


def test_what_the_vocabulary_says_is_clean() -> None:
    """But for empty praise, which is there to be recognised, and what is missing around a few words."""
    apart = {"FX103", "FX201", "FX501", "FX502"}
    wrong = [
        (term.id, finding.code)
        for term in catalog().terms.values()
        if term.kind not in {"negative", "mode"} and term.id != "quality.empty-praise"
        for words in (term.say, *term.say_for.values())
        for finding in lint(words)
        if finding.severity is not Severity.ADVICE and finding.code not in apart
    ]
    assert wrong == []
