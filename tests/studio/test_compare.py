"""Comparing in a real browser: begun, looked at in every way, voted on blind, handed over; by keys and on a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.cli.test_compare import KEY, Maker, run
from tests.serving import Server, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling

HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'


def begun(studio: Server, *, seeds: tuple[int, ...] = (200, 90), **more: Any) -> str:
    """A comparison of seeds (the toy's colours), drawn; its path."""
    body = {
        "title": "Red or green",
        "axes": {"x": {"vary": "seed", "values": list(seeds)}},
        "request": {"prompt": "portrait of a sailor"},
        **more,
    }
    answer = studio.call("POST", "/api/v1/boards", body)
    assert answer.status == 202, answer.body
    path = f"/boards/{answer.json['id']}"
    wait_until(
        lambda: all(
            cell["state"] not in ("queued", "running")
            for cell in studio.call("GET", f"/api/v1{path}").json["cells"]
        ),
        "the pictures",
    )
    return path.replace("/boards", "/compare")


def transforms(page: Page) -> list[str]:
    """How each picture on the stage is moved and zoomed."""
    found: list[str] = page.locator("#stage .cmp-layer").evaluate_all(
        "all => all.map(each => each.style.transform)"
    )
    return found


def loaded(page: Page) -> None:
    """Wait for all pictures on the stage."""
    script = (
        "[...document.querySelectorAll('#stage img')].every(image => image.complete && image.naturalWidth)"
    )
    wait_until(lambda: page.evaluate(script), "the pictures on the stage")


def colour(locator: Locator, x: float, y: float = 0.3) -> tuple[int, int, int]:
    """What is seen at a point of an element, given in shares of it."""
    with Image.open(io.BytesIO(locator.screenshot())) as shot:
        found = shot.convert("RGB").getpixel((round(x * (shot.width - 1)), round(y * (shot.height - 1))))
    assert isinstance(found, tuple)
    return int(found[0]), int(found[1]), int(found[2])


def near(seen: tuple[int, int, int], red: int) -> bool:
    """Whether a colour is the toy's for a seed below 256."""
    return all(abs(one - other) <= 6 for one, other in zip(seen, (red, 0, 0), strict=True))


def test_two_lights_are_compared_from_the_start(page: Page, studio: Server) -> None:
    page.goto("/compare")
    page.get_by_label("Prompt", exact=True).fill("portrait of a sailor, 85mm lens")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_visible()
    page.get_by_role("button", name="butterfly lighting").click()
    page.get_by_label("Find a light").fill("rembr")
    page.get_by_role("button", name="Rembrandt lighting, single source").click()
    page.get_by_text("Draft").click()
    page.get_by_role("button", name="Compare 2 pictures").click()
    page.wait_for_url(re.compile("/compare/[A-Za-z0-9]+"))
    expect(page.locator("#stage img")).to_have_count(2)
    expect(page.locator("#stage .cmp-label")).to_have_text(
        ["butterfly lighting", "Rembrandt lighting, single source"]
    )
    marked = page.locator("#differences ins")
    expect(marked.first).to_contain_text("Rembrandt")
    expect(page.locator("#differences th[scope=row]")).to_have_text(["Prompt"])
    page.goto("/compare")
    expect(page.locator(".cmp-card strong").first).to_have_text("portrait of a sailor, 85mm lens")


def test_what_is_missing_is_told_in_place_and_nothing_is_lost(page: Page) -> None:
    page.goto("/compare")
    problem = page.locator("#problem")
    page.get_by_role("button", name="butterfly lighting").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(problem).to_have_text("Write a prompt first.")
    page.get_by_label("Prompt", exact=True).fill("a sailor")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(problem).to_have_text("Choose at least two: two values, or add a picture.")
    page.get_by_label("Compare across").select_option("steps")
    page.get_by_label("Values").fill("8, 9000")
    page.get_by_role("button", name="Compare 2 pictures").click()
    expect(problem).to_contain_text("9000")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a sailor")
    expect(page.get_by_label("Values")).to_have_value("8, 9000")
    page.get_by_label("And down").select_option("steps")
    expect(problem).to_contain_text("Both axes change the same setting")
    forget(page, "422")


def test_the_slider_moves_by_drag_and_by_keys(page: Page, studio: Server) -> None:
    page.goto(f"{begun(studio)}#slider")
    slider = page.get_by_role("slider", name="seed 200 on the left, seed 90 on the right")
    frame = page.locator(".cmp-slider")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    expect(frame.locator("img")).to_have_count(2)
    loaded(page)
    assert near(colour(frame, 0.25), 200)
    assert near(colour(frame, 0.75), 90)
    box, handle = frame.bounding_box(), slider.bounding_box()
    assert box
    assert handle
    page.mouse.move(handle["x"] + handle["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(slider).to_have_attribute("aria-valuenow", "80")
    assert near(colour(frame, 0.7), 200)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    assert near(colour(frame, 0.2), 90)
    slider.press("ArrowRight")
    slider.press("Shift+ArrowRight")
    slider.press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "22")
    expect(slider).to_have_attribute("aria-valuetext", "22 % seed 200")
    slider.press("End")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "100")


def test_all_pictures_zoom_and_move_together(page: Page, studio: Server) -> None:
    page.goto(f"{begun(studio, seeds=(10, 20, 30))}#side=0,1,2")
    expect(page.locator("#stage img")).to_have_count(3)
    frame = page.locator(".cmp-frame").nth(1)
    frame.hover(position={"x": 30, "y": 40})
    page.mouse.wheel(0, -400)
    zoomed = transforms(page)
    assert len(set(zoomed)) == 1
    assert "scale(1.0000)" not in zoomed[0]
    expect(page.locator("#scale")).not_to_have_text("100 %")
    box = frame.bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 50, steps=3)
    page.mouse.up()
    moved = transforms(page)
    assert len(set(moved)) == 1
    assert moved != zoomed
    page.keyboard.press("Shift+ArrowRight")
    assert transforms(page) != moved
    page.keyboard.press("2")  # the view stays when the way of looking changes
    assert len(set(transforms(page))) == 1
    assert "scale(1.0000)" not in transforms(page)[0]
    page.keyboard.press("0")
    assert set(transforms(page)) == {"translate(0%, 0%) scale(1)"} or "scale(1" in transforms(page)[0]
    page.keyboard.press("+")
    expect(page.locator("#scale")).to_have_text("150 %")
    page.keyboard.press("-")
    expect(page.locator("#scale")).to_have_text("100 %")


