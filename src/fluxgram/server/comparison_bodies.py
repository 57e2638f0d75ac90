"""What comparisons are asked for in, and what they are answered with; the routes are `native_boards.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import RequestError
from fluxgram.jobs.comparisons import ComparisonOrder
from fluxgram.jobs.grids import MOST_CELLS, Axis, CellOrder, Vary, grid
from fluxgram.prompt.editing import edit
from fluxgram.server.native_gallery import PictureCard
from fluxgram.server.native_jobs import AdapterWish
from fluxgram.server.native_views import Trouble
from fluxgram.server.native_words import catalog_of
from fluxgram.server.strict import Body
from fluxgram.store.boards import MOST_TITLE
from fluxgram.store.records import BoardKind, Winner

if TYPE_CHECKING:
    from fastapi import Request

    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.grids import Rewrite

Title = Annotated[StrictStr, Field(max_length=MOST_TITLE, description="What to call it.")]
Label = Annotated[
    StrictStr, Field(max_length=500, description="What to call it; longer than 80 characters is cut.")
]
Prompt = Annotated[StrictStr, Field(max_length=100_000)]
Place = Annotated[StrictInt, Field(ge=0, lt=MOST_CELLS)]
Value = StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=100_000)]


class Drawn(Body):
    """What this service is to draw; as of a job, one picture."""

    prompt: StrictStr = Field(description="What the picture should show.", examples=["portrait of a sailor"])
    negative: StrictStr | None = None
    negative_method: Literal["true_cfg", "vsf", "nag", "none"] | None = None
    negative_scale: StrictFloat | StrictInt | None = None
    adapters: list[AdapterWish] = Field([], max_length=8, description="Adapters (LoRA), in order.")
    seed: StrictInt | StrictStr | None = Field(
        None, description="The same drawn one for all cells by default."
    )
    size: StrictStr | tuple[StrictInt, StrictInt] | None = None
    steps: StrictInt | None = None
    guidance: StrictFloat | StrictInt | None = None
    quality: Literal["draft", "proof", "final"] | None = None
    checkpoint: StrictStr | None = None
    strict: StrictBool = False

    def plain(self) -> dict[str, Any]:
        """Fields that were given."""
        given = self.model_dump(exclude={"adapters"})
        plain = {name: value for name, value in given.items() if value not in (None, "", False)}
        if self.adapters:
            plain["adapters"] = [wish.model_dump(exclude_none=True) for wish in self.adapters]
        return plain


class AxisBody(Body):
    """What changes along one side of a grid."""

    vary: Vary = Field(description="Which setting; `light` and `lens` are put into the prompt.")
    values: list[Value] = Field(
        min_length=1,
        max_length=MOST_CELLS,
        description="Its values. Of `light` and `lens` ids of terms, `@left` or `@right` behind for a side, or an "
        "empty text for the prompt as it is. Of `adapters` texts such as `film:0.8`, several at once joined by ` + `, "
        "or an empty text for none.",
    )
    labels: list[Label] = Field([], max_length=MOST_CELLS, description="What to call them instead.")

    def axis(self) -> Axis:
        """As the grid takes it."""
        return Axis(self.vary, tuple(self.values), tuple(self.labels))


class Axes(Body):
    """The sides of a grid."""

    x: AxisBody
    y: AxisBody | None = None


class CellBody(Body):
    """One picture of a comparison: drawn here, there already, or drawn by another server."""

    label: Label = ""
    x: Place = 0
    y: Place = 0
    request: Drawn | None = Field(None, description="Have it drawn here.")
    picture: StrictStr = Field("", max_length=200, description="Name of a picture that is there.")
    endpoint: StrictStr = Field("", max_length=60, description="Name of another server that is to draw it.")
    prompt: Prompt = Field("", description="What the other server is asked for.")
    size: StrictStr = Field(
        "", pattern=r"^([0-9]{2,5}x[0-9]{2,5})?$", description="For the other server: 512x768."
    )
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = Field(
        None, description="For the other server; that of the cells that are drawn here by default."
    )
    negative: Prompt = Field(
        "", description="For the other server, as are the next three; what it refuses is left out."
    )
    quality: Literal["draft", "proof", "final"] | None = None
    steps: Annotated[StrictInt, Field(ge=1, le=200)] | None = None
    guidance: Annotated[StrictFloat | StrictInt, Field(ge=0, le=30)] | None = None

    def cell(self, number: int) -> CellOrder:
        """As a comparison takes it."""
        request = None if self.request is None else self.request.plain()
        label = self.label or self.endpoint or f"Picture {number + 1}"
        more = {name: getattr(self, name) for name in ("negative", "quality", "steps", "guidance")}
        return CellOrder(
            label,
            self.x,
            self.y,
            request,
            self.picture,
            self.endpoint,
            self.prompt,
            self.size,
            self.seed,
            {name: value for name, value in more.items() if value not in (None, "")},
        )


class Comparison(Body):
    """A comparison: cells one by one, a grid of settings with `axes` and `request`, or both."""

    kind: Literal["comparison"] = "comparison"
    title: Title = ""
    axes: Axes | None = Field(None, description="A grid: one cell for each pair of values.")
    request: Drawn | None = Field(None, description="What all cells of the grid share.")
    cells: list[CellBody] = Field([], max_length=MOST_CELLS)
    preview_every: StrictInt = Field(0, ge=0, description="A small preview every so many steps.")

    def order(self, request: Request, base: str, key: str) -> ComparisonOrder:
        """As the door takes it.

        Raises:
            RequestError: An axis without a request, or the other way round; a value is none.
        """
        if (self.axes is None) != (self.request is None):
            raise RequestError("A grid needs both axes and request.", "Send both, or cells only.")
        made: list[CellOrder] = []
        axes: dict[str, Any] = {}
        if self.axes is not None and self.request is not None:
            below = None if self.axes.y is None else self.axes.y.axis()
            made, axes = grid(self.request.plain(), self.axes.x.axis(), below, rewriting(request))
        made += [each.cell(len(made) + at) for at, each in enumerate(self.cells)]
        prompt = (
            self.request.prompt
            if self.request
            else next((each.prompt for each in self.cells if each.prompt), "")
        )
        title = self.title.strip() or " ".join(prompt.split())[:60] or "Comparison"
        shared = "" if any(side["vary"] == "prompt" for side in axes.values()) else prompt if axes else ""
        return ComparisonOrder(title, made, axes, shared, self.preview_every, base, key)


class MoreCells(Body):
    """Pictures that are added."""

    cells: list[CellBody] = Field(min_length=1, max_length=MOST_CELLS)


class BoardChange(Body):
    """What to change of a comparison or a shoot."""

    title: Title | None = None
    version: StrictInt | None = Field(
        None,
        description="The version that the change was made from; refused with 409 where it is another by now.",
    )
    trashed: Literal[False] | None = Field(None, description="`false` takes it out of the bin.")


class VoteBody(Body):
    """Which of two somebody liked better."""

    left: StrictInt = Field(ge=0, lt=2**31, description="Number of the cell on the left.")
    right: StrictInt = Field(ge=0, lt=2**31, description="Number of the cell on the right.")
    winner: Winner
    blind: StrictBool = Field(True, description="The voter did not know which was which.")


class CellView(BaseModel):
    """A cell as it stands."""

    number: int = Field(description="Its own for ever.")
    label: str
    x: int
    y: int
    kind: Literal["job", "picture", "endpoint"]
    state: str = Field(description="`queued`, `running`, `done`, `failed` or `cancelled`.")
    job: int | None
    position: int | None
    eta: float | None
    picture: PictureCard | None
    settings: dict[str, Any] = Field(description="How it was made; its seed as text.")
    problem: Trouble | None


class BoardSummary(BaseModel):
    """A board in a list."""

    id: str
    kind: BoardKind
    title: str
    created: str
    updated: str
    version: int
    trashed: str | None
    count: int = Field(description="Pictures of a comparison; frames of a shoot are counted elsewhere.")
    thumbnails: list[str]


class BoardView(BoardSummary):
    """A board; of a comparison with its cells."""

    axes: dict[str, Any] = Field(
        description="`x` and `y` with what varies and labels; empty where there is no grid."
    )
    cells: list[CellView] = Field(description="In reading order.")


def rewriting(request: Request) -> Rewrite:
    """What puts a light or a lens into a prompt, in the words of the cell's checkpoint."""
    jobs: Jobs = request.app.state.jobs
    catalog = catalog_of(request)

    def rewrite(kind: str, term: str, prompt: str, checkpoint: str) -> tuple[str, str]:
        name, _, side = term.partition("@")
        if side not in ("", "left", "right"):
            raise RequestError(f"{side[:20]!r} is not a side.", "Say left or right.")
        known = catalog.terms.get(name)
        if known is not None and known.kind != kind:
            raise RequestError(f"{name} is not a {kind}.", f"Give the id of a {kind}, or words.")
        where: Literal["left", "right"] | None = "left" if side == "left" else "right" if side else None
        done = edit(
            prompt,
            add=[name],
            side=where,
            replace_kind=known is not None,
            family=jobs.facts(checkpoint).family,
            catalog=catalog,
        )
        said = known.say if known is not None else name
        return done.text, f"{said} from the {side}" if side else said

    return rewrite


def numbered(bodies: Sequence[CellBody], first: int) -> list[CellOrder]:
    """Cells that are added behind others."""
    return [each.cell(first + at) for at, each in enumerate(bodies)]
