// Keys: who may use this server from elsewhere. A new one is shown this once.
import { ago, api, ask, h, icon, opened, t, tell, toast } from "./core.js";

const SCOPES = ["draw", "read", "admin"];
const LIMITS = [["rate", "key_rate", 0], ["most_pictures", "key_pictures", 0], ["most_queued", "key_queued", 0], ["weight", "key_weight", 1]];
let place, list;

/** @param {HTMLElement} box */
export async function fill(box) {
  place = box;
  list = h("div", { class: "stack" });
  place.replaceChildren(h("div", { class: "spread" }, h("p", { class: "lead grow" }, t("settings.keys_lead")),
    h("button", { class: "button primary", type: "button", on: { click: make } }, icon("plus"), t("settings.key_new"))), list);
  await load();
}

async function load() {
  const { keys } = await api("GET", "/keys");
  const good = keys.filter((key) => !key.revoked), revoked = keys.filter((key) => key.revoked);
  list.replaceChildren(...[
    good.length ? h("ul", { class: "stack key-list" }, good.map(row)) : h("div", { class: "empty" }, icon("key"), h("h2", {}, t("settings.keys_none_title")), h("p", {}, t("settings.keys_none")),
      h("div", { class: "actions" }, h("button", { class: "button", type: "button", on: { click: make } }, icon("plus"), t("settings.key_new")))),
    revoked.length > 0 && h("details", {}, h("summary", {}, t("settings.show_revoked", { n: revoked.length })), h("ul", { class: "stack key-list" }, revoked.map(row))),
  ].filter(Boolean));
}

function limits(key) {
  const found = [key.rate && t("settings.key_limit_rate", { n: key.rate }), key.most_pictures && t("settings.key_limit_pictures", { n: key.most_pictures }), key.most_queued && t("settings.key_limit_queued", { n: key.most_queued })].filter(Boolean);
  return found.join(" · ") || t("settings.key_limit_none");
}

function row(key) {
  const used = key.revoked ? t("settings.key_revoked", { when: ago(key.revoked) }) : key.used ? t("settings.key_used", { when: ago(key.used) }) : t("settings.key_never");
  return h("li", { class: `panel key ${key.revoked ? "revoked" : ""}` }, icon("key"),
    h("div", { class: "grow stack tight" }, h("div", { class: "row" }, h("h3", {}, key.name), key.scopes.map((scope) => h("span", { class: `badge ${scope === "admin" ? "warn" : ""}` }, t(`settings.scope_${scope}`)))),
      h("p", { class: "muted small" }, h("span", { class: "mono" }, `${key.shown}…`), ` · ${limits(key)} · ${t("settings.key_made", { when: ago(key.created) })} · ${used}`)),
    !key.revoked && h("button", { class: "button", type: "button", "aria-label": t("settings.key_revoke_label", { name: key.name }), on: { click: () => revoke(key) } }, t("settings.key_revoke")));
}

async function revoke(key) {
  if (!(await ask({ title: t("settings.key_revoke_title", { name: key.name }), text: t("settings.key_revoke_text"), yes: t("settings.key_revoke"), danger: true }))) return;
  try {
    await api("DELETE", `/keys/${encodeURIComponent(key.id)}`);
    toast(t("settings.key_gone", { name: key.name }), { kind: "good" });
    await load();
  } catch (error) {
    tell(error);
  }
}

/** The dialog for a new key; when it is made, the same dialog shows it, and does not close by a slip. */
function make() {
  const name = h("input", { id: "key-name", required: true, maxlength: 60, autocomplete: "off", autofocus: true, "aria-describedby": "key-name-help" });
  const scopes = SCOPES.map((scope) => h("label", { class: "row" }, h("input", { type: "checkbox", name: "scope", value: scope, checked: scope !== "admin" }), h("span", {}, h("strong", {}, t(`settings.scope_${scope}`)), " ", h("span", { class: "muted" }, t(`settings.scope_${scope}_help`)))));
  const numbers = LIMITS.map(([field, words, value]) => h("div", { class: "field" }, h("label", { for: `key-${field}` }, t(`settings.${words}`)),
    h("input", { id: `key-${field}`, name: field, type: "number", min: 0, step: field === "weight" ? "any" : 1, value: String(value), required: true })));
  const refused = h("p", { class: "error", role: "alert", hidden: true });
  const create = h("button", { class: "button primary" }, t("settings.key_create"));
  const form = h("form", { class: "stack" }, h("h2", { id: "key-title" }, t("settings.key_new")),
    h("div", { class: "field" }, h("label", { for: "key-name" }, t("settings.key_name")), name, h("p", { class: "help", id: "key-name-help" }, t("settings.key_name_help"))),
    h("fieldset", { class: "stack tight" }, h("legend", { class: "label" }, t("settings.key_scopes")), scopes),
    h("fieldset", { class: "stack tight" }, h("legend", { class: "label" }, t("settings.key_limits")), h("div", { class: "fields" }, numbers), h("p", { class: "muted small" }, t("settings.key_zero"), " ", t("settings.key_weight_help"))),
    refused, h("div", { class: "row end" }, h("button", { class: "button", type: "button", on: { click: () => box.close() } }, t("common.no")), create));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    create.disabled = true;
    const said = new FormData(form);
    const body = { name: name.value.trim(), scopes: said.getAll("scope"), ...Object.fromEntries(LIMITS.map(([field]) => [field, Number(said.get(field))])) };
    try {
      once(box, await api("POST", "/keys", body));
      load().catch(tell);
    } catch (error) {
      refused.textContent = `${error.message} ${error.hint || ""}`;
      refused.hidden = false;
      create.disabled = false;
    }
  });
  const box = opened("key-title", form);
}

function once(box, key) {
  const secret = (id, label, value) => {
    const input = h("input", { id, class: "mono", readonly: true, value, on: { focus: (event) => event.target.select() } });
    const button = h("button", { class: "button", type: "button", "aria-label": `${t("settings.copy")}: ${label}` }, icon("copy"), h("span", {}, t("settings.copy")));
    button.addEventListener("click", () => copy(input, button.lastChild));
    return h("div", { class: "field" }, h("label", { for: id }, label), h("div", { class: "row nowrap" }, input, button));
  };
  const done = h("button", { class: "button primary", type: "button", on: { click: () => box.close() } }, t("settings.key_stored"));
  box.addEventListener("cancel", (event) => event.preventDefault());
  box.replaceChildren(h("div", { class: "stack" }, h("h2", { id: "key-title" }, t("settings.key_once_title", { name: key.name })), h("p", { class: "notice warn" }, t("settings.key_once")),
    secret("key-token", t("settings.key_token"), key.token), secret("key-webhook", t("settings.key_webhook"), key.webhook_secret), h("div", { class: "row end" }, done)));
  box.querySelector("#key-token").focus();
}

/** Pages on plain HTTP from another machine have no clipboard; there the text is selected for the user to copy. */
async function copy(input, words) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    words.textContent = t("settings.copied");
  } catch {
    toast(t("settings.copy_failed"));
  }
}
