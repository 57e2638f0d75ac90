// The named lights as little pictures of the same head, each lit by its own lamps.
import { h, t } from "./core.js";
import { FlatRenderer } from "./light-2d.js";
import { load } from "./light-pack.js";
import { mix, round, whole } from "./light-rig.js";

const CROP = { x: 0.16, y: 0.1, width: 0.68, height: 0.68 };
const FIRST = ["rembrandt", "loop", "butterfly", "soft-studio", "split", "window", "golden-hour", "low-key", "high-key", "warm-key-cool-fill", "chiaroscuro", "candle"];

/** A light's name for people: "Golden hour". */
export const called = (id) => {
  const name = id.split(".").at(-1).replaceAll("-", " ");
  return name[0].toUpperCase() + name.slice(1);
};

/** Lamps of a light with the key on the side of other lamps. */
export function sided(light, side) {
  const lamps = whole(light.lamps);
  if (side !== "right" || !light.sided) return lamps;
  lamps.key.azimuth = round(-lamps.key.azimuth);
  lamps.rim.azimuth = round(-lamps.rim.azimuth);
  return lamps;
}

/** Those that the stage can show, the most asked for first. */
export function ordered(lights) {
  const place = (light) => (FIRST.indexOf(light.id.split(".").at(-1)) + 1 || 99);
  return lights.filter((light) => !light.left_out.length).sort((one, other) => place(one) - place(other));
}

/** A little picture of a head under some lamps. */
export async function thumbnail(canvas, lamps) {
  const pack = await load();
  const renderer = new FlatRenderer(canvas, pack, CROP);
  const grey = new OffscreenCanvas(8, 10);
  const context = grey.getContext("2d");
  context.fillStyle = "#777";
  context.fillRect(0, 0, 8, 10);
  renderer.behind(grey);
  renderer.draw(mix(pack, lamps), lamps.background ** 1.4 * 3.1);
}

/**
 * Buttons with pictures.
 * @param {object[]} lights of /light/named
 * @param {(light: object) => void} choose
 * @param {{first?: number}} [options] how many are shown before "all lights" is pressed
 * @returns {{element: HTMLElement, mark: (id: string) => void, done: Promise<void>}}
 */
export function named(lights, choose, { first = 12 } = {}) {
  const buttons = ordered(lights).map((light, place) => {
    const canvas = h("canvas", { width: 112, height: 140, "aria-hidden": "true" });
    const button = h("button", { type: "button", class: "light-name", title: light.effect, "aria-pressed": "false", hidden: place >= first, dataset: { light: light.id }, on: { click: () => choose(light) } }, canvas, h("span", {}, called(light.id)));
    return { light, canvas, button };
  });
  const more = h("button", { type: "button", class: "button quiet", "aria-expanded": "false", on: { click: () => {
    const open = more.getAttribute("aria-expanded") === "false";
    more.setAttribute("aria-expanded", String(open));
    more.textContent = t(open ? "light.named_fewer" : "light.named_more");
    buttons.slice(first).forEach(({ button }) => (button.hidden = !open));
    if (open) paint(buttons.slice(first));
  } } }, t("light.named_more"));
  const element = h("div", { class: "stack tight" }, h("div", { class: "light-thumbs" }, buttons.map(({ button }) => button)), buttons.length > first ? h("p", {}, more) : null);
  const painted = new Set();

  /** One after the other, so that the page stays quick. */
  async function paint(wanted) {
    for (const { light, canvas } of wanted) {
      if (painted.has(light.id)) continue;
      painted.add(light.id);
      await new Promise((resolve) => (globalThis.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 200 }) : setTimeout(resolve, 10)));
      await thumbnail(canvas, light.lamps).catch(() => {});
    }
    element.dataset.painted = "yes";
  }

  return {
    element,
    done: paint(buttons.slice(0, first)),
    mark(id) {
      for (const { light, button } of buttons) button.setAttribute("aria-pressed", String(light.id === id));
    },
  };
}
