"""The prompts that versions of fluxgram-mini are compared by: 24 fixed ones to look at, balanced ones to count.

`balanced` draws every attribute evenly, in wording of its own, so that neither the captions' habits nor the heads'
frequencies help; what it asks for comes back as class numbers of `labels.ATTRIBUTES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recipes.mini.labels import ATTRIBUTES, SKIN, STYLES, UNKNOWN

FIXED = (
    "portrait of a woman in her 30s, sharp cheekbones, natural freckles, short auburn hair with loose waves, soft studio lighting with warm key and cool fill, shallow depth of field, Canon EF 85mm f/1.4 bokeh, 4K, skin texture, photorealistic, RAW photo",
    "portrait of an elderly man with white hair and a full beard, Rembrandt lighting, key light from the upper left, dark background, 85mm f/1.8",
    "portrait of a young Black woman with a short afro, golden hour backlight, field at sunset, 135mm f/2",
    "close-up portrait of a man in his 40s, short black hair, stubble, split lighting from the right, black background",
    "headshot of a young East Asian man with short black hair, soft window light from the left, wearing a white t-shirt",
    "portrait of a woman with long wavy blonde hair, butterfly lighting, gray studio backdrop, red lipstick",
    "portrait of a man, neon lighting, magenta light from the left and cyan light from the right, night city",
    "a woman in her 60s with gray bob haircut, overcast daylight, city street in the background",
    "black and white portrait of an old man, deep wrinkles, low-key lighting with rim light",
    "portrait of a woman with dark brown skin and long curly black hair, high-key lighting, white background",
    "portrait of a bald man with a short beard, hard noon sun, beach under a blue sky",
    "portrait of a young woman with red hair and freckles, soft window light from the right, 50mm f/2",
    "portrait of a man with round glasses, brown hair with a side part, loop lighting, gray background, wearing a navy suit and tie",
    "portrait of an Asian woman with a black bob with bangs, warm candlelight from the left and cool daylight from the right, café",
    "portrait of a middle-aged man with salt-and-pepper hair, golden hour sunlight with a glowing rim light, garden",
    "close-up of a woman, brown eyes, olive skin, dark brown wavy hair, Rembrandt lighting, key light from the upper right",
    "30-year-old woman, dark brown wavy hair past shoulders, warm olive skin tone, brown eyes, neutral grey studio backdrop, soft studio lighting, warm key light, cool fill, photorealistic, 4K, skin pores, RAW photo",
    "portrait of a young man with blond hair, direct sunlight from the left, forest",
    "portrait of a woman in her 50s with short gray hair and black-framed glasses, modern office, soft studio light",
    "portrait of a Black man with a shaved head and goatee, low-key lighting, dark background",
    "portrait of a smiling woman with long straight black hair, wearing a mustard sweater, leafy garden, overcast daylight",
    "portrait of a man with curly brown hair, red brick wall, soft daylight from a window on the right",
    "portrait of an old woman, white hair, deep wrinkles, split lighting from the left, half the face in shadow",
    "headshot of a young man, short crop, blue and orange neon lighting, night street",
)

_AGES = (
    ("a young {}", "a {} in {} 20s"),
    ("a middle-aged {}", "a {} in {} 40s"),
    ("an elderly {}", "a {} in {} 70s"),
)
_HAIR = (
    ("black", "dark brown"),
    ("brown", "light brown"),
    ("blonde", "golden blonde"),
    ("auburn", "ginger red"),
    ("gray", "white"),
)
_LENGTHS = (
    (),
    ("short {} hair",),
    ("chin-length {} bob", "shoulder-length {} hair"),
    ("long straight {} hair", "long wavy {} hair"),
)
_LIGHT = {
    "soft studio": "soft studio lighting from the {}", "butterfly": "butterfly lighting", "loop": "loop lighting from the {}",
    "rembrandt": "Rembrandt lighting, key light from the upper {}", "split": "split lighting from the {}",
    "golden hour": "golden hour backlight, golden hour rim light from the {}", "window": "soft window light from the {}",
    "noon sun": "hard noon sun", "neon": "neon lighting, {a} light from the {} and {b} light from the {o}",
    "low-key": "low-key lighting with rim light from the {}", "high-key": "high-key lighting",
    "mixed warm cool": "warm candlelight from the {} and cool daylight from the {o}", "overcast": "overcast daylight",
    "open shade sun": "hard sunlight from the upper {}",
}  # fmt: skip
SIDELESS = ("butterfly", "noon sun", "high-key", "overcast")
_NEON = (("magenta", "cyan"), ("orange", "blue"), ("red", "green"), ("purple", "teal"), ("pink", "blue"))


@dataclass(frozen=True)
class Asked:
    """A prompt and what it asks for: class numbers in the order of `ATTRIBUTES`, `UNKNOWN` where it does not say."""

    prompt: str
    labels: tuple[int, ...]

    def label(self, name: str) -> int:
        """The class asked for."""
        return self.labels[list(ATTRIBUTES).index(name)]


def balanced(count: int, seed: int = 0) -> list[Asked]:
    """So many prompts, each attribute's values in turn over a random order of their own."""
    rng = np.random.default_rng(seed)

    def turns(values: int) -> np.ndarray:
        return rng.permutation(np.arange(count) % values)

    columns = {name: turns(values) for name, values in (
        ("gender", 2), ("age", 3), ("skin", len(SKIN)), ("hair colour", 5), ("hair length", 4), ("beard", 2), ("glasses", 2),
        ("framing", 2), ("light style", len(STYLES)), ("light side", 2),
    )}  # fmt: skip
    return [_write({name: int(values[i]) for name, values in columns.items()}, rng) for i in range(count)]


def _write(asked: dict[str, int], rng: np.random.Generator) -> Asked:
    """One prompt: subject, skin, hair, extras, light; women have no beard and long hair is theirs."""

    def one(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    man = asked["gender"] == 1
    asked["beard"] *= int(man)
    if man and asked["hair length"] >= 2:
        asked["hair length"] = 1
    if not man and asked["hair length"] == 0:
        asked["hair length"] = 3
    if asked["age"] == 2 and asked["hair colour"] != 4 and asked["hair length"]:
        asked["hair colour"] = 4
    subject = one(_AGES[asked["age"]]).format("man" if man else "woman", "his" if man else "her")
    frame = "close-up portrait of" if asked["framing"] else "head and shoulders portrait of"
    words = [f"{frame} {subject}", f"{SKIN[asked['skin']]} skin"]
    if asked["hair length"]:
        words.append(one(_LENGTHS[asked["hair length"]]).format(one(_HAIR[asked["hair colour"]])))
    else:
        words.append(one(("shaved head", "bald head")))
        asked["hair colour"] = UNKNOWN
    words += [one(("full beard", "short beard"))] * asked["beard"]
    words += [one(("black rectangular glasses", "round glasses"))] * asked["glasses"]
    style = STYLES[asked["light style"]]
    sides = ("left", "right") if asked["light side"] == 0 else ("right", "left")
    first, second = _NEON[int(rng.integers(len(_NEON)))]
    words.append(_LIGHT[style].format(sides[0], o=sides[1], a=first, b=second))
    if style in SIDELESS:
        asked["light side"] = 2
    words.append(one(("85mm f/1.8", "photorealistic", "50mm f/2", "RAW photo")))
    return Asked(", ".join(words), tuple(asked.get(name, UNKNOWN) for name in ATTRIBUTES))
