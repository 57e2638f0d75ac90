"""The layers of docs/design.md, held: imports point downwards only, and nothing happens at import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "fluxgram"
GROUND = {"durable", "errors", "service", "settings"}
"""What everybody may import."""

MAY_IMPORT: dict[str, set[str]] = {
    "photography": set(),
    "prompt": {"photography"},
    "pictures": set(),
    "families": set(),
    "store": set(),
    "engine": {"families", "pictures"},
    "realism": {"photography", "pictures"},
    "safety": {"pictures"},
    "training": {"families", "engine", "realism"},
    "jobs": {"engine", "families", "pictures", "store", "prompt", "realism", "safety"},
    "server": {"jobs", "photography", "prompt", "store", "pictures"},
    "studio": {"server", "jobs", "photography", "prompt", "store", "pictures"},
    "cluster": {"jobs", "prompt", "store", "pictures"},
    "durable": set(),
    "service": set(),
    "errors": set(),
    "settings": set(),
}
"""The table of the design. `cli` and the package's own front (`fluxgram/*.py`) may import everything."""

ONLY_IN = {
    "diffusers": {"families"},
    "transformers": {"families"},
    "tokenizers": {"families"},
    "peft": {"families"},
    "huggingface_hub": {"families"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "fsspec": {"store"},
    "fastapi": {"server", "studio"},
    "starlette": {"server", "studio"},
    "uvicorn": {"server"},
    "prometheus_client": {"server"},
    "ray": {"cluster"},
    "typer": {"cli"},
    "rich": {"cli"},
}
"""Third parties that have one door."""

FREE_OF_TORCH = ("fluxgram", "fluxgram.errors", "fluxgram.settings", "fluxgram.cli", "fluxgram.cli.app",
                 "fluxgram.pictures", "fluxgram.photography", "fluxgram.prompt",
                 "fluxgram.service", "fluxgram.store", "fluxgram.safety", "fluxgram.jobs",
                 "fluxgram.server")  # fmt: skip
"""Packages that must answer at once."""

MODULES = sorted(SOURCE.rglob("*.py"))


def layer_of(path: Path) -> str:
    """The folder (or file) right under `fluxgram` that a module belongs to."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported(path: Path) -> list[str]:
    """Every module that a file imports, wherever in the file it does so."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
            if node.module == "fluxgram":
                names += [f"fluxgram.{alias.name}" for alias in node.names]
    return names


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_downwards(path: Path) -> None:
    layer = layer_of(path)
    if layer not in MAY_IMPORT:
        assert layer == "cli" or path.parent == SOURCE, f"{layer} has no row in MAY_IMPORT"
        return
    allowed = MAY_IMPORT[layer] | {layer} | (GROUND - {layer} if layer != "errors" else set())
    wrong = [
        name
        for name in imported(path)
        if name.startswith("fluxgram.")
        and name.split(".")[1] not in allowed
        and name.split(".")[1] != "version"
    ]
    assert not wrong, f"{module_name(path)} may not import {wrong}; it may import {sorted(allowed)}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_third_parties_have_one_door(path: Path) -> None:
    wrong = [
        name
        for name in imported(path)
        if layer_of(path) not in ONLY_IN.get(name.split(".")[0], {layer_of(path)})
    ]
    assert not wrong, f"{module_name(path)} imports {wrong}"


def test_the_rules_catch_an_upward_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "pictures" / "bad.py"
    bad.parent.mkdir()
    bad.write_text("def f():\n    from fluxgram import engine\n    import diffusers\n")
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    with pytest.raises(AssertionError, match="may not import"):
        test_imports_point_downwards(bad)
    with pytest.raises(AssertionError, match="diffusers"):
        test_third_parties_have_one_door(bad)


def test_light_modules_do_not_import_torch() -> None:
    present = [name for name in FREE_OF_TORCH if (SOURCE.parent / name.replace(".", "/")).with_suffix(".py").exists()
               or (SOURCE.parent / name.replace(".", "/") / "__init__.py").exists()]  # fmt: skip
    code = (
        f"import sys, importlib\nfor name in {present!r}:\n    importlib.import_module(name)\n"
        "print(sorted({'torch', 'numpy', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WATCH = """
import importlib, os, sys
seen = []
def watch(event, arguments):
    if event in {"os.mkdir", "os.remove", "os.rename", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}:
        seen.append((event, repr(arguments)))
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append((event, repr(arguments)))
import torch, transformers, diffusers  # what third parties do at their own import is not ours
before = dict(os.environ)
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
seen += [("environment", name) for name in os.environ if before.get(name) != os.environ[name]]
print(seen)
"""


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    """No folder is made, no file written, no variable set, nobody called."""
    names = [module_name(path) for path in MODULES if path.stem != "__main__"]
    env = os.environ | {
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLUXGRAM_HOME": str(tmp_path / "h"),
    }
    env.pop("XDG_DATA_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *names], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "h").exists()
