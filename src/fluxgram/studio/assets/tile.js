// A picture as a tile: thumbnail, link, marks and small actions. Every page that shows pictures uses it.
// Its looks come with it (tile.css); its words are the section `pictures`.
import { h, icon, styled, t } from "./core.js";

const SHORT = 140;
/** Longest side of a thumbnail; what is shown larger takes the picture itself. */
const THUMBNAIL_SIDE = 320;

/**
 * The address of a picture's own page.
 * @param {{name: string}} picture
 * @returns {string}
 */
export function address(picture) {
  return `/gallery/${picture.name.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * What a picture is called where it can't be seen: its words and its marks.
 * @param {object} picture A PictureCard.
 * @param {{selected?: boolean}} [state]
 * @returns {string}
 */
export function spoken(picture, { selected = false } = {}) {
  const words = [shortened(picture.prompt) || t("pictures.no_prompt")];
  if (picture.rating) words.push(t("pictures.stars", { count: picture.rating }));
  if (picture.favourite) words.push(t("pictures.favourite"));
  if (picture.rejected) words.push(t("pictures.rejected"));
  if (picture.origin !== "drawn") words.push(t(`pictures.origin_${picture.origin}`));
  if (selected) words.push(t("pictures.selected"));
  return words.join(", ");
}

/**
 * A prompt cut to a line or two.
 * @param {string} text
 * @param {number} [most]
 * @returns {string}
 */
export function shortened(text, most = SHORT) {
  const points = [...(text ?? "")];
  return points.length > most ? `${points.slice(0, most - 1).join("")}…` : points.join("");
}

/**
 * Which file to show at a height on the screen.
 * @param {object} picture
 * @param {number} height In CSS pixels.
 * @returns {string}
 */
export function source(picture, height = 0) {
  const side = height * Math.max(1, picture.width / picture.height) * Math.min(window.devicePixelRatio, 2);
  const enough = side <= THUMBNAIL_SIDE * 1.25 || Math.max(picture.width, picture.height) <= THUMBNAIL_SIDE;
  return (enough ? picture.thumbnail_url : picture.url) ?? picture.url ?? "";
}

/**
 * A tile.
 * @param {object} picture A PictureCard.
 * @param {object} [options]
 * @param {{icon: string, label: string, run: (picture: object, event: Event) => void, pressed?: boolean}[]}
 *   [options.actions] Small buttons that appear over the picture.
 * @param {string} [options.href] Where it leads; its own page by default, nowhere where it is "".
 * @param {number} [options.height] How high it will be shown, in CSS pixels.
 * @returns {HTMLElement}
 */
export function tile(picture, { actions = [], href, height = 0 } = {}) {
  styled("tile.css");
  const image = h("img", {
    class: "tile-image",
    alt: "",
    loading: "lazy",
    decoding: "async",
    draggable: "false",
    width: picture.width,
    height: picture.height,
    on: { error: (event) => event.target.closest(".tile")?.classList.add("is-gone") },
  });
  const link = h(href === "" ? "div" : "a", { class: "tile-link" }, image);
  if (href === "") link.setAttribute("role", "img");
  const made = h("figure", { class: "tile picture-tile", dataset: { name: picture.name } }, link, marks());
  if (actions.length) made.append(h("div", { class: "tile-actions" }, actions.map((each) => action(each, made))));
  made.style.aspectRatio = `${picture.width} / ${picture.height}`;
  retouch(made, picture, { href, height });
  return made;
}

/**
 * Bring a tile up to date after its picture was marked, or give it to another picture.
 * @param {HTMLElement} made What `tile` made.
 * @param {object} picture
 * @param {{href?: string, height?: number, selected?: boolean}} [options]
 */
export function retouch(made, picture, { href, height = 0, selected = false } = {}) {
  made.picture = picture;
  made.dataset.name = picture.name;
  const link = made.querySelector(".tile-link");
  const image = made.querySelector(".tile-image");
  const from = source(picture, height);
  if (image.getAttribute("src") !== from) {
    made.classList.remove("is-gone");
    image.setAttribute("src", from);
  }
  if (link.localName === "a") link.setAttribute("href", href ?? address(picture));
  link.setAttribute("aria-label", spoken(picture, { selected }));
  made.classList.toggle("is-favourite", picture.favourite);
  made.classList.toggle("is-rejected", picture.rejected);
  made.classList.toggle("is-selected", selected);
  fillMarks(made.querySelector(".tile-marks"), picture);
}

/**
 * Stars as text-free marks.
 * @param {number} count
 * @returns {HTMLElement}
 */
export function stars(count) {
  return h("span", { class: "tile-stars", "aria-hidden": "true" }, Array.from({ length: count }, () => icon("star-full")));
}

function marks() {
  return h("div", { class: "tile-marks", "aria-hidden": "true" });
}

function fillMarks(place, picture) {
  const shown = [];
  if (picture.rating) shown.push(stars(picture.rating));
  if (picture.favourite) shown.push(h("span", { class: "tile-heart" }, icon("heart-full")));
  if (picture.rejected) shown.push(h("span", { class: "tile-reject" }, icon("reject")));
  if (picture.origin !== "drawn") {
    shown.push(h("span", { class: "tile-origin" }, t(`pictures.origin_${picture.origin}`)));
  }
  if (picture.verdict === "flagged") shown.push(h("span", { class: "tile-origin" }, t("pictures.flagged")));
  place.replaceChildren(...shown);
}

function action({ icon: name, label, run, pressed }, made) {
  return h(
    "button",
    {
      type: "button",
      class: "icon-button tile-action",
      title: label,
      "aria-label": label,
      "aria-pressed": pressed === undefined ? undefined : String(pressed),
      on: {
        click: (event) => {
          event.preventDefault();
          event.stopPropagation();
          run(made.picture, event);
        },
      },
    },
    icon(name),
  );
}