def test_flicker_waits_for_who_wants_no_motion_and_keeps_under_three_a_second(
    open_page: Callable[..., Page], studio: Server
) -> None:
    path = begun(studio)
    calm = open_page(f"{path}#flicker")
    shown = calm.locator(".cmp-flicker")
    expect(calm.get_by_role("button", name="Start")).to_be_visible()
    expect(shown).to_have_attribute("data-shows", "0")
    calm.get_by_role("button", name="Swap").click()
    expect(shown).to_have_attribute("data-shows", "1")
    expect(calm.locator(".cmp-label")).to_have_text("seed 90")
    calm.get_by_role("button", name="Swap").press("ArrowLeft")
    expect(shown).to_have_attribute("data-shows", "0")
    lively = open_page(f"{path}#flicker", reduced_motion="no-preference")
    rate = lively.get_by_label("Changes")
    assert float(rate.get_attribute("max") or 9) < 3
    assert float(rate.input_value()) == 1
    for number in ("1", "0", "1"):
        expect(lively.locator(".cmp-flicker")).to_have_attribute("data-shows", number)
    lively.keyboard.press(" ")
    expect(lively.get_by_role("button", name="Start")).to_be_visible()


def test_the_grid_has_axes_and_opens_a_chosen_pair_by_keys(page: Page, studio: Server) -> None:
    y = {"vary": "steps", "values": [2, 3]}
    axes = {"x": {"vary": "seed", "values": [10, 120, 230]}, "y": y}
    page.goto(begun(studio, axes=axes))
    expect(page.locator(".cmp-grid thead th")).to_have_text(["seed 10", "seed 120", "seed 230"])
    expect(page.locator(".cmp-grid tbody th")).to_have_text(["2 steps", "3 steps"])
    page.get_by_role("button", name="Choose seed 10 · 2 steps").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#differences th[scope=row]")).to_have_text(["Seed", "Steps"])
    page.locator("#stage").get_by_role("button", name="Slider").click()
    expect(page.get_by_role("slider")).to_have_attribute(
        "aria-label", "seed 10 · 2 steps on the left, seed 120 · 3 steps on the right"
    )
    page.reload()
    expect(page.get_by_role("slider")).to_be_visible()
    expect(page.locator("#strip button")).to_have_count(6)


