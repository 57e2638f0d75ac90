"""`resolve`: defaults become numbers, and nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxgram.engine.plan import resolve
from fluxgram.engine.request import Request
from fluxgram.errors import RequestError
from fluxgram.families.checkpoints import Checkpoint

Table = Callable[..., Checkpoint]


def test_defaults_come_from_the_table(table: Table) -> None:
    plan = resolve(Request("portrait", seed=1), table())
    assert (plan.steps, plan.guidance, plan.rendered) == (50, 4.0, (1024, 1024))  # klein base's own
    assert resolve(Request("portrait", quality="draft"), table()).steps == 20
    assert resolve(Request("portrait", quality="draft", steps=7), table()).steps == 7


def test_seeds_count_up_and_wrap(table: Table) -> None:
    assert resolve(Request("portrait", seed=2**64 - 2, samples=4), table()).seeds == (
        2**64 - 2,
        2**64 - 1,
        0,
        1,
    )


def test_a_seed_is_drawn_where_none_is_given(table: Table) -> None:
    seeds = {resolve(Request("portrait"), table()).seeds for _ in range(20)}
    assert len(seeds) > 15
    assert all(0 <= seed < 2**32 for (seed,) in seeds)


@pytest.mark.parametrize(
    ("fields", "name"), [({"negative": "beard"}, "negative"), ({"guidance": 3.0}, "guidance")]
)
def test_what_a_distilled_checkpoint_cannot_apply_is_refused(
    table: Table, fields: dict[str, object], name: str
) -> None:
    klein = table(name="klein", distilled=True, guidance=1.0, negatives=())
    with pytest.raises(RequestError, match=r"klein can't apply a .*distilled") as caught:
        resolve(Request.from_dict({"prompt": "portrait"} | fields), klein)
    assert caught.value.hint
    plan = resolve(Request.from_dict({"prompt": "portrait", "allow_ignored": True} | fields), klein)
    assert [entry.name for entry in plan.ignored] == [name]
    assert (plan.negative, plan.guidance) == (None, 1.0)


def test_both_are_named_together(table: Table) -> None:
    klein = table(distilled=True, guidance=1.0, negatives=())
    with pytest.raises(RequestError, match="a guidance scale and a negative prompt"):
        resolve(Request("portrait", negative="beard", guidance=3), klein)


def test_no_guidance_leaves_a_negative_without_effect(table: Table) -> None:
    with pytest.raises(RequestError, match="at guidance 1 there is no second pass"):
        resolve(Request("portrait", negative="beard", guidance=1), table())


def test_guidance_that_changes_nothing_is_fine(table: Table) -> None:
    assert resolve(Request("portrait", guidance=0), table(distilled=True, guidance=1.0)).ignored == ()


def test_a_step_with_guidance_costs_two_passes(table: Table) -> None:
    with_guidance, without = (resolve(Request("p", guidance=g), table()).step_cost for g in (4, 1))
    assert with_guidance == 2 * without > 0
