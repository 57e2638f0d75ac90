// The gallery: filters, pages by key, culling by keyboard, selection, viewer. Tiles are gallery_grid.js's, changes marks.js's.
import { api, ask, icon, live, page, prompt_for, recall, remember, shortcuts, t, tell } from "./core.js";
import { take_files } from "./drop.js";
import { Filters } from "./gallery_filters.js";
import { Grid } from "./gallery_grid.js";
import { Marks } from "./marks.js";
import { Viewer, star_buttons } from "./viewer.js";

const PAGE = 120;
const MORE = 200;
const SIZES = [120, 170, 230, 320, 440];
const LOOK_SECONDS = 15;

const find = (id) => document.getElementById(id);
const data = page();
const chosen = new Set();
let anchor = -1;
let choosing = false;
let cursor = "";
let loading = null;
let asked = 0;

const filters = new Filters(find("filters"), () => begin());
const grid = new Grid(find("grid"), {
  need: () => more(),
  click: (index, event) => click(index, event),
  selected: (name) => chosen.has(name),
  actions: () => [
    { icon: "check", label: t("gallery.select"), pressed: false, run: (card, event) => (event.shiftKey ? extend(grid.indexOf(card.name)) : toggle(card.name)) },
    { icon: "heart", label: t("gallery.favourite"), pressed: false, run: (card) => marks.set([card], { favourite: !card.favourite }) },
  ],
});
const marks = new Marks(changed);
const viewer = new Viewer({
  cards: () => grid.cards,
  total: () => grid.total,
  more: () => more() ?? Promise.resolve(),
  mark: (card, patch) => mark(patch, [card]),
  bin: (card) => bin([card]),
  tag: (card) => tag([card]),
  left: (index) => grid.focus(index),
});

/* pages */

function show(found) {
  cursor = found.next ?? "";
  grid.reset(found.pictures, { whole: !cursor, total: found.total ?? found.pictures.length + (cursor ? PAGE : 0) });
  tally(cursor ? found.total : found.pictures.length);
  empty();
}

async function begin() {
  asked += 1;
  const mine = asked;
  loading = null;
  chosen.clear();
  selection();
  find("fresh").hidden = true;
  find("grid").setAttribute("aria-busy", "true");
  try {
    const found = await api("GET", `/pictures?${filters.query({ limit: PAGE })}`);
    if (mine !== asked) return;
    show(found);
    scrollTo({ top: 0 });
    count(mine);
  } catch (error) {
    if (mine === asked) tell(error);
  } finally {
    find("grid").removeAttribute("aria-busy");
  }
}

/** How many there are, for the scrollbar and the eye; asked for beside the first page, which doesn't wait for it. */
async function count(mine) {
  if (!cursor) return;
  try {
    const { total } = await api("GET", `/pictures?${filters.query({ limit: 1, count: true })}`);
    if (mine !== asked) return;
    grid.total = grid.whole ? grid.cards.length : Math.max(total, grid.cards.length);
    tally(total);
    grid.lay();
  } catch (error) {
    tell(error);
  }
}

function more() {
  if (!cursor || loading) return loading;
  const mine = asked;
  loading = api("GET", `/pictures?${filters.query({ limit: MORE, cursor })}`)
    .then((found) => {
      if (mine !== asked) return;
      cursor = found.next ?? "";
      loading = null;
      grid.append(found.pictures.filter((card) => grid.indexOf(card.name) < 0), { whole: !cursor });
    })
    .catch((error) => {
      if (mine !== asked) return;
      tell(error);
      setTimeout(() => (loading = null), 3000);
    });
  return loading;
}

function tally(total) {
  find("count").textContent = total === undefined || total === null ? "" : t(total === 1 ? "gallery.count_one" : "gallery.count", { count: total.toLocaleString() });
}

function empty() {
  const none = !grid.cards.length;
  find("empty-new").hidden = !(none && filters.plain);
  find("empty-bin").hidden = !(none && filters.bin && !filters.narrowed);
  find("empty-filter").hidden = !(none && !filters.plain && !(filters.bin && !filters.narrowed));
  find("grid").hidden = none;
}

/** Pictures that came meanwhile, offered rather than pushed in: nothing moves under the pointer. */
async function look() {
  if (document.visibilityState !== "visible" || viewer.isOpen || filters.bin || loading) return;
  const mine = asked;
  const found = await api("GET", `/pictures?${filters.query({ limit: 20 })}`).catch(() => null);
  if (!found || mine !== asked) return;
  const fresh = found.pictures.filter((card) => grid.indexOf(card.name) < 0 && (!grid.cards[0] || card.created > grid.cards[0].created));
  if (!fresh.length) return;
  if (scrollY < 40 && document.activeElement === document.body) {
    for (const card of fresh.reverse()) grid.insert(card);
    empty();
    return;
  }
  find("fresh").hidden = false;
  find("fresh").querySelector("span").textContent = t("gallery.fresh", { count: fresh.length });
}

