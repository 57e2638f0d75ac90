"""What strangers write is shown as text on every page and in exported sheets, and runs nowhere."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

from PIL import Image, PngImagePlugin
from playwright.sync_api import Page

from tests.serving import Server, wait_until

HOSTILE = '</script><img src=x onerror="window.ran=1"><svg onload=alert(1)>]]>--><style>body</style>"\'&amp;'
FOUND = """() => [window.ran || "", ...[...document.querySelectorAll(
  '[onerror], [onload], img[src="x"], body style, script:not([src]):not([type="application/json"])')]
  .map((each) => each.outerHTML)].filter(Boolean)"""
SHOOT = """
[shoot]
title = '''{words}'''
quality = "draft"
[[character]]
name = "Mara"
anchor = "woman in her 30s"
seed = 1
[[scene]]
name = "<img src=x onerror=alert(1)>"
subject = "portrait"
"""


def call(server: Server, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    answer = server.call(method, f"/api/v1{path}", body, headers)
    assert answer.status < 300, answer.body
    return answer.json


def hostile_file() -> bytes:
    chunks, out = PngImagePlugin.PngInfo(), io.BytesIO()
    chunks.add_itxt(
        "parameters", f"{HOSTILE}\nNegative prompt: {HOSTILE}\nSteps: 4, Seed: 5, Size: 8x8, Model: <b>m"
    )
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def test_hostile_words_are_text_everywhere(studio: Server, page: Page) -> None:
    name = call(studio, "POST", "/imports", hostile_file(), {"X-Filename": quote(f"{HOSTILE}.png")})["name"]
    call(studio, "PATCH", f"/pictures/{name}", {"tags": ["<img src=x onerror=alert(1)>"]})
    order = {"prompt": f"portrait {HOSTILE}", "negative": HOSTILE, "label": HOSTILE[:80], "parent": name}
    job = call(studio, "POST", "/jobs", order)["id"]
    cells = [{"label": HOSTILE, "picture": name}, {"label": "<b>", "picture": name}]
    board = call(studio, "POST", "/boards", {"kind": "comparison", "title": HOSTILE, "cells": cells})["id"]
    shoot = call(studio, "POST", "/shoots", {"file": SHOOT.format(words=HOSTILE)})["board"]
    call(
        studio, "POST", "/characters", {"name": "<img src=x>", "anchor": f"woman {HOSTILE}", "notes": HOSTILE}
    )
    wait_until(lambda: studio.call("GET", f"/api/v1/jobs/{job}").json["state"] == "done", "the picture")
    for path in (
        "/", f"/?from={name}&relation=push", f"/jobs/{job}", "/gallery", f"/gallery?q={quote(HOSTILE)}",
        f"/gallery/{name}", f"/compare?picture={name}", f"/compare/{board}", "/characters", "/characters/img-src-x",
        "/shoots", f"/shoots/{shoot}", f"/shoots/new?from={shoot}",
    ):  # fmt: skip
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert "content-security-policy" in answer.headers
        page.wait_for_load_state("networkidle") if path == "/gallery" else page.wait_for_load_state("load")
        assert page.evaluate(FOUND) == [], path
    for path in (f"/api/v1/boards/{board}/sheet.html", f"/api/v1/shoots/{shoot}/sheet.html"):
        sheet = studio.call("GET", path)
        assert sheet.status == 200
        assert "sandbox" in sheet.headers["content-security-policy"]
        page.goto("about:blank")  # no policy keeps anything from running there
        page.set_content(sheet.body.decode())
        assert [each for each in page.evaluate(FOUND) if not each.startswith("<style")] == [], path
