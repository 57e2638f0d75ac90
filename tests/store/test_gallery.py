"""The gallery in the database: pages by key, searches, marks, the bin, families, imports, older databases."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store import migrations
from fluxgram.store.database import Database
from fluxgram.store.gallery import MOST_TAGS, Gallery, Import
from fluxgram.store.naming import picture_names
from fluxgram.store.records import PictureRecord
from fluxgram.store.searching import Wanted, terms_of
from tests.store.stores import NOON, Store, a_picture


@pytest.fixture
def gallery(store: Store) -> Gallery:
    return Gallery(store.database, store.clock)


def drawn(store: Store, owner: str = "ada", at: float = NOON, **given: object) -> PictureRecord:
    """A picture that was drawn for somebody."""
    request = {"prompt": given.pop("prompt", "a sailor"), "seed": 7}
    store.submit(owner, request=request, extra={"surface": given.pop("surface", {})})
    job = store.claim()
    picture = a_picture(job, created=at, **given)
    assert store.queue.picture(job.id, job.attempt, picture)
    assert store.queue.finish(job.id, job.attempt, seconds=1.0)
    return picture


def names(found: list[PictureRecord]) -> list[str]:
    return [picture.name for picture in found]


def test_what_is_drawn_has_owner_words_and_lineage(store: Store, gallery: Gallery) -> None:
    parent = drawn(store, prompt="A SAILOR\0 \ud800", width=64, height=96)
    child = drawn(store, surface={"parent": parent.name, "relation": "push", "label": "Mara"})
    found = gallery.get(parent.name, "ada")
    assert (found.owner, found.checkpoint, found.origin, found.rating) == ("ada", "mini", "drawn", 0)
    assert found.words == "a sailor  ?\nmini\n64x96"
    assert (found.parent, found.relation) == ("", "")
    kept = gallery.get(child.name, None)
    assert (kept.parent, kept.relation) == (parent.name, "push")
    assert "mara" in kept.words


def test_pages_by_key_stay_as_they_were_while_pictures_come(store: Store, gallery: Gallery) -> None:
    made = [drawn(store, at=NOON + n // 2) for n in range(7)]  # pairs have the same time
    expected = sorted(made, key=lambda picture: (picture.created, picture.name), reverse=True)
    seen: list[PictureRecord] = []
    before = None
    while page := gallery.page("ada", before=before, limit=2):
        seen += page
        before = (page[-1].created, page[-1].name)
        drawn(store, at=NOON + 100 + len(seen))
    assert names(seen) == names(expected)


def test_others_pictures_are_invisible(store: Store, gallery: Gallery) -> None:
    own, other = drawn(store, "ada"), drawn(store, "bob", prompt="a secret")
    assert names(gallery.page("ada")) == [own.name]
    assert {own.name, other.name} == set(names(gallery.page(None)))
    assert gallery.page("ada", Wanted("secret")) == []
    assert gallery.count("ada") == 1
    with pytest.raises(UnknownJob):
        gallery.get(other.name, "ada")
    for act in (gallery.trash, gallery.restore, gallery.mark):
        with pytest.raises(UnknownJob):
            act([own.name, other.name], "ada")
    assert gallery.get(own.name, "ada").trashed is None
    with pytest.raises(UnknownJob):
        gallery.family(other.name, "ada")
    gallery.mark([other.name], "bob", tags=["hers"])
    assert gallery.tags("ada") == []
    assert gallery.checkpoints("eve") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sailor", {0, 1}),
        ("SAILOR old", {0}),
        ('"an old sailor"', {0}),
        ('"old an"', set()),
        ("100%", {2}),
        ("%", {2}),
        ("_", {3}),
        ("under_score", {3}),
        ("\\", {4}),
        ("/", {4}),
        ("straße", {5}),
        ("STRASSE", {5}),
        ("18446744073709551615", {0, 1, 2, 3, 4, 5}),
        ("1844674407370955161", set()),
        ("nothing", set()),
        ("", {0, 1, 2, 3, 4, 5}),
        ("'; DROP TABLE pictures; --", set()),
        ("\0 \ud800 sailor", set()),
    ],
)
def test_a_search_takes_words_as_they_are(
    store: Store, gallery: Gallery, words: str, found: set[int]
) -> None:
    prompts = ["an OLD sailor", "a young sailor", "100% wool", "under_score", "a\\b c/d", "eine Straße"]
    made = [drawn(store, prompt=prompt) for prompt in prompts]
    assert set(names(gallery.page("ada", Wanted(words)))) == {made[n].name for n in found}


def test_terms_are_folded_and_few() -> None:
    assert terms_of('A "b  C" d "') == ["a", "b  c", "d"]
    assert len(terms_of(" ".join(map(str, range(100))))) == 12


def test_filters(store: Store, gallery: Gallery) -> None:
    made = [drawn(store, at=NOON + n) for n in range(5)]
    a, b, c, d, e = names(made)
    gallery.mark([a, b], "ada", rating=4)
    gallery.mark([b], "ada", rating=5, favourite=True)
    gallery.mark([c], "ada", rejected=True, tags=["Sea  Side", "x"])
    gallery.trash([d], "ada")

    def found(**wanted: object) -> list[str]:
        return sorted(names(gallery.page("ada", Wanted(**wanted))))  # type: ignore[arg-type]

    assert found() == sorted([a, b, e])
    assert found(rating=4) == sorted([a, b])
    assert found(rating=5) == found(favourite=True) == [b]
    assert found(rejected="only") == found(tag="sea side", rejected="show") == [c]
    assert found(rejected="show") == sorted([a, b, c, e])
    assert found(words="side", rejected="show") == [c]  # tags are searched too
    assert found(trashed=True) == [d]
    assert found(checkpoint="mini") == sorted([a, b, e])
    assert found(checkpoint="other") == found(origin="imported") == []
    assert gallery.count("ada", Wanted(rating=4)) == 2
    assert gallery.tags("ada") == [("sea side", 1), ("x", 1)]


def test_tags_are_added_removed_and_limited(store: Store, gallery: Gallery) -> None:
    one, two = drawn(store).name, drawn(store).name
    gallery.mark([one], "ada", tags=["a", "b"])
    gallery.mark([one, two], "ada", add_tags=["B", "c"], remove_tags=["a"])
    assert gallery.tags_of([one, two]) == {one: ["b", "c"], two: ["b", "c"]}
    gallery.mark([one], "ada", rating=3)
    assert gallery.tags_of([one])[one] == ["b", "c"]
    gallery.mark([one], "ada", tags=[])
    assert gallery.tags_of([one]) == {}
    for wrong in ("", "  ", "x" * 61, "a\nb\0"):
        with pytest.raises(RequestError):
            gallery.mark([one], "ada", tags=["fine", wrong])
    assert gallery.tags_of([one]) == {}
    gallery.mark([one], "ada", tags=[f"t{n}" for n in range(MOST_TAGS)])
    with pytest.raises(RequestError):
        gallery.mark([one], "ada", add_tags=["one more"])
    assert len(gallery.tags_of([one])[one]) == MOST_TAGS


def test_marks_survive_being_drawn_again(store: Store, gallery: Gallery) -> None:
    job = store.submit()
    taken = store.claim()
    store.draw(taken)
    gallery.mark([job.names[0]], "ada", rating=5, favourite=True, tags=["kept"])
    gallery.trash([job.names[0]], "ada")
    store.queue.release(taken.id, taken.attempt, "gone", strike=False)
    assert store.draw(store.claim())
    found = gallery.get(job.names[0], "ada")
    assert (found.rating, found.favourite, found.trashed is not None) == (5, True, True)
    store.queue.mark_removed([found.name])
    again = store.queue.get(job.id)
    store.queue.release(again.id, again.attempt, "gone", strike=False)
    store.draw(store.claim())
    assert gallery.get(found.name, "ada").trashed is None  # it was removed for good, and this is a new one


def test_the_bin_and_what_may_go_from_it(store: Store, gallery: Gallery) -> None:
    old, new, kept = (drawn(store).name for _ in range(3))
    gallery.trash([old], "ada")
    store.clock.now += 100
    gallery.trash([new, old], "ada")  # the old one stays there since when it was
    now = store.clock.now
    assert names(gallery.binned("ada")) == [old, new]
    assert names(gallery.binned("bob")) == []
    may_go = store.queue.removable(older_than=None, keep_bytes=None, binned_for=50, now=now)
    assert names(may_go) == [old]
    assert store.queue.removable(older_than=None, keep_bytes=None, now=now) == []
    gallery.restore([old], "ada")
    assert store.queue.removable(older_than=None, keep_bytes=None, binned_for=50, now=now) == []
    assert set(names(gallery.page("ada"))) == {old, kept}
    store.queue.mark_removed([new])
    with pytest.raises(UnknownJob):
        gallery.restore([new], "ada")


def test_a_family_from_its_eldest(store: Store, gallery: Gallery) -> None:
    def child(parent: str, relation: str = "push", owner: str = "ada") -> str:
        surface = {"parent": parent, "relation": relation}
        return drawn(store, owner, at=store.clock(), surface=surface).name

    eldest = drawn(store, at=NOON).name
    middle = child(eldest)
    young, aunt = child(middle, "light"), child(eldest, "more")
    child(eldest, owner="bob")
    store.queue.mark_removed([middle])
    found = gallery.family(young, "ada")
    assert names(found)[0] == eldest
    assert set(names(found)) == {eldest, middle, young, aunt}
    assert set(names(gallery.family(eldest, "ada"))) == {eldest, middle, young, aunt}
    assert names(gallery.family(drawn(store).name, "ada"))[1:] == []


def test_a_family_that_bites_its_own_tail(store: Store, gallery: Gallery) -> None:
    first = store.submit(extra={"surface": {}})
    job = store.submit(extra={"surface": {"parent": first.names[0]}})
    taken = [store.claim(), store.claim()]
    for each in taken:
        store.draw(each)
    for name, parent in ((first.names[0], job.names[0]), (job.names[0], first.names[0])):
        with store.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE pictures SET parent = '{parent}' WHERE name = '{name}'")  # noqa: S608
    assert set(names(gallery.family(job.names[0], "ada"))) == {first.names[0], job.names[0]}


def test_an_import_is_a_job_that_is_done(store: Store, gallery: Gallery) -> None:
    name = picture_names("webp")[0]
    assert name.endswith("-0.webp")
    picture = PictureRecord(
        name=name, thumbnail="aa-small.webp", job=0, index=0, seed=2**64 - 1, width=8, height=9, bytes=10,
        format="webp", sha256="0" * 64, receipt={"imported": {}}, verdict="unchecked", created=0.0, owner="ada",
        origin="imported", words="a sailor",
    )  # fmt: skip
    kept = gallery.keep(Import(picture, {"prompt": "a sailor", "seed": 5}))
    assert gallery.get(name, "ada") == replace(picture, job=kept.job, created=kept.created)
    job = store.queue.get(kept.job, "ada")
    assert (job.state, job.surface, job.names, job.cost, job.samples) == ("done", "import", (name,), 0, 1)
    assert store.kinds(job) == ["done"]
    assert store.queue.claim("w", 30) is None
    assert names(gallery.page("ada", Wanted("sailor", origin="imported"))) == [name]


def test_an_older_database_shows_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database as the version before wrote it: made by its own migration, filled by plain SQL."""
    path = tmp_path / "service" / "jobs.sqlite"
    monkeypatch.setattr(migrations, "HEAD", "1")
    Database.open("", tmp_path).close()
    monkeypatch.undo()
    with sqlite3.connect(path) as connection:
        for number, prompt in ((1, "A SAILOR \\ud800"), (2, "a queen")):
            connection.execute(
                "INSERT INTO jobs (id, owner, surface, state, rank, tag, weight, request, checkpoint, samples, cost,"
                " extra, names, format, created, finished) VALUES (?, 'ada', 'native', 'done', 0, 0, 1, ?, 'mini', 1,"
                " 1, ?, '[]', 'png', ?, 1)",
                (
                    number,
                    f'{{"prompt": "{prompt}", "negative": "hat"}}',
                    '{"prompt_asked": "asked"}',
                    NOON + number,
                ),
            )
            connection.execute(
                "INSERT INTO pictures VALUES (?, 0, ?, 'x-small.webp', '7', 8, 8, 1, 'png', '', '{}', 'unchecked', ?,"
                " NULL, FALSE)",
                (number, f"picture{number}.png", NOON + number),
            )
    connection.close()
    database = Database.open("", tmp_path)
    gallery = Gallery(database)
    found = gallery.page("ada")
    assert names(found) == ["picture2.png", "picture1.png"]
    assert [(each.owner, each.checkpoint, each.origin) for each in found] == [("ada", "mini", "drawn")] * 2
    assert names(gallery.page("ada", Wanted("sailor asked hat"))) == ["picture1.png"]
    gallery.mark(["picture1.png"], "ada", rating=2, tags=["old"])
    assert gallery.get("picture1.png", "ada").rating == 2
    database.check()
    database.close()


