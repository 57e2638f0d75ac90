"""A folder of FLUX.1 from the command line: drawn, told in the receipt, drawn again from the file alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shell


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fluxgram.families.flux1_toy import make_toy

    return make_toy(tmp_path_factory.mktemp("toys") / "dev")


def test_generate_and_reshoot(shell: Shell, inside: Callable[..., Done], dev: Path) -> None:
    asked = (
        "--checkpoint",
        dev,
        "--seed",
        3,
        "--steps",
        2,
        "--negative",
        "a hat",
        "--json",
        "--out",
        "a.png",
    )
    done = inside("generate", "a man in golden hour light", *asked)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    for word in ("flux1", "true_cfg", "a hat"):
        assert f'"{word}"' in json.dumps(told)
    again = inside("reshoot", "a.png", "--checkpoint", dev, "--out", "b.png")
    assert again.status == 0, again.err
    assert inside("inspect", "b.png").status == 0
    from PIL import Image

    with Image.open(shell.folder / "a.png") as one, Image.open(shell.folder / "b.png") as other:
        assert one.tobytes() == other.tobytes()
