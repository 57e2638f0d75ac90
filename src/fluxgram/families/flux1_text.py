"""FLUX.1's words: the same prompt for T5, which the picture attends to, and for CLIP, which gives one pooled vector.

T5's reading is what is reported: it takes 256 or 512 tokens, CLIP only its first 77. What lies beyond those is not
lost, because T5 reads it; it only has no part in the pooled vector. Embeddings are `flux1.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged, CheckpointMissing
from fluxgram.families.contract import TextReport
from fluxgram.families.imports import narrow
from fluxgram.families.layout import has_tokenizer, read_json
from fluxgram.families.text import Tokens, read_tokenizer, text_of

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import TextContract

CLIP_TOKENS = 77
"""Where CLIP's tokenizer does not say."""
_AGAIN = "Fetch the checkpoint again, or name another one."


class T5Words:
    """T5's tokenizer, from `tokenizer.json` alone: no transformers, no sentencepiece.

    Args:
        folder: The `tokenizer_2` folder of the checkpoint.
        contract: Lengths to pad to; the last one is the limit, the end of the text included.

    Raises:
        CheckpointMissing: `tokenizer.json` is absent.
        CheckpointDamaged: It cannot be read, or is no T5's.
    """

    def __init__(self, folder: Path, contract: TextContract) -> None:
        self._lengths = contract.lengths
        self._tokenizer = read_tokenizer(folder / "tokenizer.json")
        config = read_json(folder / "tokenizer_config.json", {})
        self._left = config.get("padding_side", "right") == "left"
        pad = self._tokenizer.token_to_id(text_of(config.get("pad_token")) or "<pad>")
        self._end = list(self._tokenizer.encode("", add_special_tokens=True).ids)
        word = self._tokenizer.encode("a", add_special_tokens=False).ids
        whole = self._tokenizer.encode("a", add_special_tokens=True).ids
        if pad is None or len(self._end) != 1 or list(whole) != [*word, *self._end]:
            raise CheckpointDamaged(
                f"{folder / 'tokenizer.json'} is not T5's: it does not end a text and pad it.", _AGAIN
            )
        self._pad = pad

    @property
    def highest(self) -> int:
        """The highest id that it may give."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values())

    def report(self, prompt: str) -> TextReport:
        """What would be read of a prompt."""
        return self.encode(prompt).report

    def encode(self, prompt: str, *, padded: bool = True) -> Tokens:
        """Token ids of a prompt: cut at the limit, ended, and padded to the first length that holds them.

        Args:
            prompt: The words.
            padded: False leaves them as long as they are.
        """
        encoding = self._tokenizer.encode(prompt, add_special_tokens=False)
        limit = self._lengths[-1] - len(self._end)
        total = len(encoding.ids)
        lost = prompt[encoding.offsets[limit][0] :] if total > limit else ""
        ids = [*encoding.ids[:limit], *self._end]
        report = TextReport(total=total, kept=min(total, limit), limit=limit, lost=lost)
        room = next(length for length in self._lengths if length >= len(ids)) - len(ids) if padded else 0
        pads, mask = [self._pad] * room, [1] * len(ids)
        if self._left:
            return Tokens((*pads, *ids), (*([0] * room), *mask), report)
        return Tokens((*ids, *pads), (*mask, *([0] * room)), report)


class ClipWords:
    """CLIP's tokenizer: transformers' own, because hub repositories have no `tokenizer.json` for it.

    Args:
        folder: The `tokenizer` folder of the checkpoint.

    Raises:
        CheckpointMissing: Its files are absent.
        CheckpointDamaged: They cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        if not has_tokenizer(folder):
            raise CheckpointMissing(
                f"The tokenizer files vocab.json and merges.txt are missing in {folder}.", _AGAIN
            )
        length = read_json(folder / "tokenizer_config.json", {}).get("model_max_length")
        self.length = length if isinstance(length, int) and 2 <= length <= 4096 else CLIP_TOKENS
        with narrow():
            from transformers.models.clip.tokenization_clip import CLIPTokenizer

        try:
            self._tokenizer: Any = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
            self.highest = max(self._tokenizer.get_vocab().values())
        except Exception as reason:  # transformers and tokenizers raise anything
            said = (str(reason) or type(reason).__name__).splitlines()[0]
            raise CheckpointDamaged(f"{folder} is no CLIP tokenizer: {said}.", _AGAIN) from None

    def encode(self, prompt: str) -> tuple[int, ...]:
        """Token ids of a prompt, cut and padded to `length`."""
        ids = self._tokenizer(prompt, padding="max_length", truncation=True, max_length=self.length).input_ids
        return tuple(ids)
