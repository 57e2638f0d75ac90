// What lamps do to the single lights of a pack: how much of each one burns, in which colour, and how the camera exposes.
// Pure arithmetic, shared by both renderers and tested against the same sums in numpy.

const RADIANS = Math.PI / 180;
const RENDERED = 12; // degrees: how wide each single light is
const SAMPLES = 48;
const GOLDEN = 2.399963229728653;
const WHITE = 5400; // kelvin the camera is balanced for
const CAST = 0.6; // share of a lamp's cast that the camera leaves
const RIM = { elevation: 25, softness: 25, power: 1.15 };
const LUMINANCE = [0.2126, 0.7152, 0.0722];
const FACE = 0.4, METERED = 0.6; // brightness that the camera wants on the face, and how strongly it insists
const METERED_FILL = 0.35; // it is set for the key: fill makes a picture brighter

/** Lamps as a studio has them before anybody moves one. */
export const USUAL = {
  key: { azimuth: -40, elevation: 35, softness_degrees: 20, kelvin: 5400, power: 1 },
  fill: { stops: 2.5, kelvin: 5400 },
  rim: { on: false, azimuth: 135, kelvin: 5400, power: 1 },
  background: 0.3,
};

/** Lamps with everything that is missing taken from the usual ones. */
export function whole(lamps) {
  const made = structuredClone(USUAL);
  for (const name of ["key", "fill", "rim"]) Object.assign(made[name], lamps?.[name]);
  if (typeof lamps?.background === "number") made.background = lamps.background;
  return made;
}

/** Unit vector of a direction: right, up, towards the camera. */
export function direction(azimuth, elevation) {
  const a = azimuth * RADIANS, e = elevation * RADIANS;
  return [Math.sin(a) * Math.cos(e), Math.sin(e), Math.cos(a) * Math.cos(e)];
}

/** Linear RGB of a lamp of this colour temperature as the camera sees it, luminance 1. */
export function colour(kelvin) {
  const seen = blackBody(kelvin).map((value, i) => (Math.max(value, 0.02) / blackBody(WHITE)[i]) ** CAST);
  const brightness = seen.reduce((sum, value, i) => sum + value * LUMINANCE[i], 0);
  return seen.map((value) => value / brightness);
}

/** Tanner Helland's fit of black bodies, from about 1000 to 40000 K. */
function blackBody(kelvin) {
  const t = kelvin / 100;
  const red = t <= 66 ? 1 : 1.292936 * (t - 60) ** -0.1332;
  const green = t <= 66 ? 0.390082 * Math.log(t) - 0.631841 : 1.129891 * (t - 60) ** -0.0755;
  const blue = t >= 66 ? 1 : t <= 19 ? 0 : 0.543207 * Math.log(t - 10) - 1.196254;
  const linear = [red, green, blue].map((value) => Math.min(Math.max(value, 0), 1) ** 2.2);
  const brightness = linear.reduce((sum, value, i) => sum + value * LUMINANCE[i], 0);
  return linear.map((value) => value / brightness);
}

/** The rows of a pack's lights: `[{elevation, lights: [{azimuth, index}]}]`, upwards and from left to right. */
function rowsOf(lights) {
  const rows = new Map();
  lights.forEach(([azimuth, elevation], index) => rows.set(elevation, [...(rows.get(elevation) ?? []), { azimuth, index }]));
  return [...rows].sort((a, b) => a[0] - b[0])
    .map(([elevation, row]) => ({ elevation, lights: row.sort((a, b) => a.azimuth - b.azimuth) }));
}

/** Add the share of each light in a point of light between them. */
function addPoint(rows, azimuth, elevation, share, weights) {
  const last = rows.length - 1;
  const height = Math.min(Math.max(elevation, rows[0].elevation), rows[last].elevation);
  let low = last;
  while (low > 0 && rows[low].elevation > height) low--;
  const high = Math.min(low + 1, last);
  const up = low === high ? 0 : (height - rows[low].elevation) / (rows[high].elevation - rows[low].elevation);
  addAround(rows[low].lights, azimuth, share * (1 - up), weights);
  addAround(rows[high].lights, azimuth, share * up, weights);
}