/* changes */

function changed(cards) {
  const gone = cards.filter((card) => !filters.fits(card));
  for (const card of cards) {
    if (gone.includes(card)) continue;
    if (grid.indexOf(card.name) < 0) grid.insert(card);
    else grid.touch(card.name);
  }
  if (gone.length) {
    const held = document.activeElement?.closest("#grid");
    for (const card of gone) chosen.delete(card.name);
    grid.remove(gone.map((card) => card.name));
    if (held || (document.activeElement === document.body && !viewer.isOpen)) grid.focus(grid.at);
  }
  tally(grid.whole ? grid.cards.length : grid.total);
  empty();
  selection();
  viewer.refresh();
}

/** What keys act on: the picture in the viewer, the selection, or the picture that has the focus. */
function targets() {
  if (viewer.isOpen) return [viewer.card];
  if (chosen.size) return grid.cards.filter((card) => chosen.has(card.name));
  return document.activeElement?.closest("#grid") && grid.cards[grid.at] ? [grid.cards[grid.at]] : [];
}

function mark(patch, cards = targets()) {
  if (!cards.length) return;
  const say = Object.entries(patch).map(([name, value]) => t(`gallery.said_${name}${typeof value === "boolean" && !value ? "_off" : ""}`, { value }))[0];
  const hides = patch.rejected && filters.rejected === "hide";
  marks.set(cards, patch, { say, offer: hides });
}

/** A key or button that turns a mark on; off where all have it already. */
function flip(name) {
  const cards = targets();
  mark({ [name]: !cards.every((card) => card[name]) }, cards);
}

function bin(cards = targets()) {
  if (!cards.length) return;
  if (filters.bin) {
    marks.set(cards, { trashed: false }, { say: t(cards.length === 1 ? "gallery.restored" : "gallery.restored_many", { count: cards.length }), offer: true });
    return;
  }
  marks.set(cards, { trashed: true }, { say: t(cards.length === 1 ? "gallery.binned" : "gallery.binned_many", { count: cards.length }), offer: true });
}

async function tag(cards = targets()) {
  if (!cards.length) return;
  const one = cards.length === 1;
  const all = await filters.known();
  const said = await prompt_for({
    title: one ? t("gallery.tags") : t("gallery.tags_many", { count: cards.length }),
    label: t(one ? "gallery.tags_label" : "gallery.tags_add"),
    value: one ? cards[0].tags.join(", ") : "",
    help: all.length ? t("gallery.tags_known", { tags: all.slice(0, 12).join(", ") }) : t("gallery.tags_help"),
  });
  if (said === null) return;
  const tags = said.split(",").map((each) => each.trim()).filter(Boolean);
  if (one) marks.set(cards, { tags }, { say: t("gallery.said_tags") });
  else for (const card of cards) marks.set([card], { tags: [...card.tags, ...tags] });
  filters.forget();
}

async function empty_bin() {
  const sure = await ask({ title: t("gallery.empty_bin"), text: t("gallery.empty_bin_sure"), yes: t("gallery.empty_bin_yes"), danger: true });
  if (!sure) return;
  try {
    const { removed } = await api("DELETE", "/bin");
    live(t("gallery.emptied", { count: removed }));
    begin();
  } catch (error) {
    tell(error);
  }
}

/* selection */

function toggle(name) {
  if (!chosen.delete(name)) chosen.add(name);
  anchor = grid.indexOf(name);
  grid.touch(name);
  selection();
}

function extend(index) {
  const from = anchor < 0 ? Math.max(grid.at, 0) : anchor;
  anchor = from;
  chosen.clear();
  for (let at = Math.min(from, index); at <= Math.max(from, index); at += 1) chosen.add(grid.cards[at].name);
  grid.touchAll();
  selection();
}

function clear() {
  chosen.clear();
  anchor = -1;
  choose(false);
  grid.touchAll();
  selection();
}

function choose(on) {
  choosing = on;
  find("choose").setAttribute("aria-pressed", String(on));
}

function selection() {
  const bar = find("selection");
  bar.hidden = !chosen.size;
  if (chosen.size) find("selected").textContent = t("gallery.chosen", { count: chosen.size });
  find("selection-compare").hidden = chosen.size > 12;
  find("selection-bin").querySelector("span").textContent = t(filters.bin ? "gallery.restore" : "gallery.to_bin");
}

function click(index, event) {
  if (event.ctrlKey || event.metaKey || choosing) {
    event.preventDefault();
    toggle(grid.cards[index].name);
  } else if (event.shiftKey) {
    event.preventDefault();
    extend(index);
  } else {
    event.preventDefault();
    viewer.open(index);
  }
}

