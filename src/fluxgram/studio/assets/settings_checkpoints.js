// What can draw: licence, size, whether it is here and fits; fetching with progress, stop and resume, removing.
import { api, ask, bytes, duration, h, icon, live, t, tell, toast } from "./core.js";
import { adapters } from "./settings_adapters.js";

const SOON = 500; // milliseconds between two looks at a pull
const GB = 1e9;
let place, looks;

/** @param {HTMLElement} box */
export async function fill(box) {
  place = box;
  place.replaceChildren(h("h2", { class: "visually-hidden" }, t("settings.checkpoints")), h("p", { class: "lead" }, t("settings.checkpoints_lead")), h("ul", { class: "checkpoints" }));
  await load();
  place.append(await adapters());
  place.addEventListener("shown", () => load().catch(tell));
}

async function load() {
  const [{ checkpoints }, machine] = await Promise.all([api("GET", "/checkpoints"), api("GET", "/machine")]);
  const files = new Map(machine.checkpoints.map((each) => [each.name, each]));
  looks = new Map((machine.examination?.outlooks || []).map((each) => [each.checkpoint, each]));
  place.querySelector(".checkpoints").replaceChildren(...checkpoints.map((each) => card({ ...each, present: files.get(each.name)?.present ?? each.present }, files.get(each.name))));
}

const badge = (kind, picture, words) => h("span", { class: `badge ${kind}` }, icon(picture), words);

function fit(one) {
  const look = looks.get(one.name);
  if (!look) return h("span", { class: "badge" }, icon("info"), t("settings.fits_unknown"));
  if (!look.runs) return h("span", { class: "badge bad", title: look.sentence }, icon("warn"), t("settings.fits_not"));
  const words = look.seconds ? `${t("settings.fits")}, ${t("settings.fits_seconds", { time: look.seconds < 5400 ? duration(look.seconds) : t("settings.hours", { n: Math.round(look.seconds / 3600) }) })}` : t("settings.fits");
  return h("span", { class: "badge good", title: look.sentence }, icon("check"), words);
}

function card(one, files) {
  const { licence } = one;
  const fact = (key, value) => h("div", {}, h("dt", {}, t(`settings.fact_${key}`)), h("dd", {}, value));
  const state = h("div", { class: "pull" });
  const box = h("li", { class: `panel checkpoint ${one.present ? "here" : ""}` },
    h("div", { class: "spread" }, h("h3", {}, one.name), one.default && badge("accent", "star", t("settings.default"))),
    h("p", { class: "muted checkpoint-title" }, one.title),
    h("p", { class: "row" }, one.present ? badge("good", "check", t("settings.here")) : badge("", "download", t("settings.not_here")), fit(one)),
    h("dl", { class: "facts" },
      files && (one.present ? fact("disk", bytes(files.bytes)) : files.download_gb > 0 && fact("download", bytes(files.download_gb * GB))),
      files && fact("memory", `${files.memory_gb.toFixed(1)} GiB`),
      fact("steps", t("settings.steps_of", one.steps)), fact("negative", one.negatives.map((way) => t(`settings.way_${way}`)).join(", ") || t("settings.negative_unsupported")),
      one.adapters.length > 0 && fact("adapters", one.adapters.join(", "))),
    h("div", { class: "licence" }, h("p", { class: "row" }, h("strong", {}, licence.name), badge(licence.commercial ? "good" : "warn", licence.commercial ? "check" : "warn", t(licence.commercial ? "settings.commercial" : "settings.not_commercial"))),
      h("p", { class: "muted small" }, t("settings.outputs", { words: licence.outputs })),
      licence.gated && !one.present && h("p", { class: "small row" }, icon("lock"), h("span", { class: "grow" }, h("strong", {}, t("settings.gated")), " ", t("settings.gated_text"))),
      licence.page && h("a", { class: "small", href: licence.page, target: "_blank", rel: "noopener noreferrer" }, t(licence.gated && !one.present ? "settings.accept_page" : "settings.licence_page", { name: licence.name }))),
    state);
  if (files?.source === "hub") actions(one, files, state, files.pull);
  return box;
}

