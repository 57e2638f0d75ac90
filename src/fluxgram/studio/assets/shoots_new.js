// A shoot to be made: a form or a file, and beside it what will be drawn. Everything typed is kept in this browser until
// the shoot is handed in. The form's parts are in shoots_form.js, the plan beside it in shoots_plan.js.
import { api, ask, h, icon, page, recall, remember, t, tell, unique } from "./core.js";
import { form_of, scene_of } from "./shoots_form.js";
import { plan_of } from "./shoots_plan.js";

const place = document.getElementById("new-shoot");
const WAIT = 450; // milliseconds after the last change until what will be drawn is composed
const FRESH = { title: "", characters: [], together: false, quality: "proof", size: "", checkpoint: "", negative: "negative.always", samples: 1, scenes: [] };
const asked = new URLSearchParams(location.search);

/** Form, file, which of them is meant, and whether the file was changed by hand. */
let state = { form: structuredClone(FRESH), file: "", mode: "form", by_hand: false, ...recall("new-shoot", {}) };
let key = recall("new-shoot-key") || unique();
let cast = [], checkpoints = [], terms = {}, plan, work, clock, running;

function keep() {
  remember("new-shoot", state);
  clearTimeout(clock);
  clock = setTimeout(compose, WAIT);
}

/** What a shoot is called that was given no title: who, and where. */
function title_of(who, scenes) {
  const parts = [who, scenes.map((scene) => scene.name)].filter((names) => names.length).map((names) => names.join(", "));
  return parts.join(": ").slice(0, 80) || t("people.title_default");
}

/** The form as the server takes it. */
function order() {
  const { form } = state;
  const scenes = form.scenes.map((scene, index) => ({ ...scene, name: scene.name.trim() || t("people.scene", { n: index + 1 }) }));
  return { ...form, title: form.title.trim() || title_of(form.characters, scenes), scenes };
}

/** What will be drawn, from form or file; an older answer never replaces a newer one. */
async function compose() {
  clearTimeout(clock);
  running?.abort();
  const mine = (running = new AbortController());
  const with_form = state.mode === "form" || !state.by_hand;
  const nobody = !state.form.characters.length;
  if (with_form && !state.by_hand && (nobody || !state.form.scenes.length)) return plan.empty(nobody ? "people.plan_nobody" : "people.plan_empty");
  plan.busy();
  try {
    if (with_form && !state.by_hand) {
      state.file = (await api("POST", "/shoots/text", order(), { signal: mine.signal })).file;
      remember("new-shoot", state);
      const area = document.getElementById("file");
      if (area && area !== document.activeElement) area.value = state.file;
    }
    plan.show(await api("POST", "/shoots", { file: state.file, dry_run: true }, { signal: mine.signal }));
  } catch (error) {
    if (error.name !== "AbortError") plan.refused(error);
  }
}

async function go() {
  plan.going(true);
  try {
    const made = await api("POST", "/shoots", { file: state.file, preview_every: 3 }, { headers: { "Idempotency-Key": key } });
    remember("new-shoot", null);
    remember("new-shoot-key", null);
    location.assign(`/shoots/${made.board}`);
  } catch (error) {
    if (error.status) remember("new-shoot-key", (key = unique()));
    plan.going(false);
    plan.refused(error);
  }
}

function file_editor() {
  const area = h("textarea", { id: "file", class: "file-text", spellcheck: "false", "aria-describedby": "file-help", value: state.file });
  area.addEventListener("input", () => {
    if (!state.by_hand) by_hand.hidden = false;
    Object.assign(state, { file: area.value, by_hand: true });
    keep();
  });
  const by_hand = h("div", { class: "notice spread", hidden: !state.by_hand }, h("p", { class: "grow" }, t("people.by_hand")),
    state.form.scenes.length > 0 && h("button", { class: "button", type: "button", on: { click: anew } }, t("people.back_to_form")));
  return h("div", { class: "panel stack" }, by_hand, h("div", { class: "field" }, h("label", { for: "file" }, t("people.file_label")), area, h("p", { class: "help", id: "file-help" }, t("people.file_help"))));
}

