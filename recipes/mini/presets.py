"""Step 10: the Studio's pictures of the presets, drawn by the checkpoint itself.

    python -m recipes.mini.presets [FOLDER] [--only NAME …] [--sheet SHEET.png]

Each portrait preset is said about one person whom it suits, with a fixed seed; `--sheet` draws several seeds of each
instead, to choose from when the weights are new. Presets of things, rooms and landscapes
get no picture: the checkpoint was trained on people, and the Studio shows a card in the colour of their light instead.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image, ImageOps

from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.photography.catalog import Catalog, load_catalog
from fluxgram.prompt.asked import parts_of
from fluxgram.prompt.compose import compose
from fluxgram.prompt.looks import brief_of

FOLDER = Path(__file__).parents[2] / "src/fluxgram/studio/assets/presets"
SIZE = (192, 240)
RENDERED = (256, 256)
TALL = {"cyberpunk-night": (256, 384)}
"""Where more of what is around the face shows the light."""
CANDIDATES = 8
"""Seeds of a row of the sheet, from 0."""
MOST_BYTES = 6_500
"""Of a picture; all together stay below 200 KB."""

WHO: dict[str, tuple[str, int]] = {
    "headshot": ("portrait of a woman in her 30s with brown hair, smiling, in a blue shirt", 4),
    "studio-close-up": ("close portrait of a young woman with freckles and auburn hair", 4),
    "editorial-rembrandt": ("portrait of a man in his 50s with a grey beard", 0),
    "golden-lifestyle": ("portrait of a young woman with long blond hair", 3),
    "window-documentary": ("portrait of a woman in her 60s with grey hair", 4),
    "cyberpunk-night": ("portrait of a young man with black hair", 14),
    "film-portrait": ("portrait of a young woman with dark brown hair", 6),
    "phone-candid": ("portrait of a young man with a short beard, smiling", 4),
    "beauty-clamshell": ("close portrait of a young Black woman with short hair", 4),
    "butterfly-glamour": ("portrait of a woman in her 30s with black hair", 5),
    "split-character": ("portrait of an old man with a white beard", 3),
    "low-key-rim": ("portrait of a man in his 40s with dark skin", 5),
    "high-key-white": ("portrait of a young woman with blond hair", 2),
    "overcast-true": ("portrait of a man in his 30s with an olive skin and curly hair", 4),
    "tungsten-daylight": ("portrait of a woman in her 40s with red hair", 0),
    "noon-street": ("portrait of a man in his 20s with short black hair", 1),
    "flash-party": ("portrait of a young woman with black hair, laughing", 4),
    "craftsman": ("portrait of a man in his 60s with a grey beard and glasses", 4),
    "blacksmith": ("portrait of a man in his 40s with a full beard", 0),
    "cafe-candid": ("portrait of a young woman with brown hair and glasses", 3),
    "street-walk": ("portrait of a woman in her 30s with long dark hair", 3),
}
"""Whom each preset is shown on, and the seed."""


def prompt_of(name: str, who: str, catalog: Catalog) -> str:
    """The preset's own words about somebody, as the checkpoint's family reads them."""
    look = catalog.preset(name)
    brief = brief_of(look.brief, who, parts_of({}, {}, catalog), look=look, catalog=catalog)
    return compose(brief, family="flux2", catalog=catalog).text


def fitted(picture: Image.Image) -> Image.Image:
    """The middle, or where the face is, in the shape of a card and of its size."""
    return ImageOps.fit(picture.convert("RGB"), SIZE, Image.Resampling.LANCZOS, centering=(0.5, 0.3))


def encoded(picture: Image.Image) -> bytes:
    """WebP of the best quality that is small enough."""
    for quality in range(86, 29, -4):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def shoot(engine: Engine, name: str, prompt: str, seed: int) -> Image.Image:
    """One picture, fitted."""
    request = Request(prompt=prompt, seed=seed, size=TALL.get(name, RENDERED), quality="final")
    return fitted(engine.generate(request)[0].picture)


def sheet(engine: Engine, names: list[str], catalog: Catalog) -> Image.Image:
    """A row of candidates for each preset."""
    made = Image.new("RGB", (CANDIDATES * SIZE[0], len(names) * SIZE[1]))
    for row, name in enumerate(names):
        prompt = prompt_of(name, WHO[name][0], catalog)
        for seed in range(CANDIDATES):
            made.paste(shoot(engine, name, prompt, seed), (seed * SIZE[0], row * SIZE[1]))
        print(name, flush=True)
    return made


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", default=sorted(WHO), choices=sorted(WHO), metavar="NAME")
    parser.add_argument("--checkpoint", default="fluxgram-mini")
    parser.add_argument("--sheet", type=Path, help="draw candidates into one picture instead")
    given = parser.parse_args()
    catalog = load_catalog([])
    with Engine(given.checkpoint) as engine:
        if given.sheet:
            sheet(engine, given.only, catalog).save(given.sheet)
            return
        given.folder.mkdir(parents=True, exist_ok=True)
        for name in given.only:
            who, seed = WHO[name]
            prompt = prompt_of(name, who, catalog)
            data = encoded(shoot(engine, name, prompt, seed))
            (given.folder / f"{name}.webp").write_bytes(data)
            print(f"{name}: {len(data)} bytes: {prompt}", flush=True)


if __name__ == "__main__":
    main()
