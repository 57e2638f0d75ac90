"""The start page and the page of a job, in a browser: made, followed, left and found again, moved, refused, retried.

The engine is the tiny one; words of the prompt steer it (`slow`, `crawl`, `endless`, `oom`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from safetensors.numpy import save_file

from fluxgram.families.adapters.layers import shapes_of
from fluxgram.families.checkpoints import find
from fluxgram.settings import Settings
from tests.serving import TINY, Server, serving, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling

expect: Any = pytest.importorskip("playwright.sync_api").expect
Page = Any


@pytest.fixture(autouse=True)
def patient() -> None:
    """Machines that run tests can be slow."""
    expect.set_options(timeout=20_000)


@pytest.fixture(autouse=True)
def nothing_left(studio: Server) -> Iterator[None]:
    """No test waits for the jobs of the one before."""
    yield
    left = studio.call("GET", "/api/v1/jobs?state=queued&state=running").json["jobs"]
    for job in left:
        studio.call("POST", f"/api/v1/jobs/{job['id']}/cancel")
    for job in left:
        is_over(studio, job["id"])


def write(page: Page, prompt: str) -> None:
    page.locator("prompt-editor textarea").first.fill(prompt)


def make(page: Page, prompt: str) -> dict[str, Any]:
    """Write a prompt, press the button, and give the job that the server answers with."""
    write(page, prompt)
    with page.expect_response(
        lambda answer: answer.url.endswith("/api/v1/jobs") and answer.request.method == "POST"
    ) as told:
        page.locator("#make").click()
    found: dict[str, Any] = told.value.json()
    return found


def job_of(studio: Server, id: Any) -> dict[str, Any]:  # noqa: A002
    found: dict[str, Any] = studio.call("GET", f"/api/v1/jobs/{id}").json
    return found


def is_over(studio: Server, id: Any) -> dict[str, Any]:  # noqa: A002
    return wait_until(
        lambda: (job := job_of(studio, id))["state"] in ("done", "failed", "cancelled") and job, f"job {id}"
    )


@pytest.fixture
def finished(studio: Server) -> Callable[..., dict[str, Any]]:
    """Draws a job without a browser."""

    def draw(**order: Any) -> dict[str, Any]:
        made = studio.call(
            "POST", "/api/v1/jobs", {"prompt": "portrait of a sailor", "quality": "draft"} | order
        ).json
        return is_over(studio, made["id"])

    return draw


def test_one_press_makes_a_newcomers_first_picture(page: Page, studio: Server) -> None:
    """Nothing is typed: the example that stands in the field is drawn, and written into the field."""
    page.goto("/")
    expect(page.locator("#make")).to_contain_text("Make this example")
    page.locator("#make").click()
    picture = page.locator("#stage job-card[data-state=done] .job-link img")
    expect(picture).to_be_visible()
    assert page.evaluate("image => image.naturalWidth", picture.element_handle()) == 256
    words = page.locator("prompt-editor textarea").first
    assert words.input_value() == words.get_attribute("placeholder") != ""
    expect(page.get_by_text("Nothing to mend")).to_be_visible()  # the example is no bad one
    expect(page.locator("#recent-list li")).to_have_count(1)
    name = page.locator(".job-link").get_attribute("href").removeprefix("/gallery/")
    assert studio.call("GET", f"/pictures/{name}").status == 200


def test_what_is_asked_is_what_is_sent(page: Page) -> None:
    page.goto("/")
    page.locator("#sizes input[value='256x384']").check()
    page.locator("#samples input[value='2']").check()
    page.locator("#qualities input[value=draft]").check()
    page.locator("#seed").fill(str(2**64 - 2))
    job = make(page, "portrait of a keeper of bees")
    asked = job["request"]
    assert (asked["size"], asked["samples"], asked["quality"]) == ([256, 384], 2, "draft")
    expect(page.locator("#stage .job-seed")).to_have_text([f"Seed {2**64 - 2}", f"Seed {2**64 - 1}"])


def test_a_seed_is_rolled_kept_and_freed(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("d")
    seed = page.locator("#seed").input_value()
    assert seed.isdigit()
    assert str(make(page, "portrait of a diver")["request"]["seed"]) == seed
    page.locator("#seed-lock").click()
    assert page.locator("#seed").input_value() == ""
    assert str(make(page, "portrait of a diver")["request"]["seed"]) != seed
    page.locator("#seed").fill("-1")
    expect(page.locator("#error-seed")).to_contain_text("whole number")


def test_steps_and_previews_are_seen_and_a_reload_finds_the_job_again(page: Page, studio: Server) -> None:
    page.goto("/")
    page.locator("#qualities input[value=proof]").check()
    job = make(page, "portrait of a crawl potter")
    card = page.locator("#stage job-card")
    expect(card).to_have_attribute("data-state", "drawing")
    expect(card.locator(".job-line")).to_contain_text(re.compile(r"Step \d+ of 16"))
    page.reload()
    expect(card).to_have_attribute("job", str(job["id"]))
    expect(page.locator("#stage .has-preview")).to_be_visible()
    colour = page.evaluate(
        "() => [...document.querySelector('#stage canvas').getContext('2d').getImageData(9, 9, 1, 1).data]"
    )
    seed = job["request"]["seed"]
    assert all(
        abs(one - two) <= 6 for one, two in zip(colour, (seed & 255, seed >> 8 & 255, 0), strict=False)
    )
    expect(card).to_have_attribute("data-state", "done")
    assert job_of(studio, job["id"])["attempt"] == 1


def test_a_job_is_cancelled_and_tried_again(page: Page, studio: Server) -> None:
    page.goto("/")
    job = make(page, "portrait of an endless baker")
    card = page.locator("#stage job-card")
    expect(card).to_have_attribute("data-state", "drawing")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_attribute("data-state", "cancelled")
    assert is_over(studio, job["id"])["state"] == "cancelled"
    card.get_by_role("button", name="Try again").click()
    expect(card).to_have_attribute("data-state", re.compile("queued|loading|drawing"))
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_attribute("data-state", "cancelled")


def test_an_answer_that_is_overtaken_changes_nothing(page: Page) -> None:
    held: list[tuple[Any, Any]] = []
    page.route("**/api/v1/jobs/*/cancel", lambda route: held.append((route, route.fetch())))
    page.goto("/")
    make(page, "portrait of an endless cook")
    card = page.locator("#stage job-card")
    expect(card).to_have_attribute("data-state", "drawing")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_attribute("data-state", "cancelled")
    [(route, answer)] = held
    assert answer.json()["state"] == "running"
    with page.expect_response("**/api/v1/jobs/*/cancel"):
        route.fulfill(response=answer)
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert card.get_attribute("data-state") == "cancelled"
    card.get_by_role("button", name="Try again").click()
    expect(card).to_have_attribute("data-state", "drawing")


def test_a_failure_says_why_and_what_to_do(page: Page, studio: Server) -> None:
    page.goto("/")
    job = make(page, "portrait of an oom sailor")
    problem = page.locator("#stage .job-problem")
    expect(problem).to_contain_text("There is too little memory for this.")
    expect(problem).to_contain_text("Draw a smaller picture.")
    page.locator("#stage").get_by_role("button", name="Try again").click()
    wait_until(lambda: job_of(studio, job["id"])["attempt"] == 2, "the second attempt")
    expect(problem).to_be_visible()


def test_waiting_jobs_are_moved_by_keyboard_and_cancelled(page: Page, studio: Server) -> None:
    page.goto("/")
    make(page, "portrait of an endless guard")
    names = ["portrait of one", "portrait of two", "portrait of three"]
    ids = [make(page, name)["id"] for name in names]
    rows = page.locator("#queue-list .queue-row")
    expect(rows.locator(".queue-name")).to_have_text(names)
    page.locator(f'[data-job="{ids[2]}"] .queue-handle').focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(rows.locator(".queue-name")).to_have_text([names[2], names[0], names[1]])
    expect(page.locator(f'[data-job="{ids[2]}"] .queue-handle')).to_be_focused()
    wait_until(lambda: [job_of(studio, each)["position"] for each in ids] == [1, 2, 0], "the new order")
    page.get_by_role("button", name="Cancel “portrait of one”").click()
    expect(rows.locator(".queue-name")).to_have_text([names[2], names[1]])
    page.get_by_role("button", name="Try it again").click()
    expect(rows.locator(".queue-name")).to_have_text([names[2], names[1], names[0]])


def test_waiting_jobs_are_moved_by_dragging(page: Page, studio: Server) -> None:
    page.goto("/")
    make(page, "portrait of an endless guard")
    ids = [make(page, f"portrait of number {n}")["id"] for n in "ab"]
    rows = page.locator("#queue-list .queue-row")
    expect(rows).to_have_count(2)
    expect(page.locator("#stage .has-preview")).to_be_visible()  # nothing moves any more
    page.locator(f'[data-job="{ids[1]}"]').drag_to(
        page.locator(f'[data-job="{ids[0]}"]'), target_position={"x": 60, "y": 4}
    )
    wait_until(lambda: [job_of(studio, each)["position"] for each in ids] == [1, 0], "the new order")
    expect(rows.locator(".queue-name")).to_have_text(["portrait of number b", "portrait of number a"])


def test_a_button_that_is_pressed_is_not_replaced_before_it_is_released(page: Page, studio: Server) -> None:
    page.goto("/")
    make(page, "portrait of an endless guard")
    waiting = make(page, "portrait of one")
    expect(page.locator("#stage .has-preview")).to_be_visible()  # nothing moves any more
    page.evaluate("() => void setTimeout(() => document.dispatchEvent(new Event('server-back')), 500)")
    page.get_by_role("button", name="Cancel “portrait of one”").click(delay=2500)  # it looks again meanwhile
    assert is_over(studio, waiting["id"])["state"] == "cancelled"
    expect(page.locator("#queue-list .queue-row")).to_have_count(0)


def test_what_was_typed_and_chosen_is_there_after_a_reload(page: Page) -> None:
    page.goto("/")
    write(page, "portrait of a beekeeper")
    page.locator("#qualities input[value=proof]").check()
    page.locator("#seed").fill("77")
    page.reload()
    assert page.locator("prompt-editor textarea").first.input_value() == "portrait of a beekeeper"
    expect(page.locator("#qualities input[value=proof]")).to_be_checked()
    expect(page.locator("#seed")).to_have_value("77")
    expect(page.locator("#make")).to_contain_text("Make the picture")


def test_what_is_refused_is_said_beside_its_field(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        """() => localStorage.setItem('fluxgram.draft', JSON.stringify({size: '4096x4096', prompt: 'a sailor'}))"""
    )
    page.reload()
    expect(page.get_by_text("4096×4096")).to_be_visible()
    page.locator("#make").click()
    expect(page.locator("#error-size")).to_contain_text("4096")
    expect(page.locator("#error-size")).to_contain_text("such as 2048x2048")
    assert page.locator("prompt-editor textarea").first.input_value() == "a sailor"
    page.locator("#sizes input[value='256x256']").check()
    expect(page.locator("#error-size")).to_be_hidden()
    forget(page, "422")


@pytest.mark.parametrize(
    ("status", "headers", "shown"),
    [
        (429, {"Retry-After": "7"}, "another try in 7 s"),
        (402, {}, "Wait for the next month"),
        (503, {}, "Try again."),
    ],
)
def test_a_full_queue_and_the_like_are_said_in_place(
    page: Page, status: int, headers: dict[str, str], shown: str
) -> None:
    """The answers of the service are tested beside it; here, what the page makes of them."""
    hints = {429: "", 402: "Wait for the next month (UTC).", 503: "Try again."}
    body = {"type": "", "title": "", "status": status, "detail": "Not now.", "hint": hints[status]}
    page.route(
        "**/api/v1/jobs",
        lambda route: (
            route.fulfill(status=status, headers=headers, json=body)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.goto("/")
    write(page, "portrait of a tailor")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#refused")).to_contain_text("Not now.")
    expect(page.locator("#refused")).to_contain_text(shown)
    assert page.locator("prompt-editor textarea").first.input_value() == "portrait of a tailor"
    forget(page, str(status))


def test_a_lost_answer_does_not_draw_twice(page: Page, studio: Server) -> None:
    page.goto("/")
    write(page, "portrait of the only one of her kind")
    lost: list[int] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().json()["id"])  # the server has it, the browser never hears of it
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/jobs", lose)
    page.locator("#make").click()
    expect(page.locator("#refused")).to_contain_text("It will not be drawn twice.")
    page.reload()  # even then
    page.locator("#make").click()
    expect(page.locator("#stage job-card")).to_have_attribute("job", str(lost[0]))
    prompts = [job["prompt_asked"] for job in studio.call("GET", "/api/v1/jobs?limit=200").json["jobs"]]
    assert prompts.count("portrait of the only one of her kind") == 1
    forget(page, "ERR_FAILED")


def test_what_is_asked_while_the_last_is_on_its_way_follows_it(page: Page, studio: Server) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.goto("/")
    page.route("**/api/v1/jobs", hold)
    write(page, "portrait of the first in a row")
    page.locator("#make").click()
    expect(page.locator("#make")).to_have_attribute("aria-busy", "true")
    page.locator("#make").click()  # one click too many
    write(page, "portrait of the second in a row")
    page.locator("#make").click()
    held[0].continue_()
    page.unroute("**/api/v1/jobs")

    def made() -> list[str]:
        jobs = studio.call("GET", "/api/v1/jobs?limit=200").json["jobs"]
        return [job["prompt_asked"] for job in jobs if "in a row" in job["prompt_asked"]]

    wait_until(lambda: len(made()) == 2, "both")
    expect(page.locator("#make")).not_to_have_attribute("aria-busy", "true")
    assert made() == ["portrait of the second in a row", "portrait of the first in a row"]


def test_a_server_that_dies_under_the_page_comes_back_to_it(
    open_page: Callable[..., Page], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY) as server:
        page = open_page(base_url=server.url)
        page.goto("/")
        job = make(page, "portrait of a slow slow miller")
        expect(page.locator("#stage job-card")).to_have_attribute("data-state", "drawing")
        server.kill()
        expect(page.locator("#offline")).to_be_visible()
        write(page, "portrait of somebody else")
        page.locator("#make").click()
        expect(page.locator("#refused")).to_contain_text("The server does not answer.")
        server.start()
        expect(page.locator("#stage job-card")).to_have_attribute("data-state", "done", timeout=60_000)
        assert job_of(server, job["id"])["state"] == "done"
        assert page.locator("prompt-editor textarea").first.input_value() == "portrait of somebody else"
        page.locator("#make").click()
        expect(page.locator("#refused")).to_be_hidden()
        expect(page.locator("#recent-list li")).to_have_count(2, timeout=60_000)
        forget(page, "Failed to load resource")
        forget(page, "ERR_")


@pytest.mark.parametrize(
    ("relation", "locked", "samples"), [("push", True, "1"), ("more", False, "4"), ("again", True, "1")]
)
def test_a_picture_is_gone_on_from(
    page: Page, finished: Callable[..., dict[str, Any]], relation: str, locked: bool, samples: str
) -> None:
    picture = finished(prompt="portrait of a violinist", seed=2**63 + 9, size=[256, 384])["pictures"][0]
    finished(prompt="portrait of somebody later", seed=5)
    page.goto(f"/?from={quote(picture['name'])}&relation={relation}")
    assert page.locator("prompt-editor textarea").first.input_value() == "portrait of a violinist"
    assert page.locator("#seed").input_value() == (str(2**63 + 9) if locked else "")
    expect(page.locator("#sizes input:checked")).to_have_value("256x384")
    expect(page.locator("#samples input:checked")).to_have_value(samples)
    expect(page.locator("#begun")).to_be_visible()
    assert page.url.endswith("/")
    stage = page.locator("#stage .job-link")
    expect(stage).to_have_attribute(
        "href", re.compile(re.escape(picture["name"]))
    )  # though it is not the newest
    job = make(page, "portrait of a violinist, smiling")
    assert (job["parent"], job["relation"]) == (picture["name"], relation)
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator("#begun")).to_be_hidden()
    assert make(page, "portrait of a violinist")["parent"] == ""


@pytest.mark.parametrize("name", ["nothing-0.png", "<script>alert(1)</script>", "../../etc/passwd"])
def test_an_unknown_picture_is_told_in_place(page: Page, name: str) -> None:
    page.goto(f"/?from={quote(name, safe='')}&relation=push")
    expect(page.locator("#refused")).to_contain_text("There is no picture of that name.")
    expect(page.locator("#make")).to_be_enabled()


def test_a_look_is_written_around_the_subject_and_taken_back(page: Page) -> None:
    page.goto("/")
    write(page, "portrait of an old fisherman")
    page.locator('[data-look="editorial-rembrandt"]').click()
    text = page.locator("prompt-editor textarea").first
    expect(text).to_have_value(re.compile("fisherman.*Rembrandt lighting.*85mm", re.DOTALL))
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(text).to_have_value("portrait of an old fisherman")


def test_the_light_that_was_asked_for_is_drawn_over_the_picture(page: Page) -> None:
    page.goto("/")
    job = make(page, "portrait of a smith, Rembrandt lighting from the upper left, 85mm")
    card = page.locator("#stage job-card")
    expect(card).to_have_attribute("job", str(job["id"]))
    page.get_by_role("button", name="Show the lamps").click()
    lamp = page.locator("#stage .overlay-lamp.asked circle").first
    expect(lamp).to_be_visible()
    frame, spot = page.locator("#stage .job-frame").bounding_box(), lamp.bounding_box()
    assert spot["x"] < frame["x"] + frame["width"] / 2
    assert spot["y"] < frame["y"] + frame["height"] / 2
    job = make(page, "portrait of a smith")
    expect(card).to_have_attribute("job", str(job["id"]))
    expect(card).to_have_attribute("data-state", "done")
    expect(page.locator("#stage .overlay-lamp")).to_have_count(0)
    page.get_by_role("button", name="Show the lamps").click()
    card.evaluate("(card) => { card.view = { ...card.view }; }")  # drawn anew before the answer is here
    expect(page.locator("#stage .job-next")).to_contain_text("ask for no light")


def test_hostile_words_stay_words(page: Page) -> None:
    page.goto("/")
    make(page, 'portrait of "><img src=x onerror=alert(1)> <b>bold</b> man')
    expect(page.locator("#stage job-card")).to_have_attribute("data-state", "done")
    assert page.locator("#stage b, #stage img[src=x], #recent b").count() == 0
    expect(page.locator("#stage .job-prompt")).to_contain_text("<b>bold</b>")


def test_the_page_of_a_job(
    page: Page, finished: Callable[..., dict[str, Any]], axe: Callable[[Page], None]
) -> None:
    job = finished(prompt="portrait of a cellist", samples=2, seed=5, label="Second try")
    page.goto(f"/jobs/{job['id']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Second try")
    expect(page.locator(".job-frame .job-link img")).to_have_count(2)
    expect(page.locator("#asked")).to_contain_text("portrait of a cellist")
    expect(page.locator("#timeline li")).to_have_text(
        [re.compile("Waiting"), re.compile("Attempt 1"), re.compile("Picture 1: 8 steps"), re.compile("Picture 1 is"),
         re.compile("Picture 2: 8 steps"), re.compile("Picture 2 is"), re.compile("Done")]
    )  # fmt: skip
    page.locator("#receipt-list summary").first.click()
    expect(page.locator(".job-receipt").first).to_contain_text('"seed": 5')
    axe(page)
    page.get_by_role("link", name="Use these settings").click()
    expect(page.locator("#seed")).to_have_value("5")
    expect(page.locator("prompt-editor textarea").first).to_have_value("portrait of a cellist")


def test_a_job_that_is_none(page: Page) -> None:
    assert page.goto("/jobs/4711").status == 404
    expect(page.get_by_role("heading", level=1)).to_contain_text("There is no job 4711.")
    forget(page, "404")


def test_notes_of_the_service_are_shown(page: Page, finished: Callable[..., dict[str, Any]]) -> None:
    job = finished(prompt="portrait of a clown", enhance=True)
    page.goto(f"/jobs/{job['id']}")
    assert job["notes"]
    expect(page.locator(".job-notes summary")).to_contain_text("changed")
    expect(page.locator(".job-notes li")).to_have_count(len(job["notes"]))


def test_everything_passes_axe(
    page: Page, studio: Server, axe: Callable[[Page], None], finished: Callable[..., dict[str, Any]]
) -> None:
    finished()
    page.goto("/")
    expect(page.locator("#recent-list li").first).to_be_visible()
    page.locator("#samples input[value='8']").check()
    first = make(page, "portrait of an endless gardener")
    page.locator("#samples input[value='1']").check()
    second = make(page, "portrait of a second endless gardener")
    expect(page.locator("#queue-list li")).to_have_count(1)
    axe(page)
    studio.call("POST", f"/api/v1/jobs/{first['id']}/cancel")
    expect(page.locator("#stage job-card")).to_have_attribute("job", str(second["id"]))
    last = make(page, "portrait of a third gardener")
    studio.call("POST", f"/api/v1/jobs/{second['id']}/cancel")
    page.locator(f"#recent-list [data-job='{last['id']}']").click()
    expect(page.locator("#stage job-card")).to_have_attribute("data-state", "done")
    axe(page)


def test_the_button_stays_under_a_finger_while_the_words_are_checked(phone: Page) -> None:
    phone.goto("/")
    write(phone, "portrait of a surveyor")
    with phone.expect_response(lambda answer: answer.url.endswith("/api/v1/jobs") and answer.ok):
        phone.locator("#make").click(delay=2000)  # findings come meanwhile, and have their place above it
    expect(phone.locator(".words-finding").first).to_be_visible()


def test_a_phone_shows_it_all_without_sideways_scrolling(phone: Page, axe: Callable[[Page], None]) -> None:
    phone.goto("/")
    expect(phone.locator("#make")).to_be_in_viewport()
    no_sideways_scrolling(phone)
    make(phone, "portrait of a surveyor")
    expect(phone.locator("#stage job-card")).to_have_attribute("data-state", "done")
    no_sideways_scrolling(phone)
    axe(phone, ("dark",))  # type: ignore[call-arg]
    href = phone.locator("#stage [data-does=open]").get_attribute("href")
    phone.goto(href)
    expect(phone.locator("#timeline li").last).to_contain_text("Done")
    no_sideways_scrolling(phone)


@pytest.fixture(scope="module")
def shelf(studio: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two adapters on the machine, of a single layer each, which fit; no tensor of them is ever used here."""
    names = ["film", "freckles"]
    layer = "transformer.single_transformer_blocks.0.attn.to_out"
    settings = Settings(home=studio.home, offline=True)
    out, into = shapes_of(find("fluxgram-mini", settings), settings)[layer]
    for name in names:
        path = tmp_path_factory.mktemp("adapters") / f"{name}.safetensors"
        shapes = {f"{layer}.lora_A.weight": (2, into), f"{layer}.lora_B.weight": (out, 2)}
        save_file({key: np.full(shape, len(name), np.float32) for key, shape in shapes.items()}, path)
        options = ["--weight", "0.6", "--word", "freckled redhead"] if name == "freckles" else []
        done = studio.command("adapters", "add", str(path), *options)
        assert done.returncode == 0, done.stderr
    return names


