"""Tiny adapters in every format, written by the tools' own conventions, and what each does to each layer.

Nothing here asks fluxgram how things are called: the tables below are the tools' names, layer by layer, and the
changes are plain matrix products. `FORMATS` has one writer a format; a writer's answer is what the file must do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTH = 32
Split = tuple[tuple[str, str, int, int], ...]
"""Diffusers' name dotted and with underscores, and the rows of the fused layer, from and to."""


@dataclass(frozen=True)
class Layer:
    """A layer as Black Forest Labs, kohya and XLabs call it, and what it is in diffusers."""

    bfl: str
    kohya: str
    xlabs: str
    split: Split

    @property
    def out(self) -> int:
        return max(stop for *_, stop in self.split)


def one(bfl: str, kohya: str, dotted: str, flat: str, out: int, xlabs: str = "") -> Layer:
    return Layer(bfl, kohya, xlabs, ((dotted, flat, 0, out),))


W = WIDTH
_DOUBLE = (
    Layer(
        "double_blocks.0.img_attn.qkv", "lora_unet_double_blocks_0_img_attn_qkv", "double_blocks.0.processor.qkv_lora1",
        (
            ("transformer_blocks.0.attn.to_q", "transformer_blocks_0_attn_to_q", 0, W),
            ("transformer_blocks.0.attn.to_k", "transformer_blocks_0_attn_to_k", W, 2 * W),
            ("transformer_blocks.0.attn.to_v", "transformer_blocks_0_attn_to_v", 2 * W, 3 * W),
        ),
    ),
    Layer(
        "double_blocks.0.txt_attn.qkv", "lora_unet_double_blocks_0_txt_attn_qkv", "double_blocks.0.processor.qkv_lora2",
        (
            ("transformer_blocks.0.attn.add_q_proj", "transformer_blocks_0_attn_add_q_proj", 0, W),
            ("transformer_blocks.0.attn.add_k_proj", "transformer_blocks_0_attn_add_k_proj", W, 2 * W),
            ("transformer_blocks.0.attn.add_v_proj", "transformer_blocks_0_attn_add_v_proj", 2 * W, 3 * W),
        ),
    ),
    one("double_blocks.0.img_attn.proj", "lora_unet_double_blocks_0_img_attn_proj",
        "transformer_blocks.0.attn.to_out.0", "transformer_blocks_0_attn_to_out_0", W,
        "double_blocks.0.processor.proj_lora1"),
    one("double_blocks.0.txt_attn.proj", "lora_unet_double_blocks_0_txt_attn_proj",
        "transformer_blocks.0.attn.to_add_out", "transformer_blocks_0_attn_to_add_out", W,
        "double_blocks.0.processor.proj_lora2"),
    one("img_in", "lora_unet_img_in", "x_embedder", "x_embedder", W),
    one("txt_in", "lora_unet_txt_in", "context_embedder", "context_embedder", W),
)  # fmt: skip
FLUX1 = (
    *_DOUBLE,
    one("double_blocks.0.img_mlp.0", "lora_unet_double_blocks_0_img_mlp_0",
        "transformer_blocks.0.ff.net.0.proj", "transformer_blocks_0_ff_net_0_proj", 4 * W),
    one("double_blocks.0.img_mlp.2", "lora_unet_double_blocks_0_img_mlp_2",
        "transformer_blocks.0.ff.net.2", "transformer_blocks_0_ff_net_2", W),
    one("double_blocks.0.txt_mlp.0", "lora_unet_double_blocks_0_txt_mlp_0",
        "transformer_blocks.0.ff_context.net.0.proj", "transformer_blocks_0_ff_context_net_0_proj", 4 * W),
    one("double_blocks.0.txt_mlp.2", "lora_unet_double_blocks_0_txt_mlp_2",
        "transformer_blocks.0.ff_context.net.2", "transformer_blocks_0_ff_context_net_2", W),
    one("double_blocks.0.img_mod.lin", "lora_unet_double_blocks_0_img_mod_lin",
        "transformer_blocks.0.norm1.linear", "transformer_blocks_0_norm1_linear", 6 * W),
    one("double_blocks.0.txt_mod.lin", "lora_unet_double_blocks_0_txt_mod_lin",
        "transformer_blocks.0.norm1_context.linear", "transformer_blocks_0_norm1_context_linear", 6 * W),
    Layer(
        "single_blocks.0.linear1", "lora_unet_single_blocks_0_linear1", "",
        (
            ("single_transformer_blocks.0.attn.to_q", "single_transformer_blocks_0_attn_to_q", 0, W),
            ("single_transformer_blocks.0.attn.to_k", "single_transformer_blocks_0_attn_to_k", W, 2 * W),
            ("single_transformer_blocks.0.attn.to_v", "single_transformer_blocks_0_attn_to_v", 2 * W, 3 * W),
            ("single_transformer_blocks.0.proj_mlp", "single_transformer_blocks_0_proj_mlp", 3 * W, 7 * W),
        ),
    ),
    one("single_blocks.0.linear2", "lora_unet_single_blocks_0_linear2",
        "single_transformer_blocks.0.proj_out", "single_transformer_blocks_0_proj_out", W,
        "single_blocks.0.processor.proj_lora"),
    one("single_blocks.0.modulation.lin", "lora_unet_single_blocks_0_modulation_lin",
        "single_transformer_blocks.0.norm.linear", "single_transformer_blocks_0_norm_linear", 3 * W),
    one("time_in.in_layer", "lora_unet_time_in_in_layer",
        "time_text_embed.timestep_embedder.linear_1", "time_text_embed_timestep_embedder_linear_1", W),
    one("time_in.out_layer", "lora_unet_time_in_out_layer",
        "time_text_embed.timestep_embedder.linear_2", "time_text_embed_timestep_embedder_linear_2", W),
    one("guidance_in.in_layer", "lora_unet_guidance_in_in_layer",
        "time_text_embed.guidance_embedder.linear_1", "time_text_embed_guidance_embedder_linear_1", W),
    one("guidance_in.out_layer", "lora_unet_guidance_in_out_layer",
        "time_text_embed.guidance_embedder.linear_2", "time_text_embed_guidance_embedder_linear_2", W),
    one("vector_in.in_layer", "lora_unet_vector_in_in_layer",
        "time_text_embed.text_embedder.linear_1", "time_text_embed_text_embedder_linear_1", W),
    one("vector_in.out_layer", "lora_unet_vector_in_out_layer",
        "time_text_embed.text_embedder.linear_2", "time_text_embed_text_embedder_linear_2", W),
    one("final_layer.linear", "lora_unet_final_layer_linear", "proj_out", "proj_out", 64),
    # shift and scale change places: diffusers' rows are (scale, shift)
    Layer("final_layer.adaLN_modulation.1", "lora_unet_final_layer_adaLN_modulation_1", "",
          (("norm_out.linear", "norm_out_linear", W, 2 * W), ("norm_out.linear", "norm_out_linear", 0, W))),
)  # fmt: skip
FLUX2 = (
    *_DOUBLE,
    one("double_blocks.0.img_mlp.0", "lora_unet_double_blocks_0_img_mlp_0",
        "transformer_blocks.0.ff.linear_in", "transformer_blocks_0_ff_linear_in", 6 * W),
    one("double_blocks.0.img_mlp.2", "lora_unet_double_blocks_0_img_mlp_2",
        "transformer_blocks.0.ff.linear_out", "transformer_blocks_0_ff_linear_out", W),
    one("double_blocks.0.txt_mlp.0", "lora_unet_double_blocks_0_txt_mlp_0",
        "transformer_blocks.0.ff_context.linear_in", "transformer_blocks_0_ff_context_linear_in", 6 * W),
    one("double_blocks.0.txt_mlp.2", "lora_unet_double_blocks_0_txt_mlp_2",
        "transformer_blocks.0.ff_context.linear_out", "transformer_blocks_0_ff_context_linear_out", W),
    one("single_blocks.0.linear1", "lora_unet_single_blocks_0_linear1",
        "single_transformer_blocks.0.attn.to_qkv_mlp_proj", "single_transformer_blocks_0_attn_to_qkv_mlp_proj", 9 * W),
    one("single_blocks.0.linear2", "lora_unet_single_blocks_0_linear2",
        "single_transformer_blocks.0.attn.to_out", "single_transformer_blocks_0_attn_to_out", W),
    one("double_stream_modulation_img.lin", "lora_unet_double_stream_modulation_img_lin",
        "double_stream_modulation_img.linear", "double_stream_modulation_img_linear", 6 * W),
    one("double_stream_modulation_txt.lin", "lora_unet_double_stream_modulation_txt_lin",
        "double_stream_modulation_txt.linear", "double_stream_modulation_txt_linear", 6 * W),
    one("single_stream_modulation.lin", "lora_unet_single_stream_modulation_lin",
        "single_stream_modulation.linear", "single_stream_modulation_linear", 3 * W),
    one("time_in.in_layer", "lora_unet_time_in_in_layer",
        "time_guidance_embed.timestep_embedder.linear_1", "time_guidance_embed_timestep_embedder_linear_1", W),
    one("time_in.out_layer", "lora_unet_time_in_out_layer",
        "time_guidance_embed.timestep_embedder.linear_2", "time_guidance_embed_timestep_embedder_linear_2", W),
    one("final_layer.linear", "lora_unet_final_layer_linear", "proj_out", "proj_out", 128),
    Layer("final_layer.adaLN_modulation.1", "lora_unet_final_layer_adaLN_modulation_1", "",
          (("norm_out.linear", "norm_out_linear", W, 2 * W), ("norm_out.linear", "norm_out_linear", 0, W))),
)  # fmt: skip


