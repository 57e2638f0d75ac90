"""What is written into a picture beside its pixels: the XMP packet with receipt, A1111 text and IPTC source type.

Pure text in, text out. Where each format keeps it is the business of `write.py` and `read.py`.
Sources: XMP specification part 1 (packet, RDF) and part 3 (JPEG segments); IPTC Photo Metadata Standard 2023.2.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from xml.sax.saxutils import escape

from fluxgram.errors import PictureError

MADE_BY_MACHINE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for a picture made by a trained model."""

COMPARISON = "fluxgram-comparison"
"""The text chunk of a PNG that holds what is on a sheet of `fluxgram compare`."""

NAMESPACE = "urn:fluxgram:1.0#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_UNSAFE_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")

LARGEST_RECEIPT = 8 * 2**20
"""A receipt with more characters than this is not read."""


def receipt_text(receipt: Mapping[str, object], *, ascii_only: bool = False) -> str:
    """The receipt as one line of JSON. Control characters are escaped, so it is safe in every container."""
    text = json.dumps(receipt, ensure_ascii=ascii_only, separators=(", ", ": "), sort_keys=False)
    return _SURROGATES.sub("\ufffd", text)


def plain_text(text: str) -> str:
    """Text that any container takes: characters that XML or UTF-8 cannot hold become U+FFFD."""
    return _UNSAFE_IN_XML.sub("\ufffd", text)


def source_properties() -> str:
    """The properties that every picture carries, as RDF elements."""
    return (
        "<xmp:CreatorTool>fluxgram</xmp:CreatorTool>"
        f"<Iptc4xmpExt:DigitalSourceType>{MADE_BY_MACHINE}</Iptc4xmpExt:DigitalSourceType>"
    )


def receipt_properties(receipt: Mapping[str, object], parameters: str) -> str:
    """The receipt and the A1111 text as RDF elements."""
    return (
        f"<fluxgram:receipt>{escape(receipt_text(receipt, ascii_only=True))}</fluxgram:receipt>"
        f"<fluxgram:parameters>{escape(plain_text(parameters), {chr(13): '&#13;'})}</fluxgram:parameters>"
    )


def packet(properties: str) -> bytes:
    """An XMP packet around RDF elements, UTF-8."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="{_IPTC}" '
        f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmlns:fluxgram="{NAMESPACE}">'
        f"{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='r'?>"
    ).encode()


def read_packet(data: bytes) -> dict[str, str]:
    """The properties of an XMP packet that concern us: any of `receipt`, `parameters`, `source`, `extension`.

    Raises:
        PictureError: The packet is no XML, or declares entities (which no XMP has need of).
    """
    try:
        text = data.rstrip(b"\0 \r\n").decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise PictureError("The picture's XMP declares entities; it is not read.")
        root = ET.fromstring(text)  # noqa: S314  (entities were refused above, and the text is limited in size)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise PictureError(f"The picture's XMP is damaged ({error}).") from None
    names = {
        f"{{{NAMESPACE}}}receipt": "receipt",
        f"{{{NAMESPACE}}}parameters": "parameters",
        f"{{{_IPTC}}}DigitalSourceType": "source",
        "{http://ns.adobe.com/xmp/note/}HasExtendedXMP": "extension",
    }
    found: dict[str, str] = {}
    for node in root.iter():
        if node.tag in names:
            found[names[node.tag]] = node.text or node.get(f"{{{_RDF}}}resource") or ""
        for key, value in node.attrib.items():  # the short form that other tools rewrite packets into
            if key in names:
                found[names[key]] = value
    return found


def parse_receipt(text: str) -> dict[str, object]:
    """The receipt's JSON, read from a file that anybody may have written.

    Raises:
        PictureError: It is not a JSON object, or absurdly large.
    """
    if len(text) > LARGEST_RECEIPT:
        raise PictureError(f"The picture's receipt has {len(text):,} characters; it is not read.")
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError):
        raise PictureError("The picture's receipt is damaged: it is not JSON.") from None
    if not isinstance(receipt, dict):
        raise PictureError("The picture's receipt is damaged: it is not a table.")
    return receipt
