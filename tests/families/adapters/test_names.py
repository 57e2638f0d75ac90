"""Names at the real sizes, against diffusers' own converters of whole checkpoints; and what files are taken for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import pytest
import torch

from fluxgram.families.adapters.building import rows_of
from fluxgram.families.adapters.kinship import kin_of
from fluxgram.families.adapters.names import FLUX1, FLUX2, Directory, enumerated, flat, text_encoder_of
from fluxgram.families.adapters.roles import part_of

TABLES = {"flux1": FLUX1, "flux2": FLUX2}
D = 3072


def sides(family: str, bfl: str) -> int:
    """Rows of a layer of Black Forest Labs at width 3072."""
    ends = {
        "qkv": 3 * D, "linear1": (7 if family == "flux1" else 9) * D, "mlp.0": (4 if family == "flux1" else 6) * D,
        "modulation.lin": 3 * D, "single_stream_modulation.lin": 3 * D, "lin": 6 * D, "adaLN_modulation.1": 2 * D,
        "final_layer.linear": 64 if family == "flux1" else 128,
    }  # fmt: skip
    return next((rows for end, rows in ends.items() if bfl.endswith(end)), D)


def original(family: str) -> dict[str, torch.Tensor]:
    """A checkpoint of one block of each kind, one column wide, every row of it with a number of its own."""
    names = [name.format(0) for name in TABLES[family] if "processor" not in name]
    state: dict[str, torch.Tensor] = {}
    for number, name in enumerate(names):
        state[f"{name}.weight"] = torch.arange(sides(family, name))[:, None] + number * 10.0**6
    return state


def converted(family: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As diffusers puts a checkpoint into its own layout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers.loaders import single_file_utils

    if family == "flux2":
        made = single_file_utils.convert_flux2_transformer_checkpoint_to_diffusers(dict(state))
    else:
        biases = {
            name.replace(".weight", ".bias"): tensor[:, 0]
            for name, tensor in state.items()
            if name.endswith(".weight")
        }
        norms = {
            f"{block}.norm.{which}_norm.scale": torch.ones(128)
            for block in ("double_blocks.0.img_attn", "double_blocks.0.txt_attn", "single_blocks.0")
            for which in ("query", "key")
        }
        made = single_file_utils.convert_flux_transformer_checkpoint_to_diffusers(state | biases | norms)
    return {name.removesuffix(".weight"): tensor for name, tensor in made.items() if tensor.ndim == 2}


@pytest.mark.parametrize("family", ["flux1", "flux2"])
@pytest.mark.parametrize("tool", ["ai-toolkit", "kohya"])
def test_every_row_goes_where_diffusers_puts_it(family: str, tool: str) -> None:
    def write(name: str) -> str:
        return f"diffusion_model.{name}" if tool == "ai-toolkit" else f"lora_unet_{name.replace('.', '_')}"

    state = original(family)
    wanted = converted(family, state)
    shapes = {f"transformer.{name}": tuple(tensor.shape) for name, tensor in wanted.items()}
    directory = Directory(shapes)
    found: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        place = directory.place(write(name.removesuffix(".weight")))
        assert place is not None, name
        for path, rows in rows_of(place, shapes).items():
            assert path not in found
            found[path] = torch.cat([tensor[start:stop] for start, stop in rows])
    assert found.keys() == shapes.keys()
    for name, tensor in wanted.items():
        assert torch.equal(found[f"transformer.{name}"], tensor), name


def test_kohya_on_flux2_as_diffusers_converts_it() -> None:
    """Of what its converter takes: it drops modulation and the last normalisation without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers.loaders.lora_conversion_utils import _convert_kohya_flux2_lora_to_diffusers

    state = {f"lora_unet_{flat(name)}": tensor for name, tensor in original("flux2").items()}
    state = {
        name.removesuffix("_weight"): tensor
        for name, tensor in state.items()
        if not any(part in name for part in ("modulation", "guidance"))
    }
    pairs = {f"{name}.lora_up.weight": up for name, up in state.items()}
    pairs |= {f"{name}.lora_down.weight": torch.ones(1, 1) for name in state}
    theirs = _convert_kohya_flux2_lora_to_diffusers(dict(pairs))
    shapes = {
        f"transformer.{name}": tuple(each.shape)
        for name, each in converted("flux2", original("flux2")).items()
    }
    for name, up in state.items():
        place = Directory(shapes).place(name)
        assert place is not None
        for path, rows in rows_of(place, shapes).items():
            assert torch.equal(up[slice(*rows[0])], theirs[f"{path}.lora_B.weight"])


