// A picture's settings and what really happened to its request, in words; the server puts the words together.
import { duration, h, icon, refusal, t, toast } from "./core.js";
import { draft } from "./draft.js";
import { address } from "./tile.js";

const known = new Map();
const MOST_KNOWN = 60;

/**
 * What is known of a picture.
 * @param {string} name
 * @param {AbortSignal} [signal]
 * @returns {Promise<object>}
 */
export async function ask_facts(name, signal) {
  if (!known.has(name)) {
    const answer = await fetch(`${address({ name })}/facts`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw await refusal(answer);
    known.set(name, await answer.json());
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value);
  }
  return known.get(name);
}

/**
 * Ways on from a picture: links to make another of it, and to look closer at it.
 * @param {object} card A PictureCard.
 * @returns {HTMLElement}
 */
export function ways(card) {
  const from = (relation) => `/?from=${encodeURIComponent(card.name)}&relation=${relation}`;
  const link = (href, name, key) => h("a", { class: "button", href, title: t(`gallery.${key}_help`) }, icon(name), t(`gallery.${key}`));
  return h(
    "div",
    { class: "facts-ways" },
    link(from("more"), "grid", "more"),
    link(from("push"), "edit", "push"),
    h(
      "button",
      { class: "button", type: "button", title: t("gallery.relight_help"), on: { click: () => relight(card) } },
      icon("light"),
      t("gallery.relight"),
    ),
    link(from("again"), "retry", "again"),
    link(`/compare?picture=${encodeURIComponent(card.name)}`, "compare", "compare"),
    card.url ? h("a", { class: "button", href: card.url, download: card.name.split("/").at(-1) }, icon("download"), t("gallery.download")) : null,
  );
}

/** Take a picture's words and seed to the light stage. */
export async function relight(card) {
  const { settings } = await ask_facts(card.name).catch(() => ({ settings: { prompt: card.prompt } }));
  draft.set({
    prompt: settings.prompt ?? "",
    negative: settings.negative ?? "",
    seed: settings.seed ?? "",
    locked: Boolean(settings.seed),
    size: settings.size ?? "",
    checkpoint: settings.offered ? settings.checkpoint : "",
    parent: card.name,
    relation: "light",
    lamps: null,
  });
  location.assign("/light");
}

/**
 * The panel.
 * @param {object} told What `ask_facts` gave.
 * @param {{prompt?: boolean}} [options] Whether the words are shown; a page that shows them above leaves them out.
 * @returns {HTMLElement}
 */
export function panel(told, { prompt = true } = {}) {
  return h(
    "div",
    { class: "facts" },
    prompt || told.settings.negative ? words(told) : null,
    told.happened.length ? h("section", {}, h("h3", {}, t("gallery.happened")), h("ul", { class: "facts-happened" }, told.happened.map(happened))) : null,
    told.seconds.length ? seconds(told.seconds) : null,
    told.sections.map((each) => h("section", {}, h("h3", {}, each.title), rows(each.rows))),
    raw(told.receipt),
  );
}

function words({ settings }) {
  if (!settings.prompt) return h("p", { class: "muted" }, t("pictures.no_prompt"));
  const negative = settings.negative
    ? [h("h3", {}, t("gallery.negative")), h("p", { class: "facts-words" }, settings.negative)]
    : null;
  return h(
    "section",
    {},
    h("div", { class: "spread" }, h("h3", {}, t("gallery.prompt")), copy(settings.prompt)),
    h("p", { class: "facts-words" }, settings.prompt),
    negative,
  );
}

function copy(text) {
  const run = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("gallery.copied"), { kind: "good", seconds: 2 });
    } catch {
      toast(t("gallery.copy_failed"), { kind: "bad" });
    }
  };
  return h("button", { class: "icon-button", type: "button", "aria-label": t("gallery.copy"), title: t("gallery.copy"), on: { click: run } }, icon("copy"));
}

function happened({ tone, text, detail }) {
  const mark = { good: "check", warn: "warn", info: "info" }[tone];
  return h("li", { class: tone }, icon(mark), h("div", {}, h("p", {}, text), detail ? h("p", { class: "facts-detail" }, detail) : null));
}

function seconds(stages) {
  const all = stages.reduce((sum, each) => sum + each.seconds, 0) || 1;
  const bar = h("div", { class: "facts-bar", "aria-hidden": "true" });
  for (const each of stages) {
    const part = h("span", { class: `stage-${each.stage}` });
    part.style.width = `${(each.seconds / all) * 100}%`;
    bar.append(part);
  }
  const list = stages.map((each) => [
    h("dt", {}, h("span", { class: `facts-dot stage-${each.stage}`, "aria-hidden": "true" }), each.label),
    h("dd", {}, each.seconds < 0.05 ? t("gallery.instant") : duration(each.seconds)),
  ]);
  return h("section", {}, h("h3", {}, t("gallery.time")), bar, h("dl", { class: "facts-rows" }, list));
}

function rows(list) {
  return h("dl", { class: "facts-rows" }, list.map(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
}

function raw(receipt) {
  const text = h("pre", { tabindex: "0", "aria-label": t("gallery.receipt") });
  const fill = (event) => event.target.open && !text.textContent && (text.textContent = JSON.stringify(receipt, null, 2));
  return h("details", { class: "facts-raw", on: { toggle: fill } }, h("summary", {}, t("gallery.receipt")), text);
}
