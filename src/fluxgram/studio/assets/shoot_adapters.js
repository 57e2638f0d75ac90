// The adapters of the draft: those of this machine that were chosen, each with its weight. Where there are none, how to
// get one. Names in the draft that this machine does not know are shown as such, and can only be taken out.
import { api, h, icon, live, patiently, t } from "./core.js";
import { draft } from "./draft.js";

const MOST = 8, STEP = 0.05;
const [LOWEST, HIGHEST] = [-1, 2]; // of the slider; a draft may say more
const at = (id) => document.getElementById(id);
let known = null; // cards by name; null before the list is there
let sayWords = () => {};

/**
 * Show the adapters of the draft and keep them so.
 * @param {(words: string) => void} say - Puts words into the prompt.
 */
export async function adapters(say) {
  sayWords = say;
  at("adapter-add").addEventListener("click", add);
  at("adapter-name").addEventListener("change", () => (at("adapter-add").disabled = !at("adapter-name").value));
  draft.on(show);
  show();
  const answer = await patiently(() => api("GET", "/adapters"), (error) => at("adapters-help").replaceChildren(`${t("shoot.adapters_failed")} ${error.message}`));
  known = new Map(answer.adapters.map((card) => [card.name, card]));
  at("adapters-help").replaceChildren();
  show();
}

function add() {
  const name = at("adapter-name").value;
  if (!name) return;
  draft.set({ adapters: [...draft.get().adapters, { source: name, weight: known.get(name).weight }] });
  live(t("shoot.adapter_added", { name }));
  at("adapters").lastChild.querySelector("input").focus();
}

function remove(source) {
  draft.set({ adapters: draft.get().adapters.filter((each) => each.source !== source) });
  live(t("shoot.adapter_removed", { name: source }));
  at("adapter-name").focus();
}

function weigh(source, weight) {
  draft.set({ adapters: draft.get().adapters.map((each) => (each.source === source ? { ...each, weight } : each)) });
}

function show() {
  const chosen = draft.get().adapters;
  const now = JSON.stringify([known && [...known.keys()], chosen.map((each) => each.source)]);
  if (at("adapters").dataset.known !== now) build(chosen, now); // else a slider under the finger would be lost
  for (const [row, { weight }] of chosen.map((each, place) => [at("adapters").children[place], each])) {
    const slider = row.querySelector("input");
    if (!slider) continue;
    if (Number(slider.value) !== weight) slider.value = String(weight);
    row.querySelector("output").textContent = weight.toFixed(2);
  }
}

function build(chosen, now) {
  at("adapters").dataset.known = now;
  at("adapters").replaceChildren(...chosen.map(row));
  at("adapters").hidden = !chosen.length;
  if (!known) return;
  const left = [...known.values()].filter((card) => !chosen.some((each) => each.source === card.name));
  at("adapter-name").replaceChildren(h("option", { value: "" }, t("shoot.adapter_choose")),
    ...left.map((card) => h("option", { value: card.name }, card.base ? t("shoot.adapter_for", { name: card.name, base: card.base }) : card.name)));
  at("adapter-add").disabled = true;
  at("adapter-more").hidden = !left.length || chosen.length >= MOST;
  at("adapters-none").hidden = known.size > 0;
}

function row({ source, weight }) {
  const card = known?.get(source), missing = known && !card;
  const words = card?.words.join(", ");
  return h("li", { class: "shoot-adapter", dataset: { adapter: source } },
    h("span", { class: "shoot-adapter-name", title: source }, source),
    h("button", { type: "button", class: "icon-button", "aria-label": t("shoot.adapter_remove", { name: source }), title: t("shoot.adapter_remove", { name: source }), on: { click: () => remove(source) } }, icon("close")),
    missing ? h("p", { class: "error" }, t("shoot.adapter_missing")) : [
      h("input", {
        type: "range", min: Math.min(LOWEST, weight), max: Math.max(HIGHEST, weight), step: STEP, value: String(weight), "aria-label": t("shoot.adapter_weight", { name: source }),
        on: { input: (event) => weigh(source, Number(event.target.value)) },
      }),
      h("output", { class: "mono small" }, weight.toFixed(2)),
      words && h("button", { type: "button", class: "chip shoot-adapter-words", title: t("shoot.adapter_words_title"), on: { click: () => sayWords(words) } }, icon("plus"), words)]);
}
