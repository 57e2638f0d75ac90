// Jobs in the browser: handing one in so that a lost answer cannot draw twice, and <job-card>, which shows a job as it
// is drawn and what came of it. Texts: section `jobs`; looks: jobs.css, which this module links by itself.
import { api, ask, duration, h, icon, live, recall, remember, styled, t, tell, unique } from "./core.js";
import { follow } from "./follow.js";
import { doings, frames, keeping, seedOf } from "./frames.js";

/** States in which nothing more happens by itself. */
export const OVER = new Set(["done", "failed", "cancelled"]);

/**
 * Hand in a job. While its answer is not known (the network or the server went away), the same fields go out with the
 * same key, also after a reload: the server then answers with the job that it has, instead of drawing another.
 * @param {object} fields - Of POST /jobs.
 * @returns {Promise<object>} The job.
 */
export async function submit(fields) {
  const body = JSON.stringify(fields);
  const open = recall("jobs-unanswered", null);
  const key = open?.body === body ? open.key : unique();
  remember("jobs-unanswered", { body, key });
  try {
    const job = await api("POST", "/jobs", fields, { headers: { "Idempotency-Key": key } });
    remember("jobs-unanswered", null);
    return job;
  } catch (error) {
    if (error.status >= 400 && error.status < 500) remember("jobs-unanswered", null); // it was read and refused
    throw error;
  }
}

const AGAIN = 1500; // milliseconds after which a server that did not answer is asked again

/**
 * <job-card job="ID">: a job, followed until it is over; `large` shows it as the page's main thing. Set `view` to what
 * the server said of it, where that is known already. Tells `job-change` and `job-over` (detail: the job).
 */
class JobCard extends HTMLElement {
  static observedAttributes = ["job"];
  #view = null;
  #after = 0;
  #close = null;
  #timer = 0;
  #frames = null;
  #line = null;
  #step = { picture: 0, done: 0, steps: 0 };
  #began = 0;
  #due = 0;
  #phase = "";
  #stopping = false;
  #light = null; // the button, or what came of it, and whose picture's it is

  get view() {
    return this.#view;
  }

  set view(view) {
    if (!this.#accept(view)) return;
    this.setAttribute("job", String(view.id));
    if (this.isConnected) this.#watch();
  }

  connectedCallback() {
    styled("jobs.css");
    if (this.#view) this.#watch();
    else this.#look();
  }

  disconnectedCallback() {
    this.#rest();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || (this.#view && String(this.#view.id) === now)) return;
    this.#rest();
    this.#view = null;
    this.#after = 0;
    if (this.isConnected && now) this.#look();
  }

  /** Let go of whatever is held for being told. */
  #rest() {
    this.#close?.();
    this.#close = null;
    clearTimeout(this.#timer);
  }

  /** Ask how the job stands, show it, and be told from here on. */
  async #look() {
    const id = this.getAttribute("job");
    if (!id) return;
    try {
      const view = await api("GET", `/jobs/${id}`);
      if (id !== this.getAttribute("job") || !this.isConnected) return;
      this.#take(view);
    } catch (error) {
      if (error.status === 404) return this.#missing(error);
      this.#lost();
      if (this.isConnected) this.#timer = setTimeout(() => this.#look(), AGAIN);
      return;
    }
    this.#watch();
  }

  /** Show how it stands now; false for an answer that was overtaken: what is over begins again only with another attempt. */
  #accept(view) {
    const known = this.#view;
    if (known?.id === view.id && OVER.has(known.state) && !OVER.has(view.state) && view.attempt === known.attempt) return false;
    this.#view = view;
    this.#show();
    return true;
  }

  #take(view) {
    const before = this.#view?.state;
    if (!this.#accept(view)) return;
    this.dispatchEvent(new CustomEvent("job-change", { bubbles: true, detail: view }));
    if (OVER.has(view.state) && before && !OVER.has(before)) {
      live(t(`jobs.now_${view.state}`));
      this.dispatchEvent(new CustomEvent("job-over", { bubbles: true, detail: view }));
    }
  }

