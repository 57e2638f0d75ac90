// What a shoot will draw, before anything is: every frame with its words and seed, what the linter says, and the button.
import { h, icon, live, t } from "./core.js";

/**
 * @param {() => void} go - Hands the shoot in.
 * @returns {{box: HTMLElement, show: Function, busy: Function, empty: Function, refused: Function, going: Function}}
 */
export function plan_of(go) {
  const count = h("span", { class: "badge", hidden: true });
  const list = h("ol", { class: "plan-list", tabindex: "0", "aria-label": t("people.plan") });
  const trouble = h("div", { class: "notice bad", role: "alert", hidden: true });
  const button = h("button", { class: "button primary big", type: "button", disabled: true, on: { click: go } }, icon("camera"), h("span", {}, t("people.go", { n: 0 })));
  const state = h("p", { class: "muted" }, t("people.plan_empty"));
  let frames = 0, handing_in = false;
  const ready = () => (button.disabled = handing_in || !frames || !trouble.hidden || list.classList.contains("old"));

  function frame(each, findings) {
    return h("li", {}, h("h3", {}, each.caption.split(" · ")[0], h("span", {}, [...each.caption.split(" · ").slice(1), each.size].filter(Boolean).join(" · "))),
      h("p", {}, each.prompt),
      findings.map((finding) => h("p", { class: "said" }, icon("warn"), finding.message)));
  }

  return {
    box: h("section", { class: "panel plan", "aria-labelledby": "plan-title" }, h("div", { class: "spread" }, h("h2", { id: "plan-title" }, t("people.plan")), count),
      trouble, state, list, h("div", { class: "plan-go" }, button)),
    show(made) {
      frames = made.frames.length;
      trouble.hidden = true;
      state.hidden = true;
      list.classList.remove("old");
      const said = new Set();
      list.replaceChildren(...made.frames.map((each) => {
        const findings = said.has(each.scene) ? [] : made.findings.filter((finding) => finding.where === each.scene);
        said.add(each.scene);
        return frame(each, findings);
      }));
      count.hidden = false;
      count.textContent = frames === 1 ? t("people.frames_one") : t("people.frames", { n: frames });
      button.lastChild.textContent = frames === 1 ? t("people.go_one") : t("people.go", { n: frames });
      ready();
    },
    busy() {
      list.classList.add("old");
      ready();
    },
    empty(key) {
      frames = 0;
      list.replaceChildren();
      trouble.hidden = true;
      Object.assign(state, { hidden: false, textContent: t(key) });
      button.lastChild.textContent = t("people.go", { n: 0 });
      count.hidden = true;
      ready();
    },
    refused(error) {
      trouble.replaceChildren(h("p", {}, error.message), ...(error.hint ? [h("p", { class: "small" }, error.hint)] : []));
      trouble.hidden = false;
      ready();
    },
    going(on) {
      handing_in = on;
      if (on) live(t("people.going"));
      ready();
    },
  };
}
