"""Step 3: the tokenizer and the text encoder's first lessons.

    python -m recipes.mini.text POOL STATE [--minutes 10]

A byte-level BPE of 6,000 entries is trained on captions; then a tiny Qwen3 learns, before any picture is drawn, to
name what a caption says (gender, hair, light and its side, ...) from its last word's state. Without this the
transformer waits long for text that means something.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.models.qwen3 import Qwen3Config, Qwen3ForCausalLM

from recipes.mini.captions import HARMLESS, Imagined
from recipes.mini.labels import ATTRIBUTES, UNKNOWN, label

VOCABULARY = 6000
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = "{% for message in messages %}<|im_start|>{{ message['content'] }}<|im_end|>{% endfor %}"
LENGTHS = (64, 128)
LAYERS = (2, 4, 6)
WIDTH = 192


def read_facts(pool: Path, kind: str = "train") -> list[dict[str, Any]]:
    """The facts of every picture of the pool: `info`, `captions`, `mirrored`."""
    return [
        json.loads(line) for path in sorted(pool.glob(f"{kind}-*.npz")) for line in np.load(path)["facts"]
    ]


def train_tokenizer(texts: list[str], folder: Path) -> PreTrainedTokenizerFast:
    """Byte-level BPE with Qwen's special tokens and a chat template of two tokens, saved to `folder`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=[PAD, START, END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, padding_side="right"
    )
    wrapped.chat_template = TEMPLATE
    wrapped.model_max_length = LENGTHS[-1]
    wrapped.save_pretrained(folder)
    return wrapped


def text_encoder() -> Qwen3ForCausalLM:
    """A tiny Qwen3: 6 layers of width 192 (2.9 M parameters without the language head, which is tied)."""
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=3 * WIDTH, num_hidden_layers=6,
            num_attention_heads=3, num_key_value_heads=3, head_dim=64, max_position_embeddings=512,
            tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0, use_cache=False,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        )
    )  # fmt: skip


def tokenize(
    tokenizer: PreTrainedTokenizerFast, texts: list[str], length: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both (texts, length), as the stock pipeline makes them."""
    encoded = tokenizer(
        [f"{START}{text}{END}" for text in texts],
        padding="max_length", truncation=True, max_length=length, return_tensors="pt",
    )  # fmt: skip
    return encoded["input_ids"], encoded["attention_mask"]


def hidden_states(encoder: Qwen3ForCausalLM, ids: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
    """`output_hidden_states` of the stock model (the last one after the final norm), in a form that compiles whole.

    Args:
        encoder: The text encoder.
        ids: (batch, tokens).
        mask: (batch, tokens), 1 where there is text.

    Returns:
        One (batch, tokens, width) for the embedding and one for each layer.
    """
    model = encoder.model
    x = model.embed_tokens(ids)
    length = ids.shape[1]
    allowed = torch.ones(length, length, dtype=torch.bool).tril() & mask.bool()[:, None, None, :]
    rotary = model.rotary_emb(x, torch.arange(length)[None])
    states = [x]
    for layer in model.layers:
        x = layer(x, attention_mask=allowed, position_embeddings=rotary)
        states.append(x)
    states[-1] = model.norm(x)
    return states


class Reader(nn.Module):
    """The text encoder with one linear head per attribute on the state at the end token."""

    def __init__(self, encoder: Qwen3ForCausalLM) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList(nn.Linear(2 * WIDTH, classes) for classes, _ in ATTRIBUTES.values())

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Logits of each attribute, (batch, classes)."""
        return name_attributes(self.heads, hidden_states(self.encoder, ids, mask), mask)


def name_attributes(
    heads: nn.ModuleList, states: list[torch.Tensor], mask: torch.Tensor
) -> list[torch.Tensor]:
    """Logits of each attribute from the states at the end token, (batch, classes) each."""
    rows, last = torch.arange(len(mask), device=mask.device), mask.sum(1) - 1
    pooled = torch.cat([states[LAYERS[1]][rows, last], states[LAYERS[2]][rows, last]], -1)
    return [head(pooled) for head in heads]


def naming_loss(logits: list[torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy summed over attributes; `targets` is (batch, attributes) `UNKNOWN` where there is no answer."""
    terms = []
    for i, value in enumerate(logits):
        known = (targets[:, i] != UNKNOWN).sum().clamp(min=1)
        total = nn.functional.cross_entropy(
            value.float(), targets[:, i], ignore_index=UNKNOWN, reduction="sum"
        )
        terms.append(total / known)
    return torch.stack(terms).sum()


def teach(reader: Reader, tokenizer: PreTrainedTokenizerFast, imagined: Imagined, minutes: float) -> None:
    """Cross-entropy on imagined captions for so many minutes, learning rate falling to zero with time."""
    optimizer = torch.optim.AdamW(reader.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    read = torch.compile(reader, dynamic=False)
    begun, step, shown = time.monotonic(), 0, 0.0
    right = np.zeros((len(ATTRIBUTES), 2))
    while (elapsed := (time.monotonic() - begun) / (60 * minutes)) < 1:
        drawn = [imagined.draw() for _ in range(64)]
        ids, mask = tokenize(tokenizer, [text for text, _ in drawn], LENGTHS[0])
        targets = torch.tensor([label(info) for _, info in drawn])
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100) * (1 - elapsed)
        with torch.autocast("cpu", torch.bfloat16):
            logits = read(ids, mask)
        loss = naming_loss(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        for i, value in enumerate(logits):
            known = targets[:, i] != UNKNOWN
            right[i] += (int((value.argmax(-1) == targets[:, i])[known].sum()), int(known.sum()))
        step += 1
        if elapsed - shown > 0.1:
            shares = " ".join(
                f"{name} {a / max(b, 1):.2f}" for name, (a, b) in zip(ATTRIBUTES, right, strict=True)
            )
            print(f"step {step} loss {loss.item():.2f} {shares}", flush=True)
            right[:], shown = 0, elapsed


def main() -> None:
    """Read the command line, make the tokenizer and teach the encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    facts = read_facts(options.pool)
    imagined = Imagined([fact["info"] for fact in facts], seed=1)
    folder = options.state / "tokenizer"
    if not folder.exists():
        texts = [text for fact in facts for text in fact["captions"] + fact["mirrored"]]
        texts += [imagined.draw()[0] for _ in range(30_000)] + list(HARMLESS) * 40
        train_tokenizer(texts, folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    lengths = [len(tokenizer(f"{START}{imagined.draw()[0]}{END}")["input_ids"]) for _ in range(2000)]
    print("tokens a caption: median, 95 %, most:", np.percentile(lengths, (50, 95, 100)), flush=True)
    torch.manual_seed(0)
    reader = Reader(text_encoder())
    if (options.state / "reader.pt").exists():
        reader.load_state_dict(torch.load(options.state / "reader.pt", weights_only=True), strict=False)
    teach(reader, tokenizer, imagined, options.minutes)
    torch.save(reader.state_dict(), options.state / "reader.pt")


if __name__ == "__main__":
    main()
