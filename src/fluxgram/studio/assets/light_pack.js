// The head of the light stage as files: one picture of all lights together, and of each light how it differs.
// `load` gets and unpacks them once a page; how they are made is told in recipes/mini/stage_pack.py.
import { asset } from "./core.js";

let loading = null;

/**
 * The pack, unpacked.
 * @returns {Promise<{about: object, head: ImageBitmap, lights: ImageBitmap, matte: ImageBitmap}>}
 */
export function load() {
  loading ??= unpack().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function unpack() {
  const [about, head, lights, matte] = await Promise.all([
    get("stage/stage.json").then((answer) => answer.json()), picture("stage/head.webp"), picture("stage/lights.webp"), picture("stage/matte.webp"),
  ]);
  return { about, head, lights, matte };
}

async function get(name) {
  const answer = await fetch(asset(name));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

async function picture(name) {
  return createImageBitmap(await (await get(name)).blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

/** Pixels of a picture, at another size where one is asked for. */
export function pixels(source, width = source.width, height = source.height, crop = null) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  const from = crop ?? { x: 0, y: 0, width: 1, height: 1 };
  context.drawImage(source, from.x * source.width, from.y * source.height, from.width * source.width,
    from.height * source.height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** The film: light of any brightness to what a screen shows. The curve is AgX's, with a little contrast and colour. */
export const FILM = {
  inset: [0.842479, 0.078434, 0.079224, 0.042328, 0.878469, 0.079166, 0.042376, 0.078434, 0.879143],
  darkest: -12.47393, stops: 16.5, contrast: 1.32, saturation: 1.16,
  curve: [-0.00232, 0.1191, 0.4298, -6.868, 31.96, -40.14, 15.5],
};

/** Rows of the matrix that leads back from the film's primaries, with its saturation: nine numbers. */
export function outset() {
  const [a, b, c, d, e, f, g, h, i] = FILM.inset;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const inverse = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d].map((value) => value / det);
  const grey = [0.2126, 0.7152, 0.0722], s = FILM.saturation;
  const saturate = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => (row === column ? s : 0) + (1 - s) * grey[column]));
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) =>
    [0, 1, 2].reduce((sum, k) => sum + inverse[3 * row + k] * saturate[3 * k + column], 0)));
}
