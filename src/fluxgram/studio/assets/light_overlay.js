// Lamps drawn over a finished picture: where light was asked for, and where it was measured, if it was. A quiet drawing
// around the face, with a legend and a button that takes it away; for the light page, a job's card and a picture's page.
import { h, icon, t } from "./core.js";
import { CENTRE, shown, SIDE, where } from "./light_places.js";

const SVG = "http://www.w3.org/2000/svg";
const draw = (tag, attributes, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

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
  const group = draw("g", { class: `overlay-lamp ${kind}` });
  if (long > 6 * unit) {
    const [tx, ty] = [sx + ux * reach, sy + uy * reach];
    group.append(draw("line", { x1: sx, y1: sy, x2: tx, y2: ty }),
      draw("path", { d: `M${tx} ${ty} l${(-ux * 2.4 - uy * 1.5) * unit} ${(-uy * 2.4 + ux * 1.5) * unit} M${tx} ${ty} l${(-ux * 2.4 + uy * 1.5) * unit} ${(-uy * 2.4 - ux * 1.5) * unit}` }));
  }
  group.append(draw("circle", { cx: x, cy: y, r: 3.2 * unit, class: Math.abs(lamps.key.azimuth) > 90 ? "back" : "" }));
  if (lamps.rim?.on) {
    const [rx, ry] = put(lamps.rim.azimuth, 25);
    group.append(draw("circle", { cx: rx, cy: ry, r: 2 * unit, class: "back" }));
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
  const svg = draw("svg", { class: "light-overlay", viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true", preserveAspectRatio: "none" });
  svg.append(draw("ellipse", { class: "overlay-face", cx: wide / 2, cy: CENTRE.y * high, rx: SIDE * wide, ry: SIDE * wide }));
  if (asked) svg.append(lamp("asked", asked, wide, high));
  if (measured) svg.append(lamp("measured", measured, wide, high));
  picture.classList.add("light-overlaid");
  picture.append(svg);
  const rows = [["asked", asked], ["measured", measured]].filter(([, lamps]) => lamps).map(([kind, lamps]) =>
    h("li", { class: kind }, h("span", { class: "overlay-mark" }), `${t(`light.overlay_legend_${kind}`)}: ${where(lamps.key.azimuth, lamps.key.elevation)}`));
  const button = h("button", { class: "button quiet", type: "button", "aria-pressed": "true", on: { click: () => show(svg.classList.contains("off")) } });
  const element = h("div", { class: "overlay-legend" }, h("ul", {}, rows), button);
  function show(on) {
    svg.classList.toggle("off", !on);
    button.setAttribute("aria-pressed", String(on));
    button.replaceChildren(icon("eye"), t(on ? "light.overlay_off" : "light.overlay"));
  }
  show(true);
  return { element, show };
}
