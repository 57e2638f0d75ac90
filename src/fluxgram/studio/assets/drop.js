// Files that are dropped onto a page, pasted or chosen: their settings are shown, and it is asked what to do with them.
import { api, bytes, h, icon, t, tell, toast } from "./core.js";
import { draft } from "./draft.js";
import { address } from "./tile.js";

const MOST = 40_000_000;
const PREVIEW = 280;

/**
 * Take files from now on.
 * @param {(card: object) => void} kept Called for every file that was kept in the gallery.
 * @returns {() => void} opens the dialog in which files are chosen
 */
export function take_files(kept) {
  const veil = h("div", { class: "drop-veil", hidden: true }, h("div", {}, icon("upload"), h("p", {}, t("gallery.drop_here")), h("p", { class: "muted" }, t("gallery.drop_help"))));
  const input = h("input", { type: "file", multiple: true, accept: "image/png,image/jpeg,image/webp", hidden: true, "aria-label": t("gallery.bring") });
  document.body.append(veil, input);
  let inside = 0;
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (on) => (veil.hidden = !on);
  addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    inside += 1;
    over(true);
  });
  addEventListener("dragleave", (event) => {
    if (!carries(event)) return;
    inside = Math.max(0, inside - 1);
    over(inside > 0);
  });
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    inside = 0;
    over(false);
    bring([...event.dataTransfer.files], kept);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && !document.querySelector("dialog[open]")) bring(files, kept);
  });
  input.addEventListener("change", () => {
    bring([...input.files], kept);
    input.value = "";
  });
  return () => input.click();
}

/** Read one file and ask; keep several after asking. */
export function bring(files, kept) {
  if (files.length === 1) new One(files[0], kept).open();
  else if (files.length) new Many(files, kept).open();
}

/** What is wrong with a file before it is sent; empty where nothing is. */
function refused(file) {
  if (!file.size) return t("gallery.file_empty", { name: file.name });
  return file.size > MOST ? t("gallery.file_large", { name: file.name, size: bytes(file.size), most: bytes(MOST) }) : "";
}

const send = (path, file, signal) =>
  api("POST", path, file, { signal, headers: { "X-Filename": encodeURIComponent(file.name), "Content-Type": "application/octet-stream" } });

class Box {
  constructor(title) {
    this.stop = new AbortController();
    this.body = h("div", { class: "drop-body", "aria-live": "polite" });
    this.foot = h("div", { class: "row end" });
    this.dialog = h(
      "dialog",
      { class: "dialog drop", "aria-labelledby": "drop-title", on: { close: () => this.closed() } },
      h("div", { class: "spread" }, h("h2", { id: "drop-title" }, title), this.button("close", () => this.dialog.close())),
      this.body,
      this.foot,
    );
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.run();
  }

  closed() {
    this.stop.abort();
    this.dialog.remove();
  }

  button(name, run) {
    return h("button", { class: "icon-button", type: "button", "aria-label": t("common.close"), on: { click: run } }, icon(name));
  }

  say(message, hint = "") {
    this.body.replaceChildren(h("div", { class: "notice bad", role: "alert" }, h("p", {}, message), hint ? h("p", { class: "muted" }, hint) : null));
    this.foot.replaceChildren(h("button", { class: "button primary", type: "button", on: { click: () => this.dialog.close() } }, t("common.close")));
  }
}

class One extends Box {
  constructor(file, kept) {
    super(file.name);
    Object.assign(this, { file, kept });
  }

