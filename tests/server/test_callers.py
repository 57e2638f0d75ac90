"""Who may: keys over HTTP against a real service that asks for them, and buckets without a clock."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from fluxgram.server.callers import Buckets, needs_key
from fluxgram.service import ServiceSettings
from fluxgram.store.records import KeyRecord
from tests.serving import Server, wait_until

if TYPE_CHECKING:
    from tests.server.conftest import Keyed


def key(**changes: Any) -> KeyRecord:
    values: dict[str, Any] = {
        "id": "k", "name": "k", "scopes": ("draw",), "weight": 1.0, "rate": 60.0, "burst": 3, "most_queued": 0,
        "most_pictures": 0, "webhook_secret": "", "price": None, "created": 0.0, "revoked": None, "used": None,
        "shown": "fg_k",
    }  # fmt: skip
    return KeyRecord(**values | changes)


def test_a_bucket_empties_and_fills() -> None:
    buckets = Buckets()
    taken = [buckets.take(key(), 100.0) for _ in range(4)]
    assert [rate.taken for rate in taken] == [True, True, True, False]
    assert [rate.remaining for rate in taken] == [2, 1, 0, 0]
    assert taken[3].reset == 1.0
    assert not buckets.take(key(), 100.9).taken
    assert buckets.take(key(), 101.0).taken
    assert [buckets.take(key(), 1000.0).taken for _ in range(4)] == [True, True, True, False], (
        "it holds no more"
    )
    assert buckets.take(key(id="other"), 1000.0).taken
    assert buckets.take(key(), 900.0).taken is False, "a clock that goes back fills nothing"
    assert buckets.take(key(rate=0), 0.0).headers() == {}
    assert taken[0].headers() == {
        "X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "2", "X-RateLimit-Reset": "1",
    }  # fmt: skip
    assert buckets.take(key(id="minute", burst=0), 0.0).limit == 60


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),  # noqa: S104
        ({"host": "::"}, True),
        ({"host": "192.168.1.7"}, True),
        ({"host": "localhost.example"}, True),
        ({"require_key": True}, True),
        ({"public_url": "https://pictures.example"}, True),
        ({"public_url": "http://localhost:8080"}, False),
        ({"hosts": ("pictures.example",)}, True),
        ({"hosts": ("*",)}, True),
        ({"hosts": ("studio.localhost",)}, False),
    ],
)
def test_when_a_key_is_needed(settings: dict[str, Any], needed: bool) -> None:
    assert needs_key(ServiceSettings(**settings)) is needed


def test_what_a_proxy_passes_on_from_elsewhere_needs_a_key(service: Server) -> None:
    for path in ("/api/v1/jobs", "/v1/models", "/api/v6/system_load", "/metrics"):
        for sender, needed in (("203.0.113.7", True), ("unknown", True), ("127.0.0.1", False)):
            answer = service.call("GET", path, headers={"X-Forwarded-For": sender})
            told = answer.status == 401 or b"Invalid API key" in answer.body
            assert told is needed, (path, sender, answer.body)


def test_without_keys_any_key_will_do_and_with_keys_only_ours(inside: Callable[..., TestClient]) -> None:
    app = inside()
    foreign = {"Authorization": "Bearer sk-of-somebody-else"}
    assert app.get("/api/v1/jobs", headers=foreign).status_code == 200
    _, token = app.app.state.jobs.keys.create("mine")  # type: ignore[attr-defined]
    assert app.get("/api/v1/jobs", headers=foreign).status_code == 401
    assert app.get("/api/v1/jobs").status_code == 200, "on loopback nobody needs one"
    for name in ("key", "x-key", "x-api-key"):
        assert app.get("/api/v1/jobs", headers={name: token}).status_code == 200
        assert app.get("/api/v1/jobs", headers={name: token[:-1]}).status_code == 401


def test_no_key_opens_nothing(keyed: Keyed) -> None:
    call = keyed.server.call
    for headers in ({}, {"Authorization": "Bearer fg_x_y"}, {"Authorization": "Basic eA=="}, {"x-api-key": "é"},
                    {"Authorization": "Bearer " + "x" * 5000}):  # fmt: skip
        for method, path in (("GET", "/api/v1/jobs"), ("POST", "/api/v1/jobs"), ("GET", "/api/v1/keys"),
                             ("GET", "/metrics"), ("GET", "/v1/models"), ("GET", "/api/v1/vocabulary")):  # fmt: skip
            body = {"prompt": "x"} if method == "POST" else None
            answer = call(method, path, body, headers)
            assert answer.status == 401, (path, headers, answer.body)
            assert answer.headers["www-authenticate"] == "Bearer"
    assert call("GET", "/").status == 401
    for path in ("/livez", "/readyz", "/healthz", "/sign-in", "/docs", "/openapi.json"):
        assert call("GET", path).status == 200, path


def test_the_job_of_another_key_is_none(keyed: Keyed) -> None:
    call, mine, other = keyed.server.call, keyed.key("mara"), keyed.key("other")
    order = {"prompt": "a sailor", "quality": "draft"}
    job = call("POST", "/api/v1/jobs", order, mine).json
    path = f"/api/v1/jobs/{job['id']}"
    done = call("GET", f"{path}?wait=60", headers=mine).json
    assert done["state"] == "done"
    name = done["pictures"][0]["name"]
    for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/retry"),
                          ("GET", f"{path}/events"), ("GET", f"{path}/pictures"),
                          ("GET", f"/api/v1/pictures/{name}/receipt")):  # fmt: skip
        there, missing = (
            call(method, where, headers=other),
            call(method, where.replace(str(job["id"]), "5"), headers=other),
        )
        assert there.status == 404, (method, where)
        if str(job["id"]) in where:
            assert there.body.replace(str(job["id"]).encode(), b"5") == missing.body, (
                "it tells that there is one"
            )
    assert call("GET", "/api/v1/jobs", headers=other).json["jobs"] == []
    everybody = call("GET", "/api/v1/jobs", headers=keyed.key("owner")).json["jobs"]
    assert job["id"] in [each["id"] for each in everybody]


def test_scopes_are_held(keyed: Keyed) -> None:
    call = keyed.server.call
    reads, draws = keyed.key("reads", "--scope", "read"), keyed.key("draws", "--scope", "draw")
    assert call("POST", "/api/v1/jobs", {"prompt": "x"}, reads).status == 403
    assert call("POST", "/api/v1/jobs", {"prompt": "x", "quality": "draft"}, draws).status == 202
    for method, path, body in (
        ("GET", "/api/v1/keys", None), ("POST", "/api/v1/keys", {"name": "x"}), ("DELETE", "/api/v1/keys/mara", None),
        ("POST", "/api/v1/queue/resume", None), ("POST", "/api/v1/queue/pause", {}), ("GET", "/metrics", None),
        ("PUT", "/api/v1/characters/mara", {"anchor": "a man", "seed": 1}),
    ):  # fmt: skip
        for headers in (reads, draws):
            answer = call(method, path, body, headers)
            assert (answer.status, answer.json["title"]) == (403, "ScopeMissing"), (method, path)
    assert "workers" not in call("GET", "/api/v1/queue", headers=reads).json
    assert call("GET", "/api/v1/queue", headers=keyed.key("owner")).json["workers"]


def test_keys_are_made_and_revoked_over_http(keyed: Keyed) -> None:
    call, owner = keyed.server.call, keyed.key("owner")
    made = call("POST", "/api/v1/keys", {"name": "guest", "rate": 1}, owner)
    assert made.status == 201
    assert made.headers["cache-control"] == "no-store"
    token = made.json["token"]
    guest = {"Authorization": f"Bearer {token}"}
    assert call("GET", "/api/v1/jobs", headers=guest).status == 200
    listed = call("GET", "/api/v1/keys", headers=owner)
    assert "guest" in [entry["name"] for entry in listed.json["keys"]]
    assert token.encode() not in listed.body
    assert b"whsec_" not in listed.body
    assert call("POST", "/api/v1/keys", {"name": "guest"}, owner).status == 422
    assert call("DELETE", "/api/v1/keys/guest", headers=owner).json["revoked"]
    assert call("GET", "/api/v1/jobs", headers=guest).status == 401
    assert call("DELETE", "/api/v1/keys/nobody", headers=owner).status == 404


def test_a_key_revoked_on_the_command_line_dies_within_seconds(keyed: Keyed) -> None:
    gone = keyed.key("gone")
    assert keyed.server.call("GET", "/api/v1/jobs", headers=gone).status == 200
    assert keyed.server.command("keys", "revoke", "gone").returncode == 0
    began = time.monotonic()
    wait_until(
        lambda: keyed.server.call("GET", "/api/v1/jobs", headers=gone).status == 401, "the end of the key"
    )
    assert time.monotonic() - began < 30


def test_too_many_calls_are_told_when_to_come_again(keyed: Keyed) -> None:
    call, hasty = keyed.server.call, keyed.key("hasty", "--rate", "1", "--burst", "2")
    answers = [call("GET", "/api/v1/jobs", headers=hasty) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert all(answer.headers["x-ratelimit-limit"] == "2" for answer in answers)
    assert 50 <= int(answers[2].headers["retry-after"]) <= 60
    assert 50 <= int(answers[2].headers["x-ratelimit-reset"]) <= 60
    for path in ("/v1/models", "/metrics"):
        assert call("GET", path, headers=hasty).status == 429
    assert call("GET", "/api/v1/jobs", headers=keyed.key("mara")).status == 200, "others are not stopped"


def test_a_months_pictures_run_out(keyed: Keyed) -> None:
    call, little = keyed.server.call, keyed.key("little", "--most-pictures", "3")
    order = {"prompt": "a sailor", "quality": "draft", "samples": 2}
    assert call("POST", "/api/v1/jobs", order, little).status == 202
    answer = call("POST", "/api/v1/jobs", order, little)
    assert (answer.status, answer.json["title"]) == (402, "QuotaExceeded")
    assert call("POST", "/api/v1/jobs", order | {"samples": 1}, little).status == 202


def test_usage_is_counted_priced_and_written_as_csv(keyed: Keyed) -> None:
    call, payer = keyed.server.call, keyed.key("=payer", "--price", "10")
    order = {"prompt": "a sailor", "steps": 5, "size": [256, 256], "samples": 2}
    job = call("POST", "/api/v1/jobs", order, payer).json
    assert call("GET", f"/api/v1/jobs/{job['id']}?wait=60", headers=payer).json["state"] == "done"
    used = call("GET", "/api/v1/usage", headers=payer).json
    steps = 2 * 5 * 256 * 256 / 1e6
    assert used["megapixel_steps"] == pytest.approx(steps, abs=1e-6)
    assert used["price"] == pytest.approx(10 * steps, abs=1e-5)
    assert (used["pictures"], used["currency"], len(used["rows"])) == (2, "EUR", 1)
    for answer in (
        call("GET", "/api/v1/usage?format=csv", headers=payer),
        call("GET", "/api/v1/usage", headers=payer | {"Accept": "text/csv"}),
    ):
        assert answer.headers["content-type"].startswith("text/csv")
        row = next(csv.DictReader(io.StringIO(answer.body.decode())))
        assert (row["name"], row["pictures"]) == ("'=payer", "2"), "a spreadsheet would run it"
    assert call("GET", "/api/v1/usage?since=2999-01-01", headers=payer).json["rows"] == []
    assert call("GET", "/api/v1/usage?since=yesterday", headers=payer).status == 422
    done = keyed.server.command("usage", "--csv", "--key", "=payer")
    assert next(csv.DictReader(io.StringIO(done.stdout)))["pictures"] == "2"


def test_who_administers_may_look(keyed: Keyed) -> None:
    """A key for this alone pauses the queue, is told so, and sees everybody's jobs."""
    alone = keyed.key("janitor", "--scope", "admin")
    for verb, paused in (("pause", "Paused by its owner."), ("resume", "")):
        answer = keyed.server.call("POST", f"/api/v1/queue/{verb}", {}, headers=alone)
        assert (answer.status, answer.json.get("paused")) == (200, paused)
    assert keyed.server.call("GET", "/api/v1/jobs", headers=alone).status == 200
    assert keyed.server.call("POST", "/api/v1/jobs", {"prompt": "x"}, headers=alone).status == 403
