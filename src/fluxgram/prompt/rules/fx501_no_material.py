"""FX501: a thing made of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list


class NoMaterial(Rule):
    """Finds a product scene in which no material is named.

    ## What it does
    Looks, in pictures of things, for any material or surface: wood, stone, leather, glass, metal, fabric, their grain,
    weave or glaze.

    ## Why it is bad
    Without one, things come out in smooth, nameless plastic. Materials are what FLUX renders best, but only when they
    are named.

    ## Example
    `product photo of a watch on a table, softbox from the left`

    ## Use instead
    `product photo of a brushed steel watch with a grained leather strap on dark walnut, softbox from the left`

    ## Evidence
    Second article, on materials: surfaces do not come by themselves, the prompt has to name the material.
    """

    code = "FX501"
    name = "no-material"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "materials": phrase_list(
            """wood, wooden, oak, walnut, pine, bamboo, teak, stone, marble, granite, slate, concrete, cement, brick,
            leather, suede, linen, cotton, wool, denim, silk, velvet, canvas, fabric, knit, knitted, tweed, felt,
            flannel, ceramic, porcelain, clay, stoneware, terracotta, glazed, glaze, glass, crystal, chrome, steel,
            brass, copper, bronze, gold, golden, silver, aluminium, aluminum, titanium, iron, metal, metallic,
            plastic, acrylic, rubber, paper, cardboard, kraft, cork, wicker, rattan, resin, enamel, carbon fiber,
            carbon fibre, mesh, nylon, satin, lacquer, lacquered, matte, glossy, brushed, polished, frosted, pewter,
            travertine, terrazzo, plaster, sand, straw, jute, mahogany, ebony, earthenware, pearl, diamond,
            sapphire, wax, foil, patina, plexiglass, alcantara"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole."""
        if not draft.is_product or not draft.english or len(draft.words) < 3 or draft.spots("materials"):
            return
        if draft.terms("material", "surface"):
            return
        yield self.finding(
            "No material is named, so the thing will look like smooth plastic. Say what it is made of and what it "
            'stands on, such as "brushed steel, grained leather, on dark walnut".'
        )
