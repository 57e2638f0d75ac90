"""Tables, names, folders and hub ids."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fluxgram import photography
from fluxgram.errors import CheckpointDamaged, CheckpointMissing, SettingsError, UnknownCheckpoint
from fluxgram.families import sources
from fluxgram.families.adapters.shelf import known_adapters
from fluxgram.families.checkpoints import OwnAdapter, Sizes, find, known
from fluxgram.settings import Settings

NAMES = {"fluxgram-mini", "fluxgram-mini-fast", "fluxgram-v1", "flux2-klein-4b", "flux2-klein-9b",
         "flux2-klein-base-4b", "flux2-klein-base-9b", "flux1-schnell", "flux1-dev"}  # fmt: skip
TABLE = """
[mine]
family = "flux2"
title = "mine"
source = "folder:/nowhere"
distilled = true
guidance = 1
download_gb = 1
memory_gb = 1
steps = { draft = 1, proof = 2, final = 3 }
licence = { name = "mine", page = "", commercial = true, outputs = "mine" }
sizes = { multiple = 16, default = [64, 64] }
text = { template = "qwen3-chat", layers = [1, 2], lengths = [512] }
schedule = { kind = "empirical" }
"""


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, offline=True)


def test_tables_that_come_with_fluxgram(home: Settings) -> None:
    tables = known(home)
    assert set(tables) == NAMES
    for name, table in tables.items():
        assert table.name == name
        assert table.steps["draft"] <= table.steps["proof"] <= table.steps["final"]
        assert table.licence.page.startswith("https://")
        embedded = table.source.startswith("embedded:")
        assert table.text.lengths[-1] == (128 if embedded else 256 if name == "flux1-schnell" else 512)
        if table.family == "flux2":
            assert table.text.layers == ((2, 4, 6) if embedded else (9, 18, 27))
        assert (table.guidance == 1) == table.distilled
        assert table.largest_gb < table.memory_gb
    assert tables["fluxgram-mini"].sizes.known == ((256, 256), (256, 384))
    assert tables["flux2-klein-4b"].licence.commercial
    assert tables["flux2-klein-9b"].licence.gated
    assert [name for name, table in tables.items() if table.embeds_guidance] == ["flux1-dev"]
    assert not tables["flux1-dev"].licence.commercial


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fluxgram-mini", "fluxgram-mini"),
        ("mini", "fluxgram-mini"),
        ("klein", "flux2-klein-4b"),
        ("black-forest-labs/FLUX.2-klein-base-9B", "flux2-klein-base-9b"),
        ("schnell", "flux1-schnell"),
        ("black-forest-labs/FLUX.1-dev", "flux1-dev"),
    ],
)
def test_names_aliases_and_hub_ids_of_tables(home: Settings, name: str, found: str) -> None:
    assert find(name, home).name == found


@pytest.mark.parametrize(
    "name", ["fluxgram-mimi", "klein4b", "", "no such thing", "/no/such/folder", "../x", "a/b/c"]
)
def test_unknown_names_get_the_nearest(home: Settings, name: str) -> None:
    with pytest.raises(UnknownCheckpoint) as caught:
        find(name, home)
    assert any(each in caught.value.hint for each in NAMES | {"klein-4b"})


def test_nearest_name_comes_first(home: Settings) -> None:
    with pytest.raises(UnknownCheckpoint) as caught:
        find("fluxgram-mimi", home)
    assert caught.value.hint.startswith("Nearest: fluxgram-mini")


def test_hub_id_without_a_table_offline(home: Settings) -> None:
    with pytest.raises(CheckpointMissing, match="offline") as caught:
        find("somebody/FLUX.2-klein-portraits", home)
    assert "pull somebody/FLUX.2-klein-portraits" in caught.value.hint


def test_own_table(home: Settings) -> None:
    (home.home / "checkpoints.toml").write_text(TABLE)
    mine = find("mine", home)
    assert (mine.steps["final"], mine.sizes.default, mine.text.layers) == (3, (64, 64), (1, 2))
    assert mine.guidance == 1.0
    assert set(known(home)) == NAMES | {"mine"}
    assert sources.where(mine, home) is None
    with pytest.raises(CheckpointMissing, match="/nowhere"):
        sources.folder_of(mine, home)


@pytest.mark.parametrize(
    ("before", "after", "words", "hint"),
    [
        ("guidance = 1", "guidence = 1", "mine has an unknown key 'guidence'", "'guidance'"),
        ("default = [64", "defualt = [64", "mine.sizes has an unknown key 'defualt'", "'default'"),
        ("memory_gb = 1\n", "", "mine lacks the key 'memory_gb'", "memory_gb = "),
        ("distilled = true", "distilled = 1", "mine.distilled must be true or false", ""),
        ("guidance = 1", "guidance = true", "mine.guidance must be a number", ""),
        ("multiple = 16", "multiple = 16.5", "mine.sizes.multiple must be a whole number", ""),
        ("default = [64, 64]", "default = [64]", "mine.sizes.default must be", ""),
        ('kind = "empirical"', 'kind = "cosine"', "must be one of empirical, shift", ""),
        ('kind = "empirical"', 'kind = "linear"', "empirical or shift in flux2", ""),
        ('kind = "empirical"', 'kind = "shift", tokens = [9, 9]', "schedule.tokens must be ascending", ""),
        ('"qwen3-chat"', '"chat"', "text.template must be clip+t5 or qwen3-chat", ""),
        ('"qwen3-chat"', '"clip+t5"', "text.template of flux2 is qwen3-chat", ""),
        ('family = "flux2"', 'family = "flux1"', "text.template of flux1 is clip+t5", ""),
        ("schedule = {", "schedule = 3 #", "mine.schedule must be a table", ""),
        ("guidance = 1", "guidance = 4", "a distilled checkpoint has guidance = 1", ""),
        ("draft = 1, ", "", "draft, proof and final", ""),
        ("draft = 1", "draft = 0", "at least 1", ""),
        ("layers = [1, 2]", "layers = [2, 1]", "text.layers must be ascending", ""),
        ("lengths = [512]", "lengths = []", "text.lengths must be ascending", ""),
        ("default = [64, 64]", "default = [64, 65]", "multiples of sizes.multiple", ""),
        ('"folder:/nowhere"', '"/nowhere"', "source must begin with", ""),
        ('family = "flux2"', 'family = "flux9"', "family must be flux1 or flux2", ""),
        ("[mine]", "[mine", "cannot be read as TOML", ""),
        ("[mine]", "mine = 3\n[other]", "mine must be a table", ""),
    ],
)
def test_wrong_tables_are_named(home: Settings, before: str, after: str, words: str, hint: str) -> None:
    assert before in TABLE
    (home.home / "checkpoints.toml").write_text(TABLE.replace(before, after, 1))
    with pytest.raises(SettingsError) as caught:
        known(home)
    assert words in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("kind", ["base", "distilled"])
def test_folder_says_what_it_is(toys: dict[str, Path], home: Settings, kind: str) -> None:
    found = find(str(toys[kind]), home)
    assert found.distilled == (kind == "distilled")
    assert found.guidance == (1.0 if kind == "distilled" else 4.0)
    assert found.sizes.multiple == 32
    assert found.text.lengths == (32, 64)
    assert found.schedule.kind == "empirical"
    assert sources.where(found, home) == toys[kind].resolve()
    assert sources.is_present(found, home)
    assert sources.size_on_disk(found, home) > 100_000


def test_folder_without_a_table_is_read_as_klein(toy: Path, home: Settings) -> None:
    (toy / "fluxgram.toml").unlink()
    assert find(str(toy), home).text == find("klein", home).text


def test_folder_with_a_fixed_shift(toy: Path, home: Settings) -> None:
    (toy / "scheduler" / "scheduler_config.json").write_text('{"use_dynamic_shifting": false, "shift": 2.5}')
    schedule = find(str(toy), home).schedule
    assert (schedule.kind, schedule.shift) == ("shift", 2.5)


def test_relative_folder(toy: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(toy.parent)
    assert find("./toy", home).source == find("toy", home).source == f"folder:{toy.resolve()}"


def test_unknown_key_in_a_folders_table(toy: Path, home: Settings) -> None:
    with (toy / "fluxgram.toml").open("a") as file:
        file.write("padding = 3\n")
    with pytest.raises(CheckpointDamaged, match="unknown key 'padding'"):
        find(str(toy), home)


def test_only_downloads_can_be_removed(toys: dict[str, Path], home: Settings) -> None:
    for name in ("fluxgram-mini", str(toys["base"])):
        with pytest.raises(CheckpointMissing, match="not downloaded by fluxgram"):
            sources.remove(find(name, home), home)
    with pytest.raises(CheckpointMissing, match="has not downloaded"):
        sources.remove(find("klein", home), home)


def test_missing_embedded_checkpoint_is_said(home: Settings) -> None:
    gone = replace(find("fluxgram-mini", home), source="embedded:no-such")
    with pytest.raises(CheckpointMissing, match="not in this installation"):
        sources.folder_of(gone, home)


def test_finding_a_checkpoint_imports_no_torch(toys: dict[str, Path], tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from fluxgram.settings import Settings\n"
        "from fluxgram.families import family_of, sources; from fluxgram.families.checkpoints import find, known\n"
        f"settings = Settings(home=Path({str(tmp_path)!r})); family_of(find({str(toys['base'])!r}, settings))\n"
        "[sources.is_present(each, settings) for each in known(settings).values()]\n"
        "print(sorted({'torch', 'transformers', 'diffusers', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _own(home: Settings, text: str) -> Settings:
    (home.home / "checkpoints.toml").write_text(text)
    return home


def test_a_table_with_a_base_is_the_base_but_for_what_it_says(home: Settings) -> None:
    tune = """
