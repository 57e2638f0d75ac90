// The adapters of this machine, beneath the checkpoints: what each was made for, its weight and words. They come and go
// by `fluxgram adapters`, because adding one looks at files of this machine.
import { api, h, t } from "./core.js";

/** @returns {Promise<HTMLElement>} the section; it says so where the list cannot be had */
export async function adapters() {
  const shown = h("section", { class: "stack", "aria-labelledby": "adapters-title" },
    h("h2", { id: "adapters-title" }, t("settings.adapters")), h("p", { class: "lead" }, t("settings.adapters_lead"), " ", h("code", {}, "fluxgram adapters add FILE")));
  try {
    const found = await api("GET", "/adapters");
    if (found.adapters.length) shown.append(h("ul", { class: "checkpoints" }, found.adapters.map(card)));
  } catch (error) {
    shown.append(h("p", { class: "notice bad" }, error.message, " ", error.hint));
  }
  return shown;
}

function card(one) {
  const fact = (key, value) => value && h("div", {}, h("dt", {}, t(`settings.fact_${key}`)), h("dd", {}, value));
  return h("li", { class: "panel checkpoint here", dataset: { adapter: one.name } }, h("h3", {}, one.name),
    h("dl", { class: "facts" }, fact("base", one.base), fact("weight", String(one.weight)), fact("words", one.words.join(", ")), fact("licence", one.licence), fact("fingerprint", one.fingerprint.slice(0, 12))));
}
