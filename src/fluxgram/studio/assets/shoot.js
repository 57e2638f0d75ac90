// The start page: the draft is prepared, handed in, drawn before one's eyes and kept. Whatever was under way is found
// again when the page is opened; what is refused is said beside the field that it belongs to.
import "./composer.js";
import "./editor.js";
import { api, asset, duration, h, icon, page, shortcuts, t } from "./core.js";
import { draft } from "./draft.js";
import { OVER, submit } from "./jobs.js";
import { watchQueue } from "./queue.js";
import { adapters } from "./shoot_adapters.js";
import { putLooks } from "./shoot_looks.js";
import { checkpoint, expected, fields, learn, lock, roll, settings } from "./shoot_settings.js";

const at = (id) => document.getElementById(id);
const data = page();
const FIELDS = ["prompt", "size", "samples", "quality", "seed", "checkpoint", "adapters", "negative"];
const editor = at("editor");
let card = null; // of the job on the stage
let awaited = false; // the picture that one goes on from is on its way to the stage
let sending = "", next = false; // what is on its way, as JSON; whether something else is to follow it

/* the stage */

function put(job) {
  if (card && String(card.view?.id) === String(job.id)) return void (card.view = job);
  card = h("job-card", { large: true });
  card.view = job;
  at("stage").replaceChildren(card);
}

/** Before anything is on the stage: what to do, or where pictures were made before, the room for the newest. */
function empty() {
  if (data.newest) {
    const [width, height] = data.newest;
    const frame = h("figure", { class: "job-frame", dataset: { phase: "loading" } });
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.style.setProperty("--ratio", String(width / height));
    return at("stage").replaceChildren(h("div", { class: "stage-room", "aria-hidden": "true" }, frame));
  }
  at("stage").replaceChildren(h("div", { class: "stage-empty" },
    h("img", { class: "stage-head", src: asset("hero.webp"), width: 640, height: 752, alt: "" }),
    h("h2", {}, t("shoot.stage_empty")), h("p", {}, t("shoot.stage_empty_help")),
    h("a", { class: "button", href: "/light" }, icon("light"), t("shoot.stage_empty_light"))));
}

/** Unfinished jobs as they stand: the stage goes on to what is drawn now, once what it shows is over. */
function unfinished(jobs) {
  const free = !card?.view || OVER.has(card.view.state);
  const next = jobs.find((job) => job.state === "running") ?? jobs.toSorted((one, two) => one.position - two.position)[0];
  const running = next?.state === "running";
  if (next && (free || (running && card.view.state === "queued"))) put(next);
}

/** Jobs of lately: the newest picture is on the stage until there is something to do. */
function past(jobs) {
  const newest = jobs.find((job) => job.state === "done" && job.pictures.some((picture) => picture.url));
  if (card || awaited) return;
  if (newest) return put(newest);
  data.newest = null;
  empty();
}

function lastSeed() {
  const pictures = card?.view?.pictures ?? [];
  return pictures.length ? String(pictures[0].seed) : "";
}

/* handing in */

async function make(event) {
  event?.preventDefault();
  if (sending) return void (next ||= JSON.stringify(fields()) !== sending); // the same once more is one click too many
  if (!draft.get().prompt.trim()) takeExample();
  unrefuse();
  const wanted = fields();
  sending = JSON.stringify(wanted);
  at("make").setAttribute("aria-busy", "true");
  label();
  try {
    const job = await submit(wanted);
    if (!card?.view || OVER.has(card.view.state)) put(job);
    document.dispatchEvent(new CustomEvent("jobs-changed"));
    queue.look();
  } catch (error) {
    next = false; // what was refused is read first
    refuse(error);
  } finally {
    sending = "";
    at("make").removeAttribute("aria-busy");
    label();
  }
  if (!next) return;
  next = false;
  make();
}

/** What the empty fields show as an example, as if it had been typed. */
function takeExample() {
  const honoured = checkpoint()?.negative !== "unsupported";
  draft.set({ prompt: t("words.placeholder"), negative: draft.get().negative || (honoured ? t("words.negative_placeholder") : "") });
}

/** Which field a refusal is about: as the server names it, or by its words. */
function fieldOf(error) {
  const named = error.errors?.map((each) => each.field.split(".")[0]).find((name) => FIELDS.includes(name));
  if (named) return named;
  if (error.status !== 422) return "";
  const words = error.message.toLowerCase();
  const signs = { adapters: /adapter/, negative: /negative/, seed: /\bseed/, size: /\bsize|megapixel|\bpx\b|\d+x\d+/, samples: /pictures|samples/, checkpoint: /checkpoint/, prompt: /prompt|words|\bask/ };
  return Object.keys(signs).find((name) => signs[name].test(words)) ?? "";
}

