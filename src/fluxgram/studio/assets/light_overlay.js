// Lamps drawn over a finished picture: where light was asked for, and where it was measured, if it was. A quiet drawing
// around the face, with a legend and a button that takes it away; for the light page, a job's card and a picture's page.
import { h, icon, svg, t } from "./core.js";
import { CENTRE, shown, SIDE, where } from "./light_places.js";

function lamp(kind, lamps, wide, high) {
  const shape = high / wide;
  const put = (azimuth, elevation) => {
    const [x, y] = shown(azimuth, elevation, shape);
    return [x * wide, y * high];
  };
  const [cx, cy] = [CENTRE.x * wide, CENTRE.y * high], [x, y] = put(lamps.key.azimuth, lamps.key.elevation);
  const long = Math.hypot(cx - x, cy - y) || 1, unit = wide / 100;
  const [ux, uy] = [(cx - x) / long, (cy - y) / long];
  const [sx, sy] = [x + ux * 5 * unit, y + uy * 5 * unit], reach = Math.max(Math.min(long - 12 * unit, 22 * unit), 0);
  const group = svg("g", { class: `overlay-lamp ${kind}` });
  if (long > 6 * unit) {
    const [tx, ty] = [sx + ux * reach, sy + uy * reach];
    group.append(svg("line", { x1: sx, y1: sy, x2: tx, y2: ty }),
      svg("path", { d: `M${tx} ${ty} l${(-ux * 2.4 - uy * 1.5) * unit} ${(-uy * 2.4 + ux * 1.5) * unit} M${tx} ${ty} l${(-ux * 2.4 + uy * 1.5) * unit} ${(-uy * 2.4 - ux * 1.5) * unit}` }));
  }
  group.append(svg("circle", { cx: x, cy: y, r: 3.2 * unit, class: Math.abs(lamps.key.azimuth) > 90 ? "back" : "" }));
  if (lamps.rim?.on) {
    const [rx, ry] = put(lamps.rim.azimuth, 25);
    group.append(svg("circle", { cx: rx, cy: ry, r: 2 * unit, class: "back" }));
  }
  return group;
}

/**
 * Put lamps over a picture.
 * @param {HTMLElement} picture an element that the picture fills; it is made the drawing's frame
 * @param {{asked?: object|null, measured?: object|null}} lights lamps as the stage has them; of a measured light `key` is enough
 * @returns {{element: HTMLElement, show: (on: boolean) => void}} the legend with its button
 */
export function overlay(picture, { asked = null, measured = null }) {
  const box = picture.getBoundingClientRect();
  const [wide, high] = [400, box.width ? (400 * box.height) / box.width : 500];
  const drawing = svg("svg", { class: "light-overlay", viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true", preserveAspectRatio: "none" });
  drawing.append(svg("ellipse", { class: "overlay-face", cx: wide / 2, cy: CENTRE.y * high, rx: SIDE * wide, ry: SIDE * wide }));
  if (asked) drawing.append(lamp("asked", asked, wide, high));
  if (measured) drawing.append(lamp("measured", measured, wide, high));
  picture.classList.add("light-overlaid");
  picture.append(drawing);
  const rows = [["asked", asked], ["measured", measured]].filter(([, lamps]) => lamps).map(([kind, lamps]) =>
    h("li", { class: kind }, h("span", { class: "overlay-mark" }), `${t(`light.overlay_legend_${kind}`)}: ${where(lamps.key.azimuth, lamps.key.elevation)}`));
  const button = h("button", { class: "button quiet", type: "button", "aria-pressed": "true", on: { click: () => show(drawing.classList.contains("off")) } });
  const element = h("div", { class: "overlay-legend" }, h("ul", {}, rows), button);
  function show(on) {
    drawing.classList.toggle("off", !on);
    button.setAttribute("aria-pressed", String(on));
    button.replaceChildren(icon("eye"), t(on ? "light.overlay_off" : "light.overlay"));
  }
  show(true);
  return { element, show };
}
