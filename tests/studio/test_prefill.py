"""What the start page is given of a picture: its settings to its owner, nothing to anybody else. No browser needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.serving import TINY, serving

HTML = {"Accept": "text/html"}


def data_of(page: bytes) -> dict[str, Any]:
    """The data that a page carries for its script."""
    found = re.search(rb'<script type="application/json" id="page">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    plain: dict[str, Any] = json.loads(found[1])
    return plain


def test_a_pictures_settings_are_its_owners(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "fluxgram-mini", engine=TINY, require_key="1", start=False) as server:
        (tmp_path / "home").mkdir(exist_ok=True)
        keys = {}
        for name in ("ada", "bob"):
            made = server.command("keys", "create", name, "--json")
            keys[name] = {"Authorization": f"Bearer {json.loads(made.stdout)['token']}", **HTML}
        server.start()
        order = {
            "prompt": "portrait of <b>her</b> secret",
            "quality": "draft",
            "seed": 2**64 - 1,
            "negative": "hats",
        }
        job = server.call("POST", "/api/v1/jobs", order, keys["ada"]).json
        name = server.call("GET", f"/api/v1/jobs/{job['id']}?wait=60", None, keys["ada"]).json["pictures"][0][
            "name"
        ]

        own = server.call("GET", f"/?from={name}&relation=more", None, keys["ada"])
        begun = data_of(own.body)["begun"]
        assert (begun["prompt"], begun["negative"]) == ("portrait of <b>her</b> secret", "hats")
        assert (begun["samples"], begun["locked"], begun["seed"], begun["quality"]) == (4, False, "", "draft")
        assert (begun["parent"], begun["relation"], begun["checkpoint"]) == (name, "more", "fluxgram-mini")
        assert data_of(server.call("GET", f"/?from={name}", None, keys["ada"]).body)["begun"]["seed"] == str(
            2**64 - 1
        )

        other = server.call("GET", f"/?from={name}", None, keys["bob"])
        assert other.status == 200
        assert data_of(other.body)["begun"] is None
        assert data_of(other.body)["trouble"]["message"] == "There is no picture of that name."
        assert b"secret" not in other.body
        assert server.call("GET", f"/jobs/{job['id']}", None, keys["bob"]).status == 404
        assert server.call("GET", "/", None, HTML).status == 303
        assert server.call("GET", f"/?from={name}&relation=evil", None, keys["ada"]).status == 422