  async run() {
    const wrong = refused(this.file);
    if (wrong) return this.say(wrong, t("gallery.file_large_hint"));
    this.body.replaceChildren(h("p", { class: "muted" }, t("gallery.reading")));
    try {
      this.found = await send("/read", this.file, this.stop.signal);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error.message, error.hint);
      return undefined;
    }
    return this.show();
  }

  show() {
    const { found } = this;
    const said = found.settings;
    const picture = h("canvas", { class: "drop-picture", role: "img", "aria-label": found.filename });
    draw(this.file, picture);
    const notes = found.notes.length ? h("ul", { class: "drop-notes" }, found.notes.map((note) => h("li", {}, icon("warn"), note))) : null;
    this.body.replaceChildren(
      h("div", { class: "drop-found" }, picture, h("div", { class: "stack" }, said ? settings(said) : h("p", {}, t("gallery.no_settings")), notes)),
    );
    const keep = h("button", { class: `button ${said ? "" : "primary"}`, type: "button", on: { click: () => this.keep(keep) } }, icon("gallery"), t("gallery.keep"));
    const use = h("button", { class: "button primary", type: "button", on: { click: () => use_settings(said) } }, icon("edit"), t("gallery.use"));
    this.foot.replaceChildren(keep, said ? use : "");
    (said ? use : keep).focus();
  }

  async keep(button) {
    button.disabled = true;
    try {
      const card = await send("/imports", this.file, this.stop.signal);
      this.dialog.close();
      toast(t("gallery.kept"), { kind: "good", action: { label: t("gallery.show"), run: () => location.assign(address(card)) } });
      this.kept(card);
    } catch (error) {
      button.disabled = false;
      if (error.name === "AbortError") return;
      this.body.querySelector(".notice")?.remove();
      this.body.prepend(h("div", { class: "notice bad", role: "alert" }, h("p", {}, error.message), h("p", { class: "muted" }, error.hint)));
    }
  }
}

class Many extends Box {
  constructor(files, kept) {
    super(t("gallery.keep_many", { count: files.length }));
    Object.assign(this, { files, kept });
  }

  run() {
    this.body.replaceChildren(h("p", {}, t("gallery.keep_many_help")));
    this.foot.replaceChildren(
      h("button", { class: "button", type: "button", on: { click: () => this.dialog.close() } }, t("common.no")),
      h("button", { class: "button primary", type: "button", autofocus: true, on: { click: () => this.keep() } }, icon("gallery"), t("gallery.keep_all")),
    );
  }

  async keep() {
    const bar = h("progress", { max: this.files.length, value: 0, "aria-label": t("gallery.keeping") });
    const failed = h("ul", { class: "drop-notes" });
    this.body.replaceChildren(bar, failed);
    this.foot.replaceChildren();
    let done = 0;
    for (const file of this.files) {
      if (this.stop.signal.aborted) break;
      try {
        const wrong = refused(file);
        if (wrong) throw new Error(wrong);
        this.kept(await send("/imports", file, this.stop.signal));
        done += 1;
      } catch (error) {
        if (error.name === "AbortError") break;
        failed.append(h("li", {}, icon("warn"), `${file.name}: ${error.message}`));
      }
      bar.value += 1;
    }
    toast(t("gallery.kept_many", { count: done }), { kind: "good" });
    if (!failed.children.length) return this.dialog.close();
    bar.remove();
    return this.foot.replaceChildren(h("button", { class: "button primary", type: "button", on: { click: () => this.dialog.close() } }, t("common.close")));
  }
}

/** Put settings into the draft and go to where a picture is made. */
function use_settings(said) {
  draft.set({
    prompt: said.prompt,
    negative: said.negative,
    seed: said.seed ?? "",
    locked: Boolean(said.seed),
    size: said.size ?? "",
    checkpoint: said.offered ? said.checkpoint : "",
    ...(said.quality ? { quality: said.quality } : {}),
    parent: "",
    relation: "",
    lamps: null,
  });
  location.assign("/");
}

function settings(said) {
  const rows = ["seed", "size", "steps", "guidance", "quality", "sampler", "checkpoint", "software"]
    .filter((name) => said[name] !== null && said[name] !== "")
    .map((name) => [h("dt", {}, t(`gallery.${name}`)), h("dd", {}, String(said[name]))]);
  const elsewhere = said.checkpoint && !said.offered ? h("p", { class: "muted small" }, t("gallery.not_offered", { name: said.checkpoint })) : null;
  return [
    h("p", { class: "facts-words" }, said.prompt || t("pictures.no_prompt")),
    said.negative ? h("p", { class: "facts-words muted" }, `${t("gallery.negative")}: ${said.negative}`) : null,
    h("dl", { class: "facts-rows" }, rows),
    elsewhere,
  ];
}

async function draw(file, canvas) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, (PREVIEW * 2) / Math.max(picture.width, picture.height));
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
  } catch (error) {
    canvas.hidden = true;
    if (!(error instanceof DOMException)) tell(error);
  }
}
