// The contact sheet of one shoot: it fills while frames are drawn; each can be kept, rejected, opened and drawn again.
import { api, ask, h, icon, live, page, prompt_for, shortcuts, t, tell, toast } from "./core.js";
import { again_dialog } from "./shoots_again.js";
import { frame_of } from "./shoots_frame.js";

const { id } = page();
const base = `/shoots/${id}`;
const sheet = document.getElementById("sheet"), progress = document.getElementById("progress");
const SOON = 700, LATER = 2500; // milliseconds between two looks while something is drawn, and after the server was away
let board, clock;
const cards = new Map();

async function look() {
  clearTimeout(clock);
  try {
    show(await api("GET", base));
  } catch (error) {
    if (!board) sheet.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint || ""));
    if (error.status === 0) clock = setTimeout(look, LATER);
    return;
  }
  if (left() && !document.hidden) clock = setTimeout(look, SOON);
}

const left = () => board.counts.queued + board.counts.running;

function show(found) {
  board = found;
  sheet.removeAttribute("aria-busy");
  if (!sheet.querySelector(".sheet")) sheet.replaceChildren(h("ul", { class: "sheet" }), h("details", { class: "shoot-file" }, h("summary", {}, t("people.shown_file")), h("pre", { tabindex: "0" })));
  const list = sheet.querySelector(".sheet");
  list.classList.toggle("few", board.frames.length <= 6);
  list.style.setProperty("--shape", shape(board.frames));
  for (const frame of board.frames) {
    let card = cards.get(frame.file);
    if (!card) {
      card = frame_of({ again, mark, choose, retry });
      cards.set(frame.file, card);
      list.append(card.box);
    }
    card.show(frame);
  }
  sheet.querySelector("pre").textContent = board.file;
  document.getElementById("title").textContent = board.title;
  show_progress();
}

/** Width over height of a frame's place: that of the tallest picture, so that none is cropped and little is left over. */
function shape(frames) {
  const sizes = frames.map(({ picture, size }) => (picture ? picture.width / picture.height : ratio(size))).filter(Boolean);
  return String(Math.min(1.6, Math.max(0.6, Math.min(...sizes, sizes.length ? 9 : 1))));
}

function ratio(size) {
  const [, width, height] = size.match(/^(\d+)\s*[x:×*]\s*(\d+)$/) || [];
  return width / height;
}

function show_progress() {
  const { done } = board.counts, n = board.frames.length;
  const running = left() > 0;
  if (!progress.children.length) {
    progress.append(h("div", { class: "shoot-progress" }, h("span", { id: "count", role: "status" }), h("progress", { max: 1, "aria-labelledby": "count" }),
      h("button", { class: "button", type: "button", on: { click: cancel } }, icon("stop"), t("people.cancel_all"))));
    actions();
  }
  const [count, meter, stop] = progress.firstChild.children;
  const key = running ? "people.progress" : done === n ? "people.progress_done" : "people.progress_mixed";
  const words = t(key, { done, n, left: n - done });
  if (count.textContent !== words) count.textContent = words;
  Object.assign(meter, { max: n, value: done, hidden: !running });
  stop.hidden = !running;
  document.title = `${running ? `${done}/${n} · ` : ""}${board.title} · fluxgram`;
  document.querySelector(".export").hidden = !done;
}

function actions() {
  const entry = (name, key) => h("li", {}, h("a", { href: `/api/v1${base}/${name}`, download: "" }, t(`people.export_${key}`)));
  const menu = h("details", { class: "export" }, h("summary", { class: "button" }, icon("download"), t("people.export")),
    h("ul", {}, entry("sheet.png", "png"), entry("sheet.html", "html"), entry("pictures.zip", "zip")));
  const shut = (event) => (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) && menu.removeAttribute("open");
  document.addEventListener("click", shut);
  document.addEventListener("keydown", shut);
  document.getElementById("actions").replaceChildren(
    h("button", { class: "icon-button", type: "button", "aria-label": t("people.rename"), title: t("people.rename"), on: { click: rename } }, icon("edit")),
    h("a", { class: "button", href: `/shoots/new?from=${id}` }, icon("copy"), t("people.copy_shoot")), menu);
}

async function rename() {
  const title = await prompt_for({ title: t("people.rename_title"), label: t("people.title"), value: board.title });
  if (title === null || !title.trim()) return;
  try {
    await api("PATCH", `/boards/${id}`, { title: title.trim() });
    await look();
  } catch (error) {
    tell(error);
  }
}

async function cancel() {
  if (!(await ask({ title: t("people.cancel_all_title"), text: t("people.cancel_all_text"), yes: t("people.cancel_all") }))) return;
  await change(() => api("POST", `${base}/cancel`), t("people.cancelled_all"));
}

async function change(run, words = "") {
  try {
    show(await run());
    if (words) live(words);
    look();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

const scene_path = (frame) => `/boards/${id}/scenes/${encodeURIComponent(frame.scene)}/again`;

async function again(frame) {
  const wish = await again_dialog(frame);
  if (!wish) return;
  if (await change(() => api("POST", scene_path(frame), { file: frame.file, ...wish }))) toast(t("people.again_told", { scene: frame.scene }), { kind: "good" });
}

/** A frame that failed or was cancelled, once more. */
async function retry(frame) {
  const job = frame.shown;
  await change(async () => {
    await api("POST", `/jobs/${job}/retry`);
    return api("GET", base);
  });
}

const choose = (frame, take) => change(() => api("PUT", `${base}/frames/${encodeURIComponent(frame.file)}`, { take }));

/** Keep or reject: the marks of the gallery, so both show the same. */
async function mark(frame, name) {
  const picture = frame.picture;
  if (!picture) return;
  const on = !picture[name];
  const marks = { [name]: on, ...(on ? { [name === "favourite" ? "rejected" : "favourite"]: false } : {}) };
  await change(async () => {
    await api("PATCH", `/pictures/${encodeURIComponent(picture.name)}`, marks);
    return api("GET", base);
  }, t(name === "favourite" ? "people.kept" : "people.rejected"));
}

const chosen = () => board?.frames.find((frame) => cards.get(frame.file).box.contains(document.activeElement));
function step(by) {
  if (!board) return;
  const now = board.frames.indexOf(chosen());
  const next = board.frames[Math.min(board.frames.length - 1, Math.max(0, now + (now < 0 ? Math.max(by, 1) : by)))];
  cards.get(next.file).focus();
}
const with_chosen = (run) => () => chosen() && run(chosen());
shortcuts({
  ArrowRight: () => step(1), ArrowLeft: () => step(-1),
  f: with_chosen((frame) => mark(frame, "favourite")), x: with_chosen((frame) => mark(frame, "rejected")), r: with_chosen(again),
}, { ArrowRight: t("people.key_next"), ArrowLeft: t("people.key_previous"), f: t("people.key_keep"), x: t("people.key_reject"), r: t("people.key_again") });
document.addEventListener("visibilitychange", () => !document.hidden && look());
document.addEventListener("server-back", look);
look();
