"""Settings in a real browser: checkpoints, keys, usage, storage, the machine and looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Locator, Page, expect

from tests.families.test_hub import REPO
from tests.jobs.slow_hub import HELD, NAME, SlowHub, far_away_at_home, slow_hub
from tests.loras import write_lora
from tests.serving import TINY, Server, serving, toy, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling

TABS = ("checkpoints", "keys", "usage", "storage", "machine", "looks")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowHub]:
    with slow_hub(tmp_path_factory.mktemp("hub") / "served") as server:
        yield server


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, hub: SlowHub) -> Iterator[Server]:
    """A service that fetches from a hub on this machine."""
    folder = tmp_path_factory.mktemp("home")
    far_away_at_home(folder / "home")
    online = {"FLUXGRAM_OFFLINE": "0", "HF_HOME": str(folder / "shared"), "HF_ENDPOINT": hub.url}
    with serving(
        folder / "home", "fluxgram-mini", engine=TINY, price="2", currency="EUR", **online
    ) as server:
        yield server


def card(page: Page, name: str) -> Locator:
    """What the page says of a checkpoint."""
    return page.locator(".checkpoint").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_tabs_by_keyboard_and_by_address(page: Page, axe: Callable[..., None]) -> None:
    page.goto("/settings")
    expect(page.get_by_role("tab", name="Checkpoints")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Checkpoints").focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("tab", name="Looks")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Looks")).to_be_visible()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tabpanel", name="Keys")).to_be_visible()
    assert page.url.endswith("#keys")
    page.reload()
    expect(page.get_by_role("heading", name="No keys yet")).to_be_visible()
    page.goto("/settings#looks")
    expect(page.get_by_role("tabpanel", name="Looks")).to_be_visible()
    axe(page)


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/settings#looks")
    page.get_by_role("button", name="Light", exact=True).click()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_checkpoint_is_refused_fetched_stopped_and_removed(
    page: Page, hub: SlowHub, axe: Callable[..., None]
) -> None:
    page.goto("/settings")
    here = card(page, "fluxgram-mini")
    expect(here).to_contain_text("on this machine")
    expect(here).to_contain_text("Commercial use allowed")
    expect(card(page, "flux2-klein-9b")).to_contain_text("Not for commercial use")
    far = card(page, NAME)
    expect(far).to_contain_text("not here")
    axe(page)
    hub.gated = True
    far.get_by_role("button", name="Fetch").click()
    expect(far.get_by_role("alert")).to_contain_text("only after its licence is accepted")
    expect(far.get_by_role("alert")).to_contain_text("/somebody/FLUX.2-klein-toy, accept the licence")
    hub.gated = False
    far.get_by_role("button", name="Fetch").click()
    expect(far.get_by_role("progressbar")).to_be_visible()
    wait_until(lambda: hub.times(HELD), "the held file being asked for")
    page.reload()  # it goes on by itself
    expect(far.get_by_role("progressbar")).to_be_visible()
    far.get_by_role("button", name="Stop").click()
    expect(far).to_contain_text("What has come is kept")
    hub.free.set()
    far.get_by_role("button", name=re.compile("etch")).click()
    expect(far).to_contain_text("on this machine", timeout=60_000)
    far.get_by_role("button", name="Remove from disk").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove from disk").click()
    expect(far).to_contain_text("not here")


def test_adapters_are_listed_with_what_they_are_for(page: Page, studio: Server) -> None:
    page.goto("/settings")
    known = studio.call("GET", "/api/v1/adapters").json["adapters"]
    assert known, "some come with fluxgram"
    for each in known:
        card = page.locator(f"[data-adapter='{each['name']}']")
        expect(card.get_by_role("heading")).to_have_text(each["name"])
        expect(card).to_contain_text(each["base"])
        expect(card).to_contain_text(each["fingerprint"][:8])
    refusal = {"detail": "film.toml cannot be read.", "hint": "Mend it."}
    page.route("**/api/v1/adapters", lambda route: route.fulfill(status=500, json=refusal))
    page.reload()
    expect(page.get_by_text("film.toml cannot be read. Mend it.")).to_be_visible()
    forget(page, "500")


def test_an_adapter_is_added_and_removed(
    page: Page, studio: Server, hub: SlowHub, axe: Callable[..., None], tmp_path: Path
) -> None:
    film = write_lora(tmp_path / "Film Look.safetensors", toy(), seed=1)
    half = tmp_path / "half.safetensors"
    half.write_bytes(film.read_bytes()[:-10])
    page.goto("/settings")
    own = page.locator("[data-adapter='fluxgram-portrait']")
    expect(own).to_contain_text("Comes with fluxgram")
    expect(own.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Add an adapter").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    add = dialog.get_by_role("button", name="Add an adapter")
    add.click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a file, or write an id of the hub.")
    axe(page, ("dark",))
    dialog.get_by_label("File", exact=True).set_input_files(half)
    add.click()
    expect(dialog.get_by_role("alert")).to_contain_text("half.safetensors is truncated")
    forget(page, "422")
    dialog.get_by_label("File", exact=True).set_input_files(film)
    dialog.get_by_label("Weight").fill("0.7")
    dialog.get_by_label("Words that call it").fill("flm, <b>on film</b>")
    dialog.get_by_label("Words that call it").press("Enter")
    expect(dialog.get_by_role("heading", name="film-look is here")).to_be_visible()
    expect(dialog).to_contain_text("FLUX.2 (width 32")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    axe(page, ("light",))
    page.keyboard.press("Enter")
    card = page.locator("[data-adapter='film-look']")
    expect(card).to_contain_text("flm, <b>on film</b>")
    (hub.folder / "style.safetensors").write_bytes(
        write_lora(tmp_path / "style.safetensors", toy(), seed=2).read_bytes()
    )
    page.get_by_role("button", name="Add an adapter").click()
    dialog.get_by_label("Or from the hub").fill(f"{REPO}/style.safetensors")
    add.click()
    expect(dialog.get_by_role("heading", name="style is here")).to_be_visible()
    page.keyboard.press("Escape")
    for name in ("style", "film-look"):
        page.get_by_role("button", name=f"Remove {name}").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(page.locator(f"[data-adapter='{name}']")).to_have_count(0)
    known = studio.call("GET", "/api/v1/adapters").json["adapters"]
    assert {each["added"] for each in known} == {""}


def test_a_key_is_shown_once_and_revoked(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    page.goto("/settings#keys")
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("<b>mara</b>")
    dialog.get_by_label("Pictures a month").fill("20")
    axe(page, ("dark",))
    dialog.get_by_role("button", name="Make the key").click()
    token = dialog.get_by_label("Key", exact=True).input_value()
    assert re.fullmatch(r"fg_[a-z0-9]{12}_[\w-]{43}", token)
    page.keyboard.press("Escape")  # it does not close by a slip
    expect(dialog.get_by_label("Key", exact=True)).to_be_visible()
    axe(page, ("light",))
    me = studio.call("GET", "/api/v1/queue", headers={"Authorization": f"Bearer {token}"})
    assert me.status == 200
    dialog.get_by_role("button", name="I have kept it").click()
    row = page.locator(".key").filter(has_text="<b>mara</b>")
    expect(row).to_contain_text("20 pictures a month")
    assert page.locator(".key b").count() == 0
    assert token not in page.content()
    page.reload()
    expect(row).to_be_visible()
    assert token not in page.content()
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked keys (1)")).to_be_visible()
    expect(row.get_by_role("button", name="Revoke")).to_have_count(0)


def test_a_key_that_cannot_be_is_refused_in_place(page: Page) -> None:
    page.goto("/settings#keys")
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nothing allowed")
    for name in ("Draw", "Look"):
        dialog.get_by_role("checkbox", name=name).uncheck()
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("scopes")
    expect(dialog.get_by_label("Name")).to_have_value("nothing allowed")
    forget(page, "422")


def test_usage_as_a_plot_and_as_a_table(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    for prompt, samples in (("one", 1), ("two", 2)):
        body = {"prompt": prompt, "samples": samples, "size": "256x256", "steps": 4}
        job = studio.call("POST", "/api/v1/jobs", body).json["id"]
        assert studio.call("GET", f"/api/v1/jobs/{job}?wait=60").json["state"] == "done"
    page.goto("/settings#usage")
    expect(page.locator(".usage-total")).to_have_text("3")
    bars = page.locator(".bar").evaluate_all("bars => bars.map(bar => Number(bar.dataset.value))")
    assert (len(bars), bars[-1], sum(bars)) == (30, 3, 3)
    high = page.locator(".bar").last.evaluate("bar => bar.getBoundingClientRect().height")
    assert high > 40
    expect(page.get_by_role("img", name=re.compile(r"Pictures by day, .* 3 in all"))).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Price").click()
    steps = 2 * 3 * 4 * 256 * 256 / 1e6  # EUR 2 a megapixel-step, three pictures of four steps
    expect(page.locator(".usage-total")).to_have_text(f"{steps:.2f} EUR")
    page.get_by_role("button", name="7 days").click()
    expect(page.locator(".bar")).to_have_count(7)
    page.get_by_text("As a table").click()
    expect(page.locator(".usage-table tbody tr").first.locator("td").nth(4)).to_have_text("3")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download (CSV)").click()
    assert caught.value.suggested_filename == "usage.csv"


def test_storage_and_the_bin(page: Page, studio: Server, axe: Callable[..., None]) -> None:
    job = studio.call("POST", "/api/v1/jobs", {"prompt": "to go", "samples": 2, "size": "256x256"}).json["id"]
    studio.call("GET", f"/api/v1/jobs/{job}?wait=60")
    first = studio.call("GET", f"/api/v1/jobs/{job}/pictures").json["pictures"][0]["name"]
    before = studio.call("GET", "/api/v1/machine").json["storage"]["pictures"]
    studio.call("DELETE", f"/api/v1/pictures/{first}")
    page.goto("/settings#storage")
    expect(page.get_by_role("tabpanel", name="Storage")).to_contain_text(f"{before - 1} pictures")
    expect(page.get_by_role("tabpanel", name="Storage")).to_contain_text("1 pictures")
    expect(page.get_by_role("tabpanel", name="Storage")).to_contain_text(str(studio.home))
    axe(page)
    page.get_by_role("button", name="Empty the bin").click()
    page.get_by_role("dialog").get_by_role("button", name="Empty the bin").click()
    expect(page.get_by_text("The bin is empty.")).to_be_visible()
    expect(page.get_by_role("button", name="Empty the bin")).to_have_count(0)
    assert studio.call("GET", f"/pictures/{first}").status == 410


def test_the_machine_is_measured_when_asked(page: Page, axe: Callable[..., None]) -> None:
    page.goto("/settings#machine")
    expect(page.get_by_text("Not measured yet.")).to_be_visible()
    page.get_by_role("button", name="Measure").click()
    panel = page.get_by_role("tabpanel", name="This machine")
    expect(panel).to_contain_text("fluxgram-mini runs on", timeout=90_000)
    expect(panel).to_contain_text("TFLOP/s")
    axe(page)
    page.goto("/settings#checkpoints")
    expect(card(page, "fluxgram-mini")).to_contain_text("Fits this machine")


def test_who_may_not_administer_sees_why(open_page: Callable[..., Page], studio: Server) -> None:
    made = studio.call("POST", "/api/v1/keys", {"name": "looker", "scopes": ["read"]}).json
    page = open_page(extra_http_headers={"Authorization": f"Bearer {made['token']}"})
    page.goto("/settings#keys")
    expect(page.get_by_text("Only a key with the scope admin may see this.").first).to_be_visible()
    page.get_by_role("tab", name="Usage").click()
    expect(page.get_by_role("heading", name="Nothing drawn yet")).to_be_visible()


def test_a_phone(phone: Page, axe: Callable[..., None]) -> None:
    for tab in TABS:
        phone.goto(f"/settings#{tab}")
        phone.reload()  # another fragment alone loads nothing
        expect(phone.locator(f"#{tab}-panel")).to_be_visible()
        expect(phone.locator(f"#{tab}-panel[aria-busy]")).to_have_count(0)
        no_sideways_scrolling(phone)
    axe(phone, ("light",))
