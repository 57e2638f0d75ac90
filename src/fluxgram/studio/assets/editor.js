// <prompt-editor>: where a prompt is written. What the linter finds is underlined as one writes, a key mends it, and
// whatever is changed from elsewhere (a chip, a fix, enhancing) can be undone like typing.
import { api, h, icon, live, shortcuts, styled, t, tell } from "./core.js";
import { tied } from "./editor_draft.js";
import { Findings, SHAPES } from "./editor_findings.js";
import { History } from "./editor_history.js";
import { Sheet } from "./editor_sheet.js";
import { changed, converter, hint, newest, whole } from "./words.js";

const PAUSE = 150; // milliseconds after a key until the words are checked
const SIZE = /^\d+ ?[xX×] ?\d+$/;
let made = 0;

/**
 * Properties: `value`, `negative`, `checkpoint`, `size` ("512x768"), `seed`, `anchor`; to read: `policy` of the negative
 * prompt, `tokens`, `findings`, `reading`. Events: `change` (somebody changed the words; detail: value, negative),
 * `reading` (detail: what /parse says, places in UTF-16 units), `checked` (detail: the findings). Attributes: `draft`
 * (the words are those of the page's draft), `no-negative` (its field is elsewhere), `plain` (nor enhancing),
 * `placeholder`.
 */
class PromptEditor extends HTMLElement {
  #id = `prompt-${++made}`;
  #history = new History();
  #settings = { checkpoint: "", size: "", seed: "", anchor: "" };
  #begin = "";
  #negative = "";
  #about = null;
  #sheet = null;
  #queue = Promise.resolve();
  #check = newest(PAUSE, (signal) => this.#look(signal));
  #untie = () => {};
  reading = null;
  findings = [];

