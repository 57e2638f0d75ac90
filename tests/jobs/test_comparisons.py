"""Grids, submissions that are whole or nothing, cells as they stand, tallies and sheets, on a store without workers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from scipy.stats import binomtest

from fluxgram.engine.request import Request
from fluxgram.errors import QueueFull, RequestError, UnknownCheckpoint, UnknownJob
from fluxgram.jobs import cells, comparisons
from fluxgram.jobs.comparison_sheets import html_sheet, laid_out, png_sheet
from fluxgram.jobs.comparisons import ComparisonOrder
from fluxgram.jobs.door import Jobs
from fluxgram.jobs.grids import MOST_CELLS, Axis, CellOrder, grid, label_of
from fluxgram.jobs.orders import Caller
from fluxgram.jobs.tally import interval, tally
from fluxgram.pictures.write import encode_picture
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from fluxgram.store.records import VoteRecord

ADA = Caller("ada", frozenset({"draw", "read"}))
BOB = Caller("bob", frozenset({"draw", "read"}))
HOSTILE = '<script>alert("1")</script>\u202e & "quoted"'


def rewrite(kind: str, term: str, prompt: str, checkpoint: str) -> tuple[str, str]:
    """A light put behind the prompt, so that a test sees in which order things were done."""
    return f"{prompt} [{kind}={term} on {checkpoint or '-'}]", term


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    opened = Jobs.open(
        Settings(home=tmp_path, device="cpu", offline=True),
        ServiceSettings(checkpoint="fluxgram-mini", max_queued=8),
    )
    yield opened
    opened.close()


def a_picture(jobs: Jobs, caller: Caller, colour: str = "red", size: tuple[int, int] = (40, 60)) -> str:
    """A picture in the gallery, as somebody brings it."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return jobs.gallery.keep(out.getvalue(), "a.png", caller)[0].name


def drawn(prompt: str = "a sailor", **more: Any) -> CellOrder:
    return CellOrder(f"{prompt} {more}", request={"prompt": prompt, **more})


def order(*asked: CellOrder, **more: Any) -> ComparisonOrder:
    return ComparisonOrder("A title", asked, **more)


def of_seeds(jobs: Jobs, *states: str) -> list[Any]:
    return [job.record.request["seed"] for job in jobs.list(states=states)]


def test_a_grid_goes_row_by_row_and_shares_what_is_not_varied() -> None:
    made, axes = grid(
        {"prompt": "p", "seed": 7}, Axis("steps", (4, 8, 16)), Axis("size", ("64x64", "64x96")), rewrite
    )
    assert [(each.x, each.y) for each in made] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert made[5].request == {"prompt": "p", "seed": 7, "steps": 16, "size": "64x96"}
    assert axes == {
        "x": {"vary": "steps", "labels": ["4 steps", "8 steps", "16 steps"]},
        "y": {"vary": "size", "labels": ["64 × 64", "64 × 96"]},
    }
    assert made[5].label == "16 steps · 64 × 96"


def test_words_are_put_in_last_so_that_they_fit_the_prompt_and_checkpoint_of_their_own_cell() -> None:
    made, axes = grid(
        {"prompt": "p"}, Axis("light", ("", "butterfly")), Axis("checkpoint", ("one", "two")), rewrite
    )
    assert [each.request and each.request["prompt"] for each in made] == [
        "p", "p [light=butterfly on one]", "p", "p [light=butterfly on two]",
    ]  # fmt: skip
    assert axes["x"]["labels"] == ["as written", "butterfly"]


def test_labels_can_be_given_and_are_cut_at_a_word() -> None:
    made, axes = grid({"prompt": "p"}, Axis("prompt", ("a " * 200, "b\nc"), ("First",)), None, rewrite)
    assert axes["x"]["labels"] == ["First", "b c"]
    long, _ = grid({"prompt": "p"}, Axis("prompt", ("word " * 200,)), None, rewrite)
    assert len(long[0].label) <= 80
    assert long[0].label.endswith("word…")
    assert made[1].request == {"prompt": "b\nc"}


