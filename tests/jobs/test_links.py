"""Links: unguessable as they are, or signed and expiring."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

import pytest

from fluxgram.jobs.links import link_is_good, picture_link, sign

SECRET = bytes(range(32))
NAME = "abcdefghijklmnopqrstuv-0.png"


def parts(link: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(link).query)
    return query["expires"][0], query["signature"][0]


def test_a_link_for_ever() -> None:
    assert picture_link("http://host:7070/", NAME) == f"http://host:7070/pictures/{NAME}"
    assert picture_link("", "temp/x.png") == "/pictures/temp/x.png"


def test_a_signature_is_hmac_sha256_over_time_and_name() -> None:
    said = b"fluxgram picture link\x001800000000\x00" + NAME.encode()
    expected = base64.urlsafe_b64encode(hmac.new(SECRET, said, hashlib.sha256).digest()).decode().rstrip("=")
    assert sign(NAME, 1800000000, SECRET) == expected


def test_it_works_until_its_time_has_come() -> None:
    link = picture_link("http://h", NAME, secret=SECRET, seconds=60, now=1000.5)
    expires, signature = parts(link)
    assert expires == "1061"
    assert link_is_good(NAME, expires, signature, secret=SECRET, now=1060.9)
    assert not link_is_good(NAME, expires, signature, secret=SECRET, now=1061.0)


@pytest.mark.parametrize(
    ("name", "expires", "signature"),
    [
        ("other-0.png", "1061", None), (NAME, "1062", None), (NAME, "01061", "as is"), (NAME, "1061", ""),
        (NAME, "1061", "ü"), (NAME, "1061", "\ud800"), (NAME, "", None), (NAME, "-1", None), (NAME, "1e9", None),
        (NAME, "٣", None), (NAME, "9" * 5000, None),
    ],
)  # fmt: skip
def test_nothing_else_works(name: str, expires: str, signature: str | None) -> None:
    _, good = parts(picture_link("http://h", NAME, secret=SECRET, seconds=60, now=1000.5))
    given = good if signature is None else signature
    assert not link_is_good(name, expires, given, secret=SECRET, now=1000.0)


def test_another_services_link_does_not_work() -> None:
    expires, signature = parts(picture_link("", NAME, secret=bytes(32), seconds=60, now=1000.0))
    assert not link_is_good(NAME, expires, signature, secret=SECRET, now=1000.0)
