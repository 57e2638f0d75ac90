// The light page: a stage, its sliders and named lights, and the prompt that the light's words are written into.
import { api, h, icon, live, opened, page, shortcuts, t, tell, toast } from "./core.js";
import { adapted, draft } from "./draft.js";
import { called, named, ordered, sided, thumbnail } from "./light_named.js";
import { sliders } from "./light_sliders.js";
import { leftOut, Wording } from "./light_words.js";
import { round } from "./light_rig.js";
import "./light_stage.js";

const at = (id) => document.getElementById(id);
const { lights, lenses, apertures, negative_read } = page();
const stage = at("stage"), field = at("prompt");
const REMBRANDT = lights.find((light) => light.id === "light.rembrandt") ?? lights[0];

const wording = new Wording({
  stage, field,
  say(told) {
    at("words").replaceChildren(...told.phrases.flatMap((phrase, i) => (i ? [", ", phrase] : [h("span", { class: "first" }, phrase)])));
    at("left-out").textContent = leftOut(told.left_out);
    at("left-out").hidden = !told.left_out.length;
    marks.mark(told.terms[0]?.id ?? "");
  },
  fail(error) {
    at("words-error").hidden = !error;
    at("words-error").textContent = error ? t("light.words_failed", { message: error.message }) : "";
  },
  changed() {
    at("undo").disabled = !wording.past.length;
    document.body.toggleAttribute("data-busy", wording.busy);
  },
  read: (found) => controls.optics(found.focal_mm, found.aperture),
});
const side = () => (stage.lamps.key.azimuth > 0 ? "right" : "left");
const marks = named(lights, (light) => {
  wording.prefer = light.id;
  if (light.lamps.background > 0.8) controls.put("studio"); // high key is said to be before something white
  stage.glide(sided(light, side()));
});
const controls = sliders(stage, { lenses, apertures }, say);
at("named").append(marks.element);
at("sliders").append(...controls.elements);
stage.addEventListener("placed", controls.show);
stage.addEventListener("lamps-settled", () => live(at("words").textContent));

/** Begin with the draft's lamps, or with what its prompt says, or with a light worth looking at. */
async function begin() {
  const now = draft.get();
  const fresh = !now.prompt.trim();
  field.value = now.prompt;
  controls.put("street");
  controls.optics(85, 1.8);
  const first = structuredClone(REMBRANDT.lamps);
  wording.begin(now.lamps ?? { ...first, rim: { ...first.rim, on: true } });
  if (!fresh) {
    await wording.read();
    if (!wording.told) await wording.look();
  } else {
    wording.write(t("light.example"));
    stage.move({}, true);
    wording.past.length = 0;
  }
}

let made = null; // the picture that this page made last: what was asked for, its name and seed
let saying = Promise.resolve();

/** Say a lens or an aperture in the prompt; one after the other, each in what then stands there. */
function say(kind, choice) {
  saying = saying.then(async () => {
    wording.keep();
    let asked, done;
    do {
      asked = field.value;
      done = await api("POST", "/edit", { prompt: asked, add: [choice.id], replace_kind: true, checkpoint: draft.get().checkpoint });
    } while (asked !== field.value);
    wording.write(done.prompt);
    draft.set({ [kind]: choice.id });
    stage.dispatchEvent(new CustomEvent("lamps-settled"));
  }).catch(tell);
}

function flip() {
  const lamps = stage.lamps;
  lamps.key.azimuth = round(-lamps.key.azimuth);
  lamps.rim.azimuth = round(-lamps.rim.azimuth);
  stage.glide(lamps);
}

function undo() {
  if (wording.undo()) live(t("light.undone"));
}

/** The draft as fields of POST /jobs. */
function fields(prompt = field.value) {
  const now = draft.get();
  const wanted = { prompt, quality: now.quality };
  if (now.size) wanted.size = now.size;
  if (now.locked && now.seed) wanted.seed = now.seed;
  if (now.checkpoint) wanted.checkpoint = now.checkpoint;
  if (now.negative.trim() && negative_read.includes(now.checkpoint)) wanted.negative = now.negative.trim();
  return { ...wanted, ...adapted() };
}

