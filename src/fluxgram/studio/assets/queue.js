// What waits: the jobs that are not over, in the order in which they will be drawn, moved by dragging or by the arrow
// keys; and the jobs of lately, as small pictures.
import { api, duration, h, icon, live, local, pressed, t, tell, toast } from "./core.js";
import { OVER } from "./jobs.js";

const SOON = 1500, SELDOM = 5000, LATELY = 12;

/**
 * Keep the queue and the jobs of lately up to date.
 * @param {{queue: HTMLElement, recent: HTMLElement, shown: () => string, jobs: function, past: function, pick: function}} page
 *   `shown` gives the id of the job on the stage; `jobs` hears of all unfinished ones, `past` of
 *   those of lately; `pick` puts one on the stage.
 * @returns {{look: function}} `look` asks at once.
 */
export function watchQueue({ queue, recent, shown, jobs, past, pick }) {
  const list = queue.querySelector("ol");
  const lately = recent.querySelector("ul");
  let timer = 0, turn = 0, unfinished = [], waiting = [], busy = false, late = false, known = "";

  async function look() {
    clearTimeout(timer);
    const mine = ++turn;
    try {
      const found = (await api("GET", "/jobs?state=queued&state=running&limit=100")).jobs;
      const ended = unfinished.some((job) => !found.some((each) => each.id === job.id));
      if (mine !== turn) return;
      late = busy || pressed(); // what is dragged or pressed must not be replaced
      if (late) return;
      unfinished = found;
      jobs(found);
      show();
      if (ended || !known) await lookBack();
    } catch { /* frame.js says that the server is away; this asks again */ }
    if (mine === turn && !document.hidden) timer = setTimeout(look, unfinished.length ? SOON : SELDOM);
  }

  async function lookBack(anew = false) {
    const { jobs: found } = await api("GET", `/jobs?state=done&state=failed&state=cancelled&limit=${LATELY}`);
    const now = found.map((job) => job.id + job.state).join();
    if (now === known && !anew) return;
    known = now || "none";
    past(found);
    recent.hidden = !found.length;
    lately.replaceChildren(...found.map((job) => h("li", {}, small(job, pick))));
  }

  function show() {
    const rest = unfinished.filter((job) => String(job.id) !== shown());
    waiting = rest.filter((job) => job.state === "queued").sort((one, two) => one.position - two.position || one.id - two.id);
    const drawn = rest.filter((job) => job.state === "running");
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const keep = focused && { job: focused.closest("li").dataset.job, does: focused.dataset.does };
    queue.hidden = !rest.length;
    list.replaceChildren(...[...drawn, ...waiting].map((job) => row(job)));
    if (keep) list.querySelector(`[data-job="${keep.job}"] [data-does="${keep.does}"]`)?.focus();
  }

  function row(job) {
    const prompt = job.label || job.prompt_asked;
    const short = prompt.length > 60 ? `${prompt.slice(0, 60)}…` : prompt;
    const place = waiting.indexOf(job);
    const handle = h("button", { type: "button", class: "icon-button queue-handle", "aria-label": t("shoot.queue_move", { prompt: short }), title: t("shoot.queue_move", { prompt: short }),
      dataset: { does: "move" }, on: { keydown: (event) => keyed(event, job) } }, icon("drag"));
    const item = h("li", { class: "queue-row", dataset: { job: String(job.id), state: job.state }, draggable: place >= 0 ? "true" : null },
      place >= 0 ? handle : h("span", { class: "queue-spin", "aria-hidden": "true" }),
      h("button", { type: "button", class: "queue-name", dataset: { does: "show" }, on: { click: () => pick(job) } }, prompt),
      h("span", { class: "muted small" }, said(job)),
      h("button", { type: "button", class: "icon-button", dataset: { does: "cancel" }, "aria-label": t("shoot.queue_cancel", { prompt: short }), title: t("shoot.queue_cancel", { prompt: short }),
        on: { click: () => cancel(job) } }, icon("close")));
    if (place >= 0) dragged(item, job);
    return item;
  }

  function said(job) {
    const many = job.request.samples > 1 ? t("shoot.queue_many", { n: job.request.samples }) : "";
    const when = job.state === "running" ? t("shoot.queue_drawing") : job.eta ? t("shoot.queue_about", { time: duration(job.eta) }) : "";
    return [many, when].filter(Boolean).join(" · ");
  }

  function keyed(event, job) {
    const at = waiting.findIndex((each) => each.id === job.id);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: waiting.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to < waiting.length && to !== at) move(job, to);
  }

  function dragged(item, job) {
    item.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData("text/x-fluxgram-job", String(job.id));
      event.dataTransfer.effectAllowed = "move";
      item.classList.add("is-dragged");
      busy = true;
    });
    item.addEventListener("dragend", () => {
      item.classList.remove("is-dragged");
      busy = false;
      look();
    });
    item.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("text/x-fluxgram-job")) return;
      event.preventDefault();
      const box = item.getBoundingClientRect();
      item.dataset.drop = event.clientY < box.top + box.height / 2 ? "before" : "after";
    });
    item.addEventListener("dragleave", () => delete item.dataset.drop);
    item.addEventListener("drop", (event) => {
      event.preventDefault();
      const id = Number(event.dataTransfer.getData("text/x-fluxgram-job"));
      const from = waiting.findIndex((each) => each.id === id);
      let to = waiting.findIndex((each) => each.id === job.id) + (item.dataset.drop === "after" ? 1 : 0);
      delete item.dataset.drop;
      if (from < 0) return;
      if (from < to) to -= 1;
      busy = false;
      if (from !== to) move(waiting[from], to);
    });
  }

  /** Put a waiting job at a place among those that wait: here at once, and then there. */
  async function move(job, to) {
    const order = waiting.filter((each) => each.id !== job.id);
    const before = order[to]?.id ?? null;
    order.splice(to, 0, job);
    order.forEach((each, place) => { each.position = place + 0.5; });
    turn++;
    show();
    live(t("shoot.queue_moved", { n: to + 1, all: order.length }));
    try {
      await api("POST", `/jobs/${job.id}/move`, { before });
    } catch (error) {
      tell(error);
    }
    look();
  }

  async function cancel(job) {
    try {
      const now = await api("POST", `/jobs/${job.id}/cancel`);
      if (OVER.has(now.state)) {
        toast(t("shoot.queue_cancelled"), { action: { label: t("shoot.queue_again"), run: () => again(job) } });
      }
    } catch (error) {
      tell(error);
    }
    look();
  }

  async function again(job) {
    try {
      await api("POST", `/jobs/${job.id}/retry`);
    } catch (error) {
      tell(error);
    }
    look();
  }

  document.addEventListener("released", () => { if (late) look(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  document.addEventListener("server-back", look);
  look();
  return { look, lookBack };
}

/** A job that is over, as one small picture. */
function small(job, pick) {
  const [first] = job.pictures.filter((picture) => picture.thumbnail_url);
  const face = first
    ? h("img", { src: local(first.thumbnail_url), width: first.width, height: first.height, alt: "", loading: "lazy", decoding: "async" })
    : h("span", { class: "recent-none" }, icon(job.state === "failed" ? "warn" : "stop"), t(`jobs.${job.state}`));
  return h("button", { type: "button", class: "recent-job", dataset: { job: String(job.id), state: job.state }, title: job.prompt_asked,
    "aria-label": t("shoot.recent_show", { prompt: job.prompt_asked.slice(0, 100) }), on: { click: () => pick(job) } },
  face, job.pictures.length > 1 ? h("span", { class: "badge recent-many" }, String(job.pictures.length)) : null);
}
