// What an axis of a comparison varies, and over which values: chips, lists of texts, or numbers, as fits the setting.
import { h, icon, t } from "./core.js";

const VARIES = ["light", "lens", "checkpoint", "adapters", "negative_method", "prompt", "seed", "quality", "steps", "guidance", "size"];
const EXAMPLES = { seed: "7, 8, 9", steps: "8, 16, 24", guidance: "1, 2, 4", size: "256x256, 256x384" };
const SOME = 14;

/** One axis in a form. */
export class AxisEditor {
  /**
   * @param {HTMLElement} place
   * @param {{name: string, title: string, begin: string, sources: object, changed: Function}} options
   */
  constructor(place, { name, title, begin, sources, changed }) {
    Object.assign(this, { name, sources, changed, values: new Map() });
    const id = `vary-${name}`;
    this.select = h("select", { id, on: { change: () => this.#show() } },
      h("option", { value: "" }, t("compare.vary_nothing")), VARIES.map((vary) => h("option", { value: vary }, t(`compare.vary_${vary}`))));
    this.select.value = begin;
    this.body = h("div", { class: "cmp-values" });
    place.append(h("div", { class: "field" }, h("label", { for: id }, title), this.select), this.body);
    this.#show();
  }

  /** As the service takes it; null where nothing is varied. */
  axis() {
    const vary = this.select.value;
    const values = vary ? this.read() : [];
    return values.length ? { vary, values } : null;
  }

  #show() {
    const vary = this.select.value;
    this.body.replaceChildren();
    this.read = () => [];
    if (vary === "light" || vary === "lens") this.#terms(vary);
    else if (vary === "checkpoint") this.#chips(this.sources.checkpoints.map((card) => ({ value: card.name, label: card.name, help: card.title, off: !card.present })));
    else if (vary === "adapters") this.#adapters();
    else if (vary === "negative_method") this.#chips(["true_cfg", "vsf", "nag", "none"].map((value) => ({ value, label: t(`compare.way_${value}`) })));
    else if (vary === "quality") this.#chips(["draft", "proof", "final"].map((value) => ({ value, label: t(`compare.quality_${value}`) })), ["draft", "final"]);
    else if (vary === "prompt") this.#prompts();
    else if (vary) this.#list(vary);
    this.changed();
  }

  #chips(entries, begin = []) {
    const chosen = new Set(begin);
    const chip = ({ value, label, help = "", off = false }) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(chosen.has(value)), title: help, disabled: off, dataset: { value },
      on: { click: (event) => {
        if (!chosen.delete(value)) chosen.add(value);
        event.currentTarget.setAttribute("aria-pressed", String(chosen.has(value)));
        this.changed();
      } },
    }, label);
    const made = entries.map(chip);
    this.body.append(h("div", { class: "wrap", role: "group", "aria-label": t("compare.values") }, made));
    this.read = () => [...chosen];
    return made;
  }

  #terms(kind) {
    const entries = [{ value: "", label: t("compare.as_written") }, ...this.sources.terms[kind].map((term) => ({ value: term.id, label: term.say, help: term.effect }))];
    const filter = h("input", { type: "search", class: "cmp-filter", "aria-label": t(`compare.find_${kind}`), placeholder: t(`compare.find_${kind}`), autocomplete: "off" });
    this.body.append(filter);
    const made = this.#chips(entries);
    let all = false;
    const more = h("button", { class: "button quiet", type: "button", on: { click: () => { all = true; narrow(); } } }, t("compare.show_all", { n: entries.length - 1 }));
    this.body.append(more);
    const narrow = () => {
      const words = filter.value.toLowerCase().trim();
      let shown = 0;
      made.forEach((chip, at) => {
        const fits = words ? entries[at].label.toLowerCase().includes(words) : all || shown < SOME;
        chip.hidden = !fits && chip.getAttribute("aria-pressed") !== "true";
        shown += chip.hidden ? 0 : 1;
      });
      more.hidden = all || Boolean(words);
    };
    filter.addEventListener("input", (event) => { event.stopPropagation(); narrow(); });
    filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    narrow();
  }

  /** Each adapter that is chosen at each weight; none at all is one more to choose. */
  #adapters() {
    const cards = this.sources.adapters;
    if (!cards.length) return this.body.append(h("p", { class: "muted small" }, t("compare.adapters_none"), " ", h("code", {}, "fluxgram adapters add FILE")));
    this.#chips([{ value: "", label: t("compare.without_adapters") }, ...cards.map((card) => ({ value: card.name, label: card.name, help: card.base }))], [""]);
    const chosen = this.read, id = `weights-${this.name}`;
    const weights = h("input", { id, class: "mono", autocomplete: "off", value: "1", "aria-describedby": `${id}-help` });
    this.body.append(h("div", { class: "field" }, h("label", { for: id }, t("compare.weights")), weights, h("p", { class: "help", id: `${id}-help` }, t("compare.weights_help"))));
    const numbers = () => [...new Set(weights.value.split(/[,;\s]+/).filter(Boolean))];
    this.read = () => chosen().flatMap((name) => (name ? numbers().map((weight) => `${name}:${weight}`) : [""]));
  }

  #prompts() {
    const list = h("div", { class: "stack tight" });
    const add = (text) => {
      const area = h("textarea", { rows: 3, maxlength: 100000, "aria-label": t("compare.prompt_number", { n: list.children.length + 1 }), value: text });
      const row = h("div", { class: "row cmp-tight cmp-prompt" }, h("div", { class: "grow" }, area),
        h("button", { class: "icon-button", type: "button", "aria-label": t("compare.prompt_remove"), on: { click: () => { row.remove(); this.changed(); } } }, icon("close")));
      list.append(row);
    };
    const texts = () => [...list.querySelectorAll("textarea")].map((area) => area.value.trim()).filter(Boolean);
    add(this.sources.prompt());
    add(this.sources.prompt());
    this.body.append(h("p", { class: "muted small" }, t("compare.prompts_help")), list,
      h("button", { class: "button", type: "button", on: { click: () => { add(texts().at(-1) ?? ""); list.lastChild.querySelector("textarea").focus(); this.changed(); } } }, icon("plus"), t("compare.prompt_add")));
    this.read = () => [...new Set(texts())];
  }

  #list(vary) {
    const id = `values-${this.name}`;
    const input = h("input", { id, class: "mono", autocomplete: "off", value: EXAMPLES[vary], "aria-describedby": `${id}-help` });
    this.body.append(h("div", { class: "field" }, h("label", { for: id }, t("compare.values")), input, h("p", { class: "help", id: `${id}-help` }, t(`compare.values_${vary}`))));
    this.read = () => {
      const parts = [...new Set(input.value.split(/[,;\n]+/).map((part) => part.trim()).filter(Boolean))];
      return vary === "seed" || vary === "size" ? parts.map((part) => part.replace(/\s*[×x]\s*/i, "x")) : parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
    };
  }
}
