"""A comparison as a page: one HTML file that needs nothing beside it, pictures within, without scripts.

The same as one picture is `axis_sheet.py`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from fluxgram.pictures.resample import resample
from fluxgram.pictures.sheet import inside

if TYPE_CHECKING:
    from PIL.Image import Image

_WIDEST, _NARROWEST = 28, 11
"""Widths of a column on a page, in rem."""
PAGE_SIDE = 1024
"""Longest side of a picture within a page, in px."""

_STYLE = """
:root { color-scheme: light dark; --paper: #ededec; --card: #fff; --ink: #1b1b1a; --soft: #595957; --line: #cfcfcc }
@media (prefers-color-scheme: dark) {
  :root { --paper: #141414; --card: #1c1c1c; --ink: #ededed; --soft: #a9a9a9; --line: #353535 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 }
header p { color: var(--soft); margin: .25rem 0 1.25rem; max-width: 70rem }
.wide { overflow-x: auto; margin: 0 -.6rem }
table { border-collapse: separate; border-spacing: .6rem }
.grid { table-layout: fixed; width: min(100%, var(--wide)); min-width: var(--narrow) }
th { text-align: left; font-weight: 600; vertical-align: bottom; max-width: 14rem }
tbody th { vertical-align: middle }
.side { width: 10rem }
th small { display: block; font-weight: 400; color: var(--soft) }
td { vertical-align: top; background: var(--card); border: 1px solid var(--line); padding: 0 }
thead td { background: none; border: 0 }
img, .missing { display: block; width: 100%; height: auto; aspect-ratio: var(--shape) }
img { object-fit: contain }
.missing { display: grid; place-content: center; text-align: center }
.made, .missing { margin: 0; padding: .6rem .8rem; font-size: .85rem; color: var(--soft) }
strong { color: var(--ink) }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.tally { border-spacing: 0 }
.tally th, .tally td { padding: .35rem 1rem .35rem 0; background: none; border: 0;
  border-bottom: 1px solid var(--line) }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """One place on the page.

    Attributes:
        x: Column, from 0.
        y: Row, from 0.
        label: What it is called.
        made: How it was made, in short facts; where there is no picture, why.
        picture: The picture as JPEG; empty for none.
        size: (width, height) in px of the picture, so that nothing jumps.
    """

    x: int
    y: int
    label: str
    made: tuple[str, ...]
    picture: bytes
    size: tuple[int, int]


def page_picture(picture: Image) -> tuple[bytes, tuple[int, int]]:
    """A picture as it goes into a page: JPEG of at most `PAGE_SIDE` px, and its (width, height)."""
    if max(picture.size) > PAGE_SIDE:
        picture = resample(picture, *inside(picture.size, (PAGE_SIDE, PAGE_SIDE)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue(), picture.size


def axis_page(
    title: str,
    boxes: Sequence[Box],
    *,
    columns: Sequence[str],
    rows: Sequence[str],
    row_notes: Sequence[str] = (),
    note: str = "",
    standings: Sequence[tuple[str, str, str]] = (),
) -> str:
    """The page.

    Args:
        title: Above everything.
        boxes: In any order; where two are in one place the later is shown.
        columns: Labels over the columns.
        rows: Labels beside the rows.
        row_notes: Smaller words under the label of each row, in lines of their own; empty for none.
        note: Words under the title, such as the prompt.
        standings: What votes say of each: label, votes, share with its interval; empty for no votes.
    """
    name = escape(title)
    places: Mapping[tuple[int, int], Box] = {(each.x, each.y): each for each in boxes}
    beside = any(rows)
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in columns) if any(columns) else ""
    head = f"<thead><tr>{'<td></td>' if beside else ''}{head}</tr></thead>\n" if head else ""
    head = ('<col class="side">' if beside else "") + f'<col span="{len(columns)}">\n{head}'
    sizes = [box.size for box in boxes if box.picture]
    shape = sum(width / height for width, height in sizes) / len(sizes) if sizes else 1.0
    widths = (f"{len(columns) * each + (10 if beside else 0)}rem" for each in (_WIDEST, _NARROWEST))
    style = "--wide: {}; --narrow: {}; --shape: {:.4g}".format(*widths, shape)
    body = "".join(
        "<tr>"
        + (f'<th scope="row">{escape(label)}{_aside(row_notes, row)}</th>' if beside else "")
        + "".join(_box(places.get((column, row))) for column in range(len(columns)))
        + "</tr>\n"
        for row, label in enumerate(rows)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="fluxgram">\n<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<header>\n<h1>{name}</h1>\n"
        + (f"<p>{escape(note)}</p>\n" if note else "")
        + f'</header>\n<main>\n<div class="wide" tabindex="0" role="region" aria-label="{name}">\n'
        f'<table class="grid" style="{style}">\n{head}'
        f"<tbody>\n{body}</tbody>\n</table>\n</div>\n{_standings(standings)}</main>\n</body>\n</html>\n"
    )


def _aside(notes: Sequence[str], row: int) -> str:
    said = escape(notes[row]).replace("\n", "<br>") if row < len(notes) else ""
    return f"<small>{said}</small>" if said else ""


def _box(box: Box | None) -> str:
    if box is None:
        return "<td></td>"
    made = "<br>".join(map(escape, box.made))
    label = f"<strong>{escape(box.label)}</strong><br>" if box.label else ""
    if not box.picture:
        return f'<td><p class="missing"><span>{label}{made}</span></p></td>'
    coded = base64.b64encode(box.picture).decode("ascii")
    return (
        f'<td><img src="data:image/jpeg;base64,{coded}" width="{box.size[0]}" height="{box.size[1]}" '
        f'alt="{escape(box.label or "picture")}"><p class="made">{label}{made}</p></td>'
    )


def _standings(standings: Sequence[tuple[str, str, str]]) -> str:
    if not standings:
        return ""
    lines = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(votes)}</td><td>{escape(share)}</td></tr>\n'
        for label, votes, share in standings
    )
    return (
        '<h2>Blind votes</h2>\n<table class="tally">\n<thead><tr><th scope="col">Picture</th><th scope="col">Votes</th>'
        f'<th scope="col">Share of decided votes (95 %)</th></tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n'
    )
