"""Downloads, from a server on this machine that speaks the hub's protocol over a real socket."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fluxgram.errors import CheckpointDamaged, CheckpointGated, CheckpointMissing, UnknownCheckpoint
from fluxgram.families import hub, sources
from fluxgram.families.checkpoints import Checkpoint, find
from fluxgram.families.flux1 import Flux1
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.settings import Settings

REPO = "somebody/FLUX.2-klein-toy"
COMMIT = "a" * 40
ORIGINAL = "flux-2-klein-toy.safetensors"


class Hub(ThreadingHTTPServer):
    """Serves one folder as one repository, and notes what it is asked for."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder = folder
        self.asked: list[tuple[str, str, str | None]] = []
        self.gated = False
        self.break_after: dict[str, int] = {}

    @property
    def fetched(self) -> set[str]:
        return {path for verb, path, _ in self.asked if verb == "GET" and not path.startswith("/api/")}


class Answer(BaseHTTPRequestHandler):
    """The four calls that huggingface_hub makes to fetch a repository."""

    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = urlsplit(self.path).path
        short = path.removeprefix(f"/{REPO}/resolve/{COMMIT}/")
        self.server.asked.append((self.command, short, self.headers.get("Range")))
        files = sorted(each for each in self.server.folder.rglob("*") if each.is_file())
        if path in (f"/api/models/{REPO}/revision/main", f"/api/models/{REPO}"):
            self.send_json({"id": REPO, "sha": COMMIT, "siblings": []})
        elif path == f"/api/models/{REPO}/tree/{COMMIT}":
            self.send_json(
                [
                    {
                        "type": "file",
                        "path": each.relative_to(self.server.folder).as_posix(),
                        "size": each.stat().st_size,
                        "oid": hashlib.sha256(each.read_bytes()).hexdigest(),
                    }
                    for each in files
                ]
            )
        elif path.startswith(f"/api/models/{REPO}/"):
            self.send_error_code(404, "RevisionNotFound")
        elif path.startswith(f"/{REPO}/resolve/"):
            self.send_file(self.server.folder / short, short, body=body)
        else:
            self.send_error_code(404, "RepoNotFound")

    def send_json(self, data: Any) -> None:
        content = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_error_code(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_file(self, path: Path, short: str, *, body: bool) -> None:
        if self.server.gated:
            self.send_error_code(403, "GatedRepo")
            return
        if not path.is_file():
            self.send_error_code(404, "EntryNotFound")
            return
        content = path.read_bytes()
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if body:
            stop = self.server.break_after.pop(short, None)
            self.wfile.write(content[start:stop])
            self.close_connection = stop is not None


@pytest.fixture
def served(toy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with serving(toy, monkeypatch, tmp_path) as server:
        yield server


@contextmanager
def serving(toy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub that has a folder as its one repository, and things beside it that nobody needs."""
    (toy / ORIGINAL).write_bytes(b"the single-file original, gigabytes of it")
    (toy / "README.md").write_text("# a checkpoint")
    (toy / "vae" / "pickled.bin").write_bytes(b"never")
    server = Hub(toy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "shared"))
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def online(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", device="cpu", dtype="float32", threads=1)


@pytest.fixture
def checkpoint(checkpoints: dict[str, Checkpoint]) -> Checkpoint:
    return replace(checkpoints["base"], name="toy", source=f"hub:{REPO}")


def test_only_what_is_needed_is_fetched_with_progress(
    served: Hub, online: Settings, checkpoint: Checkpoint, toys: dict[str, Path]
) -> None:
    told: list[tuple[str, float]] = []
    folder = sources.pull(checkpoint, online, lambda stage, fraction: told.append((stage, fraction)))
    wanted = {each.relative_to(toys["base"]).as_posix() for each in toys["base"].rglob("*") if each.is_file()}
    assert {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()} == wanted
    assert served.fetched == wanted
    assert {stage for stage, _ in told} == {"download"}
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert any(0 < fraction < 1 for fraction in fractions)


def test_a_repository_of_flux1_is_fetched_and_loaded_by_its_name_alone(
    toys1: dict[str, Path], toy1: Path, online: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (toy1 / "tokenizer_2" / "spiece.model").write_bytes(b"sentencepiece, which nobody reads")
    with serving(toy1, monkeypatch, tmp_path) as hub:
        found = find(REPO, online)
        assert (found.family, found.embeds_guidance) == ("flux1", True)
        assert not any(path.endswith(".safetensors") for path in hub.fetched)
        fingerprint = Flux1().load(found, place(found, online)).fingerprint
        wanted = {
            each.relative_to(toys1["dev"]).as_posix() for each in toys1["dev"].rglob("*") if each.is_file()
        }
        assert hub.fetched == wanted
        assert sources.is_present(found, replace(online, offline=True))
    local = find(str(toys1["dev"]), online)
    assert Flux1().load(local, place(local, online)).fingerprint == fingerprint


def test_what_is_there_is_not_fetched_again_and_loads_offline(
    served: Hub, online: Settings, checkpoint: Checkpoint, loaded: dict[str, Any]
) -> None:
    assert not sources.is_present(checkpoint, online)
    folder = sources.pull(checkpoint, online)
    served.asked.clear()
    offline = replace(online, offline=True)
    assert sources.is_present(checkpoint, offline)
    assert sources.folder_of(checkpoint, offline) == folder
    assert Flux2().load(checkpoint, place(checkpoint, offline)).fingerprint == loaded["base"].fingerprint
    assert served.asked == []
    assert find(REPO, offline).sizes.multiple == 32


def test_hub_id_without_a_table_is_known_by_its_small_files(served: Hub, online: Settings) -> None:
    found = find(REPO, online)
    assert (found.name, found.source, found.text.layers) == (REPO, f"hub:{REPO}", (1, 2, 3))
    assert not any(path.endswith(".safetensors") for path in served.fetched)
    assert not sources.is_present(found, online)
    assert sources.is_present(replace(found, source=f"folder:{sources.pull(found, online)}"), online)


def test_half_a_file_is_resumed(
    served: Hub, online: Settings, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000
    )  # what is kept is kept by chunks
    name = "transformer/diffusion_pytorch_model.safetensors"
    served.break_after[name] = 5000
    folder = sources.pull(checkpoint, online)
    assert (folder / name).read_bytes() == (served.folder / name).read_bytes()
    asked = [given for verb, path, given in served.asked if (verb, path) == ("GET", name)]
    assert len(asked) == 2
    assert asked[1] == "bytes=5000-"


def test_gated_repository_names_the_page(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    served.gated = True
    with pytest.raises(CheckpointGated, match="licence") as caught:
        sources.pull(checkpoint, online)
    assert f"/{REPO}, accept the licence" in caught.value.hint


def test_unknown_repository(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    with pytest.raises(UnknownCheckpoint, match="no repository nobody/nothing"):
        sources.pull(replace(checkpoint, source="hub:nobody/nothing"), online)
    with pytest.raises(UnknownCheckpoint, match="no repository nobody/nothing"):
        find("nobody/nothing", online)


def test_unknown_revision(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointMissing, match="has no revision v9"):
        sources.pull(replace(checkpoint, revision="v9"), online)


def test_pinned_revision_asks_for_that_commit_only(
    served: Hub, online: Settings, checkpoint: Checkpoint
) -> None:
    pinned = replace(checkpoint, revision=COMMIT)
    folder = sources.pull(pinned, online)
    assert folder.name == COMMIT
    assert not any("/revision/" in path for _, path, _ in served.asked)
    assert sources.is_present(pinned, online)
    assert not sources.is_present(replace(checkpoint, revision="b" * 40), online)


def test_repository_in_another_layout(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    (served.folder / "model_index.json").unlink()
    with pytest.raises(CheckpointDamaged, match=r"no model_index\.json"):
        sources.pull(checkpoint, online)


def test_nobody_answers(
    online: Settings, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: refused at once
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "shared"))
    with pytest.raises(CheckpointMissing, match="hub does not answer") as caught:
        sources.pull(checkpoint, online)
    assert "network" in caught.value.hint


def test_offline_asks_nobody(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointMissing, match="offline"):
        sources.pull(checkpoint, replace(online, offline=True))
    assert served.asked == []


def test_no_room_on_disk(
    served: Hub, online: Settings, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 10

    monkeypatch.setattr(hub.shutil, "disk_usage", lambda path: Full)
    with pytest.raises(CheckpointMissing, match="on disk") as caught:
        sources.pull(checkpoint, online)
    assert "FLUXGRAM_HOME" in caught.value.hint
    assert served.fetched == set()


def test_remove_frees_what_was_fetched(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    sources.pull(checkpoint, online)
    size = sources.size_on_disk(checkpoint, online)
    assert sources.remove(checkpoint, online) >= size > 0
    assert not sources.is_present(checkpoint, online)
    assert sources.size_on_disk(checkpoint, online) == 0


def test_copy_of_other_tools_is_used_and_not_removed(
    served: Hub, online: Settings, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    folder = sources.pull(checkpoint, online)
    hub.cache_of(online).rename(tmp_path / "shared")
    assert sources.where(checkpoint, online) == tmp_path / "shared" / folder.relative_to(hub.cache_of(online))
    with pytest.raises(CheckpointMissing, match="has not downloaded") as caught:
        sources.remove(checkpoint, online)
    assert "other tools" in caught.value.hint


def test_half_a_checkpoint_is_not_present(served: Hub, online: Settings, checkpoint: Checkpoint) -> None:
    folder = sources.pull(checkpoint, online)
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert not sources.is_present(checkpoint, online)
    assert sources.pull(checkpoint, online) == folder
    assert sources.is_present(checkpoint, online)
