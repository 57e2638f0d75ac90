// <light-stage>: a head that is relit while its lamps are dragged around it. Key and rim light are handles on the picture
// and on two dials (from above, from the side), for pointer, touch and keyboard. Works on any page that has the texts of
// the section `light`; light.css has its looks. Attributes: `renderer` ("2d", "webgl"), `lens` (mm), `aperture`, `place`.
import { h, t } from "./core.js";
import { dials } from "./light_dials.js";
import { FlatRenderer } from "./light_2d.js";
import { GlRenderer } from "./light_gl.js";
import { load } from "./light_pack.js";
import { CENTRE, HIGHEST, LOWEST, pointed, shown, SIDE, tint, where } from "./light_places.js";
import { mix, round, whole } from "./light_rig.js";
import { paint } from "./light_scene.js";

const SLOW = 30; // milliseconds between frames above which a smaller picture is drawn while a lamp moves
const BACKDROP = 3.1;

export class LightStage extends HTMLElement {
  static observedAttributes = ["lens", "aperture", "place", "blades"];
  #lamps = whole(null);
  #pack = null;
  #renderer = null;
  #due = 0;
  #moving = 0;
  #pace = 0;
  #last = 0;
  #scale = 1;
  #scene = "";
  #parts = null;
  #dials = null;
  /** Frames drawn so far. */
  frames = 0;

