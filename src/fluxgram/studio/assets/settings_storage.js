// What pictures, checkpoints and the database take on disk, and how much is left; emptying the bin.
import { api, ask, bytes, h, icon, t, tell, toast } from "./core.js";

const LOW = 2e9;
let place;

/** @param {HTMLElement} box */
export async function fill(box) {
  place = box;
  await load();
  place.addEventListener("shown", () => load().catch(tell));
}

async function load() {
  const { storage, checkpoints } = await api("GET", "/machine");
  const parts = { pictures: storage.bytes, bin: storage.bin_bytes, checkpoints: checkpoints.reduce((sum, each) => sum + (each.source === "folder" ? 0 : each.bytes), 0), database: storage.database_bytes || 0 };
  const free = storage.free_bytes;
  const said = Object.fromEntries(Object.entries({ ...parts, free: free ?? 0 }).map(([name, size]) => [name, bytes(size)]));
  const kept = [storage.retention_days && t("settings.storage_days", { n: storage.retention_days }), storage.retention_gb && t("settings.storage_gb", { n: storage.retention_gb })].filter(Boolean).join(", ");
  const bar = h("div", { class: "disk", role: "img", "aria-label": t("settings.storage_bar", said) }, Object.entries({ ...parts, free: free ?? 0 }).map(([name, size]) => {
    const part = h("span", { class: `disk-${name}` });
    part.style.flexGrow = String(size);
    return part;
  }));
  const entry = (name, size, more) => h("li", {}, h("span", { class: `dot disk-${name}`, "aria-hidden": "true" }), h("span", { class: "grow" }, t(`settings.storage_${name}`), more && h("span", { class: "muted" }, ` · ${more}`)), h("span", { class: "number" }, size));
  const count = (n) => t("settings.storage_pictures_count", { n: new Intl.NumberFormat(document.documentElement.lang).format(n) });
  const fact = (key, value) => h("div", {}, h("dt", {}, t(`settings.storage_${key}`)), h("dd", { class: key === "retention" ? "small" : "mono small" }, value));
  place.replaceChildren(h("h2", { class: "visually-hidden" }, t("settings.storage")),
    ...(free !== null && free < LOW ? [h("p", { class: "notice warn" }, t("settings.storage_low"))] : []),
    h("div", { class: "panel stack" }, bar,
      h("ul", { class: "disk-list" }, entry("pictures", said.pictures, count(storage.pictures)), entry("bin", said.bin, count(storage.bin_pictures)), entry("checkpoints", said.checkpoints), entry("database", storage.database_bytes === null ? "?" : said.database), entry("free", free === null ? t("settings.storage_free_none") : said.free)),
      storage.bin_pictures > 0 && h("div", { class: "row end" }, h("button", { class: "button danger", type: "button", on: { click: () => empty(storage) } }, icon("trash"), t("settings.storage_bin_empty")))),
    h("dl", { class: "facts wide panel" }, fact("place", storage.place), fact("database", storage.database), fact("home", storage.home), fact("retention", kept || t("settings.storage_for_ever"))));
}

async function empty(storage) {
  const text = t("settings.storage_bin_text", { n: storage.bin_pictures, size: bytes(storage.bin_bytes) });
  if (!(await ask({ title: t("settings.storage_bin_title"), text, yes: t("settings.storage_bin_empty"), danger: true }))) return;
  try {
    await api("DELETE", "/bin");
    toast(t("settings.storage_bin_done"), { kind: "good" });
    await load();
  } catch (error) {
    tell(error);
  }
}
