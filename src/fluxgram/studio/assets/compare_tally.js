// What the votes say: shares with their intervals as bars, a sentence, and who won against whom.
import { api, ask, h, icon, t, tell } from "./core.js";

/** The tally in the stage. */
export function showTally(stage, { board, reveal }) {
  const place = h("section", { class: "cmp-tally", "aria-labelledby": "tally-title" }, h("h2", { id: "tally-title" }, t("compare.tally")));
  stage.append(place);
  api("GET", `/boards/${board.id}/votes`).then((found) => place.append(...content(board, found, reveal)), tell);
  return {};
}

function content(board, found, reveal) {
  const more = h("button", { class: "button primary", type: "button", on: { click: () => reveal(false) } }, icon("check"), t(found.votes ? "compare.vote_on" : "compare.vote_begin"));
  if (!found.votes) return [h("p", { class: "muted" }, t("compare.no_votes")), h("div", { class: "row" }, more)];
  const cells = new Map(board.cells.map((cell) => [cell.number, cell]));
  const order = [...found.standings].sort((a, b) => (b.share ?? -1) - (a.share ?? -1) || b.low - a.low);
  const clear = h("button", { class: "button quiet", type: "button", on: { click: () => again(board, reveal) } }, icon("undo"), t("compare.votes_clear"));
  return [
    h("p", { class: "cmp-verdict" }, verdict(found, order)),
    h("ol", { class: "cmp-standings" }, order.map((each) => line(each, cells.get(each.number)))),
    h("p", { class: "muted small" }, t("compare.tally_facts", { n: found.votes, ties: found.ties, left: found.on_the_left, decided: found.votes - found.ties })),
    found.standings.length > 2 && table(found),
    h("div", { class: "row" }, more, clear),
  ].filter(Boolean);
}

const percent = (share) => `${Math.round(share * 100)} %`;

function verdict(found, order) {
  const best = order[0];
  if (best.share === null) return t("compare.verdict_ties");
  const values = { label: best.label, share: percent(best.share), low: percent(best.low), high: percent(best.high) };
  if (found.leader === best.number) return t("compare.verdict_clear", values);
  return t(best.low > 0.5 ? "compare.verdict_rivals" : "compare.verdict_open", values);
}

function line(standing, cell) {
  const { share, low, high, wins, losses, ties, label } = standing;
  const track = h("div", { class: "cmp-track", role: "img", "aria-label": share === null ? t("compare.undecided") : t("compare.share_said", { share: percent(share), low: percent(low), high: percent(high) }) });
  if (share !== null) {
    const fill = h("span", { class: "cmp-fill" }), span = h("span", { class: "cmp-interval" });
    fill.style.width = percent(share).replace(" ", "");
    span.style.left = `${low * 100}%`;
    span.style.width = `${(high - low) * 100}%`;
    track.append(fill, span, h("span", { class: "cmp-half" }));
  }
  return h("li", {}, cell?.picture && h("img", { src: cell.picture.thumbnail_url, alt: "", width: 56, height: 56 }),
    h("div", { class: "grow stack tight" }, h("div", { class: "spread" }, h("strong", {}, label), h("span", { class: "mono" }, share === null ? "–" : percent(share))),
      track, h("span", { class: "muted small" }, t("compare.won_lost", { wins, losses, ties }))));
}

function table(found) {
  const labels = found.standings.map((each) => each.label);
  const rows = found.wins.map((row, own) => h("tr", {}, h("th", { scope: "row" }, labels[own]), row.map((wins, other) => h("td", {}, own === other ? "–" : String(wins)))));
  return h("details", {}, h("summary", {}, t("compare.win_table")),
    h("div", { class: "cmp-wide", tabindex: "0", role: "region", "aria-label": t("compare.win_table") }, h("table", { class: "table cmp-wins" },
      h("caption", { class: "muted small" }, t("compare.win_table_help")),
      h("thead", {}, h("tr", {}, h("td", {}), labels.map((label) => h("th", { scope: "col" }, label)))), h("tbody", {}, rows))));
}

async function again(board, reveal) {
  if (!(await ask({ title: t("compare.votes_clear"), text: t("compare.votes_clear_text"), yes: t("compare.votes_clear"), danger: true }))) return;
  try {
    await api("DELETE", `/boards/${board.id}/votes`);
    reveal(false);
  } catch (error) {
    tell(error);
  }
}
