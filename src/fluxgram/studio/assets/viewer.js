// The full-screen viewer: one picture on neutral grey, with its marks, zoom up to its own pixels and beyond, and a panel
// that says how it was made. It lies over the page instead of in a dialog, so that notices with "Undo" stay in reach.
import { h, icon, live, recall, remember, t, tell } from "./core.js";
import { ask_facts, panel, ways } from "./facts.js";
import { Surface } from "./surface.js";
import { address, shortened, spoken } from "./tile.js";

const WIDE = 1000;

/** Stars as buttons. @param {(count: number) => void} rate */
export function star_buttons(rate) {
  const buttons = [1, 2, 3, 4, 5].map((count) =>
    h("button", { class: "icon-button star", type: "button", "aria-label": t("pictures.stars", { count }), title: t("gallery.rate_key", { key: count }), on: { click: () => rate(count) } }, icon("star")),
  );
  const made = h("div", { class: "stars", role: "group", "aria-label": t("gallery.rating") }, buttons);
  made.show = (rating) =>
    buttons.forEach((button, at) => {
      button.setAttribute("aria-pressed", String(rating === at + 1));
      button.classList.toggle("is-on", at < rating);
    });
  return made;
}

export class Viewer {
  /**
   * @param {object} list
   * @param {() => object[]} list.cards What can be walked through.
   * @param {() => number} list.total
   * @param {() => Promise<void>} list.more Load further cards.
   * @param {(card: object, patch: object) => void} list.mark
   * @param {(card: object) => void} list.bin
   * @param {(card: object) => void} list.tag
   * @param {(index: number) => void} list.left Called when the viewer is left at a picture.
   */
  constructor(list) {
    this.list = list;
    this.isOpen = false;
    addEventListener("popstate", (event) => this.went(event));
  }

