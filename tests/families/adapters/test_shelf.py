"""The shelf of adapters: added whole or not at all, by names that are safe, found again, removed."""

from __future__ import annotations

import errno
import os
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from fluxgram import durable
from fluxgram.errors import (
    AdapterDamaged,
    AdapterError,
    AdapterMisfit,
    FluxgramError,
    RequestError,
    UnknownAdapter,
)
from fluxgram.families import tables
from fluxgram.families.adapters import shelf, shelf_files
from fluxgram.families.adapters.layers import shapes_of
from fluxgram.families.adapters.reading import fault_of, fingerprint_of, open_adapter
from fluxgram.families.adapters.shelf import (
    add_adapter,
    derived_name,
    find_adapter,
    known_adapters,
    remove_adapter,
)
from fluxgram.families.checkpoints import find
from fluxgram.settings import Settings

Write = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path, nothing_inside: None) -> Settings:
    return Settings(home=tmp_path / "home", offline=True)


@pytest.fixture
def nothing_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package without adapters of its own."""
    monkeypatch.setattr(shelf, "_embedded", lambda: tmp_path / "none")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an adapter's file; another seed is another file."""

    def made(
        name: str = "Film Look.safetensors", seed: int = 0, metadata: dict[str, str] | None = None
    ) -> Path:
        draw = torch.Generator().manual_seed(seed)
        key = "transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj"
        path = tmp_path / "files" / name
        path.parent.mkdir(exist_ok=True)
        tensors = {
            f"{key}.lora_A.weight": torch.randn(2, 32, generator=draw),
            f"{key}.lora_B.weight": torch.randn(288, 2, generator=draw),
        }
        save_file(tensors, path, metadata=metadata)
        return path

    return made


def left(home: Settings) -> list[str]:
    folder = home.home / "adapters"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_added_is_known_and_found(write: Write, home: Settings) -> None:
    path = write()
    assert known_adapters(home) == {}
    added = add_adapter(str(path), home, weight=0.8, words=("flmlk", "on film"))
    assert added.fresh
    known = added.adapter
    assert known_adapters(home) == {"film-look": known}
    assert find_adapter("film-look", home) == known
    assert known.path == home.home / "adapters" / "film-look.safetensors"
    assert known.path.read_bytes() == path.read_bytes()
    assert (known.fingerprint, known.source) == (fingerprint_of(path), f"file:{path}")
    assert (known.weight, known.words, known.base) == (0.8, ("flmlk", "on film"), "FLUX.2 (width 32)")
    assert known.added.endswith("Z")
    assert left(home) == ["film-look.safetensors", "film-look.toml"]


def test_what_the_file_says_of_itself(write: Write, home: Settings) -> None:
    path = write(metadata={"modelspec.license": "CC0", "modelspec.trigger_phrase": 'the "look"\x7f\n'})
    known = add_adapter(str(path), home).adapter
    assert (known.licence, known.words) == ("CC0", ('the "look"\x7f',))


def test_the_same_file_again_is_harmless(write: Write, home: Settings) -> None:
    path = write()
    first = add_adapter(str(path), home).adapter
    again = add_adapter(str(path), home, name="other", weight=0.2)
    assert (again.fresh, again.adapter) == (False, first)
    assert add_adapter("film-look", home).fresh is False
    assert list(known_adapters(home)) == ["film-look"]


def test_a_taken_name_is_kept_unless_told(write: Write, home: Settings) -> None:
    first = add_adapter(str(write()), home, name="Film").adapter
    other = write("other.safetensors", seed=1)
    for name in ("Film", "film", "FILM"):
        with pytest.raises(RequestError, match="an adapter Film already") as caught:
            add_adapter(str(other), home, name=name)
        assert "--force" in caught.value.hint
    assert known_adapters(home) == {"Film": first}
    replaced = add_adapter(str(other), home, name="film", replace=True)
    assert replaced.fresh
    assert list(known_adapters(home)) == ["Film"]
    assert replaced.adapter.path.read_bytes() == other.read_bytes()


