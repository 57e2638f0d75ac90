// Blind votes: two pictures without a name, on sides that chance chooses; what came of it is shown only when asked for.
import { api, h, icon, live, t, tell } from "./core.js";
import { frame } from "./compare_frames.js";
import { showTally } from "./compare_tally.js";

/** Votes between all pictures that are there. */
export function vote(stage, { board, view, revealed, reveal }) {
  const cells = board.cells.filter((cell) => cell.picture);
  if (cells.length < 2) {
    stage.append(h("div", { class: "cmp-hold" }, icon("clock"), h("p", {}, t("compare.vote_later"))));
    return {};
  }
  if (revealed()) return showTally(stage, { board, reveal });
  const counts = new Map(), done = [];
  const place = h("div", { class: "cmp-side n2 cmp-ballot" });
  const number = h("span", { class: "small", role: "status" });
  const stacked = matchMedia("(max-width: 640px)").matches; // then the left one is the upper one
  const choices = [["left", stacked ? "up" : "left", t(stacked ? "compare.vote_top" : "compare.vote_left")], ["tie", stacked ? "close" : "down", t("compare.vote_tie")],
    ["right", stacked ? "down" : "right", t(stacked ? "compare.vote_bottom" : "compare.vote_right")]];
  const buttons = choices.map(([winner, name, word]) => h("button", { class: "button", type: "button", dataset: { winner }, on: { click: () => cast(winner) } },
    winner === "right" ? [word, icon(name)] : [icon(name), word]));
  const back = h("button", { class: "button quiet", type: "button", disabled: true, on: { click: undo } }, icon("undo"), t("compare.vote_undo"));
  const show = h("button", { class: "button quiet", type: "button", on: { click: () => reveal(true) } }, icon("eye"), t("compare.reveal"));
  stage.append(place, h("div", { class: "cmp-controls" }, buttons, h("span", { class: "cmp-apart" }), number, back, show));
  let pair = draw(), busy = false;
  lay();

  /** The pair that was shown least, its sides by chance. */
  function draw() {
    const pairs = cells.flatMap((a, at) => cells.slice(at + 1).map((b) => [a, b]));
    const least = Math.min(...pairs.map((each) => counts.get(key(each)) ?? 0));
    const rare = pairs.filter((each) => (counts.get(key(each)) ?? 0) === least);
    const chosen = rare[chance(rare.length)];
    counts.set(key(chosen), least + 1);
    return chance(2) ? chosen : [...chosen].reverse();
  }

  function lay() {
    view.clear();
    const frames = pair.map((cell, at) => frame(cell, { label: false, alt: t(at ? "compare.right_picture" : "compare.left_picture") }));
    for (const each of frames) delete each.dataset.cell; // nothing on the page says which is which
    place.replaceChildren(...frames);
    for (const each of frames) view.add(each);
    number.textContent = t("compare.votes_cast", { n: done.length });
    back.disabled = !done.length;
  }

  async function cast(winner) {
    if (busy) return;
    busy = true;
    try {
      const kept = await api("POST", `/boards/${board.id}/votes`, { left: pair[0].number, right: pair[1].number, winner, blind: true });
      done.push({ id: kept.id, pair });
      pair = draw();
      lay();
      live(t("compare.votes_cast", { n: done.length }));
    } catch (error) {
      tell(error);
    }
    busy = false;
  }

  async function undo() {
    const last = done.at(-1);
    if (!last || busy) return;
    busy = true;
    try {
      await api("DELETE", `/boards/${board.id}/votes/${last.id}`);
      done.pop();
      pair = last.pair;
      lay();
    } catch (error) {
      tell(error);
    }
    busy = false;
  }

  return { keys: { ArrowLeft: () => cast("left"), ArrowRight: () => cast("right"), ArrowDown: () => cast("tie"), u: undo, Backspace: undo } };
}

const key = ([a, b]) => `${Math.min(a.number, b.number)}-${Math.max(a.number, b.number)}`;

function chance(of) {
  const drawn = new Uint32Array(1);
  crypto.getRandomValues(drawn);
  return drawn[0] % of;
}