def test_adapters_are_an_axis() -> None:
    made, axes = grid(
        {"prompt": "p", "adapters": [{"source": "old"}]},
        Axis("adapters", ("", "film", "film:0.5 + /a/freckles.safetensors:2@steps=0-0.5")),
        Axis("negative_method", ("none", "nag")),
        rewrite,
    )
    asked = [each.request["adapters"] for each in made[:3] if each.request]
    assert asked == [
        [],
        [{"source": "film"}],
        [
            {"source": "film", "weight": 0.5},
            {"source": "/a/freckles.safetensors", "weight": 2.0, "steps": [0.0, 0.5]},
        ],
    ]
    assert axes["x"]["labels"] == ["without adapters", "film", "film 0.5 + freckles 2 steps 0-0.5"]
    assert axes["y"]["labels"] == ["no negative prompt", "NAG"]
    for each in made:
        Request.from_dict(each.request or {})  # as the door takes it


def test_a_scale_of_one_method_is_none_of_another() -> None:
    shared = {"prompt": "p", "negative": "n", "negative_scale": 9.0}
    made, _ = grid(shared, Axis("negative_method", ("vsf", "nag")), None, rewrite)
    assert [each.request for each in made] == [
        {"prompt": "p", "negative": "n", "negative_method": method} for method in ("vsf", "nag")
    ]


def test_a_negative_prompt_beside_none() -> None:
    shared = {"prompt": "p", "negative": "n"}
    made, _ = grid(shared, Axis("negative_method", ("none", "nag")), None, rewrite)
    assert [Request.from_dict(each.request or {}).negative for each in made] == [None, "n"]


