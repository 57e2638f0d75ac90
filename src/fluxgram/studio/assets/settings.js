// Settings: six panels behind tabs, each with a module of its own that is loaded when it is first looked at. The address
// names the tab (`/settings#keys`), so it can be linked to and survives a reload.
import { h, icon, page, t } from "./core.js";

const NAMES = ["checkpoints", "keys", "usage", "storage", "machine", "looks"];
const MODULES = {
  checkpoints: () => import("./settings_checkpoints.js"), keys: () => import("./settings_keys.js"), usage: () => import("./settings_usage.js"),
  storage: () => import("./settings_storage.js"), machine: () => import("./settings_machine.js"), looks: () => import("./settings_looks.js"),
};
const OPEN_TO_ALL = new Set(["usage", "looks"]);
const tabs = NAMES.map((name) => document.getElementById(`tab-${name}`));
const panel = (name) => document.getElementById(`${name}-panel`);
const begun = new Set();

/** Fill a panel; where that fails it says why, and offers to try again. */
async function fill(name) {
  const place = panel(name);
  if (!page().admin && !OPEN_TO_ALL.has(name)) return place.replaceChildren(h("p", { class: "notice" }, t("settings.admin_only")));
  if (!place.children.length) place.replaceChildren(h("p", { class: "muted" }, t("settings.loading")));
  place.setAttribute("aria-busy", "true");
  try {
    await (await MODULES[name]()).fill(place);
    begun.add(name);
  } catch (error) {
    if (error.status === undefined) console.error(error);
    place.replaceChildren(h("div", { class: "notice bad spread" }, h("p", { class: "grow" }, error.message, " ", error.hint || ""),
      h("button", { class: "button", type: "button", on: { click: () => fill(name) } }, icon("retry"), t("settings.try_again"))));
    if (error.status === 0) document.addEventListener("server-back", () => fill(name), { once: true });
  }
  place.removeAttribute("aria-busy");
}

function show(name, { focus = false } = {}) {
  for (const [index, tab] of tabs.entries()) {
    const chosen = NAMES[index] === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    panel(NAMES[index]).hidden = !chosen;
    if (chosen && focus) tab.focus();
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  if (!begun.has(name)) fill(name);
  else panel(name).dispatchEvent(new CustomEvent("shown"));
}

const named = () => (NAMES.includes(location.hash.slice(1)) ? location.hash.slice(1) : NAMES[0]);
tabs.forEach((tab, index) => tab.addEventListener("click", () => {
  history.replaceState(null, "", `#${NAMES[index]}`);
  show(NAMES[index]);
}));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const now = tabs.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowRight: now + 1, ArrowUp: now - 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined || now < 0) return;
  event.preventDefault();
  const name = NAMES[(next + NAMES.length) % NAMES.length];
  history.replaceState(null, "", `#${name}`);
  show(name, { focus: true });
});
addEventListener("hashchange", () => show(named()));
show(named());
