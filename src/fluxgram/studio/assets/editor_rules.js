// The linter's rules, explained: their own documentation as elements. Loaded when somebody first asks why.
import { api, h } from "./core.js";

let rules = null;

/**
 * What a rule is about, in the words of its own documentation.
 * @param {string} code
 * @returns {Promise<Node[]>}
 */
export async function explained(code) {
  rules ??= api("GET", "/rules").then((told) => new Map(told.rules.map((rule) => [rule.code, rule])));
  try {
    const rule = (await rules).get(code);
    const parts = rule.parts.filter((part) => part.heading !== "Evidence");
    return [h("p", {}, h("code", {}, rule.code), " ", rule.title), ...parts.flatMap((part) => [h("h4", {}, part.heading), ...prose(part.text)])];
  } catch (error) {
    rules = null;
    throw error;
  }
}

/** A rule's Markdown, of which it uses paragraphs, lists, code and emphasis, as elements. */
function prose(text) {
  return text.split(/\n{2,}/).map((block) => {
    const items = block.split(/\n(?=[-*] )/);
    if (items.every((item) => /^[-*] /.test(item))) return h("ul", {}, items.map((item) => h("li", {}, inline(item.slice(2)))));
    return h("p", {}, inline(block));
  });
}

function inline(text) {
  return text.replace(/\s+/g, " ").split(/(\x60[^\x60]+\x60|\*[^*\s][^*]*\*)/).map((part, place) =>
    place % 2 === 0 ? part : h(part[0] === "`" ? "code" : "em", {}, part.slice(1, -1)));
}
