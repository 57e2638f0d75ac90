// One frame of a contact sheet: its picture or how it stands, its takes, and what can be done with it.
import { h, icon, local, t } from "./core.js";
import { follow } from "./follow.js";
import { paint } from "./people_faces.js";

const STATES = { queued: "clock", running: "aperture", failed: "warn", cancelled: "stop", gone: "trash", done: "trash" };

/**
 * @param {{again: Function, mark: Function, choose: Function, retry: Function}} acts
 * @returns {{box: HTMLElement, show: (frame: object) => void, focus: () => void}}
 */
export function frame_of(acts) {
  let frame, shown = "", stop = () => {};
  const button = (picture, key, run, more = {}) => h("button", { class: `icon-button ${key}`, type: "button", on: { click: () => run(frame) }, ...more }, icon(picture));
  const keep = button("heart", "keep", () => acts.mark(frame, "favourite"));
  const reject = button("reject", "reject", () => acts.mark(frame, "rejected"));
  const again = button("retry", "again", acts.again);
  const place = h("div", {}), name = h("h2"), seed = h("span", { class: "mono" }), size = h("span");
  const takes = h("div", { class: "takes", hidden: true });
  const box = h("li", { class: "shot" }, place, h("div", { class: "shot-text" }, name, h("div", { class: "shot-meta" }, seed, size), takes, h("div", { class: "shot-actions" }, keep, reject, again)));

  function picture_or_state() {
    const { picture } = frame;
    if (picture && !picture.trashed) {
      return h("a", { class: "shot-frame", href: `/gallery/${encodeURIComponent(picture.name)}`, "aria-label": t("people.look") + ": " + frame.caption },
        h("img", { src: local(picture.thumbnail_url), srcset: sources(picture), sizes: "(max-width: 640px) 50vw, 360px", alt: "", width: picture.width, height: picture.height }));
    }
    const state = frame.state, words = state === "done" ? t("people.removed") : t(`people.state_${state}`);
    const retry = ["failed", "cancelled"].includes(state) && h("button", { class: "button", type: "button", on: { click: () => acts.retry(frame) } }, icon("play"), t("people.retry"));
    const canvas = h("canvas", { hidden: true, "aria-hidden": "true" });
    if (state === "running") stop = follow(frame.shown, { on: (event) => event.kind === "preview" && paint(canvas, event.image) });
    return h("div", { class: "shot-frame" }, canvas, h("div", { class: `shot-state ${state}` }, icon(STATES[state]), h("span", {}, words),
      frame.problem && h("span", { class: "small" }, frame.problem.message), retry));
  }

  /** The small file and the whole one, of which the browser takes what its screen needs. */
  function sources({ url, thumbnail_url, width, height }) {
    const small = Math.round(Math.min(1, 320 / Math.max(width, height)) * width);
    return small < width ? `${local(thumbnail_url)} ${small}w, ${local(url)} ${width}w` : null;
  }

  function pressed(control, on, picture, key, key_on) {
    control.setAttribute("aria-pressed", String(on));
    const words = `${t(`people.${on ? key_on : key}`)}: ${frame.caption}`;
    control.setAttribute("aria-label", words);
    control.title = t(`people.${on ? key_on : key}`);
    control.replaceChildren(icon(picture));
  }

  return {
    box,
    focus: () => (box.querySelector("a, .shot-frame button") || again).focus(),
    show(next) {
      frame = next;
      const picture = frame.picture;
      const state = JSON.stringify([frame.state, frame.shown, picture?.thumbnail_url, picture?.trashed, frame.problem]);
      if (state !== shown) {
        stop();
        const held = place.contains(document.activeElement);
        place.replaceChildren(picture_or_state());
        if (held) place.querySelector("a, button")?.focus();
      }
      shown = state;
      name.textContent = frame.caption.split(" · ").slice(0, -1).join(" · ") || frame.scene;
      const take = frame.takes.find((each) => each.job === frame.shown);
      seed.textContent = `${t("people.again_seed").toLowerCase()} ${take?.seed ?? frame.seed}`;
      size.textContent = picture ? `${picture.width}×${picture.height}` : frame.size;
      box.className = `shot ${frame.state} ${picture?.favourite ? "kept" : ""} ${picture?.rejected ? "rejected" : ""}`;
      box.title = frame.prompt;
      pressed(keep, Boolean(picture?.favourite), picture?.favourite ? "heart-full" : "heart", "keep", "kept");
      pressed(reject, Boolean(picture?.rejected), "reject", "reject", "rejected");
      keep.disabled = reject.disabled = !picture;
      again.setAttribute("aria-label", `${t("people.again")}: ${frame.caption}`);
      again.title = t("people.again");
      takes.hidden = frame.takes.length < 2;
      takes.setAttribute("role", "group");
      takes.setAttribute("aria-label", t("people.takes", { scene: frame.scene }));
      if (!takes.hidden && !takes.contains(document.activeElement)) fill_takes();
      else takes.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(Number(each.value) === frame.shown)));
    },
  };

  function fill_takes() {
    takes.replaceChildren(...frame.takes.map((take, index) => h("button", { type: "button", value: take.job, "aria-pressed": String(take.job === frame.shown), "aria-label": t("people.take_n", { n: index + 1 }), title: `${t("people.again_seed")} ${take.seed ?? ""}`,
      on: { click: () => acts.choose(frame, take.job) } }, index + 1)));
  }
}
