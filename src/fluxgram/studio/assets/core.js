// What every page uses: calls of the service, texts, elements, notices, dialogs and keys.
// Nothing here knows a page; see frame.js for what is around each of them.

const texts = JSON.parse(document.getElementById("texts")?.textContent || "{}");
const assets = document.body.dataset.assets || "/studio/0/";

/** A text of `texts/`, with `{name}` filled in. A key without a text is shown as it is. */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** Data that the server put into the page; `{}` where it put none. */
export function page() {
  return JSON.parse(document.getElementById("page")?.textContent || "{}");
}

const TAP = 400; // milliseconds from a lifted finger until its click has come at the latest
let isPressed = false, lifted = 0;

/**
 * Whether anything on the page is pressed. A button that moves away or is replaced meanwhile is not clicked: what would
 * do that waits for `released`, which the document hears when the click has come.
 */
export const pressed = () => isPressed;

function released({ pointerType = "mouse" }) {
  clearTimeout(lifted);
  lifted = setTimeout(() => {
    isPressed = false;
    document.dispatchEvent(new Event("released"));
  }, pointerType === "mouse" ? 0 : TAP);
}

addEventListener("pointerdown", ({ button }) => {
  if (button) return; // whoever opens a menu may release it there
  clearTimeout(lifted);
  isPressed = true;
}, true);
addEventListener("pointerup", released, true);
addEventListener("pointercancel", released, true);
addEventListener("blur", released); // of the window

/** The address of a browser file, such as `presets/x.webp`. */
export const asset = (name) => assets + name;

/** What the service refused. `status` is 0 where it was not reached. */
export class Refused extends Error {
  constructor(status, message, hint = "", errors = [], retryAfter = 0) {
    super(message);
    Object.assign(this, { name: "Refused", status, hint, errors, retryAfter });
  }
}

/**
 * Call the native surface.
 * @param {string} method GET, POST, …
 * @param {string} path after `/api/v1`
 * @param {any} [body] plain values (sent as JSON), FormData, Blob or ArrayBuffer
 * @param {{signal?: AbortSignal, headers?: object, raw?: boolean, keepalive?: boolean}} [options] `raw` gives the
 *   Response itself; what is kept alive is sent even if the page is left meanwhile
 * @returns {Promise<any>} the answer's JSON, seeds above 2^53 as text; null where it has none
 * @throws {Refused}
 */
export async function api(method, path, body, { signal, headers = {}, raw = false, keepalive = false } = {}) {
  const plain = body === undefined || body instanceof Blob || body instanceof ArrayBuffer || body instanceof FormData;
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      signal,
      keepalive,
      headers: { Accept: "application/json", ...(plain ? {} : { "Content-Type": "application/json" }), ...headers },
      body: plain ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    document.dispatchEvent(new CustomEvent("unreachable"));
    throw new Refused(0, t("common.unreachable"), t("common.unreachable_hint"));
  }
  if (!answer.ok) throw await refusal(answer);
  if (raw) return answer;
  return read(await answer.text());
}

/** JSON whose seeds stay whole: as text where a number would be rounded (above 2^53). null where it is none. */
function read(text) {
  try {
    return JSON.parse(text, (key, value, place) =>
      key === "seed" && typeof value === "number" && !Number.isSafeInteger(value) && place?.source ? place.source : value);
  } catch {
    return null;
  }
}

/**
 * Ask until it is answered, less and less often.
 * @param {() => Promise<any>} asked
 * @param {(error: Error) => void} [missed] hears each time why it was not
 */
