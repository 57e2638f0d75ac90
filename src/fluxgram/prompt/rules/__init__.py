"""The rules of the linter: one file a rule, collected here by hand, in the order of their codes.

`rule.py` says what a rule is, `draft.py` what it reads, `wording.py` holds word lists that several rules share. Groups:
FX0xx what was typed, FX1xx wording, FX2xx light, FX3xx optics, FX4xx the subject, FX5xx scenes, FX6xx what the
checkpoint can do, FX7xx shoots.
"""

from __future__ import annotations

from types import MappingProxyType

from fluxgram.prompt.rules.fx001_empty import Empty
from fluxgram.prompt.rules.fx002_control_characters import ControlCharacters
from fluxgram.prompt.rules.fx003_direction_characters import DirectionCharacters
from fluxgram.prompt.rules.fx004_invisible_characters import InvisibleCharacters
from fluxgram.prompt.rules.fx005_not_english import NotEnglish
from fluxgram.prompt.rules.fx006_too_long import TooLong
from fluxgram.prompt.rules.fx007_emoji import Emoji
from fluxgram.prompt.rules.fx101_style_conflict import StyleConflict
from fluxgram.prompt.rules.fx102_overloaded import Overloaded
from fluxgram.prompt.rules.fx103_vague_only import VagueOnly
from fluxgram.prompt.rules.fx104_weights import Weights
from fluxgram.prompt.rules.fx105_adapter_tag import AdapterTag
from fluxgram.prompt.rules.fx106_tags import Tags
from fluxgram.prompt.rules.fx107_repeated import Repeated
from fluxgram.prompt.rules.fx108_misspelt import Misspelt
from fluxgram.prompt.rules.fx109_negative_inside import NegativeInside
from fluxgram.prompt.rules.rule import Rule, ShootRule

RULES: tuple[Rule, ...] = (
    Empty(), ControlCharacters(), DirectionCharacters(), InvisibleCharacters(), NotEnglish(), TooLong(), Emoji(),
    StyleConflict(), Overloaded(), VagueOnly(), Weights(), AdapterTag(), Tags(), Repeated(), Misspelt(),
    NegativeInside(),
)  # fmt: skip
"""Rules about one prompt."""

SHOOT_RULES: tuple[ShootRule, ...] = ()
"""Rules about the scenes of a shoot together."""

GROUP_TITLES = MappingProxyType(
    {
        "FX0": "What was typed",
        "FX1": "Wording",
        "FX2": "Light",
        "FX3": "Optics",
        "FX4": "The subject",
        "FX5": "Scenes",
        "FX6": "What the checkpoint can do",
        "FX7": "Shoots",
    }
)
"""What the hundreds of the codes stand for."""
