"""FX106: tags of picture boards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_PLAIN = {"1girl": "a woman", "1boy": "a man", "2girls": "two women", "2boys": "two men", "1woman": "a woman",
          "1man": "a man", "1other": "a person"}  # fmt: skip


class Tags(Rule):
    """Finds tags that only checkpoints trained on picture boards know.

    ## What it does
    Looks for `masterpiece`, `best quality`, `1girl`, `score_9`, `absurdres`, `solo`, `looking at viewer` and the like.

    ## Why it is bad
    FLUX was trained on sentences that describe pictures, not on tags. At best they do nothing; at worst they pull a
    photograph towards the illustrations that such tags came with.

    ## Example
    `masterpiece, best quality, 1girl, solo, looking at viewer, freckles`

    ## Use instead
    `portrait of a woman with freckles who looks into the camera, window light, 85mm f/1.8`

    ## Evidence
    Tag vocabularies of Danbooru and of the checkpoints trained on it (SDXL anime tunes); FLUX's text encoders (T5,
    Qwen3, Mistral) are language models. First article: quality markers are no magic words.
    """

    code = "FX106"
    name = "tags"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "board tags": phrase_list(
            """masterpiece, best quality, 1girl, 1boy, 2girls, 2boys, 1woman, 1man, 1other, score 9, score 9 up, score
            8 up, absurdres, highres, lowres, looking at viewer, nsfw, worst quality, upper body, cowboy shot,
            official art, ultra detailed 8k wallpaper, unity 8k wallpaper, trending on artstation, by greg
            rutkowski, amazing quality, very aesthetic, newest, source photo, rating safe"""
        ),
        "board words": ("solo",),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for all tags, at the first."""
        spots = sorted(draft.spots("board tags"))
        sure = [spot for spot in spots if spot.phrase not in {"upper body", "newest", "masterpiece"}]
        spots = [spot for spot in spots if sure or _alone(draft, spot.start)]
        spots = [spot for spot in spots if spot.phrase != "upper body" or len(sure) > 1]
        if not spots:
            return
        if len(spots) > 1:
            spots = sorted(
                [*spots, *(spot for spot in draft.spots("board words") if _alone(draft, spot.start))]
            )
        plain = [Edit(Span(s.start, s.end), _PLAIN[s.phrase]) for s in spots if s.phrase in _PLAIN]
        taken = draft.removals(Span(s.start, s.end) for s in spots if s.phrase not in _PLAIN)
        edits = sorted([*plain, *taken], key=lambda edit: edit.span)
        words = ", ".join(dict.fromkeys(draft.text[spot.start : spot.end] for spot in spots[:4]))
        yield self.finding(
            f'"{words}": FLUX reads sentences and knows no such tags; they do nothing or pull towards illustration. '
            "Describe what one sees instead.",
            Span(spots[0].start, spots[0].end),
            Fix("Say it in plain words", tuple(_apart(edits))),
        )


def _alone(draft: Draft, place: int) -> bool:
    """Whether a tag is a whole phrase ("a masterpiece of carpentry" is none)."""
    phrase = draft.phrase_at(place)
    return phrase.last - phrase.first <= 1


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """The edits that do not overlap with the one before."""
    end = 0
    for edit in edits:
        if edit.span.start >= end:
            end = edit.span.end
            yield edit
