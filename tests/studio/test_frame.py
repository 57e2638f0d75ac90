"""What is around every page: policy, theme, keys, notices, signing in, and what it all weighs."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fluxgram.studio.browser_files import slim
from fluxgram.studio.texts import FOLDER, fill, read_texts
from tests.serving import TINY, Server, serving, wait_until
from tests.studio.conftest import forget, no_sideways_scrolling

STUDIO = FOLDER.parent
PAGES = ("/", "/light", "/gallery", "/compare", "/characters", "/shoots", "/settings")
MOST_BYTES = 80_000
"""As sent."""
ADMIN = ("--scope", "draw", "--scope", "read", "--scope", "admin")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_to_this_machine_and_passes_axe(
    path: str, page: Page, axe: Callable[..., None]
) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    policy = answer.header_value("content-security-policy") or ""
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("nav.rail [aria-current=page]")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    axe(page)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(path: str, phone: Page) -> None:
    phone.goto(path)
    phone.wait_for_load_state("networkidle")
    no_sideways_scrolling(phone)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_little(path: str, page: Page) -> None:
    came: list[Any] = []
    page.on("requestfinished", lambda request: came.append(request))  # noqa: PLW0108  (a built-in takes no marks)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    sizes = {
        request.url: request.sizes()["responseBodySize"]
        for request in came
        if re.match(r"text/|image/svg", request.response().headers.get("content-type", ""))
    }
    assert len(sizes) > 5
    assert sum(sizes.values()) <= MOST_BYTES, sorted(sizes.items(), key=lambda each: -each[1])


def test_what_is_not_there_is_said_on_a_page(page: Page, axe: Callable[..., None]) -> None:
    answer = page.goto("/nothing-here")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_contain_text("There is nothing at")
    axe(page)
    forget(page, "404")


def test_programs_are_answered_as_before(studio: Server) -> None:
    answer = studio.call("GET", "/nothing-here")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == 404


def test_files_are_kept_for_ever_by_a_name_that_changes(studio: Server) -> None:
    text = studio.call("GET", "/sign-in").body.decode()
    found = re.search(r"/studio/([0-9a-f]{12})/studio\.css", text)
    assert found
    answer = studio.call("GET", found[0])
    assert "immutable" in answer.headers["cache-control"]
    other = studio.call("GET", "/studio/000000000000/studio.css")
    assert (other.status, other.body) == (200, answer.body)
    assert other.headers["cache-control"] == "no-cache"
    for name in ("../studio.py", "..%2fstudio.py", "nothing.js", "", "stage"):
        assert studio.call("GET", f"/studio/{found[1]}/{name}").status == 404


def test_scripts_lose_comments_and_indentation_and_nothing_else() -> None:
    """Shaders are the only texts over several lines, which would lose their indentation too; they need none."""
    for path in (STUDIO / "assets").glob("*.js"):
        whole = path.read_text("utf-8")
        lines, slimmed = whole.split("\n"), slim(whole.encode(), ".js").decode().split("\n")
        for number, (line, came) in enumerate(zip(lines, slimmed, strict=True), 1):
            where = f"{path.name}:{number}: {line}"
            comment = line.strip() == "" or line.strip().startswith(("//", "/*", "*"))
            assert came == line.lstrip() or (comment and came.strip() == ""), where
            code = "" if comment else re.sub(r'"[^"]*"', "", line)
            assert code.count("`") % 2 == 0 or path.name == "light_gl.js", where
    assert slim(b"  a; // not a line of its own\n  /* two\n  lines */\n  'x // y';\n", ".js") == (
        b"a; // not a line of its own\n\n\n'x // y';\n"
    )


def test_texts_travel_compressed_to_those_who_take_them(studio: Server) -> None:
    for path in ("/sign-in", re.findall(r"/studio/[0-9a-f]+/core\.js|/studio/[0-9a-f]+/studio\.css",
                                        studio.call("GET", "/sign-in").body.decode())[0]):  # fmt: skip
        plain = studio.call("GET", path)
        packed = studio.call("GET", path, headers={"Accept-Encoding": "br, gzip"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body) / 2


def test_the_theme_is_kept(page: Page) -> None:
    page.goto("/gallery")
    page.get_by_role("button", name="Dark or light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.goto("/compare")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_keys_lead_from_page_to_page(page: Page) -> None:
    page.goto("/settings")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Gallery")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.wait_for_url("**/gallery")


def test_the_way_past_the_navigation(page: Page) -> None:
    page.goto("/compare")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A service that asks for a key, and an administrator's."""
    home = tmp_path_factory.mktemp("locked")
    with serving(home, "fluxgram-mini", start=False, engine=TINY, arguments=("--require-key",)) as server:
        made = server.command("keys", "create", "ada", *ADMIN)
        token = re.search(r"fg_[a-z0-9]+_\S+", made.stdout + made.stderr)
        assert token, made
        server.start(ready=False)
        yield server, token[0]


@pytest.fixture
def guarded(locked: tuple[Server, str]) -> tuple[Server, str, Callable[[], int]]:
    """The service, a key that only this test has, and what revokes it."""
    server, admin = locked
    headers = {"Authorization": f"Bearer {admin}"}
    key = server.call("POST", "/api/v1/keys", {"name": "eve", "scopes": ["draw", "read"]}, headers).json
    return (
        server,
        key["token"],
        lambda: server.call("DELETE", f"/api/v1/keys/{key['id']}", None, headers).status,
    )


