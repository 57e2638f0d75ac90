// Two versions of one character: what is different, line by line, with what only one side changed chosen already.
import { h, icon, t } from "./core.js";

const FIELDS = ["anchor", "seed", "negative", "checkpoint", "notes"];

/**
 * @param {string} name
 * @param {object} before - Values that both began from.
 * @param {object} mine
 * @param {object} theirs
 * @param {(chosen: object) => void} use
 * @returns {HTMLElement}
 */
export function conflict(name, before, mine, theirs, use) {
  const differing = FIELDS.filter((field) => mine[field] !== theirs[field]);
  const rows = differing.map((field) => {
    const ours = mine[field] !== before[field]; // where both changed it, what was typed here comes first
    const side = (value, which, chosen) => h("label", { class: "version" },
      h("input", { type: "radio", name: `keep-${field}`, value: which, checked: chosen }),
      h("span", {}, h("span", { class: "label" }, t(`people.${which}`)), h("span", { class: "version-text" }, value || h("em", {}, t("people.empty_value")))));
    return h("fieldset", { class: "versions" }, h("legend", {}, t(`people.${field}`)), side(mine[field], "mine", ours), side(theirs[field], "theirs", !ours));
  });
  const form = h("form", { class: "notice warn stack", role: "region", tabindex: "-1", "aria-labelledby": "conflict-title" },
    h("h2", { id: "conflict-title", class: "row" }, icon("warn"), t("people.conflict_title", { name })),
    h("p", {}, t("people.conflict_text")), rows,
    h("div", { class: "row end" },
      h("button", { class: "button", type: "button", on: { click: () => use({ ...theirs }) } }, t("people.take_theirs")),
      h("button", { class: "button primary" }, t("people.take"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new FormData(form);
    use(Object.fromEntries(FIELDS.map((field) => [field, chosen.get(`keep-${field}`) === "theirs" || !differing.includes(field) ? theirs[field] : mine[field]])));
  });
  return form;
}

/** The character is no longer there. */
export function gone(name, again) {
  return h("div", { class: "notice warn spread", role: "alert", tabindex: "-1" }, h("p", { class: "grow" }, t("people.conflict_gone", { name })),
    h("button", { class: "button", type: "button", on: { click: again } }, t("people.conflict_keep_again")));
}
