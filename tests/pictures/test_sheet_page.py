"""The page of a contact sheet: nothing in it can break out of its place, and nothing comes from elsewhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.pictures.sheet_page import Entry, sheet_page

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
VOID = ("<meta ", "<img ")


def as_tree(page: str) -> ET.Element:
    """The page as XML: void elements closed, so that any tag too many or too few is an error."""
    body = page.partition("\n")[2]
    for start in VOID:
        body = start.join(
            part if number == 0 else part.replace(">", "/>", 1)
            for number, part in enumerate(body.split(start))
        )
    return ET.fromstring(body)  # noqa: S314  (our own page)


@settings(deadline=None)
@given(TEXT, TEXT, TEXT, TEXT)
def test_texts_stay_texts(title: str, words: str, negative: str, file: str) -> None:
    entry = Entry(file or "x", title, "seed 1", words, negative, (256, 384))
    tree = as_tree(sheet_page(title, [entry], note=words))
    assert {node.tag for node in tree.iter()} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "main", "figure", "a", "img",
        "figcaption", "h2",
    }  # fmt: skip
    assert (tree.findtext("head/title") or "") == title
    image = tree.find(".//img")
    assert image is not None
    assert " ".join(image.attrib["alt"].split()) == " ".join(f"{title}: {words}".split())
    assert (image.attrib["width"], image.attrib["height"]) == ("256", "384")


def test_a_page_is_whole_by_itself() -> None:
    hostile = '"><script src=//x></script>'
    page = sheet_page(hostile, [Entry("a b/ü%.png", hostile, "seed 1", hostile, "", (2, 3))])
    assert "<script" not in page
    assert unescape(page).count(hostile) == 6  # title, heading, alternative text (twice), caption (twice)
    assert 'src="a%20b/%C3%BC%25.png"' in page
    assert "http" not in page
    assert "prefers-color-scheme: dark" in page
    assert "without:" not in page
