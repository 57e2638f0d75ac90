"""Pictures over HTTP: in parts, cached, signed; names that lead nowhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from fluxgram.jobs.orders import Order
from fluxgram.server.pictures import NOTHING, part_of
from fluxgram.store.records import PictureRecord

if TYPE_CHECKING:
    from tests.server.conftest import Keyed

DATA = bytes(range(256)) * 5000  # more than is read at a time


@dataclass
class Kept:
    """A picture that is there."""

    app: TestClient
    jobs: Any
    name: str


@pytest.fixture
def kept(inside: Callable[..., TestClient]) -> Kept:
    return keep(inside())


def keep(app: TestClient, **order: Any) -> Kept:
    jobs = app.app.state.jobs  # type: ignore[attr-defined]
    jobs.submit(Order({"prompt": "a sailor"}, **order))
    job = jobs.queue.claim("the test", 600)
    name = job.names[0]
    jobs.store.write(name, DATA)
    picture = PictureRecord(
        name=name, thumbnail=name.replace(".png", "-small.webp"), job=job.id, index=0, seed=1, width=8, height=8,
        bytes=len(DATA), format="png", sha256="ab" * 32, receipt={}, verdict="unchecked", created=0.0,
    )  # fmt: skip
    assert jobs.queue.picture(job.id, job.attempt, picture)
    return Kept(app, jobs, name)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=9-100", (9, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-100", (0, 10)),
        ("bytes=10-", NOTHING),
        ("bytes=-0", NOTHING),
        ("bytes=5-3", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("bytes=0-" + "9" * 30, None),
    ],
)
def test_parts_are_read_as_the_standard_says(asked: str, found: tuple[int, int] | None) -> None:
    assert part_of(asked, 10) == found


def test_the_whole_and_its_parts(kept: Kept) -> None:
    path = f"/pictures/{kept.name}"
    whole = kept.app.get(path)
    assert whole.content == DATA
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["content-disposition"] == f'inline; filename="{kept.name}"'
    head = kept.app.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(DATA)))
    part = kept.app.get(path, headers={"Range": "bytes=1048000-1049999"})
    assert (part.status_code, part.content) == (206, DATA[1048000:1050000])
    assert part.headers["content-range"] == f"bytes 1048000-1049999/{len(DATA)}"
    past = kept.app.get(path, headers={"Range": f"bytes={len(DATA)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(DATA)}")
    tag = whole.headers["etag"]
    assert kept.app.get(path, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert kept.app.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    changed = kept.app.get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(DATA))
    assert kept.app.get(path, headers={"Range": "bytes=0-1", "If-Range": tag}).status_code == 206
    assert kept.app.post(path).status_code == 405


def test_what_was_removed_is_gone(kept: Kept) -> None:
    kept.jobs.store.remove(kept.name)
    assert kept.app.get(f"/pictures/{kept.name}").status_code == 404
    kept.jobs.queue.mark_removed([kept.name])
    assert kept.app.get(f"/pictures/{kept.name}").status_code == 410


def test_a_picture_that_does_not_last_is_not_kept_by_others(inside: Callable[..., TestClient]) -> None:
    kept = keep(inside(), lasts=3600.0)
    assert kept.name.startswith("temp/")
    assert "immutable" not in kept.app.get(f"/pictures/{kept.name}").headers["cache-control"]


@pytest.mark.parametrize(
    "name",
    [
        "x.png", "", "../jobs.sqlite", "%2e%2e/jobs.sqlite", "..%2fjobs.sqlite", "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/etc/passwd", "%2fetc%2fpasswd", "temp/../x.png", "x.png%00", "x.png/", "con", "a" * 5000 + ".png", "x.png%0a",
        "file:%2f%2f%2fetc%2fpasswd", "x\\y.png", "temp/", "٣.png",
    ],
)  # fmt: skip
def test_names_that_lead_nowhere(kept: Kept, name: str) -> None:
    answer = kept.app.get(f"/pictures/{name}")
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert kept.app.get(f"/api/v1/pictures/{name}/receipt").status_code == 404


def test_links_are_signed_and_end(inside: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keep(inside(url_seconds=100.0))
    link = kept.jobs.link("", kept.name)
    good = kept.app.get(link)
    assert good.status_code == 200
    assert good.headers["cache-control"].startswith("private, max-age=")
    assert kept.app.get(f"/pictures/{kept.name}").status_code == 403
    for wrong in (link[:-1], link + "x", link.replace("expires=1", "expires=2"), link.replace("expires=", "expires=-"),
                  link.replace("expires=", "expires=9")):  # fmt: skip
        answer = kept.app.get(wrong)
        assert (answer.status_code, "not signed" in answer.json()["detail"]) == (403, True), wrong
    later = time.time() + 101
    monkeypatch.setattr(time, "time", lambda: later)
    ended = kept.app.get(link)
    assert (ended.status_code, ended.json()["detail"]) == (403, "The link to this picture has expired.")


def test_answers_carry_signed_links(keyed: Keyed) -> None:
    call, mine = keyed.server.call, keyed.key("mara")
    job = call("POST", "/api/v1/jobs", {"prompt": "a sailor", "quality": "draft"}, mine).json
    done = call("GET", f"/api/v1/jobs/{job['id']}?wait=60", headers=mine).json
    for link in (job["future_urls"][0], done["pictures"][0]["url"], done["pictures"][0]["thumbnail_url"]):
        assert call("GET", link.removeprefix(keyed.server.url)).status == 200
    assert call("GET", f"/pictures/{done['pictures'][0]['name']}", headers=mine).status == 403