@dataclass
class World:
    """A toy transformer, its layers by everyone's names, and its weights by diffusers' names."""

    family: str
    layers: tuple[Layer, ...]
    weights: dict[str, torch.Tensor]
    biases: dict[str, torch.Tensor]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"transformer.{name}": tuple(weight.shape) for name, weight in self.weights.items()}

    def fused(self, layer: Layer) -> torch.Tensor:
        """The weight of a layer as Black Forest Labs have it."""
        rows: dict[int, torch.Tensor] = {}
        at: dict[str, int] = {}
        for dotted, _, start, stop in layer.split:
            begin = at.get(dotted, 0)
            rows[start] = self.weights[dotted][begin : begin + stop - start]
            at[dotted] = begin + stop - start
        return torch.cat([rows[start] for start in sorted(rows)])


@dataclass
class File:
    """A file to be, and what it does: dense changes by diffusers' names."""

    world: World
    seed: int = 0
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    deltas: dict[str, torch.Tensor] = field(default_factory=dict)
    biases: dict[str, torch.Tensor] = field(default_factory=dict)
    metadata: dict[str, str] | None = None
    beside: dict[str, object] | None = None

    def __post_init__(self) -> None:
        self.draw = torch.Generator().manual_seed(self.seed)

    def random(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.draw) * 0.3

    def spread(self, layer: Layer, delta: torch.Tensor) -> None:
        """Note what a change of a fused layer is in diffusers."""
        parts: dict[str, list[torch.Tensor]] = {}
        for dotted, _, start, stop in layer.split:
            parts.setdefault(dotted, []).append(delta[start:stop])
        self.deltas |= {dotted: torch.cat(rows) for dotted, rows in parts.items()}

    def write(self, folder: Path, name: str = "adapter_model.safetensors") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {key: tensor.contiguous() for key, tensor in self.tensors.items()}
        save_file(tensors, folder / name, metadata=self.metadata)
        if self.beside is not None:
            (folder / "adapter_config.json").write_text(json.dumps(self.beside))
        return folder / name


