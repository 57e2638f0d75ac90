// "Try four seeds": four small drafts of one anchor, one job; choosing one of them locks its seed.
import { api, h, icon, local, t, tell } from "./core.js";
import { follow } from "./follow.js";
import { submit } from "./jobs.js";
import { drawn, order, paint } from "./people_faces.js";

const COUNT = 4;

/**
 * The panel.
 * @param {{values: () => object, lock: (seed: string) => Promise<boolean>, locked: () => string}} character
 * @returns {HTMLElement}
 */
export function seeds({ values, lock, locked }) {
  const cells = h("div", { class: "seed-cells", hidden: true });
  const refused = h("p", { class: "error", role: "alert", hidden: true });
  const go = h("button", { class: "button", type: "button" }, icon("dice"), h("span", {}, t("people.seeds_go")));
  let stop = () => {};

  async function begin() {
    go.disabled = true;
    refused.hidden = true;
    try {
      const first = drawn();
      const one = values();
      const job = await submit(await order(one, { seed: first, samples: COUNT, quality: "draft", preview_every: 2, label: `${one.name.slice(0, 60)}: ${t("people.seeds_title")}` }));
      stop();
      const found = Array.from({ length: COUNT }, (_, index) => cell(String(BigInt(first) + BigInt(index))));
      cells.replaceChildren(...found.map((each) => each.box));
      cells.hidden = false;
      stop = follow(job.id, {
        on: (event) => hear(event, job.id, found),
        end: (kind) => {
          go.disabled = false;
          go.lastChild.textContent = t("people.seeds_more");
          if (kind !== "done") found.forEach((each) => each.end());
        },
      });
    } catch (error) {
      go.disabled = false;
      refused.textContent = `${error.message} ${error.hint || ""}`;
      refused.hidden = false;
    }
  }

  async function hear(event, job, found) {
    if (event.kind === "preview") found[event.picture]?.preview(event.image);
    if (event.kind === "step") found[event.picture]?.progress(event.done / event.steps);
    if (event.kind === "failed") {
      refused.textContent = `${event.message} ${event.hint || ""}`;
      refused.hidden = false;
    }
    if (event.kind !== "picture") return;
    try {
      const { pictures } = await api("GET", `/jobs/${job}/pictures`);
      pictures.forEach((each) => found[each.index]?.show(local(each.thumbnail_url)));
    } catch (error) {
      tell(error);
    }
  }

  function cell(seed) {
    const meter = h("progress", { max: 1, value: 0, "aria-label": t("people.seeds_busy") });
    const canvas = h("canvas", { hidden: true, "aria-hidden": "true" });
    const frame = h("div", { class: "seed-frame" }, canvas, meter);
    const choose = h("button", { class: "button", type: "button", disabled: true }, icon("lock"), t("people.seeds_lock", { seed }));
    choose.addEventListener("click", async () => {
      choose.disabled = true;
      await lock(seed);
      cells.querySelectorAll(".seed-cell").forEach((each) => each.mark());
    });
    const box = h("div", { class: "seed-cell" }, frame, choose);
    box.mark = () => {
      const now = locked() === seed;
      box.classList.toggle("locked", now);
      choose.disabled = now || !frame.querySelector("img");
      choose.replaceChildren(icon("lock"), now ? t("people.seeds_current") : t("people.seeds_lock", { seed }));
    };
    return {
      box,
      progress: (share) => (meter.value = share),
      preview: (image) => paint(canvas, image),
      end: () => meter.remove(),
      show: (url) => {
        if (frame.querySelector("img")) return;
        frame.replaceChildren(h("img", { src: url, alt: t("people.seed_is", { seed }) }));
        box.mark();
      },
    };
  }

  go.addEventListener("click", begin);
  return h("section", { class: "panel stack" },
    h("div", { class: "spread" }, h("h2", {}, t("people.seeds_title")), go), h("p", { class: "muted" }, t("people.seeds_text")), refused, cells);
}
