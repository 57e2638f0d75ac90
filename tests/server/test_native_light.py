"""Native light routes, in this process."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.photography.catalog import catalog
from fluxgram.photography.lamps import named_lamps

REMBRANDT: dict[str, Any] = {
    "key": {"azimuth": -45, "elevation": 42, "softness_degrees": 8, "kelvin": 4000, "power": 1},
    "fill": {"stops": 4.1, "kelvin": 5000},
    "rim": {"on": False, "azimuth": 135, "kelvin": 5400, "power": 1},
    "background": 0.12,
}
WORDS = "Rembrandt lighting, single source from the upper left, warm key, deep shadows"


def test_lamps_are_put_into_words(app: TestClient) -> None:
    told = app.post("/api/v1/light/words", json={"lamps": REMBRANDT}).json()
    assert told["words"] == WORDS
    assert told["terms"] == [
        {"id": "light.rembrandt", "say": "Rembrandt lighting, single source from the upper left"}
    ]
    assert (told["side"], told["left_out"], told["prompt"]) == ("left", [], None)


@pytest.mark.parametrize(
    ("prompt", "lit"),
    [
        ("portrait of a woman, 85mm lens at f/1.8", f"portrait of a woman, {WORDS}, 85mm lens at f/1.8"),
        ("portrait of a woman, loop lighting from the right, freckles, 50mm lens",
         f"portrait of a woman, {WORDS}, freckles, 50mm lens"),
        (("portrait of a woman, butterfly lighting, cool key, hard shadow edges, thin rim light along the edge of hair "
         "and shoulders, lit by practical lamps, no hat"), None),
        ("A woman by the sea.", f"A woman by the sea. Lit with {WORDS}."),
        ("", WORDS),
        ("a man 👩🏽‍🦱 with 50mm lens", None),
    ],
)  # fmt: skip
def test_words_take_the_place_of_those_that_were_there(app: TestClient, prompt: str, lit: str | None) -> None:
    told = app.post("/api/v1/light/words", json={"lamps": REMBRANDT, "prompt": prompt}).json()
    if lit is not None:
        assert told["prompt"] == lit
    assert told["prompt"].count(WORDS) == 1
    for gone in ("butterfly", "cool key", "rim light", "loop"):
        assert gone not in told["prompt"]
    again = app.post("/api/v1/light/words", json={"lamps": REMBRANDT, "prompt": told["prompt"]}).json()
    assert again["prompt"] == told["prompt"]


def test_lamps_are_read_from_a_prompt(app: TestClient) -> None:
    read = app.post(
        "/api/v1/light/lamps", json={"prompt": "a man, loop lighting from the right, 85mm lens at f/1.4"}
    ).json()
    assert (read["lamps"]["key"]["azimuth"], read["side"]) == (30, "right")
    assert (read["focal_mm"], read["aperture"], read["terms"]) == (85, 1.4, ["light.loop"])
    nothing = app.post("/api/v1/light/lamps", json={"prompt": "a man in a hat"}).json()
    assert (nothing["lamps"], nothing["terms"]) == (None, [])
    neon = app.post("/api/v1/light/lamps", json={"terms": ["light.neon"], "side": "left"}).json()
    assert neon["left_out"] == ["the colours magenta and cyan"]


def test_named_lights_come_with_their_lamps(app: TestClient) -> None:
    lights = app.get("/api/v1/light/named").json()["lights"]
    assert [light["id"] for light in lights] == [each.term.id for each in named_lamps(catalog())]
    words = app.post("/api/v1/light/words", json={"lamps": lights[0]["lamps"]}).json()
    assert words["terms"][0]["id"] == lights[0]["id"] == "light.soft-studio"


@pytest.mark.parametrize(
    "body",
    [
        {"lamps": {"key": {"azimuth": 200}}},
        {"lamps": {"key": {"kelvin": "warm"}}},
        {"lamps": {"kee": {}}},
        {"lamps": {"rim": {"on": 1}}},
        {},
    ],
)
def test_lamps_that_cannot_be(app: TestClient, body: dict[str, Any]) -> None:
    answer = app.post("/api/v1/light/words", json=body)
    assert answer.status_code == 422
    assert answer.json()["title"]


@pytest.mark.parametrize("body", [{}, {"prompt": "x", "terms": []}, {"terms": ["light.rembrand"]}])
def test_questions_for_lamps_that_cannot_be(app: TestClient, body: dict[str, Any]) -> None:
    answer = app.post("/api/v1/light/lamps", json=body)
    assert answer.status_code == 422
    assert answer.json()["hint"]