  /** Be told what happens from here on. */
  #watch() {
    if (!this.#view || OVER.has(this.#view.state)) return this.#rest();
    this.#close ??= follow(this.#view.id, {
      on: (event) => this.#heard(event),
      end: () => { this.#rest(); this.#look(); },
      lost: () => this.#lost(),
      back: () => { this.#words(); this.#look(); },
    }, this.#after);
  }

  #heard({ id, kind, ...data }) {
    this.#after = Math.max(this.#after, id || 0);
    if (kind === "queued") {
      Object.assign(this.#view, { state: "queued", position: data.position, eta: data.eta });
      this.#dueIn(data.eta);
    } else if (kind === "started" || kind === "loading") {
      if (kind === "started") this.#began = 0;
      this.#become(this.#step.done && kind === "loading" ? this.#phase : "loading");
    } else if (kind === "step") {
      this.#stepped(data);
    } else if (kind === "preview") {
      this.#frames?.preview(data.picture, data.image);
    } else if (kind === "picture") {
      this.#look();
    } else if (kind === "requeued") {
      this.#step = { picture: 0, done: 0, steps: 0 };
      this.#become("queued");
      if (this.#line) this.#line.textContent = t("jobs.requeued");
      return;
    }
    this.#words();
  }

  #become(phase) {
    if (this.#phase === phase) return;
    this.#view.state = phase === "queued" ? "queued" : "running";
    this.#phase = phase;
    this.#show();
  }

  #stepped(data) {
    if (!this.#began) this.#began = performance.now() - 1;
    this.#step = data;
    this.#become("drawing");
    const all = data.steps * this.#view.request.samples;
    const done = data.picture * data.steps + data.done;
    const passed = (performance.now() - this.#began) / 1000;
    if (done > 2 && passed > 1) this.#dueIn((passed / done) * (all - done));
    this.#frames?.step(data.picture, data.done / data.steps);
  }

  #dueIn(seconds) {
    this.#due = seconds === null || seconds === undefined ? 0 : performance.now() + seconds * 1000;
  }

  #lost() {
    if (this.#line) this.#line.textContent = t("jobs.lost");
  }

  #missing(error) {
    this.#rest();
    this.replaceChildren(h("p", { class: "job-problem", role: "alert" }, error.message));
  }

  /** The one line that says how it stands. */
  #words() {
    if (!this.#line || !this.#view) return;
    const { state, position } = this.#view;
    const left = this.#due ? Math.max(1, Math.round((this.#due - performance.now()) / 1000)) : 0;
    const about = left ? t("jobs.left", { time: duration(left) }) : "";
    let said = "";
    if (this.#stopping && !OVER.has(state)) said = t("jobs.stopping");
    else if (state === "queued") said = position ? t(position === 1 ? "jobs.waits_one" : "jobs.waits", { n: position }) : t("jobs.waits_first");
    else if (this.#phase === "drawing") said = t(this.#view.request.samples > 1 ? "jobs.step_of" : "jobs.step", { ...this.#step, n: this.#step.picture + 1, all: this.#view.request.samples });
    else if (state === "running") said = t("jobs.loading");
    else if (state === "done") said = t("jobs.took", { time: duration(Math.max(this.#view.seconds, 0.1)) });
    this.#line.textContent = [said, OVER.has(state) ? "" : about].filter(Boolean).join(" · ");
  }

  /** Draw the card anew; steps and previews change it in place. */
  #show() {
    const view = this.#view;
    if (view.state !== "running") this.#phase = view.state;
    else if (!["loading", "drawing"].includes(this.#phase)) this.#phase = "loading";
    if (view.eta !== null && !this.#began) this.#dueIn(view.eta);
    this.dataset.state = this.#phase;
    const focused = this.contains(document.activeElement) ? document.activeElement.dataset.does : "";
    if (!this.#frames || this.#frames.job !== view.id) this.#frames = frames(view, { large: this.hasAttribute("large") });
    this.#frames.update(view, this.#phase);
    this.#line = h("span", { class: "job-line" });
    this.replaceChildren(
      this.#frames.element,
      h("div", { class: "job-foot" },
        h("div", { class: "job-state" }, h("span", { class: `badge job-${this.#phase}` }, t(`jobs.${this.#phase}`)), this.#line),
        h("div", { class: "job-actions" }, ...this.#actions())),
      ...this.#next(), ...this.#problem(), this.#said(), ...this.#changed());
    this.#words();
    if (focused) (this.querySelector(`[data-does="${focused}"]`) ?? this.querySelector("button, a"))?.focus();
  }

  #actions() {
    const { id, state } = this.#view;
    const button = (name, does, run, look = "quiet") => h("button",
      { type: "button", class: `button ${look}`, dataset: { does: name }, on: { click: run } }, icon(does), t(`jobs.${name}`));
    const actions = [];
    if (!OVER.has(state)) actions.push(button("cancel", "stop", () => this.#cancel()));
    if (state === "failed" || state === "cancelled") actions.push(button("retry", "retry", () => this.#retry(), ""));
    const one = this.#one();
    if (one) actions.push(seedOf(one), ...keeping(one));
    if (!location.pathname.endsWith(`/jobs/${id}`)) actions.push(h("a", { class: "button quiet", href: `/jobs/${id}`, dataset: { does: "open" } }, t("jobs.open")));
    return actions;
  }

  /** The one picture that came out, where it is shown large; of several each has what one does with it on itself. */
  #one() {
    const { pictures, request } = this.#view;
    return this.hasAttribute("large") && request.samples === 1 && pictures[0]?.url ? pictures[0] : null;
  }

  #next() {
    const one = this.#one();
    if (!one) return [];
    const next = h("div", { class: "job-next" }, ...doings(this.#view, one, true));
    if (location.pathname !== "/light" && t("light.overlay") !== "light.overlay") { // where the page has the words for it
      if (this.#light?.picture !== one.name) this.#light = { picture: one.name, element: this.#lamps() };
      next.append(this.#light.element);
    }
    return [next];
  }

  /** A button that draws the light that the words ask for over the picture, and gives way to its legend. */
  #lamps() {
    const place = h("div", { class: "job-lamps" }), { prompt } = this.#view.request;
    const frame = this.#frames.element.querySelector(".job-frame");
    const draw = async () => {
      button.disabled = true;
      try {
        const { lightOver } = await import("./job_light.js");
        place.replaceChildren(await lightOver(frame, prompt));
      } catch (error) {
        button.disabled = false;
        tell(error);
      }
    };
    const button = h("button", { type: "button", class: "button quiet", on: { click: draw } }, icon("eye"), t("light.overlay"));
    place.append(button);
    return place;
  }

  #problem() {
    const problem = this.#view.problem;
    if (!problem || this.#view.state !== "failed") return [];
    return [h("div", { class: "job-problem", role: "alert" },
      icon("warn"), h("div", {}, h("strong", {}, problem.message), problem.hint ? h("p", {}, problem.hint) : null))];
  }

  #said() {
    const asked = this.#view.prompt_asked || this.#view.request.prompt;
    return h("p", { class: "job-prompt", title: asked }, this.#view.label ? h("strong", {}, `${this.#view.label} · `) : null, asked);
  }

  /** What the service changed or could not apply: nothing is silent. */
  #changed() {
    const notes = this.#view.notes;
    if (!notes.length) return [];
    return [h("details", { class: "job-notes", open: notes.length < 3 },
      h("summary", {}, t(notes.length === 1 ? "jobs.note" : "jobs.notes", { n: notes.length })),
      h("ul", {}, ...notes.map((note) => h("li", {}, h("b", {}, String(note.value)), " ", note.reason))))];
  }

  async #cancel() {
    const drawn = this.#view.pictures.length;
    if (drawn && !await ask({ title: t("jobs.cancel_title"), text: t("jobs.cancel_text", { n: drawn }), yes: t("jobs.cancel"), no: t("jobs.go_on") })) return;
    this.#stopping = true;
    this.#words();
    try {
      const view = await api("POST", `/jobs/${this.#view.id}/cancel`);
      if (OVER.has(view.state)) this.#stopping = false;
      this.#take(view);
    } catch (error) {
      this.#stopping = false;
      tell(error);
    }
  }

  async #retry() {
    try {
      const view = await api("POST", `/jobs/${this.#view.id}/retry`);
      this.#step = { picture: 0, done: 0, steps: 0 };
      this.#began = 0;
      this.#stopping = false;
      this.#view = null; // what was over begins again, and is no late answer: the attempt is counted once it is taken
      this.view = view;
      this.dispatchEvent(new CustomEvent("job-change", { bubbles: true, detail: view }));
    } catch (error) {
      tell(error);
    }
  }
}

customElements.define("job-card", JobCard);
