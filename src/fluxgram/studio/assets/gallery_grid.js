// The light table's surface: rows of pictures filled to the edge, of which only those near the window are in the page.
// It knows cards and places; what keys and clicks mean is gallery.js's business.
import { h, styled } from "./core.js";
import { retouch, tile } from "./tile.js";

const GAP = 6;
/** Pixels above and below the window that are kept ready. */
const MARGIN = 700;
const FLATTEST = 2.4;
const SLIMMEST = 0.45;
const STRETCH = 1.35;

/**
 * Lay pictures out in rows of equal width.
 * @param {{width: number, height: number}[]} cards
 * @param {number} width Of the rows, in pixels.
 * @param {number} height That a row should have.
 * @returns {{top: number, height: number, from: number, lefts: number[], widths: number[]}[]}
 */
export function rowsOf(cards, width, height) {
  const rows = [];
  let top = 0;
  let row = [];
  let sum = 0;
  const close = (from, fitted) => {
    const widths = row.map((ratio) => ratio * fitted);
    const lefts = [];
    widths.reduce((left, each) => (lefts.push(left), left + each + GAP), 0);
    rows.push({ top, height: fitted, from, lefts, widths });
    top += fitted + GAP;
    row = [];
    sum = 0;
  };
  cards.forEach((card, index) => {
    row.push(Math.min(FLATTEST, Math.max(SLIMMEST, card.width / card.height || 1)));
    sum += row.at(-1);
    const gaps = (row.length - 1) * GAP;
    if (sum * height + gaps >= width) close(index - row.length + 1, (width - gaps) / sum);
  });
  if (row.length) {
    const full = (width - (row.length - 1) * GAP) / sum;
    close(cards.length - row.length, Math.min(full, rows.length ? height : height * STRETCH));
  }
  return rows;
}

export class Grid {
  /**
   * @param {HTMLElement} list An empty `ul`.
   * @param {object} hear
   * @param {() => void} hear.need More cards are wanted.
   * @param {(index: number, event: MouseEvent) => void} hear.click
   * @param {(card: object) => object[]} hear.actions Small buttons of a tile.
   * @param {(name: string) => boolean} hear.selected
   */
  constructor(list, hear) {
    styled("tile.css");
    Object.assign(this, { list, hear, cards: [], rows: [], total: 0, whole: false, height: 220, at: -1 });
    this.shown = new Map();
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("focusin", (event) => this.focused(event));
    addEventListener("scroll", () => this.soon(), { passive: true });
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(list);
  }

  /** Show other cards. */
  reset(cards, { whole, total = cards.length }) {
    for (const item of this.shown.values()) item.remove();
    this.shown.clear();
    Object.assign(this, { cards, whole, total: Math.max(total, cards.length), at: -1 });
    this.lay();
  }

  /** Show further cards below. */
  append(cards, { whole }) {
    this.cards.push(...cards);
    this.whole = whole;
    this.total = whole ? this.cards.length : Math.max(this.total, this.cards.length);
    this.lay();
  }

  /** Take cards away; gives where they were. */
  remove(names) {
    const gone = new Set(names);
    const before = this.cards.slice(0, Math.max(this.at, 0)).filter((card) => !gone.has(card.name)).length;
    const kept = this.cards.filter((card) => !gone.has(card.name));
    this.total -= this.cards.length - kept.length;
    this.cards.splice(0, this.cards.length, ...kept);
    this.at = Math.min(before, kept.length - 1);
    this.lay();
  }

  /** Put a card back to where it belongs by time. */
  insert(card) {
    if (this.indexOf(card.name) >= 0) return;
    const key = (each) => `${each.created} ${each.name}`;
    const found = this.cards.findIndex((each) => key(each) < key(card));
    const index = found < 0 ? this.cards.length : found;
    this.cards.splice(index, 0, card);
    this.total += 1;
    if (this.at >= index) this.at += 1;
    this.lay();
  }

  indexOf(name) {
    return this.cards.findIndex((card) => card.name === name);
  }

  /** A card was marked: show it as it is. */
  touch(name) {
    const item = this.shown.get(name);
    const index = this.indexOf(name);
    if (item && index >= 0) this.dress(item, index);
  }

  touchAll() {
    for (const name of this.shown.keys()) this.touch(name);
  }

  resize(height) {
    this.height = height;
    this.lay();
  }

  resized() {
    if (this.list.clientWidth === this.width) return;
    this.lay();
  }

  /** Lay everything out anew; what is in the middle of the window stays there. */
  lay() {
    const width = this.list.clientWidth;
    const anchor = this.width && this.width !== width ? this.middle() : null;
    this.width = width;
    this.rows = width ? rowsOf(this.cards, width, Math.min(this.height, width * 1.1)) : [];
    const last = this.rows.at(-1);
    const laid = last ? last.top + last.height + GAP : 0;
    const missing = this.whole ? 0 : this.total - this.cards.length;
    const each = this.cards.length ? laid / this.cards.length : 0;
    this.laid = laid;
    this.list.style.height = `${Math.ceil(laid + missing * each)}px`;
    if (anchor !== null) this.reveal(anchor, "center");
    this.show();
  }

  /** The index in the middle of the window, where one has scrolled. */
  middle() {
    if (scrollY < 50) return null;
    const row = this.rows[this.rowAt(scrollY + innerHeight / 2 - this.offset())];
    return row ? row.from : null;
  }

