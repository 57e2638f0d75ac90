"""Closed forms against published tables and calculation by hand."""

from __future__ import annotations

from math import inf, isinf, log2

import pytest

from fluxgram.errors import RequestError
from fluxgram.photography.optics import (
    FRAMINGS_MM,
    angle_of_view_degrees,
    blur_disc_mm,
    crop_factor,
    depth_of_field_mm,
    framing_px_per_mm,
    hyperfocal_mm,
    isolation_stops,
    subject_distance_mm,
)


@pytest.mark.parametrize(
    ("focal", "diagonal"),
    [(24, 84.1), (35, 63.4), (50, 46.8), (85, 28.6), (135, 18.2), (200, 12.3)],
)
def test_angles_of_view_are_those_of_the_makers(focal: float, diagonal: float) -> None:
    """Diagonal angles as Canon, Nikon and Sigma print them (rounded to half a degree)."""
    assert angle_of_view_degrees(focal, 43.267) == pytest.approx(diagonal, abs=0.3)


def test_horizontal_angle_of_50_mm() -> None:
    assert angle_of_view_degrees(50) == pytest.approx(39.6, abs=0.05)


@pytest.mark.parametrize(
    ("focal", "aperture", "metres"), [(50, 8, 10.47), (24, 11, 1.77), (35, 8, 5.14), (85, 2.8, 86.1)]
)
def test_hyperfocal_distances_of_the_tables(focal: float, aperture: float, metres: float) -> None:
    """As depth-of-field tables for 24x36 mm with a disc of 0.03 mm have them."""
    assert hyperfocal_mm(focal, aperture) / 1000 == pytest.approx(metres, rel=0.005)


def test_depth_of_field_of_a_headshot() -> None:
    """85 mm, f/1.8, 1.5 m: H = 133.9 m; near 1.484 m, far 1.516 m."""
    near, far = depth_of_field_mm(85, 1.8, 1500)
    assert near == pytest.approx(1484.2, abs=0.5)
    assert far == pytest.approx(1516.1, abs=0.5)


def test_focused_at_the_hyperfocal_distance_all_is_sharp_from_its_half() -> None:
    far_enough = hyperfocal_mm(24, 11)
    near, far = depth_of_field_mm(24, 11, far_enough)
    assert isinf(far)
    assert near == pytest.approx(far_enough / 2, rel=1e-9)


def test_blur_of_a_far_light_is_magnification_times_pupil() -> None:
    """100 mm f/2 at 2.1 m: m = 100/2000 = 1/20, pupil 50 mm, disc 2.5 mm; at 4.2 m half of it."""
    assert blur_disc_mm(100, 2, 2100, inf) == pytest.approx(2.5)
    assert blur_disc_mm(100, 2, 2100, 4200) == pytest.approx(1.25)
    assert blur_disc_mm(100, 2, 2100, 2100) == 0


def test_isolation_counts_doublings() -> None:
    assert isolation_stops(100, 2, 2100, 2100) == 0
    wide, closed = isolation_stops(100, 2, 2100, inf), isolation_stops(100, 4, 2100, inf)
    assert wide == pytest.approx(log2(25), abs=0.01)
    assert wide - closed == pytest.approx(1, abs=0.01)


def test_a_phone_separates_like_its_equivalent() -> None:
    """6.9 mm f/1.8 on 9.8x7.3 mm is about 24 mm f/6.4 on 24x36 mm from the same place."""
    crop = crop_factor((9.8, 7.3))
    assert crop == pytest.approx(3.54, abs=0.01)
    phone = isolation_stops(6.9, 1.8, 1000, 5000, (9.8, 7.3))
    assert phone == pytest.approx(isolation_stops(6.9 * crop, 1.8 * crop, 1000, 5000), abs=0.05)


def test_distance_for_a_frame() -> None:
    """A length of 360 mm on 36 mm is a tenth: eleven focal lengths away."""
    assert subject_distance_mm(85, 360) == pytest.approx(935)


def test_pixels_on_a_face() -> None:
    """The realism notes measured about 2.2 px/mm on head and shoulders of 1024 px."""
    assert framing_px_per_mm("head-and-shoulders", 1024, 1024) == pytest.approx(2.2, abs=0.1)
    assert framing_px_per_mm("Head and shoulders", 512, 768) == pytest.approx(1.67, abs=0.01)
    assert framing_px_per_mm("close-up", 1024, 1536) > 5
    tightest_first = [framing_px_per_mm(name, 1024, 1024) for name in FRAMINGS_MM]
    assert tightest_first == sorted(tightest_first, reverse=True)


def test_mistakes_are_told() -> None:
    with pytest.raises(RequestError, match="no framing 'bust'") as told:
        framing_px_per_mm("bust", 512, 512)
    assert "head-and-shoulders" in told.value.hint
    with pytest.raises(RequestError, match="height must be more than 0"):
        framing_px_per_mm("close-up", 512, 0)
    with pytest.raises(RequestError, match="focal_mm must be more than 0"):
        angle_of_view_degrees(-50)
    with pytest.raises(RequestError, match="aperture must be more than 0, not nan"):
        hyperfocal_mm(50, float("nan"))
    with pytest.raises(RequestError, match="inside the focal length"):
        blur_disc_mm(85, 2, 80, inf)
