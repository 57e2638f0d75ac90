// The adapters of this machine, beneath the checkpoints: what each was made for, its weight and words. One is added from
// a file or from the hub, and looked at whole before it is kept; what was added can be removed.
import { api, ask, bytes, h, icon, opened, t, tell, toast } from "./core.js";

let place;

/** @returns {Promise<HTMLElement>} the section; it says so where the list cannot be had */
export async function adapters() {
  place = h("div", { class: "stack" });
  const add = h("button", { class: "button", type: "button", on: { click: ask_for } }, icon("plus"), t("settings.adapter_add"));
  const shown = h("section", { class: "stack", "aria-labelledby": "adapters-title" },
    h("div", { class: "spread" }, h("div", { class: "grow" }, h("h2", { id: "adapters-title" }, t("settings.adapters")), h("p", { class: "lead" }, t("settings.adapters_lead"))), add), place);
  await load();
  return shown;
}

async function load() {
  try {
    const found = await api("GET", "/adapters");
    place.replaceChildren(...(found.adapters.length ? [h("ul", { class: "checkpoints" }, found.adapters.map(card))] : []));
  } catch (error) {
    place.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint));
  }
}

const fact = (key, value) => value && h("div", {}, h("dt", {}, t(`settings.fact_${key}`)), h("dd", {}, value));

function card(one) {
  const remove = h("button", { class: "button quiet", type: "button", "aria-label": t("settings.adapter_remove_label", { name: one.name }), on: { click: () => take_away(one) } }, icon("trash"), t("settings.adapter_remove"));
  return h("li", { class: "panel checkpoint here", dataset: { adapter: one.name } }, h("h3", {}, one.name),
    h("dl", { class: "facts" }, fact("base", one.base), fact("weight", String(one.weight)), fact("words", one.words.join(", ")), fact("licence", one.licence), fact("fingerprint", one.fingerprint.slice(0, 8))),
    one.added ? h("div", { class: "row" }, remove) : h("p", { class: "muted small" }, t("settings.adapter_own")));
}

async function take_away(one) {
  if (!(await ask({ title: t("settings.remove_title", { name: one.name }), text: t("settings.adapter_remove_text"), yes: t("settings.adapter_remove"), danger: true }))) return;
  try {
    const { freed } = await api("DELETE", `/adapters/${encodeURIComponent(one.name)}`);
    toast(t("settings.removed", { size: bytes(freed) }), { kind: "good" });
    await load();
  } catch (error) {
    tell(error);
  }
}

/** The dialog in which one is added; when it is here, the same dialog says what is in it. */
function ask_for() {
  const field = (id, words, attributes, help) => h("div", { class: "field" }, h("label", { for: `adapter-${id}` }, t(`settings.adapter_${words}`)),
    h("input", { id: `adapter-${id}`, autocomplete: "off", ...(help ? { "aria-describedby": `adapter-${id}-help` } : {}), ...attributes }), help && h("p", { class: "help", id: `adapter-${id}-help` }, t(`settings.adapter_${help}`)));
  const refused = h("p", { class: "error", role: "alert", hidden: true });
  const busy = h("p", { class: "muted", role: "status" });
  const add = h("button", { class: "button primary" }, t("settings.adapter_add"));
  const stop = new AbortController();
  const form = h("form", { class: "stack" }, h("h2", { id: "adapter-title" }, t("settings.adapter_add")),
    field("file", "file", { type: "file", accept: ".safetensors", autofocus: true }, "file_help"),
    field("source", "source", { maxlength: 400, placeholder: "owner/repo/file.safetensors" }, "source_help"),
    h("div", { class: "fields" }, field("name", "name", { maxlength: 64 }, "name_help"), field("weight", "weight", { type: "number", min: -4, max: 4, step: "any", value: "1", required: true })),
    field("words", "words", { maxlength: 1000 }, "words_help"),
    h("label", { class: "row" }, h("input", { id: "adapter-replace", type: "checkbox" }), t("settings.adapter_replace")),
    refused, busy, h("div", { class: "row end" }, h("button", { class: "button", type: "button", on: { click: () => box.close() } }, t("common.no")), add));
  const value = (id) => form.querySelector(`#adapter-${id}`);
  const say = (words) => {
    refused.textContent = words;
    refused.hidden = !words;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = value("file").files[0], source = value("source").value.trim();
    if (Boolean(file) === Boolean(source)) return say(t("settings.adapter_one_of"));
    const said = { name: value("name").value.trim(), weight: Number(value("weight").value), words: value("words").value.split(",").map((word) => word.trim()).filter(Boolean), replace: value("replace").checked };
    say("");
    add.disabled = true;
    busy.textContent = t(file ? "settings.adapter_sending" : "settings.adapter_fetching");
    try {
      told(box, await (file ? send(file, said, stop.signal) : api("POST", "/adapters", { source, ...said }, { signal: stop.signal })));
      load();
    } catch (error) {
      if (error.name !== "AbortError") say(`${error.message} ${error.hint || ""}`);
      add.disabled = false;
      busy.textContent = "";
    }
    return undefined;
  });
  const box = opened("adapter-title", form, { closed: () => stop.abort() });
}

function send(file, said, signal) {
  const query = new URLSearchParams([["name", said.name], ["weight", said.weight], ["replace", said.replace], ...said.words.map((word) => ["word", word])]);
  return api("POST", `/adapters/file?${query}`, file, { signal, headers: { "X-Filename": encodeURIComponent(file.name), "Content-Type": "application/octet-stream" } });
}

function told(box, { fresh, adapter, contents }) {
  const kinds = Object.entries(contents.kinds).map(([kind, count]) => `${count} ${kind}`).join(", ");
  const close = h("button", { class: "button primary", type: "button", on: { click: () => box.close() } }, t("common.close"));
  box.replaceChildren(h("div", { class: "stack" }, h("h2", { id: "adapter-title" }, t(fresh ? "settings.adapter_added" : "settings.adapter_known", { name: adapter.name })),
    h("dl", { class: "facts wide" }, fact("base", contents.base), fact("form", contents.form), fact("kinds", kinds), fact("ranks", contents.ranks.join(", ")),
      fact("tensors", t("settings.adapter_tensors", contents)), fact("weight", String(adapter.weight)), fact("words", adapter.words.join(", ")), fact("licence", adapter.licence)),
    !contents.usable && h("p", { class: "notice bad" }, contents.reason, " ", contents.hint), h("div", { class: "row end" }, close)));
  close.focus();
}
