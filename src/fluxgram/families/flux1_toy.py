"""The toy of `flux1`: the real classes at depth 1 with random weights, as a folder in diffusers' layout.

Made in about a second, for the tests of every layer: what runs with the toy runs with a real checkpoint, and the
stock pipeline opens the same folder. Its pictures are coloured noise.
"""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

from fluxgram.families.imports import narrow

LENGTHS = {True: (32,), False: (64,)}
"""Padded text length of T5, by whether the toy is distilled; CLIP reads `CLIP_TOKENS`."""
CLIP_TOKENS = 24
_WORDS = (
    "portrait", "of", "a", "woman", "man", "with", "grey", "hair", ",", "soft", "window", "light", "from", "the",
    "left", "85mm", "in", "golden", "hour",
)  # fmt: skip


def make_toy(
    folder: Path, *, distilled: bool = False, seed: int = 0, lengths: tuple[int, ...] | None = None
) -> Path:
    """Write a toy checkpoint.

    Args:
        folder: Made where it is not there.
        distilled: As schnell (no guidance) or dev (guidance embedded).
        seed: Of the random weights.
        lengths: Padded text lengths of T5, ascending; None for `LENGTHS`.

    Returns:
        The folder, for `find(str(folder), settings)`.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        folder.mkdir(parents=True, exist_ok=True)
        words = _write_clip_tokenizer(folder / "tokenizer")
        pieces = _write_t5_tokenizer(folder / "tokenizer_2")
        _write_text_encoders(folder, words, pieces)
        _write_drawing(folder, distilled=distilled)
    _write_index(folder, distilled=distilled, lengths=lengths or LENGTHS[distilled])
    return folder


def _write_text_encoders(folder: Path, words: int, pieces: int) -> None:
    """CLIP and T5 with random weights, named in their files as on the hub."""
    from safetensors.torch import save_file

    with narrow():
        from transformers.models.clip.configuration_clip import CLIPTextConfig
        from transformers.models.clip.modeling_clip import CLIPTextModel
        from transformers.models.t5.configuration_t5 import T5Config
        from transformers.models.t5.modeling_t5 import T5EncoderModel

    clip = CLIPTextConfig(
        vocab_size=words, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=CLIP_TOKENS, projection_dim=24, bos_token_id=words - 2, eos_token_id=2, pad_token_id=1,
    )  # fmt: skip
    clip.architectures = ["CLIPTextModel"]
    clip.save_pretrained(folder / "text_encoder")
    named = {f"text_model.{name}": tensor for name, tensor in CLIPTextModel(clip).state_dict().items()}
    save_file(named, folder / "text_encoder" / "model.safetensors", metadata={"format": "pt"})
    t5 = T5Config(
        vocab_size=pieces, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
        relative_attention_max_distance=16, feed_forward_proj="gated-gelu",
    )  # fmt: skip
    t5.architectures = ["T5EncoderModel"]
    t5.save_pretrained(folder / "text_encoder_2")
    state = T5EncoderModel(t5).state_dict()
    del state["encoder.embed_tokens.weight"]  # the same as shared.weight, and in no file
    save_file(state, folder / "text_encoder_2" / "model.safetensors", metadata={"format": "pt"})


def _write_drawing(folder: Path, *, distilled: bool) -> None:
    """Transformer and autoencoder with random weights."""
    with narrow():
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
        from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

    transformer = FluxTransformer2DModel(
        in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=24, guidance_embeds=not distilled, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    transformer.save_pretrained(folder / "transformer")
    autoencoder = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 16), layers_per_block=1, norm_num_groups=4, latent_channels=16, sample_size=64,
        scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False,
    )  # fmt: skip
    autoencoder.save_pretrained(folder / "vae")


def _write_clip_tokenizer(folder: Path) -> int:
    """Vocabulary and merges as hub repositories have them for CLIP; the number of words."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    merges = []
    for word in _WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            first, second, *rest = parts
            if f"{first} {second}" not in merges:
                merges.append(f"{first} {second}")
                vocabulary.append(first + second)
            parts = [first + second, *rest]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    ids = {word: index for index, word in enumerate(dict.fromkeys(vocabulary))}
    _write_json(folder / "vocab.json", ids)
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    special = {
        "bos_token": "<|startoftext|>",
        **dict.fromkeys(("eos_token", "unk_token", "pad_token"), "<|endoftext|>"),
    }
    _write_json(folder / "special_tokens_map.json", special)
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": CLIP_TOKENS, "add_prefix_space": False}
    _write_json(folder / "tokenizer_config.json", config | special)
    return len(ids)


def _write_t5_tokenizer(folder: Path) -> int:
    """A Unigram of letters and some words, in T5's order: special tokens, pieces, then a hundred extra ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    special = ["<pad>", "</s>", "<unk>"]
    letters = [each for each in string.printable if not each.isspace()]
    pieces = [(each, 0.0) for each in special]
    pieces += [
        ("▁", -2.0),
        *((letter, -4.0) for letter in letters),
        *((f"▁{word}", -3.0) for word in _WORDS),
    ]
    extra = [f"<extra_id_{index}>" for index in range(99, -1, -1)]
    pieces += [(each, 0.0) for each in extra]
    tokenizer = Tokenizer(models.Unigram([(piece, score) for piece, score in dict(pieces).items()], unk_id=2))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens(
        [AddedToken(each, special=True, normalized=False) for each in (*special, *extra)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "T5Tokenizer",
        "model_max_length": 512,
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "extra_ids": 100,
    }
    _write_json(folder / "tokenizer_config.json", config)
    return int(tokenizer.get_vocab_size(with_added_tokens=True))


def _write_index(folder: Path, *, distilled: bool, lengths: tuple[int, ...]) -> None:
    index: dict[str, Any] = {
        "_class_name": "FluxPipeline",
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "FluxTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    _write_json(folder / "model_index.json", index)
    noise = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "base_image_seq_len": 256,
        "base_shift": 0.5,
        "max_image_seq_len": 4096,
        "max_shift": 1.15,
        "shift": 1.0 if distilled else 3.0,
        "use_dynamic_shifting": not distilled,
    }
    _write_json(folder / "scheduler" / "scheduler_config.json", noise)
    (folder / "fluxgram.toml").write_text(
        "steps = { draft = 2, proof = 3, final = 4 }\n"
        "[sizes]\nmultiple = 16\ndefault = [64, 64]\nleast = 32\n"
        f'[text]\ntemplate = "clip+t5"\nlayers = []\nlengths = {list(lengths)}\n',
        encoding="utf-8",
    )


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