def test_adapters_are_chosen_weighed_kept_and_sent(page: Page, shelf: list[str]) -> None:
    page.goto("/")
    for name in shelf:
        page.locator("#adapter-name").select_option(name)
        page.locator("#adapter-add").click()
    rows = page.locator(".shoot-adapter")
    expect(rows.locator(".shoot-adapter-name")).to_have_text(shelf)
    expect(rows.locator("output")).to_have_text(["1.00", "0.60"])  # as whoever added them said
    expect(page.get_by_label("Weight of freckles")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(rows.locator("output")).to_have_text(["1.00", "0.70"])
    write(page, "portrait of a diver")
    page.get_by_role("button", name="freckled redhead").click()
    assert (
        page.locator("prompt-editor textarea").first.input_value() == "portrait of a diver, freckled redhead"
    )
    page.reload()
    expect(rows.locator("output")).to_have_text(["1.00", "0.70"])
    page.get_by_role("button", name="Take film out").click()
    expect(rows.locator(".shoot-adapter-name")).to_have_text(["freckles"])
    job = make(page, "portrait of a diver")
    (use,) = job["request"]["adapters"]
    assert (use["source"], use["weight"]) == ("freckles", 0.7)


def test_adapters_that_are_gone_and_none_at_all(
    page: Page, phone: Page, shelf: list[str], axe: Callable[..., None]
) -> None:
    chosen = '{"adapters": [{"source": "gone", "weight": 3.5}, {"source": "film", "weight": 3.5}]}'
    for each in (page, phone):
        each.goto("/")
        each.evaluate("draft => localStorage.setItem('fluxgram.draft', draft)", chosen)
        each.reload()
        expect(each.locator("[data-adapter=gone]")).to_contain_text("Not on this machine.")
        expect(each.locator("[data-adapter=film] output")).to_have_text("3.50")
        no_sideways_scrolling(each)
    axe(page)
    write(page, "portrait of a diver")
    page.locator("#make").click()
    expect(page.locator("#error-adapters")).to_contain_text("There is no adapter 'gone'")
    forget(page, "422")
    phone.route("**/api/v1/adapters", lambda route: route.fulfill(json={"adapters": []}))
    phone.evaluate("localStorage.clear()")
    phone.goto("/")
    expect(phone.locator("#adapters-none")).to_contain_text("fluxgram adapters add FILE")
    expect(phone.locator("#adapter-more")).to_be_hidden()


def test_how_a_negative_prompt_is_applied_is_told_and_chosen(page: Page) -> None:
    def several(route: Any) -> None:
        answer = route.fetch().json()
        for card in answer["checkpoints"]:
            card.update(negatives=["nag", "vsf"], fast="")
        route.fulfill(json=answer)

    page.goto("/")
    expect(page.locator("prompt-editor")).to_contain_text("Applied by a second pass at each step")
    page.route("**/api/v1/checkpoints", several)
    page.reload()
    expect(page.locator("prompt-editor")).to_contain_text("Applied within attention, and normalised")
    page.get_by_label("How it is applied").select_option("vsf")
    expect(page.locator("prompt-editor")).to_contain_text("its values count against")
    sent: list[dict[str, Any]] = []

    def refuse(route: Any) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=503, json={"detail": "Not now.", "hint": ""})

    page.route(
        "**/api/v1/jobs", lambda route: refuse(route) if route.request.method == "POST" else route.continue_()
    )
    page.get_by_label("Negative prompt").fill("hats")
    write(page, "portrait of a diver")
    page.locator("#make").click()
    expect(page.locator("#refused")).to_contain_text("Not now.")
    assert [(each["negative"], each["negative_method"]) for each in sent] == [("hats", "vsf")]
    forget(page, "503")