const turned = (degrees) => ((degrees % 360) + 360) % 360;

function addAround(row, azimuth, share, weights) {
  if (row.length === 1) {
    weights[row[0].index] += share;
    return;
  }
  for (let i = 0; i < row.length; i++) {
    const next = row[(i + 1) % row.length];
    const span = turned(next.azimuth - row[i].azimuth), gone = turned(azimuth - row[i].azimuth);
    if (gone < span) {
      weights[row[i].index] += share * (1 - gone / span);
      weights[next.index] += (share * gone) / span;
      return;
    }
  }
}

/** Shares of the single lights in one lamp of a certain size; they add up to 1. */
export function spread(pack, azimuth, elevation, softness) {
  const rows = (pack.rows ??= rowsOf(pack.about.lights));
  const weights = new Float64Array(pack.about.scales.length);
  const radius = (Math.sqrt(Math.max(softness ** 2 - RENDERED ** 2, 0)) / 2) * RADIANS;
  if (radius === 0) {
    addPoint(rows, azimuth, elevation, 1, weights);
    return weights;
  }
  const [x, y, z] = direction(azimuth, elevation);
  const a = azimuth * RADIANS;
  const u = [Math.cos(a), 0, -Math.sin(a)];
  const v = [y * u[2] - z * u[1], z * u[0] - x * u[2], x * u[1] - y * u[0]];
  for (let k = 0; k < SAMPLES; k++) {
    const cos = 1 - ((1 - Math.cos(radius)) * (k + 0.5)) / SAMPLES;
    const sin = Math.sqrt(1 - cos * cos), turn = k * GOLDEN;
    const [p, q] = [Math.cos(turn) * sin, Math.sin(turn) * sin];
    const d = [0, 1, 2].map((i) => [x, y, z][i] * cos + u[i] * p + v[i] * q);
    const up = Math.asin(Math.min(Math.max(d[1], -1), 1)) / RADIANS;
    addPoint(rows, Math.atan2(d[0], d[2]) / RADIANS, up, 1 / SAMPLES, weights);
  }
  return weights;
}

/**
 * What every single light gives under some lamps.
 * @returns {{weights: Float32Array, exposure: number, key: {direction: number[], colour: number[], softness: number, power: number}}}
 *   `weights` has red, green, blue of each light in turn.
 */
export function mix(pack, lamps) {
  const { key, fill, rim } = lamps;
  const count = pack.about.scales.length;
  const weights = new Float32Array(count * 3);
  let level = 0;
  const add = (shares, power, kelvin, metered = 1) => {
    const tint = colour(kelvin); // of luminance 1
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 3; c++) weights[3 * i + c] += shares[i] * power * tint[c];
      level += shares[i] * power * metered * pack.about.face[i];
    }
  };
  add(spread(pack, key.azimuth, key.elevation, key.softness_degrees), key.power, key.kelvin);
  const dome = new Float64Array(count);
  dome[count - 1] = 2 ** -fill.stops;
  add(dome, 1, fill.kelvin, METERED_FILL);
  if (rim.on) add(spread(pack, rim.azimuth, RIM.elevation, RIM.softness), RIM.power * rim.power, rim.kelvin);
  const exposure = FACE / (Math.max(level, 1e-4) ** METERED * 0.6 ** (1 - METERED));
  const shown = { direction: direction(key.azimuth, key.elevation), colour: colour(key.kelvin), softness: key.softness_degrees, power: key.power };
  return { weights, exposure, key: shown };
}

/** Where the picture of the key stands in an eye, in pixels of the pack from the eye's middle; null where it is hidden. */
export function catchlight(pack, key) {
  const [x, y, z] = key.direction;
  if (z < -0.1) return null;
  const long = Math.hypot(x, y, z + 1);
  const cornea = pack.about.eye_radius * 0.65;
  const size = Math.max(cornea * Math.min(key.softness, 48) * RADIANS * 0.25, pack.about.eye_radius * 0.055);
  const offset = [(x / long) * cornea, (-y / long) * cornea];
  return { offset, size, strength: Math.min(1, 14 / Math.max(key.softness, 6)) * Math.min(1, (z + 0.1) * 4) };
}

/** An angle from -180 to 180. */
export const round = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
