// What writing in prompts needs besides elements: places in characters and in UTF-16 units, waiting for a pause, one
// small notice beside a word, and the looks of both elements (words.css).
import { h } from "./core.js";

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;

/** A function from places in characters (as the service counts) to places in UTF-16 units (as strings count). */
export function converter(text) {
  if (!PAIR.test(text)) return (index) => Math.min(index, text.length);
  const starts = [];
  for (let unit = 0; unit < text.length; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) starts.push(unit);
  return (index) => starts[index] ?? text.length;
}

/** A text without halves of characters, which no server takes; its length stays the same. */
export const whole = (text) => (text.isWellFormed?.() ?? true ? text : text.toWellFormed());

/** A text with changes made that do not overlap and are in order; places in UTF-16 units. */
export function changed(text, changes) {
  return changes.reduceRight((now, { start, end, text: words }) => now.slice(0, start) + words + now.slice(end), text);
}

/** The one place where two texts differ: `{start, end, text}` of the first. */
export function difference(before, after) {
  let start = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before[start] === after[start]) start++;
  let tail = 0;
  while (tail < most - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

/** Spans moved along with a change of their text; those whose words were touched are left out. */
export function moved(spans, change) {
  const by = change.text.length - (change.end - change.start);
  if (!by && change.start === change.end) return spans;
  return spans.flatMap((span) => {
    if (span.end < change.start || (span.end === change.start && change.start !== change.end)) return [span];
    if (span.start >= change.end) return [{ ...span, start: span.start + by, end: span.end + by }];
    if (span.end === change.start && !/^\w/.test(change.text)) return [span];
    return [];
  });
}

/**
 * Run something after a pause, and only the newest: an earlier run is told to stop.
 * @param {number} wait milliseconds
 * @param {(signal: AbortSignal) => Promise<void>} run
 */
export function newest(wait, run) {
  let timer = 0, stop = null;
  const start = () => {
    stop?.abort();
    stop = new AbortController();
    return run(stop.signal);
  };
  return {
    soon: () => { clearTimeout(timer); timer = setTimeout(start, wait); },
    now: () => { clearTimeout(timer); return start(); },
    stop: () => { clearTimeout(timer); stop?.abort(); },
  };
}

let notice = null, waits = 0;

/**
 * Show a small notice above (or below) a place, for the eye; who reads by ear is told by a description.
 * @param {(() => DOMRect)|null} where null takes it away
 * @param {Array<Node|string>} content
 * @param {number} [after] milliseconds to wait
 */
export function hint(where, content = [], after = 0) {
  clearTimeout(waits);
  if (!where) return notice?.hidePopover();
  waits = setTimeout(() => {
    const place = where();
    notice ??= h("div", { class: "words-hint", popover: "manual", role: "tooltip" });
    if (!notice.isConnected) document.body.append(notice);
    notice.replaceChildren(...content);
    if (!notice.matches(":popover-open")) notice.showPopover();
    const box = notice.getBoundingClientRect();
    const left = Math.max(8, Math.min(place.left, innerWidth - box.width - 8));
    const above = place.top - box.height - 8;
    notice.style.left = `${left}px`;
    notice.style.top = `${above > 8 ? above : Math.min(place.bottom + 8, innerHeight - box.height - 8)}px`;
  }, after);
}

addEventListener("scroll", () => notice?.hidePopover(), { capture: true, passive: true });
addEventListener("keydown", (event) => event.key === "Escape" && hint(null), { capture: true });
