"""The toy of `flux2`: the real classes at depth 1 with random weights, as a folder in diffusers' layout.

Made in about a second, for the tests of every layer: what runs with the toy runs with a real checkpoint, and the
stock pipeline opens the same folder. Its pictures are coloured noise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fluxgram.families.imports import narrow

CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)
"""Qwen3's chat template as far as one user message goes."""

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_WORDS = (
    "portrait of a woman with grey hair, soft window light from the left, 85mm, a man in golden hour light"
)
LAYERS = (1, 2, 3)
LENGTHS = (32, 64)


def make_toy(
    folder: Path, *, distilled: bool = False, seed: int = 0, lengths: tuple[int, ...] = LENGTHS
) -> Path:
    """Write a toy checkpoint.

    Args:
        folder: Made where it is not there.
        distilled: As klein (no guidance) or klein base.
        seed: Of the random weights.
        lengths: Padded text lengths, ascending.

    Returns:
        The folder, for `find(str(folder), settings)`.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        folder.mkdir(parents=True, exist_ok=True)
        write_tokenizer(folder / "tokenizer", _train_tokenizer())
        _write_models(folder)
    _write_index(folder, distilled=distilled, layers=LAYERS, lengths=lengths)
    return folder


def _write_models(folder: Path) -> None:
    """Transformer, autoencoder and text encoder with random weights."""
    from safetensors.torch import save_file

    with narrow():
        from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2
        from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
        from transformers.models.qwen3.configuration_qwen3 import Qwen3Config
        from transformers.models.qwen3.modeling_qwen3 import Qwen3ForCausalLM

    text = Qwen3Config(
        vocab_size=512, hidden_size=32, intermediate_size=64, num_hidden_layers=4, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=256, tie_word_embeddings=True,
        pad_token_id=0, rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
    )  # fmt: skip
    text.architectures = ["Qwen3ForCausalLM"]
    text.save_pretrained(folder / "text_encoder")
    state = {f"model.{name}": tensor for name, tensor in Qwen3ForCausalLM(text).model.state_dict().items()}
    save_file(state, folder / "text_encoder" / "model.safetensors", metadata={"format": "pt"})
    transformer = Flux2Transformer2DModel(
        in_channels=128, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32 * len(LAYERS), timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )  # fmt: skip
    transformer.save_pretrained(folder / "transformer")
    autoencoder = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 5, up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=(8, 8, 8, 8, 16), layers_per_block=1, norm_num_groups=4, latent_channels=32, sample_size=64,
    )  # fmt: skip
    autoencoder.bn.running_mean.normal_()
    autoencoder.bn.running_var.uniform_(0.5, 2.0)
    autoencoder.save_pretrained(folder / "vae")


def _train_tokenizer() -> Any:
    """A byte-level BPE of a few hundred entries."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([_WORDS] * 4, trainer)
    return tokenizer


def write_tokenizer(folder: Path, tokenizer: Any) -> None:
    """Write a `tokenizers.Tokenizer` as the folder that `Qwen2Tokenizer` and `PromptTokenizer` open."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.model.save(str(folder))  # vocab.json and merges.txt
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "model_max_length": 131_072,
        "pad_token": "<|endoftext|>",
        "eos_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
        "bos_token": None,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    _write_json(folder / "tokenizer_config.json", config)


def _write_index(folder: Path, *, distilled: bool, layers: tuple[int, ...], lengths: tuple[int, ...]) -> None:
    index = {
        "_class_name": "Flux2KleinPipeline",
        "_diffusers_version": "0.42.1",
        "is_distilled": distilled,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "Qwen3ForCausalLM"],
        "tokenizer": ["transformers", "Qwen2TokenizerFast"],
        "transformer": ["diffusers", "Flux2Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKLFlux2"],
    }
    _write_json(folder / "model_index.json", index)
    noise = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0, "use_dynamic_shifting": True}
    _write_json(folder / "scheduler" / "scheduler_config.json", noise)
    (folder / "fluxgram.toml").write_text(
        "steps = { draft = 2, proof = 3, final = 4 }\n"
        "[sizes]\nmultiple = 32\ndefault = [64, 64]\nleast = 32\n"
        f'[text]\ntemplate = "qwen3-chat"\nlayers = {list(layers)}\nlengths = {list(lengths)}\n',
        encoding="utf-8",
    )


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
