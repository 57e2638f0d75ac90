// The settings column of the start page: shape, number, quality, seed and checkpoint. Each is a view of the draft.
// Adapters are shoot_adapters.js.
import { api, duration, h, icon, page, patiently, t } from "./core.js";
import { adapted, draft } from "./draft.js";
import { method, tellNegative } from "./shoot_negative.js";

const SHAPES = [[1, 1], [4, 5], [3, 4], [2, 3], [9, 16], [5, 4], [4, 3], [3, 2], [16, 9]];
const LARGEST_SEED = 2n ** 64n - 1n;
const at = (id) => document.getElementById(id);

let cards = [];
let outlooks = new Map(); // of the last examination of this machine, where there was one
let rates = {};

/** What draws as the draft stands; undefined before the list is there. */
export const checkpoint = () => cards.find((card) => card.name === draft.get().checkpoint) ?? cards.find((card) => card.default);

/** Width and height that the draft stands for. */
export function pixels(size = draft.get().size) {
  const found = /^(\d+)x(\d+)$/.exec(size);
  return found ? [Number(found[1]), Number(found[2])] : checkpoint()?.sizes.default ?? [1, 1];
}

/** Seconds that all pictures of the draft will take; null where nothing was drawn with its checkpoint yet. */
export function expected(quality = draft.get().quality) {
  const card = checkpoint();
  const rate = card && rates[card.name];
  if (!rate) return null;
  const [width, height] = pixels();
  return rate * ((width * height) / 1e6) * card.steps[quality] * draft.get().samples;
}

/** Learn how fast a finished job was drawn. */
export function learn(job) {
  const card = cards.find((each) => each.name === job.checkpoint);
  const [picture] = job.pictures;
  if (!card || !picture || !job.seconds || job.state !== "done") return;
  const steps = job.request.steps ?? card.steps[job.request.quality];
  rates[card.name] = job.seconds / (((picture.width * picture.height) / 1e6) * steps * job.pictures.length);
  show();
}

/** The draft as fields of POST /jobs; what the checkpoint cannot apply is left out, and was said to be. */
export function fields() {
  const now = draft.get();
  const card = checkpoint();
  const wanted = { prompt: now.prompt, samples: now.samples, quality: now.quality, preview_every: 2 };
  if (now.size) wanted.size = now.size;
  if (now.locked && now.seed) wanted.seed = now.seed;
  if (now.checkpoint) wanted.checkpoint = now.checkpoint;
  if (now.negative.trim() && card?.negative !== "unsupported") {
    wanted.negative = now.negative.trim();
    if (method(card, cards)) wanted.negative_method = method(card, cards);
  }
  Object.assign(wanted, adapted());
  if (now.parent) Object.assign(wanted, { parent: now.parent, relation: now.relation || "push" });
  return wanted;
}

/** A new seed, kept. */
export function roll() {
  draft.set({ seed: String(crypto.getRandomValues(new Uint32Array(1))[0]), locked: true });
}

/** Keep or free the seed; `last` is the seed of the picture that was made last. */
export function lock(last = "") {
  const now = draft.get();
  if (now.locked) draft.set({ locked: false });
  else if (now.seed || last) draft.set({ locked: true, seed: now.seed || last });
  else roll();
}

/** Put the settings up. */
export async function settings(given, lastSeed) {
  rates = { ...given };
  at("seed-lock").addEventListener("click", () => lock(lastSeed()));
  at("seed-dice").addEventListener("click", roll);
  at("seed").addEventListener("input", () => seedTyped(at("seed").value.trim()));
  at("checkpoint").addEventListener("change", () => draft.set({ checkpoint: at("checkpoint").value }));
  draft.on(show);
  show();
  cards = (await patiently(() => api("GET", "/checkpoints"),
    (error) => at("checkpoint-help").replaceChildren(`${t("shoot.checkpoint_failed")} ${error.message}`))).checkpoints;
  show();
  if (!page().admin) return; // nobody else may know
  api("GET", "/machine").then(({ examination }) => {
    outlooks = new Map((examination?.outlooks ?? []).map((outlook) => [outlook.checkpoint, outlook]));
    show();
  }, () => {}); // without it nothing is said of speeds
}

function seedTyped(text) {
  const good = text === "" || (/^\d{1,20}$/.test(text) && BigInt(text) <= LARGEST_SEED);
  at("seed").setAttribute("aria-invalid", String(!good));
  at("error-seed").hidden = good;
  at("error-seed").textContent = good ? "" : t("shoot.seed_wrong");
  if (good) draft.set({ seed: text, locked: text !== "" });
}

function show() {
  const now = draft.get();
  const card = checkpoint();
  showSizes(now, card);
  showSamples(now);
  showQuality(now, card);
  showSeed(now);
  if (!card) return;
  showCheckpoint(card);
  tellNegative(at("editor"), card, cards);
}

