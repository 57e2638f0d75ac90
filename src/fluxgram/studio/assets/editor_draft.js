// Ties a <prompt-editor> to the draft that all pages and tabs of this browser share.
import { draft } from "./draft.js";

/** Keep an editor and the draft alike. @returns {() => void} lets go */
export function tied(editor) {
  const take = (now) => Object.assign(editor, {
    value: now.prompt, negative: now.negative, checkpoint: now.checkpoint, size: now.size, seed: now.locked ? now.seed : "",
  });
  const give = (event) => event.target === editor && draft.set({ prompt: editor.value, negative: editor.negativeTyped });
  take(draft.get());
  editor.addEventListener("change", give);
  const stop = draft.on(take);
  return () => {
    stop();
    editor.removeEventListener("change", give);
  };
}
