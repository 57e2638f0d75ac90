// What is around every page: theme, list of keys, how many jobs wait, and whether the server is there.
import { remember, shortcuts, show_shortcuts, t, toast } from "./core.js";

const root = document.documentElement;
const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark")) === "dark";

/** Change the theme; null follows the system. */
export function set_theme(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  remember("theme", theme);
}

document.getElementById("theme-button").addEventListener("click", () => set_theme(dark() ? "light" : "dark"));
document.getElementById("keys-button").addEventListener("click", show_shortcuts);
const go = (address) => () => location.assign(address);
shortcuts({ "g": go("/gallery"), "n": go("/"), "l": go("/light"), "c": go("/compare") },
  { "n": t("common.nav_shoot"), "l": t("common.nav_light"), "g": t("common.nav_gallery"), "c": t("common.nav_compare") });

const offline = document.getElementById("offline"), status = document.getElementById("queue-status");
const BUSY_SECONDS = 4, IDLE_SECONDS = 12, AWAY_SECONDS = 1; // each look counts as a call of the key
let clock;

async function look() {
  clearTimeout(clock);
  let wait = IDLE_SECONDS;
  try {
    const answer = await fetch("/api/v1/queue", { headers: { Accept: "application/json" } });
    if (answer.ok && show(await answer.json())) wait = BUSY_SECONDS;
    if (!offline.hidden) {
      offline.hidden = true;
      toast(t("common.back"), { kind: "good" });
      document.dispatchEvent(new CustomEvent("server-back"));
    }
  } catch {
    if (document.visibilityState === "visible") {
      offline.textContent = t("common.offline");
      offline.hidden = false;
    }
    wait = AWAY_SECONDS;
  }
  if (document.visibilityState === "visible") clock = setTimeout(look, wait * 1000);
}

function show(queue) {
  const count = (queue.queued ?? 0) + (queue.running ?? 0);
  status.hidden = !count;
  status.querySelector(".number").textContent = count;
  return count;
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
document.addEventListener("unreachable", look);
document.addEventListener("jobs-changed", look);
look();
