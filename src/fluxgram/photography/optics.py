"""Closed forms of photographic optics: angle of view, depth of field, blur of the background, pixels on a face.

Thin lens, lengths in millimetres. Sources: Ray, Applied Photographic Optics (3rd ed.), ch. 10 and 22 for the formulas;
DIN 33402 and the realism notes for the sizes of heads and bodies. The vocabulary's numbers come from here.
"""

from __future__ import annotations

from math import atan, degrees, hypot, inf, log2

from fluxgram.errors import RequestError

FULL_FRAME_MM = (36.0, 24.0)
"""Width and height of the format for which focal lengths are usually named."""

EYE_BLUR_MM = 0.1
"""Blur disc of what is in focus, on 24x36 mm: the optics and one pixel of a 1024 px picture together."""

FRAMINGS_MM = {
    "extreme close-up": 120.0,
    "close-up": 270.0,
    "head-and-shoulders": 460.0,
    "half body": 950.0,
    "full body": 2000.0,
}
"""Height of the scene at the subject: an eye and half a nose; a face (chin to crown is about 230 mm) with a margin;
head and shoulders (2.2 px/mm at 1024 px, as the realism notes measured); down to the waist; a standing person with a
margin."""


def angle_of_view_degrees(focal_mm: float, side_mm: float = FULL_FRAME_MM[0]) -> float:
    """Angle seen along a side of the sensor, focused at infinity.

    Args:
        focal_mm: Focal length.
        side_mm: Width, height or diagonal of the sensor.
    """
    _positive(focal_mm=focal_mm, side_mm=side_mm)
    return 2 * degrees(atan(side_mm / (2 * focal_mm)))


def crop_factor(sensor_mm: tuple[float, float]) -> float:
    """Diagonal of 24x36 mm over that of a sensor."""
    _positive(width_mm=sensor_mm[0], height_mm=sensor_mm[1])
    return hypot(*FULL_FRAME_MM) / hypot(*sensor_mm)


def hyperfocal_mm(focal_mm: float, aperture: float, confusion_mm: float = 0.03) -> float:
    """Nearest distance of focus at which infinity is still acceptably sharp.

    Args:
        focal_mm: Focal length.
        aperture: f-number.
        confusion_mm: Largest blur disc on the sensor that passes for sharp.
    """
    _positive(focal_mm=focal_mm, aperture=aperture, confusion_mm=confusion_mm)
    return focal_mm**2 / (aperture * confusion_mm) + focal_mm


def depth_of_field_mm(
    focal_mm: float, aperture: float, subject_mm: float, confusion_mm: float = 0.03
) -> tuple[float, float]:
    """Nearest and farthest distance that are acceptably sharp; the farthest may be infinite.

    Args:
        focal_mm: Focal length.
        aperture: f-number.
        subject_mm: Distance in focus.
        confusion_mm: Largest blur disc on the sensor that passes for sharp.
    """
    _beyond(subject_mm, focal_mm)
    hyperfocal = hyperfocal_mm(focal_mm, aperture, confusion_mm)
    near = subject_mm * (hyperfocal - focal_mm) / (hyperfocal + subject_mm - 2 * focal_mm)
    far = (
        inf if subject_mm >= hyperfocal else subject_mm * (hyperfocal - focal_mm) / (hyperfocal - subject_mm)
    )
    return near, far


def subject_distance_mm(focal_mm: float, frame_mm: float, side_mm: float = FULL_FRAME_MM[0]) -> float:
    """Distance from which a length in the scene fills a side of the sensor: f (1 + frame/side).

    Args:
        focal_mm: Focal length.
        frame_mm: Length in the scene.
        side_mm: Length on the sensor.
    """
    _positive(focal_mm=focal_mm, frame_mm=frame_mm, side_mm=side_mm)
    return focal_mm * (1 + frame_mm / side_mm)


def blur_disc_mm(focal_mm: float, aperture: float, subject_mm: float, background_mm: float) -> float:
    """Diameter on the sensor of the disc into which a point of the background is spread.

    Args:
        focal_mm: Focal length.
        aperture: f-number.
        subject_mm: Distance in focus.
        background_mm: Distance of the point; may be infinite.
    """
    _positive(focal_mm=focal_mm, aperture=aperture, background_mm=background_mm)
    _beyond(subject_mm, focal_mm)
    share = 1.0 if background_mm == inf else abs(background_mm - subject_mm) / background_mm
    return focal_mm**2 / (aperture * (subject_mm - focal_mm)) * share


def isolation_stops(
    focal_mm: float,
    aperture: float,
    subject_mm: float,
    background_mm: float,
    sensor_mm: tuple[float, float] = FULL_FRAME_MM,
) -> float:
    """Blur of the background over that of the eyes, as a power of two; 0 where both are sharp.

    The blur of defocus and the picture's own (`EYE_BLUR_MM`, scaled with the sensor) add as squares.

    Args:
        focal_mm: Focal length.
        aperture: f-number.
        subject_mm: Distance of the eyes, in focus.
        background_mm: Distance of the background; may be infinite.
        sensor_mm: Width and height of the sensor.
    """
    own = EYE_BLUR_MM / crop_factor(sensor_mm)
    return log2(hypot(1, blur_disc_mm(focal_mm, aperture, subject_mm, background_mm) / own))


def framing_px_per_mm(framing: str, width: int, height: int) -> float:
    """Pixels a millimetre on the subject for a framing and a picture's size.

    The framing says how much of the scene the height shows; in a picture wider than high it is the same.

    Args:
        framing: One of `FRAMINGS_MM`; hyphens and spaces are the same.
        width: Width of the picture in px.
        height: Height of the picture in px.

    Raises:
        RequestError: There is no such framing, or the size is not positive.
    """
    _positive(width=width, height=height)
    wanted = framing.lower().replace("-", " ").strip()
    for name, size_mm in FRAMINGS_MM.items():
        if name.replace("-", " ") == wanted:
            return height / size_mm
    raise RequestError(f"There is no framing {framing!r}.", f"There are {', '.join(FRAMINGS_MM)}.")


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise RequestError(f"{name} must be more than 0, not {value!r}.")


def _beyond(subject_mm: float, focal_mm: float) -> None:
    if not subject_mm > focal_mm:
        raise RequestError(
            f"A subject at {subject_mm:g} mm is inside the focal length of {focal_mm:g} mm.",
            "Say the distance in millimetres.",
        )