async function make() {
  const button = at("make"), asked = stage.lamps, now = draft.get();
  button.disabled = true;
  button.lastElementChild.textContent = t("light.making");
  try {
    const wanted = { ...fields(), preview_every: 2 };
    if (now.parent) Object.assign(wanted, { parent: now.parent, relation: now.relation || "light" });
    const { OVER, submit } = await import("./jobs.js");
    const job = await submit(wanted);
    const card = h("job-card", { large: true });
    card.view = job; // so that the card knows it began, however soon it is over
    at("result").replaceChildren(card);
    at("result").hidden = false;
    const ended = ({ pictures: [picture] }) => {
      if (picture) made = { wanted: JSON.stringify(fields(wanted.prompt)), name: picture.name, seed: String(picture.seed) };
      over(card, asked);
    };
    if (OVER.has(job.state)) ended(job); // the answer to an earlier try that was lost
    else card.addEventListener("job-over", ({ detail }) => ended(detail));
    card.scrollIntoView({ block: "nearest" });
  } catch (error) {
    tell(error);
  } finally {
    button.disabled = false;
    button.lastElementChild.textContent = t("light.make");
  }
}

/** Draw the lamps that were asked for over the finished picture. */
async function over(card, asked) {
  const { overlay } = await import("./light_overlay.js");
  requestAnimationFrame(() => {
    const picture = card.querySelector("img, canvas")?.parentElement;
    if (!picture || card.dataset.state !== "done") return;
    const { element } = overlay(picture, { asked });
    at("result").append(element);
  });
}

/** Choose a second light, and have both drawn with one seed. */
function compare() {
  const here = side();
  const shownLights = ordered(lights).filter((light) => light.id !== wording.told?.terms[0]?.id);
  const buttons = shownLights.map((light) => {
    const canvas = h("canvas", { width: 112, height: 140, "aria-hidden": "true" });
    thumbnail(canvas, sided(light, here)).catch(() => {});
    return h("button", { class: "light-name", value: light.id, title: light.effect }, canvas, h("span", {}, called(light.id)));
  });
  const content = h("form", { method: "dialog", class: "stack" },
    h("div", { class: "spread" }, h("h2", { id: "compare-title" }, t("light.compare_title")), h("button", { class: "icon-button", value: "", "aria-label": t("common.close") }, icon("close"))),
    h("p", { class: "muted" }, t("light.compare_help")), h("div", { class: "light-thumbs" }, buttons));
  const closed = (id) => {
    const other = lights.find((light) => light.id === id);
    if (other) begin_comparison(other, here).catch(tell);
  };
  opened("compare-title", content, { kind: "dialog wide", closed });
}

async function begin_comparison(other, side) {
  const said = await api("POST", "/light/words", { lamps: sided(other, side), prompt: field.value, prefer: other.id, checkpoint: draft.get().checkpoint });
  const seed = fields().seed ?? made?.seed ?? String(crypto.getRandomValues(new Uint32Array(1))[0]);
  const phrase = wording.told?.phrases[0] ?? t("light.plain_light");
  const one = wording.told?.terms[0] ? called(wording.told.terms[0].id) : phrase[0].toUpperCase() + phrase.slice(1);
  const there = made?.seed === seed && made.wanted === JSON.stringify(fields()); // then it need not be drawn again
  const board = await api("POST", "/boards", {
    kind: "comparison", title: t("light.compare_name", { one, other: called(other.id) }), preview_every: 2,
    cells: [
      { label: one, x: 0, y: 0, ...(there ? { picture: made.name } : { request: { ...fields(), seed } }) },
      { label: called(other.id), x: 1, y: 0, request: { ...fields(said.prompt), seed } },
    ],
  });
  location.assign(`/compare/${encodeURIComponent(board.id)}`);
}

at("flip").addEventListener("click", flip);
at("undo").addEventListener("click", undo);
at("make").addEventListener("click", make);
at("compare").addEventListener("click", compare);
at("shoot").addEventListener("click", () => draft.set({ prompt: field.value, lamps: stage.lamps }));
shortcuts({ f: flip, "ctrl+z": undo, "ctrl+Enter": make }, { f: t("light.shortcut_flip"), "ctrl+z": t("light.shortcut_undo"), "ctrl+Enter": t("light.make") });
stage.addEventListener("stage-failed", (event) => toast(t("light.no_pack"), { hint: String(event.detail?.message ?? ""), kind: "bad" }));
draft.on((now, patch) => {
  if (patch.prompt !== undefined && patch.prompt !== field.value && document.activeElement !== field) field.value = now.prompt;
});
begin();