/** What can be done with its files, and how fetching stands. */
function actions(one, files, state, pull) {
  if (pull.state === "running") return running(one, files, state, pull);
  const problem = !one.present && pull.problem && h("div", { class: "notice bad", role: "alert" }, h("p", {}, pull.problem.message), pull.problem.hint && h("p", { class: "small" }, pull.problem.hint));
  const stopped = !one.present && pull.state === "cancelled" && h("p", { class: "muted small" }, t("settings.pull_cancelled"));
  const again = ["cancelled", "failed", "interrupted"].includes(pull.state) && pull.fraction > 0;
  const fetch_it = h("button", { class: "button", type: "button" }, icon("download"), again ? t("settings.pull_resume") : t("settings.pull_size", { size: bytes(files.download_gb * GB) }));
  fetch_it.addEventListener("click", async () => {
    fetch_it.disabled = true;
    try {
      running(one, files, state, await api("POST", `/checkpoints/${encodeURIComponent(one.name)}/pull`));
    } catch (error) {
      actions(one, files, state, { ...pull, state: "failed", problem: { message: error.message, hint: error.hint } });
    }
  });
  const remove = h("button", { class: "button quiet", type: "button", on: { click: () => take_away(one, files) } }, icon("trash"), t("settings.remove"));
  const buttons = one.present ? (one.default ? [] : [remove]) : [fetch_it];
  state.replaceChildren(...[problem, stopped, h("div", { class: "row" }, buttons)].filter(Boolean));
}

function running(one, files, state, pull) {
  const words = h("p", { class: "small", role: "status" }, t("settings.pull_begin"));
  const meter = h("progress", { max: 1, value: 0, "aria-label": t("settings.pulling", { name: one.title }) });
  const stop = h("button", { class: "button", type: "button" }, icon("stop"), t("settings.pull_cancel"));
  let over = false;
  stop.addEventListener("click", async () => {
    stop.disabled = over = true;
    try {
      actions(one, files, state, await api("DELETE", `/checkpoints/${encodeURIComponent(one.name)}/pull`));
    } catch (error) {
      tell(error);
      stop.disabled = over = false;
      look();
    }
  });
  const show = (now) => {
    meter.value = now.fraction;
    if (!now.fraction) return;
    const seconds = (Date.now() - new Date(now.started)) / 1000;
    const percent = t("settings.pull_percent", { percent: Math.floor(now.fraction * 100) });
    words.textContent = seconds > 3 ? `${percent}, ${t("settings.pull_left", { time: duration((seconds / now.fraction) * (1 - now.fraction)) })}` : percent;
  };
  const look = async () => {
    if (over || !state.isConnected) return;
    let now;
    try {
      now = await api("GET", `/checkpoints/${encodeURIComponent(one.name)}/pull`);
    } catch {
      return setTimeout(look, SOON * 4); // the server is away; it may come back with the pull interrupted
    }
    if (over) return;
    if (now.state === "running") {
      show(now);
      setTimeout(look, SOON);
    } else if (now.state === "done") {
      toast(t("settings.pull_done", { name: one.title }), { kind: "good" });
      load().catch(tell);
    } else {
      actions(one, files, state, now);
      live(now.problem?.message || "");
    }
  };
  state.replaceChildren(words, h("div", { class: "row" }, h("div", { class: "grow" }, meter), stop));
  show(pull);
  setTimeout(look, SOON);
}

async function take_away(one, files) {
  const sure = await ask({ title: t("settings.remove_title", { name: one.title }), text: t("settings.remove_text", { size: bytes(files.bytes) }), yes: t("settings.remove"), danger: true });
  if (!sure) return;
  try {
    const { freed } = await api("DELETE", `/checkpoints/${encodeURIComponent(one.name)}/files`);
    toast(t("settings.removed", { size: bytes(freed) }), { kind: "good" });
    await load();
  } catch (error) {
    tell(error);
  }
}
