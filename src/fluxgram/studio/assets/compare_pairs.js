// Two pictures at a time: side by side (up to four), a slider between two, two that flicker. All follow the same view.
import { h, icon, recall, remember, t } from "./core.js";
import { frame, layer, waiting } from "./compare_frames.js";

const SLOWEST = 0.5, FASTEST = 2.5, USUAL = 1;

/** Pictures beside each other. */
export function side(stage, { shown, view, actions }) {
  const made = shown.map((cell) => frame(cell, { actions: actions(cell) }));
  stage.append(h("div", { class: `cmp-side n${shown.length}` }, made));
  for (const each of made) view.add(each);
  return {};
}

/** Two pictures in one frame: a line that is dragged, or moved by keys, shows more of one or the other. */
export function slider(stage, { shown: [first, second], view }) {
  if (!first.picture || !second?.picture) return missing(stage, first, second);
  const clip = h("div", { class: "cmp-clip" }, layer(second));
  const handle = h("div", {
    class: "cmp-handle", role: "slider", tabindex: "0", "aria-label": t("compare.slider", { first: first.label, second: second.label }),
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal",
  }, h("span", { class: "cmp-grip" }, icon("left"), icon("right")));
  const both = h("figure", { class: "cmp-frame cmp-slider" }, layer(first), clip, handle,
    h("figcaption", { class: "visually-hidden" }, t("compare.slider", { first: first.label, second: second.label })),
    h("span", { class: "cmp-label is-left", "aria-hidden": "true" }, first.label), h("span", { class: "cmp-label is-right", "aria-hidden": "true" }, second.label));
  let at = 50;
  const set = (value) => {
    at = Math.min(100, Math.max(0, value));
    clip.style.clipPath = `inset(0 0 0 ${at}%)`;
    handle.style.left = `${at}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(at)));
    handle.setAttribute("aria-valuetext", t("compare.slider_at", { share: Math.round(at), first: first.label }));
  };
  const follow = (event) => {
    const box = both.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100);
  };
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    follow(event);
  });
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && follow(event));
  handle.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 2;
    const moves = { ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, PageDown: at - 10, PageUp: at + 10, Home: 0, End: 100 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    set(moves[event.key]);
  });
  fitted(both, first);
  stage.append(both);
  set(at);
  view.add(both, {
    drag: (event) => { // not zoomed, the whole picture is the handle
      if (view.scale > 1 || event.pointerType === "touch") return false;
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      follow(event);
      return true;
    },
  });
  return { focus: () => handle.focus({ preventScroll: true }) };
}

/** Two pictures in one place by turns, never more than `FASTEST` changes a second; by hand where motion is unwanted. */
export function flicker(stage, { shown: [first, second], view }) {
  if (!first.picture || !second?.picture) return missing(stage, first, second);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const layers = [layer(first), layer(second)];
  const label = h("figcaption", { class: "cmp-label" });
  const both = h("figure", { class: "cmp-frame cmp-flicker" }, layers, label);
  let turn = 0, clock = 0, rate = Math.min(FASTEST, Math.max(SLOWEST, Number(recall("flicker", USUAL)) || USUAL)), on = !calm;
  const show = () => {
    layers.forEach((each, at) => each.classList.toggle("is-off", at !== turn));
    label.textContent = [first, second][turn].label;
    both.dataset.shows = String([first, second][turn].number);
  };
  const swap = () => { turn = 1 - turn; show(); };
  const word = h("span", {}), button = h("button", { class: "button", type: "button", on: { click: () => run(!on) } }, icon("pause"), word);
  const run = (wanted) => {
    on = wanted;
    clearInterval(clock);
    if (on) clock = setInterval(swap, 1000 / rate);
    word.textContent = t(on ? "compare.pause" : "compare.go_on");
    button.firstChild.replaceWith(icon(on ? "pause" : "play"));
  };
  const range = h("input", {
    type: "range", id: "rate", min: SLOWEST, max: FASTEST, step: 0.25, value: rate,
    on: { input: () => { rate = Number(range.value); said.textContent = t("compare.rate_said", { n: rate }); remember("flicker", rate); run(on); } },
  });
  const said = h("output", { for: "rate", class: "small" }, t("compare.rate_said", { n: rate }));
  stage.append(both, h("div", { class: "cmp-controls" }, button,
    h("button", { class: "button", type: "button", on: { click: () => { run(false); swap(); } } }, icon("flicker"), t("compare.swap_now")),
    h("label", { for: "rate", class: "small" }, t("compare.rate")), range, said,
    calm && h("span", { class: "muted small" }, t("compare.calm"))));
  fitted(both, first);
  view.add(both);
  show();
  run(on);
  return { leave: () => clearInterval(clock), keys: { " ": () => run(!on), ArrowLeft: () => { run(false); swap(); }, ArrowRight: () => { run(false); swap(); } } };
}

/** A frame of the picture's own shape, so that the line moves over the picture only. */
function fitted(frame, { picture }) {
  frame.style.aspectRatio = `${picture.width} / ${picture.height}`;
}

function missing(stage, first, second) {
  const shown = [first, second].filter(Boolean);
  if (shown.length < 2) {
    stage.append(h("div", { class: "cmp-hold" }, icon("compare"), h("p", {}, t("compare.choose_two"))));
    return {};
  }
  stage.append(h("div", { class: "cmp-side n2" }, shown.map((cell) => (cell.picture ? frame(cell) : h("figure", { class: "cmp-frame is-empty" }, waiting(cell), h("figcaption", { class: "cmp-label" }, cell.label))))));
  return {};
}
