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

from bench.gallery import fill
from tests.serving import TINY, serving
from tests.studio.conftest import NAMES

PAGES = ("/", "/light", "/gallery", "/compare", "/characters", "/shoots", "/settings")
TIMES = 5
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
        print("| page | answer | parsed | usable | kB without pictures |")
        print("|---|---|---|---|---|")
        for path in PAGES:
            rows = [visit(browser, server.url, path) for _ in range(TIMES)]
            answer, parsed, usable, size = (statistics.median(column) for column in zip(*rows, strict=True))
            print(f"| `{path}` | {answer:.0f} | {parsed:.0f} | {usable:.0f} | {size / 1000:.0f} |")
        browser.close()


def visit(browser: Browser, url: str, path: str) -> tuple[float, float, float, float]:
    """Milliseconds until answer, parsed and usable, and bytes, of one visit with nothing cached."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sizes: list[int] = []

    def came(response: Any) -> None:
        kind = response.headers.get("content-type", "")
        if kind.startswith(("text/html", "text/css", "text/javascript", "image/svg")):
            sizes.append(len(response.body()))

    page.on("response", came)
    page.goto(path, wait_until="load")
    answer, parsed, usable = page.evaluate(_TIMING)
    page.wait_for_load_state("networkidle")
    context.close()
    return answer, parsed, usable, sum(sizes)


if __name__ == "__main__":
    main()
