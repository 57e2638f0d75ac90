"""Makes the pictures in docs/studio.md: `make screenshots`. A service of its own draws with the embedded checkpoint.
With the word `hero` behind it, makes the lit head of the start page instead.

Not a test. Look at what it writes before committing it.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serving import Server, serving, wait_until
from tests.studio.conftest import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
HERO = Path(__file__).parents[2] / "src" / "fluxgram" / "studio" / "assets" / "hero.webp"
SUBJECTS = (
    "portrait of a woman with auburn hair and freckles, Rembrandt lighting from the left, 85mm f/1.4, grey backdrop",
    "portrait of an old fisherman with a white beard, soft window light from the right, 85mm lens",
    "close-up portrait of a young man with short black hair, butterfly lighting, 85mm f/2",
    "portrait of a woman in her 60s with grey hair, golden hour sunlight from the right, 50mm lens",
    "portrait of a man with glasses, split lighting from the left, low-key, 85mm f/1.8",
    "portrait of a woman with black curly hair, soft studio lighting with warm key and cool fill, 85mm f/2",
    "portrait of a young woman with blond hair, rim light from behind, dark background, 85mm f/1.4",
    "portrait of a bald man with a short beard, broad lighting from the right, 100mm lens",
)
SEEDS = (4, 11, 3, 5, 2, 9, 5, 7)
"""Of the subjects; other weights want others."""
ANCHOR = "woman in her 30s, auburn wavy hair past the shoulders, light skin with freckles, green eyes"


def main() -> None:
    """Draw what the pages show, then photograph the pages."""
    found = chromium()
    if found is None:
        raise SystemExit("There is no Chromium on this machine.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "home", "fluxgram-mini", THREADS="2") as server,
        sync_playwright() as playwright,
    ):
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
        )
        photographer = Photographer(server, started)
        if "hero" in sys.argv[1:]:
            photographer.hero()
        else:
            photographer.all(fill(server))
        started.close()


def fill(server: Server) -> list[str]:
    """Pictures with marks, a comparison, a character and a shoot. Returns names of pictures."""
    names = [draw(server, prompt, seed=seed) for prompt, seed in zip(SUBJECTS, SEEDS, strict=True)]
    names += [
        draw(
            server,
            SUBJECTS[0].replace("Rembrandt lighting from the left", light),
            seed=SEEDS[0],
            parent=names[0],
        )
        for light in ("butterfly lighting", "split lighting from the right")
    ]
    for number, (rating, favourite) in enumerate(((5, True), (3, False), (4, False), (2, False), (5, True))):
        marks = {
            "rating": rating,
            "favourite": favourite,
            "tags": ["client"] if number % 2 else ["portfolio", "red hair"],
        }
        answer = server.call("PATCH", f"/api/v1/pictures/{names[number]}", marks)
        assert answer.status == 200, answer.body
    return names


def draw(server: Server, prompt: str, seed: int, **more: Any) -> str:
    """The name of a finished picture."""
    answer = server.call("POST", "/api/v1/jobs", {"prompt": prompt, "seed": seed, "quality": "final", **more})
    assert answer.status == 202, answer.body
    job = answer.json["id"]
    over = wait_until(lambda: _over(server, job), "the picture")
    return str(over["pictures"][0]["name"])


def _over(server: Server, job: int) -> Any:
    view = server.call("GET", f"/api/v1/jobs/{job}?wait=30").json
    assert view["state"] != "failed", view["problem"]
    return view if view["state"] == "done" else None


def painted(page: Page) -> None:
    """Wait until every named light has its small head."""
    page.locator(".light-strip[data-painted]").wait_for(state="attached", timeout=60_000)


class Photographer:
    """Opens pages and keeps what they look like.

    Args:
        server: Whose pages.
        browser: Which looks at them.
    """

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server, self.browser = server, browser

    def all(self, names: list[str]) -> None:
        """Every page."""
        self.take("shoot", "/", self.shoot)
        self.take("light", "/light", painted)
        self.take("gallery", "/gallery")
        self.take("picture", f"/gallery/{names[0]}")
        self.take("compare", self.comparison(names), lambda page: page.keyboard.press("s"))
        board = self.shoots()
        self.take("characters", self.character())
        self.take("shoots", board)
        self.take("settings", "/settings", theme="light")
        self.take("phone", "/light", painted, size=(390, 844))

    def hero(self) -> None:
        """The head of the light page in a light of its own, without lamps and dials."""
        page = self.browser.new_page(
            base_url=self.server.url, viewport={"width": 1440, "height": 900}, device_scale_factor=1.5
        )
        page.goto("/light")
        page.locator(".light-strip[data-painted]").wait_for()
        page.evaluate("""() => {
          const stage = document.querySelector("light-stage"), lamps = stage.lamps;
          Object.assign(lamps.key, { azimuth: -48, kelvin: 4300 });
          lamps.fill.stops = 4.6;
          Object.assign(lamps.rim, { on: true, power: 1.3, kelvin: 3600 });
          stage.lamps = lamps;
          const marks = ".light-handle, .light-dials, .light-beam, .light-reach";
          for (const each of stage.querySelectorAll(marks)) each.hidden = true;
        }""")
        page.wait_for_timeout(1500)
        with Image.open(io.BytesIO(page.locator(".light-picture").screenshot())) as shot:
            width, height = shot.size
            head = shot.convert("RGB").crop((8, 8, width - 8, round(height * 0.93)))
            head.resize((640, 752), Image.Resampling.LANCZOS).save(HERO, quality=72, method=6)
        page.close()

    def take(
        self, name: str, path: str, prepare: Callable[[Page], object] | None = None, *, theme: str = "dark",
        size: tuple[int, int] = (1440, 900),
    ) -> None:  # fmt: skip
        """One page."""
        context = self.browser.new_context(
            base_url=self.server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            device_scale_factor=2 if size[0] < 600 else 1,
            is_mobile=size[0] < 600,
            has_touch=size[0] < 600,
        )
        page = context.new_page()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if prepare:
            prepare(page)
        page.wait_for_timeout(1200)
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            shot.convert("RGB").save(FOLDER / f"studio-{name}.webp", quality=82, method=6)
        context.close()

    def shoot(self, page: Page) -> None:
        """A picture made on the start page."""
        page.locator("prompt-editor textarea").first.fill(SUBJECTS[0])
        page.locator("#seed").fill(str(SEEDS[0]))
        page.locator("prompt-editor textarea").first.focus()
        page.keyboard.press("Control+Enter")
        drawing = page.locator("job-card").get_by_text("Drawing", exact=True)
        drawing.first.wait_for(timeout=60_000)
        expect(drawing).to_have_count(0, timeout=120_000)

    def comparison(self, names: list[str]) -> str:
        """Address of a comparison of three lights."""
        cells = [{"label": label, "picture": name} for label, name in zip(
            ("Rembrandt", "Butterfly", "Split"), (names[0], *names[-2:]), strict=True)]  # fmt: skip
        body = {"kind": "comparison", "title": "Three lights, one seed", "cells": cells}
        answer = self.server.call("POST", "/api/v1/boards", body)
        assert answer.status in (200, 201, 202), answer.body
        return f"/compare/{answer.json['id']}"

    def character(self) -> str:
        """Address of the characters."""
        body = {
            "name": "Mara",
            "anchor": ANCHOR,
            "seed": 9,
        }
        answer = self.server.call("POST", "/api/v1/characters", body)
        assert answer.status == 201, answer.body
        return "/characters"

    def shoots(self) -> str:
        """Address of a shoot."""
        file = f"""[shoot]
title = "Mara, four lights"

[[character]]
name = "Mara"
anchor = "{ANCHOR}"
seed = 9
"""
        for light in ("rembrandt", "window", "golden-hour", "butterfly"):
            file += f'\n[[scene]]\nname = "{light}"\nlight = "{light}"\n'
            file += 'subject = "head and shoulders portrait"\ncamera = "85mm"\n'
        answer = self.server.call("POST", "/api/v1/shoots", {"file": file})
        assert answer.status == 202, answer.body
        for frame in answer.json["frames"]:
            job = frame["job"]["id"]
            wait_until(lambda job=job: _over(self.server, job), "the shoot")
        return f"/shoots/{answer.json['board']}"


if __name__ == "__main__":
    main()
