// The named lights as little pictures of the same head, each lit by its own lamps.
import { h } from "./core.js";
import { FlatRenderer } from "./light_2d.js";
import { load } from "./light_pack.js";
import { mix, round, whole } from "./light_rig.js";

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
 * @returns {{element: HTMLElement, mark: (id: string) => void, done: Promise<void>}}
 */
export function named(lights, choose) {
  const buttons = ordered(lights).map((light) => {
    const canvas = h("canvas", { width: 112, height: 140, "aria-hidden": "true" });
    const button = h("button", { type: "button", class: "light-name", title: light.effect, "aria-pressed": "false", dataset: { light: light.id }, on: { click: () => choose(light) } }, canvas, h("span", {}, called(light.id)));
    return { light, canvas, button };
  });
  const element = h("div", { class: "light-strip" }, buttons.map(({ button }) => button));

  /** One after the other, so that the page stays quick. */
  async function paint() {
    for (const { light, canvas } of buttons) {
      await new Promise((resolve) => (globalThis.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 200 }) : setTimeout(resolve, 10)));
      await thumbnail(canvas, light.lamps).catch(() => {});
    }
    element.dataset.painted = "yes";
  }

  return {
    element,
    done: paint(),
    mark(id) {
      for (const { light, button } of buttons) {
        if (button.getAttribute("aria-pressed") === String(light.id === id)) continue;
        button.setAttribute("aria-pressed", String(light.id === id));
        if (light.id === id) element.scrollTo({ left: button.offsetLeft - element.clientWidth / 2 + button.clientWidth / 2, behavior: "smooth" });
      }
    },
  };
}
