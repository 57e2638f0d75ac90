"""A picture's receipt in words: adapters, ways of negative prompts, fast versions; a receipt may be anybody's."""

from __future__ import annotations

from typing import Any

import pytest

from fluxgram.studio.picture_facts import facts_of
from fluxgram.studio.texts import fill, read_texts

TEXTS = read_texts()


def said(**receipt: Any) -> list[tuple[str, str, str]]:
    """Tone, sentence and detail of all that happened."""
    found = facts_of(receipt, lambda key, **values: fill(TEXTS[key], values))
    return [(each["tone"], each["text"], each["detail"]) for each in found["happened"]]


def test_adapters_are_named_with_weight_and_tensors() -> None:
    adapters = [
        {"name": "film", "strength": 0.5, "matched": 8, "total": 8},
        {"name": "half", "strength": 1.0, "matched": 1, "total": 2},
    ]
    assert said(adapters=adapters) == [
        ("good", "Adapter film at weight 0.5: 8 of 8 tensors found their place.", ""),
        ("warn", "Adapter half at weight 1: 1 of 2 tensors found their place.", ""),
    ]


@pytest.mark.parametrize(
    ("negative", "sentence"),
    [
        (
            {"method": "vsf", "scale": 2.5, "cost": 1.26},
            "(within attention, by value sign flip, scale 2.5, 1.3 times the work of a step).",
        ),
        ({"method": "nag", "scale": 5}, "(within attention, by normalised guidance, scale 5)."),
        ({"method": "true_cfg", "cost": 2.0}, "(by a second pass, 2 times the work of a step)."),
        ({"method": "nag", "scale": "much", "cost": True}, "(within attention, by normalised guidance)."),
        ({"method": "magic"}, "(magic)."),
    ],
)
def test_how_a_negative_prompt_was_applied(negative: dict[str, Any], sentence: str) -> None:
    (told,) = said(negative={"text": "hats", **negative})
    assert told == ("good", f"The negative prompt was applied {sentence}", "")


def test_what_the_checkpoint_did_on_its_own() -> None:
    told = said(
        prompt={"text": "a sailor", "read": "photo of a sailor"},
        checkpoint={"name": "fluxgram-mini-fast", "asked": "fluxgram-mini"},
    )
    assert told == [
        ("info", "As a draft it was drawn by fluxgram-mini-fast, the fast version of fluxgram-mini.", ""),
        ("info", "What the checkpoint was given, in its own manner:", "photo of a sailor"),
    ]
    assert said(prompt={"read": 5}, checkpoint={"asked": ["x"]}, adapters=["x", 3]) == []
