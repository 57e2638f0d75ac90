// Relights the head without a graphics card, with the same sums as light_gl.js, at a lower size. It also draws the little
// pictures of the named lights.
import { catchlight } from "./light_rig.js";
import { FILM, outset, pixels } from "./light_pack.js";

const LIGHTEST = 16; // what the end of the film's table stands for
const STEPS = 4095;
const SQUARES = Float32Array.from({ length: 256 }, (_, i) => (i / 255) ** 2);
const CUBES = Float32Array.from({ length: 256 }, (_, i) => (i / 255) ** 3);
const BACK = Float32Array.from({ length: 256 }, (_, i) => (i / 255) ** 2.2);
let film = null;

/** The film's answer to evenly spaced roots of light. */
function filmTable() {
  film ??= Float32Array.from({ length: STEPS + 1 }, (_, i) => {
    const light = Math.max((i / STEPS) ** 2 * LIGHTEST, 2e-4);
    const v = Math.min(Math.max((Math.log2(light) - FILM.darkest) / FILM.stops, 0), 1);
    const y = FILM.curve.reduceRight((sum, factor) => sum * v + factor, 0);
    return Math.min(Math.max(y, 0), 1) ** FILM.contrast;
  });
  return film;
}

/** The sum of all ratios under some weights: red, green, blue of every place of a tile. */
export function sum(pack, mixed) {
  const { about } = pack;
  const [width, height] = about.tile;
  pack.sheet ??= pixels(pack.lights);
  pack.summed ??= new Float32Array(width * height * 3);
  const total = pack.summed.fill(0), across = pack.lights.width;
  about.scales.forEach((scale, i) => {
    const [r, g, b] = [0, 1, 2].map((c) => mixed.weights[3 * i + c] * scale);
    if (r + g + b <= 1e-5) return;
    const left = (i % about.columns) * width, top = Math.floor(i / about.columns) * height;
    for (let y = 0, to = 0; y < height; y++) {
      let from = ((top + y) * across + left) * 4;
      for (let x = 0; x < width; x++, from += 4, to += 3) {
        total[to] += CUBES[pack.sheet[from]] * r;
        total[to + 1] += CUBES[pack.sheet[from + 1]] * g;
        total[to + 2] += CUBES[pack.sheet[from + 2]] * b;
      }
    }
  });
  return total;
}

/** A renderer on a canvas, for the whole picture or for a part of it. */
export class FlatRenderer {
  name = "2d";
  #pack;
  #crop;
  #context;
  #behind = null;
  #back = null;
  #sources = null;

