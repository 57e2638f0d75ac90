// Looks: dark, light or as the system is; and signing out.
import { h, icon, recall, t } from "./core.js";
import { set_theme } from "./frame.js";

/** @param {HTMLElement} place */
export async function fill(place) {
  const show = () => {
    const now = recall("theme");
    place.replaceChildren(h("div", { class: "panel stack" }, h("h2", {}, t("settings.theme")), h("p", { class: "muted" }, t("settings.theme_help")),
      h("div", { class: "themes", role: "group", "aria-label": t("settings.theme") }, [[null, "system", "machine"], ["dark", "dark", "moon"], ["light", "light", "sun"]].map(([value, name, picture]) =>
        h("button", { class: `theme-choice ${name}`, type: "button", "aria-pressed": String(now === value), on: { click: () => { set_theme(value); show(); place.querySelector(`.theme-choice.${name}`).focus(); } } },
          h("span", { class: "theme-sample", "aria-hidden": "true" }, h("span"), h("span"), h("span")), h("span", { class: "row" }, icon(picture), t(`settings.theme_${name}`)))))),
    document.querySelector('form[action="/sign-out"]') ? h("div", { class: "panel spread" }, h("p", {}, t("settings.signed_in")), h("form", { method: "post", action: "/sign-out" }, h("button", { class: "button" }, icon("external"), t("settings.sign_out")))) : "");
  };
  place.addEventListener("shown", show);
  show();
}
