// All characters: cards with faces, and the dialog that makes a new one. Without any, what they are for.
import { api, h, icon, live, opened, t, tell, toast } from "./core.js";
import { anchor_field } from "./people_anchor.js";
import { face, order } from "./people_faces.js";
import { submit } from "./jobs.js";

const place = document.getElementById("cast");
const new_button = document.getElementById("new");

async function load() {
  try {
    const { characters } = await api("GET", "/characters?faces=true");
    new_button.hidden = characters.length === 0;
    place.replaceChildren(characters.length ? h("ul", { class: "cast" }, characters.map(card)) : lesson());
  } catch (error) {
    place.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint));
    document.addEventListener("server-back", load, { once: true });
  }
  place.removeAttribute("aria-busy");
}

/** What a character is, for somebody who has none. */
function lesson() {
  const step = (picture, key) => h("li", {}, icon(picture), h("h3", {}, t(`people.step_${key}`)), h("p", {}, t(`people.step_${key}_text`)));
  return h("div", { class: "empty lesson" }, icon("people"), h("h2", {}, t("people.empty_title")), h("p", {}, t("people.empty_text")),
    h("ol", { class: "steps" }, step("edit", "anchor"), step("lock", "seed"), step("grid", "shoot")),
    h("div", { class: "actions" }, h("button", { class: "button primary big", type: "button", on: { click: make } }, icon("plus"), t("people.make_first"))));
}

function card(one) {
  const address = `/characters/${encodeURIComponent(one.slug)}`;
  if (one.error) {
    return h("li", { class: "cast-card" }, h("a", { class: "cast-face", href: address }, face(null, one.slug)),
      h("div", { class: "cast-text" }, h("h2", {}, one.slug), h("p", { class: "error" }, t("people.damaged"), " ", one.error)));
  }
  const first = !one.face && h("button", { class: "button", type: "button", on: { click: (event) => shoot_first(one, event.currentTarget) } },
    icon("camera"), t("people.shoot_first"));
  return h("li", { class: "cast-card" },
    h("a", { class: "cast-face", href: address, "aria-label": t("people.open", { name: one.name }) }, face(one.face, one.name)),
    h("div", { class: "cast-text" },
      h("h2", {}, h("a", { href: address }, one.name)),
      h("p", { class: "cast-anchor" }, one.anchor),
      h("p", { class: "row" }, h("span", { class: "badge", title: t("people.seed_help") }, icon("lock"), h("span", { class: "mono" }, one.seed_text)),
        one.warnings.length > 0 && h("span", { class: "badge warn", title: one.warnings.join(" ") }, icon("warn"), one.warnings.length)),
      first));
}

async function shoot_first(one, button) {
  button.disabled = true;
  try {
    const job = await submit(await order(one, { seed: one.seed_text, label: one.name.slice(0, 80), preview_every: 4 }));
    location.assign(`/jobs/${job.id}`);
  } catch (error) {
    button.disabled = false;
    tell(error);
  }
}

/** The dialog for a new character; it closes only once it is kept. */
function make() {
  const name = h("input", { id: "new-name", required: true, maxlength: 60, autocomplete: "off", placeholder: t("people.name_example"), autofocus: true });
  const anchor = anchor_field("new-anchor", "");
  const refused = h("p", { class: "error", role: "alert", hidden: true });
  const keep = h("button", { class: "button primary" }, t("people.create"));
  const form = h("form", { class: "stack" }, h("h2", { id: "new-title" }, t("people.new")),
    h("div", { class: "field" }, h("label", { for: "new-name" }, t("people.name")), name, h("p", { class: "help" }, t("people.name_help"))),
    anchor.field, refused,
    h("div", { class: "row end" }, h("button", { class: "button", type: "button", on: { click: () => box.close() } }, t("common.no")), keep));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    keep.disabled = true;
    try {
      const made = await api("POST", "/characters", { name: name.value.trim(), anchor: anchor.value });
      live(t("people.created", { name: made.name }));
      location.assign(`/characters/${encodeURIComponent(made.slug)}`);
    } catch (error) {
      refused.textContent = `${error.message} ${error.hint}`;
      refused.hidden = false;
      keep.disabled = false;
    }
  });
  const box = opened("new-title", form);
}

new_button.addEventListener("click", make);
const gone = sessionStorage.getItem("fluxgram.deleted-character");
if (gone) {
  sessionStorage.removeItem("fluxgram.deleted-character");
  toast(t("people.deleted", { name: gone }), { kind: "good" });
}
load();
