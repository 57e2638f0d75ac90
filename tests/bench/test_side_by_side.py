"""Turns, medians, tables and scaling: what the benchmarks' figures stand on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.meter import Amount, Meter, Reading
from bench.side_by_side import in_turn, ratios, spread, table


def test_contenders_take_turns() -> None:
    calls: list[str] = []
    answers = in_turn({name: lambda name=name: calls.append(name) or len(calls) for name in "ab"}, 3)  # type: ignore[misc]
    assert calls == list("ababab")
    assert answers == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_spread_is_median_least_and_greatest() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00 … 3.00)"
    assert spread([1.25], 1) == "1.2"


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([1.0, 2.0], [3.0, 4.0]) == [3.0, 2.0]
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [3.0])


def test_table_is_markdown() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_blocks_are_scaled_and_the_rest_is_not() -> None:
    reading = Reading(Amount(10.0, 100.0), {"double": [Amount(2.0, 20.0), Amount(4.0, 40.0)]})
    assert reading.scaled({"double": 5}) == Amount(10 - 6 + 5 * 3, 100 - 60 + 5 * 30)
    assert (reading.one("double"), reading.one("rest"), reading.one("all")) == (3.0, 4.0, 10.0)


def test_meter_counts_operations_of_blocks() -> None:
    model = nn.Module()
    model.blocks = nn.ModuleList([nn.Linear(4, 8, bias=False), nn.Linear(8, 2, bias=False)])
    start = torch.ones(3, 4)

    def call() -> torch.Tensor:
        states = start
        for block in model.blocks:
            states = block(states)
        return states @ states.T

    meter = Meter(call, model, {"layer": "blocks"})
    reading = meter(count=True)
    assert [each.work for each in reading.blocks["layer"]] == [2 * 3 * 4 * 8, 2 * 3 * 8 * 2]
    assert reading.scaled({"layer": 0}).work == 2 * 3 * 2 * 3
    assert reading.whole.seconds > sum(each.seconds for each in reading.blocks["layer"]) > 0
    assert meter.answer.shape == (3, 3)
    assert meter().whole.work == 0
    assert len(meter().blocks["layer"]) == 2


def test_attention_is_counted() -> None:
    query, key = torch.ones(1, 4, 6, 8), torch.ones(1, 4, 10, 8)

    def call() -> torch.Tensor:
        with torch.inference_mode():
            return nn.functional.scaled_dot_product_attention(query, key, key)

    assert Meter(call, None, {})(count=True).whole.work == 2 * 2 * 4 * 6 * 10 * 8
