// What happens to jobs, as it happens: one connection for all that a page follows.

const KINDS = ["queued", "started", "loading", "step", "preview", "picture", "requeued", "done", "failed", "cancelled", "unknown"];
const OVER = new Set(["done", "failed", "cancelled", "unknown"]);
const followers = new Set();
let source, opening, away = false, wait = 500;

/**
 * Follow a job: everything that happened to it, then what happens. Begins again by itself where the server was away.
 * All jobs of a page share one connection, which is closed while nobody looks: browsers have six for all tabs.
 * @param {string|number} job
 * @param {{on: Function, end?: Function, lost?: Function, back?: Function}} hear `on({kind, id, …data})`; of a failed
 *   job, `problem` is its kind of error; `unknown` is a job that there is not
 * @param {number} [after] number of the last event that is known
 * @returns {() => void} stops
 */
export function follow(job, { on, end = () => {}, lost = () => {}, back = () => {} }, after = 0) {
  const follower = { job: String(job), after, on, end, lost, back };
  followers.add(follower);
  reopen(20);
  return () => followers.delete(follower) && !followers.size && source?.close();
}

function reopen(milliseconds) {
  clearTimeout(opening);
  opening = setTimeout(connect, milliseconds);
}

function connect() {
  source?.close();
  if (!followers.size || document.visibilityState === "hidden") return;
  const wanted = new Map();
  for (const { job, after } of followers) wanted.set(job, Math.min(after, wanted.get(job) ?? after));
  source = new EventSource(`/api/v1/events?${[...wanted].slice(0, 100).map(([job, after]) => `job=${job}:${after}`).join("&")}`);
  source.onopen = () => {
    wait = 500;
    if (away) for (const follower of followers) follower.back();
    away = false;
  };
  for (const kind of KINDS) source.addEventListener(kind, (event) => heard(kind, event));
  source.onerror = () => {
    source.close();
    if (!followers.size) return;
    if (!away) for (const follower of followers) follower.lost();
    away = true;
    reopen(wait);
    wait = Math.min(wait * 2, 5000);
  };
}

function heard(kind, event) {
  const data = JSON.parse(event.data), id = Number(event.lastEventId) || 0;
  for (const follower of [...followers]) {
    if (follower.job !== String(data.job) || (id && id <= follower.after)) continue;
    follower.after = id || follower.after;
    if (OVER.has(kind)) followers.delete(follower);
    follower.on({ ...data, problem: data.kind, kind, id });
    if (OVER.has(kind)) follower.end(kind);
  }
  if (!followers.size) source.close();
}

document.addEventListener("visibilitychange", () => reopen(document.visibilityState === "hidden" ? 5000 : 0));
