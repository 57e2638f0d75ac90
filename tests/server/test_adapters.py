"""Adapters and ways of negative prompts through a real service: every surface, and what none of them may do."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from fluxgram.families.adapters.shelf import add_adapter
from fluxgram.settings import Settings
from tests.loras import write_lora
from tests.serving import Answer, Server, serving, toy, toy_at_home

PROMPT = "portrait of a sailor"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fluxgram.families.flux2_toy import make_toy

    return make_toy(tmp_path_factory.mktemp("toys") / "quick", distilled=True, seed=1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("adapters")
    home = folder / "home"
    toy_at_home(home)
    with (home / "checkpoints.toml").open("a", encoding="utf-8") as file:
        file.write(
            f"[quick]\nbase = \"toy\"\nsource = 'folder:{quick}'\ndistilled = true\nguidance = 1.0\n"
            'negatives = ["nag", "vsf"]\n[mute]\nbase = "quick"\nnegatives = []\n'
        )
    with serving(home, start=False) as server:
        for number, name in enumerate(("film", "skin")):
            path = write_lora(folder / f"{name}.safetensors", toy(), seed=number + 1)
            added = server.command("adapters", "add", str(path), "--weight", "0.5" if name == "skin" else "1")
            assert added.returncode == 0, added.stderr
        pairs = load_file(folder / "film.safetensors")
        save_file({name.replace("single_transformer_blocks.0", "single_transformer_blocks.7"): each
                   for name, each in pairs.items()}, folder / "large.safetensors")  # fmt: skip
        assert server.command("adapters", "add", str(folder / "large.safetensors")).returncode == 0
        shutil.copy(folder / "film.safetensors", home / "secret.safetensors")
        server.start()
        yield server


def submitted(service: Server, **order: Any) -> Answer:
    return service.call("POST", "/api/v1/jobs", {"prompt": PROMPT, "seed": 7, "quality": "draft"} | order)


def drawn(service: Server, **order: Any) -> dict[str, Any]:
    answer = submitted(service, **order)
    assert answer.status == 202, answer.body
    job: dict[str, Any] = service.call("GET", f"/api/v1/jobs/{answer.json['id']}?wait=60").json
    return job


def picture(service: Server, **order: Any) -> str:
    job = drawn(service, **order)
    assert job["state"] == "done", job
    return pixels(service, job)


def pixels(service: Server, job: dict[str, Any]) -> str:
    """A hash of what is seen; files differ in what they say of when they were made."""
    answer = service.call("GET", job["pictures"][0]["url"].removeprefix(service.url))
    return hashlib.sha256(Image.open(io.BytesIO(answer.body)).tobytes()).hexdigest()


def receipt(service: Server, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.call(
        "GET", job["pictures"][0]["receipt_url"].removeprefix(service.url)
    ).json
    return found


def test_what_there_is(service: Server) -> None:
    adapters = {each["name"]: each for each in service.call("GET", "/api/v1/adapters").json["adapters"]}
    assert {"film", "skin", "large"} <= set(adapters)
    assert (adapters["skin"]["weight"], len(adapters["skin"]["fingerprint"])) == (0.5, 64)
    assert set(adapters["film"]) == {"name", "base", "weight", "words", "licence", "fingerprint", "added"}
    assert str(service.home) not in service.call("GET", "/api/v1/adapters").body.decode()
    cards = {each["name"]: each for each in service.call("GET", "/api/v1/checkpoints").json["checkpoints"]}
    assert [cards[name]["negatives"] for name in ("toy", "quick", "mute")] == [
        ["true_cfg"],
        ["nag", "vsf"],
        [],
    ]
    assert [cards[name]["negative"] for name in ("toy", "quick", "mute")] == [
        "honoured",
        "honoured",
        "unsupported",
    ]


def test_native(service: Server) -> None:
    wish = {"source": "film", "weight": 0.7, "steps": [0, 0.5], "blocks": {"single": 2}}
    job = drawn(service, adapters=[wish, {"source": "skin"}])
    cards = {
        card["name"]: card["fingerprint"] for card in service.call("GET", "/api/v1/adapters").json["adapters"]
    }
    assert job["request"]["adapters"] == [
        wish | {"fingerprint": cards["film"]},
        {"source": "skin", "weight": 0.5, "fingerprint": cards["skin"]},
    ]
    film, skin = receipt(service, job)["adapters"]
    assert (film["name"], film["strength"], film["steps"], film["blocks"]) == (
        "film",
        0.7,
        [0, 0.5],
        {"single": 2},
    )
    assert (skin["name"], skin["strength"]) == ("skin", 0.5)
    assert film["matched"] == film["total"] > 20
    plain, seen = picture(service), pixels(service, job)
    assert len({plain, seen, picture(service, adapters=[{"source": "film"}])}) == 3
    assert picture(service) == plain
    assert picture(service, adapters=[wish, {"source": "skin"}]) == seen


def test_modelslab_and_openai_draw_the_same(service: Server) -> None:
    native = picture(
        service,
        size=[256, 256],
        adapters=[{"source": "film", "weight": 0.8}, {"source": "skin", "weight": 0.3}],
    )
    body = {"key": "k", "model_id": "toy", "prompt": PROMPT, "seed": 7, "width": 256, "height": 256,
            "num_inference_steps": 2, "lora_model": "film, skin", "lora_strength": "0.8,0.3"}  # fmt: skip
    told = service.call("POST", "/api/v6/images/text2img", body).json
    assert told["meta"]["lora"] == "film,skin"
    assert [each["name"] for each in told["meta"]["fluxgram"]["adapters"]] == ["film", "skin"]
    openai = {"model": "toy", "prompt": PROMPT, "seed": 7, "size": "256x256", "quality": "low",
              "loras": [{"name": "film", "scale": 0.8}, {"name": "skin", "scale": 0.3}]}  # fmt: skip
    answer = service.call("POST", "/v1/images/generations", openai).json["fluxgram"]
    assert answer["adapters"] == told["meta"]["fluxgram"]["adapters"]
    assert answer["negative"] is told["meta"]["fluxgram"]["negative"] is None
    listed = service.call("GET", "/api/v1/jobs?limit=2").json["jobs"]
    assert {job["surface"] for job in listed} == {"modelslab", "openai"}
    assert {pixels(service, job) for job in listed} == {native}


@pytest.mark.parametrize(
    "source",
    [
        "flim",
        "/etc/passwd",
        "secret.safetensors",
        "../home/secret.safetensors",
        "owner/repo",
        "film:2",
        "C:\\film",
    ],
)
def test_only_what_was_added_may_be_named(service: Server, source: str) -> None:
    answers = [
        submitted(service, adapters=[{"source": source}]),
        service.call("POST", "/v1/images/generations", {"prompt": PROMPT, "loras": [source]}),
        service.call("POST", "/api/v6/images/text2img", {"key": "k", "prompt": PROMPT, "lora_model": source}),
    ]
    assert [answer.status for answer in answers] == [422, 400, 200]
    assert answers[2].json["status"] == "error"
    for answer in answers:
        text = answer.body.decode()
        assert "no adapter" in text
        assert "fluxgram adapters add" in text
        assert str(service.home) not in text


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"adapters": [{"source": "film", "weight": 1e9}]}, "less than or equal to 4"),
        ({"adapters": [{"source": "film"}, {"source": "film", "weight": 0.5}]}, "named twice"),
        ({"adapters": [{"source": "film"}] * 9}, "8"),
        ({"adapters": [{"source": "film", "wieght": 1}]}, "wieght"),
        ({"adapters": [{"source": "film", "steps": [0.6, 0.2]}]}, "can't be from 0.6 to 0.2"),
        ({"adapters": [{"source": "film", "steps": [0.9, 1]}], "steps": 2}, "at none of 2 steps"),
        ({"negative": "beard", "checkpoint": "mute"}, "can't apply a negative prompt"),
        ({"negative": "beard", "checkpoint": "quick", "negative_method": "true_cfg"}, "not true_cfg"),
        ({"negative": "beard", "negative_scale": 31, "checkpoint": "quick"}, "negative_scale can't be"),
        ({"negative_method": "nag", "checkpoint": "quick"}, "there is no negative prompt"),
    ],
)
def test_refused_before_it_waits(service: Server, order: dict[str, Any], words: str) -> None:
    answer = submitted(service, **order)
    assert answer.status in (400, 422)
    assert words in answer.body.decode()


def test_one_that_does_not_fit_is_refused_at_every_door(service: Server) -> None:
    character = {"anchor": "woman in her 30s", "seed": 42, "adapters": [{"source": "large"}]}
    assert service.call("PUT", "/api/v1/characters/large", character).status == 200
    shoot = '[shoot]\ntitle = "T"\nquality = "draft"\n[[scene]]\nname = "a"\ncharacter = "large"\nlight = "window"\n'
    cells = [{"request": {"prompt": PROMPT, "adapters": [{"source": each}]}} for each in ("film", "large")]
    before = service.newest()
    answers = [
        submitted(service, adapters=[{"source": "film"}, {"source": "large"}]),
        service.call("POST", "/api/v1/shoots", {"file": shoot}),
        service.call("POST", "/api/v1/boards", {"kind": "comparison", "title": "T", "cells": cells}),
        service.call("POST", "/v1/images/generations", {"model": "toy", "prompt": PROMPT, "loras": ["large"]}),
        service.call("POST", "/api/v6/images/text2img",
                     {"key": "k", "model_id": "toy", "prompt": PROMPT, "lora_model": "large"}),
    ]  # fmt: skip
    assert [answer.status for answer in answers] == [422, 422, 422, 400, 200]
    assert answers[4].json["status"] == "error"
    assert answers[3].json["error"]["param"] == "loras"
    sentence = "The adapter large does not fit toy: 4 of its "
    hint = "It was likely made for FLUX.2 (width 32"
    for answer in answers:
        text = answer.body.decode()
        assert sentence in text
        assert hint in text
        assert str(service.home) not in text
    assert service.newest() == before


def test_half_a_file_is_refused_before_it_waits(service: Server) -> None:
    path = service.home / "adapters" / "skin.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    try:
        answers = [
            submitted(service, adapters=[{"source": "skin"}]),
            service.call(
                "POST", "/v1/images/generations", {"model": "toy", "prompt": PROMPT, "loras": ["skin"]}
            ),
        ]
    finally:
        path.write_bytes(whole)
    assert [answer.status for answer in answers] == [503, 503]
    for answer in answers:
        assert "is truncated" in answer.body.decode()
        assert str(service.home) not in answer.body.decode()
    assert submitted(service, adapters=[{"source": "skin"}]).status == 202


def test_one_whose_numbers_are_wrong_fails_its_job_alone(service: Server, tmp_path: Path) -> None:
    """Its header tells nothing of that, and it is read when it is first drawn with."""
    alone = picture(service, adapters=[{"source": "film"}])
    path = write_lora(tmp_path / "grit.safetensors", toy(), seed=3)
    added = add_adapter(str(path), Settings(home=service.home)).adapter
    added.path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\xff\xff")
    bad = drawn(service, adapters=[{"source": "grit"}])
    assert (bad["state"], bad["pictures"]) == ("failed", [])
    assert "impossible numbers" in bad["problem"]["message"]
    assert str(service.home) not in str(bad)
    assert picture(service, adapters=[{"source": "film"}]) == alone


def test_negatives_on_a_distilled_checkpoint(service: Server) -> None:
    orders: list[dict[str, Any]] = [
        {},
        {"negative": "beard"},
        {"negative": "beard", "negative_method": "vsf"},
    ]
    orders.append(orders[-1] | {"negative_scale": 5.0})
    jobs = [drawn(service, checkpoint="quick", **order) for order in orders]
    assert len({pixels(service, job) for job in jobs}) == 4
    applied = [receipt(service, job)["negative"] for job in jobs]
    assert [each and (each["method"], each["scale"]) for each in applied[1:]] == [
        ("nag", applied[1]["scale"]),
        ("vsf", applied[2]["scale"]),
        ("vsf", 5.0),
    ]
    body = {
        "key": "k",
        "model_id": "quick",
        "prompt": PROMPT,
        "negative_prompt": "beard",
        "width": 256,
        "height": 256,
    }
    told = service.call("POST", "/api/v6/images/text2img", body).json["meta"]["fluxgram"]
    assert (told["negative"]["method"], told["ignored"]) == ("nag", [])
    told = service.call("POST", "/api/v6/images/text2img", body | {"model_id": "mute"}).json["meta"][
        "fluxgram"
    ]
    assert told["negative"]["method"] == "none"
    assert [entry["name"] for entry in told["ignored"]] == ["negative_prompt"]


def test_characters_bring_theirs_into_a_shoot(service: Server) -> None:
    character = {"anchor": "woman in her 30s", "seed": 42, "adapters": [{"source": "film", "strength": 0.6}]}
    assert service.call("PUT", "/api/v1/characters/mara", character).status == 200
    text = '[shoot]\ntitle = "T"\nquality = "draft"\n[[scene]]\nname = "a"\ncharacter = "mara"\nlight = "window"\n'
    answer = service.call("POST", "/api/v1/shoots", {"file": text})
    assert answer.status == 202, answer.body
    (frame,) = answer.json["frames"]
    job = service.call("GET", f"/api/v1/jobs/{frame['job']['id']}?wait=60").json
    assert [(each["name"], each["strength"]) for each in receipt(service, job)["adapters"]] == [("film", 0.6)]
    again = service.call("POST", f"/api/v1/boards/{answer.json['board']}/scenes/a/again", {})
    assert again.status < 300, again.body
    newest = service.call("GET", "/api/v1/jobs?limit=1").json["jobs"][0]
    (use,) = newest["request"]["adapters"]
    assert (use["source"], use["weight"], len(use["fingerprint"])) == ("film", 0.6, 64)
    stranger = character | {"adapters": [{"source": "/etc/passwd"}]}
    service.call("PUT", "/api/v1/characters/mara", stranger)
    refused = service.call("POST", "/api/v1/shoots", {"file": text})
    assert refused.status == 422
    assert "fluxgram adapters add" in refused.body.decode()
