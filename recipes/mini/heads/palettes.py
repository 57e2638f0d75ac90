"""Colors of skin, hair and cloth by the names that attributes and captions use (linear RGB reflectance)."""

Rgb = tuple[float, float, float]

SKIN_TONES: dict[str, Rgb] = {
    "porcelain": (0.60, 0.42, 0.345),
    "fair": (0.54, 0.365, 0.29),
    "light": (0.47, 0.30, 0.225),
    "light olive": (0.39, 0.255, 0.175),
    "olive": (0.32, 0.20, 0.13),
    "tan": (0.27, 0.16, 0.10),
    "brown": (0.175, 0.095, 0.058),
    "dark brown": (0.115, 0.06, 0.038),
    "deep brown": (0.075, 0.038, 0.025),
}
"""From the lightest to the darkest."""

HAIR_PIGMENTS: dict[str, tuple[float, float] | None] = {
    "black": (0.95, 0.2),
    "dark brown": (0.82, 0.28),
    "brown": (0.62, 0.38),
    "light brown": (0.45, 0.38),
    "dark blond": (0.32, 0.3),
    "blond": (0.2, 0.27),
    "platinum blond": (0.08, 0.15),
    "auburn": (0.58, 0.8),
    "red": (0.42, 0.95),
    "salt-and-pepper": None,
    "gray": None,
    "white": None,
}
"""Melanin and its redness; None where the color is given directly, since grey hair has no pigment."""

HAIR_COLORS: dict[str, Rgb] = {
    "black": (0.01, 0.008, 0.007),
    "dark brown": (0.02, 0.012, 0.008),
    "brown": (0.045, 0.025, 0.015),
    "light brown": (0.09, 0.055, 0.03),
    "dark blond": (0.14, 0.09, 0.05),
    "blond": (0.22, 0.15, 0.085),
    "platinum blond": (0.35, 0.28, 0.2),
    "auburn": (0.07, 0.02, 0.01),
    "red": (0.15, 0.05, 0.018),
    "salt-and-pepper": (0.08, 0.078, 0.075),
    "gray": (0.16, 0.155, 0.15),
    "white": (0.42, 0.41, 0.4),
}
"""The apparent color of hair as a surface: scalp, brows, beard shadow."""

CLOTH_COLORS: dict[str, Rgb] = {
    "white": (0.68, 0.67, 0.65),
    "cream": (0.58, 0.52, 0.42),
    "black": (0.016, 0.016, 0.017),
    "charcoal": (0.045, 0.045, 0.05),
    "gray": (0.17, 0.17, 0.175),
    "light gray": (0.36, 0.36, 0.365),
    "navy": (0.012, 0.018, 0.045),
    "denim blue": (0.055, 0.09, 0.16),
    "light blue": (0.30, 0.40, 0.50),
    "burgundy": (0.10, 0.018, 0.025),
    "rust": (0.22, 0.075, 0.03),
    "dusty pink": (0.42, 0.25, 0.24),
    "olive green": (0.085, 0.085, 0.042),
    "forest green": (0.022, 0.06, 0.034),
    "sage green": (0.22, 0.26, 0.19),
    "mustard": (0.36, 0.22, 0.05),
    "beige": (0.42, 0.34, 0.25),
    "camel": (0.28, 0.18, 0.095),
    "brown": (0.085, 0.05, 0.03),
    "teal": (0.022, 0.095, 0.10),
    "lavender": (0.32, 0.27, 0.42),
    "red": (0.30, 0.032, 0.03),
}
