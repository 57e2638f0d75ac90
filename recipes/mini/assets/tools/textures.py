"""Finds the CC0 textures of makehuman-assets by their SHA-256, in any repositories that hold copies.

Usage: `python -m recipes.mini.assets.tools.textures ASSETS OUTPUT COPY ...`. ASSETS is a git mirror of
makehuman-assets, whose textures are Git-LFS pointers: each names the hash of the picture it stands for. A picture
of another repository (COPY) with that hash is that picture, and under its licence; it is written to OUTPUT.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PICTURES = (".png", ".jpg", ".tif")
POINTER = re.compile(rb"sha256:(\w+)")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 1 where textures are missing."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini.assets.tools.textures", description=__doc__)
    parser.add_argument("assets", type=Path, help="git mirror of makehuman-assets")
    parser.add_argument("output", type=Path, help="folder for the pictures that were found")
    parser.add_argument("copies", type=Path, nargs="+", help="git mirrors to search")
    options = parser.parse_args(arguments)
    wanted = pointers(options.assets)
    total = len(wanted)
    for repository in options.copies:
        for path, blob in picture_files(repository):
            content = read_blob(repository, blob)
            name = wanted.pop(hashlib.sha256(content).hexdigest(), None)
            if name is None:
                continue
            target = options.output / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            print(f"{name}: {repository.name}/{path}")
    print(f"{total - len(wanted)} of {total} found; missing:", *sorted(wanted.values()), sep="\n  ")
    return 1 if wanted else 0


def pointers(repository: Path) -> dict[str, str]:
    """SHA-256 to path of the pictures that are stored as Git-LFS pointers."""
    found = {}
    for path, blob in picture_files(repository):
        match = POINTER.search(read_blob(repository, blob))
        if match:
            found[match[1].decode()] = path
    return found


def picture_files(repository: Path) -> Iterator[tuple[str, str]]:
    """Path and blob of every picture in the repository's HEAD whose content is there."""
    listing = _git(repository, "ls-tree", "-r", "-l", "HEAD").decode()
    for line in listing.splitlines():
        _, kind, blob, size, path = re.split(r"\s+", line, maxsplit=4)
        if kind == "blob" and size != "BAD" and path.lower().endswith(PICTURES):
            yield path, blob


def read_blob(repository: Path, blob: str) -> bytes:
    """Content of a blob."""
    return _git(repository, "cat-file", "blob", blob)


def _git(repository: Path, *arguments: str) -> bytes:
    """Output of a git command."""
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
