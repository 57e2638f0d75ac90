// Where lamps are shown on a picture of a face, and how their places and colours are told to people.
import { t } from "./core.js";
import { colour, direction } from "./light_rig.js";

const DEGREES = 180 / Math.PI;
/** The face, in shares of the picture. */
export const CENTRE = { x: 0.5, y: 0.45 };
/** How far from it, in widths, a lamp at 90° is shown; one at 180° is at `BEHIND`. */
export const SIDE = 0.37;
const BEHIND = 0.465;
/** Degrees that the height of a key can have. */
export const LOWEST = -40, HIGHEST = 85;

/** A whole angle in words: "40° right". */
export function where(azimuth, elevation) {
  const a = Math.round(Math.abs(azimuth)), e = Math.round(elevation);
  const aside = a === 0 ? t("light.front") : a === 180 ? t("light.behind") : t(azimuth > 0 ? "light.right" : "light.left", { n: a });
  return `${aside}, ${t(e < 0 ? "light.down" : "light.up", { n: Math.abs(e) })}`;
}

/** Where a lamp is shown: shares of the width from the left and of the height from the top. */
export function shown(azimuth, elevation, shape = 1.25) {
  const [x, y, z] = direction(azimuth, elevation);
  const off = Math.acos(Math.min(Math.max(z, -1), 1)) * DEGREES;
  const far = off < 90 ? (off / 90) * SIDE : SIDE + ((off - 90) / 90) * (BEHIND - SIDE);
  const long = Math.hypot(x, y) || 1;
  return [CENTRE.x + (x / long) * far, CENTRE.y - ((y / long) * far) / shape];
}

/** The direction that a place of the picture stands for: `[azimuth, elevation]`. */
export function pointed(left, top, shape = 1.25) {
  const dx = left - CENTRE.x, dy = (CENTRE.y - top) * shape, far = Math.hypot(dx, dy);
  const off = (far < SIDE ? (far / SIDE) * 90 : Math.min(90 + ((far - SIDE) / (BEHIND - SIDE)) * 90, 172)) / DEGREES;
  const [x, y, z] = [(dx / (far || 1)) * Math.sin(off), (dy / (far || 1)) * Math.sin(off), Math.cos(off)];
  return [Math.atan2(x, z) * DEGREES, Math.min(Math.max(Math.asin(y) * DEGREES, LOWEST), HIGHEST)];
}

/** A colour temperature as a colour for the screen. */
export function tint(kelvin) {
  const light = colour(kelvin), most = Math.max(...light);
  return `rgb(${light.map((value) => Math.round(255 * (value / most) ** (1 / 2.2))).join(" ")})`;
}