def test_signing_in_and_out(
    locked: tuple[Server, str], open_page: Callable[..., Page], axe: Callable[..., None]
) -> None:
    server, token = locked
    page = open_page(base_url=server.url)
    page.goto("/gallery?q=a%26b")
    expect(page).to_have_url(re.compile(r"/sign-in\?to="))
    axe(page)
    page.get_by_label("Key").fill("fg_wrong_key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The key is not valid.")).to_be_visible()
    forget(page, "401")
    page.get_by_label("Key").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery?q=a%26b")
    cookie = page.context.cookies()[0]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert token not in str(page.context.cookies())
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/gallery")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_session_ends_with_its_key(
    guarded: tuple[Server, str, Callable[[], int]], open_page: Callable[..., Page]
) -> None:
    server, token, revoke = guarded
    page = open_page(base_url=server.url)
    page.goto("/sign-in?to=//elsewhere.example/")
    page.get_by_label("Key").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    headers = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())}

    def refused() -> bool:
        return server.call("GET", "/api/v1/jobs", headers=headers).status == 401

    assert not refused()
    assert revoke() in (200, 204)
    assert wait_until(refused, "the end of the session", 30)
    page.close()
    forget(page, "401")


@pytest.mark.parametrize(
    "cookie",
    ["", "x", "abc.99999999999.AAAA", f"abc.99999999999.{'A' * 43}", "é" * 50, "a" * 5000],
)
def test_forged_sessions_are_none(locked: tuple[Server, str], cookie: str) -> None:
    server, _ = locked
    sent = {"Cookie": f"fluxgram_session={cookie}".encode().decode("latin-1")}
    assert server.call("GET", "/api/v1/jobs", headers=sent).status == 401


def test_pages_of_others_cannot_use_a_session(
    locked: tuple[Server, str], open_page: Callable[..., Page]
) -> None:
    server, token = locked
    page = open_page(base_url=server.url)
    page.goto("/sign-in")
    page.get_by_label("Key").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    cookie = page.context.cookies()[0]
    headers = {"Cookie": f"{cookie['name']}={cookie['value']}", "Origin": "http://evil.example"}
    assert server.call("POST", "/api/v1/jobs", {"prompt": "a sailor"}, headers).status == 403
    headers["Origin"] = server.url
    assert server.call("POST", "/api/v1/jobs", {"prompt": "a sailor"}, headers).status == 202


def test_a_server_that_goes_away_is_told_and_comes_back(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    with serving(tmp_path, "fluxgram-mini", engine=TINY) as server:
        page = open_page(base_url=server.url)
        page.goto("/settings")
        page.wait_for_load_state("networkidle")
        server.kill()
        expect(page.locator("#offline")).to_be_visible()
        server.start(ready=False)
        expect(page.locator("#offline")).to_be_hidden()
    forget(page, "ERR_")


def test_texts_are_all_there_and_all_used() -> None:
    """A key is written out, or built where it is used: `words.group_${name}` uses all that begin so."""
    texts = read_texts()
    source = "\n".join(
        path.read_text("utf-8") for path in STUDIO.rglob("*") if path.suffix in (".py", ".js", ".html")
    )
    key = r"[a-z]+\.[a-z0-9_]+"
    called = set(re.findall(rf"""\bt\(\s*["'`]({key})["'`]\s*[,)]""", source))
    assert len(called) > 300
    assert called <= texts.keys(), sorted(called - texts.keys())

    written = set(re.findall(rf"""["'`]({key})["'`]""", source))
    built = re.findall(r"""`([a-z]+\.[a-z0-9_]*)\$\{[^`]*?\}([a-z0-9_]*)`""", source)
    built += re.findall(r"""f"([a-z]+\.[a-z0-9_]*)\{[^"]*?\}([a-z0-9_]*)\"""", source)
    built += [(begun, "") for begun in re.findall(r"""["']([a-z]+\.[a-z0-9_]*)["']\s*[~+]""", source)]
    sections = {path.stem for path in (FOLDER / "en").glob("*.toml")}
    built = [(begun, ended) for begun, ended in built if begun.partition(".")[0] in sections]
    whole = {begun.rstrip(".") for begun, ended in built if begun.endswith(".") and not ended}
    parts = set(re.findall(r"""["'`{, ]([a-z0-9_]+)["'`:,} ]""", source))

    def used(name: str) -> bool:
        section, _, rest = name.partition(".")
        if name in written or (section in whole and rest in parts):
            return True
        return any(
            name.startswith(begun)
            and name.endswith(ended)
            and (not begun.endswith(".") or (ended and name[len(begun) : -len(ended)] in parts))
            for begun, ended in built
        )

    for begun, ended in built:
        assert [name for name in texts if name.startswith(begun) and name.endswith(ended)], begun
    unused = sorted(name for name in texts if not used(name))
    assert not unused, "\n".join(unused)


def test_values_of_texts() -> None:
    assert fill("{n} of {m}", {"n": 1, "m": "{n}"}) == "1 of {n}"
    assert fill("as it is {x}", {}) == "as it is {x}"