function compare() {
  const cards = targets();
  if (!cards.length) return location.assign("/compare");
  return location.assign(`/compare?${cards.map((card) => `picture=${encodeURIComponent(card.name)}`).join("&")}`);
}

/* keys */

function arrow(event) {
  if (viewer.isOpen) {
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (way) viewer.move(way);
    return;
  }
  if (!grid.cards.length) return;
  const held = document.activeElement?.closest("#grid");
  const to = held ? grid.step(grid.at, event.key) : Math.max(grid.at, 0);
  if (event.shiftKey) {
    if (anchor < 0) anchor = Math.max(grid.at, 0);
    extend(to);
  } else anchor = to;
  grid.focus(to);
  if (to > grid.cards.length - 30) more();
}

function open() {
  if (viewer.isOpen) return viewer.close();
  return document.activeElement?.closest("#grid") ? viewer.open(grid.at) : grid.focus(Math.max(grid.at, 0));
}

function resize(step) {
  if (viewer.isOpen) return viewer.surface.by(step > 0 ? 1.25 : 0.8);
  const at = Math.min(SIZES.length - 1, Math.max(0, Number(find("size").value) + step));
  find("size").value = at;
  remember("gallery.size", at);
  return grid.resize(SIZES[at]);
}

const escape = () => (viewer.isOpen ? viewer.close() : clear());
const all = () => {
  for (const card of grid.cards) chosen.add(card.name);
  grid.touchAll();
  selection();
};

const KEYS = {
  ArrowLeft: [arrow, "gallery.key_arrows"], ArrowRight: [arrow], ArrowUp: [arrow], ArrowDown: [arrow], Home: [arrow], End: [arrow],
  "shift+ArrowLeft": [arrow], "shift+ArrowRight": [arrow, "gallery.key_extend"], "shift+ArrowUp": [arrow], "shift+ArrowDown": [arrow],
  " ": [open], Enter: [open, "gallery.key_open"], Escape: [escape, "gallery.key_escape"],
  1: [() => mark({ rating: 1 }), "gallery.key_stars"], 2: [() => mark({ rating: 2 })], 3: [() => mark({ rating: 3 })], 4: [() => mark({ rating: 4 })],
  5: [() => mark({ rating: 5 })], 0: [() => mark({ rating: 0 }), "gallery.key_no_stars"],
  f: [() => flip("favourite"), "gallery.favourite"], x: [() => flip("rejected"), "gallery.reject"], t: [() => tag(), "gallery.tag"],
  Delete: [() => bin(), "gallery.to_bin"], Backspace: [() => bin()], "ctrl+z": [() => marks.undo(), "common.undo"], "ctrl+a": [all, "gallery.key_all"],
  "/": [() => filters.focus(), "gallery.key_search"], "+": [() => resize(1), "gallery.key_larger"], "shift++": [() => resize(1)], "-": [() => resize(-1), "gallery.key_smaller"],
  z: [() => viewer.isOpen && viewer.surface.toggle(), "gallery.zoom_toggle"], i: [() => viewer.isOpen && viewer.toggleInfo(), "gallery.info"],
  c: [compare, "gallery.compare"],
};
shortcuts(Object.fromEntries(Object.entries(KEYS).map(([key, [run]]) => [key, run])),
  Object.fromEntries(Object.entries(KEYS).filter(([, [, label]]) => label).map(([key, [, label]]) => [key, t(label)])));

// Enter and Space on a tile's link open the viewer instead of the picture's page; core leaves links alone.
find("grid").addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches(".tile-link") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  viewer.open(grid.at);
});

/* the rest of the page */

const stars = star_buttons((count) => mark({ rating: count }));
find("selection-stars").append(stars);
const on = (id, run) => find(id).addEventListener("click", run);
on("selection-favourite", () => flip("favourite"));
on("selection-reject", () => flip("rejected"));
on("selection-tag", () => tag());
on("selection-compare", compare);
on("selection-bin", () => bin());
on("selection-clear", clear);
on("choose", () => (choosing ? clear() : choose(true)));
on("fresh", () => begin());
on("clear-filters", () => filters.clear());
on("empty-bin-button", empty_bin);
find("size").addEventListener("input", () => resize(0));
const bring = take_files((card) => {
  if (filters.fits(card)) grid.insert(card);
  tally(grid.whole ? grid.cards.length : grid.total);
  empty();
});
on("bring", bring);
on("bring-empty", bring);
document.addEventListener("server-back", () => (grid.cards.length ? look() : begin()));
document.addEventListener("visibilitychange", look);
setInterval(look, LOOK_SECONDS * 1000);

find("size").value = Math.min(SIZES.length - 1, Math.max(0, Number(recall("gallery.size", innerWidth < 640 ? 1 : 2)) || 0));
grid.height = SIZES[Number(find("size").value)];
show(data.first);
count(asked);
