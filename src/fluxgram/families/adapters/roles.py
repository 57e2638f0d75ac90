"""What a tensor of an adapter's file is, by the end of its name: `….lora_A.weight` is the `down` of its layer, etc.

Every tool ends names in its own way; what comes before (the layer) is `names.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "down", "up", "up_bias", "mid", "alpha", "magnitude", "diff", "diff_b",
    "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
    "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
]  # fmt: skip
"""`down` is (rank, in) and `up` (out, rank) of a LoRA; `hada_*` are LoHa's, `lokr_*` LoKr's; `magnitude` is DoRA's."""

_WAY: dict[str, Role] = {"A": "down", "B": "up", "down": "down", "up": "up"}
_ADAPTER = r"(?:\.(?!weight$|bias$)[^.]+)?"  # the name that peft gives an adapter, left in by some trainers
_LORA = (
    re.compile(rf"(?P<layer>.+)\.lora_(?P<way>A|B){_ADAPTER}(?:\.weight)?"),
    re.compile(rf"(?P<layer>.+)\.lora_(?P<way>down|up){_ADAPTER}(?:\.weight)?"),
    re.compile(r"(?P<layer>.+\.processor\.(?:qkv|proj)_lora\d?)\.(?P<way>down|up)\.weight"),
    re.compile(r"(?P<layer>.+)[._]lora\.(?P<way>down|up)\.weight"),
    re.compile(r"(?P<layer>.+)\.lora_linear_layer\.(?P<way>down|up)\.weight"),
)
_OTHERS: tuple[tuple[re.Pattern[str], Role | None], ...] = (
    (re.compile(rf"(?P<layer>.+)\.lora_(?:B|up){_ADAPTER}\.bias"), "up_bias"),
    (re.compile(r"(?P<layer>.+)\.lora_mid\.weight"), "mid"),
    (re.compile(r"(?P<layer>.+)\.(?:lora_)?alpha"), "alpha"),
    (re.compile(r"(?P<layer>.+)\.dora_scale"), "magnitude"),
    (re.compile(rf"(?P<layer>.+)\.lora_magnitude_vector{_ADAPTER}(?:\.weight)?"), "magnitude"),
    (re.compile(r"(?P<layer>.+)\.diff"), "diff"),
    (re.compile(r"(?P<layer>.+)\.diff_b"), "diff_b"),
    (re.compile(rf"(?P<layer>.+)\.(?P<role>hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2)){_ADAPTER}"), None),
)  # fmt: skip

_STRANGE = (
    (re.compile(r"\.(oft_|boft_|oft_blocks)"), "orthogonal fine-tuning (OFT) is not read"),
    (re.compile(r"\.[ab][12]\.weight$"), "GLoRA is not read"),
    (re.compile(r"ia3_"), "IA3 is not read"),
    (re.compile(r"lora_embedding_[AB]"), "changes of embeddings are not read"),
    (re.compile(r"bundle_emb|emb_params|string_to_param"), "trained words (embeddings) are not read"),
    (re.compile(r"modules_to_save|reshape_weight|set_weight"), "replaced layers are not read"),
    (re.compile(r"query_norm|key_norm|norm_q|norm_k|\.w_norm$|\.b_norm$"), "changes of norms are not read"),
    (re.compile(r"scale_weight|weight_scale|scale_input|comfy_quant"), "quantised weights are not read"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A tensor's name taken apart: the layer as the file calls it, and what the tensor is to it."""

    layer: str
    role: Role


def part_of(name: str) -> Part | None:
    """Take a tensor's name apart; None where it is no part of an adapter that can be read."""
    for pattern in _LORA:
        if found := pattern.fullmatch(name):
            return Part(found["layer"], _WAY[found["way"]])
    for pattern, role in _OTHERS:
        if found := pattern.fullmatch(name):
            return Part(found["layer"], role or found["role"])  # type: ignore[arg-type]
    return None


def strangeness(name: str) -> str:
    """Why a tensor that `part_of` does not know is not read."""
    for pattern, words in _STRANGE:
        if pattern.search(name):
            return words
    return "not a name that a tool is known to write"


def form_of(names: Iterable[str]) -> str:
    """Whose way of writing most of the names are in: `diffusers`, `peft`, `kohya`, `ai-toolkit`, and so on."""
    counted = Counter(_form(name) for name in names if not name.endswith((".alpha", ".dora_scale")))
    return counted.most_common(1)[0][0] if counted else ""


def _form(name: str) -> str:
    original = re.search(r"(double|single)_blocks[._]|_stream_modulation|(img|txt|time)_in|final_layer", name)
    pairs = ".lora_A" in name or ".lora_B" in name
    if name.startswith(("lora_unet_", "lora_te")):
        return "kohya"
    if name.startswith("lycoris_"):
        return "lycoris"
    if name.startswith("lora_transformer_"):
        return "onetrainer"
    if ".processor." in name and original:
        return "xlabs"
    if name.startswith("base_model.model."):
        return "peft"
    if name.startswith(("diffusion_model.", "model.diffusion_model.", "text_encoders.")):
        return "ai-toolkit" if pairs or ".lokr_" in name else "comfyui"
    if name.startswith(("transformer.", "text_encoder.", "text_encoder_2.", "unet.")):
        return "diffusers" if pairs or "_layer." in name or ".lora." in name else "onetrainer"
    return "bfl" if original else "bare"
