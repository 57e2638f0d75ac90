// Other servers that a comparison may ask: chosen by chips; who administers adds and removes them here.
import { api, ask, h, icon, t, tell } from "./core.js";

/** The list of other servers in a form. */
export class Servers {
  constructor(place, { administers, changed }) {
    Object.assign(this, { place, administers, changed, picked: new Set(), known: [] });
    this.list = h("div", { class: "cmp-servers" });
    place.append(this.list);
    if (administers) place.append(this.#form());
    this.#load();
  }

  /** Names of those that are to be asked. */
  chosen() { return [...this.picked]; }

  async #load() {
    try {
      this.known = (await api("GET", "/endpoints")).endpoints;
    } catch (error) {
      if (error.status !== 403) this.list.replaceChildren(h("p", { class: "error" }, error.message));
      return;
    }
    for (const name of this.picked) if (!this.known.some((each) => each.name === name)) this.picked.delete(name);
    this.list.replaceChildren(...this.known.map((each) => this.#row(each)));
    this.changed();
  }

  #row(server) {
    const chip = h("button", {
      type: "button", class: "chip", "aria-pressed": String(this.picked.has(server.name)), title: server.url,
      on: { click: () => {
        if (!this.picked.delete(server.name)) this.picked.add(server.name);
        chip.setAttribute("aria-pressed", String(this.picked.has(server.name)));
        this.changed();
      } },
    }, icon("external"), server.name, server.has_key && icon("key"));
    return h("span", { class: "cmp-server" }, chip,
      this.administers && h("button", { class: "icon-button", type: "button", "aria-label": t("compare.server_forget", { name: server.name }), title: t("compare.server_forget", { name: server.name }), on: { click: () => this.#forget(server) } }, icon("close")));
  }

  async #forget(server) {
    if (!(await ask({ title: t("compare.server_forget", { name: server.name }), text: t("compare.server_forget_text"), yes: t("compare.server_forget_yes"), danger: true }))) return;
    try {
      await api("DELETE", `/endpoints/${encodeURIComponent(server.name)}`);
      this.#load();
    } catch (error) {
      tell(error);
    }
  }

  #form() {
    const field = (name, type, more = {}) => {
      const input = h("input", { id: `server-${name}`, type, autocomplete: "off", spellcheck: "false", ...more });
      return { input, row: h("div", { class: "field" }, h("label", { for: `server-${name}` }, t(`compare.server_${name}`)), input) };
    };
    const name = field("name", "text", { maxlength: 60 }), url = field("url", "url", { placeholder: "https://api.example.com/v1" });
    const key = field("key", "password"), model = field("model", "text");
    const problem = h("p", { class: "error", role: "alert", hidden: true });
    const save = async () => {
      problem.hidden = true;
      const body = { url: url.input.value.trim(), checkpoint: model.input.value.trim() };
      if (key.input.value) body.key = key.input.value.trim();
      try {
        const made = await api("PUT", `/endpoints/${encodeURIComponent(name.input.value.trim() || "?")}`, body);
        this.picked.add(made.name);
        for (const each of [name, url, key, model]) each.input.value = "";
        details.open = false;
        await this.#load();
      } catch (error) {
        problem.textContent = [error.message, error.hint].filter(Boolean).join(" ");
        problem.hidden = false;
      }
    };
    const details = h("details", { class: "cmp-server-form" }, h("summary", {}, t("compare.server_add")),
      h("div", { class: "stack tight" }, h("p", { class: "muted small" }, t("compare.server_help")),
        h("div", { class: "cmp-settings" }, name.row, url.row, key.row, model.row), problem,
        h("div", { class: "row" }, h("button", { class: "button", type: "button", on: { click: save } }, icon("check"), t("compare.server_save")))));
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.closest("input")) return;
      event.preventDefault();
      save();
    });
    details.addEventListener("input", (event) => event.stopPropagation());
    return details;
  }
}
