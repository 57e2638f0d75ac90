"""The receipt: plain values and back, the A1111 text, and the request that makes the picture again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.ignored import Ignored
from fluxgram.engine.receipt import Adapter, Machine, Receipt, Service, Source, Text
from fluxgram.engine.request import Request
from fluxgram.errors import NoReceipt

RECEIPT = Receipt(
    prompt=Text("portrait of a woman, 85mm", 9, 9, 128, ""),
    negative=Text("beard", 1, 1, 128, "", "true_cfg"),
    seed=2**64 - 1,
    quality="draft",
    steps=8,
    guidance=3.0,
    schedule="shift 2",
    rendered=(256, 384),
    delivered=(512, 768),
    crop=(0, 0, 256, 384),
    checkpoint=Source("fluxgram-mini", "flux2", "0123456789abcdef" * 4, None, "Apache-2.0"),
    adapters=(Adapter("film", "ff" * 32, 0.8, 112, 112),),
    ignored=(),
    mode="exact",
    versions={"python": "3.11.7", "fluxgram": "0.1.0"},
    machine=Machine("Linux x86_64", "A CPU", "cpu", "A CPU", "float32", 2),
    seconds={"load": 1.0, "denoise": 2.5},
    created="2026-11-21T12:00:00+00:00",
)


def test_it_survives_json() -> None:
    assert Receipt.from_dict(json.loads(json.dumps(RECEIPT.to_dict()))) == RECEIPT


def test_the_text_for_other_tools() -> None:
    assert RECEIPT.parameters_text() == (
        "portrait of a woman, 85mm\n"
        "Negative prompt: beard\n"
        "Steps: 8, Sampler: Euler, Schedule type: shift 2, CFG scale: 3, Seed: 18446744073709551615, "
        "Size: 512x768, Model hash: 0123456789, Model: fluxgram-mini, "
        'Lora hashes: "film: ffffffffff", Version: fluxgram 0.1.0'
    )


def test_the_text_names_no_negative_that_was_not_applied() -> None:
    ignored = replace(RECEIPT, negative=Text("beard", 0, 0, 0, "beard", "none"))
    assert "beard" not in ignored.parameters_text()


def test_it_asks_for_its_own_picture() -> None:
    assert RECEIPT.to_request() == Request(
        "portrait of a woman, 85mm",
        negative="beard",
        seed=2**64 - 1,
        size=(512, 768),
        steps=8,
        guidance=3.0,
        quality="draft",
        checkpoint="fluxgram-mini",
    )


def test_what_was_ignored_is_asked_for_again_and_ignored_again() -> None:
    receipt = replace(
        RECEIPT,
        negative=Text("beard", 0, 0, 0, "beard", "none"),
        guidance=1.0,
        ignored=(Ignored("guidance", 4.0, "distilled"), Ignored("negative", "beard", "distilled")),
    )
    request = receipt.to_request()
    assert (request.negative, request.guidance, request.allow_ignored) == ("beard", 4.0, True)


def test_the_same_picture_whenever_it_was_made() -> None:
    assert RECEIPT.is_same_picture(replace(RECEIPT, seconds={"load": 9.0}, created="later"))
    assert not RECEIPT.is_same_picture(replace(RECEIPT, seed=1))


def test_a_newer_form_is_refused() -> None:
    with pytest.raises(NoReceipt, match="newer") as caught:
        Receipt.from_dict(RECEIPT.to_dict() | {"schema": 99})
    assert "Update" in caught.value.hint


@pytest.mark.parametrize("values", [{}, [], None, "receipt", {"schema": True}, {"schema": "1"}])
def test_what_is_no_receipt_is_refused(values: Any) -> None:
    with pytest.raises(NoReceipt, match="not a receipt"):
        Receipt.from_dict(values)


@given(
    st.sampled_from(sorted(set(RECEIPT.to_dict()) - {"schema", "service"})),
    st.sampled_from([True, 1j, "x", 7, [], {}, [[]], None]),
)
def test_a_damaged_field_is_named(name: str, value: object) -> None:
    values = RECEIPT.to_dict() | {name: value}
    try:
        receipt = Receipt.from_dict(values)
    except NoReceipt as error:
        assert "damaged" in str(error)  # noqa: PT017  (some of these values do fit some fields)
    else:
        assert receipt.to_dict() == json.loads(json.dumps(values))


@pytest.mark.parametrize("name", sorted(set(RECEIPT.to_dict()) - {"schema", "service"}))
def test_a_missing_field_is_named(name: str) -> None:
    values = RECEIPT.to_dict()
    del values[name]
    with pytest.raises(NoReceipt, match=f"damaged at '{name}'"):
        Receipt.from_dict(values)


SERVICE = Service(
    job=2**53 - 1,
    surface="modelslab",
    prompt_asked="portrait of a woman",
    notes=(Ignored("clip_skip", 2, "it has no CLIP."),),
    safety="unchecked",
)


def test_the_door_of_a_service_survives_json() -> None:
    receipt = replace(RECEIPT, service=SERVICE)
    assert Receipt.from_dict(json.loads(json.dumps(receipt.to_dict()))) == receipt


def test_a_receipt_from_before_there_was_a_service_is_read() -> None:
    values = RECEIPT.to_dict()
    del values["service"]
    assert Receipt.from_dict(values) == RECEIPT


def test_the_same_picture_through_another_door_is_the_same_picture() -> None:
    assert replace(RECEIPT, service=SERVICE).is_same_picture(RECEIPT)
    assert not replace(RECEIPT, service=SERVICE, seed=1).is_same_picture(RECEIPT)


def test_a_damaged_door_of_a_service_is_named() -> None:
    values = replace(RECEIPT, service=SERVICE).to_dict()
    values["service"]["job"] = "seven"
    with pytest.raises(NoReceipt, match="damaged at service"):
        Receipt.from_dict(values)


def test_it_asks_for_its_adapters_again() -> None:
    adapters = (
        Adapter("own", "aa" * 32, 1.0, 4, 4),
        Adapter("film", "bb" * 32, 0.7, 6, 6, source="owner/repo", steps=(0.0, 0.5), blocks={"double": 2.0}),
        Adapter("skin, soft", "cc" * 32, 1.0, 6, 6, source="skin"),
    )
    receipt = replace(RECEIPT, adapters=adapters)
    assert Receipt.from_dict(json.loads(json.dumps(receipt.to_dict()))) == receipt
    assert receipt.to_request().adapters == (
        AdapterUse("owner/repo", 0.7, (0.0, 0.5), {"double": 2.0}),
        AdapterUse("skin", 1.0),
    )
    assert (
        'Lora hashes: "own: aaaaaaaaaa, film: bbbbbbbbbb, skin  soft: cccccccccc"'
        in receipt.parameters_text()
    )


def test_it_asks_for_its_way_of_the_negative_again() -> None:
    nag = replace(RECEIPT, guidance=1.0, negative=Text("beard", 1, 1, 128, "", "nag", scale=4.0, cost=1.1))
    asked = nag.to_request()
    assert (asked.negative, asked.negative_method, asked.negative_scale) == ("beard", "nag", 4.0)
    none = replace(RECEIPT, negative=None).to_request()
    assert (none.negative, none.negative_method) == (None, "none")
    ignored = (Ignored("negative_scale", 9.0, "why"),)
    kept = replace(RECEIPT, negative=Text("beard", 1, 1, 128, "", "true_cfg", scale=3.0), ignored=ignored)
    assert (kept.to_request().negative_scale, kept.to_request().allow_ignored) == (9.0, True)


def test_a_draft_asks_for_the_checkpoint_that_was_asked_for() -> None:
    source = replace(RECEIPT.checkpoint, name="fluxgram-mini-fast", asked="fluxgram-mini")
    asked = replace(RECEIPT, guidance=1.0, checkpoint=source).to_request()
    assert (asked.checkpoint, asked.quality, asked.steps, asked.guidance) == (
        "fluxgram-mini",
        "draft",
        8,
        None,
    )
