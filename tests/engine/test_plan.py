"""`resolve`: defaults become numbers, and nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.plan import key_of, resolve
from fluxgram.engine.request import Request
from fluxgram.errors import CheckpointMissing, RequestError
from fluxgram.families.checkpoints import Checkpoint, OwnAdapter, Sizes
from fluxgram.families.contract import Negative
from fluxgram.families.steering import NAG_SCALE, TRUE_CFG_SCALE, VSF_SCALE, default_scale

Table = Callable[..., Checkpoint]
KLEIN: dict[str, object] = {"distilled": True, "guidance": 1.0, "negatives": ("nag", "vsf")}
DEV: dict[str, object] = {"embeds_guidance": True, "guidance": 3.5, "negatives": ("true_cfg", "nag", "vsf")}


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


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 7.0])
def test_guidance_that_is_read_as_a_number_stays_as_asked(table: Table, guidance: float) -> None:
    plan = resolve(Request("portrait", guidance=guidance), table(**DEV))
    assert (plan.guidance, plan.ignored) == (guidance, ())
    assert resolve(Request("portrait"), table(**(DEV | {"guidance": guidance}))).guidance == guidance


@pytest.mark.parametrize(("fields", "words"), [({}, "above 1 only"), (KLEIN, "it is distilled")])
def test_guidance_below_one_is_not_taken_for_none_in_silence(
    table: Table, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(RequestError, match=words):
        resolve(Request("portrait", guidance=0.5), table(**fields))
    plan = resolve(Request("portrait", guidance=0.5, allow_ignored=True), table(**fields))
    assert (plan.guidance, [(entry.name, entry.value) for entry in plan.ignored]) == (
        1.0,
        [("guidance", 0.5)],
    )


def test_a_step_with_guidance_costs_two_passes(table: Table) -> None:
    with_guidance, without = (resolve(Request("p", guidance=g), table()).step_cost for g in (4, 1))
    assert with_guidance == 2 * without > 0


@pytest.mark.parametrize(
    ("table_fields", "request_fields", "expected"),
    [
        ({}, {}, Negative("beard", "true_cfg", 4.0)),
        ({}, {"guidance": 3}, Negative("beard", "true_cfg", 3.0)),
        ({}, {"negative_method": "true_cfg", "negative_scale": 4}, Negative("beard", "true_cfg", 4.0)),
        (KLEIN, {}, Negative("beard", "nag", NAG_SCALE)),
        (KLEIN, {"negative_method": "vsf"}, Negative("beard", "vsf", VSF_SCALE)),
        (KLEIN, {"negative_method": "vsf", "negative_scale": 3}, Negative("beard", "vsf", 3.0)),
        (DEV, {}, Negative("beard", "true_cfg", TRUE_CFG_SCALE)),
        (DEV, {"guidance": 1}, Negative("beard", "true_cfg", TRUE_CFG_SCALE)),
        (DEV, {"negative_scale": 5.5}, Negative("beard", "true_cfg", 5.5)),
        ({"negatives": ("nag", "true_cfg")}, {"guidance": 1}, Negative("beard", "nag", NAG_SCALE)),
    ],
)
def test_how_a_negative_steers(
    table: Table, table_fields: dict[str, object], request_fields: dict[str, object], expected: Negative
) -> None:
    request = Request.from_dict({"prompt": "portrait", "negative": "beard"} | request_fields)
    assert resolve(request, table(**table_fields)).negative == expected


@pytest.mark.parametrize(
    ("table_fields", "request_fields", "name", "words"),
    [
        ({"negatives": ()}, {"negative": "beard"}, "negative", "its table names no way"),
        (KLEIN | {"negatives": ()}, {"negative": "beard"}, "negative", "distilled to draw without guidance"),
        (KLEIN, {"negative": "beard", "negative_method": "true_cfg"}, "negative_method", "not true_cfg"),
        ({}, {"negative": "beard", "negative_scale": 7}, "negative_scale", "that of the guidance"),
        (DEV, {"negative": "beard", "negative_scale": 0.5}, "negative_scale", "above 1 only"),
        (KLEIN, {"negative_method": "vsf"}, "negative_method", "no negative prompt"),
        (KLEIN, {"negative_scale": 2}, "negative_scale", "no negative prompt"),
    ],
)
def test_what_of_a_negative_cannot_be_applied(
    table: Table, table_fields: dict[str, object], request_fields: dict[str, object], name: str, words: str
) -> None:
    fields = {"prompt": "portrait"} | request_fields
    with pytest.raises(RequestError, match=words) as caught:
        resolve(Request.from_dict(fields), table(**table_fields))
    assert caught.value.hint
    plan = resolve(Request.from_dict(fields | {"allow_ignored": True}), table(**table_fields))
    assert [entry.name for entry in plan.ignored] == [name]


def test_a_negative_prompt_of_the_table(table: Table) -> None:
    tuned = table(negative="blur, watermark", prefix="photo, ", suffix=", 85mm")
    plan = resolve(Request("portrait"), tuned)
    assert (plan.prompt, plan.request.prompt) == ("photo, portrait, 85mm", "portrait")
    assert plan.negative == Negative("blur, watermark", "true_cfg", 4.0)
    assert resolve(Request("portrait", negative="beard"), tuned).negative == Negative(
        "beard", "true_cfg", 4.0
    )
    assert resolve(Request("portrait", negative_method="none"), tuned).negative is None
    without = resolve(Request("portrait", guidance=1), tuned)  # nobody asked for it: listed, not refused
    assert (without.negative, without.ignored[0].name, len(without.ignored)) == (
        None,
        "checkpoint_negative",
        1,
    )
    fields = {"negative": "beard", "negative_method": "vsf", "negative_scale": 5.0, "allow_ignored": True}
    other = resolve(
        Request.from_dict({"prompt": "portrait"} | fields),
        table(distilled=True, negatives=("nag",), guidance=1.0),
    )
    assert other.negative is not None
    assert (other.negative.method, other.negative.scale) == ("nag", default_scale("nag", other.checkpoint))
    assert [entry.name for entry in other.ignored] == ["negative_method", "negative_scale"]
    with pytest.raises(RequestError, match="there is a negative prompt"):
        Request("portrait", negative="beard", negative_method="none")


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("glasses", "thin metal glasses, round glasses"),
        (" No  Glasses,blur", "thin metal glasses, round glasses, blur"),
        ("reading glasses, blur", "reading glasses, blur"),
        ("blur,  glass", "blur,  glass"),
    ],
)
def test_words_that_the_checkpoint_reads_as_others(table: Table, asked: str, read: str) -> None:
    taught = table(read_as={"glasses": "thin metal glasses, round glasses"})
    plan = resolve(Request("portrait", negative=asked), taught)
    assert plan.negative is not None
    assert (plan.negative.text, plan.request.negative) == (read, asked)


def test_what_a_step_costs(table: Table) -> None:
    def cost(table_fields: dict[str, object], **request: object) -> float:
        return resolve(Request("p", **request), table(**table_fields)).step_cost  # type: ignore[arg-type]

    assert cost({}, negative="beard") == cost({}) == 2 * cost({}, guidance=1)
    assert cost(DEV, negative="beard") == 2 * cost(DEV)
    assert cost(KLEIN) < cost(KLEIN, negative="beard") < 2 * cost(KLEIN)


@pytest.fixture
def find(table: Table) -> Callable[[str], Checkpoint]:
    fast = table(name="quick", **KLEIN, steps={"draft": 4, "proof": 6, "final": 8})
    return {"quick": fast, "mute": table(name="mute", distilled=True, guidance=1.0, negatives=())}.__getitem__


@pytest.mark.parametrize(
    ("request_fields", "drawn_by", "why"),
    [
        ({}, "base", ""),
        ({"quality": "proof"}, "base", ""),
        ({"quality": "draft"}, "quick", ""),
        ({"quality": "draft", "negative": "beard"}, "quick", ""),
        ({"quality": "draft", "negative": "beard", "negative_method": "vsf"}, "quick", ""),
        (
            {"quality": "draft", "negative": "beard", "negative_method": "true_cfg"},
            "base",
            "it applies no negative prompt by true_cfg",
        ),
        ({"quality": "draft", "guidance": 3}, "base", "a guidance scale is asked for"),
        ({"quality": "draft", "guidance": 1}, "base", "a guidance scale is asked for"),
        ({"quality": "draft", "steps": 3}, "base", "it is made for 4 to 8 steps, not 3"),
        ({"quality": "draft", "steps": 4}, "quick", ""),
        ({"quality": "draft", "steps": 8}, "quick", ""),
        ({"quality": "draft", "steps": 9}, "base", "it is made for 4 to 8 steps, not 9"),
    ],
)
def test_a_fast_version_draws_drafts(
    table: Table,
    find: Callable[[str], Checkpoint],
    request_fields: dict[str, object],
    drawn_by: str,
    why: str,
) -> None:
    base = table(name="base", fast="quick", adapters=(OwnAdapter("film", 0.5),), prefix="photo, ")
    plan = resolve(Request.from_dict({"prompt": "portrait"} | request_fields), base, find)
    assert (plan.checkpoint.name, plan.asked.name) == (drawn_by, "base")
    assert plan.adapters == (AdapterUse("film", 0.5),)
    assert plan.prompt == "photo, portrait"
    assert plan.rendered == base.sizes.default
    assert plan.guidance == (1.0 if drawn_by == "quick" else plan.request.guidance or 4.0)
    if request_fields == {"quality": "draft"}:
        assert plan.steps == 4
    said = [(entry.name, entry.value, entry.reason) for entry in plan.ignored]
    assert said == ([("fast", "quick", f"{why}, so base draws the draft itself.")] if why else [])


def test_a_fast_version_that_is_not_here_draws_nothing(table: Table) -> None:
    def find(name: str) -> Checkpoint:
        raise CheckpointMissing(f"{name} is elsewhere", "fetch it")

    plan = resolve(Request("p", quality="draft"), table(name="base", fast="quick"), find)
    assert (plan.checkpoint.name, plan.steps) == ("base", 20)
    assert [(entry.name, entry.value) for entry in plan.ignored] == [("fast", "quick")]
    assert "not on this machine" in plan.ignored[0].reason
    assert resolve(Request("p"), table(name="base", fast="quick"), find).ignored == ()


def test_a_fast_version_brings_its_own_adapters(table: Table) -> None:
    film, turbo = OwnAdapter("film", 0.5), OwnAdapter("turbo")
    quick = table(name="quick", adapters=(OwnAdapter("film", 0.9), turbo))
    base = table(name="base", fast="quick", adapters=(film,))
    asked = (AdapterUse("skin"),)
    draft = resolve(Request("p", quality="draft", adapters=asked), base, {"quick": quick}.__getitem__)
    assert draft.adapters == (AdapterUse("film", 0.5), AdapterUse("turbo", 1.0), *asked)
    assert resolve(Request("p", adapters=asked), base).adapters == (AdapterUse("film", 0.5), *asked)


def test_a_draft_has_the_size_of_what_was_asked_for(table: Table, find: Callable[[str], Checkpoint]) -> None:
    portrait = Sizes(multiple=16, default=(512, 768))
    base = table(name="base", fast="quick", sizes=portrait)
    assert find("quick").sizes.default != portrait.default
    plan = resolve(Request("p", quality="draft"), base, find)
    assert (plan.checkpoint.name, plan.rendered, plan.delivered) == ("quick", (512, 768), (512, 768))


def test_one_that_takes_no_negative_draws_none(table: Table, find: Callable[[str], Checkpoint]) -> None:
    base = table(name="base", fast="mute")
    assert resolve(Request("p", quality="draft"), base, find).checkpoint.name == "mute"
    drawn = resolve(Request("p", quality="draft", negative="beard"), base, find)
    assert (drawn.checkpoint.name, drawn.ignored[0].value) == ("base", "mute")
    assert resolve(Request("p", quality="draft", negative="beard"), base).checkpoint.name == "base"


def test_adapters_of_table_and_request(table: Table) -> None:
    tuned = table(name="tuned", adapters=(OwnAdapter("film", 0.5),))
    plan = resolve(Request("p", adapters=(AdapterUse("skin"),)), tuned)
    assert plan.adapters == (AdapterUse("film", 0.5), AdapterUse("skin"))
    with pytest.raises(RequestError, match="tuned has the adapter film already"):
        resolve(Request("p", adapters=(AdapterUse("film"),)), tuned)


def test_an_adapter_must_work_at_some_step(table: Table) -> None:
    use = AdapterUse("film", steps=(0.95, 1.0))
    assert resolve(Request("p", steps=50, adapters=(use,)), table()).steps == 50
    with pytest.raises(RequestError, match="at none of 4 steps"):
        resolve(Request("p", steps=4, adapters=(use,)), table())


def test_tables_of_the_same_weights_are_loaded_once(table: Table) -> None:
    tuned = table(name="tuned", base="flux2-klein-base-4b", adapters=(OwnAdapter("film"),), prefix="photo, ")
    assert key_of(tuned) == key_of(table())
    assert key_of(table(source="folder:/elsewhere")) != key_of(table())