[fluxgram-v1]
base = "flux2-klein-4b"
adapters = [{ source = "portraits", weight = 0.8 }]
suffix = "photograph"
sizes = { multiple = 16, default = [832, 1248] }
"""
    tables = known(_own(home, tune))
    base, found = tables["flux2-klein-4b"], tables["fluxgram-v1"]
    assert found == replace(
        base,
        name="fluxgram-v1",
        title="flux2-klein-4b with portraits",
        aliases=(),
        base="flux2-klein-4b",
        adapters=(OwnAdapter("portraits", 0.8),),
        suffix="photograph",
        sizes=Sizes(16, (832, 1248)),
    )
    assert find("klein", home).name == "flux2-klein-4b"
    assert find("black-forest-labs/FLUX.2-klein-4B", home).name == "flux2-klein-4b"
    assert find("fluxgram-v1", home) == found


def test_fluxgram_v1_is_the_embedded_checkpoint_with_its_portrait_adapter(home: Settings) -> None:
    tables = known(home)
    base, tune = tables["fluxgram-mini"], tables["fluxgram-v1"]
    assert (tune.source, tune.licence, tune.steps) == (base.source, base.licence, base.steps)
    assert tune.sizes == replace(base.sizes, default=(256, 384))
    always = tomllib.loads((Path(photography.__file__).parent / "data/negatives.toml").read_text())[
        "negative"
    ]
    assert tune.negative == always["always"]["say"]
    shelf = known_adapters(home)
    assert [each.source for each in tune.adapters] == ["fluxgram-portrait"]
    for name in ("fluxgram-portrait", "fluxgram-redhead"):
        assert shelf[name].base == "fluxgram-mini"
        assert shelf[name].path.stat().st_size < 3_000_000


def test_a_base_may_have_a_base_and_be_named_by_an_alias(home: Settings) -> None:
    chain = """
