// What differs between pictures: only settings that are not the same, prompts word by word.
import { h, t } from "./core.js";

const MOST_PAIRS = 400_000;
const ORDER = ["endpoint", "checkpoint", "adapters", "prompt", "negative", "negative_method", "seed", "quality", "steps", "guidance", "size", "not_applied", "unconfirmed"];

/**
 * Two texts as runs of words: in both, only in the first, only in the second.
 * @param {string} first
 * @param {string} second
 * @returns {{text: string, kind: "same"|"gone"|"new"}[]}
 */
export function words(first, second) {
  const a = first.match(/\s+|[^\s,.;]+|[,.;]/gu) ?? [], b = second.match(/\s+|[^\s,.;]+|[,.;]/gu) ?? [];
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const head = a.slice(0, start), tail = end ? a.slice(-end) : [];
  const runs = [];
  const say = (text, kind) => {
    if (!text) return;
    if (runs.at(-1)?.kind === kind) runs.at(-1).text += text;
    else runs.push({ text, kind });
  };
  say(head.join(""), "same");
  for (const [text, kind] of middle(a.slice(start, a.length - end), b.slice(start, b.length - end))) say(text, kind);
  say(tail.join(""), "same");
  return runs;
}

function middle(a, b) {
  if (a.length * b.length > MOST_PAIRS) return [[a.join(""), "gone"], [b.join(""), "new"]];
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const runs = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      runs.push([a[i++], "same"]);
      j++;
    } else if (j >= b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) runs.push([a[i++], "gone"]);
    else runs.push([b[j++], "new"]);
  }
  return runs;
}

/**
 * A table of what differs; the first is what the others are held against.
 * @param {{label: string, settings: object}[]} cells
 * @returns {HTMLElement}
 */
export function differences(cells) {
  const names = ORDER.filter((name) => new Set(cells.map((cell) => plain(cell.settings[name]))).size > 1);
  if (!names.length) return h("p", { class: "muted" }, t(cells.length > 1 ? "compare.no_differences" : "compare.one_picture"));
  const head = h("tr", {}, h("td", {}), cells.map((cell) => h("th", { scope: "col" }, cell.label)));
  const rows = names.map((name) => h("tr", {}, h("th", { scope: "row" }, t(`compare.setting_${name}`)),
    cells.map((cell, at) => h("td", {}, value(name, cell.settings, cells[0].settings, at)))));
  return h("div", { class: "cmp-wide", tabindex: "0", role: "region", "aria-labelledby": "differences-title" },
    h("table", { class: "table" }, h("thead", {}, head), h("tbody", {}, rows)));
}

const plain = (value) => (value === undefined || value === null ? "" : String(value));

function value(name, settings, first, at) {
  const said = plain(settings[name]), other = plain(first[name]);
  if (!said) return h("span", { class: "muted" }, "–");
  if (name !== "prompt" && name !== "negative") return h(at && said !== other ? "mark" : "span", { class: "cmp-mark" }, shown(name, said));
  if (!at) return said;
  return words(other, said).map((run) => (run.kind === "same" ? run.text
    : h(run.kind === "new" ? "ins" : "del", { class: "cmp-mark" }, run.text)));
}

const shown = (name, said) => (name === "size" ? said.replace("x", " × ") : name === "quality" ? t(`compare.quality_${said}`)
  : name === "negative_method" ? t(`compare.way_${said}`)
  : name === "not_applied" || name === "unconfirmed" ? said.split(", ").map((each) => t(`compare.setting_${each}`)).join(", ") : said);
