// Faces of characters: a picture or a quiet silhouette, links to pictures, and the words of a first portrait.
import { api, h, icon, local, t } from "./core.js";

/**
 * The face of somebody; a silhouette where there is no picture, or none any more.
 * @param {string|null} url
 * @param {string} name
 */
export function face(url, name) {
  const box = h("span", { class: "face" });
  const nobody = () => box.replaceChildren(icon("person"), h("span", { class: "visually-hidden" }, t("people.no_face", { name })));
  if (!url) nobody();
  else box.append(h("img", { src: local(url), alt: t("people.portrait_of", { name }), loading: "lazy", on: { error: nobody } }));
  return box;
}

/** Pictures as links to their own pages. */
export function pictures(list) {
  return h("div", { class: "people-pictures" }, list.map((each) =>
    h("a", { href: `/gallery/${encodeURIComponent(each.name)}`, "aria-label": t("people.seed_is", { seed: each.seed }) },
      h("img", { src: local(each.thumbnail_url), alt: "", loading: "lazy", width: each.width, height: each.height }))));
}

/** A text as TOML: JSON's escapes are TOML's, but for the one control character that JSON lets stand. */
const quoted = (text) => JSON.stringify(text.isWellFormed?.() ?? true ? text : text.toWellFormed()).replaceAll("\u007f", "\\u007f");

/**
 * The words of a portrait, as a shoot of this character would have them.
 * @param {{name: string, anchor: string, negative: string, checkpoint: string}} character
 * @returns {Promise<{prompt: string, negative: string}>}
 */
export async function portrait(character) {
  const entries = [["name", character.name], ["anchor", character.anchor], ["negative", character.negative], ["checkpoint", character.checkpoint]];
  const lines = entries.filter(([, value]) => value.trim()).map(([key, value]) => `${key} = ${quoted(value)}`);
  const file = ["[shoot]", "[[character]]", ...lines, "seed = 1", "[[scene]]", 'name = "portrait"',
    'subject = "head and shoulders portrait, facing the camera"', 'setting = "grey studio backdrop"',
    'light = "soft-studio"', 'camera = "85mm"'].join("\n");
  const { frames: [frame] } = await api("POST", "/shoots", { file, dry_run: true });
  return { prompt: frame.prompt, negative: frame.negative };
}

/** The fields of the job that draws portraits of a character. */
export async function order(character, more) {
  const words = await portrait(character);
  return {
    prompt: words.prompt,
    ...(words.negative ? { negative: words.negative } : {}),
    ...(character.checkpoint ? { checkpoint: character.checkpoint } : {}),
    ...more,
  };
}

/**
 * Draw a preview, JPEG in base64, into a canvas. One that cannot be read is left out: the next comes soon.
 * @param {HTMLCanvasElement} canvas
 * @param {string} image
 */
export async function paint(canvas, image) {
  try {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" }));
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height, hidden: false });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch {
    // not worth a word
  }
}

/** A whole number below 2^32, by chance. */
export const drawn = () => String(crypto.getRandomValues(new Uint32Array(1))[0]);
