"""Words for light: one function a style, each naming only sides, colors and rims that the rig really has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.portraits.captions.choice import pick

Rng = np.random.Generator


@dataclass(frozen=True)
class Light:
    """What may be said about a lighting.

    Attributes:
        side: Side of the key light as the viewer sees it, or None.
        facts: Facts of the rig.
        monochrome: Whether the picture is black and white.
        rim: A phrase about the rim light, or nothing.
    """

    side: str | None
    facts: dict[str, Any]
    monochrome: bool
    rim: str

    @property
    def other(self) -> str:
        """The side opposite to the key."""
        return "left" if self.side == "right" else "right"


def _from_side(light: Light, words: str, rng: Rng) -> str:
    """Perhaps name the side the light comes from."""
    return f"{words} from the {light.side}" if light.side and rng.random() < 0.6 else words


def _soft_studio(light: Light, rng: Rng) -> str:
    if light.facts.get("warmcool") and not light.monochrome and rng.random() < 0.75:
        words = pick(
            rng,
            "soft studio lighting with warm key and cool fill",
            "soft studio light, warm key light and cool fill",
            "soft warm key light with cool fill",
        )
        side = f", key light from the {light.side}" if rng.random() < 0.35 else ""
        return words + side + light.rim
    words = pick(
        rng,
        "soft studio lighting",
        "soft studio light",
        "softbox lighting",
        "soft key light",
        "soft diffused studio lighting",
    )
    return _from_side(light, words, rng) + light.rim


def _butterfly(light: Light, rng: Rng) -> str:
    clamshell = light.facts.get("clamshell")
    words = pick(
        rng,
        "butterfly lighting",
        "beauty lighting, butterfly shadow under the nose",
        "beauty dish lighting from above",
        "clamshell lighting" if clamshell else "paramount lighting",
        "clamshell beauty lighting" if clamshell else "butterfly lighting",
    )
    return words + light.rim


def _loop(light: Light, rng: Rng) -> str:
    words = pick(rng, "loop lighting", "classic loop lighting", "studio portrait lighting with a loop shadow")
    return _from_side(light, words, rng) + light.rim


def _rembrandt(light: Light, rng: Rng) -> str:
    words = pick(
        rng,
        "Rembrandt lighting",
        "dramatic Rembrandt lighting",
        "Rembrandt lighting, single light source",
        "chiaroscuro Rembrandt lighting",
    )
    return words + (f", key light from the upper {light.side}" if rng.random() < 0.55 else "")


def _split(light: Light, rng: Rng) -> str:
    words = pick(
        rng,
        f"split lighting from the {light.side}",
        "split lighting, half the face in shadow",
        f"hard side light from the {light.side}, half of the face in shadow",
    )
    return words + light.rim


def _golden_hour(light: Light, rng: Rng) -> str:
    return pick(
        rng,
        "golden hour backlight",
        "golden hour sunlight with a glowing rim light",
        "warm golden hour light, sun from behind",
        "backlit by the setting sun, hair glowing",
        f"golden hour rim light from the {light.side}",
    )


def _window(light: Light, rng: Rng) -> str:
    return pick(
        rng,
        f"soft window light from the {light.side}",
        "natural window light",
        "diffused overcast window light",
        f"soft daylight from a window on the {light.side}",
    )


def _noon_sun(_light: Light, rng: Rng) -> str:
    return pick(rng, "hard noon sun", "harsh midday sunlight", "hard overhead sunlight")


def _open_shade_sun(light: Light, rng: Rng) -> str:
    return pick(
        rng,
        f"bright sunlight from the upper {light.side}",
        "direct sunlight",
        "hard sunlight",
        f"sunny day, sun from the {light.side}",
    )


def _neon(light: Light, rng: Rng) -> str:
    key, second = light.facts["neon"]
    return pick(
        rng,
        f"neon lighting, {key} light from the {light.side} and {second} light from the {light.other}",
        f"{key} and {second} neon lighting",
        f"two-tone neon light, {key} and {second}",
        f"cinematic neon light in {key} and {second}",
    )


def _low_key(light: Light, rng: Rng) -> str:
    return pick(
        rng,
        "low-key lighting",
        "dark low-key portrait with rim light",
        "moody low-key lighting, mostly in shadow",
        f"low-key lighting with rim light from the {light.side}",
    )


def _high_key(_light: Light, rng: Rng) -> str:
    return pick(rng, "high-key lighting", "bright high-key studio lighting", "even high-key light")


def _mixed_warm_cool(light: Light, rng: Rng) -> str:
    return pick(
        rng,
        f"warm candlelight from the {light.side} and cool daylight from the {light.other}",
        "mixed lighting, warm tungsten and cool blue daylight",
        f"warm tungsten key light from the {light.side}, cool blue fill",
        "warm candle glow against cool daylight",
    )


def _overcast(_light: Light, rng: Rng) -> str:
    return pick(rng, "overcast daylight", "flat overcast light", "soft overcast natural light")


WORDS_BY_STYLE: dict[str, Callable[[Light, Rng], str]] = {
    "soft studio": _soft_studio,
    "butterfly": _butterfly,
    "loop": _loop,
    "rembrandt": _rembrandt,
    "split": _split,
    "golden hour": _golden_hour,
    "window": _window,
    "noon sun": _noon_sun,
    "open shade sun": _open_shade_sun,
    "neon": _neon,
    "low-key": _low_key,
    "high-key": _high_key,
    "mixed warm cool": _mixed_warm_cool,
    "overcast": _overcast,
}


def describe_light(info: dict[str, Any], rng: Rng) -> str:
    """Words for the lighting in `info` (`style`, `side`, `facts`, `bw`)."""
    rim = ""
    if info["facts"].get("rim") and rng.random() < 0.6:
        rim = pick(rng, " and a rim light", " with rim light", " and subtle rim lighting")
    light = Light(info["side"], info["facts"], info["bw"], rim)
    return WORDS_BY_STYLE[info["style"]](light, rng)
