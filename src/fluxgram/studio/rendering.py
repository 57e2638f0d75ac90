"""`Rendering`: templates, texts and addresses of browser files, put together into a page.

Everything is escaped by Jinja; data for scripts is JSON in a script element of a type that is not run, with the
characters escaped that could end it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fluxgram.studio.browser_files import Files, takes_gzip
from fluxgram.studio.texts import fill, of_sections, read_texts

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NAVIGATION = (
    ("shoot", "/", "camera"),
    ("light", "/light", "light"),
    ("gallery", "/gallery", "gallery"),
    ("compare", "/compare", "compare"),
    ("people", "/characters", "people"),
    ("settings", "/settings", "settings"),
)
"""Section, address and icon."""
_ESCAPES = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Rendering:
    """Makes pages.

    Args:
        language: Of the texts.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.texts = read_texts(language)
        self.files = Files()
        self._templates = Environment(
            loader=PackageLoader("fluxgram.studio"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["shortened"] = shortened
        self._templates.globals |= {
            "t": self.text,
            "asset": self.files.address,
            "icon": self.icon,
            "page_data": page_data,
            "navigation": NAVIGATION,
            "language": language,
        }

    def text(self, key: str, **values: object) -> str:
        """A text; a key that there is not is a defect.

        Raises:
            KeyError: There is none.
        """
        return fill(self.texts[key], values)

    def icon(self, name: str) -> Markup:
        """An icon of `icons.svg`, for the eye only."""
        address = f"{self.files.address('icons.svg')}#{name}"
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(address)

    def page(
        self,
        request: Request,
        template: str,
        section: str,
        values: dict[str, Any] | None = None,
        *,
        texts: Sequence[str] = (),
        status: int = 200,
    ) -> HTMLResponse:
        """A whole page.

        Args:
            request: What it answers.
            template: File in `templates/`.
            section: Which part of the Studio it is; its texts go to the scripts.
            values: For the template.
            texts: Further sections of texts for the scripts.
            status: HTTP status.
        """
        said = of_sections(self.texts, ("common", section, *texts))
        shown = self._templates.get_template(template).render(
            section=section,
            script_texts=_as_json(said),
            signed_in=getattr(request.state, "session", False),
            **(values or {}),
        )
        answer = HTMLResponse(shown, status, HEADERS | {"Vary": "Accept-Encoding"})
        if takes_gzip(request):
            answer.body = gzip.compress(answer.body, 6)
            answer.headers["Content-Encoding"] = "gzip"
            answer.headers["Content-Length"] = str(len(answer.body))
        return answer


def page_data(value: Any) -> Markup:
    """Data for the page's script: `page()` of core.js reads it."""
    return Markup('<script type="application/json" id="page">{}</script>').format(_as_json(value))


def _as_json(value: Any) -> Markup:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704  (every character that HTML knows is escaped)


def shortened(text: str, most: int) -> str:
    """A text cut between words to at most so many characters, without punctuation before the dots."""
    if len(text) <= most:
        return text
    kept = text[:most].rsplit(None, 1)[0]
    return kept.rstrip(" ,.;:-–") + "…"
