// The field of an anchor: a text that says by itself what in it belongs into the scenes.
import { api, h, icon, t } from "./core.js";

const WAIT = 300; // milliseconds after the last letter

/**
 * @param {string} id
 * @param {string} value
 * @param {() => void} [changed]
 * @returns {{field: HTMLElement, value: string, set: (text: string) => void, input: HTMLTextAreaElement}}
 */
export function anchor_field(id, value, changed = () => {}) {
  const input = h("textarea", { id, rows: 4, required: true, maxlength: 2000, placeholder: t("people.anchor_example"), "aria-describedby": `${id}-said ${id}-help`, value });
  const said = h("ul", { id: `${id}-said`, class: "anchor-said", "aria-live": "polite" });
  let clock, asked;
  const look = async () => {
    asked?.abort();
    if (!input.value.trim()) return said.replaceChildren();
    asked = new AbortController();
    try {
      show((await api("POST", "/characters/anchor", { anchor: input.value }, { signal: asked.signal })).warnings);
    } catch {
      // saving tells what is wrong with it, and whether the server is there
    }
  };
  const show = (warnings) => said.replaceChildren(...(warnings.length
    ? warnings.map((words) => h("li", { class: "warn" }, icon("warn"), words))
    : [h("li", { class: "good" }, icon("check"), t("people.anchor_good"))]));
  input.addEventListener("input", () => {
    changed();
    clearTimeout(clock);
    clock = setTimeout(look, WAIT);
  });
  look();
  const field = h("div", { class: "field" }, h("label", { for: id }, t("people.anchor")), input,
    h("p", { class: "help", id: `${id}-help` }, t("people.anchor_help")), said);
  return {
    field,
    input,
    get value() {
      return input.value;
    },
    set(text) {
      input.value = text;
      look();
    },
  };
}