  offset() {
    return this.list.getBoundingClientRect().top + scrollY;
  }

  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.show();
    });
  }

  /** The row at a height, or the last one. */
  rowAt(y) {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.rows[mid].top <= y) low = mid;
      else high = mid - 1;
    }
    return Math.max(low, 0);
  }

  /** Put the tiles near the window into the page, and take the others out. */
  show() {
    const top = scrollY - this.offset();
    const wanted = new Map();
    if (this.rows.length) {
      const first = this.rowAt(top - MARGIN);
      const last = this.rowAt(top + innerHeight + MARGIN);
      for (let each = first; each <= last; each += 1) {
        const row = this.rows[each];
        row.lefts.forEach((left, n) => wanted.set(this.cards[row.from + n].name, { row, n }));
      }
    }
    const focused = document.activeElement?.closest("li")?.parentElement === this.list ? document.activeElement.closest("li") : null;
    for (const [name, item] of this.shown) {
      if (wanted.has(name)) continue;
      if (item === focused && this.place(name)) wanted.set(name, this.place(name));
      else {
        this.shown.delete(name);
        item.remove();
      }
    }
    let before = null;
    for (const [name, { row, n }] of wanted) this.put(name, row, n);
    const order = [...wanted.keys()].sort((a, b) => this.shown.get(a).index - this.shown.get(b).index);
    for (const name of order) {
      const item = this.shown.get(name);
      if (item !== focused && item.previousSibling !== before) this.list.insertBefore(item, before ? before.nextSibling : this.list.firstChild);
      before = item;
    }
    if (!this.whole && top + innerHeight + 2 * MARGIN > this.laid) this.hear.need();
  }

  place(name) {
    const index = this.indexOf(name);
    if (index < 0) return null;
    const row = this.rows.findLast((each) => each.from <= index);
    return { row, n: index - row.from };
  }

  put(name, row, n) {
    const index = row.from + n;
    let item = this.shown.get(name);
    if (!item) {
      const card = this.cards[index];
      item = h("li", { class: "gallery-cell" }, tile(card, { height: row.height, actions: this.hear.actions(card) }));
      item.firstChild.style.aspectRatio = "";
      for (const button of item.querySelectorAll("button")) button.tabIndex = -1;
      this.shown.set(name, item);
      this.list.append(item);
    }
    item.index = index;
    item.row = row;
    item.style.transform = `translate(${row.lefts[n].toFixed(2)}px, ${row.top.toFixed(2)}px)`;
    item.style.width = `${row.widths[n].toFixed(2)}px`;
    item.style.height = `${row.height.toFixed(2)}px`;
    const worn = `${index} ${row.height} ${this.whole} ${this.total}`;
    if (item.worn !== worn) this.dress(item, index);
    item.worn = worn;
  }

  dress(item, index) {
    const card = this.cards[index];
    const selected = this.hear.selected(card.name);
    retouch(item.firstChild, card, { height: item.row.height, selected });
    const [choose, favourite] = item.querySelectorAll(".tile-action");
    choose?.setAttribute("aria-pressed", String(selected));
    favourite?.setAttribute("aria-pressed", String(card.favourite));
    item.setAttribute("aria-setsize", String(this.whole ? this.cards.length : this.total));
    item.setAttribute("aria-posinset", String(index + 1));
    item.querySelector("a").tabIndex = index === Math.max(this.at, 0) ? 0 : -1;
  }

  clicked(event) {
    const item = event.target.closest("li");
    if (!item || event.target.closest("button") || event.button) return;
    this.hear.click(item.index, event);
  }

  focused(event) {
    const item = event.target.closest("li");
    if (item && item.index !== this.at) this.mark(item.index);
  }

  mark(index) {
    const before = this.cards[this.at]?.name;
    this.at = index;
    if (before) this.touch(before);
    if (this.cards[index]) this.touch(this.cards[index].name);
  }

  /** Scroll so that a card is in the window. */
  reveal(index, block = "nearest") {
    const row = this.rows.findLast((each) => each.from <= index);
    if (!row) return;
    const top = this.offset() + row.top;
    const head = document.querySelector(".gallery-bar")?.offsetHeight ?? 0;
    if (block === "center") scrollTo({ top: top - innerHeight / 2 + row.height / 2 });
    else if (top < scrollY + head + GAP) scrollTo({ top: Math.max(0, top - head - 2 * GAP) });
    else if (top + row.height > scrollY + innerHeight - 90) scrollTo({ top: top + row.height - innerHeight + 90 });
    this.show();
  }

  /** Give a card the focus, wherever it is. */
  focus(index) {
    if (!this.cards[index]) return;
    this.mark(index);
    this.reveal(index);
    this.shown.get(this.cards[index].name)?.querySelector("a").focus({ preventScroll: true });
  }

  /** The card that an arrow leads to. */
  step(index, key) {
    if (index < 0) return 0;
    const last = this.cards.length - 1;
    if (key === "ArrowLeft") return Math.max(0, index - 1);
    if (key === "ArrowRight") return Math.min(last, index + 1);
    if (key === "Home") return 0;
    if (key === "End") return last;
    const row = this.rows.findLastIndex((each) => each.from <= index);
    const to = row + (key === "ArrowDown" ? 1 : -1);
    if (!this.rows[to]) return index;
    const own = this.rows[row];
    const centre = own.lefts[index - own.from] + own.widths[index - own.from] / 2;
    const near = this.rows[to].lefts.map((left, n) => Math.abs(left + this.rows[to].widths[n] / 2 - centre));
    return this.rows[to].from + near.indexOf(Math.min(...near));
  }
}