  build() {
    const key = (name, label, run, extra = {}) =>
      h("button", { class: `icon-button ${extra.class ?? ""}`, type: "button", "aria-label": label, title: extra.title ?? label, "aria-pressed": extra.pressed, on: { click: run } }, icon(name));
    this.place = h("span", { class: "viewer-place muted" });
    this.stars = star_buttons((count) => this.list.mark(this.card, { rating: this.card.rating === count ? 0 : count }));
    this.heart = key("heart", t("gallery.favourite"), () => this.list.mark(this.card, { favourite: !this.card.favourite }), { class: "heart", pressed: "false", title: `${t("gallery.favourite")} (F)` });
    this.reject = key("reject", t("gallery.reject"), () => this.list.mark(this.card, { rejected: !this.card.rejected }), { pressed: "false", title: `${t("gallery.reject")} (X)` });
    this.percent = h("button", { class: "button quiet viewer-percent", type: "button", title: `${t("gallery.zoom_toggle")} (Z)`, on: { click: () => this.surface.toggle() } });
    this.infoButton = key("info", t("gallery.info"), () => this.toggleInfo(), { pressed: "false", title: `${t("gallery.info")} (I)` });
    this.stage = h("div", { class: "viewer-stage" });
    this.info = h("aside", { class: "viewer-info", "aria-label": t("gallery.info"), hidden: true });
    this.element = h(
      "section",
      { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": t("gallery.viewer"), tabindex: "-1" },
      h(
        "div",
        { class: "viewer-bar" },
        key("close", t("common.close"), () => this.close(), { title: `${t("common.close")} (Esc)` }),
        this.place,
        h("span", { class: "grow" }),
        this.stars,
        this.heart,
        this.reject,
        key("tag", t("gallery.tag"), () => this.list.tag(this.card), { title: `${t("gallery.tag")} (T)` }),
        key("trash", t("gallery.to_bin"), () => this.list.bin(this.card), { title: `${t("gallery.to_bin")} (Del)` }),
        h("span", { class: "viewer-rule" }),
        this.percent,
        this.infoButton,
      ),
      h(
        "div",
        { class: "viewer-body" },
        h("div", { class: "viewer-middle" }, this.stage, key("left", t("gallery.previous"), () => this.move(-1), { class: "viewer-go back" }), key("right", t("gallery.next"), () => this.move(1), { class: "viewer-go on" })),
        this.info,
      ),
    );
    this.surface = new Surface(this.stage, {
      zoomed: (percent) => (this.percent.textContent = percent),
      swiped: (way) => this.move(way),
    });
    document.body.append(this.element);
  }

  /** Show a picture of the list. */
  open(index) {
    if (!this.element) this.build();
    this.isOpen = true;
    this.element.hidden = false;
    document.body.classList.add("is-viewing");
    for (const other of document.querySelectorAll(".skip, .rail, main, .gallery-selection")) other.inert = true;
    const card = this.list.cards()[index];
    history.pushState({ viewer: true }, "", address(card));
    this.toggleInfo(recall("viewer.info", innerWidth >= WIDE));
    this.show(index);
    this.element.focus({ preventScroll: true });
  }

  /** Leave; the address goes back to the gallery's. */
  close() {
    if (this.isOpen) history.back();
  }

  went(event) {
    if (this.isOpen && !event.state?.viewer) this.hide();
    else if (!this.isOpen && event.state?.viewer) location.reload();
  }

  hide() {
    this.isOpen = false;
    this.element.hidden = true;
    this.asked?.abort();
    this.surface.clear();
    document.body.classList.remove("is-viewing");
    for (const other of document.querySelectorAll(".skip, .rail, main, .gallery-selection")) other.inert = false;
    this.list.left(Math.min(this.index, this.list.cards().length - 1));
  }

  async move(way) {
    const to = this.index + way;
    if (to >= this.list.cards().length - 3) {
      const loading = this.list.more();
      if (to >= this.list.cards().length) await loading;
    }
    if (!this.isOpen) return;
    if (!this.list.cards()[to]) live(t(way > 0 ? "gallery.last" : "gallery.first"));
    else {
      history.replaceState({ viewer: true }, "", address(this.list.cards()[to]));
      this.show(to);
    }
  }

  /** The list has changed under it: a picture was marked, or has left the list. */
  refresh() {
    if (!this.isOpen) return;
    const cards = this.list.cards();
    if (!cards.length) this.close();
    else if (!cards.includes(this.card)) {
      const to = Math.min(this.index, cards.length - 1);
      history.replaceState({ viewer: true }, "", address(cards[to]));
      this.show(to);
    } else {
      this.index = cards.indexOf(this.card);
      this.mark();
    }
  }

  show(index) {
    const card = this.list.cards()[index];
    const total = this.list.total();
    Object.assign(this, { index, card });
    this.place.textContent = t("gallery.place", { at: index + 1, of: Math.max(total, this.list.cards().length) });
    this.element.classList.toggle("is-alone", total < 2);
    this.surface.show(card, spoken(card));
    this.mark();
    live(`${index + 1}: ${shortened(card.prompt, 80)}`);
    for (const near of [index + 1, index - 1]) {
      const other = this.list.cards()[near];
      if (other?.url) new Image().src = other.url;
    }
    if (!this.info.hidden) this.tellAbout(card);
  }

  mark() {
    const { card } = this;
    this.stars.show(card.rating);
    this.heart.setAttribute("aria-pressed", String(card.favourite));
    this.reject.setAttribute("aria-pressed", String(card.rejected));
    this.stage.classList.toggle("is-rejected", card.rejected);
    const tags = this.info.querySelector(".viewer-tags");
    tags?.replaceChildren(...card.tags.map((tag) => h("span", { class: "badge" }, tag)));
  }

  toggleInfo(on = this.info.hidden) {
    this.info.hidden = !on;
    this.infoButton.setAttribute("aria-pressed", String(on));
    if (this.card) {
      remember("viewer.info", on);
      if (on) this.tellAbout(this.card);
    }
    this.surface.fit();
  }

  async tellAbout(card) {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const head = h(
      "div",
      { class: "stack" },
      ways(card),
      h("div", { class: "wrap viewer-tags" }),
      h("a", { href: address(card), class: "viewer-page" }, icon("external"), t("gallery.own_page")),
    );
    if (this.told !== card.name) this.info.replaceChildren(head);
    try {
      const told = await ask_facts(card.name, signal);
      if (signal.aborted || card !== this.card) return;
      this.info.replaceChildren(head, panel(told));
      this.info.scrollTop = 0;
      this.told = card.name;
      this.mark();
    } catch (error) {
      if (error.name !== "AbortError") tell(error);
    }
  }
}
