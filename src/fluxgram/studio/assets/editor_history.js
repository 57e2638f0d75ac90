// What was written, step by step: typing in one go is one step, every other change is one of its own.

const PAUSE = 900, MOST = 300, MOST_CHARACTERS = 4_000_000;

export class History {
  #past = [];
  #future = [];
  #kind = "";
  #time = 0;

  get canUndo() { return this.#past.length > 1; }
  get canRedo() { return this.#future.length > 0; }

  /** Begin with a text. */
  start(value) { this.#past = [{ value, start: value.length, end: value.length }]; this.#future = []; }

  /** Note a state that typing made; it joins the one before while the typing goes on. */
  typed(state, kind = "") {
    const now = performance.now(), last = this.#past.at(-1);
    const goesOn = kind === this.#kind && /^(insertText|insertCompositionText|delete)/.test(kind) && now - this.#time < PAUSE
      && !/\s\S$/.test(state.value.slice(Math.max(0, state.start - 2), state.start));
    if (goesOn && this.#past.length > 1) this.#past[this.#past.length - 1] = state;
    else if (state.value !== last?.value) this.#push(state);
    this.#future = [];
    this.#kind = kind;
    this.#time = now;
  }

  /** Note a state as a step of its own. */
  put(state) {
    if (state.value !== this.#past.at(-1)?.value) this.#push(state);
    this.#future = [];
    this.#kind = "";
  }

  #push(state) {
    this.#past.push(state);
    let room = MOST_CHARACTERS, keep = 0;
    while (keep < this.#past.length && keep < MOST && (room -= this.#past.at(-1 - keep).value.length) > 0) keep++;
    this.#past.splice(0, this.#past.length - Math.max(2, keep));
  }

  /** The state before; null at the beginning. */
  undo(now) {
    if (now.value !== this.#past.at(-1).value) this.put(now); // composed, and not noted yet
    if (!this.canUndo) return null;
    this.#future.push(this.#past.pop());
    this.#kind = "";
    return this.#past.at(-1);
  }

  /** The state that was undone last; null where there is none. */
  redo() {
    const state = this.#future.pop();
    if (!state) return null;
    this.#past.push(state);
    return state;
  }
}
