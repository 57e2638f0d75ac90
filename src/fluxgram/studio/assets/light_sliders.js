// The sliders of the light page: everything about the lamps that is not their place, and the lens.
import { h, t } from "./core.js";

const KELVIN = { low: 1800, high: 12000 };
/** Colour temperatures look evenly spaced by their inverse. */
const toShare = (kelvin) => (1 / KELVIN.low - 1 / Math.min(Math.max(kelvin, KELVIN.low), KELVIN.high)) / (1 / KELVIN.low - 1 / KELVIN.high);
const toKelvin = (share) => Math.round(1 / (1 / KELVIN.low - share * (1 / KELVIN.low - 1 / KELVIN.high)) / 50) * 50;
const kelvin = (lamp) => ({
  name: `${lamp}-kelvin`, label: t("light.colour"), min: 0, max: 1, step: 0.01, look: "kelvin",
  get: (lamps) => toShare(lamps[lamp].kelvin), set: (value) => ({ [lamp]: { kelvin: toKelvin(value) } }), say: (value) => t("light.kelvin", { n: toKelvin(value) }),
});
const share = (value) => t("light.percent", { n: Math.round(value * 100) });
const times = (value) => t("light.times", { n: value.toFixed(2).replace(/0$/, "") });

function groups() {
  return [
    ["key", t("light.key"), [
      { name: "height", label: t("light.height"), min: -40, max: 85, step: 1, get: (l) => l.key.elevation, set: (v) => ({ key: { elevation: v } }), say: (v) => t("light.degrees", { n: v }) },
      { name: "softness", label: t("light.softness"), min: 0, max: 1, step: 0.005, get: (l) => Math.sqrt((l.key.softness_degrees - 1) / 149), set: (v) => ({ key: { softness_degrees: Math.round(1 + 149 * v * v) } }), say: (v) => t("light.degrees", { n: Math.round(1 + 149 * v * v) }) },
      kelvin("key"),
      { name: "power", label: t("light.power"), min: 0.25, max: 2.5, step: 0.05, get: (l) => l.key.power, set: (v) => ({ key: { power: v } }), say: times },
    ]],
    ["fill", t("light.fill"), [
      { name: "fill", label: t("light.fill_depth"), min: 0, max: 7, step: 0.1, get: (l) => l.fill.stops, set: (v) => ({ fill: { stops: v } }), say: (v) => t(v === 1 ? "light.stop" : "light.stops", { n: v }) },
      kelvin("fill"),
    ]],
    ["rim", t("light.rim"), [
      { name: "rim-place", label: t("light.rim_place"), min: -170, max: 170, step: 1, get: (l) => l.rim.azimuth, set: (v) => ({ rim: { azimuth: Math.sign(v || 1) * Math.max(Math.abs(v), 100) } }), say: (v) => t(v > 0 ? "light.right" : "light.left", { n: Math.max(Math.abs(v), 100) }) },
      kelvin("rim"),
      { name: "rim-power", label: t("light.power"), min: 0.1, max: 2.5, step: 0.05, get: (l) => l.rim.power, set: (v) => ({ rim: { power: v } }), say: times },
    ]],
  ];
}

/**
 * Sliders of a stage.
 * @param {import("./light_stage.js").LightStage} stage
 * @param {{lenses: object[], apertures: object[]}} gear
 * @param {(kind: string, choice: object) => void} chosen a lens or an aperture
 */
export function sliders(stage, gear, chosen) {
  const all = [];
  const rim = h("input", { type: "checkbox", id: "rim-on", on: { change: () => stage.move({ rim: { on: rim.checked } }, true) } });
  const sets = groups().map(([name, title, rows]) => h("fieldset", { class: `light-group ${name}` },
    h("legend", { class: "label" }, name === "rim" ? h("label", { class: "row", for: "rim-on" }, rim, title) : title),
    rows.map((row) => slider(stage, row, all))));
  const background = slider(stage, { name: "background", label: t("light.background"), min: 0, max: 1, step: 0.01, get: (l) => l.background, set: (v) => ({ background: v }), say: share }, all);
  const lens = select("lens", t("light.lens"), gear.lenses.map((each) => [each.id, t("light.lens_mm", { n: each.mm })]), (id) => pick("lens", id));
  const aperture = select("aperture", t("light.aperture"), gear.apertures.map((each) => [each.id, `f/${each.stop}`]), (id) => pick("aperture", id));
  const place = h("div", { class: "segmented", role: "group", "aria-label": t("light.place") },
    ["street", "studio"].map((name) => h("button", { type: "button", dataset: { place: name }, on: { click: () => put(name) } }, t(`light.${name}`))));
  sets.push(h("fieldset", { class: "light-group camera" }, h("legend", { class: "label" }, t("light.camera")),
    h("div", { class: "light-gear" }, lens, aperture), place, background));

  function pick(kind, id) {
    const choice = gear[kind === "lens" ? "lenses" : "apertures"].find((each) => each.id === id);
    stage.setAttribute(kind, kind === "lens" ? choice.mm : choice.stop);
    chosen(kind, choice);
  }
  function put(name) {
    stage.setAttribute("place", name);
    for (const button of place.children) button.setAttribute("aria-pressed", String(button.dataset.place === name));
  }
  /** Show lens and aperture that were read; the nearest that is offered. */
  function optics(mm, stop) {
    for (const [kind, list, field, value] of [["lens", gear.lenses, "mm", mm], ["aperture", gear.apertures, "stop", stop]]) {
      if (!value) continue;
      const near = list.reduce((best, each) => (Math.abs(Math.log(each[field] / value)) < Math.abs(Math.log(best[field] / value)) ? each : best));
      document.getElementById(kind).value = near.id;
      stage.setAttribute(kind, value);
    }
  }
  const show = () => {
    const lamps = stage.lamps;
    for (const row of all) row.show(lamps);
    rim.checked = lamps.rim.on;
    for (const input of sets[2].querySelectorAll("input[type=range]")) input.disabled = !lamps.rim.on;
  };
  return { elements: sets, show, optics, put };
}

function slider(stage, row, all) {
  const id = `light-${row.name}`;
  const output = h("output", { class: "light-value", for: id });
  const input = h("input", { type: "range", id, min: row.min, max: row.max, step: row.step, class: row.look ?? null });
  const told = () => {
    output.textContent = row.say(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    stage.setAttribute("moving", "slider");
    stage.move(row.set(Number(input.value)));
    told();
  });
  input.addEventListener("change", () => {
    stage.removeAttribute("moving");
    stage.move({}, true);
  });
  all.push({
    show(lamps) {
      if (document.activeElement !== input || !stage.hasAttribute("moving")) input.value = row.get(lamps);
      told();
    },
  });
  return h("div", { class: "light-slider" }, h("label", { for: id }, row.label), input, output);
}

function select(id, label, options, run) {
  const element = h("select", { id, on: { change: () => run(element.value) } }, options.map(([value, text]) => h("option", { value }, text)));
  return h("div", { class: "field" }, h("label", { for: id }, label), element);
}