[first]
base = "second"
guidance = 3
[second]
base = "mini"
negative = "blur"
title = "Second"
aliases = ["two"]
"""
    tables = known(_own(home, chain))
    mini = tables["fluxgram-mini"]
    assert tables["second"] == replace(
        mini, name="second", title="Second", aliases=("two",), base="fluxgram-mini", negative="blur"
    )
    first = replace(
        tables["second"], name="first", title="second with settings of its own", aliases=(), base="second"
    )
    assert tables["first"] == replace(first, guidance=3.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\nbase = "flux2-klein-4"', "The table a has the base 'flux2-klein-4', and there is no table"),
        ('[a]\nbase = "b"\n[b]\nbase = "a"', "The table a is its own base: a -> b -> a."),
        ('[a]\nbase = "a"', "The table a is its own base: a -> a."),
        ('[a]\nbase = "mini"\nadapters = ["x"]', "a.adapters must be a table, not 'x'."),
        ('[a]\nbase = "mini"\nweight = 1', "The table a has an unknown key 'weight'."),
    ],
)
def test_a_base_that_leads_nowhere_is_refused(home: Settings, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        known(_own(home, text))
    assert said in str(caught.value) + caught.value.hint
    if "klein" in text:
        assert "flux2-klein-4b" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[a]\nbase = "klein"\nfast = "klein-fast"',
            "The table a has fast = 'klein-fast', and there is no table",
        ),
        ('[a]\nbase = "klein"\nfast = "a"', "that is the table itself"),
        ('[a]\nbase = "klein"\nfast = "b"\n[b]\nbase = "klein"\nfast = "a"', "leaves its own drafts to a"),
        ('[a]\nbase = "klein"\nfast = "fluxgram-mini"', "leaves its own drafts to fluxgram-mini-fast"),
        ('[a]\nbase = "klein"\nfast = "flux1-schnell"', "that is of flux1 and not of flux2"),
        ('[a]\nbase = "klein"\nfast = "fluxgram-mini-fast"', "that draws other sizes"),
        (
            '[a]\nbase = "mini"\nsizes = { multiple = 32, default = [256, 512], known = [[256, 512]] }',
            "The table a cannot have fast = 'fluxgram-mini-fast': that draws other sizes",
        ),
        (
            '[a]\nbase="klein"\nfast="b"\n[b]\nbase="klein"\nsizes = { multiple = 16, default = [64, 64], most = 9}',
            "that draws other sizes",
        ),
    ],
)
def test_a_fast_version_that_cannot_draw_its_drafts_is_refused(home: Settings, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        known(_own(home, text))
    assert said in str(caught.value)
    assert str(caught.value).startswith("The table a ")
    assert "Nearest" in caught.value.hint or "fast" in caught.value.hint


def test_a_fast_version_of_the_same_kind_will_do(home: Settings) -> None:
    tables = known(
        _own(home, '[a]\nbase = "klein-base"\nfast = "flux2-klein-4b"\n[b]\nbase = "mini"\nfast = ""')
    )
    assert (tables["a"].fast, tables["b"].fast) == ("flux2-klein-4b", "")
    assert tables["fluxgram-v1"].fast == "fluxgram-mini-fast"


def test_a_folders_own_table_is_held_to_the_same(toy: Path, home: Settings) -> None:
    (toy / "fluxgram.toml").write_text('fast = "nowhere"\n' + (toy / "fluxgram.toml").read_text())
    with pytest.raises(CheckpointDamaged, match="has fast = 'nowhere'"):
        find(str(toy), home)


def test_what_is_not_here_is_told_by_name(home: Settings) -> None:
    assert sources.find_here("mini", home).name == "fluxgram-mini"
    with pytest.raises(CheckpointMissing, match="flux2-klein-4b is not on this machine") as caught:
        sources.find_here("klein", home)
    assert "pull klein" in caught.value.hint


def test_a_home_that_is_closed_leaves_what_comes_with_the_package(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, look = list(known(home)), Path.stat

    def closed(path: Path, **named: Any) -> Any:
        if path.is_relative_to(home.home):
            raise PermissionError(13, "Permission denied")
        return look(path, **named)

    (home.home / "checkpoints.toml").write_text('[mine]\nbase = "fluxgram-mini"\n')
    assert "mine" in known(home)
    monkeypatch.setattr(Path, "stat", closed)
    assert list(known(home)) == before
