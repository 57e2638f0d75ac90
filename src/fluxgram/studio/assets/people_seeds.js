// "Try four seeds": four small drafts of one anchor, one job; choosing one of them locks its seed.
import { api, h, icon, local, recall, remember, t, tell } from "./core.js";
import { follow } from "./follow.js";
import { OVER, submit } from "./jobs.js";
import { drawn, order, paint } from "./people_faces.js";

const COUNT = 4;

/**
 * The panel.
 * @param {{values: () => object, lock: (seed: string) => Promise<boolean>, locked: () => string, kept_as: string, tried: () => void}} character
 *   `kept_as` is where the last trial is remembered; `tried` hears that one is over.
 * @returns {HTMLElement}
 */
export function seeds({ values, lock, locked, kept_as, tried }) {
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
      remember(kept_as, { job: job.id, first: String(first) });
      watch(job.id, put(first));
    } catch (error) {
      go.disabled = false;
      refused.textContent = `${error.message} ${error.hint || ""}`;
      refused.hidden = false;
    }
  }

  function put(first) {
    const found = Array.from({ length: COUNT }, (_, index) => cell(String(BigInt(first) + BigInt(index))));
    cells.replaceChildren(...found.map((each) => each.box));
    cells.hidden = false;
    return found;
  }

  function watch(job, found) {
    stop();
    go.disabled = true;
    stop = follow(job, {
      on: (event) => hear(event, job, found),
      end: (kind) => {
        over(found, kind);
        tried();
      },
    });
  }

  function over(found, state) {
    go.disabled = false;
    go.lastChild.textContent = t("people.seeds_more");
    if (state !== "done") found.forEach((each) => each.end());
  }

  /** The four that were tried last, where nothing of them was removed: drawn meanwhile, or still being drawn. */
  async function back() {
    const { job, first } = recall(kept_as, null) ?? {};
    if (!job || !/^\d+$/.test(first)) return;
    try {
      const view = await api("GET", `/jobs/${job}`);
      if (!cells.hidden || go.disabled) return; // four others were asked for meanwhile
      const found = put(first);
      view.pictures.forEach((each) => each.thumbnail_url && found[each.index]?.show(local(each.thumbnail_url)));
      if (OVER.has(view.state)) over(found, view.state);
      else watch(job, found);
    } catch (error) {
      if (error.status === 404) remember(kept_as, null);
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
  back();
  return h("section", { class: "panel stack" },
    h("div", { class: "spread" }, h("h2", {}, t("people.seeds_title")), go), h("p", { class: "muted" }, t("people.seeds_text")), refused, cells);
}