def test_votes_are_blind_counted_and_taken_back(page: Page, studio: Server) -> None:
    path = begun(studio)
    page.goto(f"{path}#vote")
    ballot = page.locator(".cmp-ballot")
    expect(ballot.locator("img")).to_have_count(2)
    expect(page.locator("#differences")).to_be_hidden()
    assert "seed" not in page.locator("#stage").inner_text()
    tally = page.locator("#stage [role=status]").locator("..")
    for number in range(1, 9):
        page.wait_for_function(
            "[...document.querySelectorAll('.cmp-ballot img')].every(image => image.complete)"
        )
        left_is_red = near(colour(ballot.locator(".cmp-frame").first, 0.5), 200)
        page.keyboard.press("ArrowLeft" if left_is_red else "ArrowRight")
        expect(tally.get_by_text(f"Votes: {number}", exact=True)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(tally.get_by_text("Votes: 9", exact=True)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(tally.get_by_text("Votes: 10", exact=True)).to_be_visible()
    page.keyboard.press("u")
    expect(tally.get_by_text("Votes: 9", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show the tally").click()
    # 8 of 8: Clopper and Pearson's lower limit is 0.025 ** (1 / 8) = 0.631
    expect(page.locator(".cmp-verdict")).to_contain_text("“seed 200” is preferred: 100 % of decided votes")
    expect(page.locator(".cmp-verdict")).to_contain_text("between 63 % and 100 %")
    expect(page.locator(".cmp-standings li").first).to_contain_text("8 won · 0 lost · 1 tied")
    found = studio.call("GET", f"/api/v1{path.replace('compare', 'boards')}/votes").json
    assert (found["votes"], found["ties"], found["not_blind"]) == (9, 1, 0)
    page.get_by_role("button", name="Clear all votes").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear all votes").click()
    expect(ballot.locator("img")).to_have_count(2)
    assert studio.call("GET", f"/api/v1{path.replace('compare', 'boards')}/votes").json["votes"] == 0


def test_both_files_can_be_opened(page: Page, studio: Server, tmp_path: Path) -> None:
    page.goto(begun(studio, title=HOSTILE))
    page.get_by_label("More").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Save as picture").click()
    with Image.open(started.value.path()) as sheet:
        assert sheet.format == "PNG"
    page.get_by_label("More").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Save as page").click()
    saved = tmp_path / "sheet.html"
    started.value.save_as(saved)
    page.goto(saved.as_uri())
    expect(page.locator("h1")).to_have_text(HOSTILE)
    expect(page.locator("td img")).to_have_count(2)
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.title() == HOSTILE
    forget(page, "file:///")


def test_hostile_words_stay_words(page: Page, studio: Server) -> None:
    axes = {"x": {"vary": "prompt", "values": [HOSTILE, f"{HOSTILE} b"], "labels": [HOSTILE, "b"]}}
    path = begun(studio, title=HOSTILE, axes=axes, request={"prompt": HOSTILE})
    for mode in ("side", "slider", "flicker", "grid", "vote"):
        page.goto(f"{path}#{mode}")
        page.reload()
        expect(page.locator("#stage img").first).to_be_visible()
        expect(page.locator("#title")).to_have_text(HOSTILE)
    page.goto("/compare")
    expect(page.locator(".cmp-card strong").first).to_have_text(HOSTILE)
    assert page.evaluate("document.querySelectorAll('img[src=x], main script').length") == 0
    assert "owned" not in page.title()


def test_pictures_beside_it_renamed_and_taken_out(page: Page, studio: Server) -> None:
    path = begun(studio, seeds=(10, 20, 30))
    names = [
        cell["picture"]["name"]
        for cell in studio.call("GET", f"/api/v1{path.replace('compare', 'boards')}").json["cells"]
    ]
    page.goto("/compare?" + "&".join(f"picture={name}" for name in names))
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("portrait of a sailor")
    page.get_by_role("button", name="Compare 3 pictures").click()
    page.wait_for_url(re.compile("/compare/[A-Za-z0-9]+"))
    expect(page.locator("#stage img")).to_have_count(3)
    page.locator("#title").click()
    page.get_by_role("textbox", name="Name").fill("Three reds")
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#title")).to_have_text("Three reds")
    page.locator(".cmp-frame").first.hover()
    page.get_by_role("button", name="portrait of a sailor · seed 10: take out").click()
    expect(page.locator("#stage img")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#strip button")).to_have_count(3)
    page.goto("/compare?picture=nobody.png")
    expect(page.locator("#problem")).to_contain_text("no picture")


def test_progress_cancel_and_again(page: Page, studio: Server) -> None:
    body = {
        "axes": {"x": {"vary": "seed", "values": [1, 2, 3]}},
        "request": {"prompt": "crawl", "steps": 60},
        "preview_every": 1,
    }
    board = studio.call("POST", "/api/v1/boards", body).json
    page.goto(f"/compare/{board['id']}")
    expect(page.locator("#progress-text")).to_have_text("0 of 3 pictures are there")
    script = "[...document.querySelectorAll('.cmp-hold progress')].some(bar => bar.value > 0)"
    wait_until(lambda: page.evaluate(script), "a step")
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.locator(".cmp-hold").get_by_text("Cancelled")).to_have_count(3)
    expect(page.locator("#progress")).to_be_hidden()
    page.locator(".cmp-hold").get_by_role("button", name="Try again").first.click()
    expect(page.locator("#progress")).to_be_visible()
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.locator("#progress")).to_be_hidden()


def test_another_server_is_added_asked_and_its_failure_told(page: Page, studio: Server) -> None:
    page.goto("/compare")
    page.get_by_text("Add another server").click()
    page.get_by_label("Name", exact=True).fill("Nobody")
    page.get_by_label("Address").fill("ftp://example.com")
    page.get_by_role("button", name="Add server").click()
    expect(page.locator(".cmp-server-form [role=alert]")).to_contain_text("http:// or https://")
    page.get_by_label("Address").fill("http://127.0.0.1:1")
    page.get_by_label("Key (if it asks for one)").fill("a-secret-word")
    page.get_by_role("button", name="Add server").click()
    expect(page.get_by_role("button", name="Nobody", exact=True)).to_have_attribute("aria-pressed", "true")
    assert "a-secret-word" not in page.content()
    page.get_by_label("Prompt", exact=True).fill("a sailor")
    page.get_by_role("button", name="As written").click()
    page.get_by_role("button", name="Compare 2 pictures").click()
    page.wait_for_url(re.compile("/compare/[A-Za-z0-9]+"))
    expect(page.locator("#stage")).to_contain_text("Nobody cannot be reached at 127.0.0.1:1.")
    page.goto("/compare")
    page.get_by_role("button", name="Forget Nobody").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.get_by_role("button", name="Nobody", exact=True)).to_have_count(0)
    forget(page, "422")


def test_what_another_server_refuses_stands_among_the_differences(page: Page, studio: Server) -> None:
    with contextmanager(run)(Maker) as maker:
        place = {"url": f"http://127.0.0.1:{maker.server_port}/v1", "key": KEY, "checkpoint": "imago"}
        assert studio.call("PUT", "/api/v1/endpoints/maker", place).status == 200
        page.goto("/compare")
        page.get_by_label("Prompt", exact=True).fill("a sailor")
        page.get_by_label("Negative prompt", exact=True).fill("glasses")
        page.get_by_text("Draft").click()
        page.get_by_role("button", name="As written").click()
        page.get_by_role("button", name="maker", exact=True).click()
        page.get_by_role("button", name="Compare 2 pictures").click()
        page.wait_for_url(re.compile("/compare/[A-Za-z0-9]+"))
        expect(page.locator("#stage img")).to_have_count(2)
        row = page.locator("#differences tr", has=page.get_by_role("rowheader", name="Not applied"))
        expect(row).to_contain_text("Seed, Negative")
        first = maker.asked[0][2]
        assert (first["negative_prompt"], first["quality"]) == ("glasses", "low")
        own = studio.call("GET", f"/api/v1/boards/{page.url.rpartition('/')[2].partition('#')[0]}").json[
            "cells"
        ][0]
        assert str(first["seed"]) == own["settings"]["seed"]
    studio.call("DELETE", "/api/v1/endpoints/maker")


def test_every_way_of_looking_passes_axe(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    path = begun(studio, seeds=(10, 120, 230))
    page.goto("/compare")
    page.get_by_label("And down").select_option("prompt")
    page.get_by_text("Add another server").click()
    axe(page)
    for mode, themes in {"side": ("dark",), "slider": ("light",), "flicker": ("light",), "grid": ("dark", "light"),
                         "vote": ("dark",)}.items():  # fmt: skip
        page.goto(f"{path}#{mode}")
        page.reload()
        expect(page.locator("#stage img").first).to_be_visible()
        axe(page, themes)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#stage").get_by_text("Votes: 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show the tally").click()
    expect(page.locator(".cmp-standings")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("mode", ["side", "slider", "flicker", "grid", "vote"])
def test_a_phone_stacks_pictures(mode: str, phone: Page, studio: Server) -> None:
    axes = {"x": {"vary": "seed", "values": [10, 120, 230]}, "y": {"vary": "steps", "values": [2, 3]}}
    phone.goto(f"{begun(studio, axes=axes)}#{mode}")
    expect(phone.locator("#stage img").first).to_be_visible()
    no_sideways_scrolling(phone)
    if mode == "side":
        boxes = [each.bounding_box() for each in phone.locator(".cmp-frame").all()]
        assert boxes[0]
        assert boxes[1]
        assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
        assert boxes[0]["width"] > 320


def test_adapters_are_compared_at_several_weights(page: Page, studio: Server) -> None:
    """The body is what the service's own tests hold to; here, that the page makes it of what was chosen."""
    name = studio.call("GET", "/api/v1/adapters").json["adapters"][0]["name"]
    page.goto("/compare")
    page.locator("#prompt").fill("portrait of a sailor")
    page.locator("#negative").fill("hats")
    page.locator("#vary-x").select_option("adapters")
    page.locator(f"[data-value='{name}']").click()
    page.locator("#weights-x").fill("0.5, 1")
    page.locator("#vary-y").select_option("seed")
    page.locator("#values-y").fill("7")
    expect(page.locator("#go-label")).to_contain_text("3 × 1")
    with page.expect_response(lambda answer: answer.url.endswith("/api/v1/boards")) as told:
        page.locator("#go").click()
    asked = told.value.request.post_data_json
    assert asked["axes"]["x"] == {"vary": "adapters", "values": ["", f"{name}:0.5", f"{name}:1"]}
    assert asked["request"]["negative"] == "hats"
    assert told.value.status == 202
    expect(page.get_by_role("columnheader", name=f"{name} 0.5", exact=True)).to_be_visible()