def test_whoever_reads_while_one_is_replaced_finds_the_old_one_whole(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add_adapter(str(write()), home, name="film").adapter
    other, seen = write("other.safetensors", seed=1), []
    write_whole = shelf_files.write_whole

    def watched(data: bytes, path: Path, **more: bool) -> None:
        seen.append((known_adapters(home)["film"], fingerprint_of(first.path)))
        write_whole(data, path, **more)

    monkeypatch.setattr(shelf_files, "write_whole", watched)
    second = add_adapter(str(other), home, name="film", replace=True).adapter
    assert seen == [(first, first.fingerprint)]
    assert known_adapters(home) == {"film": second}
    assert second.fingerprint == fingerprint_of(second.path) == fingerprint_of(other)
    assert left(home) == sorted(["film.toml", second.path.name])
    assert remove_adapter("film", home) > other.stat().st_size
    assert left(home) == []


def test_a_list_read_while_one_is_replaced_has_it(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table that was read names a file that is gone by the time it is looked for."""
    add_adapter(str(write()), home, name="film")
    other, reads = write("other.safetensors", seed=1), []
    read_toml = tables.read_toml

    def late(path: Path, *rest: type[FluxgramError]) -> object:
        read = read_toml(path, *rest)
        reads.append(path)
        if len(reads) == 1:
            add_adapter(str(other), home, name="film", replace=True)
        return read

    monkeypatch.setattr(tables, "read_toml", late)
    assert known_adapters(home)["film"].fingerprint == fingerprint_of(other)


@pytest.mark.skipif(os.name == "nt", reason="no locks there")
def test_two_at_once_take_turns(write: Write, home: Settings) -> None:
    """Whoever comes last wins whole, and nothing of the others is left."""
    files = [write(f"{seed}.safetensors", seed=seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(add_adapter, str(file), home, name="film", replace=True) for file in files]
    assert all(each.result().fresh for each in made)
    (known,) = known_adapters(home).values()
    assert known.fingerprint == fingerprint_of(known.path)
    assert left(home) == sorted(["film.toml", known.path.name])


def test_a_file_that_was_spoilt_is_mended_when_told(write: Write, home: Settings) -> None:
    path = write()
    known = add_adapter(str(path), home).adapter
    known.path.write_bytes(b"spoilt")
    mended = add_adapter(str(path), home, replace=True).adapter
    assert fingerprint_of(mended.path) == mended.fingerprint == known.fingerprint
    assert left(home) == sorted(["film-look.toml", mended.path.name])


def test_weight_and_words_of_the_same_file_are_changed_when_told(write: Write, home: Settings) -> None:
    path = write()
    add_adapter(str(path), home)
    changed = add_adapter("film-look", home, name="film-look", weight=-2, words=("x",), replace=True)
    assert (changed.adapter.weight, changed.adapter.words) == (-2.0, ("x",))
    assert changed.adapter.path.read_bytes() == path.read_bytes()
    assert left(home) == ["film-look.safetensors", "film-look.toml"]


@pytest.mark.parametrize(
    "name",
    ["../film", "a/b", "a\\b", ".hidden", "-dash", "a:b", "a b", "é",
      "film\u202e", "a" * 65, "con", "NUL.x", "a.", "a\0b", "~", "a\n"],
)  # fmt: skip
def test_names_that_cannot_be(name: str, write: Write, home: Settings) -> None:
    path = write()
    with pytest.raises(RequestError, match="cannot be called"):
        add_adapter(str(path), home, name=name)
    assert left(home) == []


@given(st.text(max_size=200))
def test_a_derived_name_is_safe_or_refused(stem: str) -> None:
    try:
        name = derived_name(stem)
    except RequestError as reason:
        assert "--name" in reason.hint  # noqa: PT017
    else:
        assert shelf.checked_name(name) == name
        assert derived_name(name) == name


@pytest.mark.parametrize(
    ("stem", "name"),
    [("Film Look v1.2", "film-look-v1.2"), ("..//..x", "x"),
     ("Été à la plage", "ete-a-la-plage"), ("FLUX.2_Skin", "flux.2_skin")],
)  # fmt: skip
def test_derived_names(stem: str, name: str) -> None:
    assert derived_name(stem) == name


def test_no_name_in_the_file_name(write: Write, home: Settings) -> None:
    path = write("小红.safetensors")
    with pytest.raises(RequestError, match="No name can be made"):
        add_adapter(str(path), home)
    assert add_adapter(str(path), home, name="red").adapter.source.endswith("小红.safetensors")
    assert find_adapter("red", home).name == "red"


@pytest.mark.parametrize("weight", [4.5, -5, float("nan"), float("inf"), 1e9])
def test_weights_that_cannot_be(weight: float, write: Write, home: Settings) -> None:
    with pytest.raises(RequestError, match="from -4 to 4"):
        add_adapter(str(write()), home, weight=weight)


def test_bad_files_are_not_added(write: Write, home: Settings, tmp_path: Path) -> None:
    half = tmp_path / "half.safetensors"
    half.write_bytes(write().read_bytes()[:-5])
    with pytest.raises(AdapterDamaged, match="truncated"):
        add_adapter(str(half), home)
    other = tmp_path / "sdxl.safetensors"
    name = "lora_unet_input_blocks_4_1_proj_in"
    save_file(
        {f"{name}.lora_down.weight": torch.ones(1, 8), f"{name}.lora_up.weight": torch.ones(8, 1)}, other
    )
    with pytest.raises(AdapterMisfit, match="does not fit any"):
        add_adapter(str(other), home)
    with pytest.raises(UnknownAdapter):
        add_adapter(str(tmp_path / "nothing.safetensors"), home)
    assert left(home) == []


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_leaves_nothing(
    after: int, write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`after` files can be written, the next cannot."""
    flush, done = os.fsync, []

    def full(number: int) -> None:
        done.append(number)
        if len(done) > 2 * after:  # each file flushes itself and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(number)

    path = write()
    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(AdapterError, match=r"cannot be stored .* No space left") as caught:
        add_adapter(str(path), home)
    assert "FLUXGRAM_HOME" in caught.value.hint
    assert left(home) == []
    monkeypatch.undo()
    assert add_adapter(str(path), home).fresh


def test_a_file_without_a_table_is_not_there(write: Write, home: Settings) -> None:
    """As a crash between the two leaves it."""
    known = add_adapter(str(write()), home).adapter
    known.path.with_suffix(".toml").unlink()
    assert known_adapters(home) == {}
    assert add_adapter(str(write("film-look.safetensors", seed=4)), home).fresh
    known.path.unlink()
    assert known_adapters(home) == {}


@pytest.mark.parametrize(
    "table",
    ["weight = 'much'", "weight = 1e9", "weight = -4.1", "weight = nan", "weight = inf", f"weight = {10**400}",
     "weigth = 1", "words = 'a'", "weight", "\ufeffweight = 1\x00", 'file = "../film-look.safetensors"'],
)  # fmt: skip
def test_a_broken_table_harms_nobody_else(table: str, write: Write, home: Settings) -> None:
    other = add_adapter(str(write("other.safetensors", seed=1)), home).adapter
    spoilt = add_adapter(str(write()), home).adapter.path.with_suffix(".toml")
    spoilt.write_text(table)
    assert known_adapters(home) == {"other": other}
    assert find_adapter("other", home) == other
    assert list(shelf.whole_shelf(home).broken) == ["film-look"]
    with pytest.raises(AdapterDamaged, match=r"film-look\.toml") as caught:
        find_adapter("film-look", home)
    assert "fluxgram adapters remove film-look" in caught.value.hint
    with pytest.raises(RequestError, match="film-look already, whose table is broken"):
        add_adapter(str(write(seed=2)), home, name="Film-Look")
    assert remove_adapter("film-look", home) > 0
    assert left(home) == ["other.safetensors", "other.toml"]


def test_a_broken_table_is_replaced_when_told(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = add_adapter(str(write()), home).adapter
    known.path.with_suffix(".toml").write_text("weight = 9")
    before = known.path.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(shelf_files, "write_whole", no_room)
        with pytest.raises(AdapterError, match="No space left"):
            add_adapter(str(known.path), home, name="film-look", weight=0.5, replace=True)
    assert known.path.read_bytes() == before
    assert left(home) == ["film-look.safetensors", "film-look.toml"]
    mended = add_adapter(str(known.path), home, name="film-look", weight=0.5, replace=True).adapter
    assert (known_adapters(home), mended.path.read_bytes()) == ({"film-look": mended}, before)
    assert left(home) == sorted(["film-look.toml", mended.path.name])


def no_room(*args: object, **named: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["copy_whole", "write_whole"])
def test_a_full_disk_leaves_the_old_one_as_it_was(
    step: str, write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = add_adapter(str(write()), home, name="film", weight=0.3).adapter
    before = {path: path.read_bytes() for path in known.path.parent.iterdir()}
    other = write("other.safetensors", seed=1)
    with monkeypatch.context() as full:
        full.setattr(shelf_files, step, no_room)
        with pytest.raises(AdapterError, match=r"film cannot be stored in .*: No space left on device"):
            add_adapter(str(other), home, name="film", replace=True)
    assert {path: path.read_bytes() for path in known.path.parent.iterdir()} == before
    assert known_adapters(home) == {"film": known}
    assert add_adapter(str(other), home, name="film", replace=True).adapter.fingerprint == fingerprint_of(
        other
    )


def test_what_cannot_be_removed_stays_whole(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is read only."""

    def read_only(path: Path, **named: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    known = add_adapter(str(write()), home).adapter
    with monkeypatch.context() as closed:
        closed.setattr(Path, "unlink", read_only)
        with pytest.raises(AdapterError, match=r"film-look cannot be removed from .*: Read-only file system"):
            remove_adapter("film-look", home)
    assert known_adapters(home) == {"film-look": known}
    assert remove_adapter("film-look", home) > 0


def test_a_shelf_that_cannot_be_looked_at(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What comes with the package and files that are named work all the same."""
    path, list_, inside = write(), os.listdir, tmp_path / "package"
    add_adapter(str(path), home, name="mine")
    inside.mkdir()
    (inside / "own.safetensors").write_bytes(path.read_bytes())
    (inside / "own.toml").write_text(f'fingerprint = "{fingerprint_of(path)}"\n')

    def closed(folder: object) -> list[str]:
        if Path(str(folder)) == home.home / "adapters":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return list_(folder)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(shelf, "_embedded", lambda: inside)
    monkeypatch.setattr(os, "listdir", closed)
    assert list(known_adapters(home)) == ["own"]
    assert find_adapter("own", home).source == "embedded:own"
    assert find_adapter(str(path), home).path == path
    for act in (find_adapter, remove_adapter):
        with pytest.raises(AdapterError, match="cannot be looked at: Permission denied"):
            act("mine", home)
    assert "cannot be looked at" in str(shelf.whole_shelf(home).closed)


def test_files_that_cannot_be_read_are_not_added(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, open_ = write(), Path.open

    def denied(file: Path, *args: Any, **named: Any) -> Any:
        if file == path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_(file, *args, **named)

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(AdapterDamaged, match="cannot be read: Permission denied"):
        add_adapter(str(path), home)
    for special in ("/proc/self/mem", "/dev/null"):
        if Path(special).exists():
            with pytest.raises(AdapterDamaged, match=f"{special} (cannot be read|is no file)"):
                add_adapter(special, home, name="x")
    assert left(home) == []


def test_what_lies_here_is_not_asked_of_the_hub(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write("some look.safetensors").parent.parent
    monkeypatch.chdir(folder)
    Path("l/folder.safetensors").mkdir(parents=True)
    Path("l/loop.safetensors").symlink_to("loop.safetensors")
    Path("l/lost.safetensors").symlink_to("nowhere")
    online = Settings(home=home.home)
    for source, said, hint in (
        ("files/folder", "There is no file folder in files", "hub:files/folder"),
        ("l/folder.safetensors", "l/folder.safetensors is a folder", "Name a .safetensors file"),
        ("l/folder.safetensors/x.safetensors", "no file x.safetensors in l/folder.safetensors", "Name a"),
        ("l/nosuch/deep.safetensors", "There is no file nosuch/deep.safetensors in l", "There are: "),
        ("files/some lok.safetensors", "There is no file some lok.safetensors in files", "is: some look.safetensors"),
        ("files/some look.safetensors/x", "files/some look.safetensors is no folder", "spelling"),
        ("l/loop.safetensors", "is a link that leads back to itself", "Name the file"),
        ("l/lost.safetensors", "is a link to what is not there", "Name the file"),
        (str(folder / "files"), "files is a folder", "There is: some look.safetensors"),
        ("~nobody-of-that-name/x.safetensors", "There is no file", "spelling"),
    ):  # fmt: skip
        with pytest.raises(UnknownAdapter) as caught:
            find_adapter(source, online)
        assert said in str(caught.value), str(caught.value)
        assert hint in caught.value.hint, caught.value.hint


def test_a_configuration_beside_goes_with_it(write: Write, home: Settings) -> None:
    path = write("adapter_model.safetensors")
    path.with_name("adapter_config.json").write_text('{"r": 2, "lora_alpha": 6}')
    known = add_adapter(str(path), home, name="peft").adapter
    assert left(home) == ["peft.adapter_config.json", "peft.safetensors", "peft.toml"]
    assert known.fingerprint == fingerprint_of(known.path) != fingerprint_of(write("plain.safetensors"))
    key = "transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj"
    (strong,) = open_adapter(known.path, {key: (288, 32)}).changes[key]
    (plain,) = open_adapter(write("plain.safetensors"), {key: (288, 32)}).changes[key]
    torch.testing.assert_close(strong.dense(torch.zeros(())), 3 * plain.dense(torch.zeros(())))
    assert remove_adapter("peft", home) > 0
    assert left(home) == []


def test_removed_is_gone(write: Write, home: Settings) -> None:
    known = add_adapter(str(write()), home).adapter
    size = known.path.stat().st_size
    assert remove_adapter("film-look", home) > size
    assert left(home) == []
    with pytest.raises(UnknownAdapter, match="film-look"):
        remove_adapter("film-look", home)


def test_unknown_names_name_the_nearest(write: Write, home: Settings) -> None:
    add_adapter(str(write()), home)
    with pytest.raises(UnknownAdapter, match="no adapter 'film-lok'") as caught:
        find_adapter("film-lok", home)
    assert "Nearest: film-look" in caught.value.hint
    assert (
        "hub" not in caught.value.hint
    )  # a service says this to clients, who may not name what is elsewhere
    for source in ("nowhere/at/all.safetensors", "../x", "film.safetensors", "a\0b", "x" * 5000):
        with pytest.raises(FluxgramError):
            find_adapter(source, home)


def test_a_file_can_be_named_without_being_added(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("some.safetensors")
    monkeypatch.chdir(path.parent)
    for source in (str(path), "some.safetensors", "./some.safetensors"):
        found = find_adapter(source, home)
        assert (found.name, found.path, found.fingerprint, found.weight) == ("some", path, "", 1.0)


def test_an_added_name_wins_over_a_file(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = add_adapter(str(write()), home, name="film.safetensors").adapter
    other = write("film.safetensors", seed=3)
    monkeypatch.chdir(other.parent)
    assert find_adapter("film.safetensors", home) == known


def test_adapters_of_the_package(
    write: Write, home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside = tmp_path / "package"
    inside.mkdir()
    path = write()
    (inside / "own.safetensors").write_bytes(path.read_bytes())
    (inside / "own.toml").write_text(
        f'fingerprint = "{fingerprint_of(path)}"\nwords = ["w"]\nlicence = "Apache-2.0"\n'
    )
    monkeypatch.setattr(shelf, "_embedded", lambda: inside)
    known = known_adapters(home)["own"]
    assert (known.source, known.words, known.licence) == ("embedded:own", ("w",), "Apache-2.0")
    assert add_adapter(str(path), home).fresh is False
    with pytest.raises(RequestError, match="comes with fluxgram"):
        remove_adapter("own", home)
    mine = add_adapter(str(write(seed=2)), home, name="own", replace=True).adapter
    assert known_adapters(home)["own"] == mine
    remove_adapter("own", home)
    assert known_adapters(home)["own"] == known


def test_the_package_s_own_adapters_fit_what_they_were_made_for(settings: Settings) -> None:
    for known in known_adapters(settings).values():
        assert known.fingerprint == fingerprint_of(known.path)
        assert fault_of(known.path, shapes_of(find(known.base, settings), settings)) is None
        assert known.licence


def test_tables_are_toml(write: Write, home: Settings) -> None:
    words = ("plain", 'quo"te', "back\\slash", "new\nline", "emoji 🎞", "\u202eleft", "\ud800")
    known = add_adapter(str(write()), home, words=words).adapter
    table = tomllib.loads(known.path.with_suffix(".toml").read_text("utf-8"))
    assert table["words"] == [*words[:-1], "?"]
    assert known.words == tuple(table["words"])
