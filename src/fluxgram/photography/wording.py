"""Meanings and expectations in words, with their units: for the page, the command line and explanations."""

from __future__ import annotations

from fluxgram.photography.terms import Expectation, LightMeaning, Meaning, OpticsMeaning, Range

KIND_TITLES = {
    "light": "Lights",
    "camera": "Cameras",
    "lens": "Lenses",
    "aperture": "Apertures and depth of field",
    "film": "Film",
    "skin": "Skin, eyes and hair",
    "material": "Materials",
    "surface": "Wet and reflective surfaces",
    "atmosphere": "Atmosphere",
    "macro": "Macro",
    "product": "Product and still life",
    "interior": "Architecture and interiors",
    "landscape": "Travel and landscape",
    "environment": "Environmental portraits",
    "street": "Streets and busy backgrounds",
    "quality": "Quality markers",
    "mode": "Output modes",
    "negative": "Negative sets",
}
"""Kinds for people."""

UNITS = {
    "degrees": "°",
    "stops": " stops",
    "kelvin": " K",
    "mm": " mm",
    "share": " of 1",
    "stops_per_mm": " stops/mm",
    "per_cm2": " per cm²",
}
"""Ends of names and the unit they stand for; the longest end counts."""


def meaning_words(meaning: Meaning | None) -> list[str]:
    """A physical meaning as short phrases, each with its unit."""
    if meaning is None:
        return []
    if isinstance(meaning, LightMeaning):
        return _light(meaning)
    if isinstance(meaning, OpticsMeaning):
        return _optics(meaning)
    return [f"{_range(meaning.size_mm)} mm across", f"from {meaning.least_px_per_mm:g} px/mm"]


def expectation_words(expectation: Expectation) -> str:
    """What should be measured, e.g. `key azimuth 25–60°`."""
    ends = sorted((end for end in UNITS if expectation.measure.endswith(f"_{end}")), key=len)
    name = expectation.measure.removesuffix(f"_{ends[-1]}") if ends else expectation.measure
    unit = UNITS[ends[-1]] if ends else ""
    return f"{name.replace('_', ' ')} {_range((expectation.low, expectation.high))}{unit}"


def _light(meaning: LightMeaning) -> list[str]:
    told = [
        f"key {_range(meaning.key_azimuth_degrees)}° {'aside' if meaning.sided else 'off the axis'}",
        f"{_range(meaning.key_elevation_degrees)}° up",
        f"source {_range(meaning.softness_degrees)}° wide",
        f"fill {_range(meaning.fill_stops)} stops below",
    ]
    if meaning.key_kelvin:
        told.append(f"key {_range(meaning.key_kelvin)} K")
    if meaning.fill_kelvin:
        told.append(f"fill {_range(meaning.fill_kelvin)} K")
    if meaning.rim != "none":
        told.append("rim light" if meaning.rim == "always" else "perhaps a rim light")
    if meaning.colours:
        told.append(" and ".join(meaning.colours))
    return told


def _optics(meaning: OpticsMeaning) -> list[str]:
    told = []
    if meaning.focal_mm is not None:
        told.append(f"{meaning.focal_mm:g} mm")
    if meaning.aperture is not None:
        told.append(f"f/{meaning.aperture:g}")
    if meaning.sensor_mm is not None:
        told.append("on {:g}×{:g} mm".format(*meaning.sensor_mm))
    if meaning.isolation_stops is not None:
        told.append(f"isolation {_range(meaning.isolation_stops)} stops")
    if meaning.blades is not None:
        told.append(f"{meaning.blades} blades")
    return told


def _range(bounds: Range) -> str:
    low, high = bounds
    if low == high:
        return f"{low:g}"
    return f"{low:g}–{high:g}" if low >= 0 else f"{low:g} to {high:g}"
