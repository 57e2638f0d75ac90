"""A small picture in a terminal: kitty's, iTerm2's or the sixel protocol where there is one, else half blocks.

`protocol_of` only looks at the environment (it never asks the terminal, which could hang); `draw` gives the text
to print. Where nothing can show a picture, there is none.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Literal

from PIL import Image

Protocol = Literal["kitty", "iterm2", "sixel", "blocks", "none"]


def protocol_of(environment: Mapping[str, str], *, is_terminal: bool) -> Protocol:
    """Which way of showing pictures a terminal has, by the variables that terminals set."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if not is_terminal or term in ("", "dumb") or "NO_COLOR" in environment:
        return "none"
    multiplexed = "TMUX" in environment or term.startswith(("screen", "tmux"))
    if not multiplexed:
        if "KITTY_WINDOW_ID" in environment or term == "xterm-kitty" or program == "ghostty":
            return "kitty"
        if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
            return "iterm2"
        if "sixel" in term or term.startswith(("foot", "mlterm", "contour")):
            return "sixel"
    return "blocks" if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "none"


def draw(image: Image.Image, protocol: Protocol, *, columns: int = 32) -> str:
    """The text that shows a picture about `columns` characters wide; empty where the protocol is `none`."""
    if protocol == "none":
        return ""
    small = image.convert("RGB")
    if protocol == "blocks":
        return _blocks(small, columns)
    small.thumbnail((columns * 10, columns * 20), Image.Resampling.LANCZOS)
    if protocol == "sixel":
        return _sixel(small)
    data = io.BytesIO()
    small.save(data, "PNG")
    return _kitty(data.getvalue(), columns) if protocol == "kitty" else _iterm2(data.getvalue(), columns)


def _kitty(png: bytes, columns: int) -> str:
    """Kitty's graphics protocol: base64 in pieces of at most 4096 characters; q=2 asks for no answer."""
    text = base64.standard_b64encode(png).decode()
    pieces = [text[start : start + 4096] for start in range(0, len(text), 4096)]
    out = []
    for index, piece in enumerate(pieces):
        head = f"a=T,f=100,q=2,c={columns}," if index == 0 else ""
        out.append(f"\x1b_G{head}m={int(index < len(pieces) - 1)};{piece}\x1b\\")
    return "".join(out) + "\n"


def _iterm2(png: bytes, columns: int) -> str:
    text = base64.standard_b64encode(png).decode()
    return f"\x1b]1337;File=inline=1;size={len(png)};width={columns};preserveAspectRatio=1:{text}\x07\n"


def _blocks(image: Image.Image, columns: int) -> str:
    """Two pixels a character: the upper half block in one colour on the other."""
    rows = max(1, round(columns * image.height / image.width / 2))
    small = image.resize((columns, rows * 2), Image.Resampling.LANCZOS)
    pixels = small.tobytes()
    lines = []
    for row in range(rows):
        line = ""
        for column in range(columns):
            over, under = ((2 * row + half) * columns * 3 + column * 3 for half in (0, 1))
            (r, g, b), (r2, g2, b2) = pixels[over : over + 3], pixels[under : under + 3]
            line += f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{r2};{g2};{b2}m▀"
        lines.append(line + "\x1b[0m\n")
    return "".join(lines)


def _sixel(image: Image.Image) -> str:
    """DEC sixels: 64 colours, bands of six rows, runs shortened."""
    reduced = image.quantize(64, dither=Image.Dither.FLOYDSTEINBERG)
    palette = reduced.getpalette() or []
    width, height = reduced.size
    pixels = reduced.tobytes()
    out = [f'\x1bPq"1;1;{width};{height}']
    for colour in range(len(palette) // 3):
        r, g, b = (value * 100 // 255 for value in palette[colour * 3 : colour * 3 + 3])
        out.append(f"#{colour};2;{r};{g};{b}")
    for top in range(0, height, 6):
        rows = [pixels[y * width : (y + 1) * width] for y in range(top, min(top + 6, height))]
        for colour in sorted(set(b"".join(rows))):
            bits = (sum((row[x] == colour) << bit for bit, row in enumerate(rows)) for x in range(width))
            out.append(f"#{colour}" + _runs("".join(chr(63 + value) for value in bits)) + "$")
        out.append("-")
    return "".join(out) + "\x1b\\\n"


def _runs(text: str) -> str:
    out, start = [], 0
    for index in range(1, len(text) + 1):
        if index == len(text) or text[index] != text[start]:
            count = index - start
            out.append(f"!{count}{text[start]}" if count > 3 else text[start:index])
            start = index
    return "".join(out)
