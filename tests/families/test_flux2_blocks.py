"""Our blocks compute what diffusers' blocks compute; in bfloat16 they stay no further from float32 than those."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from diffusers.models.transformers.transformer_flux2 import (
    Flux2PosEmbed,
    Flux2SingleTransformerBlock,
    Flux2TransformerBlock,
)
from torch import nn

from fluxgram.families import flux2_blocks

HEADS, HEAD = 2, 16
WIDTH = HEADS * HEAD
TEXT, ROWS, COLUMNS = 24, 5, 7


class Blocks(nn.Module):
    """As much of a transformer as `hasten` looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer_blocks = nn.ModuleList([Flux2TransformerBlock(WIDTH, HEADS, HEAD)])
        self.single_transformer_blocks = nn.ModuleList([Flux2SingleTransformerBlock(WIDTH, HEADS, HEAD)])
        for name, parameter in self.named_parameters():
            if "norm" in name:
                nn.init.normal_(parameter, 1.0, 0.3)
        self.requires_grad_(requires_grad=False)


def rotary() -> tuple[torch.Tensor, torch.Tensor]:
    embed = Flux2PosEmbed(2000, [4] * 4)
    zero = torch.arange(1)
    words = embed(torch.cartesian_prod(zero, zero, zero, torch.arange(TEXT)))
    grid = embed(torch.cartesian_prod(zero, torch.arange(ROWS), torch.arange(COLUMNS), zero))
    return torch.cat([words[0], grid[0]]), torch.cat([words[1], grid[1]])


def run(blocks: Blocks, dtype: torch.dtype, batch: int) -> list[torch.Tensor]:
    """What the double and the single block answer to the same numbers in some data type."""
    random = torch.Generator().manual_seed(5)
    normal = partial(torch.randn, generator=random)
    vectors = [normal(batch, size * WIDTH).mul(0.5) for size in (6, 6, 3)]
    image, text = normal(batch, ROWS * COLUMNS, WIDTH), normal(batch, TEXT, WIDTH)
    both = torch.cat([text, image], 1)
    image, text, both, *vectors = (each.to(dtype) for each in (image, text, both, *vectors))
    double: Any = blocks.to(dtype).transformer_blocks[0]
    single: Any = blocks.single_transformer_blocks[0]
    words, picture = double(
        hidden_states=image,
        encoder_hidden_states=text,
        temb_mod_img=vectors[0],
        temb_mod_txt=vectors[1],
        image_rotary_emb=rotary(),
    )
    state = single(
        hidden_states=both, encoder_hidden_states=None, temb_mod=vectors[2], image_rotary_emb=rotary()
    )
    return [words.float(), picture.float(), state.float()]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("numbers", [1, 2**10, 2**18])
def test_blocks_agree_with_diffusers(batch: int, numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flux2_blocks, "_SLICE", numbers)  # slices of one token, of some, of all
    torch.manual_seed(1)
    blocks = Blocks()
    expected = run(blocks, torch.float32, batch)
    flux2_blocks.hasten(blocks)
    for ours, theirs in zip(run(blocks, torch.float32, batch), expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=3e-6, rtol=1e-5)


def test_bfloat16_is_no_further_from_float32() -> None:
    torch.manual_seed(2)
    blocks = Blocks().to(torch.bfloat16)  # weights that both data types can hold
    exact = run(blocks, torch.float32, 1)
    stock = run(blocks, torch.bfloat16, 1)
    flux2_blocks.hasten(blocks)
    ours = run(blocks, torch.bfloat16, 1)
    for mine, theirs, truth in zip(ours, stock, exact, strict=True):
        assert (mine - truth).norm() <= 1.02 * (theirs - truth).norm()
        assert (mine - truth).norm() > 0  # it is bfloat16 that is measured


def test_tables_follow_the_grid() -> None:
    torch.manual_seed(3)
    turns = flux2_blocks._Turns()
    first, second = rotary(), tuple(table.roll(1, 0) for table in rotary())
    assert torch.equal(turns(first), turns(first))
    assert torch.equal(turns(second).real.squeeze(1), second[0][:, ::2])  # type: ignore[arg-type]
    assert torch.equal(turns(first).imag.squeeze(1), first[1][:, ::2])
