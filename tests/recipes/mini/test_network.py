"""What training runs, against the stock classes that drawing runs."""

from __future__ import annotations

import torch

from recipes.mini.network import rotary, transformer, velocity
from recipes.mini.text import VOCABULARY, hidden_states, text_encoder


def test_velocity_is_the_stock_forward_pass() -> None:
    torch.manual_seed(0)
    net = transformer().eval()
    x, t, text = torch.randn(2, 12, 64), torch.tensor([0.3, 0.8]), torch.randn(2, 5, 576)
    zero = torch.zeros(1, dtype=torch.long)
    with torch.no_grad():
        ours, _ = velocity(net, x, t, text, rotary(net, 5, 4, 3))
        stock = net(
            hidden_states=x,
            encoder_hidden_states=text,
            timestep=t,
            img_ids=torch.cartesian_prod(zero, torch.arange(4), torch.arange(3), zero),
            txt_ids=torch.cartesian_prod(zero, zero, zero, torch.arange(5)),
            return_dict=False,
        )[0]
    assert torch.equal(ours, stock)


def test_hidden_states_are_those_of_the_stock_text_encoder() -> None:
    torch.manual_seed(0)
    encoder = text_encoder().eval()
    ids = torch.randint(3, VOCABULARY, (2, 16))
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 9:] = 0
    with torch.no_grad():
        ours = hidden_states(encoder, ids, mask)
        stock = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    assert len(ours) == len(stock)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, stock, strict=True))
