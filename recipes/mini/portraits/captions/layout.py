"""What a caption says and in which form: a list as people prompt, a few sentences, or a short line.

`gather` decides which facts are mentioned; three writers put them in order. Randomness is drawn in a fixed
order, so a seed gives the same caption for the same facts.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recipes.mini.portraits.captions import clothing, person, setting
from recipes.mini.portraits.captions.choice import pick, with_article
from recipes.mini.portraits.captions.hair import describe_hair
from recipes.mini.portraits.captions.lighting import describe_light

Meta = dict[str, Any]
Info = dict[str, Any]
Rng = np.random.Generator

QUALITY = (
    "photorealistic",
    "RAW photo",
    "photo",
    "highly detailed",
    "natural skin texture",
    "realistic",
    "portrait photography",
    "professional photo",
    "film still",
    "8k",
    "sharp focus",
    "ultra realistic",
    "editorial photography",
)

DARK_STYLES = ("low-key", "split")
"""Lightings that hide skin detail, eye color and clothes."""

STRIKING_STYLES = (
    "neon",
    "low-key",
    "split",
    "rembrandt",
    "golden hour",
    "mixed warm cool",
    "noon sun",
    "high-key",
)
"""Lightings that nobody would leave out of a description."""

NO_ARTICLE_ENDINGS = (
    "skin",
    "hair",
    "eyes",
    "lips",
    "freckles",
    "glasses",
    "stubble",
    "wrinkles",
    "makeup",
    "curls",
    "cheekbones",
    "lipstick",
    "back",
)


@dataclass
class Mentions:
    """Everything a caption will mention, each in words; empty where it is left out."""

    person: str
    hair: str = ""
    attributes: list[str] = field(default_factory=list)
    expression: str = ""
    garment: str = ""
    pose: str = ""
    light: str = ""
    lens: str = ""
    background: str = ""
    framing: str = ""
    quality: list[str] = field(default_factory=list)
    monochrome: str = ""


def caption(meta: Meta, info: Info, rng: Rng) -> str:
    """Write a caption.

    Args:
        meta: Attributes and visibility of the head (`Head.meta`).
        info: Facts of the picture: `style`, `side`, `facts`, `flip`, `bw`, `fstop`, `bg_blur_px`,
            `background`.
        rng: Decides what is said and how.
    """
    mentions = gather(meta, info, rng)
    form = rng.random()
    if form < 0.62:
        text = _write_list(mentions, rng)
    elif form < 0.84:
        text = _write_sentences(mentions, meta, info, rng)
    else:
        text = _write_short(mentions, info, rng)
    return text.replace("  ", " ").replace(" ,", ",")


def gather(meta: Meta, info: Info, rng: Rng) -> Mentions:
    """Decide what is mentioned."""
    style = info["style"]
    dark = style in DARK_STYLES
    colorless = style == "neon" or info["bw"]
    mentions = Mentions(person.describe_person(meta, rng))
    if rng.random() < 0.82:
        with_color = not info["bw"] and not (style == "neon" and rng.random() < 0.7)
        mentions.hair = describe_hair(meta, rng, with_color)
    mentions.attributes = [
        *_skin_and_features(meta, style, dark, colorless, rng),
        *_accessories(meta, dark, colorless, rng),
    ]
    if rng.random() < 0.65 and style != "low-key":
        mentions.expression = person.describe_expression(meta, rng)
    if meta.get("visible", {}).get("top", True) and rng.random() < 0.5 and not dark:
        describe = clothing.describe_garment_without_color if colorless else clothing.describe_garment
        mentions.garment = describe(meta, rng)
    if rng.random() < 0.4:
        mentions.pose = person.describe_pose(meta, info["flip"], rng)
    _mention_camera(mentions, meta, info, rng)
    return mentions


def _skin_and_features(meta: Meta, style: str, dark: bool, colorless: bool, rng: Rng) -> list[str]:
    """Skin, features, freckles, wrinkles and eye color, as far as the light shows them."""
    visible = meta.get("visible", {})
    words = []
    if not colorless and rng.random() < 0.4:
        words.append(pick(rng, *person.SKIN[meta["skin"]]))
    features = person.describe_features(meta, rng)
    if features and rng.random() < 0.5:
        words.append(features[int(rng.integers(len(features)))])
    freckled = meta["freckles"] != "none" and visible.get("freckles")
    if freckled and not dark and style != "neon" and rng.random() < 0.8:
        amount = "light freckles" if meta["freckles"] == "light" else "heavy freckles"
        skin_said = any("skin" in word for word in words)
        freckled_skin = "freckles" if skin_said else "freckled skin"
        words.append(pick(rng, "natural freckles", "freckles", amount, freckled_skin))
    if meta["age"] >= 62 and rng.random() < 0.4 and not dark:
        words.append(pick(rng, "wrinkles", "deep wrinkles", "weathered skin", "lined face"))
    if visible.get("eye_color") and not dark and not colorless and rng.random() < 0.5:
        words.append(f"{meta['eyes']} eyes")
    return words


def _accessories(meta: Meta, dark: bool, colorless: bool, rng: Rng) -> list[str]:
    """Beard, glasses and lipstick."""
    words = []
    if meta["beard"] != "none" and rng.random() < 0.88:
        words.append(clothing.describe_beard(meta, rng))
    if meta["glasses"] != "none" and rng.random() < 0.93:
        words.append(clothing.describe_glasses(meta, rng))
    if meta["lipstick"] != "none" and not colorless and not dark and rng.random() < 0.7:
        words.append(clothing.describe_lipstick(meta, rng))
    return words


def _mention_camera(mentions: Mentions, meta: Meta, info: Info, rng: Rng) -> None:
    """Add light, lens, background, framing and marks of quality."""
    if rng.random() < (0.985 if info["style"] in STRIKING_STYLES else 0.85):
        mentions.light = describe_light(info, rng)
    if rng.random() < 0.5:
        mentions.lens = setting.describe_lens(meta["lens"], info, rng)
    if rng.random() < 0.6:
        mentions.background = setting.describe_background(info, rng)
    if info["bw"] and setting.mentions_color(mentions.background):
        mentions.background = ""
    if meta["framing"] == "close-up":
        mentions.framing = "close-up"
    else:
        mentions.framing = pick(rng, "head and shoulders", "headshot", "head-and-shoulders")
    count = int(rng.choice([0, 1, 2, 3], p=[0.25, 0.35, 0.28, 0.12]))
    mentions.quality = [QUALITY[k] for k in rng.choice(len(QUALITY), count, replace=False)]
    mentions.monochrome = "black and white " if info["bw"] else ""


def _write_list(mentions: Mentions, rng: Rng) -> str:
    """Phrases with commas between them, the way prompts are written."""
    who, tone, frame = mentions.person, mentions.monochrome, mentions.framing
    opening = pick(
        rng,
        f"{tone}portrait of {with_article(who)}",
        f"{tone}portrait photo of {with_article(who)}",
        f"{frame} {tone}portrait of {with_article(who)}",
        f"{tone}{frame} of {with_article(who)}",
        f"{tone}photo of {with_article(who)}",
        f"{tone}portrait, {who}",
    )
    looks = [words for words in [*mentions.attributes, mentions.hair] if words]
    if rng.random() < 0.4:
        rng.shuffle(looks)
    wearing = f"wearing {mentions.garment}" if mentions.garment else ""
    manner = [words for words in (mentions.expression, wearing, mentions.pose) if words]
    camera = [words for words in (mentions.light, mentions.background, mentions.lens) if words]
    if rng.random() < 0.25:
        rng.shuffle(camera)
    return ", ".join([opening, *looks, *manner, *camera, *mentions.quality])


def _write_sentences(mentions: Mentions, meta: Meta, info: Info, rng: Rng) -> str:
    """Two to six sentences."""
    sentences = [_first_sentence(mentions, rng)]
    if mentions.expression:
        sentences.append(_expression_sentence(mentions.expression, meta, rng))
    if mentions.light:
        sentences.append(_light_sentence(mentions.light, rng))
    if mentions.background:
        place = f"The setting is {with_article(info['background'])}."
        sentences.append(pick(rng, f"{_capitalised(mentions.background)}.", place))
    if mentions.lens:
        sentences.append(f"{_capitalised(mentions.lens)}.")
    return " ".join(sentences)


def _first_sentence(mentions: Mentions, rng: Rng) -> str:
    """Who is shown, with what looks, wearing what."""
    who = with_article(mentions.person)
    framed = mentions.monochrome + mentions.framing
    sentence = pick(
        rng,
        f"{with_article(framed + ' photograph').capitalize()} of {who}",
        f"{with_article(mentions.monochrome + 'portrait photograph').capitalize()} of {who}",
        f"{with_article(framed + ' portrait').capitalize()} of {who}",
    )
    looks = [mentions.hair] if mentions.hair else []
    looks = [_countable(words) for words in looks + mentions.attributes[:3]]
    if looks:
        sentence += " with " + (", ".join(looks[:-1]) + " and " + looks[-1] if len(looks) > 1 else looks[0])
    if mentions.garment and rng.random() < 0.6:
        sentence += f", wearing {mentions.garment}"
    return sentence + "."


def _countable(words: str) -> str:
    """Put an article before what can be counted ("short beard", but not "brown hair")."""
    if words == "bald":
        return "a bald head"
    uncountable = words.endswith(NO_ARTICLE_ENDINGS) or ("hair " in words and "haircut" not in words)
    return words if uncountable or words.startswith("a ") else with_article(words)


def _expression_sentence(expression: str, meta: Meta, rng: Rng) -> str:
    """What the face does."""
    subject = "She" if meta["gender"] == "woman" else "He"
    if meta["expression"] == "smile":
        at_camera = " at the camera" if meta["gaze"] == "camera" else ""
        return f"{subject} is smiling{pick(rng, '', ' softly', at_camera)}."
    if meta["expression"] == "slight smile":
        return f"{subject} is smiling slightly."
    return f"{subject} has {with_article(expression)}."


def _light_sentence(light: str, rng: Rng) -> str:
    """How the scene is lit."""
    label = f"Lighting: {light}."
    no_noun = light.startswith(("sunny", "backlit", "mixed", "dark", "moody", "cinematic"))
    sentence = label if no_noun else f"The scene is lit with {light}."
    return pick(rng, sentence, label, f"{_capitalised(light)}.")


def _write_short(mentions: Mentions, info: Info, rng: Rng) -> str:
    """A person, perhaps one look, perhaps the light or the place."""
    looks = [words for words in [mentions.hair, *mentions.attributes] if words]
    look = looks[int(rng.integers(len(looks)))] if looks else ""
    who = with_article(mentions.person)
    if mentions.monochrome:
        parts = [f"{mentions.monochrome}photo of {who}"]
    else:
        parts = [who if rng.random() < 0.6 else f"portrait of {who}"]
    if look and rng.random() < 0.7:
        parts.append(look)
    if mentions.light and (info["style"] in STRIKING_STYLES or rng.random() < 0.6):
        parts.append(mentions.light)
    elif mentions.background and rng.random() < 0.6:
        parts.append(mentions.background)
    return ", ".join(parts)


def _capitalised(words: str) -> str:
    """The words with a capital first letter."""
    return words[0].upper() + words[1:]
