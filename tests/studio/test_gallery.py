"""The gallery in a browser: culled by keyboard, searched, filled by dropping files, the same with 5,000 pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.serving import Server, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling
from tests.studio.pictures import fill

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
A1111 = """a lighthouse keeper <script>alert(1)</script>
Negative prompt: blur
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 18446744073709551615, Size: 512x768, Model: other, Version: v1.9"""


def png(
    text: str = "", size: tuple[int, int] = (64, 96), colour: tuple[int, int, int] = (120, 90, 60)
) -> bytes:
    chunks, out = PngInfo(), io.BytesIO()
    if text:
        chunks.add_itxt("parameters", text)
    Image.new("RGB", size, colour).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def bring(studio: Server, words: str, **colour: Any) -> dict[str, Any]:
    """Keep a picture with a prompt."""
    answer = studio.call("POST", "/api/v1/imports", png(f"{words}\nSteps: 4, Seed: 1, Size: 64x96", **colour))
    assert answer.status == 201, answer.body
    return dict(answer.json)


def card(studio: Server, name: str) -> dict[str, Any]:
    return dict(studio.call("GET", f"/api/v1/pictures/{name}").json)


def three(studio: Server, mark: str) -> list[dict[str, Any]]:
    """Three pictures that a word finds, the newest first."""
    made = [bring(studio, f"{mark} number {n}") for n in range(3)]
    return made[::-1]


def open_found(page: Page, mark: str, count: int) -> None:
    page.goto(f"/gallery?q={mark}")
    page.wait_for_selector(f"#grid li:nth-child({count})")


def drop(page: Page, name: str, data: bytes, kind: str = "image/png") -> None:
    """Drop a file onto the page, as a hand would."""
    transfer = page.evaluate_handle(
        """([name, kind, text]) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, { type: kind }));
          return transfer;
        }""",
        [name, kind, base64.b64encode(data).decode()],
    )
    page.dispatch_event("#main", "dragenter", {"dataTransfer": transfer})
    assert page.locator(".drop-veil").is_visible()
    page.dispatch_event("#main", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("#main", "drop", {"dataTransfer": transfer})
    assert page.locator(".drop-veil").is_hidden()


def test_an_empty_gallery_teaches(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    page.goto("/gallery")
    page.wait_for_selector("#empty-new:visible")
    assert page.locator("#empty-new a[href='/']").is_visible()
    axe(page)
    page.goto("/gallery?trashed=true")
    page.wait_for_selector("#empty-bin:visible")
    page.goto("/gallery?q=nothing")
    page.click("#clear-filters")
    page.wait_for_selector("#empty-new:visible")
    assert page.url.endswith("/gallery")


def test_culling_by_keyboard(studio: Server, page: Page) -> None:
    first, second, third = three(studio, "culling")
    open_found(page, "culling", 3)
    page.keyboard.press("ArrowRight")  # into the grid
    assert page.evaluate("document.activeElement.closest('li').ariaPosInSet") == "1"
    page.keyboard.press("4")
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")  # rejected: it goes, and the next one has the focus
    wait_until(lambda: page.locator("#grid li").count() == 2, "the rejected one to go")
    assert page.evaluate("document.activeElement.closest('figure').dataset.name") == third["name"]
    page.keyboard.press("5")
    page.keyboard.press("0")
    wait_until(lambda: card(studio, second["name"])["rejected"], "the reject")
    wait_until(lambda: card(studio, first["name"])["favourite"], "the favourite")
    found = card(studio, first["name"])
    assert (found["rating"], found["favourite"], found["rejected"]) == (4, True, False)
    page.keyboard.press("Control+z")  # the stars of the third
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")  # the reject
    wait_until(lambda: page.locator("#grid li").count() == 3, "the rejected one to come back")
    wait_until(lambda: not card(studio, second["name"])["rejected"], "the reject to be undone")
    assert card(studio, third["name"])["rating"] == 0
    label = page.locator(f"figure[data-name='{first['name']}'] a").get_attribute("aria-label")
    assert label == "culling number 2, 4 stars, favourite, imported"


def test_several_are_marked_tagged_and_compared(studio: Server, page: Page) -> None:
    cards = three(studio, "several")
    open_found(page, "several", 3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#selected").inner_text() == "2 selected"
    page.keyboard.press("3")
    page.keyboard.press("t")
    page.fill("#dialog-input", "Best of,  kitchen ")
    page.keyboard.press("Enter")
    for each in cards[:2]:
        wait_until(lambda name=each["name"]: card(studio, name)["tags"] == ["best of", "kitchen"], "the tags")
        assert card(studio, each["name"])["rating"] == 3
    assert card(studio, cards[2]["name"])["tags"] == []
    page.keyboard.press("Escape")
    assert page.locator("#selection").is_hidden()
    page.click(f"figure[data-name='{cards[2]['name']}'] a", modifiers=["Control"])
    page.click(f"figure[data-name='{cards[0]['name']}'] a", modifiers=["Shift"])
    assert page.locator("#selected").inner_text() == "3 selected"
    page.goto("/gallery?tag=kitchen")
    page.wait_for_selector("#grid li:nth-child(2)")
    assert page.locator("#grid li").count() == 2


def test_deleting_is_undone(studio: Server, page: Page) -> None:
    first, *_ = three(studio, "deleting")
    open_found(page, "deleting", 3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    wait_until(lambda: page.locator("#grid li").count() == 2, "it to go")
    wait_until(lambda: card(studio, first["name"])["trashed"], "the bin")
    page.click("#toasts .toast >> text=Undo")
    wait_until(lambda: page.locator("#grid li").count() == 3, "it to come back")
    wait_until(lambda: card(studio, first["name"])["trashed"] is None, "the bin to give it back")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    page.goto("/settings")  # left at once: it is sent all the same
    wait_until(lambda: studio.call("GET", "/api/v1/pictures?trashed=true").json["pictures"], "the bin")
    page.goto("/gallery?trashed=true")
    page.wait_for_selector("#grid li")
    assert page.locator("#empty-bin-button").is_visible()
    page.click("#empty-bin-button")
    page.click("dialog >> text=Remove for good")
    page.wait_for_selector("#empty-bin:visible")
    assert studio.call("GET", "/api/v1/pictures?trashed=true").json["pictures"] == []


def test_searching(studio: Server, page: Page) -> None:
    bring(studio, "a searching 100% sailor")
    bring(studio, "a searching queen")
    page.goto("/gallery?q=searching")
    page.wait_for_selector("#grid li:nth-child(2)")
    page.keyboard.press("/")
    page.keyboard.type("searching 100%")
    wait_until(lambda: page.locator("#grid li").count() == 1, "one to be found")
    assert "q=searching+100%25" in page.url
    page.reload()  # the address holds the search
    page.wait_for_selector("#grid li")
    assert page.locator("#grid li").count() == 1
    assert page.input_value("input[name=q]") == "searching 100%"
    page.fill("input[name=q]", "searching nothing")
    page.wait_for_selector("#empty-filter:visible")


def test_the_viewer(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    first, second, third = three(studio, "viewing")
    open_found(page, "viewing", 3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer .facts")
    assert page.url.endswith(f"/gallery/{first['name']}")
    assert page.locator(".viewer-place").inner_text() == "1 of 3"
    assert page.locator(".viewer-percent").inner_text() == "300 %"  # small ones are enlarged no further
    page.keyboard.press("z")
    assert page.locator(".viewer-percent").inner_text() == "300 %" or page.locator(".is-zoomed").count() == 1
    axe(page)
    page.keyboard.press("ArrowRight")
    assert page.url.endswith(f"/gallery/{second['name']}")
    page.keyboard.press("2")
    wait_until(lambda: card(studio, second["name"])["rating"] == 2, "two stars")
    page.keyboard.press("Delete")  # the next one is shown, and it can be undone from here
    wait_until(lambda: page.url.endswith(f"/gallery/{third['name']}"), "the next one")
    page.click("#toasts .toast >> text=Undo")
    wait_until(lambda: card(studio, second["name"])["trashed"] is None, "the undo")
    page.keyboard.press("Escape")
    page.wait_for_selector(".viewer", state="hidden")
    assert page.url.endswith("/gallery?q=viewing")
    focused = page.evaluate("document.activeElement.closest('figure').dataset.name")
    assert focused == third["name"]


def test_dropping_a_picture_of_another_program(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    page.goto("/gallery?q=lighthouse")
    drop(page, "keeper.png", png(A1111))
    page.wait_for_selector(".drop .facts-words")
    said = page.locator(".drop").inner_text()
    assert "a lighthouse keeper <script>alert(1)</script>" in said
    assert "18446744073709551615" in said
    axe(page)
    page.click(".drop >> text=Keep in the gallery")
    page.wait_for_selector("#grid li")
    drop(page, "keeper.png", png(A1111))
    page.click(".drop >> text=Use these settings")
    page.wait_for_url("**/")
    draft = page.evaluate("JSON.parse(localStorage.getItem('fluxgram.draft'))")
    expected = {
        "seed": "18446744073709551615",
        "locked": True,
        "size": "512x768",
        "negative": "blur",
        "checkpoint": "",
    }
    assert {key: draft[key] for key in expected} == expected
    assert draft["prompt"] == "a lighthouse keeper <script>alert(1)</script>"


def test_dropping_what_cannot_be_read(page: Page) -> None:
    page.goto("/gallery")
    drop(page, "notes.png", b"I am a text, whatever my name says.")
    page.wait_for_selector(".drop [role=alert]")
    assert "notes.png is not a picture that can be read." in page.locator(".drop [role=alert]").inner_text()
    page.click(".drop >> text=Close")
    forget(page, "422")
    path = page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(50_000_000)], "large.png", { type: "image/png" }));
          return transfer;
        }"""
    )
    page.dispatch_event("#main", "drop", {"dataTransfer": path})
    page.wait_for_selector(".drop [role=alert]")
    assert (
        "large.png has 50.0 MB; at most 40.0 MB are read." in page.locator(".drop [role=alert]").inner_text()
    )


