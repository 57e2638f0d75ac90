// One comparison: keeps it up to date, and shows it side by side, under a slider, flickering, as a grid or for a vote.
import { api, ask, h, icon, live, page, prompt_for, shortcuts, t, tell, toast } from "./core.js";
import { follow } from "./follow.js";
import { differences } from "./compare_differences.js";
import { advance } from "./compare_frames.js";
import { grid } from "./compare_grid.js";
import { flicker, side, slider } from "./compare_pairs.js";
import { View } from "./compare_view.js";
import { vote } from "./compare_vote.js";
import { pick } from "./pick.js";

const MODES = { side, slider, flicker, grid, vote };
const MOST_BESIDE = 4, MOST_FOLLOWED = 2, LOOK_SECONDS = 1, AWAY_SECONDS = 2;
const find = (name) => document.getElementById(name);
const stage = find("stage"), view = new View(), followed = new Map();
let board = page(), mode, shown, showing = "", current = {}, chosen = [], revealed = false, clock;

const byNumber = (number) => board.cells.find((cell) => cell.number === number);
const pending = () => board.cells.filter((cell) => cell.state === "queued" || cell.state === "running");

/** Mode and pictures from the address, so that a reload or a link shows the same. */
function read() {
  const [wanted, numbers = ""] = location.hash.slice(1).split("=");
  const gridded = board.axes.y || board.cells.length > MOST_BESIDE;
  mode = wanted in MODES ? wanted : gridded ? "grid" : "side";
  shown = numbers.split(",").filter(Boolean).map(Number).filter((number) => byNumber(number));
  if (!shown.length) shown = board.cells.slice(0, mode === "side" && board.cells.length === 3 ? 3 : 2).map((cell) => cell.number);
}

function write() {
  history.replaceState(null, "", `#${mode}=${shown.join(",")}`);
}

function setMode(wanted) {
  mode = wanted;
  revealed = false;
  write();
  render();
  live(t(`compare.mode_${mode}`));
}

