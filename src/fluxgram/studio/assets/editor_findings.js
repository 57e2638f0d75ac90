// What the linter found, beneath the prompt: message, the rule's own words on demand, and buttons that mend. The list
// waits for a pause of the typing, and while one writes it may grow but not shrink, so that nothing below jumps.
import { h, icon, pressed, t, tell } from "./core.js";

/** Icons of severities, the worst first: no two are alike in shape or colour. */
export const SHAPES = { error: "reject", warning: "warn", advice: "info" };
const CALM = 700; // milliseconds after a key before the list changes
const FIRST = 3; // findings that are shown without asking

const name = (finding) => `${finding.code} ${finding.message}`;

/** `does`: `fix(finding)`, `show(finding)`, `all()`, and the `field` that the focus goes back to. */
export class Findings {
  #does;
  #waiting = null;
  #findings = [];
  #items = new Map();
  #calm = 0;
  #timer = 0;
  #whole = false;
  #held = false;

  constructor(does) {
    this.#does = does;
    this.list = h("ul", { class: "words-findings" });
    this.all = h("button", { type: "button", class: "button quiet", on: { click: () => does.all() } }, icon("wand"), t("words.fix_all"));
    this.more = h("button", { type: "button", class: "button quiet words-more", on: { click: () => { this.#whole = !this.#whole; this.#show(); } } });
    this.head = h("div", { class: "words-findings-head", hidden: true }, h("h3", {}, t("words.findings")), this.all);
    this.element = h("section", { class: "words-found", "aria-label": t("words.findings") }, this.head, this.list, this.more);
    this.more.hidden = true;
  }

  /** Somebody types: the list stays as it is for a moment, and as high as it is for as long as one writes. */
  wait() {
    this.#calm = performance.now() + CALM;
    this.element.style.minHeight = `${this.element.getBoundingClientRect().height}px`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#change(), CALM);
  }

  /** Nobody types any more. */
  settle() {
    clearTimeout(this.#timer);
    this.#calm = 0;
    if (!this.#held && !pressed()) this.element.style.minHeight = "";
    this.#change();
  }

  /** Somebody points at what lies below: the list stays as it is until they are done. */
  hold(held) {
    this.#held = held;
    if (!held) this.release();
  }

  /** Nobody points at, or presses, what lies below any more. */
  release() {
    if (performance.now() >= this.#calm) this.settle();
  }

  /** Here is what was found. */
  take(findings) {
    this.#waiting = findings;
    if (performance.now() >= this.#calm) this.#change();
  }

  /** Mark the finding at the caret. */
  point(finding) {
    for (const item of this.#items.values()) item.classList.toggle("is-here", Boolean(finding) && name(item.finding) === name(finding));
  }

  #change() {
    if (!this.#waiting || this.#held || pressed()) return;
    this.#findings = this.#waiting;
    this.#waiting = null;
    this.#show();
  }

  #show() {
    const rank = ({ severity, span }) => Object.keys(SHAPES).indexOf(severity) * 2 + (span ? 0 : 1);
    const order = [...this.#findings].sort((one, two) => rank(one) - rank(two));
    const held = [...this.element.querySelectorAll("button")].indexOf(document.activeElement);
    const items = new Map();
    for (const finding of order.slice(0, this.#whole || order.length === FIRST + 1 ? undefined : FIRST)) {
      let key = name(finding);
      while (items.has(key)) key += "'"; // the same words twice in a prompt
      items.set(key, this.#item(finding, this.#items.get(key)));
    }
    this.#items = items;
    const now = [...items.values()];
    if (now.length !== this.list.children.length || now.some((item, place) => item !== this.list.children[place])) this.list.replaceChildren(...now);
    this.head.hidden = !order.length;
    this.all.hidden = !this.#findings.some((each) => each.fix?.safe);
    this.more.hidden = order.length <= FIRST + 1;
    this.more.textContent = t(this.#whole ? "words.fewer" : "words.more", { n: order.length - FIRST });
    if (held < 0 || this.element.contains(document.activeElement)) return;
    const buttons = [...this.list.querySelectorAll("button")];
    (buttons[Math.min(held, buttons.length - 1)] ?? this.#does.field).focus(); // its button went with what it mended
  }

  #item(finding, old) {
    if (old && Boolean(old.finding.fix) === Boolean(finding.fix)) return Object.assign(old, { finding }); // nothing flickers
    const more = h("div", { class: "words-why", hidden: true });
    const button = (look, label, run, rest = {}) => h("button", { type: "button", class: look, on: { click: run }, ...rest }, label);
    const why = button("icon-button words-open", icon("down"), () => this.#explain(finding, item, more, why),
      { "aria-expanded": "false", "aria-label": t("words.why"), title: t("words.why") });
    const message = { class: "words-message", title: finding.span ? t("words.show") : null };
    const item = h("li", { class: `words-finding ${finding.severity}` },
      h("div", { class: "words-finding-line" },
        h("span", { class: "words-shape" }, icon(SHAPES[finding.severity]), h("span", { class: "visually-hidden" }, t(`words.${finding.severity}_name`))),
        finding.span ? h("button", { type: "button", ...message, on: { click: () => this.#does.show(item.finding) } }, h("span", {}, finding.message)) : h("p", message, h("span", {}, finding.message)),
        h("div", { class: "words-finding-actions" },
          finding.fix && button("button", t("words.fix"), () => this.#does.fix(item.finding), { title: finding.fix.title, "aria-label": t("words.fix_named", { title: finding.fix.title }) }), why)),
      more);
    return Object.assign(item, { finding });
  }

  async #explain(finding, item, more, why) {
    const open = why.getAttribute("aria-expanded") !== "true";
    try {
      if (open && !more.childNodes.length) {
        const { explained } = await import("./editor_rules.js");
        more.replaceChildren(...await explained(finding.code));
      }
      why.setAttribute("aria-expanded", String(open));
      item.classList.toggle("is-open", open);
      more.hidden = !open;
    } catch (error) {
      tell(error);
    }
  }
}
