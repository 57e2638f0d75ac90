// A picture that can be zoomed and moved: fitted to its place, at its own pixels, or anything between and beyond.
// Wheel and pinch zoom at the pointer, dragging moves, and a swipe over a fitted picture goes to the next one.
import { h } from "./core.js";

const MOST = 8;
/** A fitted picture is enlarged no further than this: small ones would only blur. */
const MOST_FIT = 3;
const SWIPE = 60;

export class Surface {
  /**
   * @param {HTMLElement} place
   * @param {{zoomed?: (text: string) => void, swiped?: (way: 1 | -1) => void}} hear
   */
  constructor(place, { zoomed = () => {}, swiped = () => {} } = {}) {
    Object.assign(this, { place, zoomed, swiped, scale: 0, x: 0, y: 0, pointers: new Map() });
    this.image = h("img", { class: "surface-image", alt: "", draggable: "false", decoding: "async" });
    place.classList.add("surface");
    place.append(this.image);
    place.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    place.addEventListener("dblclick", (event) => this.toggle(this.at(event)));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      place.addEventListener(kind, (event) => this[kind](event));
    }
    new ResizeObserver(() => this.card && (this.scale ? this.draw() : this.fit())).observe(place);
  }

  /** Show a picture: its thumbnail at once, itself as soon as it is there. */
  show(card, words) {
    this.card = card;
    this.image.alt = words;
    this.image.width = card.width;
    this.image.height = card.height;
    if (card.thumbnail_url) this.image.src = card.thumbnail_url;
    const whole = new Image();
    whole.src = card.url ?? "";
    whole
      .decode()
      .then(() => this.card === card && (this.image.src = whole.src))
      .catch(() => {});
    this.fit();
  }

  clear() {
    this.card = null;
    this.image.removeAttribute("src");
  }

  get own() {
    return 1 / (window.devicePixelRatio || 1);
  }

  get fitted() {
    const { clientWidth, clientHeight } = this.place;
    const { width, height } = this.card;
    return Math.max(Math.min(clientWidth / width, clientHeight / height, MOST_FIT * this.own), 0.01);
  }

  fit() {
    Object.assign(this, { scale: 0, x: 0, y: 0 });
    if (this.card) this.draw();
  }

  /** From fitted to its own pixels and back. */
  toggle(point = { x: 0, y: 0 }) {
    if (this.scale) this.fit();
    else if (Math.abs(this.fitted - this.own) < 0.001) this.zoom(this.own * 2, point);
    else this.zoom(this.own, point);
  }

  /** Zoom by a factor, keeping a point where it is. */
  by(factor, point = { x: 0, y: 0 }) {
    this.zoom((this.scale || this.fitted) * factor, point);
  }

  zoom(to, point) {
    const from = this.scale || this.fitted;
    const scale = Math.min(MOST * this.own, Math.max(this.fitted, to));
    if (scale <= this.fitted * 1.001) return this.fit();
    this.x = point.x - ((point.x - this.x) * scale) / from;
    this.y = point.y - ((point.y - this.y) * scale) / from;
    this.scale = scale;
    return this.draw();
  }

  draw() {
    const scale = this.scale || this.fitted;
    const room = (side, shown) => Math.max(0, (shown * scale - side) / 2);
    const wide = room(this.place.clientWidth, this.card.width);
    const high = room(this.place.clientHeight, this.card.height);
    this.x = Math.min(wide, Math.max(-wide, this.x));
    this.y = Math.min(high, Math.max(-high, this.y));
    this.image.style.transform = `translate(-50%, -50%) translate(${this.x}px, ${this.y}px) scale(${scale})`;
    this.image.classList.toggle("is-crisp", scale > 2.5 * this.own);
    this.place.classList.toggle("is-zoomed", Boolean(this.scale));
    this.zoomed(`${Math.round((scale / this.own) * 100)} %`);
  }

  /** Where an event is, from the middle. */
  at(event) {
    const box = this.place.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  wheel(event) {
    if (!this.card) return;
    event.preventDefault();
    this.by(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) / 300), this.at(event));
  }

  pointerdown(event) {
    if (event.button || !this.card) return;
    this.place.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    this.began = this.at(event);
  }

  pointermove(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || !this.card) return;
    const now = this.at(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const span = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.by(span(now) / span(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (this.scale) {
      this.x += now.x - before.x;
      this.y += now.y - before.y;
      this.draw();
    }
    this.pointers.set(event.pointerId, now);
  }

  pointerup(event) {
    const was = this.pointers.delete(event.pointerId);
    if (!was || this.pointers.size || this.scale || event.pointerType !== "touch") return;
    const now = this.at(event);
    const across = now.x - this.began.x;
    if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(now.y - this.began.y)) this.swiped(across < 0 ? 1 : -1);
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
  }
}
