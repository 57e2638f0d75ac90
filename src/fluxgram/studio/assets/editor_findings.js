// What the linter found, beneath the prompt: message, the rule's own words on demand, and buttons that mend.
import { api, h, icon, t, tell } from "./core.js";

/** Icons of severities: no two share shape and colour. */
export const SHAPES = { error: "close", warning: "warn", advice: "info" };
const CALM = 700; // milliseconds after a key before the list changes
let rules = null;

/** All rules by code, asked for once. */
async function explained(code) {
  rules ??= api("GET", "/rules").then(({ rules: all }) => new Map(all.map((rule) => [rule.code, rule])));
  try {
    return (await rules).get(code);
  } catch (error) {
    rules = null;
    throw error;
  }
}

/** The rule's Markdown, of which it uses code, emphasis and lists, as elements. */
function prose(text) {
  return text.split(/\n{2,}/).map((block) => {
    const lines = block.split("\n");
    if (lines.every((line) => /^([-*] |  )/.test(line))) {
      return h("ul", {}, block.split(/\n(?=[-*] )/).map((line) => h("li", {}, inline(line.replace(/^[-*] /, "").replace(/\s+/g, " ")))));
    }
    return h("p", {}, inline(block.replace(/\s+/g, " ")));
  });
}

function inline(text) {
  return text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/).map((part) =>
    part.startsWith("`") ? h("code", {}, part.slice(1, -1)) : part.startsWith("*") && part.length > 2 ? h("em", {}, part.slice(1, -1)) : part);
}

export class Findings {
  #does;
  #next = null;
  #shown = [];
  #calm = 0;
  #open = new Set();

  constructor(does) {
    this.#does = does;
    this.items = h("ul", { class: "words-findings" });
    this.all = h("button", { type: "button", class: "button quiet", hidden: true, on: { click: () => does.all() } }, icon("wand"), t("words.fix_all"));
    this.head = h("div", { class: "words-findings-head", hidden: true }, h("h3", {}, t("words.findings")), this.all);
    this.element = h("section", { class: "words-found", "aria-label": t("words.findings") }, this.head, this.items);
  }

  /** Somebody types: the list stays as it is for a moment. */
  wait() {
    this.#calm = performance.now() + CALM;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#show(), CALM + 20);
  }

  /** Nobody types any more. */
  settle() {
    this.#calm = 0;
  }

  take(findings) {
    this.#next = findings;
    if (performance.now() >= this.#calm) this.#show();
  }

  #show() {
    if (!this.#next) return;
    const findings = this.#next;
    this.#next = null;
    const held = this.element.contains(document.activeElement) ? [...this.items.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    const key = (each) => `${each.code} ${each.message}`;
    const old = new Map(this.#shown.map(({ finding, item }) => [key(finding), item]));
    this.#shown = findings.map((finding) => ({ finding, item: this.#item(finding, old.get(key(finding))) }));
    this.items.replaceChildren(...this.#shown.map(({ item }) => item));
    this.head.hidden = !findings.length;
    this.all.hidden = findings.filter((each) => each.fix?.safe).length < 1;
    if (held >= 0 && !this.element.contains(document.activeElement)) {
      const buttons = [...this.items.querySelectorAll("button")];
      (buttons[Math.min(held, buttons.length - 1)] ?? document.getElementById(this.#does.id))?.focus();
    }
  }

  /** Mark the finding at the caret. */
  point(finding) {
    for (const { finding: each, item } of this.#shown) item.classList.toggle("is-here", each === finding);
  }

  #item(finding, old) {
    if (old) { // the same words: only what it does is new, so that nothing flickers and the focus stays
      old.finding = finding;
      return old;
    }
    const id = `${finding.code} ${finding.message}`;
    const more = h("div", { class: "words-why", hidden: true });
    const why = h("button", { type: "button", class: "button quiet", "aria-expanded": "false", on: { click: () => this.#explain(item.finding, more, why) } }, t("words.why"));
    const item = h("li", { class: `words-finding ${finding.severity}` },
      h("div", { class: "words-finding-line" },
        h("span", { class: "words-shape" }, icon(SHAPES[finding.severity]), h("span", { class: "visually-hidden" }, t(`words.${finding.severity}_name`))),
        finding.span
          ? h("button", { type: "button", class: "words-message", title: t("words.show"), on: { click: () => this.#does.show(item.finding) } }, finding.message)
          : h("p", { class: "words-message" }, finding.message),
        h("div", { class: "words-finding-actions" }, why,
          finding.fix && h("button", { type: "button", class: "button", title: finding.fix.title, "aria-label": t("words.fix_named", { title: finding.fix.title }), on: { click: () => this.#does.fix(item.finding) } }, t("words.fix")))),
      more);
    item.finding = finding;
    if (this.#open.has(id)) this.#explain(finding, more, why);
    return item;
  }

  async #explain(finding, more, why) {
    const open = why.getAttribute("aria-expanded") !== "true";
    const id = `${finding.code} ${finding.message}`;
    this.#open[open ? "add" : "delete"](id);
    try {
      if (open && !more.childNodes.length) {
        const rule = await explained(finding.code);
        more.replaceChildren(h("p", { class: "words-rule" }, h("code", {}, rule.code), " ", rule.title),
          ...rule.parts.filter((part) => part.heading !== "Evidence").flatMap((part) => [h("h4", {}, part.heading), ...prose(part.text)]));
      }
      why.setAttribute("aria-expanded", String(open));
      more.hidden = !open;
    } catch (error) {
      tell(error);
    }
  }
}