/** Show everything; the stage only where what is in it has changed. */
function render() {
  shown = shown.filter((number) => byNumber(number));
  for (const cell of board.cells) if (shown.length < Math.min(2, board.cells.length) && !shown.includes(cell.number)) shown.push(cell.number);
  for (const button of find("modes").children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  find("comparison").dataset.mode = mode;
  find("title").textContent = board.title;
  const cells = mode === "grid" || mode === "vote" ? board.cells : shown.map(byNumber);
  const looks = JSON.stringify([mode, revealed, board.axes, cells.map((cell) => [cell.number, cell.label, cell.state, cell.position, cell.picture?.name, cell.problem])]);
  if (looks !== showing) {
    showing = looks;
    current.leave?.();
    view.clear();
    const kept = document.activeElement?.closest?.("#stage [role=slider]") !== null && document.activeElement !== document.body;
    stage.replaceChildren();
    current = MODES[mode](stage, {
      board, view, shown: shown.map(byNumber), actions,
      chosen: () => chosen, choose, open: (wanted) => { shown = [...chosen]; setMode(wanted); },
      revealed: () => revealed, reveal: (on) => { revealed = on; showing = ""; render(); },
    });
    if (kept) current.focus?.();
  }
  strip();
  progress();
  find("differences").closest("section").hidden = mode === "vote" && !revealed;
  find("differences").replaceChildren(differences(mode === "grid" ? (chosen.length === 2 ? chosen.map(byNumber) : board.cells.slice(0, 8)) : shown.map(byNumber)));
  attend();
}

function choose(number) {
  chosen = chosen.includes(number) ? chosen.filter((each) => each !== number) : [...chosen.slice(-1), number];
  find("differences").replaceChildren(differences(chosen.length === 2 ? chosen.map(byNumber) : board.cells.slice(0, 8)));
}

/** Small buttons over a picture. */
function actions(cell) {
  const made = [];
  if (cell.picture) {
    made.push(h("a", { class: "icon-button", href: `/gallery/${cell.picture.name}`, "aria-label": t("compare.open", { label: cell.label }), title: t("compare.open_short") }, icon("external")),
      h("a", { class: "icon-button", href: `/?from=${encodeURIComponent(cell.picture.name)}&relation=again`, "aria-label": t("compare.use", { label: cell.label }), title: t("compare.use_short") }, icon("camera")));
  }
  if (board.cells.length > 1) made.push(h("button", { class: "icon-button", type: "button", "aria-label": t("compare.remove", { label: cell.label }), title: t("compare.remove_short"), on: { click: () => remove(cell) } }, icon("close")));
  return made;
}

function strip() {
  const place = find("strip"), focused = document.activeElement?.dataset?.strip;
  place.hidden = mode === "grid" || mode === "vote" || board.cells.length < 3;
  if (place.hidden) return place.replaceChildren();
  place.replaceChildren(...board.cells.map((cell, at) => {
    const where = shown.indexOf(cell.number);
    return h("button", { type: "button", class: "cmp-thumb", dataset: { strip: cell.number }, "aria-pressed": String(where >= 0), title: cell.label, on: { click: () => toggle(cell.number) } },
      cell.picture ? h("img", { src: cell.picture.thumbnail_url, alt: "", width: 64, height: 64, loading: "lazy" }) : h("span", { class: "cmp-thumb-empty" }, icon(cell.state === "failed" ? "warn" : "clock")),
      h("span", { class: "cmp-thumb-label" }, cell.label),
      where >= 0 && mode !== "side" && h("span", { class: "cmp-letter", "aria-hidden": "true" }, "AB"[where] ?? ""));
  }));
  if (focused) place.querySelector(`[data-strip="${CSS.escape(focused)}"]`)?.focus();
}

/** Show a picture or hide it; under slider and flicker it takes the right picture's place. */
function toggle(number) {
  const at = shown.indexOf(number);
  if (mode === "side") {
    if (at >= 0 && shown.length > 2) shown.splice(at, 1);
    else if (at >= 0) shown.reverse();
    else shown = [...shown.slice(0, MOST_BESIDE - 1), number];
  } else if (at === 0) shown = [shown[1], shown[0]];
  else if (at < 0) shown = [shown[0], number];
  write();
  render();
}

/** The next picture to hold against the first. */
function next(step) {
  const free = board.cells.map((cell) => cell.number).filter((number) => number === shown[1] || !shown.includes(number));
  const at = free.indexOf(shown[1]);
  shown = [shown[0], free[(at + step + free.length) % free.length], ...(mode === "side" ? shown.slice(2) : [])];
  write();
  render();
}

function progress() {
  const open = pending().length, all = board.cells.length;
  const was = !find("progress").hidden;
  find("progress").hidden = !open;
  find("progress-bar").value = (all - open) / all;
  find("progress-text").textContent = t("compare.progress", { done: all - open, all });
  if (was && !open) live(t("compare.all_done"));
}

/** Follow what is drawn now, and look again while something is to come. */
function attend() {
  const running = board.cells.filter((cell) => cell.kind === "job" && cell.state === "running").slice(0, MOST_FOLLOWED);
  for (const cell of running) if (!followed.has(cell.job)) followed.set(cell.job, follow(cell.job, { on: (event) => happened(cell, event), end: () => { followed.delete(cell.job); look(); } }));
  clearTimeout(clock);
  if (pending().length) clock = setTimeout(look, LOOK_SECONDS * 1000);
}

async function happened(cell, event) {
  if (event.kind === "step") advance(cell.number, event);
  if (event.kind !== "preview" || !event.image) return;
  const data = Uint8Array.from(atob(event.image), (letter) => letter.charCodeAt(0));
  advance(cell.number, { ...event, bitmap: await createImageBitmap(new Blob([data], { type: "image/jpeg" })) });
}

async function look() {
  clearTimeout(clock);
  try {
    board = await api("GET", `/boards/${board.id}`);
    render();
  } catch (error) {
    if (error.status === 404) tell(error);
    else clock = setTimeout(look, AWAY_SECONDS * 1000); // the page says by itself that the server is away
  }
}

async function change(method, path, body) {
  try {
    board = await api(method, `/boards/${board.id}${path}`, body);
    render();
    return true;
  } catch (error) {
    tell(error);
    if (error.status === 409) look();
    return false;
  }
}

async function remove(cell) {
  if (await change("DELETE", `/cells/${cell.number}`)) {
    const back = cell.picture && { label: t("common.undo"), run: () => change("POST", "/cells", { cells: [{ label: cell.label, picture: cell.picture.name }] }) };
    toast(t("compare.removed", { label: cell.label }), { action: back });
  }
}

async function rename() {
  const title = await prompt_for({ title: t("compare.rename"), label: t("compare.name"), value: board.title });
  if (title?.trim()) await change("PATCH", "", { title: title.trim().slice(0, 200), version: board.version });
}

async function add() {
  const pictures = await pick({ many: true, most: 64 - board.cells.length });
  if (pictures.length) await change("POST", "/cells", { cells: pictures.map((picture) => ({ label: named(picture), picture: picture.name })) });
}

const named = (picture) => [picture.prompt.slice(0, 50).trim() || picture.checkpoint || "?", picture.seed && t("compare.seed_label", { seed: picture.seed })].filter(Boolean).join(" · ");

async function trash() {
  if (!(await ask({ title: t("compare.trash_title"), text: t("compare.trash_text"), yes: t("compare.trash") }))) return;
  try {
    await api("DELETE", `/boards/${board.id}`);
    location.assign("/compare");
  } catch (error) {
    tell(error);
  }
}

function whole() {
  if (document.fullscreenElement) document.exitFullscreen();
  else find("comparison").requestFullscreen().catch(() => find("comparison").classList.toggle("is-whole"));
}

const own = (key) => (event) => current.keys?.[key]?.(event);
for (const button of find("modes").children) button.addEventListener("click", () => setMode(button.dataset.mode));
find("zoom-in").addEventListener("click", () => view.in());
find("zoom-out").addEventListener("click", () => view.out());
find("zoom-fit").addEventListener("click", () => view.fit());
find("whole").addEventListener("click", whole);
find("title").addEventListener("click", rename);
find("add").addEventListener("click", add);
find("trash").addEventListener("click", trash);
find("cancel").addEventListener("click", () => change("POST", "/cancel"));
view.addEventListener("change", () => (find("scale").textContent = `${Math.round(view.scale * 100)} %`));
document.addEventListener("board", (event) => { board = event.detail; render(); });
document.addEventListener("server-back", look);
addEventListener("hashchange", () => { read(); render(); });
document.addEventListener("click", (event) => {
  const menu = document.querySelector(".cmp-menu[open]");
  if (menu && (!menu.contains(event.target) || event.target.closest(".cmp-menu-box"))) menu.open = false;
});
addEventListener("pagehide", () => { for (const stop of followed.values()) stop(); });

shortcuts({
  1: () => setMode("side"), 2: () => setMode("slider"), 3: () => setMode("flicker"), 4: () => setMode("grid"), 5: () => setMode("vote"),
  "+": () => view.in(), "shift++": () => view.in(), "=": () => view.in(), "-": () => view.out(), 0: () => view.fit(), z: () => view.actual(),
  "shift+ArrowLeft": () => view.pan(0.1, 0), "shift+ArrowRight": () => view.pan(-0.1, 0), "shift+ArrowUp": () => view.pan(0, 0.1), "shift+ArrowDown": () => view.pan(0, -0.1),
  ArrowLeft: own("ArrowLeft"), ArrowRight: own("ArrowRight"), ArrowDown: own("ArrowDown"), " ": own(" "), u: own("u"), Backspace: own("Backspace"),
  x: () => { shown.reverse(); write(); render(); }, "]": () => next(1), "[": () => next(-1),
  h: () => find("comparison").classList.toggle("no-labels"), w: whole,
}, {
  1: t("compare.mode_side"), 2: t("compare.mode_slider"), 3: t("compare.mode_flicker"), 4: t("compare.mode_grid"), 5: t("compare.mode_vote"),
  "+": t("compare.zoom_in"), "-": t("compare.zoom_out"), 0: t("compare.zoom_fit"), z: t("compare.zoom_actual"), "shift+ArrowLeft": t("compare.key_pan"),
  x: t("compare.key_swap"), "]": t("compare.key_next"), "[": t("compare.key_previous"), h: t("compare.key_labels"), w: t("compare.whole"),
  ArrowLeft: t("compare.key_left"), ArrowRight: t("compare.key_right"), ArrowDown: t("compare.key_tie"), u: t("compare.vote_undo"), " ": t("compare.key_space"),
});

read();
render();