Writer = Callable[[File], None]
FORMATS: dict[str, tuple[Writer, tuple[str, ...]]] = {}
"""Writer and families by the format's name."""
_ALL = ("flux1", "flux2")


def format_of(name: str, families: tuple[str, ...] = _ALL) -> Callable[[Writer], Writer]:
    def keep(writer: Writer) -> Writer:
        FORMATS[name] = (writer, families)
        return writer

    return keep


def by_diffusers(file: File) -> Iterator[tuple[str, str, torch.Tensor]]:
    """Layers by diffusers' names, dotted and flat, with their weights."""
    names = {dotted: flat for layer in file.world.layers for dotted, flat, *_ in layer.split}
    for dotted, flat in names.items():
        yield dotted, flat, file.world.weights[dotted]


def pair(file: File, weight: torch.Tensor, rank: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    return file.random(rank, weight.shape[1]), file.random(weight.shape[0], rank)


def plain(file: File, key: Callable[[str, str], str], down: str, up: str, alpha: float | None = None) -> None:
    """A LoRA by diffusers' layers; alpha, where given, is a tensor beside."""
    for dotted, flat, weight in by_diffusers(file):
        a, b = pair(file, weight)
        file.tensors |= {key(dotted, flat) + down: a, key(dotted, flat) + up: b}
        if alpha is not None:
            file.tensors[f"{key(dotted, flat)}.alpha"] = torch.tensor(alpha)
        file.deltas[dotted] = (1.0 if alpha is None else alpha / 4) * (b @ a)


def fused(
    file: File, key: Callable[[Layer], str], down: str, up: str, alpha: float | None = None, rank: int = 4
) -> None:
    """A LoRA by the layers of Black Forest Labs."""
    for layer in file.world.layers:
        if not key(layer):
            continue
        a, b = pair(file, file.world.fused(layer), rank)
        file.tensors |= {key(layer) + down: a, key(layer) + up: b}
        if alpha is not None:
            file.tensors[f"{key(layer)}.alpha"] = torch.tensor(alpha)
        file.spread(layer, (1.0 if alpha is None else alpha / rank) * (b @ a))


A, B = ".lora_A.weight", ".lora_B.weight"
DOWN, UP = ".lora_down.weight", ".lora_up.weight"


@format_of("diffusers")
def diffusers(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", A, B)
    file.metadata = {"format": "pt"}


@format_of("diffusers with alpha")
def diffusers_alpha(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", A, B, alpha=8.0)


@format_of("diffusers with alpha in its metadata")
def diffusers_metadata(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", A, B)
    one_layer = "transformer_blocks.0.attn.to_q"
    config = {
        "transformer.r": 4, "transformer.lora_alpha": 2, "transformer.alpha_pattern": {one_layer: 12},
        "transformer.use_rslora": False,
    }  # fmt: skip
    file.metadata = {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
    file.deltas = {name: delta * (3.0 if name == one_layer else 0.5) for name, delta in file.deltas.items()}


@format_of("diffusers with whole names in its metadata")
def diffusers_whole_names(file: File) -> None:
    """As diffusers writes patterns where a layer's name ends another's (`loaders/peft.py`): `^` and all of the name."""
    plain(file, lambda dotted, flat: f"transformer.{dotted}", A, B)
    whole, ending = "x_embedder", "attn.to_q"
    pattern = {f"^{whole}": 12, ending: 1}
    config = {"transformer.r": 4, "transformer.lora_alpha": 2, "transformer.alpha_pattern": pattern}
    file.metadata = {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
    file.deltas = {
        name: delta * (3.0 if name == whole else 0.25 if name.endswith(ending) else 0.5)
        for name, delta in file.deltas.items()
    }


@format_of("peft with a pattern in its adapter_config.json")
def peft_pattern(file: File) -> None:
    plain(file, lambda dotted, flat: f"base_model.model.{dotted}", A, B)
    pattern = {r"^transformer_blocks\.\d+\.attn\.to_q": 12}
    file.beside = {"peft_type": "LORA", "r": 4, "lora_alpha": 4, "alpha_pattern": pattern}
    file.deltas = {
        name: delta * (3.0 if name == "transformer_blocks.0.attn.to_q" else 1.0)
        for name, delta in file.deltas.items()
    }


@format_of("peft with its adapter's name left in")
def unstripped(file: File) -> None:
    down, up = ".lora_A.default.weight", ".lora_B.default.weight"
    plain(file, lambda dotted, flat: f"transformer.{dotted}", down, up)


@format_of("peft with adapter_config.json")
def peft(file: File) -> None:
    plain(file, lambda dotted, flat: f"base_model.model.{dotted}", A, B)
    file.beside = {"peft_type": "LORA", "r": 4, "lora_alpha": 6, "use_rslora": True}
    file.deltas = {name: delta * 6 / math.sqrt(4) for name, delta in file.deltas.items()}


@format_of("peft's DoRA")
def peft_dora(file: File) -> None:
    for dotted, _, weight in by_diffusers(file):
        a, b = pair(file, weight)
        m = file.random(weight.shape[0]).abs() + 0.5
        key = f"base_model.model.{dotted}"
        file.tensors |= {key + A: a, key + B: b, f"{key}.lora_magnitude_vector": m}
        whole = weight + b @ a
        file.deltas[dotted] = m[:, None] * whole / whole.norm(dim=1, keepdim=True) - weight


@format_of("peft's biases", ("flux1",))
def peft_bias(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", A, B, alpha=8.0)
    for dotted, _, weight in by_diffusers(file):
        file.tensors[f"transformer.{dotted}.lora_B.bias"] = bias = file.random(weight.shape[0])
        file.biases[dotted] = 2 * bias


@format_of("fal and others: base_model.model. with the names of Black Forest Labs")
def fal(file: File) -> None:
    fused(file, lambda layer: f"base_model.model.{layer.bfl}", A, B)


@format_of("kohya and musubi")
def kohya(file: File) -> None:
    fused(file, lambda layer: layer.kohya, DOWN, UP, alpha=1.0)
    file.metadata = {"ss_network_module": "networks.lora_flux", "ss_network_dim": "4"}


@format_of("ai-toolkit")
def ai_toolkit(file: File) -> None:
    fused(file, lambda layer: f"diffusion_model.{layer.bfl}", A, B)


@format_of("ai-toolkit with alpha")
def ai_toolkit_alpha(file: File) -> None:
    fused(file, lambda layer: f"diffusion_model.{layer.bfl}", A, B, alpha=2.0)


@format_of("ComfyUI")
def comfyui(file: File) -> None:
    fused(file, lambda layer: f"diffusion_model.{layer.bfl}", DOWN, UP)


@format_of("ComfyUI with alpha")
def comfyui_alpha(file: File) -> None:
    fused(file, lambda layer: f"diffusion_model.{layer.bfl}", DOWN, UP, alpha=16.0)


@format_of("bare names of Black Forest Labs")
def bfl(file: File) -> None:
    fused(file, lambda layer: layer.bfl, A, B)


@format_of("bare names of diffusers")
def bare(file: File) -> None:
    plain(file, lambda dotted, flat: dotted, A, B)


@format_of("diffusion_model. with diffusers' names, cut short")
def cut(file: File) -> None:
    def key(dotted: str, flat: str) -> str:
        return (
            f"diffusion_model.{dotted.removeprefix('tran') if dotted.startswith('transformer_') else dotted}"
        )

    plain(file, key, A, B)


@format_of("xlabs", ("flux1",))
def xlabs(file: File) -> None:
    fused(file, lambda layer: layer.xlabs, ".down.weight", ".up.weight")
    a, b = file.random(4, W), file.random(3 * W, 4)
    key = "single_blocks.0.processor.qkv_lora"
    file.tensors |= {f"{key}.down.weight": a, f"{key}.up.weight": b}
    q, k, v = (b @ a).chunk(3)
    block = "single_transformer_blocks.0.attn"
    file.deltas |= {f"{block}.to_q": q, f"{block}.to_k": k, f"{block}.to_v": v}


@format_of("OneTrainer")
def onetrainer(file: File) -> None:
    plain(file, lambda dotted, flat: f"lora_transformer_{flat}", DOWN, UP, alpha=2.0)


@format_of("OneTrainer, dotted")
def onetrainer_dotted(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", DOWN, UP, alpha=2.0)


@format_of("OneTrainer's DoRA")
def onetrainer_dora(file: File) -> None:
    for dotted, flat, weight in by_diffusers(file):
        a, b = pair(file, weight)
        m = file.random(1, weight.shape[1]).abs() + 0.5
        key = f"lora_transformer_{flat}"
        file.tensors |= {
            key + DOWN: a,
            key + UP: b,
            f"{key}.alpha": torch.tensor(2.0),
            f"{key}.dora_scale": m,
        }
        whole = weight + 0.5 * b @ a
        file.deltas[dotted] = m * whole / whole.norm(dim=0, keepdim=True) - weight


@format_of("suffix _lora.up")
def suffix_processor(file: File) -> None:
    plain(file, lambda dotted, flat: f"transformer.{dotted}", "_lora.down.weight", "_lora.up.weight")


@format_of("suffix lora_linear_layer.up")
def suffix_linear_layer(file: File) -> None:
    down, up = ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"
    plain(file, lambda dotted, flat: f"transformer.{dotted}", down, up)


@format_of("suffix lora.up")
def suffix_dotted(file: File) -> None:
    plain(file, lambda dotted, flat: f"unet.{dotted}", ".lora.down.weight", ".lora.up.weight")


@format_of("suffix lora_B.default")
def suffix_default(file: File) -> None:
    plain(file, lambda dotted, flat: dotted, ".lora_A.default", ".lora_B.default")


@format_of("LyCORIS LoCon")
def locon(file: File) -> None:
    plain(file, lambda dotted, flat: f"lycoris_{flat}", DOWN, UP, alpha=1.0)


def hadamard(file: File, key: Callable[[Layer], str]) -> None:
    for layer in file.world.layers:
        weight = file.world.fused(layer)
        a1, a2 = file.random(weight.shape[0], 3), file.random(weight.shape[0], 3)
        b1, b2 = file.random(3, weight.shape[1]), file.random(3, weight.shape[1])
        name = key(layer)
        file.tensors |= {
            f"{name}.hada_w1_a": a1, f"{name}.hada_w1_b": b1, f"{name}.hada_w2_a": a2, f"{name}.hada_w2_b": b2,
            f"{name}.alpha": torch.tensor(1.5),
        }  # fmt: skip
        file.spread(layer, (a1 @ b1) * (a2 @ b2) * 0.5)


@format_of("LoHa by kohya's names")
def loha(file: File) -> None:
    hadamard(file, lambda layer: layer.kohya)


@format_of("LoHa by ComfyUI's names")
def loha_comfyui(file: File) -> None:
    hadamard(file, lambda layer: f"diffusion_model.{layer.bfl}")


def kronecker(
    file: File, key: Callable[[Layer], str], *, halves: tuple[bool, bool], alpha: float, factor: int = 8
) -> None:
    """LoKr with each matrix whole or in two; where both are whole, alpha says nothing."""
    for layer in file.world.layers:
        out, into = file.world.fused(layer).shape
        name = key(layer)
        matrices = []
        shapes = {"w1": (factor, factor), "w2": (out // factor, into // factor)}
        for (which, shape), split in zip(shapes.items(), halves, strict=True):
            if split:
                left, right = file.random(shape[0], 2), file.random(2, shape[1])
                file.tensors |= {f"{name}.lokr_{which}_a": left, f"{name}.lokr_{which}_b": right}
                matrices.append(left @ right)
            else:
                matrices.append(file.random(*shape))
                file.tensors[f"{name}.lokr_{which}"] = matrices[-1].clone()
        file.tensors[f"{name}.alpha"] = torch.tensor(alpha)
        scale = alpha / 2 if any(halves) else 1.0
        file.spread(layer, torch.kron(*matrices) * scale)


@format_of("LoKr of ai-toolkit: both whole")
def lokr_whole(file: File) -> None:
    kronecker(file, lambda layer: f"diffusion_model.{layer.bfl}", halves=(False, False), alpha=1e10)


@format_of("LoKr of ai-toolkit: both whole, in 16 bits, where its alpha is infinite")
def lokr_whole_half(file: File) -> None:
    kronecker(file, lambda layer: f"diffusion_model.{layer.bfl}", halves=(False, False), alpha=1e10)
    for name in file.tensors:
        if name.endswith(".alpha"):
            file.tensors[name] = file.tensors[name].half()
            assert file.tensors[name].isinf()


@format_of("LoKr by kohya's names: one in halves")
def lokr_half(file: File) -> None:
    kronecker(file, lambda layer: layer.kohya, halves=(False, True), alpha=1.0)


@format_of("LoKr, both in halves, rows that its blocks do not end at")
def lokr_halves(file: File) -> None:
    kronecker(file, lambda layer: f"diffusion_model.{layer.bfl}", halves=(True, True), alpha=3.0, factor=4)


@format_of("LoKr by LyCORIS' names")
def lokr_lycoris(file: File) -> None:
    for dotted, flat, weight in by_diffusers(file):
        w1 = file.random(4, 8)
        w2 = file.random(weight.shape[0] // 4, weight.shape[1] // 8)
        file.tensors |= {f"lycoris_{flat}.lokr_w1": w1, f"lycoris_{flat}.lokr_w2": w2}
        file.deltas[dotted] = torch.kron(w1, w2)


@format_of("DoRA of LyCORIS, a length a row of a fused layer")
def dora_rows(file: File) -> None:
    for layer in file.world.layers:
        weight = file.world.fused(layer)
        a, b = pair(file, weight)
        m = file.random(weight.shape[0], 1).abs() + 0.5
        file.tensors |= {layer.kohya + DOWN: a, layer.kohya + UP: b, f"{layer.kohya}.dora_scale": m}
        file.tensors[f"{layer.kohya}.alpha"] = torch.tensor(2.0)
        whole = weight + 0.5 * b @ a
        file.spread(layer, m * whole / whole.norm(dim=1, keepdim=True) - weight)


@format_of("LoHa with lengths")
def doha(file: File) -> None:
    hadamard(file, lambda layer: layer.kohya)
    for layer in file.world.layers:
        weight = file.world.fused(layer)
        m = file.random(weight.shape[0], 1).abs() + 0.5
        t = {role: file.tensors[f"{layer.kohya}.hada_{role}"] for role in ("w1_a", "w1_b", "w2_a", "w2_b")}
        whole = weight + 0.5 * (t["w1_a"] @ t["w1_b"]) * (t["w2_a"] @ t["w2_b"])
        file.tensors[f"{layer.kohya}.dora_scale"] = m
        file.spread(layer, m * whole / whole.norm(dim=1, keepdim=True) - weight)


@format_of("whole differences")
def difference(file: File) -> None:
    for layer in file.world.layers:
        delta = file.random(*file.world.fused(layer).shape)
        file.tensors[f"diffusion_model.{layer.bfl}.diff"] = delta
        file.spread(layer, delta)


@format_of("differences of biases", ("flux1",))
def bias_difference(file: File) -> None:
    fused(file, lambda layer: f"diffusion_model.{layer.bfl}", DOWN, UP, alpha=4.0)
    for layer in file.world.layers:
        bias = file.random(layer.out)
        file.tensors[f"diffusion_model.{layer.bfl}.diff_b"] = bias
        parts: dict[str, list[torch.Tensor]] = {}
        for dotted, _, start, stop in layer.split:
            parts.setdefault(dotted, []).append(bias[start:stop])
        file.biases |= {dotted: torch.cat(rows) for dotted, rows in parts.items()}
