// Frames: a picture that moves with the view, its label, and what stands in its place while there is none.
import { api, duration, h, icon, t, tell } from "./core.js";

const settle = (text) => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

/** The part of a frame that is zoomed: a cell's picture. */
export function layer(cell, alt = cell.label) {
  const image = h("img", { src: cell.picture.url, alt, width: cell.picture.width, height: cell.picture.height, draggable: "false", decoding: "async" });
  return h("div", { class: "cmp-layer" }, image);
}

/**
 * A frame with one picture, or with how far it is.
 * @param {object} cell
 * @param {{label?: boolean, alt?: string, actions?: HTMLElement[]}} [options]
 */
export function frame(cell, { label = true, alt, actions = [] } = {}) {
  const box = h("figure", { class: `cmp-frame${cell.picture ? "" : " is-empty"}`, dataset: { cell: cell.number } },
    cell.picture ? layer(cell, alt) : waiting(cell),
    label && h("figcaption", { class: "cmp-label" }, cell.label),
    actions.length > 0 && h("div", { class: "cmp-actions" }, actions));
  if (cell.picture) box.style.setProperty("--ratio", String(cell.picture.width / cell.picture.height));
  return box;
}

/** What stands where a picture is not there yet, or did not come. */
export function waiting(cell) {
  const hold = h("div", { class: "cmp-hold", dataset: { waits: cell.number } });
  if (cell.state === "failed" || cell.state === "cancelled") {
    hold.append(icon(cell.state === "failed" ? "warn" : "stop"),
      h("p", {}, cell.problem?.message ?? t(`compare.state_${cell.state}`)),
      cell.problem?.hint ? h("p", { class: "muted small" }, settle(cell.problem.hint)) : "");
    if (cell.kind !== "picture") {
      hold.append(h("button", { class: "button", type: "button", on: { click: (event) => again(cell, event.currentTarget) } }, icon("retry"), t("compare.again")));
    }
    return hold;
  }
  const said = cell.state === "running" ? t(cell.kind === "endpoint" ? "compare.asking" : "compare.drawing", { name: cell.settings.endpoint ?? "" })
    : cell.position ? t("compare.waits", { n: cell.position }) : t("compare.waits_next");
  hold.append(h("canvas", { class: "cmp-preview", width: 1, height: 1, hidden: true }),
    h("p", { class: "cmp-said" }, said),
    cell.eta ? h("p", { class: "muted small" }, t("compare.left", { time: duration(cell.eta) })) : "",
    h("progress", { "aria-label": said, max: 1 }));
  return hold;
}

/** Show how far a cell's picture is, wherever it is waited for. */
export function advance(number, { done, steps, bitmap }) {
  for (const hold of document.querySelectorAll(`[data-waits="${number}"]`)) {
    const bar = hold.querySelector("progress");
    if (bar && steps) bar.value = done / steps;
    const canvas = hold.querySelector("canvas");
    if (bitmap && canvas) {
      Object.assign(canvas, { hidden: false, width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
    }
  }
}

async function again(cell, button) {
  button.disabled = true;
  try {
    const board = await api("POST", `/boards/${location.pathname.split("/")[2]}/cells/${cell.number}/again`);
    document.dispatchEvent(new CustomEvent("board", { detail: board }));
  } catch (error) {
    button.disabled = false;
    tell(error);
  }
}