@pytest.mark.parametrize(
    ("name", "layer", "role"),
    [
        ("transformer.x.lora_A.weight", "transformer.x", "down"),
        ("x.lora_B.default.weight", "x", "up"),
        ("x.lora_B.my-style_2.weight", "x", "up"),
        ("x.lora_B.bias", "x", "up_bias"),
        ("lora_unet_x.lora_down.weight", "lora_unet_x", "down"),
        ("x.to_q_lora.up.weight", "x.to_q", "up"),
        ("x.lora_magnitude_vector.default.weight", "x", "magnitude"),
        ("x.lokr_w2_b", "x", "lokr_w2_b"),
        ("x.hada_t1", "x", "hada_t1"),
        ("x.weight", None, None),
        ("x.oft_blocks", None, None),
        (".lora_A.weight", None, None),
        ("lora_A.weight", None, None),
    ],
)
def test_ends_of_names(name: str, layer: str | None, role: str | None) -> None:
    part = part_of(name)
    assert (part and part.layer, part and part.role) == (layer, role)


CLIP, T5, QWEN = (
    "encoder_layers_0_mlp_fc1",
    "encoder_block_0_layer_0_SelfAttention_q",
    "layers_3_self_attn_q_proj",
)


@pytest.mark.parametrize(
    ("name", "component", "layer"),
    [
        ("lora_te_text_model_encoder_layers_0_mlp_fc1", "text_encoder", CLIP),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", "text_encoder", CLIP),
        ("text_encoder.text_model.encoder.layers.0.mlp.fc1", "text_encoder", CLIP),
        ("text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1", "text_encoder", CLIP),
        ("lora_te2_encoder_block_0_layer_0_SelfAttention_q", "text_encoder_2", T5),
        ("lora_te3_encoder_block_0_layer_0_SelfAttention_q", "text_encoder_2", T5),
        ("text_encoder_2.encoder.block.0.layer.0.SelfAttention.q", "text_encoder_2", T5),
        ("text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q", "text_encoder_2", T5),
        ("text_encoders.qwen3_4b.transformer.model.layers.3.self_attn.q_proj", "text_encoder", QWEN),
        ("text_encoder.model.layers.3.self_attn.q_proj", "text_encoder", QWEN),
    ],
)
def test_text_encoders(name: str, component: str, layer: str) -> None:
    assert text_encoder_of(flat(name)) == (component, layer)


def test_a_transformer_is_no_text_encoder() -> None:
    for name in ("lora_transformer_transformer_blocks_0_attn_to_q", "txt_in", "double_blocks.0.txt_attn.qkv"):
        assert text_encoder_of(flat(name)) is None


def real(family: str, width: int, doubles: int, singles: int) -> dict[str, tuple[int, ...]]:
    return dict.fromkeys(enumerated(TABLES[family], doubles, singles), (width, width))


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        (real("flux1", 3072, 19, 38), "FLUX.1 (width 3072, 19 double blocks)"),
        (real("flux2", 3072, 5, 20), "FLUX.2 klein 4B (width 3072, 5 double blocks)"),
        (real("flux2", 4096, 8, 24), "FLUX.2 klein 9B (width 4096, 8 double blocks)"),
        (real("flux2", 6144, 8, 48), "FLUX.2 dev (width 6144, 8 double blocks)"),
        (real("flux2", 192, 2, 6), "FLUX.2 (width 192, 2 double blocks)"),
        ({f"double_blocks.{n}.img_attn.qkv": (9216, 3072) for n in range(19)}, "FLUX.1 (width 3072, 19 double blocks)"),
        ({"lora_unet_single_blocks_0_linear1": (27648, 3072)}, "FLUX.2 klein 4B (width 3072)"),
        ({"lora_unet_single_blocks_0_linear1": (21504, 3072)}, "FLUX.1 (width 3072)"),
        ({"double_blocks.0.img_attn.qkv": (9216, 3072)}, "FLUX.1 or FLUX.2 (width 3072, 1 double block)"),
        ({"double_blocks.0.img_attn.qkv": (12288, 4096)}, "FLUX.2 klein 9B (width 4096, 1 double block)"),
        ({"lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k": (640, 640)}, "Stable Diffusion"),
        ({"transformer.transformer_blocks.0.img_mlp.net.0.proj": (9216, 3072)}, "Qwen-Image"),
        ({"diffusion_model.blocks.0.self_attn.q": (5120, 5120)}, "Wan"),
        ({}, "something else"),
    ],
)  # fmt: skip
def test_what_a_file_is_taken_for(layers: Mapping[str, tuple[int, ...]], name: str) -> None:
    assert str(kin_of(layers)) == name
