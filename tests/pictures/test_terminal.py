"""The right protocol for each terminal, and text that gives the picture back."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image

from fluxgram.pictures.terminal import Protocol, draw, protocol_of


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm-256color"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "none"),
        ({}, "none"),
    ],
)
def test_protocol(environment: dict[str, str], protocol: Protocol) -> None:
    assert protocol_of(environment, is_terminal=True) == protocol
    assert protocol_of(environment, is_terminal=False) == "none"


@pytest.fixture
def image() -> Image.Image:
    halves = Image.new("RGB", (40, 60), (250, 0, 0))
    halves.paste((0, 0, 250), (0, 30, 40, 60))
    return halves


def test_kitty(image: Image.Image) -> None:
    noise = Image.effect_noise((400, 400), 90)
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", draw(noise, "kitty"))
    assert len(pieces) > 1
    assert [head[-3:] for head, _ in pieces] == ["m=1"] * (len(pieces) - 1) + [pieces[-1][0][-3:]]
    assert pieces[-1][0].endswith("m=0")
    assert max(len(data) for _, data in pieces) <= 4096
    png = base64.b64decode("".join(data for _, data in pieces))
    assert Image.open(io.BytesIO(png)).width == 320


def test_iterm2(image: Image.Image) -> None:
    found = re.fullmatch(
        r"\x1b]1337;File=inline=1;size=(\d+);width=8;[^:]*:([^\x07]*)\x07\n", draw(image, "iterm2", columns=8)
    )
    assert found
    png = base64.b64decode(found[2])
    assert len(png) == int(found[1])
    assert Image.open(io.BytesIO(png)).format == "PNG"


def test_blocks(image: Image.Image) -> None:
    lines = draw(image, "blocks", columns=8).splitlines()
    assert len(lines) == 6
    assert all(line.count("▀") == 8 and line.endswith("\x1b[0m") for line in lines)
    assert "38;2;250;0;0" in lines[0]
    assert "48;2;0;0;250" in lines[-1]


def test_sixel_gives_the_pixels_back(image: Image.Image) -> None:
    text = draw(image, "sixel", columns=4)
    found = re.match(r'\x1bPq"1;1;(\d+);(\d+)', text)
    assert found
    width, height = int(found[1]), int(found[2])
    assert (width, height) == (40, 60)
    palette = {
        int(n): (int(r), int(g), int(b)) for n, r, g, b in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", text)
    }
    canvas: dict[tuple[int, int], tuple[int, int, int]] = {}
    body = text[text.rindex(";2;") :].split("\x1b")[0]
    body = body[body.index("#") :] if "#" in body else body
    x = band = colour = 0
    for token in re.findall(r"#\d+|!\d+[?-~]|[?-~]|\$|-", body):
        if token[0] == "#":
            colour = int(token[1:])
        elif token == "$":
            x = 0
        elif token == "-":
            x, band = 0, band + 6
        else:
            count = int(token[1:-1]) if token[0] == "!" else 1
            for step in range(count):
                for bit in range(6):
                    if (ord(token[-1]) - 63) >> bit & 1:
                        canvas[x + step, band + bit] = palette[colour]
            x += count
    assert len(canvas) == width * height
    assert canvas[5, 5] == (98, 0, 0)
    assert canvas[5, 55] == (0, 0, 98)


def test_nothing(image: Image.Image) -> None:
    assert draw(image, "none") == ""
