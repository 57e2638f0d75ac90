// All shoots as cards; without any, what a shoot is for.
import { ago, api, h, icon, local, t, tell, toast } from "./core.js";

const place = document.getElementById("shoots");
const AGAIN = 2000; // milliseconds between two looks while something is drawn

async function load() {
  try {
    const [{ shoots }, { characters }] = await Promise.all([api("GET", "/shoots"), api("GET", "/characters")]);
    place.replaceChildren(shoots.length ? h("ul", { class: "shoots" }, shoots.map(card)) : lesson(characters.length > 0));
    if (shoots.some((each) => each.counts.queued + each.counts.running)) setTimeout(() => !document.hidden && load(), AGAIN);
  } catch (error) {
    if (!place.children.length) place.replaceChildren(h("p", { class: "notice bad" }, error.message, " ", error.hint || ""));
    document.addEventListener("server-back", load, { once: true });
  }
  place.removeAttribute("aria-busy");
}

function lesson(anybody) {
  return h("div", { class: "empty" }, icon("grid"), h("h2", {}, t("people.shoots_empty_title")), h("p", {}, t("people.shoots_empty_text")),
    h("div", { class: "actions" }, h("a", { class: "button primary big", href: "/shoots/new" }, icon("plus"), t("people.new_shoot")),
      !anybody && h("a", { class: "button big", href: "/characters" }, t("people.first_character"))));
}

function card(shoot) {
  const pictures = shoot.pictures.slice(0, 6);
  const shape = ["", "one", "two", "", "four"][pictures.length] || "";
  const shown = pictures.length ? pictures.map((url) => h("img", { src: local(url), alt: "", loading: "lazy" })) : Array.from({ length: 6 }, () => h("span"));
  const { queued, running, done, failed } = shoot.counts;
  const frames = shoot.frames === 1 ? t("people.frames_one") : t("people.frames", { n: shoot.frames });
  const state = queued + running ? h("span", { class: "badge accent" }, t("people.running", { done, n: shoot.frames })) : failed > 0 && h("span", { class: "badge bad" }, t("people.failed_some", { n: failed }));
  return h("li", { class: "shoot-card" }, h("div", { class: `shoot-mosaic ${shape}`, "aria-hidden": "true" }, shown),
    h("div", { class: "cast-text" },
      h("div", { class: "stack tight grow" }, h("h2", {}, h("a", { href: `/shoots/${shoot.id}` }, shoot.title)),
        h("p", { class: "muted small" }, [shoot.characters.join(", "), frames, ago(shoot.created)].filter(Boolean).join(" · ")), state),
      h("button", { class: "icon-button", type: "button", "aria-label": `${t("people.trash")}: ${shoot.title}`, title: t("people.trash"), on: { click: () => trash(shoot) } }, icon("trash"))));
}

async function trash(shoot) {
  try {
    await api("DELETE", `/boards/${shoot.id}`);
    await load();
    const back = async () => {
      try {
        await api("PATCH", `/boards/${shoot.id}`, { trashed: false });
        load();
      } catch (error) {
        tell(error);
      }
    };
    toast(t("people.trashed", { name: shoot.title }), { action: { label: t("common.undo"), run: back } });
  } catch (error) {
    tell(error);
  }
}

document.addEventListener("visibilitychange", () => !document.hidden && load());
load();
