"""The family `flux1`: FLUX.1 schnell and dev, text to picture.

Follows `diffusers.FluxPipeline` 0.42 to float32 rounding, from the same components. Where bfloat16 runs, the timestep
is rounded as there, because the weights were tuned to it; the latents are not (they stay float32 between steps, which
only removes error), and noise is drawn in float32, so that a seed means the same in every data type. Loading the
components is `flux1_components.py`, words to token ids `flux1_text.py`, a pass of the transformer `flux1_velocity.py`;
the loop is `fluxgram.engine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxgram.errors import OutOfMemory
from fluxgram.families import flux1_components, layout, noise, residence, sources, weights
from fluxgram.families.adapters.applied import Applied, in_use
from fluxgram.families.contract import Condition, Latents, Negative, Parts, Progress, TextReport
from fluxgram.families.decoding import picture_of
from fluxgram.families.flux1_text import ClipWords, T5Words
from fluxgram.families.flux1_velocity import velocity
from fluxgram.families.guidance import check_guidance
from fluxgram.families.placement import memory_guard

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from fluxgram.families.blueprint import Blueprint
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.placement import Placement


class Flux1:
    """See `fluxgram.families.contract.Family`."""

    name = "flux1"

    def load(
        self, checkpoint: Checkpoint, placement: Placement, progress: Progress = sources.silent
    ) -> Parts:
        """Find, verify and load the components.

        Raises:
            CheckpointError: Files are absent, damaged, gated or pickled, or do not go with each other.
            OutOfMemory: The checkpoint does not fit.
        """
        import torch

        if placement.plan == "too big":
            raise OutOfMemory(placement.sentence, "Take a smaller checkpoint; fluxgram-mini runs anywhere.")
        folder = sources.folder_of(checkpoint, placement.settings, progress)
        layout.read_index(folder, self.name)
        t5, clip = T5Words(folder / "tokenizer_2", checkpoint.text), ClipWords(folder / "tokenizer")
        blueprints = {name: make(folder, checkpoint) for name, make in flux1_components.BLUEPRINTS.items()}
        modules: dict[str, Any] = {name: each.module for name, each in blueprints.items()}
        flux1_components.check_fit(folder, modules, clip, t5)
        mark = weights.fingerprint(
            folder, _files_that_count(folder), placement.settings.home / "fingerprints.json"
        )
        torch.set_num_threads(placement.threads)
        parts = Parts(checkpoint, placement, {"tokenizer": clip, "tokenizer_2": t5}, mark)
        parts.extra.update(folder=folder, grids={})
        parts.extra["channels"] = int(modules["autoencoder"].config.latent_channels)
        parts.extra["shapes"] = {
            path: shape
            for name, each in blueprints.items()
            if name != "autoencoder"
            for path, shape in each.linear_shapes(name).items()
        }
        if placement.plan == "all":
            for name, each in blueprints.items():
                residence.load_into(parts, name, each, progress)
        return parts

    def count_tokens(self, parts: Parts, text: str) -> TextReport:
        """What T5 would read of a prompt; no weights touched. CLIP reads the first 77 tokens of it, see `T5Words`."""
        t5: T5Words = parts.components["tokenizer_2"]
        return t5.report(text)

    def linear_shapes(self, parts: Parts) -> dict[str, tuple[int, ...]]:
        """Weight shape of every linear layer that an adapter may change, by path.

        Paths begin with `transformer.`, `text_encoder.` (CLIP) or `text_encoder_2.` (T5).
        """
        shapes: dict[str, tuple[int, ...]] = parts.extra["shapes"]
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
            negative: What must not be there and how it steers; None for none.
            guidance: The number that dev's transformer reads; 1 for schnell, which reads none.
            adapters: Those that change a text encoder are applied; the condition does not keep them.

        Raises:
            RequestError: Guidance or a negative prompt that the checkpoint cannot apply.
        """
        check_guidance(parts.checkpoint, negative, guidance)
        text, pooled, report = _embed(parts, prompt, adapters)
        if negative is None:
            return Condition(text, report, guidance, pooled=pooled)
        cfg = negative.method == "true_cfg"
        # VSF's authors give the negative's own tokens alone; NAG's give what a pass of its own would read, padding too
        against, pooled_against, read = _embed(
            parts, negative.text, adapters, padded=negative.method != "vsf"
        )
        return Condition(
            text,
            report,
            guidance,
            unguided=against if cfg else None,
            negative=None if cfg else against,
            negative_report=read,
            negative_method=negative.method,
            negative_scale=negative.scale,
            pooled=pooled,
            pooled_unguided=pooled_against if cfg else None,
        )

    def begin(self, parts: Parts, width: int, height: int, seed: int) -> Latents:
        """Starting noise (see `noise.py`), drawn (1, channels, 2*rows, 2*columns) and packed 2x2 as in diffusers.

        Raises:
            RequestError: A side that is not a multiple of what a token covers.
        """
        noise.check_sides(parts.checkpoint, width, height)
        multiple, channels = parts.checkpoint.sizes.multiple, parts.extra["channels"]
        rows, columns = height // multiple, width // multiple
        grid = noise.draw((1, channels, 2 * rows, 2 * columns), seed)
        cells = grid.reshape(1, channels, rows, 2, columns, 2).permute(0, 2, 4, 1, 3, 5)
        tokens = cells.reshape(1, rows * columns, 4 * channels)
        return Latents(tokens.to(parts.placement.device), rows, columns)

    def sigmas(self, checkpoint: Checkpoint, width: int, height: int, steps: int) -> list[float]:
        """Noise levels from 1 down to 0; `steps + 1` numbers, in float32 as the stock scheduler computes them."""
        schedule, multiple = checkpoint.schedule, checkpoint.sizes.multiple
        tokens = (width // multiple) * (height // multiple)
        mu = linear_mu(tokens, schedule.tokens, schedule.exponents) if schedule.kind == "linear" else None
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
            rows, columns, channels = latents.rows, latents.columns, parts.extra["channels"]
            cells = latents.tokens.to(placement.device).float().reshape(-1, rows, columns, channels, 2, 2)
            grid = cells.permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, 2 * rows, 2 * columns)
            grid = grid / autoencoder.config.scaling_factor + autoencoder.config.shift_factor
            return picture_of(autoencoder, grid, placement.torch_dtype())


