"""What numbers of the vocabulary may be: physical limits of meanings, and the measures that expectations can name."""

from __future__ import annotations

from fluxgram.photography.terms import Range

LIGHT: dict[str, Range] = {
    "key_azimuth_degrees": (0, 180),
    "key_elevation_degrees": (-90, 90),
    "softness_degrees": (0.1, 180),
    "fill_stops": (0, 8),
    "key_kelvin": (1000, 20000),
    "fill_kelvin": (1000, 20000),
}
"""From a candle (under 2000 K) to a clear northern sky (up to 20,000 K); 180 degrees is a whole dome."""

OPTICS: dict[str, Range] = {
    "focal_mm": (1, 2000),
    "aperture": (0.7, 64),
    "sensor_mm": (1, 260),
    "isolation_stops": (-1, 8),
    "blades": (0, 20),
}

DETAIL: dict[str, Range] = {"size_mm": (0.001, 10000), "least_px_per_mm": (0.0005, 1000)}

MEASURES: dict[str, Range] = {
    "key_azimuth_degrees": (0, 180),
    "key_elevation_degrees": (-90, 90),
    "lighting_ratio_stops": (0, 8),
    "key_over_ambient": (0, 100),
    "shadow_warmth_log2": (-4, 4),
    "hardness_stops_per_mm": (0, 2),
    "isolation_stops": (-2, 8),
    "ear_over_eye_blur": (0.5, 20),
    "mean_luminance_share": (0, 1),
    "dark_share": (0, 1),
    "bright_share": (0, 1),
    "rim_stops": (-2, 8),
    "skin_texture_l": (0, 20),
    "skin_retouch_log2": (-10, 2),
    "skin_redness_flush": (-10, 30),
    "skin_tone_spread_ab": (0, 30),
    "freckles_per_cm2": (0, 20),
    "catchlights_per_eye": (0, 10),
    "grain_sigma_8bit": (0, 30),
    "grain_chroma_share": (0, 2),
    "colorfulness": (0, 300),
    "chroma_share": (0, 1),
    "bokeh_axis_ratio": (0, 1.05),
}
"""Measures by name, the unit at its end, with the values that are possible. Magnitudes: the side is told apart.
`lighting_ratio_stops` is the median over mirrored pairs of points of the face, `shadow_warmth_log2` is log2(R/B) of
the dark minus the bright side (about +0.4 to +1 in neutral light), `isolation_stops` the blur of the background over
that of the eyes, `*_share` a share of pixels or of full scale."""
