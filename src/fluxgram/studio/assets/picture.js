// The page of one picture: its marks, its family, full screen. What is read is in the page already.
import { h, icon, page, prompt_for, shortcuts, t, toast } from "./core.js";
import { take_files } from "./drop.js";
import { panel, ways } from "./facts.js";
import { draw_lineage } from "./lineage.js";
import { Marks } from "./marks.js";
import { Viewer, star_buttons } from "./viewer.js";
import { address } from "./tile.js";

const { picture, facts, family } = page();
const find = (id) => document.getElementById(id);
const marks = new Marks(shown);
const viewer = new Viewer({
  cards: () => [picture],
  total: () => 1,
  more: () => Promise.resolve(),
  mark,
  bin,
  tag,
  left: () => find("whole")?.focus(),
});

const stars = star_buttons((count) => mark(picture, { rating: picture.rating === count ? 0 : count }));
const button = (name, label, run, pressed) =>
  h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, "aria-pressed": pressed, on: { click: run } }, icon(name));
const heart = button("heart", t("gallery.favourite"), () => mark(picture, { favourite: !picture.favourite }), "false");
const reject = button("reject", t("gallery.reject"), () => mark(picture, { rejected: !picture.rejected }), "false");
const trash = h("button", { class: "icon-button", type: "button", on: { click: () => bin() } });
heart.classList.add("heart");
find("marks").append(stars, heart, reject, button("tag", t("gallery.tag"), () => tag()), trash);

function mark(card, patch) {
  marks.set([card], patch);
}

function bin() {
  const into = !picture.trashed;
  marks.set([picture], { trashed: into }, { say: t(into ? "gallery.binned" : "gallery.restored"), offer: true });
}

async function tag() {
  const said = await prompt_for({ title: t("gallery.tags"), label: t("gallery.tags_label"), value: picture.tags.join(", "), help: t("gallery.tags_help") });
  if (said !== null) marks.set([picture], { tags: said.split(",") }, { say: t("gallery.said_tags") });
}

function shown() {
  stars.show(picture.rating);
  heart.setAttribute("aria-pressed", String(picture.favourite));
  reject.setAttribute("aria-pressed", String(picture.rejected));
  find("stage").classList.toggle("is-rejected", picture.rejected);
  const words = t(picture.trashed ? "gallery.restore" : "gallery.to_bin");
  trash.replaceChildren(icon(picture.trashed ? "undo" : "trash"));
  trash.setAttribute("aria-label", words);
  trash.title = words;
  find("tags").replaceChildren(...picture.tags.map((each) => h("a", { class: "badge", href: `/gallery?tag=${encodeURIComponent(each)}` }, each)));
  viewer.refresh();
}

const open = () => (viewer.isOpen ? viewer.close() : picture.url && viewer.open(0));
find("whole")?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

const rate = (rating) => () => mark(picture, { rating });
const keys = {
  1: rate(1), 2: rate(2), 3: rate(3), 4: rate(4), 5: rate(5), 0: rate(0),
  f: () => mark(picture, { favourite: !picture.favourite }), x: () => mark(picture, { rejected: !picture.rejected }), t: () => tag(),
  Delete: () => bin(), "ctrl+z": () => marks.undo(), " ": open, Escape: () => viewer.close(),
  z: () => viewer.isOpen && viewer.surface.toggle(), i: () => viewer.isOpen && viewer.toggleInfo(),
};
shortcuts(keys, {
  1: t("gallery.key_stars"), 0: t("gallery.key_no_stars"), f: t("gallery.favourite"), x: t("gallery.reject"), t: t("gallery.tag"),
  Delete: t("gallery.to_bin"), "ctrl+z": t("common.undo"), " ": t("gallery.key_open"), z: t("gallery.zoom_toggle"), i: t("gallery.info"),
});

const whole = find("whole");
if (whole) {
  whole.style.width = `min(100%, calc(min(78vh, 1100px) * ${(picture.width / picture.height).toFixed(4)}))`;
  whole.classList.add("is-fitted");
}
find("ways").append(ways(picture));
find("facts").replaceWith(panel(facts, { prompt: facts.settings.prompt.length > 90 }));
if (family.length) draw_lineage(find("lineage"), family, picture.name);
take_files((card) => toast(t("gallery.kept"), { kind: "good", action: { label: t("gallery.show"), run: () => location.assign(address(card)) } }));
shown();
