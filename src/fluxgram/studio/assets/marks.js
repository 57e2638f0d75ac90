// Marks on pictures: shown at once, sent in the order in which they were made, taken back where the server refuses
// them, and undone on request. Cards are changed in place; whoever shows them is told.
import { api, live, t, tell, toast } from "./core.js";

const MOST = 500;
const MOST_UNDONE = 50;

export class Marks {
  /** @param {(cards: object[], what: string) => void} changed Called after every change, also after one taken back. */
  constructor(changed) {
    Object.assign(this, { changed, line: Promise.resolve(), past: [], waiting: [] });
    addEventListener("pagehide", () => this.hurry());
  }

  /**
   * Change pictures.
   * @param {object[]} cards
   * @param {{rating?: number, favourite?: boolean, rejected?: boolean, trashed?: boolean, tags?: string[]}} patch
   * @param {{say?: string, offer?: boolean}} [options] What to announce; whether to offer to undo it.
   */
  set(cards, patch, { say = "", offer = false } = {}) {
    if (!cards.length) return;
    const change = cards.map((card) => ({ card, before: kept(card, patch), after: shown(card, patch) }));
    this.past.push(change);
    if (this.past.length > MOST_UNDONE) this.past.shift();
    this.apply(change, "after");
    if (offer) this.offer(say, change);
    else if (say) live(say);
  }

  /** Undo the last change; false where there is none. */
  undo(change = this.past.at(-1)) {
    if (!change) return false;
    this.past = this.past.filter((each) => each !== change);
    this.away?.();
    this.apply(change, "before");
    live(t("gallery.undone"));
    return true;
  }

  offer(say, change) {
    this.away?.();
    this.away = toast(say, { action: { label: t("common.undo"), run: () => this.undo(change) } });
  }

  apply(change, way) {
    for (const each of change) Object.assign(each.card, each[way]);
    this.changed(change.map((each) => each.card), way);
    const turn = { change, way };
    this.waiting.push(turn);
    this.line = this.line.then(() => this.waiting.includes(turn) && this.send(change, way)).finally(() => {
      this.waiting = this.waiting.filter((each) => each !== turn);
    });
  }

  /** The page is left: what waits for its turn is sent now. */
  hurry() {
    const left = this.waiting.slice(1);
    this.waiting = this.waiting.slice(0, 1);
    for (const { change, way } of left) this.send(change, way);
  }

  async send(change, way) {
    try {
      for (const [body, cards] of requests(change, way)) {
        for (let at = 0; at < cards.length; at += MOST) {
          const names = cards.slice(at, at + MOST).map((card) => card.name);
          await api("POST", "/pictures/marks", { names, ...body }, { keepalive: true });
        }
      }
    } catch (error) {
      const other = way === "after" ? "before" : "after";
      for (const each of change) Object.assign(each.card, each[other]);
      this.past = this.past.filter((each) => each !== change);
      this.changed(change.map((each) => each.card), other);
      this.away?.();
      tell(error);
    }
  }
}

/** What a card says now of what will be changed. */
function kept(card, patch) {
  return Object.fromEntries(Object.keys(patch).map((name) => [name, card[name]]));
}

function shown(card, patch) {
  const after = { ...patch };
  if ("trashed" in patch) after.trashed = patch.trashed ? new Date().toISOString() : null;
  if ("tags" in patch) after.tags = [...new Set(patch.tags.map((tag) => tag.trim().toLowerCase()).filter(Boolean))].sort();
  return after;
}

/** The fewest requests that bring cards to a state: one for all that get the same. */
function requests(change, way) {
  const found = new Map();
  for (const { card, before, after } of change) {
    const to = way === "after" ? after : before;
    const from = way === "after" ? before : after;
    const body = { ...to };
    if ("trashed" in body) body.trashed = Boolean(body.trashed);
    if ("tags" in body) {
      body.add_tags = to.tags.filter((tag) => !from.tags.includes(tag));
      body.remove_tags = from.tags.filter((tag) => !to.tags.includes(tag));
      delete body.tags;
    }
    const key = JSON.stringify(body);
    if (!found.has(key)) found.set(key, [body, []]);
    found.get(key)[1].push(card);
  }
  return [...found.values()];
}
