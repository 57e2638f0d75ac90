"""A contact sheet as a page: one HTML file beside the pictures, without scripts or anything from elsewhere.

Pictures are named by their relative path, so the folder can be moved or sent as a whole. The sheet as one picture is in
`sheet.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

_STYLE = """
:root { color-scheme: light dark; --paper: #f6f5f2; --card: #fff; --ink: #1d1d1f; --soft: #66645f; --line: #dcd9d2 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #17171a; --card: #212125; --ink: #ecebe6; --soft: #a5a29a; --line: #36363b }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 90rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 }
header p, dl { color: var(--soft); margin: .25rem 0 1.5rem; font-size: .875rem }
main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; overflow: hidden }
img { display: block; width: 100%; height: auto }
a:focus-visible { outline: 3px solid; outline-offset: -3px; display: block }
figcaption { padding: .75rem 1rem 1rem; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 0 .25rem }
figcaption p { margin: .25rem 0 0; font-size: .875rem }
.soft { color: var(--soft) }
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture on the page.

    Attributes:
        file: Path relative to the page, parts joined by `/`.
        title: Its heading.
        facts: Short facts under it: seed, size.
        words: The prompt it was drawn from; also what a reader who cannot see is told.
        negative: The negative prompt; empty for none.
        size: (width, height) in px, so that nothing jumps while the page loads.
        embedded: The picture itself as a `data:` address, for a page that nothing lies beside; empty takes the file.
    """

    file: str
    title: str
    facts: str
    words: str
    negative: str
    size: tuple[int, int]
    embedded: str = ""


def sheet_page(title: str, entries: Sequence[Entry], *, note: str = "") -> str:
    """The page.

    Args:
        title: Of the shoot.
        entries: Pictures in reading order.
        note: A line under the title: who is in it, what drew it.
    """
    name = escape(title)
    under = f"\n<p>{escape(note)}</p>" if note else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="fluxgram">\n<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<header>\n<h1>{name}</h1>{under}\n</header>\n<main>\n"
        + "".join(map(_figure, entries))
        + "</main>\n</body>\n</html>\n"
    )


def _figure(entry: Entry) -> str:
    link = escape(quote(entry.file))
    source = escape(entry.embedded) or link
    image = (
        f'<img src="{source}" width="{entry.size[0]}" height="{entry.size[1]}" '
        f'loading="lazy" alt="{escape(f"{entry.title}: {entry.words}")}">'
    )
    shown = image if entry.embedded else f'<a href="{link}">{image}</a>'
    negative = f'<p class="soft">without: {escape(entry.negative)}</p>\n' if entry.negative else ""
    return (
        f"<figure>\n{shown}\n<figcaption>\n"
        f'<h2>{escape(entry.title)}</h2>\n<p class="soft">{escape(entry.facts)}</p>\n'
        f"<p>{escape(entry.words)}</p>\n{negative}</figcaption>\n</figure>\n"
    )
