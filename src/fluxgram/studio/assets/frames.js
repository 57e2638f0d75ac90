// The frames of a job: one a picture. Empty while it waits, then the preview on a canvas with a thin meter, then the
// picture with its seed and what can be done with it.
import { api, h, icon, local, t, tell, toast } from "./core.js";
import { draft } from "./draft.js";

/** Width and height that a job's pictures will have, as far as its request says. */
function shape(view) {
  const known = view.pictures[0];
  if (known) return [known.width, known.height];
  const { size } = view.request;
  if (Array.isArray(size)) return size;
  const ratio = typeof size === "string" ? /^(\d+):(\d+)$/.exec(size) : null;
  return ratio ? [Number(ratio[1]), Number(ratio[2])] : [1, 1];
}

/**
 * The frames of a job.
 * @param {object} view - The job.
 * @param {{large: boolean}} how - Whether whole pictures are shown, or small ones.
 * @returns {{element: HTMLElement, job: number, update: function, preview: function, step: function}}
 */
export function frames(view, { large }) {
  const element = h("div", { class: "job-frames", dataset: { count: String(Math.min(view.request.samples, 4)) } });
  const cells = Array.from({ length: view.request.samples }, (_, index) => cell(view, index, large));
  const [width, height] = shape(view);
  element.style.setProperty("--ratio", String(width / height));
  element.append(...cells.map((each) => each.element));
  return {
    element,
    job: view.id,
    update: (now, phase) => cells.forEach((each, index) => each.update(now, phase, now.pictures.find((one) => one.index === index))),
    preview: (index, image) => cells[index]?.preview(image),
    step: (index, fraction) => cells[index]?.step(fraction),
  };
}

function cell(view, index, large) {
  const canvas = h("canvas", { class: "job-preview", width: 1, height: 1, role: "img", "aria-label": t("jobs.preview") });
  const bar = h("div", { class: "job-bar" }, h("div"));
  const element = h("figure", { class: "job-frame" }, canvas, bar);
  const [width, height] = shape(view);
  element.style.aspectRatio = `${width} / ${height}`;
  element.style.setProperty("--ratio", String(width / height));
  let shown = "";
  let drawing = 0;

  async function preview(image) {
    const turn = ++drawing;
    const bytes = Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0));
    try {
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
      if (turn === drawing && !shown) {
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        element.classList.add("has-preview");
      }
      bitmap.close();
    } catch { /* a preview that cannot be read is not worth a word; the next comes soon */ }
  }

  function update(now, phase, picture) {
    element.dataset.phase = picture ? "done" : phase;
    if (!picture || shown === picture.name) return;
    shown = picture.name;
    element.style.aspectRatio = `${picture.width} / ${picture.height}`;
    element.style.setProperty("--ratio", String(picture.width / picture.height));
    if (picture.removed || !picture.url) {
      element.replaceChildren(h("p", { class: "muted" }, t("jobs.removed")));
      return;
    }
    const image = h("img", {
      src: local(large ? picture.url : picture.thumbnail_url), width: picture.width, height: picture.height,
      alt: t("jobs.picture_of", { prompt: now.prompt_asked.slice(0, 120) }), decoding: "async",
    });
    const over = large && now.request.samples > 1 ? h("figcaption", { class: "job-over" }, seedOf(picture), ...doings(now, picture)) : "";
    image.addEventListener("load", () => element.classList.add("has-picture"), { once: true });
    element.replaceChildren(canvas, h("a", { class: "job-link", href: `/gallery/${picture.name}` }, image), over);
  }

  return { element, update, preview, step: (fraction) => { bar.firstChild.style.width = `${Math.round(fraction * 100)}%`; } };
}

/** The seed of a picture, which one may press to keep it. */
export function seedOf(picture) {
  return h("button", { type: "button", class: "chip job-seed", title: t("jobs.seed_title"), on: { click: () => {
    draft.set({ seed: String(picture.seed), locked: true });
    toast(t("jobs.seed_kept", { seed: picture.seed }), { kind: "good" });
  } } }, t("jobs.seed", { seed: picture.seed }));
}

/** A heart that is kept with the picture. */
function heart(picture) {
  let on = false;
  const button = h("button", { type: "button", class: "icon-button job-heart", "aria-label": t("jobs.favourite"), title: t("jobs.favourite") });
  const set = (value) => {
    on = Boolean(value);
    button.setAttribute("aria-pressed", String(on));
    button.replaceChildren(icon(on ? "heart-full" : "heart"));
  };
  set(false);
  api("GET", `/pictures/${picture.name}`).then((card) => set(card.favourite), () => {});
  button.addEventListener("click", async () => {
    set(!on);
    try {
      await api("PATCH", `/pictures/${picture.name}`, { favourite: on });
    } catch (error) {
      set(!on);
      tell(error);
    }
  });
  return button;
}

/**
 * What one does with a picture that came out: change its words or its light, compare it, keep it.
 * @param {object} view - The job.
 * @param {object} picture - One of its pictures.
 * @param {boolean} [worded] - With words beside the icons.
 * @returns {HTMLElement[]}
 */
export function doings(view, picture, worded = false) {
  const keep = { prompt: view.prompt_asked || view.request.prompt, negative: view.request.negative ?? "", seed: String(picture.seed), locked: true,
    size: `${picture.width}x${picture.height}`, checkpoint: view.checkpoint, parent: picture.name };
  const face = (name, sign, say) => (say ? [icon(sign), t(`jobs.${name}`)] : [icon(sign)]);
  const looks = (name, say) => (say ? { class: "button", title: t(`jobs.${name}_help`) } : { class: "icon-button", title: t(`jobs.${name}`), "aria-label": t(`jobs.${name}`) });
  const go = (name, sign, href, patch) => h("a", { ...looks(name, worded), href, on: { click: () => patch && draft.set(patch) } }, ...face(name, sign, worded));
  const words = (event) => {
    draft.set({ ...keep, relation: "push" });
    if (location.pathname !== "/") return;
    event.preventDefault();
    document.querySelector("prompt-editor")?.focus();
  };
  const other = h("a", { ...looks("other_words", worded), href: "/", on: { click: words } }, ...face("other_words", "edit", worded));
  return [
    other,
    go("relight", "light", "/light", { ...keep, relation: "light" }),
    go("compare", "compare", `/compare?picture=${encodeURIComponent(picture.name)}`),
    ...(worded ? [] : keeping(picture)),
  ];
}

/** Keeping a picture: as a favourite, and as a file. */
export function keeping(picture) {
  const words = { title: t("jobs.download"), "aria-label": t("jobs.download") };
  return [heart(picture), h("a", { class: "icon-button", href: local(picture.url), download: picture.name.split("/").pop(), ...words }, icon("download"))];
}
