"""Words to token ids, and the exact text that did not fit: tokenizer, chat template, truncation, padding.

Works from `tokenizer.json` and the chat template of the checkpoint, without transformers and without weights, so
that counting tokens is cheap. Truncation cuts the whole templated text at the right, as the stock pipeline does.
FLUX.1's words are `flux1_text.py`; embeddings are the families'.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fluxgram.errors import CheckpointDamaged, CheckpointMissing
from fluxgram.families.contract import TextReport
from fluxgram.families.layout import read_json, shape_of

if TYPE_CHECKING:
    from jinja2 import Template
    from tokenizers import Tokenizer

    from fluxgram.families.checkpoints import TextContract

_MARK = "\ue000"
_AGAIN = "Fetch the checkpoint again, or name another one."


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt as the text encoder gets it.

    Attributes:
        ids: Token ids, padded to one of the contract's lengths.
        mask: 1 for a token of the text, 0 for padding.
        report: What was read.
    """

    ids: tuple[int, ...]
    mask: tuple[int, ...]
    report: TextReport


class Counts(Protocol):
    """Whatever says what would be read of a prompt."""

    def report(self, prompt: str) -> TextReport:
        """What would be read of a prompt."""
        ...


def tokenizer_of(folder: Path, family: str, contract: TextContract) -> Counts:
    """What counts the tokens of prompts for a checkpoint, from files alone.

    Args:
        folder: Of the checkpoint.
        family: `flux1` or `flux2`.
        contract: Its text contract.

    Raises:
        CheckpointError: Files are absent or damaged.
    """
    place = folder / shape_of(family).counts
    if contract.template == "qwen3-chat":
        return PromptTokenizer(place, contract)
    from fluxgram.families.flux1_text import T5Words

    return T5Words(place, contract)


class PromptTokenizer:
    """Tokenizer and chat template of a checkpoint.

    Args:
        folder: The `tokenizer` folder of the checkpoint.
        contract: Lengths to pad to; the last one is the limit.

    Raises:
        CheckpointMissing: `tokenizer.json` or the chat template is absent.
        CheckpointDamaged: One of them cannot be read.
    """

    def __init__(self, folder: Path, contract: TextContract) -> None:
        self._lengths = contract.lengths
        self._tokenizer = read_tokenizer(folder / "tokenizer.json")
        config = read_json(folder / "tokenizer_config.json")
        self._special = {key: text for key in _SPECIAL if (text := text_of(config.get(key)))}
        self._template = _read_template(folder, config)
        self._left = config.get("padding_side", "right") == "left"
        pad = self._tokenizer.token_to_id(self._special.get("pad_token", "<|endoftext|>"))
        if pad is None:
            raise CheckpointDamaged(f"The padding token of {folder} is not in its tokenizer.json.", _AGAIN)
        self._pad = pad
        self._prefix = self._render(_MARK).partition(_MARK)[0]
        self._before = len(self._tokenizer.encode(self._prefix, add_special_tokens=True).ids)

    def report(self, prompt: str) -> TextReport:
        """What would be read of a prompt."""
        return self.encode(prompt).report

    def encode(self, prompt: str, least: int = 0) -> Tokens:
        """Token ids of a prompt: templated, cut at the limit, padded to the first length that holds them.

        Args:
            prompt: The words.
            least: Padded to no less than this, as far as the contract's lengths go.
        """
        text = self._render(prompt)
        encoding = self._tokenizer.encode(text, add_special_tokens=True)
        limit = self._lengths[-1]
        start = text.find(prompt, len(self._prefix)) if prompt else len(self._prefix)
        spans = [
            (index, first - start)
            for index, (first, last) in enumerate(encoding.offsets)
            if last > start and first < start + len(prompt) and last > first
        ]
        cut = next((max(0, first) for index, first in spans if index >= limit), len(prompt))
        kept = sum(index < limit for index, _ in spans)
        report = TextReport(total=len(spans), kept=kept, limit=limit - self._before, lost=prompt[cut:])
        ids = list(encoding.ids[:limit])
        least = min(max(least, len(ids)), limit)
        room = next(length for length in self._lengths if length >= least) - len(ids)
        ids, mask = (
            ([self._pad] * room + ids, [0] * room + [1] * len(ids))
            if self._left
            else (ids + [self._pad] * room, [1] * len(ids) + [0] * room)
        )
        return Tokens(tuple(ids), tuple(mask), report)

    def _render(self, prompt: str) -> str:
        from jinja2 import TemplateError

        try:
            return self._template.render(
                messages=[{"role": "user", "content": prompt}],
                tools=None,
                documents=None,
                add_generation_prompt=True,
                enable_thinking=False,
                **self._special,
            )
        except TemplateError as reason:
            raise CheckpointDamaged(f"The chat template cannot be filled in: {reason}.", _AGAIN) from None


_SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token")


def text_of(token: Any) -> str | None:
    """Special tokens are texts, or (in older files) tables with the text under `content`."""
    return token.get("content") if isinstance(token, dict) else token


def read_tokenizer(path: Path) -> Tokenizer:
    """A `tokenizer.json`, with whatever it says of truncation and padding left away.

    Raises:
        CheckpointMissing: No such file.
        CheckpointDamaged: It cannot be read.
    """
    from tokenizers import Tokenizer

    if not path.is_file():
        raise CheckpointMissing(f"The tokenizer file {path} is missing.", _AGAIN)
    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(path))
    except Exception as reason:  # the library raises plain Exception
        raise CheckpointDamaged(f"{path} is no tokenizer: {reason}.", _AGAIN) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _read_template(folder: Path, config: dict[str, Any]) -> Template:
    """The chat template, compiled in a sandbox with the same options as transformers does."""
    import jinja2
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    beside = folder / "chat_template.jinja"
    source = beside.read_text(encoding="utf-8") if beside.is_file() else config.get("chat_template")
    if not isinstance(source, str):
        raise CheckpointMissing(f"{folder} has no chat template (chat_template.jinja).", _AGAIN)
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    try:
        return environment.from_string(source)
    except jinja2.TemplateError as reason:
        raise CheckpointDamaged(f"The chat template of {folder} cannot be read: {reason}.", _AGAIN) from None
