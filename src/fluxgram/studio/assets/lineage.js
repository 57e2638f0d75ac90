// The family of a picture as a tree: from left to right what was made from what, drawn as SVG whose pictures are links.
import { svg, t } from "./core.js";
import { address, shortened, spoken } from "./tile.js";

const WIDE = 84;
const HIGH = 104;
const ACROSS = 150;
const DOWN = 128;
const EDGE = 10;
const KNOWN = ["push", "more", "again", "light"];

/**
 * Give every card its column (generation) and its line.
 * @param {object[]} cards The eldest first; `parent` says how they hang together.
 * @returns {Map<string, {card: object, x: number, y: number}>}
 */
export function places(cards) {
  const names = new Set(cards.map((card) => card.name));
  const children = new Map();
  for (const card of cards) {
    const under = names.has(card.parent) && card.parent !== card.name ? card.parent : "";
    children.set(under, [...(children.get(under) ?? []), card]);
  }
  const found = new Map();
  let line = 0;
  const put = (card, x) => {
    if (found.has(card.name)) return null;
    const place = { card, x, y: 0 };
    found.set(card.name, place);
    const below = (children.get(card.name) ?? []).map((child) => put(child, x + 1)).filter(Boolean);
    place.y = below.length ? (below[0].y + below.at(-1).y) / 2 : line++;
    return place;
  };
  for (const card of children.get("") ?? []) put(card, 0);
  for (const card of cards) put(card, 0);
  return found;
}

/**
 * Draw a family.
 * @param {HTMLElement} place
 * @param {object[]} cards
 * @param {string} own Name of the picture whose page this is.
 */
export function draw_lineage(place, cards, own) {
  const found = places(cards);
  const columns = Math.max(...[...found.values()].map((each) => each.x)) + 1;
  const lines = Math.max(...[...found.values()].map((each) => each.y)) + 1;
  const width = EDGE * 2 + WIDE + (columns - 1) * ACROSS;
  const height = EDGE * 2 + HIGH + (lines - 1) * DOWN;
  const tree = svg("svg", { class: "lineage-tree", viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": t("gallery.lineage") });
  for (const { card, x, y } of found.values()) {
    const parent = found.get(card.parent);
    if (parent && parent.card !== card) tree.append(...line(parent, { x, y }, card.relation));
  }
  for (const each of found.values()) tree.append(node(each, each.card.name === own));
  place.replaceChildren(tree);
  const centre = found.get(own);
  if (centre) place.scrollLeft = EDGE + centre.x * ACROSS - place.clientWidth / 2 + WIDE / 2;
}

function line(from, to, relation) {
  const x1 = EDGE + from.x * ACROSS + WIDE;
  const y1 = EDGE + from.y * DOWN + HIGH / 2;
  const x2 = EDGE + to.x * ACROSS;
  const y2 = EDGE + to.y * DOWN + HIGH / 2;
  const middle = (x1 + x2) / 2;
  const path = svg("path", { class: "lineage-line", d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` });
  if (!KNOWN.includes(relation)) return [path];
  const words = svg("text", { class: "lineage-word", x: x2 + WIDE / 2, y: y2 + HIGH / 2 + 14, "text-anchor": "middle" }, t(`gallery.relation_${relation}`));
  return [path, words];
}

function node({ card, x, y }, own) {
  const left = EDGE + x * ACROSS;
  const top = EDGE + y * DOWN;
  const frame = svg("rect", { class: "lineage-frame", x: left, y: top, width: WIDE, height: HIGH, rx: 6 });
  const words = card.url ? spoken(card) : `${spoken(card)}, ${t("gallery.lineage_gone")}`;
  const inside = card.thumbnail_url
    ? svg("image", { href: card.thumbnail_url, x: left + 3, y: top + 3, width: WIDE - 6, height: HIGH - 6, preserveAspectRatio: "xMidYMid slice" })
    : svg("text", { class: "lineage-word", x: left + WIDE / 2, y: top + HIGH / 2, "text-anchor": "middle" }, t("gallery.lineage_gone"));
  const title = svg("title", {}, shortened(card.prompt));
  if (!card.url) return svg("g", { class: "lineage-node", role: "img", "aria-label": words }, title, frame, inside);
  const link = svg("a", { class: "lineage-node", href: address(card), "aria-label": words }, title, frame, inside);
  if (own) link.setAttribute("aria-current", "page");
  return link;
}
