"""Reading and changing prompts over HTTP, choices, and the rules in their own words."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.photography.catalog import catalog
from fluxgram.prompt.rules import RULES, SHOOT_RULES

PROMPT = (
    "👩‍🦰 portrait of a woman, freckles, soft window light from the left, 85mm f/1.8, no glasses, RAW photo"
)


def test_a_prompt_is_read_with_places_in_characters(app: TestClient) -> None:
    read = app.post("/api/v1/parse", json={"prompt": PROMPT}).json()
    assert read["kind"] == "portrait"
    for piece in read["pieces"]:
        assert PROMPT[piece["start"] : piece["end"]] == piece["text"]
    light = next(piece for piece in read["pieces"] if piece["role"] == "light")
    assert (light["term"], light["kind"], light["side"]) == ("light.window", "light", "left")
    assert [piece["text"] for piece in read["pieces"] if piece["role"] == "negative"] == ["no glasses"]
    chosen = read["chosen"]
    assert "portrait of a woman" in chosen["subject"]
    assert (chosen["lens"], chosen["aperture"], chosen["side"]) == ("lens.85mm", "aperture.f1-8", "left")
    assert (chosen["details"], chosen["light"], chosen["quality"]) == (
        ["skin.freckles"], ["light.window"], ["quality.raw-photo"],
    )  # fmt: skip
    assert set(chosen["terms"]) == {
        "skin.freckles", "light.window", "lens.85mm", "aperture.f1-8", "quality.raw-photo",
    }  # fmt: skip
    assert read["negative"] == "honoured"
    assert 0 < read["tokens"]["total"] <= read["tokens"]["limit"]


def test_a_lens_without_a_term_is_told_by_its_numbers(app: TestClient) -> None:
    chosen = app.post("/api/v1/parse", json={"prompt": "woman, 92mm f/2.2"}).json()["chosen"]
    assert (chosen["lens"], chosen["aperture"]) == ("92mm", "f/2.2")


def test_tokens_and_negative_are_the_checkpoint_s(app: TestClient) -> None:
    long = app.post(
        "/api/v1/parse", json={"prompt": "freckles, " * 200, "checkpoint": "fluxgram-mini"}
    ).json()
    assert long["tokens"]["total"] > long["tokens"]["limit"] == long["tokens"]["kept"]
    elsewhere = app.post("/api/v1/parse", json={"prompt": "woman", "checkpoint": "flux2-klein-4b"}).json()
    assert (elsewhere["negative"], elsewhere["tokens"]) == (
        "honoured",
        None,
    )  # by nag; its files are not here


def test_a_term_is_said_and_taken_out_again(app: TestClient) -> None:
    said = app.post("/api/v1/edit", json={"prompt": PROMPT, "add": ["skin.moles"], "side": "right"}).json()
    text = PROMPT
    for change in reversed(said["changes"]):
        text = text[: change["start"]] + change["text"] + text[change["end"] :]
    assert text == said["prompt"]
    assert said["prompt"] == PROMPT.replace("freckles", "freckles, a few small moles").replace(
        "left", "right"
    )
    back = {"prompt": said["prompt"], "remove": ["skin.moles"], "side": "left"}
    assert app.post("/api/v1/edit", json=back).json()["prompt"] == PROMPT


def test_words_are_those_that_the_checkpoint_reads_best(app: TestClient) -> None:
    term = catalog().term("light.rembrandt")
    done = app.post("/api/v1/edit", json={"prompt": "woman", "add": [term.id], "checkpoint": "fluxgram-mini"})
    assert done.json()["prompt"] == f"woman, {term.say_for['flux2']}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"prompt": "woman", "add": ["light.rembrand"]}, 422),
        ({"prompt": "woman", "add": ["negative.always"]}, 422),
        ({"prompt": "woman", "add": ["x"] * 21}, 422),
        ({"prompt": "woman", "add": ["x" * 2001]}, 422),
        ({"prompt": "x" * 100_001, "add": []}, 422),
        ({"prompt": "woman", "side": "up"}, 422),
        ({"prompt": "woman", "sides": "left"}, 422),
        ({"prompt": "woman", "checkpoint": "nope"}, 422),
        ({"add": ["light.window"]}, 422),
        ({"prompt": None}, 422),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    app: TestClient, body: dict[str, Any], status: int
) -> None:
    answer = app.post("/api/v1/edit", json=body)
    assert answer.status_code == status
    problem = answer.json()
    assert problem["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "soft window light, " * 5100,
        "a" * 99_000,
        "(" * 99_000,
        "\u202eשלום freckles مرحبا\u202c, 漢字 👩‍🦰, \x00, \u200b\ufeff",
        "\x00",
        " \n\t",
        "<script>alert(1)</script>, <img src=x onerror=alert(1)>",
    ],
    ids=["terms", "letters", "brackets", "directions", "nul", "blank", "markup"],
)
def test_hostile_texts_are_read_and_changed(app: TestClient, text: str) -> None:
    read = app.post("/api/v1/parse", json={"prompt": text})
    assert read.status_code == 200
    for piece in read.json()["pieces"][:100]:
        assert text[piece["start"] : piece["end"]] == piece["text"]
    done = app.post("/api/v1/edit", json={"prompt": text, "add": ["skin.moles"], "remove": ["quality.8k"]})
    assert done.status_code == 200
    assert "a few small moles" in done.json()["prompt"]
    assert app.post("/api/v1/edit", json={"prompt": done.json()["prompt"], "remove": ["skin.moles"]}).json()[
        "prompt"
    ].strip() in (text.strip(), text)


def test_rules_are_told_in_their_own_words(app: TestClient) -> None:
    told = app.get("/api/v1/rules").json()
    rules = {rule["code"]: rule for rule in told["rules"]}
    assert list(rules) == [rule.code for rule in (*RULES, *SHOOT_RULES)]
    assert set(told["groups"]) >= {code[:3] for code in rules}
    for rule in (*RULES, *SHOOT_RULES):
        one = rules[rule.code]
        doc = " ".join((type(rule).__doc__ or "").split())
        assert (one["name"], one["severity"]) == (rule.name, str(rule.severity))
        assert doc.startswith(one["title"])
        assert [part["heading"] for part in one["parts"]][:2] == ["What it does", "Why it is bad"]
        for part in one["parts"]:
            assert " ".join(part["text"].split()) in doc
        assert one["text"].startswith(f"# {rule.code} {rule.name}")


def test_choices_are_the_whole_vocabulary_of_a_photograph_with_the_best_first(app: TestClient) -> None:
    groups = app.get("/api/v1/choices").json()["groups"]
    names = [group["name"] for group in groups]
    assert names[:6] == ["details", "light", "lens", "aperture", "camera", "quality"]
    kinds = {"skin", "light", "lens", "aperture", "camera", "film", "quality", "environment", "street", "atmosphere",
             "material", "surface"}  # fmt: skip
    offered = [term["id"] for group in groups for term in group["terms"]]
    assert sorted(offered) == sorted(term.id for term in catalog().terms.values() if term.kind in kinds)
    for group in groups:
        best = [term["best"] for term in group["terms"]]
        assert best == sorted(best, reverse=True)
        assert 8 <= sum(best) <= 12
        for term in group["terms"]:
            assert term["say"] == catalog().term(term["id"]).words("flux2")
            assert 0 < len(term["label"]) <= 40


def test_keys_that_may_not_look_are_refused(keyed: Any) -> None:
    for method, path, body in (
        ("POST", "/api/v1/parse", {"prompt": "woman"}),
        ("POST", "/api/v1/edit", {"prompt": "woman"}),
        ("GET", "/api/v1/rules", None),
        ("GET", "/api/v1/choices", None),
    ):
        assert keyed.server.call(method, path, body).status == 401
