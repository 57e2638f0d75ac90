"""docs/modelslab.md and the OpenAPI document name every route and field of the ModelsLab surface."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from fluxgram.server import modelslab
from fluxgram.server.modelslab_document import BODIES
from fluxgram.server.modelslab_fields import REFUSED, WITHOUT_EFFECT, read

PAGE = (Path(__file__).parents[2] / "docs" / "modelslab.md").read_text("utf-8")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = FastAPI()
    app.include_router(modelslab.router)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # two routes of one name
        return app.openapi()


def test_every_route_is_on_the_page(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        route = path.removesuffix("/{id}")
        short = route.removeprefix("/api/v1/enterprise/")
        named = f"`{route}`" in PAGE or f"`{short}`" in PAGE or f"`{short.split('/')[0]}`" in PAGE
        assert named, route


def test_every_route_fails_in_the_words_of_the_surface(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        assert path.startswith(tuple(f"{prefix}/" for prefix in modelslab.PREFIXES))


def test_every_field_is_on_the_page() -> None:
    for name in (
        *REFUSED,
        *WITHOUT_EFFECT,
        *BODIES["text2img"]["properties"],
        *BODIES["fetch"]["properties"],
    ):
        assert f"`{name}`" in PAGE, name


def test_every_field_of_the_document_is_one_that_is_read() -> None:
    for name in BODIES["text2img"]["properties"]:
        order = read({"prompt": "a face"} | {name: {"prompt": "a face", "width": 256, "height": 256}.get(name, 1)}
                     if name not in ("safety_checker_type", "webhook", "negative_prompt", "model_id", "lora_model")
                     else {"prompt": "a face", name: "blur"})  # fmt: skip
        assert not [note for note in order.notes if "not a field" in note.reason], name


def test_every_operation_has_an_id_of_its_own_and_says_what_it_answers(document: dict[str, Any]) -> None:
    ids = []
    for methods in document["paths"].values():
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert operation["responses"].keys() >= {"200", "4XX", "5XX"}
            assert operation["summary"]
    assert len(set(ids)) == len(ids)