def test_quality_wins_over_steps_where_it_is_varied() -> None:
    made, _ = grid({"prompt": "p", "steps": 50}, Axis("quality", ("draft", "final")), None, rewrite)
    assert [each.request for each in made] == [
        {"prompt": "p", "quality": "draft"}, {"prompt": "p", "quality": "final"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (Axis("seed", (1, 2)), Axis("seed", (3,)), "Both axes"),
        (Axis("seed", ()), None, "at least one value"),
        (Axis("seed", tuple(range(9))), Axis("steps", tuple(range(1, 9))), "72 pictures"),
        (Axis("adapters", ("film:much",)), None, "not a weight"),
        (Axis("adapters", ("film + film:2",)), None, "named twice"),
        (Axis("mood", ("happy",)), None, "cannot be varied"),  # type: ignore[arg-type]
    ],
)
def test_grids_that_cannot_be(x: Axis, y: Axis | None, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        grid({"prompt": "p"}, x, y, rewrite)


def test_all_get_the_same_seed_unless_they_name_one(jobs: Jobs) -> None:
    comparisons.submit(order(drawn("a"), drawn("b"), drawn("c", seed=5)), ADA, jobs)
    seeds = of_seeds(jobs)[::-1]
    assert seeds[0] == seeds[1]
    assert seeds[2] == 5
    comparisons.submit(order(drawn("a"), drawn("b")), ADA, jobs)
    assert len(set(of_seeds(jobs))) == 3, "another comparison has another seed"


def test_a_cell_that_cannot_be_drawn_leaves_nothing_behind(jobs: Jobs) -> None:
    with pytest.raises(UnknownCheckpoint):
        comparisons.submit(order(drawn("a"), drawn("b", checkpoint="nobody")), ADA, jobs)
    with pytest.raises(RequestError):
        comparisons.submit(order(drawn("a"), drawn("b", steps=100_000)), ADA, jobs)
    assert jobs.list() == []
    assert jobs.boards.list(None) == []


def test_a_queue_that_is_full_in_the_middle_cancels_what_was_taken(jobs: Jobs) -> None:
    with pytest.raises(QueueFull):
        comparisons.submit(order(*(drawn(f"{n}") for n in range(9))), ADA, jobs)
    assert {job.state for job in jobs.list()} == {"cancelled"}
    assert jobs.boards.list(None) == []


def test_the_same_submission_again_gives_the_same_comparison(jobs: Jobs) -> None:
    asked = order(drawn("a"), drawn("b"), key="k")
    first = comparisons.submit(asked, ADA, jobs)
    assert comparisons.submit(asked, ADA, jobs) == first
    assert len(jobs.list()) == 2
    assert comparisons.submit(asked, BOB, jobs).id != first.id


def test_a_submission_that_was_cut_off_goes_on_when_it_comes_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = order(drawn("a"), drawn("b"), key="k")
    with monkeypatch.context() as cut:
        cut.setattr(jobs.boards, "create", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            comparisons.submit(asked, ADA, jobs)
    before = sorted(job.id for job in jobs.list())
    board = comparisons.submit(asked, ADA, jobs)
    assert sorted(cell["job"] for cell in board.data["cells"]) == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([drawn()], "at least two"),
        ([drawn(str(n)) for n in range(MOST_CELLS + 1)], "65 pictures"),
        ([drawn(), CellOrder("nothing")], "must be one of"),
        ([drawn(), CellOrder("two", request={"prompt": "p"}, picture="a.png")], "must be one of"),
    ],
)
def test_comparisons_that_cannot_be(jobs: Jobs, asked: list[CellOrder], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        comparisons.submit(order(*asked), ADA, jobs)


def test_pictures_of_others_are_none(jobs: Jobs) -> None:
    own, others = a_picture(jobs, ADA), a_picture(jobs, BOB)
    for name in (others, "nobody.png", "../../etc/passwd"):
        with pytest.raises(UnknownJob):
            comparisons.submit(
                order(CellOrder("own", picture=own), CellOrder("other", picture=name)), ADA, jobs
            )
    with pytest.raises(UnknownJob):
        comparisons.submit(order(drawn(), CellOrder("far", endpoint="nobody", prompt="p")), ADA, jobs)


def test_numbers_of_cells_never_come_again(jobs: Jobs) -> None:
    names = [a_picture(jobs, ADA, colour) for colour in ("red", "green", "blue")]
    board = comparisons.submit(order(*(CellOrder(name, picture=name) for name in names)), ADA, jobs)
    comparisons.remove(board.id, 2, ADA, jobs)
    after = comparisons.extend(board.id, [CellOrder("again", picture=names[2])], ADA, jobs)
    assert [cell["number"] for cell in after.data["cells"]] == [0, 1, 3]
    with pytest.raises(UnknownJob):
        comparisons.remove(board.id, 2, ADA, jobs)
    comparisons.remove(board.id, 0, ADA, jobs)
    comparisons.remove(board.id, 1, ADA, jobs)
    with pytest.raises(RequestError, match="last"):
        comparisons.remove(board.id, 3, ADA, jobs)
    with pytest.raises(UnknownJob):
        comparisons.extend(board.id, [CellOrder("x", picture=names[0])], BOB, jobs)


def test_cells_say_how_they_stand(jobs: Jobs) -> None:
    name = a_picture(jobs, ADA, size=(40, 60))
    board = comparisons.submit(order(drawn("a", seed=2**64 - 1), CellOrder("kept", picture=name)), ADA, jobs)
    job, kept = cells.cells_of(board, ADA, jobs)
    assert (job.state, job.position, job.settings["seed"], job.settings["prompt"]) == (
        "queued",
        0,
        str(2**64 - 1),
        "a",
    )
    assert (kept.state, kept.picture and kept.picture.name, kept.settings) == (
        "done",
        name,
        {"size": "40x60"},
    )
    assert cells.cancel_all(board, ADA, jobs) == []
    cancelled = cells.cells_of(board, ADA, jobs)[0]
    assert cancelled.state == "cancelled"
    assert cells.again(board, 0, ADA, jobs) is False
    assert cells.cells_of(board, ADA, jobs)[0].state == "queued"
    with pytest.raises(RequestError, match="on its way"):
        cells.again(board, 0, ADA, jobs)
    with pytest.raises(RequestError, match="has its picture"):
        cells.again(board, 1, ADA, jobs)


def test_a_removed_picture_is_told(jobs: Jobs) -> None:
    names = [a_picture(jobs, ADA), a_picture(jobs, ADA, "blue")]
    board = comparisons.submit(order(*(CellOrder(name, picture=name) for name in names)), ADA, jobs)
    jobs.queue.mark_removed([names[0]])
    gone, there = cells.cells_of(board, ADA, jobs)
    assert (gone.state, gone.problem, gone.picture) == ("failed", cells.GONE, None)
    assert there.state == "done"


@pytest.mark.parametrize(
    ("stored", "state"),
    [
        ({"state": "waiting"}, "queued"),
        ({"state": "asking", "worker": "x@elsewhere:1:1", "asked": 4e9}, "running"),  # of another machine
        ({"state": "asking", "worker": "x@elsewhere:1:1", "asked": 0.0}, "failed"),  # far too long ago
        ({"state": "cancelled"}, "cancelled"),
    ],
)
def test_what_another_server_was_asked_for(jobs: Jobs, stored: dict[str, Any], state: str) -> None:
    jobs.endpoints.put("far", "http://127.0.0.1:1/v1", "", "")
    far = CellOrder("far", endpoint="far", prompt="p", size="64x64")
    board = comparisons.submit(order(far, far), ADA, jobs)
    changed = comparisons.change_cell(board.id, 0, lambda cell: {**cell, **stored}, jobs)
    found = cells.cells_of(changed, ADA, jobs)[0]
    assert found.state == state
    assert found.settings == {"endpoint": "far", "prompt": "p", "size": "64x64"}
    assert (found.problem == cells.LOST) == (state == "failed")


# Clopper and Pearson's limits for 95 %, from published tables of the binomial (e.g. Documenta Geigy).
PUBLISHED = [(0, 10, 0.0, 0.3085), (1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0),
             (4, 20, 0.0573, 0.4366)]  # fmt: skip


@pytest.mark.parametrize(("wins", "of", "low", "high"), PUBLISHED)
def test_intervals_are_the_published_ones(wins: int, of: int, low: float, high: float) -> None:
    assert interval(wins, of) == pytest.approx((low, high), abs=5e-5)


def test_intervals_agree_with_scipy() -> None:
    for of in (1, 2, 3, 7, 30, 333):
        for wins in {0, 1, of // 3, of // 2, of - 1, of}:
            for sure in (0.8, 0.95, 0.999):
                found = binomtest(wins, of).proportion_ci(sure, "exact")
                assert interval(wins, of, sure) == pytest.approx((found.low, found.high), abs=1e-9), (
                    wins,
                    of,
                )


def test_nothing_is_known_without_votes() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    for wrong in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match=r"\("):
            interval(*wrong)


def votes(*given: tuple[str, str, str]) -> list[VoteRecord]:
    return [VoteRecord(n, "b", *each, True, 0.0) for n, each in enumerate(given)]  # type: ignore[arg-type]


def test_a_tally_counts_wins_ties_and_sides() -> None:
    cast = votes(
        ("0", "1", "left"), ("1", "0", "right"), ("0", "1", "tie"), ("1", "0", "left"), ("0", "2", "left")
    )
    cast += [VoteRecord(9, "b", "0", "1", "left", False, 0.0), *votes(("0", "7", "left"), ("0", "0", "left"))]
    found = tally(["0", "1", "2"], cast)
    assert (found.votes, found.ties, found.not_blind, found.on_the_left) == (5, 1, 1, 3)
    assert found.wins == ((0, 2, 1), (1, 0, 0), (0, 0, 0))
    first = found.standings[0]
    assert (first.wins, first.losses, first.ties, first.share) == (3, 1, 1, 0.75)
    assert (found.standings[2].wins, found.standings[2].share) == (0, 0.0)
    assert tally(["0"], []).standings[0].share is None


def test_a_leader_is_named_only_where_chance_would_not_do() -> None:
    assert tally(["0", "1"], votes(*[("0", "1", "left")] * 5)).leader == "", (
        "5 of 5 happen one time in 16, two-sided"
    )
    assert tally(["0", "1"], votes(*[("0", "1", "left")] * 6)).leader == "0"
    assert tally(["0", "1", "2"], votes(*[("0", "2", "left"), ("1", "2", "left")] * 6)).leader == "", (
        "two rivals"
    )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_sheets_show_every_picture_and_escape_every_word(jobs: Jobs) -> None:
    names = [a_picture(jobs, ADA, colour) for colour in ("#ff0000", "#0000ff")]
    asked = [CellOrder(HOSTILE, picture=names[0]), CellOrder("blue", picture=names[1]), drawn("not yet")]
    board = comparisons.submit(ComparisonOrder(HOSTILE, asked), ADA, jobs)
    found = cells.cells_of(board, ADA, jobs)
    for _ in range(2):
        jobs.boards.vote(board.id, None, "0", "1", "left")
    with Image.open(io.BytesIO(png_sheet(board, found, jobs))) as sheet:
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(sheet.width * sheet.height) or []}
    assert {(255, 0, 0), (0, 0, 255)} <= colours
    page = html_sheet(board, found, jobs)
    tags = _Tags()
    tags.feed(page)
    assert "script" not in {tag for tag, _ in tags.found}
    pictures = [attrs["src"] or "" for tag, attrs in tags.found if tag == "img"]
    assert len(pictures) == 2
    assert all(src.startswith("data:image/jpeg;base64,") for src in pictures)
    assert not [attrs for _, attrs in tags.found if "href" in attrs], "nothing leads out of the file"
    assert "100% (16% to 100%)" in page, "Clopper and Pearson for 2 of 2: the root of 0.025 to 1"
    assert "&lt;script&gt;" in page


