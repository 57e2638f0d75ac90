"""Factors by blocks, as people name them: what is more exact counts more, in whatever order it is written."""

from __future__ import annotations

from itertools import permutations

import pytest

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.factors import factors_of
from fluxgram.errors import RequestError
from fluxgram.families.adapters.applied import Applied

LAYERS = [
    *(f"transformer.transformer_blocks.{n}.attn.to_{part}" for n in range(3) for part in "qkv"),
    *(f"transformer.single_transformer_blocks.{n}.attn.to_out" for n in range(12)),
    *(f"text_encoder.layers.{n}.mlp.up_proj" for n in range(2)),
]


def factors(*blocks: tuple[str, float], changed: list[str] | None = None) -> list[float]:
    """The factor of each layer."""
    found = factors_of(AdapterUse("film", 1.0, blocks=dict(blocks)), LAYERS, changed)
    return [Applied(None, 1.0, found).factor(path) for path in LAYERS]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "blocks",
    [
        (("double.0", 0.2), ("double.1", 2.0), ("double.2", 2.0)),
        (("double.0", 0.2), ("double.0-2", 2.0)),
        (("double.0", 0.2), ("double", 2.0)),
        (("double.0", 0.2), ("transformer.transformer_blocks", 2.0)),
        (("transformer_blocks.0", 0.2), ("transformer.transformer_blocks.1-2", 2.0)),
    ],
)
def test_the_most_exact_counts_in_any_order(blocks: tuple[tuple[str, float], ...]) -> None:
    expected = [0.2] * 3 + [2.0] * 6 + [1.0] * 14
    assert all(factors(*order) == expected for order in permutations(blocks))


def test_a_name_is_a_whole_name_and_a_range_has_its_ends() -> None:
    assert factors(("single.1", 0.5))[9:21] == [1, 0.5, *[1] * 10]
    assert factors(("single.9-10", 0.5))[9:21] == [*[1] * 9, 0.5, 0.5, 1]
    assert factors(("text_encoder", 0.5)) == [1] * 21 + [0.5] * 2
    assert factors(("layers.1", 0.5)) == [1] * 22 + [0.5]


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ((("double.3", 1.0),), "no such blocks"),
        ((("single.9-12", 1.0),), "no such blocks"),
        ((("double", 1.0), ("transformer_blocks", 2.0)), "two factors for transformer.transformer_blocks"),
        ((("double.0-1", 1.0), ("double.1-2", 2.0)), "two factors for transformer.transformer_blocks.1"),
        ((("text_encoder", 0.5),), "changes nothing there"),
        ((("double.1-2", 0.5),), "changes nothing there"),
    ],
)
def test_what_would_do_nothing_or_is_said_twice_is_refused(
    blocks: tuple[tuple[str, float], ...], words: str
) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        factors(*blocks, changed=[path for path in LAYERS if ".0." in path and "transformer_" in path])
    assert caught.value.hint


def test_the_hint_tells_what_there_is() -> None:
    with pytest.raises(RequestError) as caught:
        factors(("triple", 1.0))
    assert caught.value.hint == "There are: double.0-2, single.0-11, transformer, text_encoder."