/** A group of radio buttons, made once and checked anew. */
function radios(place, name, choices, chosen, take) {
  const known = choices.map((choice) => `${choice.value}|${choice.key ?? ""}`).join();
  if (place.dataset.known !== known) {
    const focused = place.contains(document.activeElement) ? document.activeElement.value : null;
    place.dataset.known = known;
    place.replaceChildren(...choices.map((choice) => h("label", { class: "shoot-choice", title: choice.title },
      h("input", { type: "radio", name, value: choice.value, on: { change: () => take(choice.value) } }), ...choice.face())));
    if (focused !== null) place.querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
  }
  for (const input of place.querySelectorAll("input")) input.checked = input.value === chosen;
}

function offered(card) {
  if (card.sizes.known.length) return card.sizes.known;
  const [width, height] = card.sizes.default;
  const area = width * height;
  return SHAPES.map(([wide, high]) => {
    const unit = Math.sqrt(area / (wide * high));
    return [wide, high].map((side) => Math.max(32, Math.round((side * unit) / 32) * 32));
  });
}

function showSizes(now, card) {
  if (!card) return;
  const usual = card.sizes.default.join("x");
  const sizes = offered(card).map((size) => size.join("x"));
  const chosen = now.size || usual;
  const choices = [...new Set([...sizes, usual, chosen])].map((size) => {
    const [width, height] = size.split("x").map(Number);
    return { value: size, title: t("shoot.size_default", { size: size.replace("x", " × ") }), face: () => [ratio(width, height), h("span", {}, `${width}×${height}`)] };
  });
  radios(at("sizes"), "size", choices, chosen, (size) => draft.set({ size: size === usual ? "" : size }));
}

/** A small frame of that shape. */
function ratio(width, height) {
  const scale = 22 / Math.max(width, height);
  const frame = h("span", { class: "shoot-ratio", "aria-hidden": "true" });
  frame.style.width = `${Math.round(width * scale)}px`;
  frame.style.height = `${Math.round(height * scale)}px`;
  return frame;
}

function showSamples(now) {
  const numbers = [...new Set([1, 2, 4, 8, now.samples])].sort((one, two) => one - two);
  radios(at("samples"), "samples", numbers.map((n) => ({ value: String(n), title: t(n === 1 ? "shoot.samples_one" : "shoot.samples_many", { n }), face: () => [String(n)] })),
    String(now.samples), (n) => draft.set({ samples: Number(n) }));
}

function showQuality(now, card) {
  const choices = ["draft", "proof", "final"].map((name) => {
    const seconds = expected(name);
    const about = [card ? t("shoot.quality_steps", { steps: card.steps[name] }) : "", seconds ? t("shoot.quality_time", { time: duration(seconds) }) : ""];
    return { value: name, key: about.join(), face: () => [h("b", {}, t(`shoot.quality_${name}`)), ...about.filter(Boolean).map((text) => h("span", { class: "small muted" }, text))] };
  });
  radios(at("qualities"), "quality", choices, now.quality, (quality) => draft.set({ quality }));
}

function showSeed(now) {
  if (document.activeElement !== at("seed") || now.seed !== at("seed").value.trim()) {
    if (at("seed").getAttribute("aria-invalid") !== "true" || now.seed) at("seed").value = now.locked ? now.seed : "";
  }
  at("seed-lock").setAttribute("aria-pressed", String(now.locked));
  at("seed-lock").replaceChildren(icon(now.locked ? "lock" : "unlock"));
  at("seed-help").textContent = t(!now.locked ? "shoot.seed_free" : now.samples > 1 ? "shoot.seed_kept_many" : "shoot.seed_kept");
}

function showCheckpoint(card) {
  const select = at("checkpoint");
  const runs = (each) => outlooks.get(each.name)?.runs ?? true;
  const known = cards.map((each) => each.name + each.present + runs(each)).join();
  if (select.dataset.known !== known) {
    select.dataset.known = known;
    select.replaceChildren(...cards.map((each) => h("option", { value: each.default ? "" : each.name, disabled: !each.present },
      !runs(each) ? t("shoot.checkpoint_large", { name: each.name }) : each.present ? each.name : t("shoot.checkpoint_absent", { name: each.name }))));
  }
  select.value = card.default ? "" : card.name;
  const { licence } = card;
  const name = t("shoot.checkpoint_licence", { name: licence.name });
  at("checkpoint-help").replaceChildren(
    h("p", {}, outlooks.get(card.name)?.sentence ?? card.title),
    h("p", {}, licence.page ? h("a", { href: licence.page, target: "_blank", rel: "noreferrer" }, name) : name,
      ` · ${t(licence.commercial ? "shoot.checkpoint_commercial" : "shoot.checkpoint_private")}`),
    h("p", {}, h("a", { href: "/settings" }, t("shoot.checkpoint_others"))));
}
