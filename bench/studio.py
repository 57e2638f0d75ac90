"""How long until a page of the Studio can be used, and what it weighs: `python bench/studio.py [PICTURES]`.

A service with the tiny engine, whose gallery has 5,000 pictures, and Debian's Chromium with an empty cache. Times are
from the navigation's start: until the server's answer, until the page is parsed, until its controls react. Medians of
five.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.serving import TINY, serving
from tests.studio.conftest import NAMES
from tests.studio.pictures import fill

PAGES = ("/", "/light", "/gallery", "/compare", "/characters", "/shoots", "/settings")
TIMES = 5
KINDS = ("text/html", "text/css", "text/javascript", "image/svg")
_TIMING = """() => { const [n] = performance.getEntriesByType("navigation");
  return [n.responseStart, n.domContentLoadedEventEnd, Math.max(n.loadEventEnd, n.domContentLoadedEventEnd)]; }"""


def main() -> None:
    """Print a table for bench/RESULTS.md."""
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "home", "fluxgram-mini", start=False, engine=TINY) as server,
        sync_playwright() as playwright,
    ):
        fill(server.home, pictures)
        server.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        print(f"gallery of {pictures}; ms, medians of {TIMES}\n")
        print("| page | answer | parsed | usable | kB sent, without pictures | kB unpacked |")
        print("|---|---|---|---|---|---|")
        visit(browser, server.url, "/")  # the browser's own first time
        for path in PAGES:
            rows = [visit(browser, server.url, path) for _ in range(TIMES)]
            answer, parsed, usable, sent, plain = map(statistics.median, zip(*rows, strict=True))
            print(
                f"| `{path}` | {answer:.0f} | {parsed:.0f} | {usable:.0f} | {sent / 1000:.0f} | {plain / 1000:.0f} |"
            )
        browser.close()


def visit(browser: Browser, url: str, path: str) -> tuple[float, float, float, float, float]:
    """Milliseconds until answer, parsed and usable, bytes sent and unpacked, of one visit with nothing cached."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    came: list[Any] = []
    page.on("requestfinished", lambda request: came.append(request))  # noqa: PLW0108  (a built-in takes no marks)
    page.goto(path, wait_until="load")
    answer, parsed, usable = page.evaluate(_TIMING)
    page.wait_for_load_state("networkidle")
    texts = [each for each in came if each.response().headers.get("content-type", "").startswith(KINDS)]
    sent = sum(each.sizes()["responseBodySize"] for each in texts)
    plain = sum(len(each.response().body()) for each in texts)
    context.close()
    return answer, parsed, usable, sent, plain


if __name__ == "__main__":
    main()