export async function patiently(asked, missed = () => {}) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await asked();
    } catch (error) {
      missed(error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** What an answer that is no success says. */
export async function refusal(answer) {
  if (answer.status === 401) {
    location.assign(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const said = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  return new Refused(answer.status, said.detail || t("common.failed"), said.hint || "", said.errors || [], wait);
}

/** Make an element of a drawing; its attributes are those of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** An icon of icons.svg, for the eye only. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `${asset("icons.svg")}#${name}` }));
}

/**
 * Link the looks of an element that pages need not know of, once a page.
 * @param {string} name of the stylesheet
 * @returns {Promise<void>} when they are there, or cannot be had
 */
export function styled(name) {
  const href = asset(name);
  if ([...document.querySelectorAll('link[rel="stylesheet"]')].some((link) => link.getAttribute("href") === href)) return Promise.resolve();
  return new Promise((resolve) => {
    document.head.append(h("link", { rel: "stylesheet", href, on: { load: () => resolve(), error: () => resolve() } }));
  });
}

/**
 * Make an element. Strings among the children become text, never markup; null and false are left out.
 * @param {string} tag
 * @param {object} [attributes] `class`, `on: {click}`, `dataset: {}`, properties such as `value`, or attributes
 */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [kind, run] of Object.entries(value)) made.addEventListener(kind, run);
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name === "class") made.className = value;
    else if (["value", "checked", "disabled", "hidden", "selected", "indeterminate"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Say something to screen readers without moving the focus. */
export function live(text) {
  const place = document.getElementById("live");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
}

/**
 * Show a notice for a while; one with an action stays longer, and all stay while they are pointed at.
 * @param {string} text
 * @param {{hint?: string, kind?: "info"|"good"|"bad", action?: {label: string, run: Function}, seconds?: number}} [options]
 * @returns {() => void} takes it away
 */
export function toast(text, { hint = "", kind = "info", action, seconds } = {}) {
  const away = () => note.remove();
  const note = h("div", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" },
    icon({ good: "check", bad: "warn" }[kind] || "info"),
    h("div", { class: "grow" }, h("p", {}, text), hint && h("p", { class: "muted" }, hint)),
    action && h("button", { class: "button", type: "button", on: { click: () => { away(); action.run(); } } }, action.label),
    h("button", { class: "icon-button", type: "button", "aria-label": t("common.close"), on: { click: away } }, icon("close")));
  const place = document.getElementById("toasts");
  place.append(note);
  while (place.children.length > 4) place.firstChild.remove();
  let left = (seconds ?? (action || kind === "bad" ? 10 : 5)) * 4;
  const clock = setInterval(() => {
    if (!note.matches(":hover, :focus-within") && --left <= 0) away();
    if (!note.isConnected) clearInterval(clock);
  }, 250);
  return away;
}

/** Show why something was refused; what is no refusal is a defect and goes to the console too. */
export function tell(error) {
  if (error?.name === "AbortError") return;
  if (!(error instanceof Refused)) console.error(error);
  toast(error.message || t("common.failed"), { hint: error.hint, kind: "bad" });
}

/**
 * Open a dialog that is gone once it is closed.
 * @param {string} name - The id of the heading in it.
 * @param {HTMLElement} content
 * @param {{kind?: string, closed?: (said: string) => void}} [options] - `closed` hears which button closed it
 * @returns {HTMLDialogElement}
 */
export function opened(name, content, { kind = "dialog", closed = () => {} } = {}) {
  const box = h("dialog", { class: kind, "aria-labelledby": name }, content);
  box.addEventListener("close", () => { box.remove(); closed(box.returnValue); });
  document.body.append(box);
  box.showModal();
  return box;
}

function dialog(title, content, buttons) {
  return new Promise((closed) => {
    opened("dialog-title", h("form", { method: "dialog", class: "stack" }, h("h2", { id: "dialog-title" }, title), content, h("div", { class: "row end" }, buttons)), { closed });
  });
}

/** Ask for a yes. @returns {Promise<boolean>} */
export async function ask({ title, text = "", yes = t("common.yes"), no = t("common.no"), danger = false }) {
  const buttons = [h("button", { class: "button", value: "no" }, no),
    h("button", { class: `button ${danger ? "danger" : "primary"}`, value: "yes", autofocus: true }, yes)];
  return (await dialog(title, text && h("p", {}, text), buttons)) === "yes";
}

/** Ask for a line of text. @returns {Promise<string|null>} null where it was called off */
export async function prompt_for({ title, label, value = "", help = "" }) {
  const input = h("input", { id: "dialog-input", value, autofocus: true, autocomplete: "off" });
  const field = h("div", { class: "field" }, h("label", { for: "dialog-input" }, label), input, help && h("p", { class: "help" }, help));
  const buttons = [h("button", { class: "button", value: "no", type: "button", on: { click: () => input.closest("dialog").close("no") } }, t("common.no")),
    h("button", { class: "button primary", value: "yes" }, t("common.ok"))];
  return (await dialog(title, field, buttons)) === "yes" ? input.value : null;
}

/** Something kept in this browser. @returns the fallback where there is nothing, or no storage */
export function recall(key, fallback = null) {
  try {
    const found = localStorage.getItem(`fluxgram.${key}`);
    return found === null ? fallback : JSON.parse(found);
  } catch {
    return fallback;
  }
}

/** Keep something in this browser; without storage it is kept by nobody. */
export function remember(key, value) {
  try {
    localStorage.setItem(`fluxgram.${key}`, JSON.stringify(value));
  } catch {
    // full, or switched off
  }
}

const known = new Map();
const typing = (element) => element?.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

/**
 * Keys of the page, such as `{"ArrowRight": next, "shift+x": reject}`; not while somebody types or a dialog is open.
 * @param {Object<string, (event: KeyboardEvent) => void>} keys
 * @param {Object<string, string>} labels for the list behind `?`
 */
export function shortcuts(keys, labels = {}) {
  for (const [name, run] of Object.entries(keys)) known.set(name.toLowerCase(), { name, run, label: labels[name] });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") return show_shortcuts();
  const held = [event.ctrlKey || event.metaKey ? "ctrl" : "", event.altKey ? "alt" : "", event.shiftKey ? "shift" : ""];
  const found = known.get([...held, event.key.toLowerCase()].filter(Boolean).join("+"));
  if (!found || (["enter", " "].includes(event.key.toLowerCase()) && event.target.closest("button, a, summary, [role=button]"))) return;
  event.preventDefault();
  found.run(event);
});

/** Show the page's keys. */
export function show_shortcuts() {
  const rows = [...known.values()].filter((entry) => entry.label).map((entry) => [h("dt", {}, h("kbd", { class: "kbd" }, entry.name)), h("dd", {}, entry.label)]);
  const list = rows.length ? h("dl", { class: "keys" }, rows) : h("p", { class: "muted" }, t("common.shortcuts_none"));
  dialog(t("common.shortcuts"), list, h("button", { class: "button primary", value: "ok" }, t("common.close")));
}

/** Bytes for people: 3.4 MB. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  for (; count >= 1000 && step < units.length - 1; step++) count /= 1000;
  return `${count >= 100 || step === 0 ? Math.round(count) : count.toFixed(1)} ${units[step]}`;
}

/** A point in time as people say it; the date where it is long ago. */
export function ago(iso) {
  const then = new Date(iso), seconds = (Date.now() - then) / 1000;
  if (seconds < 60) return t("common.now");
  if (seconds < 3600) return t("common.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return t("common.hours", { n: Math.floor(seconds / 3600) });
  return then.toLocaleDateString(document.documentElement.lang, { year: "numeric", month: "short", day: "numeric" });
}

/** Seconds for people. */
export function duration(seconds) {
  if (seconds < 90) return t("common.seconds", { n: seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds) });
  return t("common.minutes_long", { n: Math.round(seconds / 60) });
}

/** A link of an answer as a path of this page's own origin, whatever name the server goes by. */
export function local(url) {
  if (!url) return "";
  const whole = new URL(url, location.href);
  return whole.pathname + whole.search;
}

/** Random text that nobody else has; pages on plain HTTP have no crypto.randomUUID. */
export function unique() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Save a blob as a file. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
