// One character: anchor, locked seed and the rest, with everything typed kept until it is saved.
// Saving says which version it began from; where another tab was first, people_conflict.js lets the user choose.
import { api, ask, h, icon, live, local, page, recall, refusal, remember, t, tell, toast } from "./core.js";
import { submit } from "./jobs.js";
import { anchor_field } from "./people_anchor.js";
import { conflict, gone } from "./people_conflict.js";
import { drawn, face, order, pictures } from "./people_faces.js";
import { seeds } from "./people_seeds.js";

const TEXTS = ["anchor", "negative", "checkpoint", "notes"];
const { slug } = page();
const place = document.getElementById("character");
const path = (name) => `/characters/${encodeURIComponent(name)}`;
const kept_as = `character-${slug}`;
let base; // as the server has it, with its etag
let form = {};
let status, save_button, discard, portrait_box, gallery, trouble, notices;

const values_of = (one) => ({ ...Object.fromEntries(TEXTS.map((name) => [name, one[name]])), seed: one.seed_text });
const typed = () => ({ anchor: form.anchor.value, negative: form.negative.value, checkpoint: form.checkpoint.value, notes: form.notes.value, seed: form.seed.value.trim() });
const dirty = () => JSON.stringify(typed()) !== JSON.stringify(values_of(base));

/** Put values into the form. */
function fill(values) {
  form.anchor.set(values.anchor);
  for (const name of ["negative", "notes", "seed"]) form[name].value = values[name];
  if (![...form.checkpoint.options].some((option) => option.value === values.checkpoint)) {
    form.checkpoint.append(h("option", { value: values.checkpoint }, values.checkpoint));
  }
  form.checkpoint.value = values.checkpoint;
  changed();
}

function changed() {
  const open = dirty();
  status.textContent = t(open ? "people.unsaved" : "people.saved");
  status.classList.toggle("open", open);
  save_button.disabled = !open;
  discard.hidden = !open;
  remember(kept_as, open ? { values: typed(), base } : null);
}

