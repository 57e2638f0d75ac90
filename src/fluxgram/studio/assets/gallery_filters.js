// The gallery's filters: what is chosen, as a query of the service and as the page's address.
import { api, h, t } from "./core.js";

const PAUSE = 220;

export class Filters {
  /**
   * @param {HTMLFormElement} form
   * @param {() => void} changed
   */
  constructor(form, changed) {
    Object.assign(this, { form, changed });
    form.addEventListener("input", (event) => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.apply(), event.target.type === "search" ? PAUSE : 0);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.timer);
      this.apply();
    });
    for (const chip of form.querySelectorAll(".chip[data-name]")) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        this.apply();
      });
    }
    for (const name of ["tag", "checkpoint"]) {
      for (const kind of ["focus", "pointerdown"]) form.elements[name].addEventListener(kind, () => this.fill());
    }
    this.last = this.query();
    this.look();
  }

  /** What is chosen, without what is as it always is. */
  values() {
    const found = {};
    for (const name of ["q", "rating", "rejected", "tag", "checkpoint", "origin"]) {
      const value = this.form.elements[name].value.trim();
      if (value && !(name === "rating" && value === "0") && !(name === "rejected" && value === "hide")) found[name] = value;
    }
    for (const chip of this.form.querySelectorAll(".chip[data-name]")) {
      if (chip.getAttribute("aria-pressed") === "true") found[chip.dataset.name] = "true";
    }
    return found;
  }

  /** As a query; `more` are further parameters. */
  query(more = {}) {
    return new URLSearchParams({ ...this.values(), ...more }).toString();
  }

  get rejected() {
    return this.form.elements.rejected.value;
  }

  get bin() {
    return "trashed" in this.values();
  }

  /** Whether nothing is chosen. */
  get plain() {
    return !Object.keys(this.values()).length;
  }

  /** Whether anything but the bin is chosen. */
  get narrowed() {
    return Object.keys(this.values()).some((name) => name !== "trashed");
  }

  /** Whether a card that was changed still belongs to what is shown; what only the server can tell stays. */
  fits(card) {
    const said = this.values();
    if (Boolean(card.trashed) !== this.bin) return false;
    if (this.rejected !== "show" && card.rejected !== (this.rejected === "only")) return false;
    if (said.rating && card.rating < Number(said.rating)) return false;
    if (said.favourite && !card.favourite) return false;
    return !said.tag || card.tags.includes(said.tag);
  }

  apply() {
    const now = this.query();
    this.look();
    if (now === this.last) return;
    this.last = now;
    history.replaceState(null, "", now ? `/gallery?${now}` : "/gallery");
    this.changed();
  }

  /** Show what is chosen where the controls do not by themselves. */
  look() {
    document.getElementById("empty-bin-button").hidden = !this.bin;
    document.getElementById("filters-more").classList.toggle("is-on", ["rejected", "tag", "checkpoint", "origin"].some((name) => name in this.values()));
  }

  clear() {
    this.form.elements.q.value = "";
    this.form.elements.rejected.value = "hide";
    for (const name of ["tag", "checkpoint", "origin"]) this.form.elements[name].value = "";
    this.form.querySelector("input[name=rating][value='0']").checked = true;
    for (const chip of this.form.querySelectorAll(".chip[data-name]")) chip.setAttribute("aria-pressed", "false");
    this.apply();
  }

  focus() {
    this.form.elements.q.focus();
    this.form.elements.q.select();
  }

  /** Tags that are in use. */
  async known() {
    await this.fill();
    return this.tags ?? [];
  }

  /** Have tags and checkpoints asked for again. */
  forget() {
    this.asked = null;
  }

  fill() {
    this.asked ??= api("GET", "/tags")
      .then((found) => {
        this.tags = found.tags.map((each) => each.tag);
        options(this.form.elements.tag, found.tags.map(({ tag, count }) => [tag, t("gallery.tag_count", { tag, count })]));
        options(this.form.elements.checkpoint, found.checkpoints.map((name) => [name, name]));
      })
      .catch(() => (this.asked = null));
    return this.asked;
  }
}

/** Fill a select behind its first option, keeping what is chosen. */
function options(select, entries) {
  const value = select.value;
  const known = new Map(entries);
  if (value && !known.has(value)) known.set(value, value);
  select.replaceChildren(select.options[0], ...[...known].map(([name, label]) => h("option", { value: name }, label)));
  select.value = value;
}
