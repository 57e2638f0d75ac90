"""Token ids as transformers makes them for T5 and CLIP, and exact reports of what T5 was not given."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import CheckpointDamaged, CheckpointMissing
from fluxgram.families.checkpoints import TextContract
from fluxgram.families.flux1_text import ClipWords, T5Words
from fluxgram.families.flux1_toy import CLIP_TOKENS

CONTRACT = TextContract("clip+t5", (), (32, 64))
TRICKY = [
    "",
    " ",
    "portrait of a woman",
    "  leading and trailing\n\n",
    "smile 🙂 naïve café e\u0301 中文 ﬁne ½",
    "</s> in the prompt <pad> <extra_id_0>",
    "<|endoftext|> and <|startoftext|>",
    "UPPER and Lower, it's 85mm!",
    "word " * 200,
    "🙂" * 100,
    "\n",
]


@pytest.fixture(scope="module")
def t5(toys1: dict[str, Path]) -> T5Words:
    return T5Words(toys1["dev"] / "tokenizer_2", CONTRACT)


@pytest.fixture(scope="module")
def clip(toys1: dict[str, Path]) -> ClipWords:
    return ClipWords(toys1["dev"] / "tokenizer")


@pytest.fixture(scope="module")
def stock(toys1: dict[str, Path]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers' own, while importing
        from transformers import CLIPTokenizer, T5TokenizerFast

        return {
            "t5": T5TokenizerFast.from_pretrained(toys1["dev"] / "tokenizer_2"),
            "clip": CLIPTokenizer.from_pretrained(toys1["dev"] / "tokenizer"),
        }


@pytest.mark.parametrize("prompt", TRICKY)
def test_ids_are_those_of_the_stock_pipeline(
    t5: T5Words, clip: ClipWords, stock: dict[str, Any], prompt: str
) -> None:
    tokens = t5.encode(prompt)
    expected = stock["t5"](prompt, padding="max_length", truncation=True, max_length=len(tokens.ids))
    if "ﬁ" not in prompt:  # the toy's normalizer is not sentencepiece's, and transformers keeps only that one
        assert list(tokens.ids) == expected["input_ids"]
        assert list(tokens.mask) == expected["attention_mask"]
    assert clip.length == CLIP_TOKENS
    expected = stock["clip"](prompt, padding="max_length", truncation=True, max_length=CLIP_TOKENS)
    assert list(clip.encode(prompt)) == expected["input_ids"]


def test_a_negative_may_be_left_as_long_as_it_is(t5: T5Words) -> None:
    tokens = t5.encode("a hat", padded=False)
    assert len(tokens.ids) == tokens.report.total + 1
    assert tokens.mask == (1,) * len(tokens.ids)
    assert t5.encode("a hat").ids[: len(tokens.ids)] == tokens.ids
    assert len(t5.encode("word " * 200, padded=False).ids) == 64


@pytest.mark.parametrize("prompt", TRICKY)
def test_report_accounts_for_every_character(t5: T5Words, prompt: str) -> None:
    report = t5.report(prompt)
    assert prompt.endswith(report.lost)
    assert report.kept == min(report.total, report.limit)
    assert bool(report.lost) == (report.kept < report.total)


def test_lost_text_is_exact(t5: T5Words) -> None:
    """What is left after taking the lost text away loses nothing, and one word more loses again."""
    prompt = "a woman with grey hair, " * 30
    report = t5.report(prompt)
    kept = prompt[: len(prompt) - len(report.lost)]
    assert report.lost
    assert t5.report(kept).lost == ""
    assert t5.report(kept).kept == report.kept == report.limit == 63
    assert t5.report(kept + " hair hair").lost != ""


def test_what_clip_does_not_read_is_not_lost(t5: T5Words, clip: ClipWords) -> None:
    prompt = "a man with grey hair in golden hour light, 85mm"
    assert clip.encode(prompt)[-1] == clip.encode(prompt + " and a hat")[-1]
    assert clip.encode(prompt + " x" * 20) == clip.encode(prompt + " x" * 19)
    assert t5.report(prompt + " x" * 20).lost == ""


def test_length_is_the_first_that_holds_the_prompt(t5: T5Words) -> None:
    assert [len(t5.encode("hair " * words).ids) for words in (1, 31, 32, 63, 64)] == [32, 32, 64, 64, 64]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(toys1: dict[str, Path], prompt: str) -> None:
    tokens = T5Words(toys1["dev"] / "tokenizer_2", CONTRACT).encode(prompt)
    assert len(tokens.ids) in CONTRACT.lengths
    assert prompt.endswith(tokens.report.lost)


def test_padding_on_the_left_where_the_tokenizer_says_so(toy1: Path) -> None:
    config = toy1 / "tokenizer_2" / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"padding_side": "left"}))
    tokens = T5Words(toy1 / "tokenizer_2", CONTRACT).encode("a hat")
    assert (tokens.mask[0], tokens.mask[-1]) == (0, 1)


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"model": 3}'])
def test_damaged_tokenizers_are_named(toy1: Path, content: str) -> None:
    (toy1 / "tokenizer_2" / "tokenizer.json").write_text(content)
    with pytest.raises(CheckpointDamaged, match="is no tokenizer"):
        T5Words(toy1 / "tokenizer_2", CONTRACT)
    (toy1 / "tokenizer" / "vocab.json").write_text(content)
    with pytest.raises(CheckpointDamaged, match="is no CLIP tokenizer"):
        ClipWords(toy1 / "tokenizer")


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_missing_tokenizers_are_named(toy1: Path, name: str) -> None:
    (toy1 / "tokenizer" / name).unlink()
    with pytest.raises(CheckpointMissing, match=name):
        ClipWords(toy1 / "tokenizer")
    (toy1 / "tokenizer_2" / "tokenizer.json").unlink()
    with pytest.raises(CheckpointMissing, match=r"tokenizer\.json is missing"):
        T5Words(toy1 / "tokenizer_2", CONTRACT)


def test_a_tokenizer_of_another_kind_is_refused_for_t5(toys: dict[str, Path]) -> None:
    with pytest.raises(CheckpointDamaged, match="is not T5's"):
        T5Words(toys["base"] / "tokenizer", CONTRACT)


def test_counting_needs_neither_torch_nor_transformers(toys1: dict[str, Path], tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from fluxgram.settings import Settings\n"
        "from fluxgram.jobs.facts import checkpoint_facts\n"
        f"facts = checkpoint_facts({str(toys1['dev'])!r}, Settings(home=Path({str(tmp_path)!r}), offline=True))\n"
        "print(facts.count_tokens('a man').total, sorted({'torch', 'transformers', 'diffusers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 []"
