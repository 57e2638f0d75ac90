"""Adapters from the hub, from a server on this machine that speaks its protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fluxgram.errors import AdapterError, CheckpointGated, CheckpointMissing, UnknownAdapter, UnsafeWeights
from fluxgram.families.adapters.fetching import HubId, chosen, hub_id_of
from fluxgram.families.adapters.shelf import add_adapter, find_adapter, known_adapters
from fluxgram.settings import Settings
from tests.families.test_hub import REPO, Hub

KEY = "transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj"


def adapter(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = torch.Generator().manual_seed(seed)
    tensors = {
        f"{KEY}.lora_A.weight": torch.randn(2, 32, generator=draw),
        f"{KEY}.lora_B.weight": torch.randn(288, 2, generator=draw),
    }
    save_file(tensors, path)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "README.md").write_text("# a LoRA")
    server = Hub(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "shared"))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def online(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_the_only_file_of_a_repository(served: Hub, online: Settings) -> None:
    adapter(served.folder / "style_v2.safetensors")
    found = find_adapter(REPO, online)
    assert (found.name, found.source) == ("style_v2", f"hub:{REPO}/style_v2.safetensors")
    assert found.path.read_bytes() == (served.folder / "style_v2.safetensors").read_bytes()
    assert served.fetched == {"style_v2.safetensors"}


def test_fetched_once_and_there_without_a_network(served: Hub, online: Settings) -> None:
    adapter(served.folder / "style.safetensors")
    first = find_adapter(f"{REPO}/style.safetensors", online)
    served.asked.clear()
    assert find_adapter(f"{REPO}/style.safetensors", online) == first
    offline = replace(online, offline=True)
    assert find_adapter(f"{REPO}/style.safetensors", offline) == first
    assert find_adapter(REPO, offline) == first
    assert served.asked == []


def test_added_from_the_hub_by_any_of_its_names(served: Hub, online: Settings) -> None:
    adapter(served.folder / "style.safetensors")
    known = add_adapter(REPO, online, words=("w",)).adapter
    assert (known.name, known.source) == ("style", f"hub:{REPO}/style.safetensors")
    served.asked.clear()
    assert find_adapter(f"{REPO}/style.safetensors", online) == known
    assert served.asked == []
    with pytest.raises(CheckpointMissing, match="no revision v2"):
        find_adapter(f"{REPO}/blob/v2/style.safetensors", online)
    assert add_adapter(REPO, online).fresh is False
    assert [
        each.name for each in known_adapters(online).values() if each.path.is_relative_to(online.home)
    ] == ["style"]


def test_several_files_are_listed(served: Hub, online: Settings) -> None:
    for name in ("v1.safetensors", "v2.safetensors", "old/v0.safetensors"):
        adapter(served.folder / name)
    with pytest.raises(AdapterError, match="holds 3 adapters") as caught:
        find_adapter(REPO, online)
    assert "old/v0.safetensors, v1.safetensors, v2.safetensors" in caught.value.hint
    assert find_adapter(f"{REPO}/old/v0.safetensors", online).name == "v0"
    assert served.fetched == {"old/v0.safetensors"}


def test_a_configuration_comes_with_it(served: Hub, online: Settings) -> None:
    adapter(served.folder / "adapter_model.safetensors")
    (served.folder / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": 4}))
    found = find_adapter(REPO, online)
    assert found.path.with_name("adapter_config.json").is_file()
    assert add_adapter(REPO, online, name="peft").adapter.path.with_name("peft.adapter_config.json").is_file()


def test_gated_unknown_missing_and_offline(served: Hub, online: Settings) -> None:
    adapter(served.folder / "style.safetensors")
    with pytest.raises(UnknownAdapter, match="no repository nobody/nothing"):
        find_adapter("nobody/nothing", online)
    with pytest.raises(UnknownAdapter, match=r"has no file other\.safetensors"):
        find_adapter(f"{REPO}/other.safetensors", online)
    with pytest.raises(CheckpointMissing, match="offline") as caught:
        find_adapter(f"{REPO}/style.safetensors", replace(online, offline=True))
    assert "fluxgram adapters add" in caught.value.hint
    served.gated = True
    with pytest.raises(CheckpointGated, match="licence"):
        find_adapter(REPO, online)


def test_nobody_answers(online: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "shared"))
    with pytest.raises(CheckpointMissing, match="hub does not answer"):
        find_adapter(REPO, online)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a/b", HubId("a/b")),
        ("hub:a/b", HubId("a/b")),
        ("a/b/c.safetensors", HubId("a/b", "c.safetensors")),
        ("a/b:c.safetensors", HubId("a/b", "c.safetensors")),
        ("a/b/c/d e.safetensors", HubId("a/b", "c/d e.safetensors")),
        ("https://huggingface.co/a/b", HubId("a/b")),
        ("https://huggingface.co/a/b/", HubId("a/b")),
        ("https://huggingface.co/a/b/blob/main/c.safetensors", HubId("a/b", "c.safetensors")),
        (
            "https://huggingface.co/a/b/resolve/v2/c.safetensors?download=true",
            HubId("a/b", "c.safetensors", "v2"),
        ),
        ("a", None),
        ("./a/b", None),
        ("../a/b", None),
        ("/a/b", None),
        ("~/a", None),
        ("a/../b", None),
        ("a/b.safetensors", None),
        ("a/b/c.bin", None),
        ("a/b/c", None),
        ("https://example.com/a/b", None),
    ],
)
def test_hub_ids(source: str, wanted: HubId | None) -> None:
    assert hub_id_of(source) == wanted


def test_which_file_is_meant() -> None:
    assert (
        chosen("r", ["b.safetensors", "pytorch_lora_weights.safetensors"])
        == "pytorch_lora_weights.safetensors"
    )
    assert chosen("r", ["transformer/model.safetensors", "lora.safetensors"]) == "lora.safetensors"
    with pytest.raises(UnsafeWeights):
        chosen("r", ["lora.bin"])
    with pytest.raises(AdapterError, match="holds no adapter"):
        chosen("r", ["vae/model.safetensors"])