def linear_mu(tokens: int, between: tuple[int, int], exponents: tuple[float, float]) -> float:
    """FLUX.1's exponent of the shift by picture tokens (`calculate_shift` in diffusers): a line through two points."""
    slope = (exponents[1] - exponents[0]) / (between[1] - between[0])
    return tokens * slope + (exponents[0] - slope * between[0])


def _embed(
    parts: Parts, prompt: str, adapters: Sequence[Applied] = (), *, padded: bool = True
) -> tuple[torch.Tensor, torch.Tensor, TextReport]:
    """T5's embedding (1, text tokens, channels) and CLIP's pooled one (1, channels) of a prompt, and what was read.

    Remembered for the last prompts of this checkpoint. T5 is given no mask, as in the stock pipeline: padding is read.
    """
    changing = [each for each in adapters if each.changes("text_encoder") or each.changes("text_encoder_2")]

    def read() -> tuple[torch.Tensor, torch.Tensor, TextReport]:
        clip: ClipWords = parts.components["tokenizer"]
        t5: T5Words = parts.components["tokenizer_2"]
        tokens = t5.encode(prompt, padded=padded)
        pooled = _read(parts, "text_encoder", clip.encode(prompt), changing).pooler_output
        text = _read(parts, "text_encoder_2", tokens.ids, changing).last_hidden_state
        return text, pooled, tokens.report

    key = (prompt, padded, *(each.mark for each in changing))
    return residence.remembered(parts, key, read)


def _read(parts: Parts, name: str, ids: tuple[int, ...], adapters: Sequence[Applied]) -> Any:
    """What a text encoder makes of token ids."""
    import torch

    encoder = _component(parts, name)
    guard = memory_guard(parts.placement, "reading the prompt")
    with torch.inference_mode(), guard, in_use(encoder, name, [adapters]):
        return encoder(input_ids=torch.tensor([ids], device=parts.placement.device))


def _component(parts: Parts, name: str) -> Any:
    """A component, loaded where it is not."""
    return residence.component(
        parts, name, {each: partial(_blueprint, name=each) for each in flux1_components.BLUEPRINTS}
    )


def _blueprint(parts: Parts, name: str) -> Blueprint:
    return flux1_components.BLUEPRINTS[name](parts.extra["folder"], parts.checkpoint)


def _files_that_count(folder: Path) -> list[Path]:
    """The files that decide what a picture looks like."""
    shape = layout.shape_of(Flux1.name)
    chosen = [folder / "model_index.json"]
    for name in shape.tokenizers:
        chosen += [path for path in (folder / name).iterdir() if path.suffix in (".json", ".txt")]
    for part in shape.parts:
        chosen += [folder / part / "config.json", *layout.weight_files(folder, part)]
    return chosen
