"""`fluxgram queue`: look at the service's jobs and steer them, whether it runs or not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fluxgram.jobs.orders import Job

app = typer.Typer(help="Look at jobs, cancel and retry them, pause and go on.")

MOST_REASON = 300
Number = Annotated[str, typer.Argument(help="The job's number.")]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.callback(invoke_without_command=True)
def queue(context: typer.Context) -> None:
    """Look at jobs, cancel and retry them, pause and go on. Alone it is `queue list`."""
    if context.invoked_subcommand is None:
        list_all(state=None, limit=20, json=False)


@app.command("list")
def list_all(
    state: Annotated[
        list[str] | None,
        typer.Option(help="queued, running, done, failed or cancelled; repeatable. All by default."),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1, max=10_000)] = 20,
    json: Json = False,
) -> None:
    """List jobs, the newest first, and say how the queue stands."""
    from typing import get_args

    from fluxgram.cli.console import messages, safe, tables, write_json
    from fluxgram.cli.surroundings import door
    from fluxgram.errors import RequestError
    from fluxgram.store.records import State

    for each in state or ():
        if each not in get_args(State):
            raise RequestError(f"There is no state {each!r}.", f"Say one of {', '.join(get_args(State))}.")
    with door() as jobs:
        found = jobs.list(states=tuple(state or ()), limit=limit)
        depth, paused = jobs.queue.depth(), jobs.queue.paused()
    if json:
        write_json({**depth, "paused": paused, "jobs": [plain(job) for job in found]})
        return
    out = messages()
    out.print(f"{depth.get('queued', 0)} waiting, {depth.get('running', 0)} being drawn.")
    if paused:
        out.print(safe(f"The queue is paused: {_ended(paused)} Go on with: fluxgram queue resume"))
    if not found:
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("job", "state", "came", "checkpoint", "pictures", "prompt"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for job in found:
        row = (str(job.id), job.state, _time(job), job.record.checkpoint, f"{len(job.pictures)}/{job.record.samples}",
               job.problem.message if job.problem else " ".join(job.prompt_asked.split())[:60])  # fmt: skip
        table.add_row(*map(safe, row))
    tables().print(table)


@app.command()
def cancel(job: Number) -> None:
    """Cancel a job: at once where it waits, after its step where it is drawn."""
    from fluxgram.cli.console import write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        found = jobs.cancel(number(job))
    if found.state == "running":
        write_line(f"Job {found.id} stops after its step.")
    elif found.state == "cancelled":
        write_line(f"Job {found.id} is cancelled.")
    else:
        write_line(f"Job {found.id} is {found.state} already.")


@app.command()
def retry(job: Number) -> None:
    """Have a failed or cancelled job drawn again, with the same seed."""
    from fluxgram.cli.console import write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        found = jobs.retry(number(job))
    write_line(f"Job {found.id} is {found.state}.")


@app.command()
def pause(
    reason: Annotated[str, typer.Argument(help="Why, for whoever asks.")] = "Paused by its owner.",
) -> None:
    """Draw nothing new until `queue resume`; jobs are accepted and wait, and what is drawn now is finished."""
    from fluxgram.cli.console import write_line
    from fluxgram.cli.surroundings import door
    from fluxgram.errors import RequestError

    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise RequestError(
            f"A reason has 1 to {MOST_REASON} characters.", "Say it in short, or leave it out."
        )
    with door() as jobs:
        jobs.queue.pause(reason)
    write_line(f"The queue is paused: {_ended(reason)} Go on with: fluxgram queue resume")


@app.command()
def resume() -> None:
    """Go on after a pause, such as after a full disk."""
    from fluxgram.cli.console import write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        paused = jobs.queue.paused()
        jobs.queue.resume()
    write_line(f"The queue goes on; it was paused: {paused}" if paused else "The queue was not paused.")


def number(text: str) -> int:
    """A job's number as it was typed.

    Raises:
        RequestError: It is none.
    """
    from fluxgram.errors import RequestError
    from fluxgram.store.records import LARGEST_ID

    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 0 < int(text) <= LARGEST_ID):
        raise RequestError(f"{text[:40]!r} is no number of a job.", "fluxgram queue list shows them.")
    return int(text)


def plain(job: Job) -> dict[str, Any]:
    """A job for `--json`."""
    record = job.record
    return {
        "id": record.id,
        "state": record.state,
        "surface": record.surface,
        "owner": record.owner,
        "checkpoint": record.checkpoint,
        "priority": record.priority,
        "created": record.created,
        "started": record.started,
        "finished": record.finished,
        "attempt": record.attempt,
        "samples": record.samples,
        "pictures": [picture.name for picture in job.pictures],
        "prompt": job.prompt_asked,
        "problem": None if job.problem is None else job.problem.message,
    }


def _ended(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _time(job: Job) -> str:
    return datetime.fromtimestamp(job.record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
