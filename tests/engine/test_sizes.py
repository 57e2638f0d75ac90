"""Sizes: what is rendered for what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.engine.sizes import Shape, choose_sizes, crop_box
from fluxgram.errors import RequestError
from fluxgram.families.checkpoints import Sizes

KLEIN = Sizes(multiple=16, default=(1024, 1024))
MINI = Sizes(multiple=32, default=(256, 256), known=((256, 256), (256, 384)), least=256, most=98_304)


@pytest.mark.parametrize(
    ("wish", "rendered", "delivered"),
    [
        (None, (256, 256), (256, 256)),
        ((256, 384), (256, 384), (256, 384)),
        ((512, 768), (256, 384), (512, 768)),
        ((1024, 1024), (256, 256), (1024, 1024)),
        ((768, 512), (256, 256), (768, 512)),  # nothing wide is known: the square is nearer than the upright
        ((100, 160), (256, 384), (100, 160)),
        (Shape(2, 3), (256, 384), (256, 384)),
        (Shape(1, 1), (256, 256), (256, 256)),
        (Shape(4, 5), (256, 384), (256, 320)),
    ],
)
def test_a_checkpoint_with_known_sizes_renders_the_nearest(
    wish: object, rendered: tuple[int, int], delivered: tuple[int, int]
) -> None:
    assert choose_sizes(wish, MINI) == (rendered, delivered)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "rendered", "delivered"),
    [
        (None, (1024, 1024), (1024, 1024)),
        ((832, 1248), (832, 1248), (832, 1248)),
        ((1000, 700), (1008, 704), (1000, 700)),
        ((2047, 2049), (2032, 2048), (2047, 2049)),  # rounding up would pass the upper limit
        (Shape(2, 3), (832, 1248), (832, 1248)),
        (Shape(16, 9), (1360, 768), (1360, 768)),
    ],
)
def test_any_other_renders_the_next_multiple(
    wish: object, rendered: tuple[int, int], delivered: tuple[int, int]
) -> None:
    assert choose_sizes(wish, KLEIN) == (rendered, delivered)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "sizes"), [((2049, 2049), KLEIN), ((63, 200), KLEIN), ((15, 20), MINI), ((2100, 2100), MINI)]
)
def test_absurd_sizes_are_refused(wish: tuple[int, int], sizes: Sizes) -> None:
    with pytest.raises(RequestError) as caught:
        choose_sizes(wish, sizes)
    assert "{}x{}".format(*wish) in str(caught.value)
    assert caught.value.hint


def test_a_few_pixels_too_many_are_cut_off_from_the_middle() -> None:
    assert crop_box((1008, 704), (1000, 700), KLEIN) == (4, 2, 1004, 702)


def test_another_shape_keeps_the_largest_part_from_the_middle() -> None:
    assert crop_box((256, 256), (768, 512), MINI) == (0, 42, 256, 213)


sides = st.integers(64, 2000)
wishes = st.tuples(sides, sides).filter(lambda wish: max(wish) <= 8 * min(wish)) | st.builds(
    Shape, st.integers(3, 16), st.integers(3, 16)
)


@given(wishes, st.sampled_from([KLEIN, MINI]))
def test_what_was_delivered_renders_the_same_when_asked_for(
    wish: tuple[int, int] | Shape, sizes: Sizes
) -> None:
    rendered, delivered = choose_sizes(wish, sizes)
    assert choose_sizes(delivered, sizes) == (rendered, delivered)


@given(wishes, st.sampled_from([KLEIN, MINI]))
def test_what_is_rendered_is_drawable_and_holds_the_crop(wish: tuple[int, int] | Shape, sizes: Sizes) -> None:
    rendered, delivered = choose_sizes(wish, sizes)
    left, top, right, bottom = crop_box(rendered, delivered, sizes)
    assert all(side % sizes.multiple == 0 for side in rendered)
    assert rendered[0] * rendered[1] <= sizes.most
    assert rendered in sizes.known or not sizes.known
    assert 0 <= left < right <= rendered[0]
    assert 0 <= top < bottom <= rendered[1]
    # of the delivered shape, to the pixel that rounding takes
    assert abs((right - left) * delivered[1] - (bottom - top) * delivered[0]) <= max(delivered)
