// One view for many pictures: zoom and place are kept once, so that every frame shows the same part of its own picture.

export const MOST = 16;
const STEP = 1.5;

/** Zoom and pan of all frames that were added. Says `change` after each. */
export class View extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { scale: 1, x: 0, y: 0, frames: new Map() });
  }

  /**
   * Have a frame follow, and move all from it: wheel, pinch, drag, double click.
   * @param {HTMLElement} frame its `.cmp-layer` children are moved
   * @param {{drag?: (event: PointerEvent) => boolean}} [options] `drag` may take a press for itself
   */
  add(frame, { drag = () => false } = {}) {
    const away = new AbortController(), hear = { signal: away.signal };
    const pointers = new Map();
    frame.addEventListener("wheel", (event) => this.#wheel(event, frame), { passive: false, ...hear });
    frame.addEventListener("dblclick", (event) => this.#toggle(event, frame), hear);
    frame.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target.closest("button, a, [role=slider]") || drag(event)) return;
      pointers.set(event.pointerId, event);
      frame.setPointerCapture(event.pointerId);
    }, hear);
    frame.addEventListener("pointermove", (event) => this.#move(event, frame, pointers), hear);
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      frame.addEventListener(kind, (event) => pointers.delete(event.pointerId), hear);
    }
    this.frames.set(frame, away);
    this.#show(frame);
  }

  /** Let go of all frames; zoom and place stay for the next ones. */
  clear() {
    for (const away of this.frames.values()) away.abort();
    this.frames.clear();
  }

  /** Zoom by a factor about a point of a frame (0 … 1 each way). */
  zoom(factor, at = { x: 0.5, y: 0.5 }) {
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const change = scale / this.scale;
    this.place(at.x - (at.x - this.x) * change, at.y - (at.y - this.y) * change, scale);
  }

  in() { this.zoom(STEP); }
  out() { this.zoom(1 / STEP); }
  fit() { this.place(0, 0, 1); }

  /** One picture's pixel for one of the screen's, as far as the largest frame tells. */
  actual(at) {
    const whole = this.actualScale();
    if (whole) this.zoom(whole / this.scale, at);
  }

  /** The scale at which a pixel is a pixel; 0 where no picture is there. */
  actualScale() {
    for (const frame of this.frames.keys()) {
      const image = frame.querySelector("img");
      if (!image?.naturalWidth || !frame.clientWidth) continue;
      const fitted = Math.min(frame.clientWidth / image.naturalWidth, frame.clientHeight / image.naturalHeight);
      return 1 / fitted / window.devicePixelRatio;
    }
    return 0;
  }

  /** Move by shares of a frame. */
  pan(x, y) { this.place(this.x + x, this.y + y, this.scale); }

  place(x, y, scale) {
    const least = 1 - scale;
    Object.assign(this, { scale, x: Math.min(0, Math.max(least, x)), y: Math.min(0, Math.max(least, y)) });
    for (const frame of this.frames.keys()) this.#show(frame);
    this.dispatchEvent(new Event("change"));
  }

  #show(frame) {
    const transform = `translate(${(this.x * 100).toFixed(3)}%, ${(this.y * 100).toFixed(3)}%) scale(${this.scale.toFixed(4)})`;
    for (const layer of frame.querySelectorAll(".cmp-layer")) layer.style.transform = transform;
    frame.classList.toggle("is-zoomed", this.scale > 1);
    frame.classList.toggle("is-pixels", this.scale > 3 * (this.actualScale() || Infinity));
  }

  #point(event, frame) {
    const box = frame.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  #wheel(event, frame) {
    if (frame.closest(".cmp-grid") && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), this.#point(event, frame));
  }

  #toggle(event, frame) {
    if (event.target.closest("button, a, [role=slider]")) return;
    if (this.scale > 1) this.fit();
    else if (this.actualScale() > 1.05) this.actual(this.#point(event, frame));
    else this.zoom(2.5, this.#point(event, frame));
  }

  #move(event, frame, pointers) {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const others = [...pointers.values()].filter((each) => each.pointerId !== event.pointerId);
    const box = frame.getBoundingClientRect();
    if (others.length) {
      const gap = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY) || 1;
      const middle = { clientX: (event.clientX + others[0].clientX) / 2, clientY: (event.clientY + others[0].clientY) / 2 };
      this.zoom(gap(event) / gap(before), this.#point(middle, frame));
      this.pan((event.clientX - before.clientX) / 2 / box.width, (event.clientY - before.clientY) / 2 / box.height);
    } else {
      this.pan((event.clientX - before.clientX) / box.width, (event.clientY - before.clientY) / box.height);
    }
    pointers.set(event.pointerId, event);
  }
}
