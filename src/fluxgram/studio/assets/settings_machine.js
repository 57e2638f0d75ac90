// About this machine: what `fluxgram doctor` says. Measured when asked for; the last measurement is shown at once.
import { ago, api, h, icon, live, t } from "./core.js";

const FACTS = { system: "system", processor: "processor", memory: "memory_of", disk: "disk_of", home: "home", devices: "devices", measured: "measured", versions: "versions", settings: "settings" };
let place, version;

/** @param {HTMLElement} box */
export async function fill(box) {
  place = box;
  const machine = await api("GET", "/machine");
  version = machine.version;
  show(machine.examination);
}

function show(found, refused = "") {
  const when = h("p", { class: "muted", role: "status" }, found ? t("settings.machine_measured", { when: ago(found.at) }) : t("settings.machine_never"));
  const button = h("button", { class: `button ${found ? "" : "primary"}`, type: "button" }, icon("machine"), h("span", {}, t(found ? "settings.machine_again" : "settings.machine_examine")));
  button.addEventListener("click", async () => {
    button.disabled = true;
    when.textContent = t("settings.machine_busy");
    try {
      show((await api("POST", "/machine/examine")).examination);
      live(t("settings.machine_measured", { when: t("common.now") }));
      place.querySelector("button")?.focus();
    } catch (error) {
      show(found, `${error.message} ${error.hint || ""}`);
    }
  });
  const row = (good, words) => h("li", { class: good ? "good" : "bad" }, icon(good ? "check" : "warn"), h("span", {}, words));
  const section = (key, ...content) => h("section", { class: "panel stack" }, h("h3", {}, t(`settings.machine_${key}`)), content);
  place.replaceChildren(...[h("h2", { class: "visually-hidden" }, t("settings.machine")), h("p", { class: "lead" }, t("settings.machine_lead")),
    h("div", { class: "spread" }, h("div", { class: "row" }, when, h("span", { class: "badge" }, t("settings.version", { version }))), button),
    refused && h("p", { class: "notice bad", role: "alert" }, refused),
    found && section("outlooks", h("ul", { class: "outlooks" }, found.outlooks.map((each) => row(each.runs, each.sentence)))),
    found && section("remedies", found.remedies.length ? h("ul", { class: "outlooks" }, found.remedies.map((words) => h("li", {}, icon("info"), h("span", {}, words)))) : h("p", { class: "muted" }, t("settings.machine_fine"))),
    found && section("facts", h("dl", { class: "facts wide" }, Object.entries(found.facts).map(([name, value]) => h("div", {}, h("dt", {}, FACTS[name] ? t(`settings.fact_${FACTS[name]}`) : name), h("dd", {}, value)))))].filter(Boolean));
}
