"""Characters and shoots in a real browser: kept, tried, shot, drawn again; two tabs, a phone, hostile names."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.jobs.tiny_engine import colour_of
from tests.serving import Server, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling

ANCHOR = "woman in her 30s, olive skin, brown eyes"
HOSTILE = "Eve <img src=x onerror=alert(1)> \"' {{7*7}}"


def keep(studio: Server, name: str, **more: Any) -> Any:
    """A character, straight at the service."""
    answer = studio.call("POST", "/api/v1/characters", {"name": name, "anchor": ANCHOR, "seed": 4242} | more)
    assert answer.status in (201, 409), answer.body
    return answer.json


def read(studio: Server, slug: str) -> Any:
    return studio.call("GET", f"/api/v1/characters/{slug}").json


def test_nobody_yet_teaches_and_the_first_is_made(
    page: Page, studio: Server, axe: Callable[..., None]
) -> None:
    page.goto("/characters")
    expect(page.get_by_role("heading", name="Keep a face")).to_be_visible()
    expect(page.get_by_text("The seed is the noise that a picture begins from.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Make your first character").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Anchor").fill("woman in a red coat, window light")
    expect(page.get_by_text("The anchor names clothes (coat)")).to_be_visible()
    axe(page, ("light",))
    page.get_by_label("Anchor").fill(ANCHOR)
    expect(page.get_by_text("Reads well")).to_be_visible()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Keep").press("Enter")
    page.wait_for_url("**/characters/ada")
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    assert read(studio, "ada")["anchor"] == ANCHOR
    assert page.locator("#seed").input_value() == read(studio, "ada")["seed_text"]


def test_a_name_that_is_none_is_told_in_the_dialog(page: Page, studio: Server) -> None:
    keep(studio, "Ada")
    page.goto("/characters")
    page.get_by_role("button", name="New character").click()
    page.get_by_label("Name").fill("ADA")
    page.get_by_label("Anchor").fill("somebody else")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("There is a character 'ada' already.")).to_be_visible()
    assert page.get_by_label("Anchor").input_value() == "somebody else"
    page.get_by_label("Name").fill("???")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("has no letter or digit")).to_be_visible()
    forget(page, "409")
    forget(page, "422")


def test_four_seeds_and_one_is_locked(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    keep(studio, "Seeds")
    page.goto("/characters/seeds")
    page.get_by_role("button", name="Try four").click()
    expect(page.locator(".seed-frame img")).to_have_count(4)
    third = page.locator(".seed-cell").nth(2)
    seed = (third.get_by_role("button").text_content() or "").split()[-1]
    third.get_by_role("button").click()
    expect(page.get_by_text(f"Seed {seed} is locked. From now on this is Seeds.")).to_be_visible()
    assert read(studio, "seeds")["seed_text"] == seed
    expect(third).to_contain_text("locked now")
    expect(page.get_by_role("img", name="Portrait of Seeds")).to_be_visible()
    axe(page)
    page.reload()  # the other three can be chosen still
    first = page.locator(".seed-cell").nth(0)
    first.get_by_role("button").click()
    expect(first).to_contain_text("locked now")
    assert read(studio, "seeds")["seed_text"] == str(int(seed) - 2)
    page.goto("/characters")
    face = page.get_by_role("link", name="Open Seeds").locator("img")
    expect(face).to_be_visible()
    small = studio.call("GET", (face.get_attribute("src") or ""))
    with Image.open(io.BytesIO(small.body)) as image:
        wanted = colour_of(int(seed))
        assert all(
            abs(a - b) < 12 for a, b in zip(image.convert("RGB").getpixel((9, 9)), wanted, strict=True)
        )  # type: ignore[arg-type]


def test_what_was_typed_survives_a_reload(page: Page, studio: Server) -> None:
    keep(studio, "Draft")
    page.goto("/characters/draft")
    page.get_by_label("Notes").fill("for the spring issue")
    expect(page.get_by_text("Changes are not saved yet")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("for the spring issue")
    page.keyboard.press("Control+s")
    expect(page.locator(".save-state")).to_have_text("Saved")
    assert read(studio, "draft")["notes"] == "for the spring issue"
    page.get_by_label("Locked seed").fill("-5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A seed is a whole number from 0")).to_be_visible()
    page.get_by_label("Locked seed").fill(str(2**64 - 1))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".save-state")).to_have_text("Saved")
    assert read(studio, "draft")["seed_text"] == str(2**64 - 1)


def test_two_tabs_change_one_character(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    keep(studio, "Both")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto("/characters/both")
        expect(tab.get_by_label("Anchor")).to_have_value(ANCHOR)
    other.evaluate("localStorage.clear()")  # as another browser: it shares no draft
    other.get_by_label("Anchor").fill("woman in her 40s")
    other.get_by_label("Notes").fill("theirs")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".save-state")).to_have_text("Saved")
    page.get_by_label("Anchor").fill("woman in her 20s")
    page.get_by_label("Negative prompt").fill("glasses")
    page.get_by_role("button", name="Save").click()
    panel = page.get_by_role("region", name="Both was changed meanwhile")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("woman in her 40s")
    expect(panel).to_contain_text("woman in her 20s")
    axe(page)
    assert read(studio, "both")["anchor"] == "woman in her 40s"  # nothing was overwritten
    panel.get_by_role("group", name="Anchor").get_by_label("The other version").check()
    panel.get_by_role("button", name="Use these").click()
    expect(page.get_by_label("Anchor")).to_have_value("woman in her 40s")
    expect(page.get_by_label("Negative prompt")).to_have_value("glasses")  # only this side had changed it
    expect(page.get_by_label("Notes")).to_have_value("theirs")  # only the other side had
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".save-state")).to_have_text("Saved")
    kept = read(studio, "both")
    assert (kept["anchor"], kept["negative"], kept["notes"]) == ("woman in her 40s", "glasses", "theirs")
    forget(page, "412")
    studio.call("DELETE", "/api/v1/characters/both")
    page.get_by_label("Notes").fill("still here")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Both was deleted meanwhile")).to_be_visible()
    page.get_by_role("button", name="Keep it again").click()
    expect(page.locator(".save-state")).to_have_text("Saved")
    assert read(studio, "both")["notes"] == "still here"
    forget(page, "412")


def test_a_character_is_deleted(page: Page, studio: Server) -> None:
    keep(studio, "Gone")
    page.goto("/characters/gone")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/characters")
    expect(page.get_by_text("Gone was deleted.")).to_be_visible()
    assert studio.call("GET", "/api/v1/characters/gone").status == 404


def test_a_shoot_from_the_form_to_the_contact_sheet(
    page: Page, studio: Server, axe: Callable[..., None], tmp_path: Any
) -> None:
    keep(studio, "Mara")
    page.goto("/shoots")
    expect(page.get_by_role("heading", name="One face, many scenes")).to_be_visible()
    page.get_by_role("link", name="New shoot").first.click()
    page.get_by_label("Title").wait_for()
    for chip in page.locator(".who-chip[aria-pressed=true]").all():
        chip.click()
    page.get_by_role("button", name="Mara").click()
    page.get_by_label("Title").fill("Two scenes")
    page.get_by_role("button", name="By the window", exact=True).click()
    expect(page.locator(".plan-list li")).to_have_count(2)
    expect(page.locator(".plan-list li").nth(1)).to_contain_text("Woman in her 30s, olive skin, brown eyes")
    expect(page.locator(".plan-list li").nth(1)).to_contain_text("window light from the left")
    expect(page.locator(".plan-list li").nth(1)).to_contain_text("seed 4242")
    axe(page)
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Two scenes")
    page.get_by_role("button", name="Shoot 2 pictures").click()
    page.wait_for_url(re.compile(r"/shoots/\w{12,}$"))
    expect(page.locator(".shot img")).to_have_count(2)
    expect(page.get_by_text("All 2 drawn")).to_be_visible()
    expect(page.get_by_role("heading", name="Two scenes")).to_be_visible()
    axe(page)
    board = page.url.rsplit("/", 1)[1]
    # by keyboard: to the second frame, keep it, draw it again with a new seed
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("f")
    expect(page.locator(".shot").nth(1)).to_have_class(re.compile("kept"))
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Draw By the window again")
    dialog.get_by_text("A new one").click()
    axe(page, ("dark",))
    dialog.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator(".shot").nth(1).get_by_role("button", name="Take 2")).to_be_visible()
    shot = wait_until(
        lambda: (
            (frame := studio.call("GET", f"/api/v1/shoots/{board}").json["frames"][1])["picture"] and frame
        ),
        "the second take",
    )
    assert shot["takes"][1]["seed"] != "4242"
    expect(page.locator(".shot").nth(1)).to_contain_text(shot["takes"][1]["seed"])
    page.locator(".shot").nth(1).get_by_role("button", name="Take 1").click()
    expect(page.locator(".shot").nth(1)).to_contain_text("seed 4242")
    # what is rejected is not on the sheet
    page.locator(".shot").first.get_by_role("button", name="Reject").click()
    expect(page.locator(".shot").first).to_have_class(re.compile("rejected"))
    page.get_by_text("Export").click()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Contact sheet (PNG)").click()
    caught.value.save_as(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.getpixel((60, 60)) == colour_of(4242)
        assert sheet.width < 400  # one picture
    page.goto("/shoots")
    expect(page.get_by_role("link", name="Two scenes")).to_be_visible()
    axe(page, ("dark",))
    page.get_by_role("button", name="Put into the bin: Two scenes").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Two scenes")).to_be_visible()


def test_the_file_is_written_by_hand_and_what_is_wrong_is_told(page: Page, axe: Callable[..., None]) -> None:
    page.goto("/shoots/new")
    page.get_by_role("button", name="Character sheet").click()
    area = page.get_by_label("The shoot as TOML")
    expect(area).to_have_value(re.compile("Character sheet: Mara"))
    expect(page.locator(".plan-list li")).to_have_count(6)
    expect(page.get_by_role("button", name="Shoot 6 pictures")).to_be_enabled()
    axe(page)
    area.fill(area.input_value().replace('light = "loop"', 'light = "lopp"\ncolour = "red"'))
    expect(page.get_by_role("alert").filter(has_text="colour")).to_be_visible()
    expect(page.get_by_role("button", name="Shoot 6 pictures")).to_be_disabled()
    page.reload()
    expect(page.get_by_label("The shoot as TOML")).to_have_value(re.compile('colour = "red"'))
    forget(page, "422")


def test_cancelled_frames_are_drawn_later(page: Page, studio: Server) -> None:
    scenes = "".join(f'[[scene]]\nname = "s{n}"\nsubject = "endless along"\n' for n in range(3))
    file = f'[shoot]\nquality = "draft"\n[[character]]\nname = "C"\nanchor = "woman"\nseed = 5\n{scenes}'
    board = studio.call("POST", "/api/v1/shoots", {"file": file}).json["board"]
    page.goto(f"/shoots/{board}")
    page.get_by_role("button", name="Cancel the rest").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
    expect(page.get_by_role("button", name="Draw it").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d of 3 drawn, \d not"))).to_be_visible()
    page.get_by_role("button", name="Draw it").first.click()
    shown = page.locator("main")  # not the number of waiting jobs in the frame
    expect(shown.get_by_text("Drawing").or_(shown.get_by_text("Waiting")).first).to_be_visible()
    studio.call("POST", f"/api/v1/shoots/{board}/cancel")


def test_hostile_names(page: Page, studio: Server) -> None:
    made = keep(studio, HOSTILE, notes="<script>alert(2)</script>")
    file = '[[character]]\nname = "<b>x</b>"\nanchor = "<i>who</i>"\nseed = 1\n[[scene]]\nname = "<u>scene</u>"\n'
    title = "</script><script>alert(3)</script>"
    answer = studio.call("POST", "/api/v1/shoots", {"file": f"[shoot]\ntitle = '{title}'\n{file}"})
    assert answer.status == 202, answer.body
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for path in ("/characters", f"/characters/{made['slug']}", "/shoots", f"/shoots/{answer.json['board']}"):
        page.goto(path)
        expect(page.locator("main [aria-busy]")).to_have_count(0)
        assert page.locator("main img[src=x], main b, main i, main u, main script").count() == 0
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.goto(f"/characters/{made['slug']}")
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()


def test_what_is_not_there(page: Page) -> None:
    for path in (
        "/characters/nobody-at-all",
        "/shoots/nosuchboard1",
        "/shoots/%3Cscript%3E",
        "/characters/%3F%3F%3F",
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404, path
        expect(page.locator("main")).to_contain_text(re.compile("There is no|has no letter"))
    forget(page, "404")


def test_a_phone(phone: Page, studio: Server, axe: Callable[..., None]) -> None:
    keep(studio, "Phone")
    file = (
        '[[character]]\nname = "A"\nanchor = "woman"\nseed = 3\n[[scene]]\nname = "a long name of a scene"\n'
    )
    board = studio.call("POST", "/api/v1/shoots", {"file": file}).json["board"]
    for path in ("/characters", "/characters/phone", "/shoots", "/shoots/new", f"/shoots/{board}"):
        phone.goto(path)
        expect(phone.locator("main [aria-busy]")).to_have_count(0)
        no_sideways_scrolling(phone)
    axe(phone, ("light",))


def test_the_weight_of_the_pages(open_page: Callable[..., Page], studio: Server) -> None:
    keep(studio, "Light")
    for path in ("/characters", "/characters/light", "/shoots/new", "/settings"):
        page = open_page()
        sizes: list[int] = []
        page.on("response", lambda got, sizes=sizes: sizes.append(len(got.body()))
                if got.request.resource_type in ("document", "script", "stylesheet") else None)  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert 20_000 < sum(sizes) <= 150_000, (path, sum(sizes))
