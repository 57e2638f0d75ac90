"""Words for garments and glasses, beards and lipstick."""

from typing import Any

import numpy as np

from recipes.mini.portraits.captions.choice import pick, pick_for, with_article

Meta = dict[str, Any]
Rng = np.random.Generator

GARMENTS = {
    "crew-neck t-shirt": ("{color} {stripes}t-shirt", "{color} {stripes}crew-neck t-shirt"),
    "v-neck t-shirt": ("{color} v-neck t-shirt", "{color} v-neck top"),
    "turtleneck": ("{color} turtleneck", "{color} turtleneck sweater"),
    "crew-neck sweater": ("{color} {stripes}sweater", "{color} {stripes}knit sweater"),
    "v-neck sweater": ("{color} v-neck sweater", "{color} v-neck knit"),
    "scoop-neck top": ("{color} scoop-neck top", "{color} top"),
    "button-up shirt": (
        "{color} {stripes}button-up shirt",
        "{color} {stripes}shirt",
        "{color} {stripes}collared shirt",
    ),
    "blouse": ("{color} {stripes}blouse", "{color} {stripes}collared shirt"),
}

GLASSES = {
    "thin metal": ("thin metal glasses", "wire-frame glasses", "glasses"),
    "black rectangular": ("black rectangular glasses", "black-framed glasses", "glasses"),
    "round tortoiseshell": ("round tortoiseshell glasses", "round glasses"),
}

BEARDS = {
    "stubble": ("stubble", "light stubble", "five o'clock shadow"),
    "short beard": ("short beard", "trimmed beard"),
    "full beard": ("full beard", "thick beard"),
    "moustache": ("moustache", "mustache"),
    "goatee": ("goatee",),
}

LIPSTICKS = {
    "red": ("red lipstick",),
    "nude": ("nude lipstick", "natural makeup"),
    "berry": ("berry lipstick", "dark berry lipstick"),
}


def describe_garment(meta: Meta, rng: Rng) -> str:
    """The garment with its color and an article."""
    garment, color = meta["top"], meta["top_color"]
    if garment == "jacket over a striped shirt":
        return pick(
            rng,
            with_article(f"{color} jacket over a striped shirt"),
            with_article(f"{color} blazer and a striped shirt"),
            with_article(f"{color} blazer"),
        )
    if garment == "suit and tie":
        suit = f"{color} suit"
        return pick(rng, with_article(f"{suit} and tie"), with_article(f"{suit} with a white shirt and tie"))
    template = pick_for(rng, garment, GARMENTS)
    stripes = "striped " if meta["pattern"] == "striped" else ""
    return with_article(template.format(color=color, stripes=stripes))


def describe_garment_without_color(meta: Meta, rng: Rng) -> str:
    """The garment where colors cannot be seen."""
    words = describe_garment(meta, rng).replace(meta["top_color"] + " ", "", 1)
    return with_article(words.split(" ", 1)[1])


def describe_glasses(meta: Meta, rng: Rng) -> str:
    """The glasses (there must be some)."""
    return pick_for(rng, meta["glasses"], GLASSES)


def describe_beard(meta: Meta, rng: Rng) -> str:
    """The beard (there must be one)."""
    return pick_for(rng, meta["beard"], BEARDS)


def describe_lipstick(meta: Meta, rng: Rng) -> str:
    """The lipstick (there must be some)."""
    return pick_for(rng, meta["lipstick"], LIPSTICKS)