def test_adapters_and_methods_are_named_whoever_wrote_them(jobs: Jobs) -> None:
    """From the receipt of a picture, which may be anybody's, and onto the sheet that is handed over."""
    out = io.BytesIO()
    said = {
        "prompt": {"text": "p"}, "seed": 7, "checkpoint": {"name": "c"},
        "adapters": [{"name": "film", "strength": 0.5}, {"name": 5}, "x", {"name": HOSTILE, "strength": "much"}],
        "negative": {"text": "hats", "method": "nag"},
    }  # fmt: skip
    out.write(encode_picture(Image.new("RGB", (40, 60)), said, parameters_text=""))
    name = jobs.gallery.keep(out.getvalue(), "a.png", ADA)[0].name
    board = comparisons.submit(order(CellOrder("a", picture=name), drawn("b")), ADA, jobs)
    found = cells.cells_of(board, ADA, jobs)
    named = f"film 0.5 + {label_of(HOSTILE)}"
    assert (found[0].settings["adapters"], found[0].settings["negative_method"]) == (named, "nag")
    assert not {"adapters", "negative_method"} & set(found[1].settings)
    page = html_sheet(board, found, jobs)
    assert "c + film 0.5 + &lt;script&gt;" in page
    assert "negative by NAG" in page
    assert len(png_sheet(board, found, jobs)) > 0


def test_what_was_added_to_a_grid_stands_under_it(jobs: Jobs) -> None:
    made, axes = grid({"prompt": "p"}, Axis("seed", (1, 2)), None, rewrite)
    extra = [CellOrder("kept", picture=a_picture(jobs, ADA)) for _ in range(3)]
    board = comparisons.submit(ComparisonOrder("t", [*made, *extra], axes), ADA, jobs)
    places, columns, rows = laid_out(board, cells.cells_of(board, ADA, jobs))
    assert places == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]
    assert (columns, rows) == (["seed 1", "seed 2"], ["", "", ""])