/** @param {number} [force] keep whatever is there */
async function save() {
  trouble.hidden = true;
  form.seed.removeAttribute("aria-invalid");
  const values = typed();
  if (!/^\d{1,20}$/.test(values.seed) || BigInt(values.seed) >= 2n ** 64n) {
    form.seed.setAttribute("aria-invalid", "true");
    form.seed.focus();
    return refuse(t("people.seed_wrong"));
  }
  save_button.disabled = true;
  status.textContent = t("people.saving");
  const body = { ...values, adapters: base.adapters.map(({ source, strength }) => ({ source, strength })) };
  let answer;
  try {
    answer = await fetch(`/api/v1${path(base.name)}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json", Accept: "application/json", ...(base.etag ? { "If-Match": base.etag } : {}) },
      body: JSON.stringify(body),
    });
  } catch {
    changed();
    return refuse(`${t("common.unreachable")} ${t("common.unreachable_hint")}`);
  }
  if (answer.status === 412) {
    const { current } = await answer.json();
    changed();
    return differ(current);
  }
  if (!answer.ok) {
    const error = await refusal(answer);
    changed();
    return refuse(`${error.message} ${error.hint}`);
  }
  base = await answer.json();
  notices.replaceChildren();
  changed();
  live(t("people.saved"));
  return true;
}

function refuse(words) {
  trouble.textContent = words;
  trouble.hidden = false;
  return false;
}

/** Another version is there: choose, line by line. */
function differ(current) {
  if (!current) {
    notices.replaceChildren(gone(base.name, () => { base = { ...base, etag: "" }; notices.replaceChildren(); changed(); save(); }));
    return false;
  }
  notices.replaceChildren(conflict(base.name, values_of(base), typed(), values_of(current), (chosen) => {
    base = current;
    notices.replaceChildren();
    fill(chosen);
    toast(t("people.took"));
    form.anchor.input.focus();
  }));
  notices.firstChild.focus();
  return false;
}

async function look_at_pictures() {
  try {
    const found = (await api("GET", `${path(slug)}/pictures?limit=24`)).pictures;
    const own = found.find((each) => String(each.seed) === base.seed_text) || found[0];
    const url = base.references.length ? `/api/v1${path(slug)}/references/0` : own && (own.url || own.thumbnail_url);
    portrait_box.replaceChildren(face(url && local(url), base.name));
    gallery.replaceChildren(found.length ? pictures(found) : h("p", { class: "muted" }, t("people.pictures_none")));
  } catch (error) {
    tell(error);
  }
}

async function shoot_portrait(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const values = typed();
    const fields = await order({ ...base, ...values }, { seed: values.seed, label: base.name.slice(0, 80), preview_every: 4 });
    location.assign(`/jobs/${(await submit(fields)).id}`);
  } catch (error) {
    button.disabled = false;
    tell(error);
  }
}

async function remove() {
  const sure = await ask({ title: t("people.delete_title", { name: base.name }), text: t("people.delete_text"), yes: t("people.delete"), danger: true });
  if (!sure) return;
  try {
    await api("DELETE", path(slug));
    remember(kept_as, null);
    sessionStorage.setItem("fluxgram.deleted-character", base.name);
    location.assign("/characters");
  } catch (error) {
    tell(error);
  }
}

function field(name, control, more = []) {
  form[name] = control;
  return h("div", { class: "field" }, h("label", { for: control.id }, t(`people.${name}`)), more.length ? h("div", { class: "seed-row" }, control, more) : control,
    h("p", { class: "help", id: `${control.id}-help` }, t(`people.${name}_help`)));
}

function build(checkpoints) {
  const text = (name, rows) => h("textarea", { id: name, rows, maxlength: 2000, "aria-describedby": `${name}-help`, on: { input: changed } });
  form.anchor = anchor_field("anchor", "", changed);
  const dice = h("button", { class: "button", type: "button", on: { click: () => { form.seed.value = drawn(); changed(); live(t("people.dice_told")); } } }, icon("dice"), t("people.dice"));
  const options = [h("option", { value: "" }, t("people.checkpoint_default")), checkpoints.map((each) => h("option", { value: each.name }, each.title))];
  status = h("span", { class: "save-state", role: "status" });
  save_button = h("button", { class: "button primary" }, icon("check"), t("people.save"));
  discard = h("button", { class: "button quiet", type: "button", on: { click: () => { fill(values_of(base)); notices.replaceChildren(); } } }, t("people.discard"));
  trouble = h("p", { class: "error", role: "alert", hidden: true });
  notices = h("div", {});
  const editor = h("form", { class: "panel stack character-form" }, form.anchor.field,
    field("seed", h("input", { id: "seed", class: "mono", inputmode: "numeric", autocomplete: "off", maxlength: 20, "aria-describedby": "seed-help", on: { input: changed } }), [icon("lock"), dice]),
    field("negative", text("negative", 2)),
    field("checkpoint", h("select", { id: "checkpoint", "aria-describedby": "checkpoint-help", on: { change: changed } }, options)),
    field("notes", text("notes", 3)),
    base.adapters.length > 0 && h("div", { class: "field" }, h("span", { class: "label" }, t("people.adapters")),
      h("div", { class: "wrap" }, base.adapters.map((each) => h("span", { class: "badge" }, `${each.source} · ${each.strength}`)))),
    trouble,
    h("div", { class: "save-bar" }, status,
      h("div", { class: "row" }, discard, save_button)));
  editor.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  portrait_box = h("div", { class: "character-face" }, face(null, base.name));
  gallery = h("div", {});
  const trial = seeds({ values: () => ({ ...base, ...typed() }), lock: async (seed) => {
    form.seed.value = seed;
    changed();
    if ((!dirty() || (await save())) && base.seed_text === seed) {
      toast(t("people.seeds_locked", { seed, name: base.name }), { kind: "good" });
      look_at_pictures();
      return true;
    }
    return false;
  }, locked: () => base.seed_text, kept_as: `seeds.${slug}`, tried: () => look_at_pictures() });
  place.replaceChildren(notices, h("div", { class: "character" }, h("div", { class: "stack" }, editor),
    h("div", { class: "stack" }, portrait_box, trial, h("section", { class: "panel stack" }, h("h2", {}, t("people.pictures")), gallery))));
  document.getElementById("actions").replaceChildren(
    h("button", { class: "icon-button", type: "button", "aria-label": t("people.delete"), title: t("people.delete"), on: { click: remove } }, icon("trash")),
    h("a", { class: "button", href: `/shoots/new?character=${encodeURIComponent(base.name)}` }, icon("grid"), t("people.shoot_scenes")),
    h("button", { class: "button primary", type: "button", on: { click: shoot_portrait } }, icon("camera"), t("people.shoot_portrait")));
}

async function begin() {
  try {
    const [one, { checkpoints }] = await Promise.all([api("GET", path(slug)), api("GET", "/checkpoints")]);
    base = one;
    document.getElementById("name").textContent = base.name;
    document.title = `${base.name} · fluxgram`;
    const open = recall(kept_as);
    build(checkpoints);
    fill(values_of(base));
    if (open && JSON.stringify(open.values) !== JSON.stringify(values_of(base))) {
      fill({ ...values_of(base), ...open.values });
      if (open.base.etag === base.etag) toast(t("people.unsaved_back"));
      else {
        const now = base;
        base = open.base;
        differ(now);
      }
    }
    place.removeAttribute("aria-busy");
    look_at_pictures();
  } catch (error) {
    place.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint || ""));
    if (!error.status) document.addEventListener("server-back", begin, { once: true });
  }
}

addEventListener("keydown", (event) => {
  if (event.key === "s" && (event.ctrlKey || event.metaKey) && base) {
    event.preventDefault();
    if (dirty()) save();
  }
});
begin();
