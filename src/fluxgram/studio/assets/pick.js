// `pick`: a dialog in which one picture, or several, are chosen from the gallery.
// Its words are the section `pictures`; a page that embeds it needs nothing else.
import { api, h, icon, styled, t, tell } from "./core.js";
import { shortened, spoken, tile } from "./tile.js";

const PAGE = 60;
const MOST = 600;
const PAUSE = 200;

/**
 * Ask which pictures.
 * @param {{many?: boolean, title?: string, most?: number}} [options]
 * @returns {Promise<object[]>} PictureCards, in the order chosen; none where the dialog was left.
 */
export function pick({ many = false, title = "", most = 64 } = {}) {
  styled("tile.css");
  return new Promise((resolve) => new Picker({ many, title, most, resolve }).open());
}

class Picker {
  constructor({ many, title, most, resolve }) {
    Object.assign(this, { many, most, resolve, chosen: new Map(), next: null, asked: 0, shown: 0 });
    this.search = h("input", {
      type: "search",
      "aria-label": t("pictures.search"),
      placeholder: t("pictures.search"),
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.later() },
    });
    this.favourites = h(
      "button",
      { type: "button", class: "chip", "aria-pressed": "false", on: { click: () => this.toggleFavourites() } },
      icon("heart"),
      t("pictures.favourites"),
    );
    this.list = h("div", { class: "pick-list", role: "group", "aria-label": title || t("pictures.pick_title") });
    this.more = h("div", { class: "pick-more muted", role: "status" });
    this.take = h(
      "button",
      { type: "button", class: "button primary", disabled: true, on: { click: () => this.leave(true) } },
      t("pictures.pick_none"),
    );
    this.dialog = h(
      "dialog",
      {
        class: "pick",
        "aria-label": title || t("pictures.pick_title"),
        on: { close: () => this.closed(), keydown: (event) => this.key(event) },
      },
      h(
        "header",
        { class: "pick-head" },
        h("h2", {}, title || t("pictures.pick_title")),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": t("pictures.close"), on: { click: () => this.leave(false) } },
          icon("close"),
        ),
      ),
      h("div", { class: "pick-bar" }, h("div", { class: "pick-search" }, icon("search"), this.search), this.favourites),
      h("div", { class: "pick-scroll", tabindex: "-1" }, this.list, this.more),
      many ? h("footer", { class: "pick-foot" }, h("span", { class: "muted" }, t("pictures.pick_many")), this.take) : "",
    );
    this.scroll = this.dialog.querySelector(".pick-scroll");
    this.watch = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && this.load(), {
      root: this.scroll,
      rootMargin: "600px",
    });
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.search.focus();
    this.again();
  }

  leave(kept) {
    this.kept = kept;
    this.dialog.close();
  }

  closed() {
    this.watch.disconnect();
    clearTimeout(this.timer);
    this.dialog.remove();
    this.resolve(this.kept ? [...this.chosen.values()] : []);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), PAUSE);
  }

  toggleFavourites() {
    const on = this.favourites.getAttribute("aria-pressed") !== "true";
    this.favourites.setAttribute("aria-pressed", String(on));
    this.again();
  }

  again() {
    this.asked += 1;
    this.next = null;
    this.shown = 0;
    this.busy = false;
    this.list.replaceChildren();
    this.watch.disconnect();
    this.load();
  }

  async load() {
    if (this.busy || this.next === "") return;
    if (this.shown >= MOST) {
      this.more.textContent = t("pictures.pick_narrow");
      return;
    }
    this.busy = true;
    const asked = this.asked;
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (this.search.value.trim()) query.set("q", this.search.value.trim());
    if (this.favourites.getAttribute("aria-pressed") === "true") query.set("favourite", "true");
    if (this.next) query.set("cursor", this.next);
    try {
      const found = await api("GET", `/pictures?${query}`);
      if (asked !== this.asked) return;
      this.next = found.next ?? "";
      this.shown += found.pictures.length;
      this.list.append(...found.pictures.map((picture) => this.choice(picture)));
      this.more.textContent = this.shown ? "" : t(query.has("q") ? "pictures.pick_nothing" : "pictures.pick_empty");
      this.watch.disconnect();
      this.watch.observe(this.more);
    } catch (error) {
      if (asked === this.asked) {
        this.next = "";
        this.more.textContent = error.message;
        tell(error);
      }
    } finally {
      if (asked === this.asked) this.busy = false;
    }
  }

  choice(picture) {
    const made = tile(picture, { href: "", height: 150 });
    made.querySelector(".tile-link").removeAttribute("role");
    made.querySelector(".tile-link").removeAttribute("aria-label");
    const button = h("button", {
      type: "button",
      class: "pick-choice",
      title: shortened(picture.prompt),
      "aria-label": spoken(picture),
      "aria-pressed": this.many ? String(this.chosen.has(picture.name)) : undefined,
      on: { click: () => this.choose(picture, button) },
    });
    button.append(made);
    return button;
  }

  choose(picture, button) {
    if (!this.many) {
      this.chosen.set(picture.name, picture);
      this.leave(true);
      return;
    }
    if (!this.chosen.delete(picture.name) && this.chosen.size < this.most) this.chosen.set(picture.name, picture);
    button.setAttribute("aria-pressed", String(this.chosen.has(picture.name)));
    this.take.disabled = !this.chosen.size;
    this.take.textContent = this.chosen.size ? t("pictures.pick_take", { count: this.chosen.size }) : t("pictures.pick_none");
  }

  /** Arrows go from picture to picture; from the search field, down goes to the first. */
  key(event) {
    const choices = [...this.list.children];
    const at = choices.indexOf(document.activeElement);
    if (at < 0) {
      if (event.key === "ArrowDown" && document.activeElement === this.search) {
        choices[0]?.focus();
        event.preventDefault();
      }
      return;
    }
    const across = choices.findIndex((each) => each.offsetTop > choices[0].offsetTop);
    const row = across < 0 ? choices.length : across;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row, Home: -at, End: choices.length - 1 - at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const to = at + steps[event.key];
    if (to < 0) this.search.focus();
    else choices[Math.min(to, choices.length - 1)].focus();
  }
}