function refuse(error) {
  const hints = [error.hint, error.status === 0 ? t("shoot.refused_offline") : "", error.retryAfter ? t("shoot.refused_wait", { n: error.retryAfter }) : ""];
  const field = fieldOf(error);
  const place = field ? at(`error-${field}`) : at("refused");
  place.replaceChildren(h("strong", {}, error.message), " ", hints.filter(Boolean).join(" "));
  place.hidden = false;
  document.querySelector(`[data-field="${field}"]`)?.setAttribute("data-refused", "");
  place.scrollIntoView({ block: "nearest" });
  if (error.status === undefined) console.error(error);
}

function unrefuse() {
  for (const place of [at("refused"), ...FIELDS.map((name) => at(`error-${name}`))]) {
    if (place.id === "error-seed" && at("seed").getAttribute("aria-invalid") === "true") continue;
    place.hidden = true;
    place.replaceChildren();
  }
  for (const field of document.querySelectorAll("[data-refused]")) field.removeAttribute("data-refused");
}

/** What the button says: what it would do. */
function label() {
  const { samples, prompt } = draft.get();
  at("make-words").textContent = sending ? t("shoot.make_sending") : !prompt.trim() ? t("shoot.make_example")
    : samples > 1 ? t("shoot.make_many", { n: samples }) : t("shoot.make");
  const seconds = expected();
  at("make-time").textContent = seconds ? t("shoot.about", { time: duration(seconds) }) : checkpoint() ? t("shoot.about_unknown") : "";
}

/* going on from a picture */

function begin() {
  if (data.trouble) {
    const place = at("refused");
    place.replaceChildren(h("strong", {}, data.trouble.message), " ", data.trouble.hint);
    place.hidden = false;
  }
  if (data.begun) {
    const { missing: _, ...patch } = data.begun;
    draft.set(patch);
    showSource(patch.parent);
    history.replaceState(null, "", "/"); // a reload must not undo what was typed since
  }
  showOrigin();
}

/** The picture that one goes on from stands on the stage until the next one is drawn. */
async function showSource(name) {
  if (!name) return;
  awaited = true;
  try {
    const { job } = await api("GET", `/pictures/${name}`);
    const view = await api("GET", `/jobs/${job}`);
    if (!card) put(view);
  } catch { /* it can be gone; its settings are there all the same */ }
  awaited = false;
  if (!card) queue.lookBack(true);
}

function showOrigin() {
  const { parent, relation } = draft.get();
  const place = at("begun");
  place.hidden = !parent;
  if (place.hidden || place.dataset.parent === parent + relation) return;
  place.dataset.parent = parent + relation;
  const known = ["push", "more", "again", "light"].includes(relation) ? relation : "push";
  const missing = data.begun?.parent === parent ? data.begun.missing : "";
  place.replaceChildren(
    h("span", {}, t(`shoot.begun_${known}`), missing ? ` ${t("shoot.begun_missing", { name: missing })}` : ""),
    h("a", { href: `/gallery/${parent}` }, t("shoot.begun_open")),
    h("button", { type: "button", class: "button quiet", on: { click: () => draft.set({ parent: "", relation: "" }) } }, t("shoot.begun_forget")));
}

/* together */

at("shoot").addEventListener("submit", make);
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  make();
});
at("shoot").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // a slip must not draw
});
begin();
empty();
putLooks(at("looks"), ({ prompt, negative }) => {
  editor.negative = negative;
  editor.rewrite(prompt); // so that it can be undone like typing
  editor.focus();
});
settings(data.rates, lastSeed).then(label);
adapters((words) => {
  if (!editor.value.toLowerCase().includes(words.toLowerCase())) editor.rewrite([editor.value.trim(), words].filter(Boolean).join(", "));
  editor.focus();
});
draft.on((now, patch) => {
  label();
  showOrigin();
  if (patch && !("prompt" in patch && Object.keys(patch).length === 1)) unrefuse();
});
label();
const queue = watchQueue({
  queue: at("queue"), recent: at("recent"), shown: () => String(card?.view && !OVER.has(card.view.state) ? card.view.id : ""),
  jobs: unfinished, past, pick: put,
});
addEventListener("job-over", (event) => {
  learn(event.detail);
  label();
  queue.look();
  queue.lookBack();
  document.dispatchEvent(new CustomEvent("jobs-changed"));
});
addEventListener("job-change", () => queue.look());
shortcuts({ "p": () => editor.focus(), "d": roll, "k": () => lock(lastSeed()), "q": nextQuality, "Ctrl+Enter": make },
  { "Ctrl+Enter": t("shoot.shortcut_make"), "p": t("shoot.shortcut_prompt"), "d": t("shoot.shortcut_dice"), "k": t("shoot.shortcut_lock"), "q": t("shoot.shortcut_quality") });

function nextQuality() {
  const all = ["draft", "proof", "final"];
  draft.set({ quality: all[(all.indexOf(draft.get().quality) + 1) % all.length] });
}
