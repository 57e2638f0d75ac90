// The sheet that a prompt is written on: a field, and behind it a mirror of the same text that carries underlines and
// shades. The mirror gives the sheet its height, so nothing is measured and nothing jumps.
import { h } from "./core.js";
import { difference, moved } from "./words.js";

const MOST_MARKED = 30_000; // characters; beyond, underlines would cost more than a frame
const FRESH = 1200; // milliseconds that new words are shown as new

export class Sheet {
  #spans = []; // of findings, in units; moved along with the words until the next check
  #shades = []; // other places that are shown: {start, end, kind, until?}
  #known = "";

  /** @param {HTMLTextAreaElement} text */
  constructor(text) {
    this.text = text;
    this.mirror = h("div", { class: "words-mirror", "aria-hidden": "true" });
    this.element = h("div", { class: "words-paper", on: { click: (event) => event.target === this.element && text.focus() } },
      h("div", { class: "words-sheet" }, this.mirror, text));
    this.follow();
  }

  get value() { return this.text.value; }

  /** Where the caret is, and the words around it. */
  get state() { return { value: this.value, start: this.text.selectionStart, end: this.text.selectionEnd }; }

  /** Put other words there: only what differs is written, and the caret stays with its words. */
  write(now, caret = null) {
    const change = difference(this.value, now), top = this.element.scrollTop;
    this.text.setRangeText(change.text, change.start, change.end, "preserve");
    if (caret) this.text.setSelectionRange(caret.start, caret.end);
    this.element.scrollTop = top;
    this.follow();
  }

  /** The text has changed: what is shown moves along with its words. */
  follow() {
    const change = difference(this.#known, this.value);
    this.#known = this.value;
    this.#spans = moved(this.#spans, change);
    this.#shades = moved(this.#shades, change);
    this.draw();
  }

  /** Underline findings: {start, end, index, kind}. */
  underline(spans) {
    this.#spans = spans;
    this.draw();
  }

  /** Show places in a way of their own, instead of those that were shown so. */
  shade(kind, places) {
    this.#shades = [...this.#shades.filter((shade) => shade.kind !== kind),
      ...places.filter((place) => place.end > place.start).map((place) => ({ ...place, kind }))];
    this.draw();
  }

  /** Show for a moment where new words are. Places of the text before; `text` stands there now. */
  flash(changes) {
    let by = 0;
    const places = changes.map(({ start, end, text }) => {
      const at = start + by;
      by += text.length - (end - start);
      return { start: at, end: at + text.length, until: performance.now() + FRESH };
    });
    this.shade("fresh", places);
    this.#reveal();
    setTimeout(() => this.shade("fresh", this.#shades.filter((shade) => shade.until > performance.now())), FRESH + 50);
  }

  /** Keep its height: what lies below must not move. What is new is scrolled to. */
  hold(held) { this.element.style.height = held ? `${this.element.getBoundingClientRect().height}px` : ""; }

  #reveal() {
    const mark = this.mirror.querySelector("mark.fresh"), { clientHeight, scrollTop } = this.element;
    if (!mark) return;
    const over = mark.offsetTop - scrollTop, under = mark.offsetTop + mark.offsetHeight - scrollTop - clientHeight;
    if (over < 0 || under > 0) this.element.scrollTop += over < 0 ? over - 12 : under + 12;
  }

  /** Number of the finding at a place, the narrowest where there are several; -1 where there is none. */
  at(place) {
    const hits = this.#spans.filter((span) => span.start <= place && place <= span.end);
    return hits.sort((one, two) => one.end - one.start - (two.end - two.start))[0]?.index ?? -1;
  }

  /** Where a finding is now; undefined where its words were changed. */
  place(index) { return this.#spans.find((span) => span.index === index); }

  /** Number of the finding that begins next behind (or before) the caret; -1 where there is none. */
  next(step) {
    const from = this.text.selectionStart, all = [...this.#spans].sort((one, two) => one.start - two.start);
    const found = step > 0 ? all.find((span) => span.start > from) ?? all[0] : all.findLast((span) => span.start < from) ?? all.at(-1);
    return found?.index ?? -1;
  }

  /** Select a finding's words. */
  select(index) {
    const span = this.place(index);
    if (span) this.text.setSelectionRange(span.start, span.end);
    this.mirror.querySelector(`mark[data-finding="${index}"]`)?.scrollIntoView({ block: "nearest" });
  }

  /** The finding under a pointer: its number and the box of its line; null where there is none. */
  under({ clientX: x, clientY: y }) {
    const mark = document.elementsFromPoint(x, y).find((each) => each.localName === "mark" && each.dataset.finding && this.mirror.contains(each));
    if (!mark) return null;
    const box = [...mark.getClientRects()].find((line) => line.top <= y && y <= line.bottom) ?? mark.getBoundingClientRect();
    return { index: Number(mark.dataset.finding), box };
  }

  /** Write the text behind the text. */
  draw() {
    const text = this.value, marks = text.length > MOST_MARKED ? [] : [...this.#spans, ...this.#shades];
    const edges = [...new Set([0, text.length, ...marks.flatMap((mark) => [mark.start, mark.end])])]
      .filter((edge) => edge <= text.length).sort((one, two) => one - two);
    const content = edges.slice(1).map((end, place) => {
      const start = edges[place], words = text.slice(start, end);
      const over = marks.filter((mark) => mark.start <= start && mark.end >= end);
      if (!over.length) return words;
      const finding = over.find((mark) => mark.index !== undefined)?.index;
      return h("mark", { class: [...new Set(over.map((mark) => mark.kind))].join(" "), dataset: finding === undefined ? {} : { finding } }, words);
    });
    this.mirror.replaceChildren(...content, "\n");
  }
}
