// Where a comparison begins: a prompt, what is varied, pictures and other servers beside it; and earlier comparisons.
import { ago, api, h, icon, page, t, tell, toast } from "./core.js";
import { AxisEditor } from "./compare_axis.js";
import { Servers } from "./compare_servers.js";
import { draft } from "./draft.js";
import { pick } from "./pick.js";

const MOST = 64, PREVIEW_EVERY = 4;
const find = (name) => document.getElementById(name);
const data = page(), begun = draft.get();
let x, y, servers, beside = data.pictures, key = crypto.randomUUID(), sent = "", told = Boolean(data.trouble);

for (const card of data.checkpoints) {
  find("checkpoint").append(h("option", { value: card.name, disabled: !card.present }, card.present ? card.name : t("compare.not_here", { name: card.name })));
}
const first = beside[0]?.settings ?? {};
find("prompt").value = first.prompt || begun.prompt;
find("negative").value = first.negative ?? begun.negative;
find("seed").value = first.seed ?? begun.seed;
const known = (name) => data.checkpoints.some((card) => card.name === name && card.present);
find("checkpoint").value = [first.checkpoint, begun.checkpoint].find(known) ?? data.checkpoints.find((card) => card.default)?.name ?? "";
const quality = document.querySelector(`[name=quality][value="${CSS.escape(begun.quality)}"]`);
if (quality) quality.checked = true;

const sources = { ...data, prompt: () => find("prompt").value.trim() };
x = new AxisEditor(find("axis-x"), { name: "x", title: t("compare.across"), begin: beside.length > 1 ? "" : "light", sources, changed: count });
y = new AxisEditor(find("axis-y"), { name: "y", title: t("compare.down"), begin: "", sources, changed: count });
servers = new Servers(find("servers"), { administers: data.administers, changed: count });

/** The body of the request, as far as it is complete. */
function body() {
  const across = x.axis(), down = y.axis();
  const [one, two] = across ? [across, down] : [down, null];
  const prompt = find("prompt").value.trim(), seed = find("seed").value.trim();
  const cells = beside.map((picture) => ({ label: named(picture), picture: picture.name }));
  const negative = find("negative").value.trim(), quality = document.querySelector("[name=quality]:checked").value;
  const size = /^\d{2,5}x\d{2,5}$/.test(begun.size) ? begun.size : "";
  cells.push(...servers.chosen().map((name) => ({ label: name, endpoint: name, prompt, negative, quality, size })));
  if (!one) return { cells };
  const request = { prompt, quality, checkpoint: find("checkpoint").value };
  if (seed) request.seed = seed;
  if (negative) request.negative = negative;
  if (begun.size) request.size = begun.size;
  return { axes: two ? { x: one, y: two } : { x: one }, request, cells, preview_every: PREVIEW_EVERY };
}

const named = (picture) => [(picture.prompt || picture.checkpoint || "?").slice(0, 50).trim(), picture.seed && t("compare.seed_label", { seed: picture.seed })].filter(Boolean).join(" · ");

function count() {
  if (!servers) return true; // not all of the form is there yet
  const asked = body(), rows = asked.axes?.y?.values.length ?? 1;
  const drawn = asked.axes ? asked.axes.x.values.length * rows : 0, all = drawn + asked.cells.length;
  const said = asked.axes?.y ? t("compare.go_grid", { columns: asked.axes.x.values.length, rows, all }) : t("compare.go_count", { all });
  find("go-label").textContent = all < 2 ? t("compare.go") : said;
  const vain = x.axis() && y.axis() && x.axis().vary === y.axis().vary;
  if (told) return true; // why a picture cannot be had stays until something is changed
  return problem(all > MOST ? t("compare.too_many", { all, most: MOST }) : vain ? t("compare.twice") : "");
}

function problem(text, hint = "") {
  find("problem").hidden = !text;
  find("problem").textContent = [text, hint].filter(Boolean).join(" ");
  return !text;
}

