// The page of one job: its card large, what was understood, what happened and when, and the receipts of its pictures.
import { ago, api, h, t } from "./core.js";
import { draft } from "./draft.js";
import { OVER } from "./jobs.js";

const at = (id) => document.getElementById(id);
const card = document.querySelector("job-card");
let known = "";

function fact(name, value) {
  return value === null || value === undefined || value === "" ? [] : [h("dt", {}, t(`job.asked_${name}`)), h("dd", {}, value)];
}

function asked(job) {
  const { request } = job;
  const [first] = job.pictures;
  const size = first ? `${first.width} × ${first.height}` : Array.isArray(request.size) ? request.size.join(" × ") : request.size || t("job.asked_default");
  at("asked").replaceChildren(h("dl", { class: "job-facts" },
    fact("prompt", request.prompt), fact("negative", request.negative), fact("size", size),
    fact("samples", String(request.samples)), fact("seed", String(request.seed)), fact("quality", t(`shoot.quality_${request.quality}`)),
    fact("guidance", request.guidance === null ? "" : String(request.guidance)), fact("checkpoint", job.checkpoint),
    fact("surface", job.surface), fact("created", h("time", { datetime: job.created, title: job.created }, ago(job.created))),
    job.parent ? fact("parent", h("a", { href: `/gallery/${job.parent}` }, job.parent.slice(0, 8))) : []));
  const size_ = Array.isArray(request.size) ? request.size.join("x") : "";
  const use = () => draft.set({ prompt: job.prompt_asked || request.prompt, negative: request.negative ?? "", size: size_, samples: request.samples,
    seed: String(request.seed), locked: true, quality: request.quality, checkpoint: job.checkpoint, parent: "", relation: "" });
  at("job-links").replaceChildren(
    h("a", { class: "button", href: "/", on: { click: use } }, t("job.use_again")),
    h("a", { class: "button quiet", href: "/" }, t("job.back")));
}

/** What happened, steps put together into one line a picture. */
function lines(events) {
  const found = [];
  for (const { kind, at: when, data } of events) {
    if (kind === "preview") continue;
    const before = found.at(-1);
    const values = { n: data.position ?? data.attempt ?? (data.picture ?? data.index ?? 0) + 1, ...data };
    if ((kind === "loading" || kind === "step") && before?.kind === kind && before.n === values.n) found.pop();
    const name = kind === "step" ? "steps" : kind;
    found.push({ kind, n: values.n, when, text: t(`job.event_${name}`, { ...values, steps: data.done, stage: data.stage }) });
  }
  return found;
}

async function timeline() {
  const { events } = await api("GET", `/jobs/${card.getAttribute("job")}/events`);
  at("timeline").replaceChildren(...lines(events).map(({ kind, when, text }) => h("li", { dataset: { kind } },
    h("span", {}, text), h("time", { datetime: when }, new Date(when).toLocaleTimeString([], { hourCycle: "h23" })))));
}

async function receipts(job) {
  at("receipts").hidden = !job.pictures.length;
  at("receipt-list").replaceChildren(...await Promise.all(job.pictures.map(async (picture) => {
    const found = await api("GET", `/pictures/${picture.name}/receipt`);
    const lost = [found.prompt?.lost, found.negative?.lost].filter(Boolean).join(" … ");
    return h("details", {}, h("summary", {}, t("job.receipt", { n: picture.index + 1 })),
      lost ? h("p", { class: "error" }, t("job.receipt_lost", { text: lost })) : null,
      h("pre", { class: "job-receipt", tabindex: "0" }, JSON.stringify(found, null, 2)));
  })));
}

async function look(job) {
  const now = `${job.id}${job.state}${job.pictures.length}`;
  if (now === known) return;
  known = now;
  asked(job);
  try {
    await Promise.all([timeline(), OVER.has(job.state) ? receipts(job) : null]);
  } catch {
    known = ""; // the card says what is wrong; the next change asks again
  }
}

card.addEventListener("job-change", (event) => look(event.detail));
customElements.whenDefined("job-card").then(() => card.view && look(card.view));
