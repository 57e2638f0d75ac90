"""The light stage in a browser: lamps and words, by pointer, keyboard and touch; its picture against sums in numpy."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from recipes.mini.portraits.light_color import black_body
from recipes.mini.portraits.tone import AGX_INSET
from tests.studio.conftest import forget, no_sideways_scrolling

STAGE = files("fluxgram.studio") / "assets" / "stage"
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
WORDS = "#words"
READY = "light-stage .light-wait"


def open_light(page: Page, query: str = "?renderer=2d", prompt: str = "") -> Page:
    """The page with its head unpacked and its first words said."""
    if prompt:
        kept = json.dumps(json.dumps({"prompt": prompt}))
        page.add_init_script(f"localStorage['fluxgram.draft'] ??= {kept}")
    page.goto(f"/light{query}")
    expect(page.locator(READY)).to_have_count(0)
    expect(page.locator(f"{WORDS} .first")).not_to_be_empty()
    expect(page.locator("body:not([data-busy])")).to_be_attached()
    return page


def lamps(page: Page) -> Any:
    return page.evaluate("document.querySelector('light-stage').lamps")


def handle(page: Page, lamp: str = "key") -> Any:
    return page.locator(f".light-handle.{lamp}")


def drag(page: Page, left: float, top: float, lamp: str = "key") -> None:
    """Take a lamp to a place of the picture, in shares of it."""
    picture, start = page.locator(".light-picture").bounding_box(), handle(page, lamp).bounding_box()
    assert picture
    assert start
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(picture["x"] + left * picture["width"], picture["y"] + top * picture["height"], steps=6)
    page.mouse.up()


def test_a_new_visitor_sees_a_lit_head_and_its_words(page: Page) -> None:
    open_light(page, "?renderer=webgl")
    expect(page.locator(WORDS)).to_contain_text("Rembrandt lighting, single source from the upper left")
    expect(page.locator("#prompt")).to_have_value(
        "portrait of a woman in her 30s, Rembrandt lighting, single source from the upper left, deep shadows, thin rim "
        "light along the edge of hair and shoulders, natural skin texture, 85mm lens at f/1.8"
    )
    expect(page.locator(".light-name[aria-pressed=true]")).to_have_text("Rembrandt")


def test_dragging_the_key_writes_its_words_and_undo_takes_them_back(page: Page) -> None:
    open_light(page, "?renderer=webgl", "portrait of a sailor, loop lighting from the left, 50mm lens")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 30° left, 33° up")
    drag(page, 0.86, 0.42)
    expect(page.locator(WORDS)).to_contain_text("from the right")
    expect(page.locator("#prompt")).to_have_value(
        re.compile("^portrait of a sailor, .*from the right.*, 50mm lens$")
    )
    assert lamps(page)["key"]["azimuth"] > 60
    assert "loop" not in page.locator("#prompt").input_value()
    page.locator("#undo").click()
    expect(page.locator("#prompt")).to_have_value(
        "portrait of a sailor, loop lighting from the left, 50mm lens"
    )
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 30° left, 33° up")
    expect(page.locator("#undo")).to_be_disabled()


def test_words_while_dragging_are_those_of_the_last_place(page: Page) -> None:
    """Answers that come late are not written over later ones."""
    open_light(page, prompt="portrait of a sailor")
    asked: list[int] = []
    page.on("request", lambda request: "/light/words" in request.url and asked.append(1))
    drag(page, 0.9, 0.45)
    drag(page, 0.12, 0.5)
    drag(page, 0.5, 0.2)
    expect(page.locator("body:not([data-busy])")).to_be_attached()
    key = lamps(page)["key"]
    answer = page.evaluate(
        "lamps => fetch('/api/v1/light/words', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({lamps})}).then((a) => a.json())",
        lamps(page),
    )
    assert abs(key["azimuth"]) < 12
    expect(page.locator(WORDS)).to_have_text(answer["words"])
    assert answer["words"] in page.locator("#prompt").input_value()
    assert len(asked) < 30


def test_typed_words_move_the_lamps(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor")
    page.locator("#prompt").fill("portrait of a sailor, split lighting from the right, 35mm lens at f/8")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 88° right, 13° up")
    expect(page.locator("#lens")).to_have_value("lens.35mm")
    expect(page.locator("#aperture")).to_have_value("aperture.f8")
    expect(page.locator(WORDS)).to_contain_text("split lighting")
    expect(page.locator("#prompt")).to_have_value(
        "portrait of a sailor, split lighting from the right, 35mm lens at f/8"
    )


def test_by_keyboard(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    handle(page).focus()
    page.keyboard.press("ArrowRight")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 25° left, 33° up")
    page.keyboard.press("Shift+ArrowUp")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 25° left, 34° up")
    for _ in range(11):
        page.keyboard.press("ArrowRight")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 30° right, 34° up")
    expect(page.locator("#prompt")).to_have_value(re.compile("loop lighting from the upper right"))
    page.locator(".light-dial.beside").focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".light-dial.beside")).to_have_attribute("aria-valuetext", "19° up")
    page.locator("#light-fill").focus()
    page.keyboard.press("End")
    expect(page.locator("#prompt")).to_have_value(re.compile("solid black shadows"))
    page.locator("body").press("f")
    expect(handle(page)).to_have_attribute("aria-valuetext", "key 30° left, 19° up")


def test_a_named_light_moves_the_lamps_and_keeps_the_side(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the right")
    page.locator("[data-light='light.rembrandt']").click()
    assert lamps(page)["key"]["azimuth"] == 45
    expect(page.locator("#prompt")).to_have_value(
        "portrait of a sailor, Rembrandt lighting, single source from the upper right, deep shadows"
    )
    expect(page.locator("[data-light='light.rembrandt']")).to_have_attribute("aria-pressed", "true")
    drawn = page.locator("[data-light='light.rembrandt'] canvas")
    page.locator(".light-strip[data-painted]").wait_for()
    pixels = drawn.evaluate(
        "c => Math.max(...c.getContext('2d').getImageData(0, 0, 112, 140).data.filter((_, i) => i % 4 == 0))"
    )
    assert pixels > 120


def test_the_rim_light(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    expect(handle(page, "rim")).to_be_hidden()
    page.locator("#rim-on").check()
    expect(handle(page, "rim")).to_be_visible()
    expect(page.locator("#prompt")).to_have_value(re.compile("loop lighting from the upper left.*rim light"))
    page.locator("#rim-on").uncheck()
    expect(page.locator("#prompt")).not_to_have_value(re.compile("rim light"))


def test_lens_and_aperture_write_their_words_and_blur_the_background(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, high-key lighting, 85mm lens at f/1.8")
    page.evaluate("document.querySelector('light-stage').move({background: .8}, true)")
    expect(page.locator("body:not([data-busy])")).to_be_attached()
    soft = sharpness(page)
    page.locator("#aperture").select_option("aperture.f8")
    page.locator("#lens").select_option("lens.35mm")
    expect(page.locator("#prompt")).to_have_value(re.compile("35mm lens at f/8"))
    assert sharpness(page) > 1.5 * soft


def sharpness(page: Page) -> float:
    """Differences between neighbours where nothing but background is: the upper corners."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shown = np.asarray(Image.open(io.BytesIO(page.locator(".light-canvas").screenshot())).convert("L"), float)
    corner = shown[: shown.shape[0] // 4, : shown.shape[1] // 5]
    return float(np.abs(np.diff(corner, axis=1)).mean())


def test_a_prompt_of_another_light_is_left_alone_until_a_lamp_is_moved(page: Page) -> None:
    prompt = "portrait of a woman, two-tone neon light, magenta and cyan, 85mm lens"
    open_light(page, prompt=prompt)
    expect(page.locator("#prompt")).to_have_value(prompt)
    handle(page).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#prompt")).not_to_have_value(prompt)


def test_the_server_is_away(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    page.route("**/api/v1/light/words", lambda route: route.abort())
    handle(page).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#words-error")).to_contain_text("does not answer")
    expect(page.locator("#prompt")).to_have_value("portrait of a sailor, loop lighting from the left")
    page.unroute("**/api/v1/light/words")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#words-error")).to_be_hidden()
    expect(page.locator("#prompt")).to_have_value(re.compile("loop lighting from the upper left"))
    forget(page, "ERR_FAILED")


def test_without_the_head_words_still_work(page: Page) -> None:
    page.route("**/stage/*", lambda route: route.fulfill(status=503))
    page.goto("/light")
    expect(page.locator(READY)).to_contain_text("could not be loaded")
    handle(page).focus()
    page.keyboard.press("PageUp")
    expect(page.locator("#prompt")).to_have_value(re.compile("upper left"))
    forget(page, "503")


def test_a_picture_is_made_and_its_lamps_are_drawn_over_it(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    page.locator("#make").click()
    expect(page.locator("#result job-card[data-state=done]")).to_be_visible(timeout=30_000)
    expect(page.locator("#result .light-overlay .overlay-lamp.asked")).to_be_attached()
    expect(page.locator(".overlay-legend")).to_contain_text("30° left, 33° up")
    page.get_by_role("button", name="Hide the lamps").click()
    expect(page.get_by_role("button", name="Show the lamps")).to_be_visible()


def test_lamps_are_drawn_over_a_picture_that_is_there_before_anybody_looks(page: Page) -> None:
    def late(route: Route) -> None:
        while (answer := route.fetch()).json()["state"] != "done":
            pass
        route.fulfill(response=answer)

    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    page.route("**/api/v1/jobs/*", late)
    page.locator("#make").click()
    expect(page.locator("#result .light-overlay .overlay-lamp.asked")).to_be_attached()


def test_two_lights_are_compared_with_one_seed(page: Page) -> None:
    open_light(page, prompt="portrait of a sailor, loop lighting from the left")
    page.locator("#compare").click()
    with page.expect_request("**/api/v1/boards") as sent:
        page.locator("dialog [value='light.butterfly']").click()
    cells = sent.value.post_data_json["cells"]
    assert [cell["label"] for cell in cells] == ["Loop", "Butterfly"]
    assert [cell["request"]["prompt"] for cell in cells] == [
        "portrait of a sailor, loop lighting from the left", "portrait of a sailor, butterfly lighting, open shadows",
    ]  # fmt: skip
    assert cells[0]["request"]["seed"] == cells[1]["request"]["seed"]
    page.wait_for_url("**/compare/*")


def test_a_lost_graphics_card_does_not_end_the_light(page: Page) -> None:
    open_light(page, "?renderer=webgl", "portrait of a sailor, loop lighting from the left")
    page.evaluate(
        "document.querySelector('.light-canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    for _ in range(100):
        if page.evaluate("document.querySelector('light-stage').renderer") == "2d":
            break
        page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate("document.querySelector('light-stage').renderer") == "2d"
    drag(page, 0.86, 0.42)
    expect(page.locator("#prompt")).to_have_value(re.compile("from the right"))


@pytest.mark.parametrize("query", ["?renderer=webgl", "?renderer=2d"])
def test_it_passes_axe(page: Page, axe: Callable[..., None], query: str) -> None:
    open_light(page, query)
    axe(page)


def test_on_a_phone_by_touch(phone: Page, axe: Callable[..., None]) -> None:
    open_light(phone, prompt="portrait of a sailor, loop lighting from the left")
    no_sideways_scrolling(phone)
    picture = phone.locator(".light-picture").bounding_box()
    assert picture
    phone.touchscreen.tap(picture["x"] + 0.85 * picture["width"], picture["y"] + 0.42 * picture["height"])
    expect(phone.locator("#prompt")).to_have_value(re.compile("from the right"))
    axe(phone, ("dark",))


def test_page_weight(page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, len(answer.body())))
    open_light(page, "?renderer=webgl")
    words = sum(
        size for url, size in sizes.items() if not url.endswith((".webp", ".json")) and "/api/" not in url
    )
    pack = sum(size for url, size in sizes.items() if "/stage/" in url)
    assert words <= 150_000, sorted(sizes.items(), key=lambda entry: -entry[1])[:9]
    assert 0 < pack <= 100_000


def about() -> Any:
    """What the pack says of itself."""
    return json.loads((STAGE / "stage.json").read_text("utf-8"))


def lit() -> dict[str, Any]:
    """A warm key where one of the pack's lights stands, upper left, and a blue fill."""
    azimuth, elevation = min(about()["lights"], key=lambda light: abs(light[0] + 45) + abs(light[1] - 40))
    return {
        "key": {
            "azimuth": azimuth,
            "elevation": elevation,
            "softness_degrees": 5,
            "kelvin": 3200,
            "power": 1,
        },
        "fill": {"stops": 3, "kelvin": 7000},
        "rim": {"on": False},
        "background": 0,
    }


def expected(lamps: dict[str, Any]) -> np.ndarray:
    """The pack's tiles summed up by hand: the key is one single light, the fill is the dome."""
    pack = about()

    def picture(name: str) -> np.ndarray:
        with (STAGE / name).open("rb") as file:
            return np.asarray(Image.open(file).convert("RGB"), float) / 255

    (width, height), columns, sheet = pack["tile"], pack["columns"], picture("lights.webp") ** 3

    def ratio(index: int) -> np.ndarray:
        top, left = index // columns * height, index % columns * width
        return sheet[top : top + height, left : left + width] * pack["scales"][index]

    key, dome = (
        pack["lights"].index([lamps["key"]["azimuth"], lamps["key"]["elevation"]]),
        len(pack["scales"]) - 1,
    )
    shares = {key: tint(3200), dome: tint(7000) / 8}
    total = sum(ratio(index) * share for index, share in shares.items())
    metered = pack["face"][key] + 0.35 * pack["face"][dome] / 8
    exposure = 0.4 / (metered**0.6 * 0.6**0.4)
    size = (320, 400)
    spread = [
        Image.fromarray(total[..., c].astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
        for c in range(3)
    ]
    head = Image.fromarray((picture("head.webp") * 255).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    light = (np.asarray(head, float) / 255) ** 2 * pack["most"] * np.stack(spread, -1) * exposure
    return develop(light)


def tint(kelvin: float) -> np.ndarray:
    """A lamp's colour by the black body's fit of recipes/mini, as much of it as the camera leaves."""
    cast = (np.maximum(black_body(kelvin), 0.02) / black_body(5400)) ** 0.6
    return cast / (cast @ LUMINANCE)


def develop(light: np.ndarray) -> np.ndarray:
    """AgX with the stage's contrast and saturation, by the matrices of recipes/mini."""
    stops = (np.log2(np.maximum(light @ AGX_INSET.T, 2e-4)) + 12.47393) / 16.5
    v = np.clip(stops, 0, 1)
    film = 15.5 * v**6 - 40.14 * v**5 + 31.96 * v**4 - 6.868 * v**3 + 0.4298 * v**2 + 0.1191 * v - 0.00232
    saturate = 1.16 * np.eye(3) + (1 - 1.16) * np.outer(np.ones(3), LUMINANCE)
    back = np.linalg.inv(AGX_INSET) @ saturate
    return np.clip((np.clip(film, 0, 1) ** 1.32) @ back.T, 0, 1) * 255


@pytest.mark.parametrize("query", ["?renderer=webgl", "?renderer=2d"])
def test_the_picture_is_the_sum_of_the_packs_lights(page: Page, query: str) -> None:
    open_light(page, query)
    assert page.evaluate("document.querySelector('light-stage').renderer") == query.partition("=")[2]
    lamps = lit()
    data = page.evaluate(
        """lamps => new Promise((done) => {
          const stage = document.querySelector('light-stage');
          stage.lamps = lamps;
          requestAnimationFrame(() => requestAnimationFrame(() => done(stage.querySelector('canvas').toDataURL())));
        })""",
        lamps,
    )
    shown = Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")
    pixels = np.asarray(shown.resize((320, 400), Image.Resampling.BOX), float)
    off = np.abs(pixels - expected(lamps))
    assert off.mean() < 2.5
    assert np.percentile(off, 99) < 24  # edges and the eyes' highlights aside
    assert pixels[:, :160].mean() > 1.3 * pixels[:, 160:].mean()  # lit from the left
