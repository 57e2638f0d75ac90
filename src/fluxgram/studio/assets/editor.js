// <prompt-editor>: where a prompt is written. What the linter finds is underlined as one writes, a key mends it, and
// whatever is changed from elsewhere (a chip, a fix, enhancing) can be undone like typing.
import { api, h, icon, live, t, tell } from "./core.js";
import { Enhancing } from "./editor_enhance.js";
import { Findings, SHAPES } from "./editor_findings.js";
import { History } from "./editor_history.js";
import { tied } from "./editor_draft.js";
import { changed, converter, difference, hint, moved, newest, wear, whole } from "./words.js";

const PAUSE = 150;
const MOST_MARKED = 30_000; // beyond, underlines would cost more than a frame
let made = 0;

/**
 * Properties: `value`, `negative`, `checkpoint`, `size` ("512x768"), `seed`, `anchor`; `policy` of the negative prompt,
 * `tokens`, `findings`. Events: `change` (somebody changed the words), `reading` (detail: what /parse says),
 * `checked` (detail: the findings). Attributes: `draft` (the words are those of the page's draft), `no-negative` (the
 * field for it is elsewhere), `plain` (neither negative prompt nor enhancing), `placeholder`.
 */
export class PromptEditor extends HTMLElement {
  #id = `prompt-${++made}`;
  #history = new History();
  #settings = { checkpoint: "", size: "", seed: "", anchor: "" };
  #before = "";
  #negative = "";
  #spans = []; // of findings, in units, moved along until the next check
  #shades = []; // other places that are shown: {start, end, kind}
  #changes = Promise.resolve();
  #check = newest(PAUSE, (signal) => this.#look(signal));
  #built = false;
  reading = null;
  findings = [];

