// How the checkpoint of the draft applies a negative prompt, told beneath its field, with a choice where it knows several
// ways. A checkpoint whose fast version draws drafts applies it there as that one does.
import { h, t } from "./core.js";
import { draft } from "./draft.js";

/** Ways of whatever would draw the draft; the first is its own. */
export function methods(card, cards) {
  const fast = draft.get().quality === "draft" && cards.find((each) => each.name === card?.fast);
  return (fast || card)?.negatives ?? [];
}

/** The way that was chosen, where whatever draws knows it; empty is its own. */
export function method(card, cards) {
  const { negative_method: chosen } = draft.get();
  return methods(card, cards).includes(chosen) ? chosen : "";
}

/** Tell it beneath an editor's negative prompt. */
export function tellNegative(editor, card, cards) {
  const ways = methods(card, cards), chosen = method(card, cards) || ways[0];
  const now = [...ways, chosen].join();
  if (!ways.length) return void (editor.about = null);
  if (editor.about?.dataset.known === now) return;
  const said = h("span", {}, t(`shoot.negative_${chosen}`));
  if (ways.length === 1) return void (editor.about = h("span", { dataset: { known: now } }, said));
  const select = h("select", { id: "negative-method", "aria-label": t("shoot.negative_method"), on: { change: (event) => { event.stopPropagation(); draft.set({ negative_method: event.target.value === ways[0] ? "" : event.target.value }); } } },
    ways.map((way) => h("option", { value: way, selected: way === chosen }, t(`shoot.way_${way}`))));
  const focused = document.activeElement?.id === "negative-method";
  editor.about = h("span", { class: "shoot-negative", dataset: { known: now } }, select, said);
  if (focused) select.focus();
}
