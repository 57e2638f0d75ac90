// Words for the lamps of a stage, and lamps for the words of a prompt. One question at a time is under way, so answers
// never come out of order; while a lamp is dragged, at most about ten are asked a second.
import { api, t } from "./core.js";
import { draft } from "./draft.js";

const PAUSE = 100; // milliseconds between two questions
const TYPED = 300; // milliseconds of rest after typing

/**
 * Ties a stage, a prompt field and the draft together.
 * @param {{stage: HTMLElement, field: HTMLTextAreaElement, say: (told: object) => void, fail: (error: Error|null) => void,
 *   changed: () => void}} parts `say` is called with each answer of /light/words
 */
export class Wording {
  #stage;
  #field;
  #parts;
  #wanted = false;
  #busy = false;
  #typing = 0;
  #reading = null;
  #before = null;
  /** Earlier states that can be had back: `{prompt, lamps}`. */
  past = [];
  /** The named light that was chosen or typed; it is said whenever the lamps fit it. */
  prefer = "";
  /** What the stage's lamps are called; null before the first answer. */
  told = null;

  constructor(parts) {
    [this.#stage, this.#field, this.#parts] = [parts.stage, parts.field, parts];
    this.#stage.addEventListener("lamps", () => this.#moved());
    this.#stage.addEventListener("lamps-settled", () => this.#settled());
    this.#field.addEventListener("input", () => this.#typed());
  }

  /** Whether answers are still to come. */
  get busy() {
    return this.#busy || this.#wanted;
  }

  /** Say the lamps as they are, without writing them into the prompt. */
  async look() {
    await this.#ask(false);
  }

  /** Note what can be had back, before something else than a drag changes it. */
  keep() {
    this.#before ??= { prompt: this.#field.value, lamps: this.#last };
  }

  #last = null;

  #moved() {
    this.#before ??= { prompt: this.#field.value, lamps: this.#last };
    this.#wanted = true;
    this.#run();
  }

  #settled() {
    this.#last = this.#stage.lamps;
    if (this.#before) {
      this.past.push(this.#before);
      if (this.past.length > 50) this.past.shift();
      this.#before = null;
      this.#parts.changed();
    }
    draft.set({ lamps: this.#stage.lamps });
  }

  /** Begin with these lamps. */
  begin(lamps) {
    this.#stage.lamps = lamps;
    this.#last = this.#stage.lamps;
  }

  /** Take the last change back. */
  undo() {
    const state = this.past.pop();
    if (!state) return false;
    this.#wanted = false;
    this.write(state.prompt);
    this.#stage.glide(state.lamps, false);
    this.#last = state.lamps;
    draft.set({ lamps: state.lamps });
    this.#ask(false, state.lamps);
    this.#parts.changed();
    return true;
  }

  /** Write the prompt, as if typed, without reading it. */
  write(prompt) {
    clearTimeout(this.#typing);
    if (this.#field.value !== prompt) this.#field.value = prompt;
    draft.set({ prompt });
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted) {
      this.#wanted = false;
      const began = performance.now();
      await this.#ask(true);
      const rest = PAUSE - (performance.now() - began);
      if (this.#wanted && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
    this.#busy = false;
    this.#parts.changed();
  }

  async #ask(write, lamps = this.#stage.lamps) {
    const asked = this.#field.value;
    try {
      const told = await api("POST", "/light/words", { lamps, prompt: write ? asked : null, prefer: this.prefer, checkpoint: draft.get().checkpoint });
      this.told = told;
      this.#parts.say(told);
      this.#parts.fail(null);
      if (write && this.#field.value === asked) this.write(told.prompt);
      else if (write) this.#wanted = true; // somebody typed meanwhile: the words go into what stands there now
    } catch (error) {
      this.#parts.fail(error);
    }
  }

  #typed() {
    draft.set({ prompt: this.#field.value });
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.read(), TYPED);
  }

  /** Move the lamps to what the prompt says. @returns {Promise<object|null>} what was read */
  async read() {
    this.#reading?.abort();
    this.#reading = new AbortController();
    try {
      const found = await api("POST", "/light/lamps", { prompt: this.#field.value }, { signal: this.#reading.signal });
      this.#parts.fail(null);
      this.#parts.read?.(found);
      if (found.lamps && !same(found.lamps, this.#last)) {
        this.#stage.glide(found.lamps, false);
        this.#last = found.lamps;
        this.prefer = found.terms[0] ?? "";
        draft.set({ lamps: found.lamps });
        await this.#ask(false, found.lamps);
      }
      return found;
    } catch (error) {
      if (error.name !== "AbortError") this.#parts.fail(error);
      return null;
    }
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A list in words: "a, b and c" is left to translators; here they are parted by semicolons. */
export const listed = (texts) => texts.join("; ");

/** What no words say, for people. */
export const leftOut = (texts) => (texts.length ? t("light.left_out", { what: listed(texts) }) : "");
