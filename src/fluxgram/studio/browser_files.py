"""Scripts, styles and pictures of the Studio, at `/studio/VERSION/NAME`, cached for ever.

VERSION is a hash over all files, so a page always finds the files that it was made with; a page that was open while
the server was updated gets the new ones.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cached_property
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fluxgram.server.failures import NoSuchPath

FOLDER = Path(__file__).with_name("assets")
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".bin": "application/octet-stream",
}
"""Endings of files that are handed out, and what they are."""
TEXTS = (".js", ".css", ".svg", ".json")
"""Those that become much smaller by compression."""

_COMMENT = re.compile(rb"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*$|//[^\n]*)", re.DOTALL | re.MULTILINE)
_INDENT = re.compile(rb"^[ \t]+", re.MULTILINE)

router = APIRouter(include_in_schema=False)


def slim(data: bytes, ending: str) -> bytes:
    """A script or style without comments on lines of their own and without indentation: browsers need neither.

    Lines keep their numbers, so that what a browser says of a line is true of the file.
    """
    if ending not in (".js", ".css"):
        return data
    bare = _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), data)
    return _INDENT.sub(b"", bare)


class Files:
    """The files, read once."""

    @cached_property
    def all(self) -> dict[str, bytes]:
        """Bytes by name, such as `core.js` or `stage/lights.webp`."""
        return {
            path.relative_to(FOLDER).as_posix(): slim(path.read_bytes(), path.suffix)
            for path in sorted(FOLDER.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }

    @cached_property
    def compressed(self) -> dict[str, bytes]:
        """Texts among them in gzip's form."""
        return {
            name: gzip.compress(data, 9, mtime=0) for name, data in self.all.items() if name.endswith(TEXTS)
        }

    @cached_property
    def version(self) -> str:
        """A hash over all of them."""
        total = hashlib.sha256()
        for name, data in self.all.items():
            total.update(f"{name}\0{len(data)}\0".encode())
            total.update(data)
        return total.hexdigest()[:12]

    def address(self, name: str = "") -> str:
        """Where a file is; the folder of all without a name."""
        return f"/studio/{self.version}/{name}"


@router.api_route("/studio/{version}/{name:path}", methods=["GET", "HEAD"])
def browser_file(request: Request, version: str, name: str) -> Response:
    """A file."""
    files: Files = request.app.state.studio.files
    data = files.all.get(name)
    if data is None:
        raise NoSuchPath("There is no such file.", "Load the page again.")
    same = version == files.version
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if same else "no-cache",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        if name.endswith(".svg")
        else "default-src 'none'",
        "Content-Type": TYPES[Path(name).suffix],
    }
    if name in files.compressed:
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip(request):
            data, headers["Content-Encoding"] = files.compressed[name], "gzip"
    return Response(b"" if request.method == "HEAD" else data, headers=headers)


def takes_gzip(request: Request) -> bool:
    """Whether a client wants gzip; who weighs encodings by `q` gets the plain form."""
    wanted = [each.strip() for each in request.headers.get("accept-encoding", "").split(",")]
    return "gzip" in wanted
