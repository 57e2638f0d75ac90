// Enhancing a prompt: every addition is shown with its reason, and each can be taken out again.
import { api, h, icon, live, t, tell } from "./core.js";
import { whole } from "./words.js";

export class Enhancing {
  #editor;
  #before = null;
  #after = null;
  #additions = [];
  #busy = false;

  /** @param {HTMLElement} panel - Where the additions are listed. */
  constructor(editor, panel) {
    this.#editor = editor;
    this.panel = panel;
  }

  /** Ask for what is missing, write it, and list it. */
  async run() {
    const editor = this.#editor, prompt = editor.value, negative = editor.negativeTyped;
    if (this.#busy) return;
    this.#busy = true;
    try {
      const order = { prompt: whole(prompt), negative: whole(negative), checkpoint: editor.checkpoint };
      if (/^\d+ ?[xX×] ?\d+$/.test(editor.size)) order.size = editor.size;
      const done = await api("POST", "/enhance", order);
      if (prompt !== editor.value) return;
      this.#before = { prompt, negative };
      this.#additions = done.additions.map((each) => ({ ...each, gone: false }));
      editor.rewrite(done.text);
      if (done.negative !== negative) this.#setNegative(done.negative);
      this.#after = { prompt: editor.value, negative: editor.negativeTyped };
      this.#show(done.note);
      live(t("words.added_many", { n: this.#additions.length }));
    } catch (error) {
      tell(error);
    } finally {
      this.#busy = false;
    }
  }

  #setNegative(words) {
    this.#editor.negative = words;
    this.#editor.announce();
  }

  #show(note = "") {
    const left = this.#additions.filter((each) => !each.gone);
    const said = note || (this.#additions.length ? "" : t("words.complete"));
    this.panel.hidden = false;
    this.panel.replaceChildren(
      h("div", { class: "words-findings-head" }, h("h3", {}, t(left.length === 1 ? "words.added_one" : "words.added", { n: left.length })),
        h("div", { class: "row" },
          left.length > 0 && h("button", { type: "button", class: "button quiet", on: { click: () => this.#undoAll() } }, icon("undo"), t("words.undo_all")),
          h("button", { type: "button", class: "button quiet", on: { click: () => this.#close() } }, icon("check"), t(left.length ? "words.keep" : "words.close")))),
      said && h("p", { class: "muted" }, said),
      h("ul", { class: "words-added" }, left.map((each) => h("li", {},
        h("div", {}, h("strong", {}, each.text), each.negative && h("span", { class: "badge" }, t("words.in_negative")), h("p", { class: "muted", title: each.why }, each.why.replaceAll("`", ""))),
        h("button", { type: "button", class: "icon-button", "aria-label": t("words.undo_named", { text: each.text }), title: t("words.take_out"), on: { click: () => this.#undo(each) } }, icon("close"))))));
    this.#shade(left);
  }

  #shade(left) {
    const text = this.#editor.value.toLowerCase();
    this.#editor.shade("added", left.filter((each) => !each.negative).flatMap((each) => {
      const start = text.lastIndexOf(each.text.toLowerCase());
      return start < 0 ? [] : [{ start, end: start + each.text.length }];
    }));
  }

  async #undo(addition) {
    if (addition.negative) {
      const out = new Set(addition.text.split(",").map((word) => word.trim().toLowerCase()));
      this.#setNegative(this.#editor.negativeTyped.split(",").map((word) => word.trim()).filter((word) => word && !out.has(word.toLowerCase())).join(", "));
    } else if (!await this.#editor.edit({ remove: [addition.text] })) return;
    addition.gone = true;
    this.#show();
    (this.panel.querySelector("li button") ?? this.#editor).focus();
  }

  async #undoAll() {
    const editor = this.#editor, same = this.#after.prompt === editor.value;
    const said = this.#additions.filter((each) => !each.gone);
    if (same) editor.rewrite(this.#before.prompt);
    else {
      const remove = said.filter((each) => !each.negative).map((each) => each.text);
      if (remove.length && !await editor.edit({ remove })) return;
    }
    for (const each of said.filter((one) => one.negative)) await this.#undo(each);
    this.#close();
  }

  #close() {
    this.#additions = [];
    this.panel.hidden = true;
    this.#editor.shade("added", []);
    this.#editor.focus();
  }
}