  connectedCallback() {
    styled("words.css");
    if (!this.#sheet) this.#build();
    document.addEventListener("selectionchange", this.#caret);
    document.addEventListener("released", this.#released);
    document.addEventListener("server-back", this.#check.now);
    if (this.hasAttribute("draft")) this.#untie = tied(this);
    this.#check.now();
  }

  disconnectedCallback() {
    document.removeEventListener("selectionchange", this.#caret);
    document.removeEventListener("released", this.#released);
    document.removeEventListener("server-back", this.#check.now);
    this.#untie();
    this.#check.stop();
    hint(null);
  }

  get value() { return this.#sheet?.value ?? this.#begin; }
  set value(value) {
    const now = String(value ?? "");
    if (!this.#sheet) this.#begin = now;
    else if (now !== this.value) this.#write(now, { tell: false });
  }

  /** The negative prompt as far as the checkpoint honours one; what was typed for another is kept, see below. */
  get negative() { return this.policy === "unsupported" ? "" : this.#negative; }
  get negativeTyped() { return this.#negative; }
  set negative(value) {
    const now = String(value ?? "");
    if (now === this.#negative) return;
    this.#negative = now;
    this.#showNegative();
    if (this.#sheet) this.#check.soon();
  }

  /** An element beneath the negative prompt that says how it is applied; null for none. */
  get about() { return this.#about; }
  set about(element) {
    this.#about = element;
    this.#showNegative();
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
    if (this.#sheet) this.#check.soon();
  }

  focus(options) { this.text?.focus(options); }

  // --- what it is made of --------------------------------------------------------------------------------------------

  #build() {
    const id = this.#id;
    this.text = h("textarea", {
      id, class: "words-text", rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      "aria-describedby": `${id}-state`, placeholder: this.getAttribute("placeholder") || t("words.placeholder"), value: this.#begin,
      on: {
        input: (event) => this.#typed(event), keydown: (event) => this.#key(event), change: (event) => event.stopPropagation(),
        beforeinput: (event) => this.#historyAsked(event), blur: () => this.list.settle(),
        compositionend: () => this.#history.typed(this.#sheet.state, "insertCompositionText"), pointermove: (event) => this.#point(event), pointerleave: () => hint(null),
      },
    });
    this.#sheet = new Sheet(this.text);
    this.#history.start(this.#begin);
    this.state = h("p", { class: "words-state", id: `${id}-state` });
    this.list = new Findings({ fix: (finding) => this.fix(finding), all: () => this.fixAll(), show: (finding) => this.show(finding), field: this.text });
    const plain = this.hasAttribute("plain");
    if (!plain) this.#enhancing();
    this.append(
      h("div", { class: "words-head" }, h("label", { for: id }, t("words.prompt")),
        h("div", { class: "words-tools" }, this.#tool("undo", "undo"), this.#tool("redo", "retry"), this.enhanceButton)),
      this.#sheet.element,
      h("div", { class: "words-foot" }, this.state, h("p", { class: "words-keys" },
        h("kbd", { class: "kbd" }, "Alt Enter"), t("words.key_fix"), h("kbd", { class: "kbd" }, "F8"), t("words.key_next"))),
      this.additions ?? "", this.list.element,
      ...(plain || this.hasAttribute("no-negative") ? [] : [this.#negativeField()]));
    shortcuts({ "F8": () => this.#next(1), "Alt+Enter": () => this.#fixAtCaret() },
      { "F8": t("words.shortcut_next"), "Alt+Enter": t("words.shortcut_fix") });
    this.#tell();
  }

  #tool(name, picture) {
    const attributes = { type: "button", class: `icon-button words-${name}`, "aria-label": t(`words.${name}`), title: t(`words.${name}_title`) };
    return (this[`${name}Button`] = h("button", { ...attributes, on: { click: () => this[name]() } }, icon(picture)));
  }

  /** The button that enhances; what it does comes when it is asked for. */
  #enhancing() {
    this.additions = h("section", { class: "words-additions", "aria-label": t("words.additions"), hidden: true });
    const run = async () => (this.enhancer ??= new (await import("./editor_enhance.js")).Enhancing(this, this.additions)).run();
    this.enhanceButton = h("button", { type: "button", class: "button quiet words-enhance", title: t("words.enhance_title"), on: { click: () => run().catch(tell) } },
      icon("wand"), t("words.enhance"));
  }

  #negativeField() {
    const id = `${this.#id}-negative`;
    this.below = h("textarea", { id, rows: 1, class: "words-negative", spellcheck: "false", autocomplete: "off", placeholder: t("words.negative_placeholder"),
      "aria-describedby": `${id}-help`,
      on: { input: () => { this.negative = this.below.value; this.announce(); }, change: (event) => event.stopPropagation() } });
    this.belowHelp = h("div", { class: "help", id: `${id}-help` });
    const field = h("div", { class: "field words-below" }, h("label", { for: id }, t("words.negative")), h("div", { class: "words-grow" }, this.below), this.belowHelp);
    this.#showNegative();
    return field;
  }

  /** The field below: its words, as high as they are, and whether the checkpoint reads them at all. */
  #showNegative() {
    if (!this.below) return;
    const off = this.policy === "unsupported";
    if (this.below.value !== this.#negative) this.below.value = this.#negative;
    this.below.parentNode.dataset.words = `${this.#negative}\n`;
    this.below.readOnly = off;
    this.below.classList.toggle("is-off", off);
    if (off) this.belowHelp.textContent = t("words.negative_off");
    else if (!this.#about) this.belowHelp.replaceChildren();
    else if (this.belowHelp.firstChild !== this.#about) this.belowHelp.replaceChildren(this.#about); // else it loses the focus
  }

  /** The line beneath: what was found, and how much of what is said the checkpoint reads. */
  #tell() {
    const tokens = this.tokens, some = Boolean(this.value.trim());
    const counted = Object.keys(SHAPES).map((severity) => [severity, this.findings.filter((each) => each.severity === severity).length]);
    const parts = counted.filter(([, n]) => n).map(([severity, n]) =>
      h("span", { class: `words-count ${severity}` }, icon(SHAPES[severity]), t(n === 1 ? `words.${severity}` : `words.${severity}s`, { n })));
    if (some && this.reading && !parts.length) parts.push(h("span", { class: "words-count none" }, icon("check"), t("words.nothing")));
    if (some && tokens) {
      parts.push(h("span", { class: `words-tokens${tokens.total > tokens.limit ? " over" : ""}`, title: t("words.tokens_title") },
        t("words.tokens", { n: tokens.total, limit: tokens.limit })));
    }
    this.state.replaceChildren(...parts);
    this.undoButton.disabled = !this.#history.canUndo;
    this.redoButton.disabled = !this.#history.canRedo;
    if (this.enhanceButton) this.enhanceButton.disabled = !some;
  }

  /** Keep its height while somebody points at what lies below. */
  hold(held) {
    if (this.#held === held || !this.#sheet) return;
    this.#held = held;
    this.#sheet.hold(held);
    this.list.hold(held);
  }

  #held = false;

  #released = () => this.list.release();

  /** Show places in the text in a way of their own (`pointed`, `added`); none takes it back. */
  shade(kind, places) { this.#sheet.shade(kind, places); }

  // --- changes -------------------------------------------------------------------------------------------------------

  #typed(event) {
    this.#sheet.follow();
    if (!event.isComposing) this.#history.typed(this.#sheet.state, event.inputType);
    this.#tell();
    this.list.wait();
    this.#check.soon();
    this.announce();
  }

  #write(now, { tell: told = true, caret = null, record = true } = {}) {
    this.#sheet.write(now, caret);
    if (record) this.#history.put(this.#sheet.state);
    this.#tell();
    this.list.settle();
    this.#check.now();
    if (told) this.announce();
  }

  #make(changes) {
    this.#write(changed(this.value, changes));
    this.#sheet.flash(changes);
  }

  /** Tell that somebody changed the words. */
  announce() {
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: { value: this.value, negative: this.negative } }));
  }

  /** Undo the last change, typed or not. */
  undo() { this.#travel(this.#history.undo(this.#sheet.state)); }

  /** Do again what was undone. */
  redo() { this.#travel(this.#history.redo()); }

  #travel(state) {
    if (state) this.#write(state.value, { caret: state, record: false });
  }

  #historyAsked(event) {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    this[event.inputType === "historyUndo" ? "undo" : "redo"]();
  }

  /** Replace words; places in UTF-16 units. It is told, and can be undone. */
  replace(start, end, words) { this.#write(changed(this.value, [{ start, end, text: words }])); }

  /** Replace all words. It is told, and can be undone. */
  rewrite(text) { if (text !== this.value) this.#write(text); }

  /**
   * Say or unsay terms by the service (`add`, `remove`, `side`, `replace_kind` of POST /edit). Changes wait for one
   * another; one that typing overtook is asked for again.
   * @returns {Promise<boolean>} whether it was done
   */
  edit(wish) {
    const run = async () => {
      for (let again = 0; again < 5; again++) {
        const sent = this.value, units = converter(sent);
        const { changes } = await api("POST", "/edit", { prompt: whole(sent), checkpoint: this.checkpoint, ...wish });
        if (sent !== this.value) continue;
        if (changes.length) this.#make(changes.map((each) => ({ ...each, start: units(each.start), end: units(each.end) })));
        return true;
      }
      return false;
    };
    this.#queue = this.#queue.then(run).catch((error) => { tell(error); return false; });
    return this.#queue;
  }

  // --- looking -------------------------------------------------------------------------------------------------------

  #order() {
    const { checkpoint, size, seed, anchor } = this.#settings;
    const order = { prompt: whole(this.value), checkpoint, anchor, negative: whole(this.#negative) };
    if (SIZE.test(size)) order.size = size;
    if (/^\d+$/.test(seed) && Number.isSafeInteger(Number(seed))) order.seed = Number(seed);
    return order;
  }

  async #look(signal) {
    const text = this.value, order = this.#order();
    try {
      const [reading, found] = await Promise.all([
        api("POST", "/parse", { prompt: order.prompt, checkpoint: order.checkpoint }, { signal }),
        text.trim() ? api("POST", "/lint", order, { signal }) : { findings: [] },
      ]);
      if (!signal.aborted && text === this.value) this.#take(text, reading, found.findings);
    } catch (error) {
      if (signal.aborted) return;
      this.state.textContent = error.message; // nothing typed is lost, and the next key asks again
      if (error.status === undefined) tell(error);
    }
  }

  #take(text, reading, findings) {
    const units = converter(text), place = ([start, end]) => ({ start: units(start), end: units(end) });
    this.reading = { ...reading, text, pieces: reading.pieces.map((piece) => ({ ...piece, ...place([piece.start, piece.end]) })) };
    this.findings = findings.map((finding) => ({ ...finding, edits: (finding.fix?.edits ?? []).map((edit) => ({ ...place(edit.span), text: edit.text })) }));
    this.#sheet.underline(findings.flatMap((finding, index) => (finding.span ? [{ ...place(finding.span), index, kind: finding.severity }] : [])));
    this.#tell();
    this.list.take(this.findings);
    this.#showNegative();
    this.#caret();
    for (const [kind, detail] of [["reading", this.reading], ["checked", this.findings]]) this.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail }));
  }

  #caret = () => {
    if (document.activeElement === this.text) this.list.point(this.#here());
  };

  /** The finding at the caret. */
  #here() { return this.findings[this.#sheet.at(this.text.selectionStart)]; }

  #point(event) {
    const found = event.pointerType === "mouse" && !event.buttons ? this.#sheet.under(event) : null;
    const finding = found && this.findings[found.index];
    if (!finding) return hint(null);
    hint(() => found.box, [h("strong", { class: finding.severity }, t(`words.${finding.severity}_name`)), " ", finding.message], 250);
  }

  // --- mending -------------------------------------------------------------------------------------------------------

  #key(event) {
    if (event.isComposing) return;
    const key = event.key.toLowerCase(), held = (event.ctrlKey || event.metaKey) && !event.altKey;
    const does = held && key === "z" ? (event.shiftKey ? this.redo : this.undo)
      : held && key === "y" ? this.redo
      : event.altKey && key === "enter" ? this.#fixAtCaret
      : key === "f8" ? () => this.#next(event.shiftKey ? -1 : 1) : null;
    if (!does) return;
    event.preventDefault();
    does.call(this);
  }

  async #fixAtCaret() {
    if (this.reading?.text !== this.value) await this.#check.now();
    const finding = this.#here();
    if (finding?.fix) this.fix(finding);
    else live(t(finding ? "words.no_fix" : "words.nothing_here"));
  }

  #next(step) {
    const finding = this.findings[this.#sheet.next(step)];
    if (finding) this.show(finding);
    else live(t("words.nothing"));
  }

  /** Go to the words that a finding is about. */
  show(finding) {
    this.text.focus();
    this.#sheet.select(this.findings.indexOf(this.#known(finding)));
    live(finding.message);
  }

  /** A finding as the newest check has it; the list beneath may be a moment behind. */
  #known(finding) {
    return this.findings.find((each) => each === finding) ?? this.findings.find((each) => each.code === finding.code && each.message === finding.message);
  }

  /** Mend what was found; a fix for other words than are there now is not made. */
  fix(asked) {
    const finding = this.#known(asked);
    if (!finding?.fix || this.reading?.text !== this.value) return;
    if (finding.edits.length) this.#make([...finding.edits].sort((one, two) => one.start - two.start));
    if (finding.fix.negative) this.#addNegative(finding.fix.negative);
    live(t("words.fixed", { title: finding.fix.title }));
  }

  #addNegative(words) {
    const parts = (text) => text.split(",").map((each) => each.trim()).filter(Boolean);
    const said = parts(this.#negative), there = new Set(said.map((each) => each.toLowerCase()));
    this.#mendNegative([...said, ...parts(words).filter((each) => !there.has(each.toLowerCase()))].join(", "));
  }

  #mendNegative(words) {
    this.negative = words;
    this.list.settle();
    this.#check.now();
    this.announce();
  }

  /** Mend everything that keeps what was meant. */
  async fixAll() {
    const sent = this.value, before = this.#negative;
    const { seed: _, ...order } = this.#order();
    try {
      const { mended } = await api("POST", "/lint", { ...order, fix: "safe" });
      if (sent !== this.value || before !== this.#negative) return;
      if (mended.prompt !== order.prompt) this.#write(mended.prompt);
      if (mended.negative !== before) this.#mendNegative(mended.negative);
      this.text.focus();
    } catch (error) {
      tell(error);
    }
  }
}

customElements.define("prompt-editor", PromptEditor);
