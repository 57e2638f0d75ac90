"""Native words, characters and shoots, in this process: nothing is drawn for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fluxgram.photography.catalog import catalog
from fluxgram.photography.terms import KINDS


def test_the_vocabulary_is_searched_and_read(app: TestClient) -> None:
    kinds = app.get("/api/v1/vocabulary").json()["kinds"]
    assert {entry["kind"]: entry["terms"] for entry in kinds} == {
        kind: len(catalog().of_kind(kind)) for kind in KINDS
    }
    found = app.get("/api/v1/vocabulary", params={"words": "rembrandt"}).json()["terms"]
    assert "light.rembrandt" in [term["id"] for term in found]
    for kind in KINDS:
        terms = app.get("/api/v1/vocabulary", params={"kind": kind}).json()["terms"]
        assert [term["id"] for term in terms] == [term.id for term in catalog().of_kind(kind)]
    assert (
        app.get("/api/v1/vocabulary/terms/light.rembrandt").json()["say"]
        == catalog().term("light.rembrandt").say
    )
    presets = app.get("/api/v1/vocabulary/presets").json()["presets"]
    assert [preset["id"] for preset in presets] == list(catalog().presets)
    assert app.get(f"/api/v1/vocabulary/terms/{presets[0]['id']}").json() == presets[0]
    missing = app.get("/api/v1/vocabulary/terms/light.rembrand")
    assert (missing.status_code, "light.rembrandt" in missing.json()["hint"]) == (404, True)
    assert app.get("/api/v1/vocabulary", params={"kind": "lights"}).status_code == 422
    assert app.get("/api/v1/vocabulary", params={"words": "butterfly lihgt"}).json()["terms"] == []


def test_own_words_are_there_as_soon_as_they_are_written(app: TestClient, tmp_path: Path) -> None:
    assert app.get("/api/v1/vocabulary/terms/light.our-window").status_code == 404
    folder = tmp_path / "home" / "vocabulary"
    folder.mkdir(parents=True)
    (folder / "own.toml").write_text(
        '[light.our-window]\nsay = "light of our window"\neffect = "Soft."\nbest_for = "us"\nsource = "us"\n'
    )
    assert app.get("/api/v1/vocabulary/terms/light.our-window").json()["say"] == "light of our window"
    (folder / "own.toml").write_text("[light")
    broken = app.get("/api/v1/vocabulary")
    assert (broken.status_code, broken.json()["title"]) == (503, "VocabularyError")
    assert str(tmp_path) not in broken.text


def test_checkpoints_are_listed(app: TestClient) -> None:
    first = app.get("/api/v1/checkpoints").json()["checkpoints"][0]
    assert (first["name"], first["default"], first["present"]) == ("fluxgram-mini", True, True)
    assert (first["negatives"], first["fast"], first["adapters"]) == (["true_cfg"], "fluxgram-mini-fast", [])
    tune = app.get("/api/v1/checkpoints/fluxgram-v1").json()
    assert (tune["name"], tune["present"], tune["adapters"]) == ("fluxgram-v1", True, ["fluxgram-portrait"])


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ({}, "fluxgram-v1"),
        ({"checkpoint": "mini"}, "fluxgram-v1"),
        ({"checkpoint": "fluxgram-v1"}, "fluxgram-v1"),
        ({"checkpoint": "flux2-klein-4b"}, "flux2-klein-4b"),
        ({"checkpoint": "klein"}, "flux2-klein-4b"),
        ({"checkpoint": "klein", "models": {"fluxgram-v1": "fluxgram-mini"}}, "fluxgram-mini"),
        ({"models": {"fluxgram-v1": "klein"}}, "flux2-klein-4b"),
        ({"checkpoint": "klein", "models": {"portrait-x": "fluxgram-v1"}}, "flux2-klein-4b"),
    ],
)
def test_where_the_name_of_the_portrait_tune_leads(
    inside: Callable[..., TestClient], service: dict[str, Any], name: str
) -> None:
    """The embedded tune stands for no real weights; what the settings say counts."""
    cards = inside(**service).get("/api/v1/checkpoints").json()["checkpoints"]
    asked = "portrait-x" if "portrait-x" in service.get("models", {}) else "fluxgram-v1"
    assert [card["name"] for card in cards if asked in card["names"] or (card["name"] == asked == name)] == [
        name
    ]


def test_a_table_of_ones_own_is_the_portrait_tune(inside: Callable[..., TestClient], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "checkpoints.toml").write_text(
        '[fluxgram-v1]\nbase = "flux2-klein-9b"\nadapters = [{ source = "face" }]\n'
    )
    card = inside(checkpoint="klein").get("/api/v1/checkpoints/fluxgram-v1").json()
    assert (card["name"], card["adapters"], card["negatives"]) == ("fluxgram-v1", ["face"], ["nag", "vsf"])


def test_checkpoints_that_are_not_there(app: TestClient) -> None:
    assert app.get("/api/v1/checkpoints/nope").status_code == 404


def test_a_prompt_is_checked_and_mended(app: TestClient) -> None:
    words = "portrait of a sailor, photo realistic , 8k, 8k"
    answer = app.post(
        "/api/v1/lint", json={"prompt": words, "fix": "all", "checkpoint": "fluxgram-mini"}
    ).json()
    codes = {finding["code"] for finding in answer["findings"]}
    assert "FX201" in codes
    for finding in answer["findings"]:
        assert set(finding) == {"code", "severity", "span", "message", "fix"}
    assert answer["mended"]["prompt"] != words
    only = app.post("/api/v1/lint", json={"prompt": words, "select": ["FX201"]}).json()
    assert {finding["code"] for finding in only["findings"]} == {"FX201"}
    assert only["mended"] is None
    assert app.post("/api/v1/lint", json={"prompt": words, "select": ["FX999"]}).status_code == 422
    assert app.post("/api/v1/lint", json={"prompt": ""}).json()["findings"][0]["code"] == "FX001"


def test_a_prompt_is_composed(app: TestClient) -> None:
    parts = {"subject": "portrait of a woman in her 30s", "light": ["rembrandt"], "lens": "85mm", "aperture": "1.8",
             "side": "left", "checkpoint": "fluxgram-mini"}  # fmt: skip
    made = app.post("/api/v1/compose", json=parts).json()
    assert made["terms"][:1] == ["light.rembrandt"]
    for words in ("Rembrandt", "from the left", "85mm", "f/1.8"):
        assert words in made["text"]
    for wrong, words in (({"aperture": "f/999"}, "f-number"), ({"kind": "selfie"}, "kind of picture"),
                         ({"materials": ["brass"]}, "materials"), ({"preset": "nope"}, "preset"),
                         ({"light": ["light.rembrand"]}, "light.rembrand")):  # fmt: skip
        answer = app.post("/api/v1/compose", json=parts | wrong)
        assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text


def test_a_prompt_is_completed(app: TestClient) -> None:
    done = app.post("/api/v1/enhance", json={"prompt": "portrait of a sailor", "size": "512x768"}).json()
    assert done["text"].startswith("portrait of a sailor, ")
    assert all(addition["why"] for addition in done["additions"])
    assert app.post("/api/v1/enhance", json={"prompt": "  "}).status_code == 422
    for size in ("0x0", "99999x1", [0, 5], "wide"):
        assert app.post("/api/v1/enhance", json={"prompt": "a sailor", "size": size}).status_code == 422, size


MARA: dict[str, Any] = {"anchor": "woman in her 30s, olive skin, brown wavy hair", "seed": 2**64 - 1}


def test_a_character_without_a_seed_gets_one(app: TestClient) -> None:
    looks = {name: value for name, value in MARA.items() if name != "seed"}
    made = [app.post("/api/v1/characters", json=looks | {"name": name}) for name in ("Ada", "Ben")]
    assert [answer.status_code for answer in made] == [201, 201]
    seeds = [app.get(f"/api/v1/characters/{name}").json()["seed"] for name in ("ada", "ben")]
    assert seeds == [answer.json()["seed"] for answer in made]
    assert seeds[0] != seeds[1]
    assert app.put("/api/v1/characters/ada", json=looks).status_code == 422


def test_characters_are_kept(app: TestClient, tmp_path: Path) -> None:
    made = app.post("/api/v1/characters", json=MARA | {"name": "Mára", "notes": "ours"})
    assert made.status_code == 201
    where = made.headers["Location"].removeprefix("http://127.0.0.1:7070")
    assert app.get(where).json() == made.json()
    assert (tmp_path / "home" / "characters" / "mára.toml").exists()
    assert app.post("/api/v1/characters", json=MARA | {"name": "MÁRA"}).status_code == 409
    changed = app.put(where, json=MARA | {"anchor": "woman in her 40s wearing a red hat"}).json()
    assert (changed["notes"], len(changed["warnings"])) == ("", 2)
    assert [entry["slug"] for entry in app.get("/api/v1/characters").json()["characters"]] == ["mára"]
    assert app.delete(where).status_code == 204
    assert app.delete(where).status_code == 404
    assert app.get(where).status_code == 404


@pytest.mark.parametrize("name", ["..", "../x", "%2e%2e%2fx", "a/b", "\x00", "x" * 300, "⁂", "con\u202eoc"])
def test_names_of_characters_lead_nowhere_else(app: TestClient, tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if path.suffix == ".toml"}
    answer = app.post("/api/v1/characters", json=MARA | {"name": name})
    assert answer.status_code in (201, 422)
    made = {path for path in tmp_path.rglob("*") if path.suffix == ".toml"} - before
    assert all(path.parent == tmp_path / "home" / "characters" for path in made)
    assert app.get(f"/api/v1/characters/{name.encode().hex()}").status_code == 404


def test_a_damaged_character_hides_no_other(app: TestClient, tmp_path: Path) -> None:
    app.post("/api/v1/characters", json=MARA | {"name": "Mara"})
    (tmp_path / "home" / "characters" / "broken.toml").write_text("[")
    found = app.get("/api/v1/characters").json()["characters"]
    assert [entry["slug"] for entry in found] == ["broken", "mara"]
    assert str(tmp_path) not in found[0]["error"]
    assert app.get("/api/v1/characters/broken").status_code in (422, 503)


SHOOT = """
[shoot]
title = "Two scenes"
quality = "draft"
[[character]]
name = "Mara"
[[scene]]
name = "window"
light = "window"
[[scene]]
name = "night"
samples = 2
setting = "empty street at night"
"""


def test_a_shoot_makes_a_job_a_picture(app: TestClient) -> None:
    app.post("/api/v1/characters", json=MARA | {"name": "Mara", "seed": 42})
    planned = app.post("/api/v1/shoots", json={"file": SHOOT, "dry_run": True}).json()
    assert [(frame["file"], frame["seed"], frame["job"]) for frame in planned["frames"]] == [
        ("window", 42, None), ("night", 42, None), ("night_2", 43, None),
    ]  # fmt: skip
    assert app.get("/api/v1/jobs").json()["jobs"] == []
    key = {"Idempotency-Key": "one"}
    made = [
        app.post("/api/v1/shoots", json={"file": SHOOT, "scenes": ["night"]}, headers=key) for _ in range(2)
    ]
    assert made[0].status_code == 202
    first, second = ([frame["job"]["id"] for frame in answer.json()["frames"]] for answer in made)
    assert first == second
    jobs = app.get("/api/v1/jobs").json()["jobs"]
    assert sorted(job["id"] for job in jobs) == sorted(first)
    assert {job["request"]["seed"] for job in jobs} == {42, 43}
    assert all(job["request"]["prompt"].startswith("Woman in her 30s") for job in jobs)


def test_a_shoot_that_does_not_fit_is_not_begun(inside: Callable[..., TestClient]) -> None:
    app = inside(max_queued=2)
    app.post("/api/v1/characters", json=MARA | {"name": "Mara"})
    refused = app.post("/api/v1/shoots", json={"file": SHOOT})
    assert (refused.status_code, refused.json()["title"]) == (429, "QueueFull")
    assert {job["state"] for job in app.get("/api/v1/jobs").json()["jobs"]} == {"cancelled"}
    key = {"Idempotency-Key": "k" * 255}
    first = app.post("/api/v1/shoots", json={"file": SHOOT}, headers=key)
    waiting = [job["id"] for job in app.get("/api/v1/jobs?state=queued").json()["jobs"]]
    assert (first.status_code, len(waiting)) == (429, 2)
    app.post(f"/api/v1/jobs/{waiting[0]}/cancel")
    again = app.post("/api/v1/shoots", json={"file": SHOOT}, headers=key)
    assert again.status_code == 202
    assert {frame["job"]["id"] for frame in again.json()["frames"]} > set(waiting)


def test_every_template_can_be_shot(app: TestClient) -> None:
    found = app.get("/api/v1/shoots/templates").json()["templates"]
    assert len(found) == 4
    for entry in found:
        assert app.post("/api/v1/shoots", json={"file": entry["file"], "dry_run": True}).status_code == 202


SOMEBODY = "[[character]]\nname='A'\nanchor='a man'\nseed=1\n"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("", "no scene"),
        ("[", "ends too early"),
        ("[[scene]]\nname = 'x'\n", "character"),
        (SHOOT.replace("light =", "ligth ="), "ligth"),
        (SHOOT.replace('"window"\nlight', '"../../etc"\nlight'), ""),
        (f"{SOMEBODY}references=['../../../../etc/passwd.png']\n[[scene]]\nname='x'\n", "references"),
        (f"{SOMEBODY}[[scene]]\nname='x'\nsetting='__../../etc/passwd__'\n", ""),
        (f"{SOMEBODY}[[scene]]\nname='x'\nsetting='__nowhere__'\n", "nowhere"),
    ],
)
def test_shoots_that_cannot_be(app: TestClient, tmp_path: Path, file: str, words: str) -> None:
    app.post("/api/v1/characters", json=MARA | {"name": "Mara"})
    answer = app.post("/api/v1/shoots", json={"file": file, "dry_run": True})
    assert answer.status_code in (202, 422)
    if words:
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
    for place in (str(tmp_path), "fluxgram-shoot-", "shoot.toml"):
        assert place not in answer.text


def test_presets_tell_the_colour_of_their_light(app: TestClient) -> None:
    found = {each["id"]: each["light"] for each in app.get("/api/v1/vocabulary/presets").json()["presets"]}
    low, high = 1500, 12000
    assert all(light["kelvin"] is None or low <= light["kelvin"] <= high for light in found.values())
    assert found["preset.golden-lifestyle"]["kelvin"] < found["preset.overcast-true"]["kelvin"]
    assert found["preset.cyberpunk-night"]["colours"][:2] == ["magenta", "cyan"]
    assert app.get("/api/v1/vocabulary/terms/preset.cyberpunk-night").json()["light"]["kelvin"] is None