  connectedCallback() {
    wear();
    if (!this.#built) this.#build();
    if (this.hasAttribute("draft")) this.#untie = tied(this);
    this.#check.now();
  }

  #untie = () => {};

  disconnectedCallback() {
    this.#untie();
    this.#check.stop();
    hint(null);
  }

  get value() { return this.#built ? this.text.value : this.#before; }

  set value(value) {
    const now = String(value ?? "");
    if (now === this.value) return;
    if (!this.#built) this.#before = now;
    else this.#write(now, { quiet: true });
  }

  /** The negative prompt, as far as the checkpoint honours one; what was typed for another stays in the field. */
  get negative() { return this.policy === "unsupported" ? "" : this.negativeTyped; }
  get negativeTyped() { return this.#negative; }
  set negative(value) {
    const now = String(value ?? "");
    if (now === this.#negative) return;
    this.#negative = now;
    if (this.below && this.below.value !== now) this.below.value = now;
    this.#grown();
    if (this.#built) this.#check.soon();
  }

  get policy() { return this.reading?.negative ?? "honoured"; }
  get tokens() { return this.reading?.tokens ?? null; }

  get checkpoint() { return this.#settings.checkpoint; }
  set checkpoint(value) { this.#set("checkpoint", value); }
  get size() { return this.#settings.size; }
  set size(value) { this.#set("size", value); }
  get seed() { return this.#settings.seed; }
  set seed(value) { this.#set("seed", value); }
  get anchor() { return this.#settings.anchor; }
  set anchor(value) { this.#set("anchor", value); }

  #set(name, value) {
    const now = String(value ?? "");
    if (this.#settings[name] === now) return;
    this.#settings[name] = now;
    if (this.#built) this.#check.soon();
  }

  focus() { this.text?.focus(); }

  #build() {
    this.#built = true;
    const id = this.#id;
    this.mirror = h("div", { class: "words-mirror", "aria-hidden": "true" });
    this.text = h("textarea", {
      id, class: "words-text", rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      "aria-describedby": `${id}-state ${id}-keys`, placeholder: this.getAttribute("placeholder") || t("words.placeholder"), value: this.#before,
      on: { input: (event) => this.#typed(event), keydown: (event) => this.#key(event), change: (event) => event.stopPropagation(),
        beforeinput: (event) => this.#historyAsked(event), pointermove: (event) => this.#point(event), pointerleave: () => hint(null) },
    });
    this.state = h("p", { class: "words-state", id: `${id}-state` });
    this.list = new Findings({
      fix: (finding) => this.fix(finding), all: () => this.fixAll(), show: (finding) => this.show(finding), id,
    });
    this.enhancing = this.hasAttribute("plain") ? null : new Enhancing(this);
    this.append(
      h("div", { class: "words-head" },
        h("label", { for: id }, t("words.prompt")),
        h("div", { class: "words-tools" },
          this.#tool("undo", "undo", () => this.undo()), this.#tool("redo", "retry", () => this.redo()), this.enhancing?.button)),
      h("div", { class: "words-paper", on: { click: (event) => event.target === event.currentTarget && this.text.focus() } },
        h("div", { class: "words-sheet" }, this.mirror, this.text)),
      h("div", { class: "words-foot" }, this.state,
        h("p", { class: "words-keys", id: `${id}-keys` }, h("kbd", { class: "kbd" }, "Alt Enter"), ` ${t("words.key_fix")}`, h("kbd", { class: "kbd" }, "F8"), ` ${t("words.key_next")}`)),
      ...(this.enhancing ? [this.enhancing.panel] : []),
      this.list.element,
      ...(this.hasAttribute("plain") || this.hasAttribute("no-negative") ? [] : [this.#negativeField()]));
    this.#history.start(this.#before);
    document.addEventListener("selectionchange", () => document.activeElement === this.text && this.#caret());
    this.#draw();
    this.#tell();
  }

  #tool(name, picture, run) {
    const button = h("button", { type: "button", class: "icon-button", "aria-label": t(`words.${name}`), title: t(`words.${name}_title`), on: { click: run } }, icon(picture));
    return (this[`${name}Button`] = button);
  }

  #negativeField() {
    const id = `${this.#id}-negative`;
    this.below = h("textarea", { id, rows: 1, class: "words-negative", spellcheck: "false", autocomplete: "off", value: this.#negative,
      "aria-describedby": `${id}-help`, placeholder: t("words.negative_placeholder"),
      on: { input: () => { this.negative = this.below.value; this.announce(); }, change: (event) => event.stopPropagation() } });
    this.belowHelp = h("p", { class: "help", id: `${id}-help` });
    return h("div", { class: "field words-below" }, h("label", { for: id }, t("words.negative")), h("div", { class: "words-grow" }, this.below), this.belowHelp);
  }

  /** The field below grows with its words; browsers that cannot do it alone are helped. */
  #grown() {
    if (this.below) this.below.parentNode.dataset.words = `${this.below.value}\n`;
  }

  // --- changes -----------------------------------------------------------------------------------------------------

  #typed(event) {
    this.#shift(this.#before, this.value);
    this.#before = this.value;
    if (!event.isComposing) this.#history.typed(this.#snapshot(), event.inputType);
    this.#draw();
    this.#tell();
    this.list.wait();
    this.#check.soon();
    this.announce();
  }

  #snapshot() {
    return { value: this.value, start: this.text.selectionStart, end: this.text.selectionEnd };
  }

  /** Put other words in the field: only what differs is written, the caret stays with its words. */
  #write(now, { quiet = false, caret = null, record = true } = {}) {
    const before = this.value, change = difference(before, now);
    const top = this.text.parentNode.parentNode.scrollTop;
    this.text.setRangeText(change.text, change.start, change.end, "preserve");
    if (caret) this.text.setSelectionRange(caret.start, caret.end);
    this.text.parentNode.parentNode.scrollTop = top;
    this.#shift(before, this.value);
    this.#before = this.value;
    if (record) this.#history.put(this.#snapshot());
    this.#draw();
    this.#tell();
    this.#check.now();
    if (!quiet) this.announce();
  }

  #shift(before, after) {
    const change = difference(before, after);
    this.#spans = moved(this.#spans, change);
    this.#shades = moved(this.#shades, change).filter((shade) => shade.kind !== "fresh" || shade.until > performance.now());
  }

  /** Tell that somebody changed the words. */
  announce() {
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: { value: this.value, negative: this.negative } }));
  }

  /** Undo the last change, typed or not. */
  undo() { this.#travel(this.#history.undo(this.#snapshot())); }
  /** Do again what was undone. */
  redo() { this.#travel(this.#history.redo()); }

  #travel(state) {
    if (!state) return;
    this.#write(state.value, { caret: state, record: false });
    this.list.settle();
  }

  #historyAsked(event) {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    event.inputType === "historyUndo" ? this.undo() : this.redo();
  }

  /**
   * Replace words; places in UTF-16 units. Undone like typing.
   * @param {number} start @param {number} end @param {string} words
   */
  replace(start, end, words, { flash = false } = {}) {
    this.#write(changed(this.value, [{ start, end, text: words }]));
    if (flash) this.#flash([{ start, end: start + words.length }]);
  }

  /** Replace all words, as a change that can be undone and that is told. */
  rewrite(text) { if (text !== this.value) this.#write(text); }

  /**
   * Say or unsay terms by the service (`add`, `remove`, `side`, `replace_kind` of POST /edit). Changes wait for one
   * another; one that the typing overtook is asked for again.
   * @returns {Promise<boolean>} whether it was done
   */
  edit(wish) {
    const run = async () => {
      for (let again = 0; again < 5; again++) {
        const sent = this.value;
        const { changes } = await api("POST", "/edit", { prompt: whole(sent), checkpoint: this.checkpoint, ...wish });
        if (sent !== this.value) continue;
        const units = converter(sent);
        const steps = changes.map((step) => ({ ...step, start: units(step.start), end: units(step.end) }));
        this.#write(changed(sent, steps));
        let by = 0;
        this.#flash(steps.map((step) => {
          const start = step.start + by;
          by += step.text.length - (step.end - step.start);
          return { start, end: start + step.text.length };
        }));
        this.list.settle();
        return true;
      }
      return false;
    };
    const done = this.#changes.then(run).catch((error) => { tell(error); return false; });
    this.#changes = done;
    return done;
  }

  // --- looking -----------------------------------------------------------------------------------------------------

  async #look(signal) {
    const prompt = this.value, { checkpoint, size, seed, anchor } = this.#settings;
    const order = { prompt: whole(prompt), checkpoint, anchor };
    if (/^\d+ ?[xX×] ?\d+$/.test(size)) order.size = size;
    if (/^\d+$/.test(seed) && Number.isSafeInteger(Number(seed))) order.seed = Number(seed);
    if (this.negativeTyped.trim()) order.negative = whole(this.negativeTyped);
    try {
      const [reading, { findings }] = await Promise.all([
        api("POST", "/parse", { prompt: order.prompt, checkpoint }, { signal }),
        prompt.trim() ? api("POST", "/lint", order, { signal }) : { findings: [] },
      ]);
      if (signal.aborted || prompt !== this.value) return;
      this.#take(prompt, reading, findings);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.state.textContent = error.message; // nothing typed is lost; the next key asks again
    }
  }

  #take(prompt, reading, findings) {
    const units = converter(prompt);
    const place = ([start, end]) => ({ start: units(start), end: units(end) });
    this.reading = { ...reading, text: prompt, pieces: reading.pieces.map((piece) => ({ ...piece, ...place([piece.start, piece.end]) })) };
    this.findings = findings.map((finding) => ({
      ...finding, text: prompt, place: finding.span && place(finding.span),
      edits: (finding.fix?.edits ?? []).map((edit) => ({ ...place(edit.span), text: edit.text })),
    }));
    this.#spans = this.findings.flatMap((finding, index) => (finding.place ? [{ ...finding.place, index, kind: finding.severity }] : []));
    this.#draw();
    this.#tell();
    this.list.take(this.findings);
    if (this.below) this.#showPolicy();
    this.#caret();
    this.dispatchEvent(new CustomEvent("reading", { bubbles: true, detail: this.reading }));
    this.dispatchEvent(new CustomEvent("checked", { bubbles: true, detail: this.findings }));
  }

  #showPolicy() {
    const off = this.policy === "unsupported";
    this.below.disabled = off;
    this.belowHelp.textContent = t(off ? "words.negative_off" : "words.negative_on");
  }

  /** The line beneath: how much is said, how much the checkpoint reads, what was found. */
  #tell() {
    const tokens = this.tokens;
    const counts = ["error", "warning", "advice"].map((severity) => [severity, this.findings.filter((each) => each.severity === severity).length]);
    const parts = counts.filter(([, count]) => count).map(([severity, count]) =>
      h("span", { class: `words-count ${severity}` }, icon(SHAPES[severity]), t(`words.${severity}${count === 1 ? "" : "s"}`, { n: count })));
    const none = this.value.trim() && !parts.length && this.reading ? [h("span", { class: "words-count none" }, icon("check"), t("words.nothing"))] : [];
    const read = tokens && this.value.trim()
      ? [h("span", { class: tokens.total > tokens.limit ? "words-tokens over" : "words-tokens", title: t("words.tokens_title") }, t("words.tokens", { n: tokens.total, limit: tokens.limit }))] : [];
    this.state.replaceChildren(...parts, ...none, ...read);
    this.undoButton.disabled = !this.#history.canUndo;
    this.redoButton.disabled = !this.#history.canRedo;
    this.enhancing?.allow(Boolean(this.value.trim()));
  }

  /** Show places in the text for a while or until they are taken back. */
  shade(kind, places) {
    this.#shades = [...this.#shades.filter((shade) => shade.kind !== kind), ...places.filter((place) => place.end > place.start).map((place) => ({ ...place, kind }))];
    this.#draw();
  }

  #flash(places) {
    this.shade("fresh", places.map((place) => ({ ...place, until: performance.now() + 1200 })));
    setTimeout(() => this.shade("fresh", this.#shades.filter((shade) => shade.kind === "fresh" && shade.until > performance.now())), 1300);
  }

  /** Write the text behind the text, with its underlines. */
  #draw() {
    const text = this.value, marks = [...this.#spans, ...this.#shades];
    const content = [];
    if (text.length <= MOST_MARKED && marks.length) {
      const edges = [...new Set([0, text.length, ...marks.flatMap((mark) => [mark.start, mark.end])])].filter((edge) => edge <= text.length).sort((a, b) => a - b);
      for (let at = 0; at + 1 < edges.length; at++) {
        const words = text.slice(edges[at], edges[at + 1]);
        const over = marks.filter((mark) => mark.start <= edges[at] && mark.end >= edges[at + 1]);
        if (!over.length) content.push(words);
        else content.push(h("mark", { class: [...new Set(over.map((mark) => mark.kind))].join(" "), dataset: { finding: over.find((mark) => mark.index !== undefined)?.index ?? "" } }, words));
      }
    } else content.push(text);
    this.mirror.replaceChildren(...content, "\n");
  }

  #at(place) {
    const hits = this.#spans.filter((span) => span.start <= place && place <= span.end);
    return hits.length ? this.findings[hits.sort((a, b) => a.end - a.start - (b.end - b.start))[0].index] : null;
  }

  #caret() {
    this.list.point(this.#at(this.text.selectionStart));
  }

  #point(event) {
    if (event.pointerType !== "mouse" || event.buttons) return hint(null);
    const mark = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.localName === "mark" && each.dataset.finding);
    const finding = mark && this.findings[mark.dataset.finding];
    if (!finding) return hint(null);
    const line = [...mark.getClientRects()].find((box) => box.top <= event.clientY && event.clientY <= box.bottom) ?? mark.getBoundingClientRect();
    hint(line, [h("strong", { class: finding.severity }, t(`words.${finding.severity}_name`)), " ", finding.message], 250);
  }

  // --- fixing ------------------------------------------------------------------------------------------------------

  #key(event) {
    if (event.isComposing) return;
    const key = event.key.toLowerCase(), held = event.ctrlKey || event.metaKey;
    if (held && !event.altKey && (key === "z" || key === "y")) {
      event.preventDefault();
      key === "y" || event.shiftKey ? this.redo() : this.undo();
    } else if (event.altKey && event.key === "Enter") {
      event.preventDefault();
      this.#fixAtCaret();
    } else if (event.key === "F8") {
      event.preventDefault();
      this.#next(event.shiftKey ? -1 : 1);
    }
  }

  async #fixAtCaret() {
    if (this.reading?.text !== this.value) await this.#check.now();
    const here = this.#at(this.text.selectionStart);
    if (here?.fix) this.fix(here);
    else live(t(here ? "words.no_fix" : "words.nothing_here"));
  }

  #next(step) {
    const places = this.#spans.map((span) => span.start).sort((a, b) => a - b);
    const from = this.text.selectionStart;
    const next = step > 0 ? places.find((place) => place > from) ?? places[0] : places.findLast((place) => place < from) ?? places.at(-1);
    const finding = next === undefined ? null : this.#at(next);
    if (finding) this.show(finding);
    else live(t("words.nothing"));
  }

