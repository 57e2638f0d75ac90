"""What was used and what it costs, by key and day, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs


@dataclass(frozen=True, slots=True)
class Used:
    """What one key drew with one checkpoint on one day.

    Attributes:
        day: UTC, `2026-11-21`.
        owner: Id of the key; empty without one, on loopback.
        name: Of the key, as people call it.
        checkpoint: What drew.
        jobs: That were done.
        pictures: Of these jobs.
        megapixel_steps: 10**6 px times one denoising step.
        seconds: Drawing time.
        price: At the key's price, or the service's.
    """

    day: str
    owner: str
    name: str
    checkpoint: str
    jobs: int
    pictures: int
    megapixel_steps: float
    seconds: float
    price: float


COLUMNS = tuple(field.name for field in fields(Used))


def usage_of(jobs: Jobs, owner: str | None, since: str = "", until: str = "") -> list[Used]:
    """Usage, priced.

    Args:
        jobs: The door.
        owner: Whose; None is everybody's.
        since: First day, `2026-11-21`; empty is the beginning.
        until: Last day; empty is today.
    """
    keys = {key.id: key for key in jobs.keys.list()}
    found = []
    for row in jobs.keys.usage(owner=owner, since=since, until=until):
        key = keys.get(row.owner)
        price = jobs.service.price if key is None or key.price is None else key.price
        found.append(
            Used(
                day=row.day,
                owner=row.owner,
                name=key.name if key else "",
                checkpoint=row.checkpoint,
                jobs=row.jobs,
                pictures=row.pictures,
                megapixel_steps=round(row.megapixel_steps, 6),
                seconds=round(row.seconds, 3),
                price=round(price * row.megapixel_steps, 6),
            )
        )
    return found


def usage_csv(rows: Iterable[Used]) -> str:
    """The rows as CSV (RFC 4180); what a spreadsheet would take for a formula is marked as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in astuple(row)])
    return out.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
