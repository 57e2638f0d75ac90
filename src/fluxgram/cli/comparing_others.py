"""Rows of `fluxgram compare` that are not drawn here: pictures that are there, and what other servers draw.

Both are checked before anything is computed. How others are asked, and what of them is believed, is
`fluxgram.server.images_client`; rows that are drawn here are `comparing.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fluxgram.cli.comparing import NONE, UNKNOWN, Cell, Row, called, said_of, seconds_of
from fluxgram.errors import FluxgramError, RequestError, SettingsError
from fluxgram.pictures.found import plain_value, settings_of_parameters
from fluxgram.pictures.read import open_file, read_file

if TYPE_CHECKING:
    from fluxgram.pictures.read import File
    from fluxgram.server.images_client import ImagesClient, Wish
    from fluxgram.store.records import EndpointRecord

_LABELLED_URL = re.compile(r"(?!https?://)(.{1,80}?)=(https?://.*)", re.DOTALL | re.IGNORECASE)
_ENDINGS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


def file_rows(texts: Sequence[str], seeds: Sequence[int]) -> list[Row]:
    """Rows of pictures that are there: `FILE`, or `LABEL=FILE`, where those of one label make one row.

    A picture that says which seed it was made from stands in that seed's column, others where there is room.

    Raises:
        PictureError: A file is missing, or no picture.
        RequestError: A row has more pictures than there are columns.
    """
    rows: dict[tuple[str, int], list[Path]] = {}
    for number, text in enumerate(texts):
        label, file = _labelled_file(text.strip())
        rows.setdefault((label, 0 if label else number), []).append(Path(file).expanduser())
    made = []
    for (label, _), files in rows.items():
        if len(files) > len(seeds):
            raise RequestError(
                f"The row {label} has {len(files)} pictures, and there are {len(seeds)} columns.",
                "Name as many seeds as it has pictures.",
            )
        row = Row(label or files[0].stem, "file", [Cell(UNKNOWN) for _ in seeds])
        for cell in sorted((_of_file(file) for file in files), key=lambda cell: cell.seed not in seeds):
            free = [at for at, each in enumerate(row.cells) if each.picture is None]
            row.cells[next((at for at in free if seeds[at] == cell.seed), free[0])] = cell
        made.append(row)
    return made


def endpoint_rows(
    texts: Sequence[str],
    seeds: Sequence[int],
    environment: Mapping[str, str],
    *,
    size: tuple[int, int] | None = None,
    unsent: Mapping[str, str] = MappingProxyType({}),
) -> list[Row]:
    """Rows that other servers draw: `[LABEL=]URL[,MODEL[,VARIABLE]]`, the variable being where the key is.

    Args:
        texts: One for each row.
        seeds: One for each column.
        environment: Where keys are.
        size: (width, height) in px that they are asked for; None leaves that to them.
        unsent: What they are not asked for → why.

    Raises:
        RequestError: One can't be read; what it says is never shown whole, because it may hold a key by mistake.
        SettingsError: The package that speaks HTTP is not installed.
    """
    from importlib.util import find_spec

    if texts and find_spec("httpx2") is None:
        raise SettingsError(
            "Asking other servers needs a package that is not installed: httpx2.",
            "Install it: pip install 'fluxgram[server]'",
        )
    rows = []
    for text in texts:
        endpoint = _endpoint(text, environment)
        cells = [Cell(seed, size=size) for seed in seeds]
        rows.append(Row(endpoint.name, "endpoint", cells, endpoint, dict(unsent)))
    return rows


def _endpoint(text: str, environment: Mapping[str, str]) -> EndpointRecord:
    from fluxgram.server.images_client import check_endpoint_url
    from fluxgram.store.records import EndpointRecord

    found = _LABELLED_URL.fullmatch(text.strip())
    label, rest = (" ".join(found[1].split()), found[2]) if found else ("", text)
    url, model, variable, *more = [part.strip() for part in f"{rest},,".split(",")]
    if any(more):
        raise RequestError(
            "--endpoint has too many parts.", "Write URL, URL,MODEL or URL,MODEL,VARIABLE, without spaces."
        )
    key = environment.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise RequestError(
            "--endpoint names an environment variable that is not set, or empty.",
            "Its third part is the name of the variable that holds the key, never the key itself.",
        )
    if not re.fullmatch(r"[!-~]*", key):
        raise RequestError(
            "The environment variable that --endpoint names holds characters that no key has.",
            "Put the key alone into it.",
        )
    url = check_endpoint_url(url)
    host = url.partition("://")[2].partition("/")[0]
    return EndpointRecord(label or model or host, url, key, model, 0.0)


def unsent_of(adapters: Sequence[str], method: str | None, scale: float | None) -> dict[str, str]:
    """What the images route has no field for, of what is asked here → why it is not sent."""
    found = (
        {"adapters": "They lie on this machine."} if any(each.strip() != NONE for each in adapters) else {}
    )
    for name, value in (("negative_method", method), ("negative_scale", scale)):
        found |= {} if value is None else {name: "The images route has no field for it."}
    return found


def ask(
    rows: Sequence[Row],
    asked: Mapping[str, Any],
    *,
    force: bool,
    note: Callable[[str], None],
    timeout: float | None = None,
) -> None:
    """Ask other servers, all of them at once and each for one picture at a time; Ctrl-C leaves what is there.

    Args:
        rows: Those of other servers are filled.
        asked: Fields of `Wish`; seeds and sizes are those of the cells.
        force: Overwrite files.
        note: Is told who is asked, and what they refused.
        timeout: Seconds for a picture; None is the client's own.
    """
    import asyncio

    from fluxgram.server.images_client import TIMEOUT, ImagesClient, Wish

    others = [(row, row.endpoint) for row in rows if row.endpoint is not None]

    async def all_of_them() -> None:
        client, wish = ImagesClient(timeout=timeout or TIMEOUT), Wish(**asked)
        await asyncio.gather(
            *(_ask_row(row, endpoint, client, wish, force=force, note=note) for row, endpoint in others)
        )

    if others:
        note(f"Asking {', '.join(row.label for row, _ in others)}.")
        asyncio.run(all_of_them())


async def _ask_row(
    row: Row,
    endpoint: EndpointRecord,
    client: ImagesClient,
    wish: Wish,
    *,
    force: bool,
    note: Callable[[str], None],
) -> None:
    from fluxgram.pictures.write import write_file

    refused: Mapping[str, str] = {}
    for cell in row.cells:
        size = "" if cell.size is None else "{}x{}".format(*cell.size)
        try:
            came = await client.fetch(endpoint, replace(wish, seed=cell.seed, size=size), refused=refused)
            for name in [name for name in came.refused if name not in refused]:
                why = row.unsent[name] = came.refused[name]
                note(f"{row.label} refused {called(name)} and was asked without: {why}")
            refused = came.refused
            file = read_file(came.data, f"What {row.label} sent")
            if cell.keep is not None:
                cell.keep = write_file(
                    came.data, cell.keep.with_suffix(_ENDINGS[file.format]), overwrite=force
                )
            _take(cell, file)
            cell.sent, cell.seconds = came.sent, came.seconds
            cell.seed = cell.seed if "seed" in came.sent else UNKNOWN
        except FluxgramError as error:
            cell.problem = error
            return


def _of_file(path: Path) -> Cell:
    """A picture that is there, with what its file says of how it was made."""
    cell = Cell(UNKNOWN)
    _take(cell, open_file(path))
    if cell.said is not None and cell.said.seed is not None:
        cell.seed = cell.said.seed
    cell.seconds = None if cell.receipt is None else seconds_of(cell.receipt)
    return cell


def _take(cell: Cell, file: File) -> None:
    """Put a picture into its place, with what its file says of how it was made."""
    cell.picture = file.image
    receipt = None
    if file.receipt:
        with contextlib.suppress(ValueError, RecursionError):
            receipt = plain_value(json.loads(file.receipt))
    if isinstance(receipt, dict):
        cell.receipt, cell.said = receipt, said_of(receipt)
    elif file.parameters:
        cell.said = settings_of_parameters(file.parameters)[0]


def _labelled_file(text: str) -> tuple[str, str]:
    """`LABEL=FILE` in its two parts; without a label the first is empty. Both may hold `=`: what is there decides."""
    if os.path.exists(text):  # noqa: PTH110  (Path's own raises where a name is too long)
        return "", text
    parts = [(text[:at].strip(), text[at + 1 :].strip()) for at, letter in enumerate(text) if letter == "="]
    parts = [(label, file) for label, file in parts if file and re.fullmatch(r"[^/\\]{1,80}", label)]
    there = (part for part in parts if os.path.exists(os.path.expanduser(part[1])))  # noqa: PTH110, PTH111
    label, file = next(there, parts[0] if parts else ("", text))
    return " ".join(label.split()), file
