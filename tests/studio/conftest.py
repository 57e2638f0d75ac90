"""A real browser on a real service: Debian's Chromium, driven by Playwright. Skipped where there is no Chromium.

A page fails its test at the end where it wrote an error to the console, threw, or asked anything of another machine.
What a test expects of that, it takes out of `page.troubles` itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import TINY, Server, serving

try:
    from playwright.sync_api import Browser, Page, expect, sync_playwright

    expect.set_options(timeout=30_000)  # machines that run tests can be very slow
except ImportError:  # pragma: no cover - without the extra `dev`
    sync_playwright = None  # type: ignore[assignment]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OURS = {"127.0.0.1", "localhost"}
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime < Infinity)
  .map((each) => each.finished.catch(() => null))).then(() => null)"""
"""Changes of colour under way would be measured half done. `wait_for_function` is no good: the policy forbids it."""


def chromium() -> str | None:
    """The browser of this machine: the one that CHROMIUM names, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a file: while Playwright runs, no other test in the process can have an event loop."""
    found = chromium()
    if sync_playwright is None or found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or set CHROMIUM to one")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that draws flat pictures at once."""
    with serving(tmp_path_factory.mktemp("home"), "fluxgram-mini", engine=TINY) as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, studio: Server) -> Iterator[Callable[..., Page]]:
    """Opens pages; each has storage of its own, `page.troubles`, and addresses relative to the service."""
    opened: list[tuple[Any, Page]] = []

    def open_(path: str | None = None, **options: Any) -> Page:
        wanted: dict[str, Any] = {
            "base_url": studio.url,
            "viewport": {"width": 1280, "height": 900},
            "color_scheme": "dark",
            "reduced_motion": "reduce",
        }
        context = browser.new_context(**wanted | options)
        page = context.new_page()
        page.set_default_timeout(30_000)
        watch(page)
        opened.append((context, page))
        if path is not None:
            page.goto(path)
        return page

    yield open_
    troubles = [trouble for _, page in opened for trouble in page.troubles]  # type: ignore[attr-defined]
    for context, _ in opened:
        context.close()
    assert troubles == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of an ordinary window."""
    return open_page()


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """A page of a narrow window with touch."""
    return open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)


def watch(page: Page) -> None:
    """Write down what a page does wrong."""
    troubles: list[str] = []
    page.troubles = troubles  # type: ignore[attr-defined]

    def asked(request: Any) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob") and where.hostname not in OURS:
            troubles.append(f"asked another machine: {request.url}")

    page.on("request", asked)
    page.on("pageerror", lambda error: troubles.append(f"threw: {error}"))
    page.on("console", lambda said: said.type == "error" and troubles.append(f"console: {said.text}"))


def forget(page: Page, words: str) -> None:
    """What the browser writes down by itself for an answer that a test provoked (`422`, `ERR_CONNECTION_REFUSED`)."""
    page.troubles[:] = [said for said in page.troubles if words not in said]  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """`axe(page)` fails where the page breaks a rule of WCAG A or AA, in dark and in light."""
    axe_playwright_python = pytest.importorskip("axe_playwright_python")
    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")

    def check(page: Page, themes: tuple[str, ...] = ("dark", "light")) -> None:
        page.evaluate(script)  # as if typed into the console: the page's policy would refuse a script element
        for theme in themes:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            page.evaluate(SETTLED)
            found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
            told = [
                f"{theme}: {entry['id']}: {entry['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
                for entry in found["violations"]
                for node in entry["nodes"]
            ]
            assert not told, "\n".join(told)

    return check


def no_sideways_scrolling(page: Page) -> None:
    """Fails where a page is wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px too wide"
