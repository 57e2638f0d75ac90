// The dialog that asks how a frame is drawn again: its words, the locked seed or a new one, and how well.
import { h, icon, opened, t } from "./core.js";

/**
 * @param {object} frame
 * @returns {Promise<{prompt?: string, seed?: string, quality?: string}|null>} null where it was called off
 */
export function again_dialog(frame) {
  return new Promise((resolve) => {
    const take = frame.takes.find((each) => each.job === frame.shown);
    const words = h("textarea", { id: "again-words", rows: 5, maxlength: 100000, value: take?.prompt || frame.prompt });
    const pick = (name, value, label, checked) => h("label", {}, h("input", { type: "radio", name, value, checked }), label);
    const seed = h("div", { class: "segmented", role: "radiogroup", "aria-label": t("people.again_seed") },
      pick("seed", "same", t("people.again_same", { seed: frame.seed }), true), pick("seed", "new", t("people.again_new"), false));
    const quality = h("div", { class: "segmented", role: "radiogroup", "aria-label": t("people.quality") },
      ["draft", "proof", "final"].map((name) => pick("quality", name, t(`people.quality_${name}`), false)));
    const hint = h("p", { class: "help muted small" }, t("people.again_same_hint"));
    const form = h("form", { method: "dialog", class: "stack" }, h("h2", { id: "again-title" }, t("people.again_title", { scene: frame.scene })),
      h("div", { class: "field" }, h("label", { for: "again-words" }, t("people.again_words")), words),
      h("div", { class: "row" }, h("span", { class: "label" }, t("people.again_seed")), seed), h("div", { class: "row" }, h("span", { class: "label" }, t("people.quality")), quality), hint,
      h("div", { class: "row end" }, h("button", { class: "button", value: "no", formnovalidate: true }, t("common.no")), h("button", { class: "button primary", value: "yes" }, icon("retry"), t("people.again_go"))));
    form.addEventListener("change", () => (hint.hidden = new FormData(form).get("seed") === "new"));
    const closed = (how) => {
      const said = new FormData(form);
      if (how !== "yes") return resolve(null);
      const wish = {};
      if (words.value.trim() && words.value !== frame.prompt) wish.prompt = words.value;
      if (said.get("seed") === "new") wish.seed = "new";
      if (said.get("quality")) wish.quality = said.get("quality");
      resolve(wish);
    };
    opened("again-title", form, { closed });
    words.focus();
  });
}
