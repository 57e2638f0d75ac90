"""A component before its weights are there: made of its configuration on the meta device, then filled from its files.

Which components a checkpoint has, and what of them drawing never touches, is each family's own (`flux1_components.py`,
`flux2_components.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged
from fluxgram.families import weights
from fluxgram.families.imports import narrow

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.placement import Placement


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A component before its weights are there.

    Attributes:
        module: On the meta device, without what drawing never touches.
        files: Its safetensors files.
        name_in_module: The module's name for a name in the files; None for a tensor that is not needed.
        finish: What is left to do once the weights are in.
        dtype: Its own data type by that of the placement; None takes the placement's.
    """

    module: nn.Module
    files: list[Path]
    name_in_module: Callable[[str], str | None]
    finish: Callable[[nn.Module, torch.device], None]
    dtype: Callable[[torch.dtype], torch.dtype] | None = None

    def load(self, placement: Placement) -> nn.Module:
        """Fill the module from its files, where it will run."""
        import torch

        device, dtype = torch.device(placement.device), placement.torch_dtype()
        weights.fill(
            self.module, self.files, self.name_in_module, self.dtype(dtype) if self.dtype else dtype, device
        )
        self.finish(self.module, device)
        return self.module

    def linear_shapes(self, prefix: str) -> dict[str, tuple[int, ...]]:
        """Weight shape (out, in) of every linear layer by its path, which begins with `prefix` and a dot."""
        import torch

        return {
            f"{prefix}.{name}": tuple(layer.weight.shape)
            for name, layer in self.module.named_modules()
            if isinstance(layer, torch.nn.Linear)
        }


def settings_of(config: dict[str, Any]) -> dict[str, Any]:
    """What of a diffusers `config.json` goes to the class, without its notes to itself."""
    return {key: value for key, value in config.items() if not key.startswith("_")}


def shapes_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shape by name of every tensor that a file should bring."""
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def weightless(make: Callable[[], Any], folder: Path, part: str) -> Any:
    """A module whose parameters are on the meta device: neither memory nor time goes into weights that the files bring.

    Buffers are computed as ever: the rotary frequencies are not in the files. `with torch.device("meta")` would not do
    that, and its arithmetic loads torch's compiler.

    Raises:
        CheckpointDamaged: The configuration makes nothing.
    """
    import torch

    with narrow():
        from transformers.initialization import no_init_weights

    register = torch.nn.Module.register_parameter

    def register_on_meta(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        register(module, name, None if parameter is None else torch.nn.Parameter(parameter.to("meta"), False))

    torch.nn.Module.register_parameter = register_on_meta  # type: ignore[assignment,method-assign]
    try:
        with no_init_weights():
            return made(make, folder, part)
    finally:
        torch.nn.Module.register_parameter = register  # type: ignore[method-assign]


def made(make: Callable[[], Any], folder: Path, part: str) -> Any:
    """What a configuration makes; one that makes nothing is damaged.

    Raises:
        CheckpointDamaged: The sentence names the file and the library's reason.
    """
    try:
        return make()
    except Exception as reason:  # a wrong value can raise anything inside the libraries
        said = (str(reason) or type(reason).__name__).splitlines()[0]
        raise CheckpointDamaged(
            f"{folder / part / 'config.json'} describes no {part.replace('_', ' ')}: {said}.",
            "Fetch the checkpoint again, or name another one.",
        ) from reason
