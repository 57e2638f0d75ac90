"""Rows of `fluxgram compare` that are not drawn here: pictures that are there, and what other servers draw.

Both are checked before anything is computed. How others are asked, and what of them is believed, is
`fluxgram.server.images_client`; rows that are drawn here are `comparing.py`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.cli.comparing import UNKNOWN, Cell, Row, said_of, seconds_of
from fluxgram.errors import FluxgramError, RequestError, SettingsError

if TYPE_CHECKING:
    from fluxgram.server.images_client import ImagesClient
    from fluxgram.store.records import EndpointRecord

_LABEL = re.compile(r"([^=/\\:]{1,80})=(.+)", re.DOTALL)
_ENDINGS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


def file_rows(texts: Sequence[str], seeds: Sequence[int]) -> list[Row]:
    """Rows of pictures that are there: `FILE`, or `LABEL=FILE`, where those of one label make one row.

    A picture that says which seed it was made from stands in that seed's column, others where there is room.

    Raises:
        PictureError: A file is missing, or no picture.
        RequestError: A row has more pictures than there are columns.
    """
    rows: dict[str, list[Path]] = {}
    for number, text in enumerate(texts):
        label, file = _labelled(text)
        rows.setdefault(label or f"{number}", []).append(Path(file).expanduser())
    made = []
    for label, files in rows.items():
        if len(files) > len(seeds):
            raise RequestError(
                f"The row {label} has {len(files)} pictures, and there are {len(seeds)} columns.",
                "Name as many seeds as it has pictures.",
            )
        row = Row(files[0].stem if label.isdecimal() else label, "file", [Cell(seed) for seed in seeds])
        for cell in sorted((_of_file(file) for file in files), key=lambda cell: cell.seed not in seeds):
            free = [at for at, each in enumerate(row.cells) if each.picture is None]
            row.cells[next((at for at in free if seeds[at] == cell.seed), free[0])] = cell
        made.append(row)
    return made


def endpoint_rows(texts: Sequence[str], seeds: Sequence[int], environment: Mapping[str, str]) -> list[Row]:
    """Rows that other servers draw: `[LABEL=]URL[,MODEL[,VARIABLE]]`, the variable being where the key is.

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
        rows.append(Row(endpoint.name, "endpoint", [Cell(seed) for seed in seeds], endpoint))
    return rows


def _endpoint(text: str, environment: Mapping[str, str]) -> EndpointRecord:
    from fluxgram.server.images_client import check_endpoint_url
    from fluxgram.store.records import EndpointRecord

    label, rest = _labelled(text)
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
    url = check_endpoint_url(url)
    host = url.partition("://")[2].partition("/")[0]
    return EndpointRecord(label or model or host, url, key, model, 0.0)


def ask(rows: Sequence[Row], prompt: str, size: str, *, force: bool, note: Callable[[str], None]) -> None:
    """Ask other servers, all of them at once and each for one picture at a time; Ctrl-C leaves what is there."""
    import asyncio

    from fluxgram.server.images_client import ImagesClient

    asked = [(row, row.endpoint) for row in rows if row.endpoint is not None]

    async def all_of_them() -> None:
        client = ImagesClient()
        await asyncio.gather(
            *(_ask_row(row, endpoint, client, prompt, size, force=force) for row, endpoint in asked)
        )

    if asked:
        note(f"Asking {', '.join(row.label for row, _ in asked)}.")
        asyncio.run(all_of_them())


async def _ask_row(
    row: Row, endpoint: EndpointRecord, client: ImagesClient, prompt: str, size: str, *, force: bool
) -> None:
    from fluxgram.pictures.read import read_file
    from fluxgram.pictures.write import write_file
    from fluxgram.server.images_client import EndpointFailed

    knows_seeds = True
    for cell in row.cells:
        begun = time.monotonic()
        try:
            try:
                data = await client.fetch(endpoint, prompt, size, cell.seed if knows_seeds else None)
            except EndpointFailed as error:  # some refuse what they do not know
                if not knows_seeds or error.status not in (400, 422) or "seed" not in str(error).lower():
                    raise
                knows_seeds, begun = False, time.monotonic()
                data = await client.fetch(endpoint, prompt, size)
            cell.seconds = time.monotonic() - begun
            file = read_file(data, f"What {row.label} sent")
            if cell.keep is not None:
                cell.keep = write_file(data, cell.keep.with_suffix(_ENDINGS[file.format]), overwrite=force)
            cell.seed, cell.picture = cell.seed if knows_seeds else UNKNOWN, file.image
        except FluxgramError as error:
            cell.problem = error
            return


def _of_file(path: Path) -> Cell:
    """A picture that is there, with what its file says of how it was made."""
    import json

    from fluxgram.pictures.found import plain_value, settings_of_parameters
    from fluxgram.pictures.read import open_file

    file = open_file(path)
    receipt = None
    if file.receipt:
        try:
            receipt = plain_value(json.loads(file.receipt))
        except (ValueError, RecursionError):
            receipt = None
    if not isinstance(receipt, dict):
        said = settings_of_parameters(file.parameters)[0] if file.parameters else None
        return Cell(
            UNKNOWN if said is None or said.seed is None else said.seed, picture=file.image, said=said
        )
    said = said_of(receipt)
    seed = UNKNOWN if said.seed is None else said.seed
    return Cell(seed, picture=file.image, said=said, receipt=receipt, seconds=seconds_of(receipt))


def _labelled(text: str) -> tuple[str, str]:
    """`LABEL=REST` in its two parts; without a label the first is empty. A file of that whole name has none."""
    found = _LABEL.fullmatch(text)
    if found is None or Path(text).exists():
        return "", text.strip()
    return " ".join(found[1].split()), found[2].strip()
