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
from fluxgram.prompt.rules.fx201_no_light import NoLight
from fluxgram.prompt.rules.fx202_vague_light import VagueLight
from fluxgram.prompt.rules.fx203_contradicting_light import ContradictingLight
from fluxgram.prompt.rules.fx204_backlight_without_lens import BacklightWithoutLens
from fluxgram.prompt.rules.fx301_vague_blur import VagueBlur
from fluxgram.prompt.rules.fx302_contradicting_optics import ContradictingOptics
from fluxgram.prompt.rules.fx303_invented_gear import InventedGear
from fluxgram.prompt.rules.fx401_retouching import Retouching
from fluxgram.prompt.rules.fx402_detail_too_small import DetailTooSmall
from fluxgram.prompt.rules.fx403_over_specified import OverSpecified
from fluxgram.prompt.rules.fx404_hands import Hands
from fluxgram.prompt.rules.fx405_many_positions import ManyPositions
from fluxgram.prompt.rules.fx406_long_text import LongText
from fluxgram.prompt.rules.fx501_no_material import NoMaterial
from fluxgram.prompt.rules.fx502_product_without_light import ProductWithoutLight
from fluxgram.prompt.rules.fx503_generic_wet_scene import GenericWetScene
from fluxgram.prompt.rules.fx601_missing_negative import MissingNegative
from fluxgram.prompt.rules.fx602_negative_unsupported import NegativeUnsupported
from fluxgram.prompt.rules.fx603_over_token_limit import OverTokenLimit
from fluxgram.prompt.rules.fx701_anchor_changes import AnchorChanges
from fluxgram.prompt.rules.fx702_anchor_without_seed import AnchorWithoutSeed
from fluxgram.prompt.rules.fx703_seed_without_anchor import SeedWithoutAnchor
from fluxgram.prompt.rules.rule import Rule, ShootRule

RULES: tuple[Rule, ...] = (
    Empty(), ControlCharacters(), DirectionCharacters(), InvisibleCharacters(), NotEnglish(), TooLong(), Emoji(),
    StyleConflict(), Overloaded(), VagueOnly(), Weights(), AdapterTag(), Tags(), Repeated(), Misspelt(),
    NegativeInside(), NoLight(), VagueLight(), ContradictingLight(), BacklightWithoutLens(), VagueBlur(),
    ContradictingOptics(), InventedGear(), Retouching(), DetailTooSmall(), OverSpecified(),
    Hands(), ManyPositions(), LongText(),
    NoMaterial(), ProductWithoutLight(), GenericWetScene(), MissingNegative(), NegativeUnsupported(), OverTokenLimit(),
)  # fmt: skip
"""Rules about one prompt."""

SHOOT_RULES: tuple[ShootRule, ...] = (AnchorChanges(), AnchorWithoutSeed(), SeedWithoutAnchor())
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