def test_a_pictures_own_page(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    parent = bring(studio, "an ancestor")
    order = {"prompt": "a child", "seed": 3, "size": "64x96", "parent": parent["name"], "relation": "push"}
    job = studio.call("POST", "/api/v1/jobs", order).json["id"]
    done = wait_until(
        lambda: (
            (found := studio.call("GET", f"/api/v1/jobs/{job}?wait=10").json)["state"] == "done" and found
        ),
        "the child",
    )
    name = done["pictures"][0]["name"]
    page.goto(f"/gallery/{name}")
    assert page.locator("h1").inner_text() == "a child"
    page.wait_for_selector(".lineage-tree a")
    assert page.locator(".lineage-node").count() == 2
    assert page.locator(".lineage-node[aria-current]").get_attribute("href") == f"/gallery/{name}"
    page.keyboard.press("3")
    page.keyboard.press("f")
    wait_until(lambda: (found := card(studio, name))["rating"] == 3 and found["favourite"], "the marks")
    axe(page)
    page.keyboard.press(" ")
    page.wait_for_selector(".viewer:visible")
    page.keyboard.press("Escape")
    page.wait_for_selector(".viewer", state="hidden")
    page.focus(f".lineage-node[href='/gallery/{parent['name']}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{parent['name']}")
    assert "Brought from elsewhere" in page.locator("#main").inner_text()
    for relation in ("more", "push", "again"):
        assert page.locator(f"a[href='/?from={parent['name']}&relation={relation}']").count() == 1
    assert page.goto("/gallery/nobody.png").status == 404  # type: ignore[union-attr]
    forget(page, "404")


def test_a_refused_mark_is_taken_back(studio: Server, page: Page) -> None:
    first, *_ = three(studio, "refusing")
    open_found(page, "refusing", 3)
    page.route("**/api/v1/pictures/marks", lambda route: route.abort())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    page.wait_for_selector("#toasts .toast.bad")
    label = page.locator(f"figure[data-name='{first['name']}'] a").get_attribute("aria-label")
    assert "stars" not in str(label)
    forget(page, "ERR_FAILED")


def test_five_thousand_pictures(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    fill(studio.home, 5000)
    page.goto("/gallery?q=portrait")
    page.wait_for_selector("#grid li:nth-child(10)")
    page.wait_for_selector("#count:has-text('5,000')")
    page.wait_for_selector("#grid li[aria-setsize='5000']")
    before = page.evaluate("document.documentElement.scrollHeight")
    most = page.locator("*").count()
    for share in (0.1, 0.35, 0.6, 0.85, 1.0):
        page.evaluate("share => scrollTo({ top: document.documentElement.scrollHeight * share })", share)
        wait_until(
            lambda: page.evaluate(
                """() => [...document.querySelectorAll('#grid li')].some((item) => {
                  const box = item.getBoundingClientRect();
                  return box.bottom > 0 && box.top < innerHeight;
                })"""
            ),
            "pictures at that height",
        )
        most = max(most, page.locator("*").count())
    assert most < 3000
    wait_until(
        lambda: page.evaluate(
            "scrollTo({ top: 1e9 }) || document.querySelector(\"#grid li[aria-posinset='5000']\")"
        ),
        "the last picture",
    )
    after = page.evaluate("document.documentElement.scrollHeight")
    assert abs(after - before) / before < 0.25  # the scrollbar told the truth from the beginning
    assert page.locator("#grid li").count() < 200
    page.keyboard.press("Home")
    page.keyboard.press("End")
    wait_until(
        lambda: page.evaluate("document.activeElement.closest('li')?.ariaPosInSet") == "5000", "the end"
    )
    axe(page)


def test_on_a_phone(studio: Server, phone: Page, axe: Callable[..., None]) -> None:
    cards = three(studio, "phone")
    open_found(phone, "phone", 3)
    no_sideways_scrolling(phone)
    axe(phone)
    phone.tap("#choose")
    phone.tap(f"figure[data-name='{cards[0]['name']}'] a")
    assert phone.locator("#selected").inner_text() == "1 selected"
    no_sideways_scrolling(phone)
    phone.tap("#choose")
    phone.tap(f"figure[data-name='{cards[0]['name']}'] a")
    phone.wait_for_selector(".viewer:visible")
    no_sideways_scrolling(phone)
    phone.goto(f"/gallery/{cards[0]['name']}")
    phone.wait_for_selector("#ways a")
    no_sideways_scrolling(phone)
    axe(phone)


def test_choosing_from_the_gallery(studio: Server, page: Page, axe: Callable[..., None]) -> None:
    first, second, _ = three(studio, "choosing")
    page.goto("/gallery?q=choosing")
    pick = """(many) => import(document.body.dataset.assets + 'pick.js')
      .then((found) => { window.picked = found.pick({ many }); })"""
    page.evaluate(pick, True)
    page.fill("dialog.pick input", "choosing")
    wait_until(lambda: page.locator(".pick-choice").count() == 3, "the found ones")
    axe(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.click("dialog.pick >> text=Take 2")
    picked = page.evaluate("window.picked.then((cards) => cards.map((card) => card.name))")
    assert picked == [first["name"], second["name"]]
    page.evaluate(pick, False)
    page.wait_for_selector("dialog.pick")
    page.keyboard.press("Escape")
    assert page.evaluate("window.picked") == []