async function anew() {
  if (!(await ask({ title: t("people.back_to_form_title"), text: t("people.back_to_form_text"), yes: t("people.back_to_form") }))) return;
  Object.assign(state, { by_hand: false, mode: "form" });
  draw();
  keep();
}

async function begin_from(name) {
  if (state.by_hand && !(await ask({ title: t("people.back_to_form_title"), text: t("people.start_over_text"), yes: t("common.yes") }))) return;
  const file = page().templates.find((each) => each.name === name)?.file;
  Object.assign(state, file ? { file, mode: "file", by_hand: true } : { mode: "form", by_hand: false });
  draw();
  keep();
}

async function start_over() {
  if (!(await ask({ title: t("people.start_over_title"), text: t("people.start_over_text"), yes: t("people.start_over") }))) return;
  state = { form: { ...structuredClone(FRESH), scenes: [scene_of("studio")] }, file: "", mode: "form", by_hand: false };
  draw();
  keep();
}

function draw() {
  const from = h("div", { class: "row", role: "group", "aria-label": t("people.start_from") }, h("span", { class: "label" }, t("people.start_from")),
    page().templates.map(({ name }) => h("button", { class: "chip", type: "button", on: { click: () => begin_from(name) } }, t(`people.template_${name}`))),
    h("button", { class: "chip", type: "button", on: { click: start_over } }, icon("undo"), t("people.start_over")));
  const mode = h("div", { class: "segmented", role: "group", "aria-label": t("people.mode") }, ["form", "file"].map((name) =>
    h("button", { type: "button", "aria-pressed": String(state.mode === name), on: { click: () => { state.mode = name; remember("new-shoot", state); draw(); } } }, t(`people.mode_${name}`))));
  const inner = state.mode === "file" ? file_editor() : state.by_hand
    ? h("div", { class: "notice spread" }, h("p", { class: "grow" }, t("people.by_hand")), h("button", { class: "button", type: "button", on: { click: anew } }, t("people.back_to_form")))
    : form_of(state.form, { cast, checkpoints, terms, changed: keep });
  work.replaceChildren(h("div", { class: "spread" }, from, mode), inner);
}

async function begin() {
  try {
    const [people, offered, lights, lenses] = await Promise.all([api("GET", "/characters?faces=true"), api("GET", "/checkpoints"),
      api("GET", "/vocabulary?kind=light"), api("GET", "/vocabulary?kind=lens")]);
    cast = people.characters.filter((each) => !each.error);
    checkpoints = offered.checkpoints.filter((each) => each.present);
    const short = (found) => found.terms.map((term) => ({ id: term.id.replace(/^\w+\./, ""), say: term.say }));
    terms = { light: short(lights), lens: short(lenses) };
  } catch (error) {
    place.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint || ""));
    if (!error.status) document.addEventListener("server-back", begin, { once: true });
    return;
  }
  if (asked.has("from")) await copy_of(asked.get("from"));
  if (!state.form.scenes.length) state.form.scenes.push(scene_of("studio"));
  const wanted = cast.find((each) => each.name === asked.get("character"));
  if (wanted && !state.form.characters.includes(wanted.name)) state.form.characters.push(wanted.name);
  if (!state.form.characters.length && cast.length) state.form.characters.push(cast[0].name);
  state.form.characters = state.form.characters.filter((name) => cast.some((each) => each.name === name));
  if (location.search) history.replaceState(null, "", location.pathname);
  remember("new-shoot-key", key);
  work = h("div", { class: "stack" });
  plan = plan_of(go);
  place.replaceChildren(h("div", { class: "making" }, work, plan.box));
  place.removeAttribute("aria-busy");
  draw();
  keep();
}

async function copy_of(id) {
  try {
    Object.assign(state, { file: (await api("GET", `/shoots/${encodeURIComponent(id)}`)).file, mode: "file", by_hand: true });
  } catch (error) {
    tell(error);
  }
}

begin();
