"""Previews: the fitted map, against decoders whose map is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fluxgram.engine.catalogue import Shelf
from fluxgram.engine.preview import FILE, PreviewMap, find_or_fit, fit, fit_pairs
from fluxgram.errors import CheckpointDamaged
from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Latents, Parts
from fluxgram.settings import Settings


def linear_decoder(latents: Latents, weight: torch.Tensor) -> torch.Tensor:
    """A decoder that is a map itself: each token becomes 8x8 px, four flat quarters; (height, width, 3) uint8."""
    colours = (latents.tokens[0] @ weight * 0.1 + 0.5).reshape(latents.rows, latents.columns, 2, 2, 3)
    small = colours.permute(0, 2, 1, 3, 4).reshape(latents.rows * 2, latents.columns * 2, 3)
    return (small.clamp(0, 1) * 255).round().byte().repeat_interleave(4, 0).repeat_interleave(4, 1)


def test_a_linear_decoder_is_found_exactly() -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(16, 12, generator=generator) * 0.3
    latents = [Latents(torch.randn(1, 70, 16, generator=generator), 7, 10) for _ in range(9)]
    pairs = [(each, linear_decoder(each, weight)) for each in latents]
    preview = fit_pairs(pairs[:8], k=2)
    image = preview(latents[8])
    assert image.size == (20, 14)
    shown = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(-1, 3)
    wanted = pairs[8][1][::4, ::4].reshape(-1, 3)
    assert (shown.float() - wanted.float()).abs().max() <= 3


@pytest.fixture(scope="module")
def parts(toy: str, settings: Settings) -> Parts:
    shelf = Shelf(settings)
    checkpoint = shelf.find(toy)
    return shelf.family(checkpoint).load(
        checkpoint, shelf.place(checkpoint, settings), lambda _stage, _fraction: None
    )


def test_the_map_of_a_checkpoint_is_fitted_once_and_kept(
    parts: Parts, settings: Settings, tmp_path: Path
) -> None:
    family = Shelf(settings).family(parts.checkpoint)
    first = find_or_fit(parts, family, tmp_path)
    (kept,) = (tmp_path / "previews").iterdir()
    assert kept.name == f"{parts.fingerprint[:32]}.safetensors"
    before = kept.stat().st_mtime_ns
    second = find_or_fit(parts, family, tmp_path)
    assert torch.equal(first.weight, second.weight)
    assert kept.stat().st_mtime_ns == before
    assert first.weight.shape == (128, 48)


def test_a_map_in_the_checkpoints_folder_goes_first(parts: Parts, settings: Settings, tmp_path: Path) -> None:
    family = Shelf(settings).family(parts.checkpoint)
    own = PreviewMap(torch.zeros(128, 12), torch.full((12,), 0.5))
    own.save(tmp_path / FILE)
    found = find_or_fit(parts, family, tmp_path / "home", tmp_path)
    latents = family.begin(parts, 96, 64, seed=1)
    assert found(latents).size == (6, 4)
    assert found(latents).getextrema() == ((128, 128),) * 3
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_written_is_no_obstacle(
    parts: Parts, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    find_or_fit(parts, Shelf(settings).family(parts.checkpoint), tmp_path / "file")


class LinearFamily:
    """A family whose decoder is a map, so that what `fit` finds is known."""

    def __init__(self) -> None:
        self.weight = torch.randn(16, 12, generator=torch.Generator().manual_seed(2)) * 0.3

    def begin(self, parts: Parts, width: int, height: int, seed: int) -> Latents:
        rows, columns = height // 16, width // 16
        noise = torch.randn(1, rows * columns, 16, generator=torch.Generator().manual_seed(seed))
        return Latents(noise, rows, columns)

    def decode(self, parts: Parts, latents: Latents) -> torch.Tensor:
        return linear_decoder(latents, self.weight)


def test_random_latents_are_enough_to_find_a_linear_decoder(
    parts: Parts, table: Callable[..., Checkpoint]
) -> None:
    family = LinearFamily()
    preview = fit(replace(parts, checkpoint=table()), family, k=2)  # type: ignore[arg-type]
    latents = family.begin(parts, 320, 160, seed=999)
    shown = preview(latents).convert("RGB").tobytes()
    wanted = family.decode(parts, latents)[::4, ::4]
    difference = torch.frombuffer(bytearray(shown), dtype=torch.uint8).reshape(20, 40, 3).int() - wanted.int()
    assert difference.abs().max() <= 6
    assert difference.abs().float().mean() < 1


@pytest.mark.parametrize("content", [b"", b"not a map", None])
def test_a_damaged_map_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / FILE
    if content is None:
        PreviewMap(torch.zeros(4, 12), torch.zeros(13)).save(path)
    else:
        path.write_bytes(content)
    with pytest.raises(CheckpointDamaged, match="no preview map"):
        PreviewMap.read(path)
