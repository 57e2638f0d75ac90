"""Frames a second of the light stage while its key is dragged, in headless Chromium, for both renderers.

`python -m bench.studio_light [--seconds 5]`. Without a graphics card Chromium draws WebGL in software, so this is the
worst case of the two; a machine with one draws as often as its screen shows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.serving import TINY, serving
from tests.studio.conftest import chromium

RENDERERS = (
    ("2D canvas", "?renderer=2d", []),
    ("WebGL 2, in software", "?renderer=webgl", ["--use-gl=angle", "--use-angle=swiftshader"]),
)
"""Where WebGL is drawn in software, the stage takes the canvas by itself."""
DRAG = """seconds => new Promise((done) => {
  const stage = document.querySelector("light-stage"), start = performance.now(), times = [];
  stage.setAttribute("moving", "key");
  let last = start, first = stage.frames;
  const step = (now) => {
    times.push(now - last);
    last = now;
    const gone = now - start;
    stage.move({key: {azimuth: 170 * Math.sin(gone / 900), elevation: 30 + 30 * Math.sin(gone / 1300)}});
    if (now - start < seconds * 1000) return requestAnimationFrame(step);
    times.sort((one, other) => one - other);
    stage.removeAttribute("moving");
    done({frames: (stage.frames - first) / ((now - start) / 1000), median: times[times.length >> 1],
          worst: times[Math.floor(times.length * .95)], width: stage.querySelector("canvas").width});
  };
  requestAnimationFrame(step);
})"""


def measure(browser: Browser, url: str, query: str, seconds: float) -> dict[str, Any]:
    """Drag for a while; frames a second, milliseconds between frames, and the width that was drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(f"{url}/light{query}")
    page.locator("light-stage .light-wait").wait_for(state="detached")
    page.locator(".light-strip[data-painted]").wait_for(state="attached")
    page.evaluate(DRAG, 1)
    found: dict[str, Any] = page.evaluate(DRAG, seconds)
    page.close()
    return found


def main() -> int:
    """Measure both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    found = chromium()
    if found is None:
        print("There is no Chromium on this machine.", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "home", "fluxgram-mini", engine=TINY) as server,
        sync_playwright() as playwright,
    ):
        print(
            "| renderer | frames a second | median ms | 95th percentile ms | width px |\n|---|---|---|---|---|"
        )
        for name, query, options_of_gl in RENDERERS:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *options_of_gl])
            told = measure(browser, server.url, query, options.seconds)
            browser.close()
            print(
                f"| {name} | {told['frames']:.0f} | {told['median']:.1f} | {told['worst']:.1f} | {told['width']} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
