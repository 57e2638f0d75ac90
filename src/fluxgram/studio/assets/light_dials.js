// The two small dials of the light stage: the head from above, with the key around it, and from the side, with its height.
import { h, svg, t } from "./core.js";
import { HIGHEST, LOWEST } from "./light_places.js";

const RADIANS = Math.PI / 180;
const RING = 38; // of a drawing of 100 by 100

function dial(name, label, low, high, parts) {
  const drawing = svg("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
  const ray = svg("line", { class: "dial-ray" }), lamp = svg("circle", { class: "dial-lamp", r: 7 });
  drawing.append(...parts, ray, lamp);
  const element = h("div", { class: `light-dial ${name}`, role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": low, "aria-valuemax": high, title: label }, drawing);
  return { element, ray, lamp };
}

/**
 * Both dials of a stage.
 * @param {import("./light_stage.js").LightStage} stage
 * @returns {{element: HTMLElement, show: (lamps: object) => void}}
 */
export function dials(stage) {
  const above = dial("above", t("light.dial_around"), -180, 180, [
    svg("circle", { class: "dial-ring", cx: 50, cy: 50, r: RING }),
    svg("ellipse", { class: "dial-head", cx: 50, cy: 50, rx: 13, ry: 15 }),
    svg("path", { class: "dial-head", d: "M46 64.5 L50 70 L54 64.5 Z" }),
    svg("path", { class: "dial-camera", d: "M44 95 h12 v-6 h-3 l-1.5 -2 h-3 l-1.5 2 h-3 Z" }),
  ]);
  const rim = svg("circle", { class: "dial-rim", r: 5 });
  above.element.querySelector("svg").append(rim);
  const arc = `M${50 - RING * Math.cos(LOWEST * RADIANS)} ${50 - RING * Math.sin(LOWEST * RADIANS)} A${RING} ${RING} 0 0 1 ${50 - RING * Math.cos(HIGHEST * RADIANS)} ${50 - RING * Math.sin(HIGHEST * RADIANS)}`;
  const beside = dial("beside", t("light.dial_height"), LOWEST, HIGHEST, [
    svg("path", { class: "dial-ring", d: arc }),
    svg("path", { class: "dial-head", d: "M44 36 C52 30 66 36 65 50 C64 60 60 62 60 68 L46 68 L46 63 L41 62 L41 57 L37 54 L41 48 C40 43 41 39 44 36 Z" }),
  ]);
  const element = h("div", { class: "light-dials" }, above.element, beside.element);

  hold(above, stage, (x, y) => ({ azimuth: Math.round(Math.atan2(x, y) / RADIANS) }));
  hold(beside, stage, (x, y) => ({ elevation: Math.round(Math.min(Math.max(Math.atan2(-y, Math.max(-x, 0.001)) / RADIANS, LOWEST), HIGHEST)) }));
  keys(above.element, (by) => ({ azimuth: ((((stage.lamps.key.azimuth + by + 180) % 360) + 360) % 360) - 180 }), stage, 180);
  keys(beside.element, (by) => ({ elevation: Math.min(Math.max(stage.lamps.key.elevation + by, LOWEST), HIGHEST) }), stage, 90);

  return {
    element,
    show({ key, rim: edge }) {
      const [x, y] = [Math.sin(key.azimuth * RADIANS) * RING, Math.cos(key.azimuth * RADIANS) * RING];
      put(above, x, y);
      above.element.setAttribute("aria-valuenow", Math.round(key.azimuth));
      above.element.setAttribute("aria-valuetext", key.azimuth === 0 ? t("light.front") : t(key.azimuth > 0 ? "light.right" : "light.left", { n: Math.round(Math.abs(key.azimuth)) }));
      put(beside, -Math.cos(key.elevation * RADIANS) * RING, -Math.sin(key.elevation * RADIANS) * RING);
      beside.element.setAttribute("aria-valuenow", Math.round(key.elevation));
      beside.element.setAttribute("aria-valuetext", t(key.elevation < 0 ? "light.down" : "light.up", { n: Math.round(Math.abs(key.elevation)) }));
      rim.setAttribute("cx", 50 + Math.sin(edge.azimuth * RADIANS) * RING);
      rim.setAttribute("cy", 50 + Math.cos(edge.azimuth * RADIANS) * RING);
      rim.classList.toggle("off", !edge.on);
    },
  };
}

function put({ ray, lamp }, x, y) {
  lamp.setAttribute("cx", 50 + x);
  lamp.setAttribute("cy", 50 + y);
  for (const [name, value] of [["x1", 50 + x * 0.8], ["y1", 50 + y * 0.8], ["x2", 50 + x * 0.48], ["y2", 50 + y * 0.48]]) ray.setAttribute(name, value);
}

function hold({ element }, stage, read) {
  const follow = (event) => {
    const box = element.getBoundingClientRect();
    stage.move({ key: read(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2) });
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    stage.setAttribute("moving", "key");
    follow(event);
    element.addEventListener("pointermove", follow);
    element.addEventListener("lostpointercapture", () => {
      element.removeEventListener("pointermove", follow);
      stage.removeAttribute("moving");
      stage.move({}, true);
    }, { once: true });
  });
}

function keys(element, change, stage, most) {
  element.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 1 : 5;
    const by = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageUp: 15, PageDown: -15 }[event.key];
    if (by === undefined && event.key !== "Home") return;
    event.preventDefault();
    stage.move({ key: change(event.key === "Home" ? -stage.lamps.key[most === 180 ? "azimuth" : "elevation"] : by) }, true);
  });
}
