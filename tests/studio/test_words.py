"""The prompt editor and the composer, on the start page and alone: writing, mending, choosing, enhancing, undoing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from fluxgram.photography.catalog import catalog
from tests.studio.conftest import forget, no_sideways_scrolling

TEXT = "prompt-editor textarea.words-text"
MARKS = ".words-mirror mark"
SAID = catalog().term


@pytest.fixture
def writing(page: Page) -> Page:
    """The start page with the caret in an empty prompt and all chips there."""
    expect.set_options(timeout=60_000)  # machines that run tests can be very slow
    page.goto("/")
    expect(page.locator("prompt-composer .chip").first).to_be_visible()
    page.locator(TEXT).click()
    return page


def text(page: Page) -> str:
    return page.locator(TEXT).input_value()


def write(page: Page, words: str) -> None:
    """Type, and wait until it is checked and the list beneath is there: chips lie lower then."""
    page.keyboard.type(words)
    expect(page.locator(".words-finding, .words-count.none").first).to_be_visible()


def says(page: Page, words: str) -> None:
    expect(page.locator(TEXT)).to_have_value(words)


def chip(page: Page, term: str) -> Locator:
    return page.locator(f"prompt-composer [data-term='{term}']")


def pressed(page: Page) -> set[str]:
    """Ids of the terms whose chips are pressed."""
    chips = page.locator("prompt-composer .chip[aria-pressed=true]")
    return set(chips.evaluate_all("chips => chips.map((chip) => chip.dataset.term)"))


def caret(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate(
        "(({ className: name, selectionStart, selectionEnd }) => [name, selectionStart, selectionEnd])"
        "(document.activeElement)"
    )
    return found


def underlined(page: Page) -> list[list[str]]:
    """Class and words of every place that is marked."""
    found: list[list[str]] = page.locator(MARKS).evaluate_all(
        "all => all.map((one) => [one.className, one.textContent])"
    )
    return found


def line_box(page: Page, words: str) -> dict[str, float]:
    """Where words of the field are, measured on a copy of it rather than on the mirror."""
    found: dict[str, float] = page.evaluate(
        """([selector, words]) => {
          const field = document.querySelector(selector), copy = document.createElement("div");
          const look = getComputedStyle(field), box = field.getBoundingClientRect();
          for (const name of ["font", "letterSpacing", "padding", "whiteSpace", "overflowWrap"]) {
            copy.style[name] = look[name];
          }
          const place = { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px` };
          Object.assign(copy.style, place, { position: "fixed", boxSizing: "border-box" });
          copy.textContent = field.value;
          document.body.append(copy);
          const range = document.createRange(), at = field.value.indexOf(words);
          range.setStart(copy.firstChild, at);
          range.setEnd(copy.firstChild, at + words.length);
          const { left, top, width } = range.getBoundingClientRect();
          copy.remove();
          return { left, top, width };
        }""",
        [TEXT, words],
    )
    return found


def test_a_finding_is_underlined_where_it_is_and_mended_by_a_key(writing: Page) -> None:
    page = writing
    page.keyboard.type("👩‍🦰 portrait of a woman in her 30s, rembrant lighting, 85mm lens")
    mark = page.locator(MARKS, has_text="rembrant")
    expect(mark).to_have_class("warning")
    assert ["warning", "rembrant"] in underlined(page)
    drawn, box = mark.evaluate("mark => mark.getBoundingClientRect().toJSON()"), line_box(page, "rembrant")
    assert drawn["left"] == pytest.approx(box["left"], abs=1)
    assert drawn["width"] == pytest.approx(box["width"], abs=1)
    assert drawn["top"] == pytest.approx(box["top"], abs=3)
    assert mark.evaluate("mark => getComputedStyle(mark).textDecorationStyle") == "dashed"
    page.keyboard.press("F8")
    page.keyboard.press("F8")
    while page.evaluate("getSelection().toString()") != "rembrant":
        page.keyboard.press("F8")
    page.keyboard.press("Alt+Enter")
    says(page, "👩‍🦰 portrait of a woman in her 30s, Rembrandt lighting, 85mm lens")
    expect(mark).to_have_count(0)
    assert caret(page)[0] == "words-text"
    page.keyboard.press("Control+z")
    says(page, "👩‍🦰 portrait of a woman in her 30s, rembrant lighting, 85mm lens")
    page.keyboard.press("Control+Shift+z")
    says(page, "👩‍🦰 portrait of a woman in her 30s, Rembrandt lighting, 85mm lens")


def test_undoing_goes_back_through_typing_chips_and_fixes_alike(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    chip(page, "light.window").click()
    says(page, "portrait of a woman, soft window light")
    page.locator(TEXT).press("End")
    page.keyboard.type(", rembrant")
    page.locator(".words-undo").click()
    while text(page) != "portrait of a woman, soft window light":
        page.locator(".words-undo").click()
    page.locator(TEXT).focus()
    page.keyboard.press("Control+z")
    says(page, "portrait of a woman")
    for _ in range(10):
        page.keyboard.press("Control+z")
    says(page, "")
    expect(page.locator(".words-undo")).to_be_disabled()
    page.keyboard.press("Control+y")
    assert text(page) != ""


def test_the_list_beneath_mends_shows_and_explains(writing: Page) -> None:
    page = writing
    page.keyboard.type("portrait of a woman, perfect skin, rembrant lighting")
    item = page.locator(".words-finding", has_text="rembrant")
    item.get_by_role("button", name="Why").click()
    expect(item.get_by_text("What it does")).to_be_visible()
    expect(item.locator(".words-why code").first).to_have_text("FX108")
    item.locator("button.words-message").click()
    assert page.evaluate("getSelection().toString()") == "rembrant"
    item.get_by_role("button", name="Fix: Write").click()
    says(page, "portrait of a woman, perfect skin, Rembrandt lighting")
    expect(item).to_have_count(0)
    page.get_by_role("button", name="Fix all safe").click()
    expect(page.locator(".words-negative")).not_to_have_value("")
    assert caret(page)[0] == "words-text"
    expect(page.locator(".words-state")).to_contain_text("tokens")


def test_chips_write_words_where_they_belong_and_take_them_out_again(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    for term in ("quality.photorealistic", "lens.85mm", "aperture.f1-8", "light.window", "skin.moles"):
        chip(page, term).click()
    says(
        page,
        "portrait of a woman, a few small moles, soft window light, 85mm lens at f/1.8, photorealistic",
    )
    for term in ("quality.photorealistic", "lens.85mm", "aperture.f1-8", "light.window", "skin.moles"):
        expect(chip(page, term)).to_have_attribute("aria-pressed", "true")
    chip(page, "lens.50mm").click()
    page.get_by_role("radio", name="Left").check(force=True)
    chip(page, "light.low-key").click()
    low = SAID("light.low-key").words("flux2")
    says(
        page,
        f"portrait of a woman, a few small moles, {low} from the left, 50mm lens at f/1.8, photorealistic",
    )
    expect(chip(page, "lens.85mm")).to_have_attribute("aria-pressed", "false")
    expect(chip(page, "light.window")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("radio", name="Left")).to_be_checked()
    for term in sorted(pressed(page)):
        chip(page, term).click()
    says(page, "portrait of a woman")
    expect(page.locator("prompt-composer .chip[aria-pressed=true]")).to_have_count(0)


def test_typing_presses_chips(writing: Page) -> None:
    page = writing
    page.keyboard.type("an old man, no freckles, butterfly lighting, 35mm")
    expect(chip(page, "light.butterfly")).to_have_attribute("aria-pressed", "true")
    expect(chip(page, "lens.35mm")).to_have_attribute("aria-pressed", "true")
    assert pressed(page) == {"light.butterfly", "lens.35mm"}
    expect(page.get_by_label("Subject")).to_have_value("old man")
    page.keyboard.type(", split lighting")  # one that is not among the first is there once it is said
    page.keyboard.type(", candlelight from below eye level")
    expect(chip(page, "light.candle")).to_have_attribute("aria-pressed", "true")


def test_the_subject_is_written_over_while_the_rest_stays(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman, soft window light, 85mm lens")
    subject = page.get_by_label("Subject")
    expect(subject).to_have_value("portrait of a woman")
    subject.fill("")
    subject.press_sequentially("old fisherman with a grey beard")
    says(page, "old fisherman with a grey beard, soft window light, 85mm lens")
    subject.fill("")
    subject.blur()
    says(page, "soft window light, 85mm lens")


def test_all_of_a_group_can_be_searched(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    group = page.locator(".composer-group[data-group=light]")
    group.get_by_role("button", name="Search").press("Enter")
    page.keyboard.type("candle")
    expect(group.locator(".chip")).not_to_have_count(12)
    chip(page, "light.candle").press("Enter")
    says(page, f"portrait of a woman, {SAID('light.candle').words('flux2')}")
    group.get_by_role("searchbox").fill("zzzz")
    expect(group).to_contain_text("Nothing here")
    group.get_by_role("searchbox").press("Escape")
    expect(group.get_by_role("searchbox")).to_be_hidden()
    expect(chip(page, "light.candle")).to_have_attribute("aria-pressed", "true")
    expect(group.get_by_role("button", name="Search")).to_be_focused()


def test_what_a_chip_does_is_told_to_eye_and_ear(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman, butterfly lighting")
    term = SAID("light.butterfly")
    expect(chip(page, term.id)).to_have_attribute("aria-pressed", "true")
    chip(page, term.id).hover()
    expect(page.locator(".words-hint")).to_contain_text(term.effect)
    expect(page.locator(".words-mirror mark.pointed")).to_have_text("butterfly lighting")
    assert term.effect in str(chip(page, term.id).get_attribute("aria-description"))
    page.keyboard.press("Escape")
    expect(page.locator(".words-hint")).to_be_hidden()


def test_enhancing_is_shown_and_each_addition_can_be_taken_out(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    page.get_by_role("button", name="Enhance").click()
    added = page.locator(".words-added > li")
    expect(added.first).to_be_visible()
    whole = text(page)
    assert whole.startswith("portrait of a woman, ")
    shaded = page.locator(".words-mirror mark.added").all_inner_texts()
    listed = added.locator("strong").all_inner_texts()
    assert set(shaded) <= set(listed)
    assert "85mm lens" in shaded
    page.get_by_role("button", name="Take out: 85mm lens").click()
    says(page, whole.replace(", 85mm lens", ""))
    expect(page.locator(".words-added")).not_to_contain_text("85mm lens")
    negative = page.locator(".words-negative")
    assert negative.input_value()
    page.get_by_role("button", name="Take all out").click()
    says(page, "portrait of a woman")
    expect(negative).to_have_value("")
    expect(page.locator(".words-additions")).to_be_hidden()
    page.keyboard.press("Control+z")
    assert text(page).startswith("portrait of a woman, ")


def test_hostile_words_stay_words(writing: Page) -> None:
    page = writing
    hostile = (
        '<img src=x onerror="window.bad=1"> </textarea><script>window.bad=1</script> '
        "\u202efreckles\u202c \u0000 & &lt; 'x'"
    )
    page.locator(TEXT).fill(hostile)
    expect(page.locator(".words-finding").first).to_be_visible()
    assert page.locator("prompt-editor img, prompt-editor script").count() == 0
    assert page.evaluate("window.bad") is None
    assert page.locator(".words-mirror").text_content() == text(page) + "\n"
    chip(page, "light.window").click()
    expect(chip(page, "light.window")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.bad") is None


def test_a_text_as_long_as_they_get_can_still_be_written_in(writing: Page) -> None:
    page = writing
    long = "freckles, soft window light, perfect skin " * 2300
    page.locator(TEXT).evaluate(
        "(field, long) => { field.value = long; field.dispatchEvent(new InputEvent('input', {bubbles: true})) }",
        long,
    )
    page.locator(TEXT).press("Control+End")
    page.keyboard.type("xyz")
    expect(page.locator(TEXT)).to_have_value(long + "xyz")
    expect(page.locator(".words-tokens.over")).to_be_visible()
    assert page.locator(".words-paper").bounding_box()["height"] < 600  # type: ignore[index]


def test_nothing_moves_while_one_writes(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman, rembrant lighting, perfect skin")
    tops = []
    for letter in ", fre":
        page.keyboard.press(letter)
        expect(
            page.locator(MARKS, has_text="rembrant")
        ).to_be_visible()  # the underline never leaves its word
        tops.append(page.locator("prompt-composer").evaluate("below => below.getBoundingClientRect().top"))
    assert max(tops) - min(tops) < 0.5


def test_chips_stay_where_they_are_while_one_chooses(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    first = chip(page, "skin.moles")
    first.click()  # scrolls there, where it must
    top = first.evaluate("chip => chip.getBoundingClientRect().top")
    high = page.locator(".words-found").evaluate("list => list.getBoundingClientRect().height")
    for term in ("skin.pores", "skin.stubble", "skin.sheen", "skin.freckles", "skin.catchlights"):
        chip(page, term).click()
        expect(page.locator(TEXT)).to_have_value(re.compile(re.escape(SAID(term).words("flux2"))))
    assert first.evaluate("chip => chip.getBoundingClientRect().top") == pytest.approx(top, abs=1)
    assert page.locator(".words-found").evaluate(
        "list => list.getBoundingClientRect().height"
    ) == pytest.approx(high)


def test_an_underline_moves_with_its_word_before_it_is_checked_again(writing: Page) -> None:
    page = writing
    page.keyboard.type("portrait of a woman, rembrant lighting")
    expect(page.locator(MARKS, has_text="rembrant")).to_be_visible()
    page.keyboard.press("Control+Home")
    seen = page.evaluate(
        """() => {
          const field = document.querySelector("textarea.words-text");
          field.setRangeText("close ", 0, 0, "end");
          field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
          return [...document.querySelectorAll(".words-mirror mark")].map((mark) => mark.textContent);
        }"""
    )
    assert "rembrant" in seen


def test_composed_writing_is_left_alone(writing: Page) -> None:
    page = writing
    page.keyboard.type("woman, ")
    client = page.context.new_cdp_session(page)
    client.send("Input.imeSetComposition", {"text": "ひ", "selectionStart": 1, "selectionEnd": 1})
    page.evaluate("document.querySelector('prompt-editor').reading")
    client.send("Input.imeSetComposition", {"text": "ひかり", "selectionStart": 3, "selectionEnd": 3})
    client.send("Input.insertText", {"text": "光"})
    says(page, "woman, 光")
    page.keyboard.press("Control+z")
    says(page, "woman, ")


def test_what_is_written_is_the_draft_and_survives_a_reload(writing: Page) -> None:
    page = writing
    page.keyboard.type("an old fisherman, soft window light")
    page.locator(".words-negative").fill("cartoon")
    page.reload()
    says(page, "an old fisherman, soft window light")
    expect(page.locator(".words-negative")).to_have_value("cartoon")
    expect(chip(page, "light.window")).to_have_attribute("aria-pressed", "true")


def test_a_checkpoint_without_negative_prompts_says_so_and_keeps_the_words(writing: Page) -> None:
    """All that fluxgram knows by name read one; a table of one's own may not."""
    page = writing

    def refuse(route: Any) -> None:
        answer = route.fetch().json()
        named = route.request.post_data_json["checkpoint"]
        route.fulfill(json=answer | ({"negative": "unsupported"} if named == "flux2-klein-4b" else {}))

    page.route("**/api/v1/parse", refuse)
    page.evaluate(
        """() => {
          const editor = document.createElement("prompt-editor");
          Object.assign(editor, { id: "alone", value: "woman", negative: "cartoon", checkpoint: "flux2-klein-4b" });
          document.querySelector("main").prepend(editor);
        }"""
    )
    alone = page.locator("#alone")
    expect(alone.locator(".words-below .help")).to_contain_text("reads no negative prompt")
    assert alone.evaluate("editor => [editor.negative, editor.negativeTyped]") == ["", "cartoon"]
    alone.evaluate("editor => { editor.checkpoint = 'fluxgram-mini' }")
    expect(alone.locator(".words-below .help")).to_be_hidden()
    assert alone.evaluate("editor => editor.negative") == "cartoon"


def test_changes_made_quickly_wait_for_one_another(writing: Page) -> None:
    page = writing
    page.keyboard.type("portrait of a woman")
    terms = ["skin.moles", "light.window", "lens.85mm", "quality.raw-photo", "aperture.f2-8"]
    page.evaluate(
        """async (terms) => {
          const editor = document.querySelector("prompt-editor");
          const done = terms.map((id) => editor.edit({ add: [id] }));
          editor.text.setRangeText("close ", 0, 0);
          editor.text.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
          await Promise.all(done);
        }""",
        terms,
    )
    says(
        page, "close portrait of a woman, a few small moles, soft window light, 85mm lens at f/2.8, RAW photo"
    )


def test_a_server_that_is_away_loses_no_words(writing: Page) -> None:
    page = writing
    write(page, "portrait of a woman")
    page.route("**/api/v1/*", lambda route: route.abort())
    page.keyboard.type(", rembrant lighting")
    expect(page.locator(".words-state")).not_to_contain_text("tokens")
    chip(page, "lens.85mm").click()
    expect(page.locator("#toasts .toast.bad").first).to_be_visible()
    expect(chip(page, "lens.85mm")).to_have_attribute("aria-pressed", "false")
    says(page, "portrait of a woman, rembrant lighting")
    page.unroute("**/api/v1/*")
    expect(page.locator(MARKS, has_text="rembrant")).to_be_visible()  # it asks again by itself
    chip(page, "lens.85mm").click()
    says(page, "portrait of a woman, rembrant lighting, 85mm lens")
    forget(page, "ERR_FAILED")


def test_all_of_it_by_keyboard_and_axe(writing: Page, axe: Callable[..., None]) -> None:
    page = writing
    page.keyboard.type("portrait of a woman, rembrant lighting, perfect skin")
    page.get_by_role("button", name="Enhance").press("Enter")
    expect(page.locator(".words-added > li").first).to_be_visible()
    page.locator(".words-finding").first.get_by_role("button", name="Why").press("Enter")
    expect(page.locator(".words-why h4").first).to_be_visible()
    page.locator(".composer-more summary").press("Enter")
    chip(page, "material.linen").press("Space")
    expect(page.locator(TEXT)).to_have_value(re.compile(re.escape(SAID("material.linen").words("flux2"))))
    axe(page)


def test_on_a_phone(phone: Page) -> None:
    phone.goto("/")
    phone.locator(TEXT).tap()
    phone.locator(TEXT).press_sequentially("portrait of a woman, rembrant lighting")
    expect(phone.locator(".words-finding").first).to_be_visible()
    chip(phone, "lens.85mm").tap()
    says(phone, "portrait of a woman, rembrant lighting, 85mm lens")
    no_sideways_scrolling(phone)