async function go(event) {
  event.preventDefault();
  told = false;
  const asked = body();
  const all = (asked.axes ? asked.axes.x.values.length * (asked.axes.y?.values.length ?? 1) : 0) + asked.cells.length;
  const needs = asked.axes || servers.chosen().length;
  find("prompt").setAttribute("aria-invalid", String(Boolean(needs && !find("prompt").value.trim())));
  if (!count()) return;
  if (needs && !find("prompt").value.trim()) return problem(t("compare.needs_prompt")) || find("prompt").focus();
  if (all < 2) return problem(t("compare.needs_two"));
  const now = JSON.stringify(asked);
  if (now !== sent) key = crypto.randomUUID(); // the same again where an answer was lost, so that nothing is drawn twice
  sent = now;
  find("go").disabled = true;
  try {
    const board = await api("POST", "/boards", asked, { headers: { "Idempotency-Key": key } });
    location.assign(`/compare/${board.id}`);
  } catch (error) {
    problem(error.message, error.hint);
    find("go").disabled = false;
  }
}

function showBeside() {
  find("beside").replaceChildren(...beside.map((picture) => h("div", { class: "cmp-chosen" },
    h("img", { src: picture.thumbnail_url, alt: picture.prompt.slice(0, 120), width: 72, height: 72 }),
    h("button", { class: "icon-button", type: "button", "aria-label": t("compare.remove", { label: named(picture) }), on: { click: () => { beside = beside.filter((each) => each !== picture); showBeside(); } } }, icon("close")))));
  find("beside").hidden = !beside.length;
  count();
}

async function showEarlier() {
  let found;
  try {
    found = await api("GET", "/boards?kind=comparison&limit=24");
  } catch (error) {
    return find("earlier").replaceChildren(h("p", { class: "error" }, error.message));
  }
  if (!found.boards.length) {
    return find("earlier").replaceChildren(h("div", { class: "empty cmp-empty" }, icon("compare"), h("h3", {}, t("compare.empty")), h("p", {}, t("compare.empty_text"))));
  }
  find("earlier").replaceChildren(...found.boards.map(card));
}

function card(board) {
  const made = h("article", { class: "cmp-card" },
    h("a", { href: `/compare/${board.id}`, class: "cmp-card-link" },
      h("span", { class: "cmp-mosaic", "aria-hidden": "true" }, board.thumbnails.map((url) => h("img", { src: url, alt: "", width: 64, height: 64, loading: "lazy" })), !board.thumbnails.length && icon("clock")),
      h("span", { class: "stack tight grow" }, h("strong", {}, board.title), h("span", { class: "muted small" }, t("compare.card_facts", { n: board.count, when: ago(board.created) })))),
    h("button", { class: "icon-button", type: "button", "aria-label": t("compare.trash_named", { title: board.title }), title: t("compare.trash"), on: { click: () => trash(board, made) } }, icon("trash")));
  return made;
}

async function trash(board, made) {
  try {
    await api("DELETE", `/boards/${board.id}`);
    made.remove();
    if (!find("earlier").children.length) showEarlier();
    const run = async () => { try { await api("PATCH", `/boards/${board.id}`, { trashed: false }); showEarlier(); } catch (error) { tell(error); } };
    toast(t("compare.trashed", { title: board.title }), { action: { label: t("common.undo"), run } });
  } catch (error) {
    tell(error);
  }
}

find("dice").addEventListener("click", () => { find("seed").value = String(crypto.getRandomValues(new Uint32Array(1))[0]); });
find("add-pictures").addEventListener("click", async () => {
  const more = await pick({ many: true, most: MOST - beside.length });
  beside = [...beside, ...more.filter((picture) => !beside.some((each) => each.name === picture.name))];
  showBeside();
});
find("form").addEventListener("submit", go);
find("form").addEventListener("input", () => { told = false; count(); });
showBeside();
showEarlier();
if (data.trouble) problem(data.trouble.message, data.trouble.hint);