  /** All lamps. Setting them is told by `placed` only; see `move` and `glide`. */
  get lamps() {
    return structuredClone(this.#lamps);
  }

  set lamps(lamps) {
    cancelAnimationFrame(this.#moving);
    this.#lamps = whole(lamps);
    this.#place();
  }

  get lens() {
    return Number(this.getAttribute("lens")) || 85;
  }

  get aperture() {
    return Number(this.getAttribute("aperture")) || 1.8;
  }

  /** Which renderer draws: "webgl", "2d", or "" before the first picture. */
  get renderer() {
    return this.#renderer?.name ?? "";
  }

  connectedCallback() {
    if (!this.#parts) this.#build();
    this.#begin();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#due);
    cancelAnimationFrame(this.#moving);
    this.#due = 0;
  }

  attributeChangedCallback() {
    this.#draw();
  }

  /** Change some lamps, as a drag does: `move({key: {azimuth: 20}})`. @param {boolean} [settled] no more is to come */
  move(patch, settled = false) {
    cancelAnimationFrame(this.#moving);
    for (const name of ["key", "fill", "rim"]) Object.assign(this.#lamps[name], patch[name]);
    if (patch.background !== undefined) this.#lamps.background = patch.background;
    this.#place();
    this.#tell("lamps");
    if (settled) this.#tell("lamps-settled");
  }

  /** Go over to other lamps in a third of a second; at once for people who want less motion. */
  glide(lamps, tell = true) {
    cancelAnimationFrame(this.#moving);
    const from = structuredClone(this.#lamps), to = whole(lamps), start = performance.now();
    const length = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 360;
    if (!from.rim.on) from.rim = { ...to.rim, on: to.rim.on, power: 0 };
    const step = (now) => {
      const gone = length ? Math.min((now - start) / length, 1) : 1;
      this.#lamps = gone < 1 ? between(from, to, gone * gone * (3 - 2 * gone)) : to;
      this.#place();
      if (tell) this.#tell("lamps");
      if (gone < 1) this.#moving = requestAnimationFrame(step);
      else if (tell) this.#tell("lamps-settled");
    };
    if (length) this.#moving = requestAnimationFrame(step);
    else step(start);
  }

  #tell(kind) {
    this.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail: this.lamps }));
  }

  #build() {
    const canvas = h("canvas", { class: "light-canvas", width: 640, height: 800, role: "img" });
    const handle = (name, label) => h("div", { class: `light-handle ${name}`, role: "slider", tabindex: 0, dataset: { lamp: name },
      "aria-label": label, "aria-valuemin": -180, "aria-valuemax": 180, "aria-orientation": "horizontal" }, h("span", { class: "light-bulb" }));
    const key = handle("key", t("light.key_handle")), rim = handle("rim", t("light.rim_handle"));
    const beam = h("span", { class: "light-beam" }), reach = h("span", { class: "light-reach" });
    const wait = h("p", { class: "light-wait muted" }, t("light.loading"));
    this.#dials = dials(this);
    const picture = h("div", { class: "light-picture" }, canvas, reach, beam, rim, key, wait, this.#dials.element);
    this.#parts = { canvas, key, rim, beam, reach, picture, wait };
    this.append(picture);
    for (const each of [key, rim]) {
      each.addEventListener("keydown", (event) => this.#keyed(event, each.dataset.lamp));
      each.addEventListener("pointerdown", (event) => this.#grab(event, each.dataset.lamp));
    }
    picture.addEventListener("pointerdown", (event) => {
      if (event.target === this.#parts.canvas && event.pointerType !== "touch") this.#grab(event, "key");
    });
    picture.addEventListener("click", (event) => {
      if (event.target === this.#parts.canvas && event.pointerType === "touch") this.#follow(event, "key", true);
    });
  }

  async #begin() {
    const { wait } = this.#parts;
    if (this.#renderer) return this.#place();
    try {
      this.#pack = await load();
    } catch (error) {
      wait.textContent = t("light.no_pack");
      wait.setAttribute("role", "alert");
      this.dispatchEvent(new CustomEvent("stage-failed", { bubbles: true, detail: error }));
      return;
    }
    if (this.#renderer || !this.isConnected) return;
    const wanted = this.getAttribute("renderer");
    try {
      if (wanted === "2d") throw new Error("asked for");
      this.#renderer = new GlRenderer(this.#parts.canvas, this.#pack, wanted === "webgl");
      this.#parts.canvas.addEventListener("webglcontextlost", () => this.#flat());
    } catch {
      this.#flat();
    }
    wait.remove();
    this.#place();
    this.dispatchEvent(new CustomEvent("stage-ready", { bubbles: true }));
  }

  /** Go on without WebGL: on a canvas of its own, because one can have only one kind of context. */
  #flat() {
    const fresh = h("canvas", { class: "light-canvas", width: 320, height: 400, role: "img" });
    this.#parts.canvas.replaceWith(fresh);
    this.#parts.canvas = fresh;
    this.#renderer = new FlatRenderer(fresh, this.#pack);
    this.#scene = "";
    this.#place();
  }

  /** Put handles and dials where the lamps are, and have the picture drawn. */
  #place() {
    if (!this.#parts) return;
    const { key, rim, beam, reach, canvas } = this.#parts, lamps = this.#lamps;
    const [x, y] = this.#set(key, lamps.key.azimuth, lamps.key.elevation, lamps.key.kelvin);
    this.#set(rim, lamps.rim.azimuth, 25, lamps.rim.kelvin);
    rim.hidden = !lamps.rim.on;
    key.setAttribute("aria-valuetext", t("light.key_text", { where: where(lamps.key.azimuth, lamps.key.elevation) }));
    rim.setAttribute("aria-valuetext", t("light.rim_text", { where: where(lamps.rim.azimuth, 25) }));
    canvas.setAttribute("aria-label", t("light.picture", { where: where(lamps.key.azimuth, lamps.key.elevation) }));
    const dx = CENTRE.x - x, dy = (CENTRE.y - y) * 1.25;
    beam.style.left = `${100 * x}%`;
    beam.style.top = `${100 * y}%`;
    beam.style.width = `${100 * Math.max(Math.hypot(dx, dy) - 0.05, 0) * 0.62}%`;
    beam.style.transform = `rotate(${Math.atan2(dy, dx)}rad)`;
    reach.style.left = `${100 * x}%`;
    reach.style.top = `${100 * y}%`;
    reach.style.width = `${Math.min((lamps.key.softness_degrees / 90) * SIDE * 100, 74)}%`;
    this.#parts.picture.style.setProperty("--lamp", tint(lamps.key.kelvin));
    this.#dials.show(lamps);
    this.dispatchEvent(new CustomEvent("placed"));
    this.#draw();
  }

  #set(handle, azimuth, elevation, kelvin) {
    const [x, y] = shown(azimuth, elevation);
    handle.style.left = `${100 * x}%`;
    handle.style.top = `${100 * y}%`;
    handle.style.setProperty("--lamp", tint(kelvin));
    handle.classList.toggle("back", Math.abs(azimuth) > 90);
    handle.setAttribute("aria-valuenow", Math.round(azimuth));
    return [x, y];
  }

  #draw() {
    if (this.#renderer && !this.#due) this.#due = requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#due = 0;
    const renderer = this.#renderer, { canvas } = this.#parts, moving = this.hasAttribute("moving");
    this.#timed(moving);
    const shown = Math.max(320, Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 2)));
    const wide = Math.min(shown, renderer.name === "webgl" ? 800 : moving ? 320 : 640);
    const width = Math.round((wide * (moving ? this.#scale : 1)) / 8) * 8;
    if (canvas.width !== width) [canvas.width, canvas.height] = [width, width * 1.25];
    const scene = JSON.stringify([this.lens, this.aperture, this.getAttribute("place"), this.getAttribute("blades")]);
    if (scene !== this.#scene) {
      this.#scene = scene;
      renderer.behind(paint({ focal: this.lens, aperture: this.aperture, blades: Number(this.getAttribute("blades")) || 9, place: this.getAttribute("place") || "street" }));
    }
    renderer.draw(mix(this.#pack, this.#lamps), this.#lamps.background ** 1.4 * BACKDROP);
    this.frames++;
  }

  /** Draw smaller while a lamp moves, where pictures do not follow one another quickly enough. */
  #timed(moving) {
    const now = performance.now(), since = now - this.#last;
    this.#last = moving ? now : 0;
    if (!moving || since > 2000) return;
    this.#pace = this.#pace ? 0.7 * this.#pace + 0.3 * since : since;
    if (this.#pace > SLOW && this.#scale > 0.55) [this.#scale, this.#pace] = [this.#scale * 0.8, 0];
  }

  #grab(event, lamp) {
    if (event.button) return;
    event.preventDefault();
    const handle = this.#parts[lamp];
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    this.setAttribute("moving", lamp);
    if (event.currentTarget !== handle) this.#follow(event, lamp);
    const drag = (moved) => this.#follow(moved, lamp);
    const drop = () => {
      handle.removeEventListener("pointermove", drag);
      this.removeAttribute("moving");
      this.#draw();
      this.#tell("lamps-settled");
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", drop, { once: true });
  }

  #follow(event, lamp, settled = false) {
    const box = this.#parts.picture.getBoundingClientRect();
    const [azimuth, elevation] = pointed((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    if (lamp === "rim") this.move({ rim: { azimuth: behind(azimuth) } }, settled);
    else this.move({ key: { azimuth: Math.round(azimuth), elevation: Math.round(elevation) } }, settled);
  }

  #keyed(event, lamp) {
    const step = event.shiftKey ? 1 : 5;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step], PageUp: [0, 15], PageDown: [0, -15] }[event.key];
    if (!by && event.key !== "Home") return;
    event.preventDefault();
    const { azimuth, elevation } = this.#lamps.key;
    if (lamp === "rim") this.move({ rim: { azimuth: behind(by ? round(this.#lamps.rim.azimuth + by[0]) : 135) } }, true);
    else if (!by) this.move({ key: { azimuth: 0, elevation: 0 } }, true);
    else this.move({ key: { azimuth: round(azimuth + by[0]), elevation: Math.min(Math.max(elevation + by[1], LOWEST), HIGHEST) } }, true);
  }
}



/** The nearest place behind the head. */
function behind(azimuth) {
  const far = Math.min(Math.max(Math.abs(azimuth), 100), 172);
  return Math.round(azimuth < 0 ? -far : far);
}

/** Lamps between two others. */
function between(from, to, share) {
  const made = structuredClone(to);
  for (const name of ["key", "fill", "rim"]) {
    for (const [field, value] of Object.entries(to[name])) {
      if (typeof value !== "number") continue;
      const turn = field === "azimuth" ? round(value - from[name][field]) : value - from[name][field];
      made[name][field] = field === "azimuth" ? round(from[name][field] + turn * share) : from[name][field] + turn * share;
    }
  }
  made.rim.on = from.rim.on || to.rim.on;
  if (from.rim.on && !to.rim.on) made.rim.power = from.rim.power * (1 - share);
  made.background = from.background + (to.background - from.background) * share;
  return made;
}

customElements.define("light-stage", LightStage);
