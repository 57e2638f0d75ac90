// Looks: presets as pictures, or as cards in the colour of their light where the embedded checkpoint cannot draw such a
// thing. Choosing one writes its light, lens and finish around the subject that the prompt has.
import { api, asset, h, page, patiently, t, tell, toast } from "./core.js";
import { draft } from "./draft.js";
import { checkpoint } from "./shoot_settings.js";

const KINDS = ["portrait", "environment", "product", "landscape", "macro", "interior"];

/** The colour of light of a temperature, after Planck's law as screens show it (Helland's fit). */
function colour(kelvin) {
  const k = Math.min(Math.max(kelvin, 1500), 12000) / 100;
  const clamp = (value) => Math.round(Math.min(Math.max(value, 0), 255));
  const red = k <= 66 ? 255 : 329.7 * (k - 60) ** -0.1332;
  const green = k <= 66 ? 99.47 * Math.log(k) - 161.12 : 288.12 * (k - 60) ** -0.0755;
  const blue = k >= 66 ? 255 : k <= 19 ? 0 : 138.52 * Math.log(k - 10) - 305.04;
  return `rgb(${clamp(red)} ${clamp(green)} ${clamp(blue)})`;
}

/**
 * Put the looks up, once the page has nothing better to do.
 * @param {HTMLElement} place
 * @param {function} taken - Takes the words of a look: {prompt, negative}.
 */
export async function putLooks(place, taken) {
  const looks = await lookUp();
  for (const kind of KINDS) {
    const some = looks.filter((look) => look.kind === kind);
    if (!some.length) continue;
    place.append(h("h3", { class: "shoot-looks-kind" }, t(`shoot.looks_${kind}`)),
      h("div", { class: "shoot-looks-grid" }, ...some.map((look) => card(look, taken))));
  }
}

/** The presets, portraits with a picture first; asked for until the server answers. */
async function lookUp() {
  const pictures = new Set(page().pictures);
  const { presets } = await patiently(() => api("GET", "/vocabulary/presets"));
  return presets.map((preset) => {
    const name = preset.id.replace(/^preset\./, "");
    return { ...preset, name, kind: preset.brief, picture: pictures.has(name) };
  }).sort((one, two) => two.picture - one.picture);
}

function card(look, taken) {
  const face = look.picture
    ? h("img", { src: asset(`presets/${look.name}.webp`), width: 192, height: 240, loading: "lazy", decoding: "async", alt: "" })
    : h("span", { class: "shoot-look-light", "aria-hidden": "true" });
  if (!look.picture) {
    const { kelvin, colours } = look.light;
    const lights = colours.length ? colours : [kelvin ? colour(kelvin) : "var(--muted)"];
    face.style.setProperty("--light", lights[0]);
    face.style.setProperty("--second", lights[1] ?? lights[0]);
  }
  return h("button", { type: "button", class: look.picture ? "shoot-look" : "shoot-look is-card", title: `${look.effect} ${t("shoot.looks_best_for", { what: look.best_for })}`,
    dataset: { look: look.name }, on: { click: (event) => take(look, event.currentTarget, taken) } },
  face, h("span", { class: "shoot-look-title" }, look.title));
}

async function take(look, button, taken) {
  const before = draft.get();
  button.setAttribute("aria-busy", "true");
  try {
    const card = checkpoint();
    const order = { preset: look.name, subject: await subject(look), ...(card ? { checkpoint: card.name } : {}) };
    const made = await api("POST", "/compose", order);
    taken({ prompt: made.text, negative: made.negative && card?.negative === "honoured" ? made.negative : before.negative });
    toast(t("shoot.looks_taken", { title: look.title }), { kind: "good", action: before.prompt.trim()
      ? { label: t("common.undo"), run: () => taken({ prompt: before.prompt, negative: before.negative }) } : undefined });
  } catch (error) {
    tell(error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Whom or what the prompt shows now, where it is of the look's kind; otherwise one that suits the look. */
async function subject(look) {
  const { prompt } = draft.get();
  if (prompt.trim()) {
    const read = await api("POST", "/parse", { prompt });
    const people = (kind) => kind === "portrait" || kind === "environment";
    const said = read.chosen?.subject?.trim();
    if (said && (read.kind === look.kind || (people(read.kind) && people(look.kind)))) return said;
  }
  return t(`shoot.subject_${look.kind}`);
}
