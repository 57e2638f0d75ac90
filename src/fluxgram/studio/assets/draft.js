// The working draft: what is being prepared, shared by all pages and tabs of this browser and kept over restarts.
import { recall, remember } from "./core.js";

const EMPTY = {
  prompt: "", negative: "", size: "", samples: 1, seed: "", locked: false, quality: "final", checkpoint: "",
  parent: "", relation: "", lamps: null, lens: "", aperture: "", adapters: [], negative_method: "",
};
const listeners = new Set();
let current = read();

function read() {
  const kept = recall("draft", {});
  const sound = kept && typeof kept === "object" ? kept : {};
  const alike = (one, other) => typeof one === typeof other && Array.isArray(one) === Array.isArray(other);
  const fitting = Object.entries(EMPTY).filter(([name, value]) => value === null || alike(sound[name], value));
  return { ...EMPTY, ...Object.fromEntries(fitting.map(([name]) => [name, sound[name] ?? EMPTY[name]])) };
}

export const draft = {
  /** The draft as it is now, as a copy. */
  get: () => ({ ...current }),
  /** Change some of it. */
  set(patch) {
    current = { ...current, ...patch };
    remember("draft", current);
    for (const hear of listeners) hear({ ...current }, patch);
  },
  /** Begin anew. */
  clear: () => draft.set({ ...EMPTY }),
  /** Hear of changes, of this page and of others. @returns {() => void} stops */
  on(hear) {
    listeners.add(hear);
    return () => listeners.delete(hear);
  },
};

/** The adapters of the draft as fields of POST /jobs; nothing where there are none. */
export function adapted() {
  const adapters = current.adapters.map(({ source, weight }) => ({ source, weight }));
  return adapters.length ? { adapters } : {};
}

addEventListener("storage", (event) => {
  if (event.key !== "fluxgram.draft") return;
  current = read();
  for (const hear of listeners) hear({ ...current }, current);
});