  /** @param {{x: number, y: number, width: number, height: number}} [crop] shares of the whole */
  constructor(canvas, pack, crop = { x: 0, y: 0, width: 1, height: 1 }) {
    this.canvas = canvas;
    this.#pack = pack;
    this.#crop = crop;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** Put a picture behind the head. */
  behind(source) {
    this.#behind = source;
    this.#back = null;
  }

  /** Draw. */
  draw(mixed, backdrop) {
    const { width, height } = this.canvas, { about } = this.#pack, crop = this.#crop;
    if (this.#sources?.width !== width || this.#sources.height !== height) {
      this.#sources = { width, height, head: pixels(this.#pack.head, width, height, crop), matte: pixels(this.#pack.matte, width, height, crop), out: this.#context.createImageData(width, height) };
      this.#back = null;
    }
    if (this.#behind && !this.#back) this.#back = pixels(this.#behind, width, height, crop);
    const tint = mixed.key.colour, { head, matte, out } = this.#sources, back = this.#back, ratio = sum(this.#pack, mixed), table = filmTable();
    const [tw, th] = about.tile, [a, b, c, d, e, f, g, h, i] = FILM.inset, m = outset();
    const gain = about.most * mixed.exposure, data = out.data, index = STEPS / Math.sqrt(LIGHTEST);
    const develop = (light) => table[Math.min(STEPS, (Math.sqrt(light > 0 ? light : 0) * index + 0.5) | 0)];
    const glints = this.#glints(mixed, ratio);
    const places = Float32Array.from({ length: width }, (_, x) => Math.min(Math.max((crop.x + (crop.width * (x + 0.5)) / width) * tw - 0.5, 0), tw - 1));
    for (let y = 0, at = 0; y < height; y++) {
      const v = Math.min(Math.max((crop.y + (crop.height * (y + 0.5)) / height) * th - 0.5, 0), th - 1);
      const row = Math.min(v | 0, th - 2), down = v - row, low = down * gain, high = (1 - down) * gain;
      const near = glints.filter((glint) => y >= glint.top && y <= glint.bottom);
      for (let x = 0; x < width; x++, at += 4) {
        const u = places[x], column = Math.min(u | 0, tw - 2), right = u - column;
        const p = (row * tw + column) * 3, q = p + tw * 3;
        const w00 = (1 - right) * high, w10 = right * high, w01 = (1 - right) * low, w11 = right * low;
        let red = SQUARES[head[at]] * (ratio[p] * w00 + ratio[p + 3] * w10 + ratio[q] * w01 + ratio[q + 3] * w11);
        let green = SQUARES[head[at + 1]] * (ratio[p + 1] * w00 + ratio[p + 4] * w10 + ratio[q + 1] * w01 + ratio[q + 4] * w11);
        let blue = SQUARES[head[at + 2]] * (ratio[p + 2] * w00 + ratio[p + 5] * w10 + ratio[q + 2] * w01 + ratio[q + 5] * w11);
        const open = ((255 - matte[at]) / 255) * backdrop;
        if (open && back) {
          red += open * BACK[back[at]];
          green += open * BACK[back[at + 1]];
          blue += open * BACK[back[at + 2]];
        }
        for (let n = 0; n < near.length; n++) {
          const share = near[n].at(x, y);
          red += share * tint[0];
          green += share * tint[1];
          blue += share * tint[2];
        }
        const r = develop(a * red + b * green + c * blue), s = develop(d * red + e * green + f * blue), t = develop(g * red + h * green + i * blue);
        data[at] = (m[0] * r + m[1] * s + m[2] * t) * 255;
        data[at + 1] = (m[3] * r + m[4] * s + m[5] * t) * 255;
        data[at + 2] = (m[6] * r + m[7] * s + m[8] * t) * 255;
        data[at + 3] = 255;
      }
    }
    this.#context.putImageData(out, 0, 0);
  }

  /** How much of the key is mirrored at a place (`at`), for each eye, and between which lines. */
  #glints(mixed, ratio) {
    const { about } = this.#pack, found = catchlight(this.#pack, mixed.key), crop = this.#crop;
    if (!found) return [];
    const { width, height } = this.canvas, [w, h] = about.size;
    const step = (low, high, value) => {
      const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
      return share * share * (3 - 2 * share);
    };
    return about.eyes.map(([ex, ey]) => {
      const [across, down] = about.tile;
      const place = (Math.floor((ey / h) * down) * across + Math.floor((ex / w) * across)) * 3;
      const lit = step(0.08, 0.5, 0.2126 * ratio[place] + 0.7152 * ratio[place + 1] + 0.0722 * ratio[place + 2]);
      const full = found.strength * lit * mixed.key.power * mixed.exposure * 1.6;
      const line = (py) => ((py / h - crop.y) / crop.height) * height, reach = 1.25 * found.size;
      const at = (x, y) => {
        const px = (crop.x + (crop.width * (x + 0.5)) / width) * w, py = (crop.y + (crop.height * (y + 0.5)) / height) * h;
        const dx = px - ex - found.offset[0], dy = py - ey - found.offset[1];
        if (dx > reach || dx < -reach || dy > reach || dy < -reach) return 0;
        const inside = 1 - step(0.8, 1.05, Math.hypot(px - ex, (py - ey) / 0.46) / (about.eye_radius * 0.95));
        return inside * (1 - step(0.7, 1.25, Math.hypot(dx, dy) / found.size)) * full;
      };
      const middle = ey + found.offset[1];
      return { at, top: line(middle - reach) - 1, bottom: line(middle + reach) + 1 };
    });
  }
}
