// The form of a shoot: who, what all scenes share, and the scenes. It changes one plain object and says so.
import { h, icon, live, t, toast } from "./core.js";
import { face } from "./people_faces.js";

const EMPTY = { name: "", subject: "", setting: "", action: "", details: "", light: "", side: "", camera: "", size: "" };
const IDEAS = {
  studio: { subject: "head and shoulders portrait", setting: "grey studio backdrop", light: "soft-studio", camera: "85mm" },
  window: { subject: "portrait", setting: "quiet room beside a tall window", light: "window", side: "left", camera: "50mm" },
  cafe: { subject: "portrait", setting: "small café, steamed windows", action: "holding a cup", light: "window", side: "right", camera: "50mm" },
  golden: { subject: "portrait", setting: "field of dry grass", light: "golden-hour", side: "right", camera: "135mm" },
  night: { subject: "portrait", setting: "wet cobblestones that mirror the shop windows", light: "neon", side: "left", camera: "35mm" },
  rain: { subject: "close-up portrait", setting: "street in the rain", action: "looking up", light: "overcast", camera: "85mm", details: "wet hair" },
};

/** A scene to begin with. */
export function scene_of(idea) {
  return { ...EMPTY, ...(IDEAS[idea] || {}), name: idea ? t(`people.idea_${idea}`) : "" };
}

/**
 * @param {object} form - Changed in place.
 * @param {{cast: object[], checkpoints: object[], terms: object, changed: () => void}} around
 * @returns {HTMLElement}
 */
export function form_of(form, { cast, checkpoints, terms, changed }) {
  let count = 0;
  const list = h("ol", { class: "stack" });

  const set = (owner, name, value) => {
    owner[name] = value;
    changed();
  };
  const field = (label, control, id) => h("div", { class: "field" }, h("label", { for: id }, t(`people.${label}`)), control);
  const text = (owner, name, label, { options, placeholder } = {}) => {
    const id = `f${++count}`;
    return field(label, h("input", { id, value: owner[name], autocomplete: "off", maxlength: 300, placeholder, list: options, on: { input: (event) => set(owner, name, event.target.value) } }), id);
  };
  const choice = (owner, name, label, options) => {
    const id = `f${++count}`;
    const select = h("select", { id, on: { change: (event) => set(owner, name, event.target.value) } }, options.map(([value, words]) => h("option", { value }, words)));
    select.value = owner[name];
    return field(label, select, id);
  };

  function scene_card(scene, index) {
    const name = h("input", { "aria-label": t("people.scene_name"), value: scene.name, placeholder: t("people.scene", { n: index + 1 }), maxlength: 50, autocomplete: "off", on: { input: (event) => set(scene, "name", event.target.value) } });
    const called = scene.name || t("people.scene", { n: index + 1 });
    const button = (picture, key, run, disabled = false) => h("button", { class: "icon-button", type: "button", disabled, "aria-label": t(`people.scene_${key}`, { name: called }), title: t(`people.scene_${key}`, { name: called }), on: { click: run } }, icon(picture));
    return h("li", { class: "scene-card" },
      h("header", {}, h("span", { class: "scene-number", "aria-hidden": "true" }, index + 1), name,
        button("up", "up", () => move(index, -1), index === 0), button("down", "down", () => move(index, 1), index === form.scenes.length - 1),
        button("copy", "copy", () => add({ ...scene, name: "" }, index + 1)), button("trash", "remove", () => remove(index))),
      h("div", { class: "fields two" },
        text(scene, "subject", "scene_subject", { placeholder: t("people.scene_subject_example") }),
        text(scene, "setting", "scene_setting", { placeholder: t("people.scene_setting_example") }),
        text(scene, "action", "scene_action", { placeholder: t("people.scene_action_example") }),
        text(scene, "details", "scene_details", { placeholder: t("people.scene_details_example") })),
      h("div", { class: "fields three" },
        text(scene, "light", "scene_light", { options: "lights" }),
        choice(scene, "side", "scene_side", [["", t("people.side_any")], ["left", t("people.side_left")], ["right", t("people.side_right")]]),
        text(scene, "camera", "scene_camera", { options: "lenses" })));
  }

  function show(focus = -1) {
    list.replaceChildren(...form.scenes.map(scene_card));
    list.children[focus]?.querySelector("input").focus();
  }
  function add(scene, index = form.scenes.length) {
    form.scenes.splice(index, 0, { ...scene });
    show(index);
    changed();
  }
  function remove(index) {
    const [gone] = form.scenes.splice(index, 1);
    show(Math.min(index, form.scenes.length - 1));
    changed();
    toast(t("people.scene_removed"), { action: { label: t("common.undo"), run: () => add(gone, index) } });
  }
  function move(index, by) {
    const [scene] = form.scenes.splice(index, 1);
    form.scenes.splice(index + by, 0, scene);
    show(index + by);
    live(`${index + by + 1} / ${form.scenes.length}`);
    changed();
  }

  const together = h("label", { class: "row" }, h("input", { type: "checkbox", checked: form.together, on: { change: (event) => set(form, "together", event.target.checked) } }), t("people.together"));
  const who_help = h("p", { class: "help muted small" }, t("people.who_help"));
  const several = () => {
    together.hidden = form.characters.length < 2;
    who_help.hidden = form.characters.length < 2;
  };
  const chip = (one) => {
    const pressed = () => form.characters.includes(one.name);
    return h("button", { class: "who-chip", type: "button", "aria-pressed": String(pressed()), on: { click: (event) => {
      form.characters = pressed() ? form.characters.filter((name) => name !== one.name) : [...form.characters, one.name];
      event.currentTarget.setAttribute("aria-pressed", String(pressed()));
      several();
      changed();
    } } }, h("span", { "aria-hidden": "true" }, face(one.face, one.name)), one.name);
  };
  const who = h("fieldset", { class: "stack" }, h("legend", { class: "label" }, t("people.who")),
    cast.length ? h("div", { class: "who" }, cast.map(chip)) : h("p", { class: "muted" }, t("people.who_none"), " ", h("a", { href: "/characters" }, t("people.first_character"))), who_help, together);
  several();
  show();
  const suggestions = (id, found) => h("datalist", { id }, found.map((term) => h("option", { value: term.id }, term.say)));
  return h("div", { class: "stack" },
    h("div", { class: "panel stack" }, text(form, "title", "title", { placeholder: t("people.title_default") }), who,
      h("div", { class: "fields" },
        choice(form, "quality", "quality", ["draft", "proof", "final"].map((name) => [name, t(`people.quality_${name}`)])),
        choice(form, "size", "size", [["", t("people.size_default")], ...["2:3", "3:4", "1:1", "3:2", "16:9"].map((size) => [size, size])]),
        choice(form, "checkpoint", "checkpoint", [["", t("people.checkpoint_default")], ...checkpoints.map((each) => [each.name, each.title])]),
        text(form, "negative", "negative"))),
    h("h2", {}, t("people.scenes")), list,
    h("div", { class: "row" }, h("button", { class: "button", type: "button", on: { click: () => add(EMPTY) } }, icon("plus"), t("people.scene_add")),
      h("span", { class: "label" }, t("people.ideas")), Object.keys(IDEAS).map((idea) => h("button", { class: "chip", type: "button", on: { click: () => add(scene_of(idea)) } }, t(`people.idea_${idea}`)))),
    suggestions("lights", terms.light), suggestions("lenses", terms.lens));
}