def test_pages_use_an_index(sqlite_store: Store) -> None:
    """A page is read from an index in its order: nothing is sorted and nothing is read twice, whoever asks."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(
        connection: object, cursor: object, statement: str, values: tuple[object, ...], *rest: object
    ) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    engine = sqlite_store.database._reading
    event.listen(engine, "before_cursor_execute", note)
    gallery = Gallery(sqlite_store.database)
    gallery.page("ada", before=(NOON, "x"))
    gallery.page(None, before=(NOON, "x"))
    gallery.family(drawn(sqlite_store).name, "ada")
    event.remove(engine, "before_cursor_execute", note)
    with sqlite_store.database.reading() as connection:
        plans = [
            " ".join(
                str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            )
            for statement, values in asked
        ]
    assert "pictures_of_owner" in plans[0]
    assert "pictures_newest" in plans[1]
    assert any("pictures_of_parent" in plan for plan in plans)
    assert not [plan for plan in plans[:2] if "TEMP B-TREE" in plan]


@pytest.mark.parametrize("hostile", ["\0", "\ud800", "'; DROP TABLE pictures; --", "%", "_"])
def test_filters_are_only_text(store: Store, gallery: Gallery, hostile: str) -> None:
    made = drawn(store)
    for wanted in (Wanted(words=f"nobody{hostile}"), Wanted(tag=hostile), Wanted(checkpoint=hostile)):
        assert gallery.page("ada", wanted) == []
        assert gallery.count(None, wanted) == 0
    assert names(gallery.page("ada")) == [made.name]
