// What was drawn by day: a plot that is an SVG made here, and the same numbers as a table.
import { api, download, h, icon, svg, t, tell } from "./core.js";

const WHAT = ["pictures", "jobs", "seconds", "megapixel_steps", "price"];
const DAYS = [7, 30, 90];
const MOST_WIDE = 720, LEAST_WIDE = 270, HIGH = 220, LEFT = 44, BOTTOM = 26, TOP = 12;
let place, found, currency = "";
let what = "pictures", days = 30, owner = "*";

/** @param {HTMLElement} box */
export async function fill(box) {
  place = box;
  await load();
  place.addEventListener("shown", () => load().catch(tell));
}

const day_of = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

async function load() {
  const usage = await api("GET", `/usage?since=${day_of(days - 1)}`);
  found = usage.rows;
  currency = usage.currency;
  draw();
}

const number = (value) => (what === "price" ? `${value.toFixed(2)} ${currency}`.trim() : new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: value < 10 ? 2 : 0 }).format(value));
const label = (row) => row.name || (row.owner ? row.owner : t("settings.usage_local"));

function draw() {
  const owners = new Map(found.map((row) => [row.owner, label(row)]));
  if (owner !== "*" && !owners.has(owner)) owner = "*";
  const rows = found.filter((row) => owner === "*" || row.owner === owner);
  const sums = new Map(Array.from({ length: days }, (_, index) => [day_of(days - 1 - index), 0]));
  rows.forEach((row) => sums.has(row.day) && sums.set(row.day, sums.get(row.day) + row[what]));
  const group = (name, entries, now, set) => h("div", { class: "segmented", role: "group", "aria-label": t(`settings.usage_${name}`) }, entries.map(([value, words]) =>
    h("button", { type: "button", "aria-pressed": String(value === now), on: { click: () => set(value) } }, words)));
  const kinds = WHAT.filter((name) => name !== "price" || found.some((row) => row.price > 0));
  const choose = h("select", { class: "usage-key", "aria-label": t("settings.usage_key"), on: { change: (event) => { owner = event.target.value; draw(); } } },
    h("option", { value: "*" }, t("settings.usage_all")), [...owners].map(([id, name]) => h("option", { value: id }, name)));
  choose.value = owner;
  const focused = [...place.querySelectorAll("button, select")].indexOf(document.activeElement);
  place.replaceChildren(h("h2", { class: "visually-hidden" }, t("settings.usage")), h("p", { class: "lead" }, t("settings.usage_lead")),
    h("div", { class: "row usage-choice" }, group("what", kinds.map((name) => [name, t(`settings.usage_${name}`)]), what, (value) => { what = value; draw(); }),
      group("days", DAYS.map((n) => [n, t("settings.usage_days_n", { n })]), days, (value) => { days = value; load().catch(tell); }), owners.size > 1 && choose),
    ...(rows.length ? [plot(sums), table(rows)] : [h("div", { class: "empty" }, icon("chart"), h("h2", {}, t("settings.usage_none_title")), h("p", {}, t("settings.usage_none")))]));
  if (focused >= 0) place.querySelectorAll("button, select")[focused]?.focus();
}

/** A round number that is at least a value: 1, 2 or 5 times a power of ten. */
function round_up(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= value);
}

function plot(sums) {
  const wide = Math.max(LEAST_WIDE, Math.min(MOST_WIDE, place.clientWidth - 40)); // so that letters keep their size on a phone
  const entries = [...sums], total = entries.reduce((sum, [, value]) => sum + value, 0);
  const [best, most] = entries.reduce((high, entry) => (entry[1] > high[1] ? entry : high));
  const top = round_up(most || 1), each = (wide - LEFT) / entries.length;
  const y = (value) => TOP + (HIGH - TOP - BOTTOM) * (1 - value / top);
  const words = t("settings.usage_plot", { what: t(`settings.usage_${what}`), from: entries[0][0], to: entries.at(-1)[0], total: number(total), day: best, most: number(most) });
  const lines = [0, 0.5, 1].map((share) => [svg("line", { x1: LEFT, x2: wide, y1: y(top * share), y2: y(top * share), class: "grid-line" }),
    svg("text", { x: LEFT - 8, y: y(top * share) + 4, "text-anchor": "end" }, number(top * share))]).flat();
  const step = Math.ceil(entries.length / Math.min(6, wide / 70));
  const bars = entries.map(([day, value], index) => {
    const height = value > 0 ? Math.max(2, y(0) - y(value)) : 0;
    return svg("rect", { x: LEFT + index * each + each * 0.15, width: each * 0.7, y: y(0) - height, height, rx: Math.min(3, each * 0.2), class: "bar", "data-day": day, "data-value": value }, svg("title", {}, `${day}: ${number(value)}`));
  });
  const names = entries.map(([day], index) => (index % step ? null : svg("text", { x: LEFT + (index + 0.5) * each, y: HIGH - 6, "text-anchor": "middle" }, day.slice(5)))).filter(Boolean);
  return h("figure", { class: "panel usage-plot" },
    h("figcaption", {}, h("strong", { class: "usage-total" }, number(total)), " ", h("span", { class: "muted" }, `${t(`settings.usage_${what}`).toLowerCase()} ${t("settings.usage_total", { n: days })}`),
      most > 0 && h("span", { class: "muted small" }, ` · ${t("settings.usage_most", { value: number(most), day: best })}`)),
    svg("svg", { viewBox: `0 0 ${wide} ${HIGH}`, role: "img", "aria-label": words }, ...lines, ...bars, ...names));
}

function table(rows) {
  const columns = ["day", "key", "checkpoint", "jobs", "pictures", "seconds"];
  const cells = (row) => [row.day, label(row), row.checkpoint, row.jobs, row.pictures, row.seconds.toFixed(1)];
  return h("details", { class: "usage-table" }, h("summary", {}, t("settings.usage_table")),
    h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": t("settings.usage_table") }, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, t(`settings.usage_${name}`))))),
      h("tbody", {}, [...rows].reverse().map((row) => h("tr", {}, cells(row).map((value) => h("td", {}, String(value)))))))),
    h("button", { class: "button", type: "button", on: { click: save } }, icon("download"), t("settings.usage_csv")));
}

async function save() {
  try {
    const answer = await api("GET", `/usage?since=${day_of(days - 1)}&format=csv`, undefined, { raw: true });
    download(await answer.blob(), "usage.csv");
  } catch (error) {
    tell(error);
  }
}
