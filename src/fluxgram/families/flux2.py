"""The family `flux2`: FLUX.2 klein, distilled and base, 4B, 9B and the embedded geometry, text to picture.

Follows `diffusers.Flux2KleinPipeline` 0.42 to float32 rounding, from the same components. Where bfloat16 runs, two
things are kept on purpose: the timestep is rounded as there (0.7 becomes 700/1000, not 699.2/1000), because the
weights were tuned to it, and the latents are not (they stay float32 between steps, which only removes error).
Loading the components is `flux2_components.py`, words to token ids `text.py`, passes of the transformer
`flux2_velocity.py`; the loop is `fluxgram.engine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxgram.errors import OutOfMemory
from fluxgram.families import flux2_components, layout, noise, residence, sources, weights
from fluxgram.families.adapters.applied import Applied, in_use
from fluxgram.families.contract import Condition, Latents, Negative, Parts, Progress, TextReport
from fluxgram.families.decoding import picture_of
from fluxgram.families.flux2_velocity import velocity
from fluxgram.families.guidance import check_guidance
from fluxgram.families.placement import memory_guard
from fluxgram.families.text import PromptTokenizer

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from fluxgram.families.blueprint import Blueprint
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.placement import Placement

_WEIGHTED = {"text_encoder": "text_encoder", "transformer": "transformer", "autoencoder": "vae"}
"""Components with weights, and the folder that each lies in."""
_FOLDERS = ("tokenizer", *_WEIGHTED.values())


class Flux2:
    """See `fluxgram.families.contract.Family`."""

    name = "flux2"

    def load(
        self, checkpoint: Checkpoint, placement: Placement, progress: Progress = sources.silent
    ) -> Parts:
        """Find, verify and load the components.

        Raises:
            CheckpointError: Files are absent, damaged, gated or pickled.
            OutOfMemory: The checkpoint does not fit.
        """
        import torch

        if placement.plan == "too big":
            raise OutOfMemory(placement.sentence, "Take a smaller checkpoint; fluxgram-mini runs anywhere.")
        settings = placement.settings
        folder = sources.folder_of(checkpoint, settings, progress)
        layout.read_index(folder, self.name)
        places = {part: sources.place_of(part, checkpoint, settings, progress) for part in _FOLDERS}
        tokenizer = PromptTokenizer(places["tokenizer"] / "tokenizer", checkpoint.text)
        blueprints = {
            name: flux2_components.BLUEPRINTS[name](places[part], checkpoint)
            for name, part in _WEIGHTED.items()
        }
        files = [folder / "model_index.json", *_files_that_count(places)]
        mark = weights.fingerprint(folder, files, settings.home / "fingerprints.json", places.values())
        torch.set_num_threads(placement.threads)
        parts = Parts(checkpoint, placement, {"tokenizer": tokenizer}, mark)
        parts.extra.update(places=places, grids={})
        parts.extra["channels"] = _channels(places["transformer"])
        if placement.plan == "all":
            for name in _WEIGHTED:
                residence.load_into(parts, name, blueprints[name], progress)
        return parts

    def count_tokens(self, parts: Parts, text: str) -> TextReport:
        """What the text encoder would read of a prompt; no weights touched."""
        tokenizer: PromptTokenizer = parts.components["tokenizer"]
        return tokenizer.report(text)

    def linear_shapes(self, parts: Parts) -> dict[str, tuple[int, ...]]:
        """Weight shape of every linear layer that an adapter may change, by path; looked up once, no weights needed."""
        if "linear_shapes" not in parts.extra:
            parts.extra["linear_shapes"] = {
                path: shape
                for name in ("transformer", "text_encoder")
                for path, shape in _blueprint(parts, name).linear_shapes(name).items()
            }
        shapes: dict[str, tuple[int, ...]] = parts.extra["linear_shapes"]
        return shapes

    def encode(
        self,
        parts: Parts,
        prompt: str,
        negative: Negative | None,
        guidance: float,
        adapters: Sequence[Applied] = (),
    ) -> Condition:
        """Text to embeddings.

        Args:
            parts: The loaded checkpoint.
            prompt: The words.
            negative: What must not be there and how it steers; None for none. With `true_cfg`, its scale is that of the
                second pass, whatever `guidance`.
            guidance: Classifier-free guidance scale; at most 1 is none.
            adapters: Those that change the text encoder are applied; the condition does not keep them.

        Raises:
            RequestError: Guidance or a negative prompt that the checkpoint cannot apply.
        """
        check_guidance(parts.checkpoint, negative, guidance)
        text, report, _ = _embed(parts, prompt, adapters)
        unguided = _embed(parts, "", adapters)[0] if guidance > 1 else None
        guidance = max(1.0, guidance)
        if negative is None:
            return Condition(text, report, guidance, unguided=unguided)
        cfg, least = negative.method == "true_cfg", text.shape[1] if negative.method == "nag" else 0
        against, against_report, read = _embed(parts, negative.text, adapters, least)
        return Condition(
            text,
            report,
            negative.scale if cfg else guidance,
            unguided=against if cfg else unguided,
            negative=None if cfg else against if least else against[:, :read],
            negative_report=against_report,
            negative_method=negative.method,
            negative_scale=negative.scale,
        )

    def begin(self, parts: Parts, width: int, height: int, seed: int) -> Latents:
        """Starting noise (see `noise.py`), drawn (1, channels, rows, columns) and packed as in diffusers.

        Raises:
            RequestError: A side that is not a multiple of what a token covers.
        """
        noise.check_sides(parts.checkpoint, width, height)
        multiple = parts.checkpoint.sizes.multiple
        shape = (1, parts.extra["channels"], height // multiple, width // multiple)
        tokens = noise.draw(shape, seed).flatten(2).transpose(1, 2).contiguous()
        return Latents(tokens.to(parts.placement.device), shape[2], shape[3])

    def sigmas(self, checkpoint: Checkpoint, width: int, height: int, steps: int) -> list[float]:
        """Noise levels from 1 down to 0; `steps + 1` numbers, in float32 as the stock scheduler computes them."""
        schedule, multiple = checkpoint.schedule, checkpoint.sizes.multiple
        tokens = (width // multiple) * (height // multiple)
        mu = empirical_mu(tokens, steps) if schedule.kind == "empirical" else None
        return noise.levels(steps, schedule.shift, mu)

    def predict(
        self, parts: Parts, latents: Latents, t: torch.Tensor, t_next: torch.Tensor, condition: Condition
    ) -> torch.Tensor:
        """Velocity (batch, rows*columns, channels) in float32 at noise levels `t` (batch,).

        Pictures of one call share grid, text lengths, guidance and the way of a negative prompt, not the noise level;
        their texts may be rows of the condition's embeddings. `t_next` is not needed here.
        """
        return velocity(parts, _component(parts, "transformer"), latents, t, condition)

    def decode(self, parts: Parts, latents: Latents) -> torch.Tensor:
        """Packed latents to a picture, (height, width, 3) uint8 on the CPU."""
        import torch

        autoencoder = _component(parts, "autoencoder")
        placement = parts.placement
        with torch.inference_mode(), memory_guard(placement, "decoding"):
            grid = latents.tokens.float().transpose(1, 2)
            grid = grid.reshape(*grid.shape[:2], latents.rows, latents.columns)
            statistics = autoencoder.bn
            deviation = torch.sqrt(statistics.running_var.float() + statistics.eps).view(1, -1, 1, 1)
            grid = grid.to(deviation.device) * deviation + statistics.running_mean.float().view(1, -1, 1, 1)
            batch, channels, rows, columns = grid.shape
            grid = grid.reshape(batch, channels // 4, 2, 2, rows, columns).permute(0, 1, 4, 2, 5, 3)
            grid = grid.reshape(batch, channels // 4, rows * 2, columns * 2)
            return picture_of(autoencoder, grid, placement.torch_dtype())


def empirical_mu(tokens: int, steps: int) -> float:
    """FLUX.2's shift by picture tokens and steps (`compute_empirical_mu` in diffusers, from BFL's reference code)."""
    at_200 = 0.00016927 * tokens + 0.45666666
    if tokens > 4300:
        return at_200
    at_10 = 8.73809524e-05 * tokens + 1.89833333
    slope = (at_200 - at_10) / 190.0
    return slope * steps + (at_200 - 200.0 * slope)


def _embed(
    parts: Parts, prompt: str, adapters: Sequence[Applied] = (), least: int = 0
) -> tuple[torch.Tensor, TextReport, int]:
    """Embedding (1, text tokens, layers*channels) of a prompt, what was read, and where padding on the right begins.

    Padded to at least `least` tokens; remembered for the last prompts of this checkpoint.
    """
    changing = [each for each in adapters if each.changes("text_encoder")]
    key = (prompt, least, *(each.mark for each in changing))
    return residence.remembered(parts, key, partial(_read, parts, prompt, changing, least))


def _read(
    parts: Parts, prompt: str, adapters: Sequence[Applied], least: int
) -> tuple[torch.Tensor, TextReport, int]:
    """See `_embed`."""
    import torch

    tokenizer: PromptTokenizer = parts.components["tokenizer"]
    tokens = tokenizer.encode(prompt, least)
    encoder = _component(parts, "text_encoder")
    device = torch.device(parts.placement.device)
    guard = memory_guard(parts.placement, "reading the prompt")
    with torch.inference_mode(), guard, in_use(encoder, "text_encoder", [adapters]):
        states = encoder(
            input_ids=torch.tensor([tokens.ids], device=device),
            attention_mask=torch.tensor([tokens.mask], device=device),
            output_hidden_states=True,
            use_cache=False,
        ).hidden_states
        stacked = torch.stack([states[layer] for layer in parts.checkpoint.text.layers], dim=2)
    end = max(index for index, real in enumerate(tokens.mask) if real) + 1
    return stacked.flatten(2), tokens.report, end


def _component(parts: Parts, name: str) -> Any:
    """A component, loaded where it is not."""
    return residence.component(parts, name, {each: partial(_blueprint, name=each) for each in _WEIGHTED})


def _blueprint(parts: Parts, name: str) -> Blueprint:
    return flux2_components.BLUEPRINTS[name](parts.extra["places"][_WEIGHTED[name]], parts.checkpoint)


def _channels(folder: Path) -> int:
    """Numbers a packed token has."""
    return int(layout.read_config(folder, "transformer").get("in_channels", 128))


def _files_that_count(places: Mapping[str, Path]) -> list[Path]:
    """The files that decide what a picture looks like, by the folder that each part lies in."""
    words = places["tokenizer"] / "tokenizer"
    chosen = [path for path in words.iterdir() if path.suffix in (".json", ".txt", ".jinja")]
    for part in _WEIGHTED.values():
        chosen += [places[part] / part / "config.json", *layout.weight_files(places[part], part)]
    return chosen