  /** Go to the words that a finding is about. */
  show(finding) {
    this.text.focus();
    const span = this.#spans.find((each) => this.findings[each.index] === finding);
    if (span) this.text.setSelectionRange(span.start, span.end);
    this.mirror.querySelector(`mark[data-finding="${this.findings.indexOf(finding)}"]`)?.scrollIntoView({ block: "nearest" });
    live(finding.message);
  }

  /** Mend what was found; a fix for other words than are there now is not made. */
  fix(finding) {
    if (!finding.fix || finding.text !== this.value) return;
    let by = 0;
    const edits = [...finding.edits].sort((a, b) => a.start - b.start);
    if (edits.length) {
      this.#write(changed(this.value, edits));
      this.#flash(edits.map((edit) => {
        const start = edit.start + by;
        by += edit.text.length - (edit.end - edit.start);
        return { start, end: start + edit.text.length };
      }));
    }
    if (finding.fix.negative) this.#addNegative(finding.fix.negative);
    this.list.settle();
    live(t("words.fixed", { title: finding.fix.title }));
  }

  #addNegative(words) {
    const said = this.negativeTyped.split(",").map((each) => each.trim()).filter(Boolean);
    const there = new Set(said.map((each) => each.toLowerCase()));
    said.push(...words.split(",").map((each) => each.trim()).filter((each) => each && !there.has(each.toLowerCase())));
    this.negative = said.join(", ");
    this.#check.now();
    this.announce();
  }

  /** Mend everything that keeps what was meant. */
  async fixAll() {
    const sent = this.value, negative = this.negativeTyped;
    try {
      const order = { prompt: whole(sent), negative: whole(negative), checkpoint: this.checkpoint, anchor: this.anchor, fix: "safe" };
      if (/^\d+ ?[xX×] ?\d+$/.test(this.size)) order.size = this.size;
      const { mended } = await api("POST", "/lint", order);
      if (sent !== this.value) return;
      if (mended.prompt !== sent) this.#write(mended.prompt);
      if (mended.negative !== negative) { this.negative = mended.negative; this.#check.now(); this.announce(); }
      this.list.settle();
      this.text.focus();
    } catch (error) {
      tell(error);
    }
  }
}

customElements.define("prompt-editor", PromptEditor);
