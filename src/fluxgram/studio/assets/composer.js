// <prompt-composer>: the parts of a prompt as choices beside it. A chip is pressed while the prompt says its term;
// pressing one writes its words where they belong, and typing them presses it.
import { api, h, icon, live, recall, remember, styled, t } from "./core.js";
import { hint } from "./words.js";

const MOST_FOUND = 24; // chips that a search shows
const TOUCH = 1500; // milliseconds that the findings above wait for another tap
let vocabulary = null;
let made = 0;

/** The vocabulary by groups, asked for once a page. */
function choices() {
  vocabulary ??= api("GET", "/choices").then(({ groups }) => groups).catch((error) => { vocabulary = null; throw error; });
  return vocabulary;
}

/**
 * `bind(editor)` ties it to a <prompt-editor>; without it, it finds the one that `for` names, or the page's first.
 * Everything goes through the editor, which tells `change` and `reading`.
 */
class PromptComposer extends HTMLElement {
  #id = `composer-${++made}`;
  #editor = null;
  #groups = new Map();
  #said = new Set();
  #wanted = new Map();
  #built = false;
  #subject = null;
  #late = false;

  connectedCallback() {
    styled("words.css");
    if (!this.#built) this.#build();
    this.addEventListener("pointerenter", this.#hold);
    this.addEventListener("pointerdown", this.#hold);
    this.addEventListener("pointerleave", this.#release);
    customElements.whenDefined("prompt-editor").then(() => {
      const editor = document.getElementById(this.getAttribute("for")) ?? document.querySelector("prompt-editor");
      if (!this.#editor && editor) this.bind(editor);
    });
  }

  disconnectedCallback() {
    hint(null);
    this.#release();
  }

  /** Chips must not move under a pointer because the findings above them become fewer. */
  #hold = ({ pointerType }) => {
    clearTimeout(this.#held);
    this.#editor?.hold(true);
    if (pointerType !== "mouse") this.#held = setTimeout(this.#release, TOUCH);
  };

  #release = (event) => {
    if (event && event.pointerType !== "mouse") return; // a finger that is lifted leaves; the next tap may follow
    clearTimeout(this.#held);
    this.#editor?.hold(false);
  };
  #held = 0;

  /** Follow an editor, and write into it. */
  bind(editor) {
    this.#editor?.removeEventListener("reading", this.#hear);
    this.#editor = editor;
    editor.addEventListener("reading", this.#hear);
    if (editor.reading) this.#read(editor.reading);
  }

  #hear = (event) => this.#read(event.detail);

  async #build() {
    this.#built = true;
    this.subject = h("input", { id: `${this.#id}-subject`, autocomplete: "off", spellcheck: "false", placeholder: t("words.subject_placeholder"),
      on: { input: () => this.#writeSubject(), focus: () => this.#holdSubject(), blur: () => this.#leaveSubject(), change: (event) => event.stopPropagation() } });
    this.body = h("div", { class: "composer-groups", "aria-busy": "true" });
    this.append(h("div", { class: "field" }, h("label", { for: `${this.#id}-subject` }, t("words.subject")), this.subject), this.body);
    await this.#load();
  }

  async #load() {
    try {
      const groups = await choices();
      const more = h("details", { class: "composer-more", open: recall("composer-more", false), on: { toggle: (event) => remember("composer-more", event.target.open) } },
        h("summary", {}, t("words.more_groups")));
      this.body.replaceChildren(...groups.filter((group) => !group.more).map((group) => this.#group(group)), more);
      more.append(...groups.filter((group) => group.more).map((group) => this.#group(group)));
      if (this.#editor?.reading) this.#read(this.#editor.reading);
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "error", role: "alert" }, error.message),
        h("button", { type: "button", class: "button", on: { click: () => this.#load() } }, icon("retry"), t("words.again")));
    }
    this.body.removeAttribute("aria-busy");
  }

  #group(group) {
    const name = `${this.#id}-${group.name}`;
    const chips = h("div", { class: "composer-chips", role: "group", "aria-labelledby": name });
    const find = h("input", { type: "search", class: "composer-find", hidden: true, autocomplete: "off", spellcheck: "false",
      "aria-label": t("words.find_in", { group: t(`words.group_${group.name}`) }), placeholder: t("words.find"),
      on: { input: () => this.#fill(group.name), keydown: (event) => event.key === "Escape" && this.#search(group.name, false), change: (event) => event.stopPropagation() } });
    const open = h("button", { type: "button", class: "icon-button", "aria-expanded": "false", "aria-label": t("words.find_in", { group: t(`words.group_${group.name}`) }),
      title: t("words.find_all", { n: group.terms.length }), on: { click: () => this.#search(group.name, find.hidden) } }, icon("search"));
    const element = h("section", { class: "composer-group", dataset: { group: group.name } },
      h("div", { class: "composer-head" }, h("h3", { id: name }, t(`words.group_${group.name}`)), group.name === "light" && this.#sides(), open), find, chips);
    this.#groups.set(group.name, { ...group, chips, find, open, made: new Map(), kept: new Set() });
    this.#fill(group.name);
    return element;
  }

  #sides() {
    this.sides = h("div", { class: "segmented composer-sides", role: "radiogroup", "aria-label": t("words.side") },
      ...["left", "", "right"].map((side) => h("label", {}, h("input", { type: "radio", name: `${this.#id}-side`, value: side, checked: side === "", on: {
        change: (event) => { event.stopPropagation(); this.#editor?.edit({ side }); } } }), h("span", {}, t(`words.side_${side || "none"}`)))));
    return this.sides;
  }

  #search(name, open) {
    const group = this.#groups.get(name);
    group.find.hidden = !open;
    group.open.setAttribute("aria-expanded", String(open));
    if (!open) group.find.value = "";
    this.#fill(name);
    (open ? group.find : group.open).focus();
  }

  /** Show the chips of a group: those that are said, and the best, or those that were searched for. */
  #fill(name) {
    const group = this.#groups.get(name);
    const words = group.find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (term) => words.every((word) => `${term.label} ${term.say} ${term.effect} ${term.best_for}`.toLowerCase().includes(word));
    const searching = !group.find.hidden;
    for (const term of group.terms) if (this.#said.has(term.id)) group.kept.add(term.id); // what was said once stays at hand
    const shown = group.terms.filter((term) => (searching ? fits(term) : term.best || group.kept.has(term.id))).slice(0, searching && words.length ? MOST_FOUND : undefined);
    const chips = shown.map((term) => group.made.get(term.id) ?? this.#chip(group, term));
    if (chips.length !== group.chips.children.length || chips.some((chip, place) => chip !== group.chips.children[place])) {
      group.chips.replaceChildren(...(chips.length ? chips : [h("p", { class: "muted" }, t("words.none_found"))]));
    }
  }

  #chip(group, term) {
    const about = () => [h("strong", {}, term.effect), h("span", { class: "words-hint-line" }, t("words.best_for", { what: term.best_for })), h("span", { class: "words-hint-line words-hint-say" }, `“${term.say}”`)];
    const chip = h("button", { type: "button", class: "chip", "aria-pressed": String(this.#said.has(term.id)), dataset: { term: term.id }, "aria-description": `${term.effect} ${t("words.best_for", { what: term.best_for })}`, on: {
      click: () => this.#press(chip, term),
      pointerenter: (event) => event.pointerType === "mouse" && (hint(() => chip.getBoundingClientRect(), about(), 350), this.#pointOut(term.id)),
      pointerleave: () => { hint(null); this.#pointOut(null); },
      focus: () => chip.matches(":focus-visible") && (hint(() => chip.getBoundingClientRect(), about(), 350), this.#pointOut(term.id)),
      blur: () => { hint(null); this.#pointOut(null); },
    } }, term.label);
    group.made.set(term.id, chip);
    return chip;
  }

  /** Show in the prompt which words say a term. */
  #pointOut(id) {
    const { reading } = this.#editor ?? {};
    if (!reading || reading.text !== this.#editor.value) return;
    this.#editor.shade("pointed", id ? reading.pieces.filter((piece) => piece.term === id && piece.role !== "negative") : []);
  }

  async #press(chip, term) {
    if (!this.#editor) return;
    hint(null);
    const off = chip.getAttribute("aria-pressed") === "true";
    this.#wanted.set(term.id, !off);
    this.#showPressed(chip, term.id);
    const done = await this.#editor.edit(off ? { remove: [term.id] } : { add: [term.id] });
    this.#wanted.delete(term.id);
    if (done) live(t(off ? "words.unsaid" : "words.said", { words: term.say }));
    else this.#showPressed(chip, term.id);
  }

  /** A chip is pressed while its term is said, or is about to be. */
  #showPressed(chip, id) {
    chip.setAttribute("aria-pressed", String(this.#wanted.get(id) ?? this.#said.has(id)));
  }

  #read(reading) {
    this.#said = new Set(reading.chosen.terms);
    for (const [name, group] of this.#groups) {
      if (group.find.hidden) this.#fill(name);
      for (const [id, chip] of group.made) this.#showPressed(chip, id);
    }
    const side = this.sides?.querySelector(`input[value="${reading.chosen.side}"]`);
    if (side) side.checked = true;
    if (document.activeElement !== this.subject) this.subject.value = reading.chosen.subject;
    else if (this.#late) this.#writeSubject();
  }

  // --- the subject: its field writes over the words that are the subject, while it has the focus -------------------

  #holdSubject() {
    const { reading } = this.#editor ?? {};
    if (!reading || reading.text !== this.#editor.value) return;
    const pieces = reading.pieces.filter((piece) => piece.role === "subject");
    if (pieces.length > 1 && !this.#late) this.subject.value = pieces[0].text;
    this.#subject = pieces.length ? { start: pieces[0].start, end: pieces[0].end } : { start: 0, end: 0 };
  }

  #writeSubject() {
    if (!this.#editor) return;
    if (!this.#subject) this.#holdSubject();
    this.#late = !this.#subject; // the prompt is being read; written once that is done
    if (this.#late) return;
    const { start, end } = this.#subject, rest = this.#editor.value.slice(end), words = this.subject.value;
    const join = start === end && words && rest.trim() && !/^\s*[,.;]/.test(rest) ? ", " : "";
    this.#editor.replace(start, end, words + join);
    this.#subject = { start, end: start + words.length };
  }

  /** A subject that was emptied takes its comma with it. */
  #leaveSubject() {
    const held = this.#subject, comma = held && !this.subject.value && /^\s*,\s*/.exec(this.#editor.value.slice(held.start));
    if (comma && held.start === held.end) this.#editor.replace(held.start, held.start + comma[0].length, "");
    this.#subject = null;
    this.#late = false;
  }
}

customElements.define("prompt-composer", PromptComposer);
