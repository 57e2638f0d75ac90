"""README's annotated tree is the tree: every line is there, everything there has a line (its own or its folder's)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def annotated_tree(readme: str) -> dict[str, str]:
    """Path → annotation of every line between the tree's markers; folders end in `/`."""
    block = re.search(r"<!-- tree -->\n```\n(.*?)```\n<!-- /tree -->", readme, re.DOTALL)
    assert block, "README has no tree between its markers"
    lines: dict[str, str] = {}
    folders: list[str] = []
    for line in block[1].splitlines():
        found = re.fullmatch(r"((?:  )*)(\S+)(?:\s+(.*))?", line)
        assert found, f"not a line of a tree: {line!r}"
        depth, name, words = len(found[1]) // 2, found[2], found[3] or ""
        path = "".join(folders[:depth]) + name
        assert path not in lines, f"{path} is there twice"
        lines[path] = words
        folders[depth:] = [name] if name.endswith("/") else []
    return lines


def uncovered(lines: dict[str, str], files: list[str]) -> list[str]:
    """Files that have neither a line nor a folder whose line stands for all that is in it."""
    opened = {path.rpartition("/")[0] + "/" for path in (line.rstrip("/") for line in lines) if "/" in path}
    closed = [line for line in lines if line.endswith("/") and line not in opened]
    return [
        file for file in files if file not in lines and not any(file.startswith(folder) for folder in closed)
    ]


def tracked_files() -> list[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    return [file for file in done.stdout.split("\0") if file and (ROOT / file).exists()]


def test_every_file_has_a_line() -> None:
    missing = uncovered(annotated_tree((ROOT / "README.md").read_text("utf-8")), tracked_files())
    assert not missing, f"README's tree has no line for {missing}"


def test_every_line_is_there_and_says_something() -> None:
    files = tracked_files()
    for path, words in annotated_tree((ROOT / "README.md").read_text("utf-8")).items():
        assert words, f"{path} has no words"
        assert path in files or any(file.startswith(path) for file in files if path.endswith("/")), (
            f"{path} is not there"
        )


def test_the_check_itself() -> None:
    readme = "<!-- tree -->\n```\na/  A\n  b.py  B\nc/  C\n```\n<!-- /tree -->"
    lines = annotated_tree(readme)
    assert lines == {"a/": "A", "a/b.py": "B", "c/": "C"}
    assert uncovered(lines, ["a/b.py", "c/deep/x.py", "a/new.py", "d.py"]) == ["a/new.py", "d.py"]
