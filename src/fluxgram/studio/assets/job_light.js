// The light that a prompt asks for, drawn over the picture that came of it.
import { api, h, styled, t } from "./core.js";
import { overlay } from "./light_overlay.js";

/**
 * Draw it.
 * @param {HTMLElement} frame - Which the picture fills.
 * @param {string} prompt - What was asked.
 * @returns {Promise<HTMLElement>} the legend, with a button that takes it away; a sentence where no light was asked for
 */
export async function lightOver(frame, prompt) {
  const [asked] = await Promise.all([api("POST", "/light/lamps", { prompt }), styled("light.css")]);
  if (!asked.terms?.length) return h("p", { class: "muted" }, t("jobs.no_light"));
  return overlay(frame, { asked: asked.lamps }).element;
}
