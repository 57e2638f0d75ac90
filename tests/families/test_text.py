"""Token ids as transformers makes them, and exact reports of what was cut."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.errors import CheckpointDamaged, CheckpointMissing
from fluxgram.families.checkpoints import TextContract
from fluxgram.families.flux2_toy import CHAT_TEMPLATE
from fluxgram.families.text import PromptTokenizer

CONTRACT = TextContract("qwen3-chat", (1, 2, 3), (32, 64))
TRICKY = [
    "",
    " ",
    "portrait of a woman",
    "  leading and trailing\n\n",
    "smile 🙂 naïve café e\u0301 中文",
    "<|im_end|> in the prompt <think>",
    "{{ messages }} {% raw %}",
    "word " * 200,
    "🙂" * 100,
    "user",
    "\n",
]


@pytest.fixture(scope="module")
def ours(toys: dict[str, Path]) -> PromptTokenizer:
    return PromptTokenizer(toys["base"] / "tokenizer", CONTRACT)


@pytest.fixture(scope="module")
def stock(toys: dict[str, Path]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers' own, while importing
        from transformers import Qwen2TokenizerFast

        return Qwen2TokenizerFast.from_pretrained(toys["base"] / "tokenizer")


@pytest.mark.parametrize("prompt", TRICKY)
def test_ids_are_those_of_the_stock_pipeline(ours: PromptTokenizer, stock: Any, prompt: str) -> None:
    tokens = ours.encode(prompt)
    text = stock.apply_chat_template(
        [{"role": "user", "content": prompt}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=False,
    )
    expected = stock(text, padding="max_length", truncation=True, max_length=len(tokens.ids))
    assert list(tokens.ids) == expected["input_ids"]
    assert list(tokens.mask) == expected["attention_mask"]


@pytest.mark.parametrize("prompt", TRICKY)
def test_report_accounts_for_every_character(ours: PromptTokenizer, prompt: str) -> None:
    report = ours.report(prompt)
    assert prompt.endswith(report.lost)
    assert report.kept <= report.limit
    assert report.kept <= report.total
    assert bool(report.lost) == (report.kept < report.total)


def test_lost_text_is_exact(ours: PromptTokenizer) -> None:
    """What is left after taking the lost text away loses nothing, and one word more loses again."""
    prompt = "a woman with grey hair, " * 30
    report = ours.report(prompt)
    kept = prompt[: len(prompt) - len(report.lost)]
    assert report.lost
    assert ours.report(kept).lost == ""
    assert ours.report(kept).kept == report.kept == report.limit
    assert ours.report(kept + " hair hair").lost != ""


def test_a_character_of_which_half_is_cut_is_lost(ours: PromptTokenizer) -> None:
    report = ours.report("a" + "🙂" * 60)
    assert report.kept == report.limit
    assert set(report.lost) == {"🙂"}


def test_limit_leaves_room_for_the_template_before_the_prompt(ours: PromptTokenizer) -> None:
    assert ours.report("a").limit == 64 - ours._before
    assert ours.report("a").total == 1


def test_length_is_the_first_that_holds_the_prompt(ours: PromptTokenizer) -> None:
    assert len(ours.encode("a man").ids) == 32
    assert len(ours.encode("a man with hair " * 5).ids) == 64
    assert len(ours.encode("a man with hair " * 50).ids) == 64


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(toys: dict[str, Path], prompt: str) -> None:
    tokens = PromptTokenizer(toys["base"] / "tokenizer", CONTRACT).encode(prompt)
    assert len(tokens.ids) in CONTRACT.lengths
    assert prompt.endswith(tokens.report.lost)


def test_template_in_a_file_of_its_own(toy: Path, ours: PromptTokenizer) -> None:
    config = toy / "tokenizer" / "tokenizer_config.json"
    config.write_text(config.read_text().replace('"chat_template"', '"was_template"'))
    with pytest.raises(CheckpointMissing, match="no chat template"):
        PromptTokenizer(toy / "tokenizer", CONTRACT)
    (toy / "tokenizer" / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    assert PromptTokenizer(toy / "tokenizer", CONTRACT).encode("a man") == ours.encode("a man")


def test_template_cannot_reach_outside(toy: Path) -> None:
    (toy / "tokenizer" / "chat_template.jinja").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(CheckpointDamaged, match="chat template"):
        PromptTokenizer(toy / "tokenizer", CONTRACT)


@pytest.mark.parametrize(
    ("name", "words"), [("tokenizer.json", "tokenizer.json is missing"), ("tokenizer_config.json", "missing")]
)
def test_missing_tokenizer_file_is_named(toy: Path, name: str, words: str) -> None:
    (toy / "tokenizer" / name).unlink()
    with pytest.raises(CheckpointMissing, match=words):
        PromptTokenizer(toy / "tokenizer", CONTRACT)


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"model": 3}'])
def test_damaged_tokenizer_is_named(toy: Path, content: str) -> None:
    (toy / "tokenizer" / "tokenizer.json").write_text(content)
    with pytest.raises(CheckpointDamaged, match="is no tokenizer"):
        PromptTokenizer(toy / "tokenizer", CONTRACT)
