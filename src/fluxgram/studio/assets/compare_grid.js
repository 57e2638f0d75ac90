// All pictures at once, as an XY plot where there are axes. Choosing two opens them as a pair.
import { h, icon, t } from "./core.js";
import { frame } from "./compare_frames.js";

/** Columns of pictures that have no axes. */
const across = (count) => (count <= 4 ? count : count <= 9 ? 3 : 4);

/** Where each cell goes; those that were added to a grid come under it. */
function laidOut(board) {
  const columns = board.axes.x?.labels ?? Array(across(board.cells.length)).fill("");
  const rows = board.axes.x ? [...(board.axes.y?.labels ?? [""])] : [];
  const places = rows.map(() => Array(columns.length).fill(null));
  const rest = [];
  for (const cell of board.cells) {
    const free = board.axes.x && cell.kind === "job" && cell.y < rows.length && cell.x < columns.length && !places[cell.y][cell.x];
    if (free) places[cell.y][cell.x] = cell;
    else rest.push(cell);
  }
  for (let at = 0; at < rest.length; at += columns.length) {
    rows.push("");
    places.push(Array.from({ length: columns.length }, (_, column) => rest[at + column] ?? null));
  }
  return { columns, rows, places };
}

/** The grid. */
export function grid(stage, { board, view, chosen, choose, open }) {
  const { columns, rows, places } = laidOut(board);
  const beside = rows.some(Boolean), above = columns.some(Boolean);
  const inGrid = board.axes.x ? (board.axes.y?.labels ?? [""]).length : 0;
  const head = above && h("thead", {}, h("tr", {}, beside && h("td", {}), columns.map((label) => h("th", { scope: "col" }, label))));
  const body = places.map((row, y) => h("tr", {}, beside && h(rows[y] ? "th" : "td", rows[y] ? { scope: "row" } : {}, rows[y]),
    row.map((cell) => h("td", {}, cell && box(cell, y >= inGrid)))));
  const bar = h("div", { class: "cmp-controls", role: "status" });
  const table = h("table", { class: "cmp-grid", "aria-label": t("compare.mode_grid") }, head, h("tbody", {}, body));
  const plot = h("div", { class: "cmp-plot", tabindex: "0", role: "region", "aria-label": t("compare.mode_grid") }, table);
  stage.append(plot, bar);
  const sized = new ResizeObserver(fit);
  sized.observe(plot);

  /** Cells as large as lets all of them be seen, down to a size at which there is something to see. */
  function fit() {
    const pictures = board.cells.map((cell) => cell.picture).filter(Boolean);
    const shape = pictures.length ? pictures.reduce((sum, one) => sum + one.width / one.height, 0) / pictures.length : 1;
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize), gap = 0.4 * size + 1, narrow = matchMedia("(max-width: 640px)").matches;
    const room = plot.clientWidth - (beside ? (narrow ? 4.6 : 8.5) * size : 0) - gap * (columns.length + 2);
    const tall = (stage.clientHeight - bar.clientHeight - (above ? 3 * size : 0)) / rows.length - 1.4 * gap;
    const wide = narrow ? Math.max(room / Math.min(2, columns.length), 110) : Math.max(Math.min(room / columns.length, tall * shape), Math.min(room / columns.length, 190));
    table.style.setProperty("--wide", `${Math.floor(wide)}px`);
    table.style.setProperty("--high", `${Math.floor(wide / shape)}px`);
  }

  function box(cell, labelled) {
    const made = frame(cell, { label: labelled, alt: "" });
    if (!cell.picture) return made;
    const button = h("button", {
      type: "button", class: "cmp-choose", "aria-pressed": "false", "aria-label": t("compare.choose", { label: cell.label }),
      on: { click: () => { choose(cell.number); paint(); } },
    }, h("span", { class: "cmp-mark-chosen", "aria-hidden": "true" }));
    made.append(button);
    view.add(made);
    return made;
  }

  function paint() {
    for (const made of table.querySelectorAll(".cmp-frame")) {
      const at = chosen().indexOf(Number(made.dataset.cell));
      made.classList.toggle("is-chosen", at >= 0);
      made.querySelector(".cmp-choose")?.setAttribute("aria-pressed", String(at >= 0));
      const mark = made.querySelector(".cmp-mark-chosen");
      if (mark) mark.textContent = at >= 0 ? "AB"[at] ?? "" : "";
    }
    const two = chosen().length === 2;
    bar.replaceChildren(two ? h("span", { class: "small" }, t("compare.two_chosen")) : h("span", { class: "small" }, t("compare.choose_two")),
      ...(two ? ["side", "slider", "flicker"].map((mode) => h("button", { class: `button${mode === "side" ? " primary" : ""}`, type: "button", on: { click: () => open(mode) } },
        icon({ side: "columns" }[mode] ?? mode), t(`compare.mode_${mode}`))) : []));
  }

  table.addEventListener("keydown", (event) => {
    const button = event.target.closest(".cmp-choose");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!button || !step) return;
    event.preventDefault();
    event.stopPropagation();
    const cell = button.closest("td"), row = cell.parentElement;
    let [x, y] = [cell.cellIndex, row.rowIndex];
    for (;;) {
      [x, y] = [x + step[0], y + step[1]];
      const next = table.rows[y]?.cells[x];
      if (!next) return;
      const target = next.querySelector(".cmp-choose");
      if (target) return target.focus();
    }
  });
  paint();
  return { leave: () => sized.disconnect() };
}
