// What is behind the head, painted as a lens sees it: a street at dusk, or a studio's backdrop. Sizes and blur are
// those of thin lenses: everything has a place in metres, and every point of light becomes a disc as wide as
// f² / (N (s - f)) · (d - s) / d says, with the shape of the aperture's blades.

const SENSOR = 24; // millimetres across, held upright
const FRAME = 315; // millimetres that the picture shows at the head
const EYES = 0.42; // height of the eyes in the picture, share from its top

/** Distance of the head at which it fills the frame, mm. */
const distance = (focal) => focal * (1 + FRAME / SENSOR);

/** Diameter, as a share of the picture's width, into which a point `behind` metres behind the head is spread. */
export function blur(focal, aperture, behind) {
  const subject = distance(focal), far = subject + behind * 1000;
  return (focal ** 2 / (aperture * (subject - focal)) / SENSOR) * ((far - subject) / far);
}

/** Where a point lies, as shares of the width from the left and of the height from the top. @param {number} shape height over width */
function project(focal, x, y, behind, shape) {
  const scale = focal / (distance(focal) + behind * 1000) / SENSOR * 1000;
  return [0.5 + x * scale, EYES - (y * scale) / shape, scale];
}

/** Numbers between 0 and 1, the same in every browser. */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Points of light of the street: x, y (metres from the eyes), metres behind, size, colour, strength. */
function lamps() {
  const random = chance(11), points = [];
  const add = (x, y, z, size, colour, strength) => points.push({ x, y, z, size, colour, strength });
  for (let i = 0; i < 13; i++) { // a string of bulbs across the street
    const at = i / 12;
    add(-3.4 + 6.8 * at, 1.75 - 1.1 * (1 - (2 * at - 1) ** 2) + random() * 0.06, 4.6 + 0.5 * at, 0.05, [255, 196, 112], 1);
  }
  for (let i = 0; i < 11; i++) {
    const at = i / 10;
    add(-4.5 + 9 * at, 2.6 - 0.9 * (1 - (2 * at - 1) ** 2), 9, 0.05, [255, 206, 130], 0.85);
  }
  for (const z of [8, 15, 23, 32, 44]) for (const x of [-3.6, 3.6]) add(x + random() * 0.3, 2.7, z, 0.16, [255, 214, 150], 1);
  for (let i = 0; i < 26; i++) { // cars, signs, crossings
    const z = 12 + random() * 42, tone = random();
    const colour = tone < 0.35 ? [255, 92, 66] : tone < 0.6 ? [255, 240, 214] : tone < 0.8 ? [96, 190, 255] : [255, 170, 84];
    add((random() - 0.5) * 5.2, -0.95 + random() * 0.5, z, 0.09, colour, 0.9);
  }
  for (let i = 0; i < 30; i++) { // windows far up
    add((random() < 0.5 ? -1 : 1) * (3.8 + random() * 3), 0.2 + random() * 5, 12 + random() * 30, 0.14, random() < 0.75 ? [255, 190, 110] : [150, 200, 255], 0.55);
  }
  return points;
}

/** Walls with windows along both sides, far ones first: flat shapes with a place and a colour. */
function walls() {
  const random = chance(5), shapes = [];
  for (let z = 46; z > 3; z -= 3.5) {
    for (const side of [-1, 1]) {
      const near = z, far = z + 3.3, x = side * (4.1 + random() * 0.3), top = 4.5 + random() * 4;
      const shade = 22 + random() * 22, air = Math.min(1, z / 60);
      shapes.push({ z, points: [[x, -1.6, near], [x, top, near], [x, top, far], [x, -1.6, far]], colour: [shade + 26 * air, shade + 24 * air, shade + 8 + 40 * air] });
      for (let floor = 0; floor < 3; floor++) {
        for (let n = 0; n < 2; n++) {
          const lit = random(), y = -0.5 + floor * 1.75, a = near + 0.4 + n * 1.5;
          const colour = lit > 0.52 ? [255, 186 - 30 * random(), 104] : lit > 0.4 ? [120, 150, 186] : [30, 33, 42];
          shapes.push({ z, points: [[x, y, a], [x, y + 1.1, a], [x, y + 1.1, a + 0.95], [x, y, a + 0.95]], colour });
        }
      }
    }
  }
  return shapes;
}

let street = null;

/**
 * Paint a background.
 * @param {{focal?: number, aperture?: number, blades?: number, place?: "street"|"studio", width?: number, height?: number}} lens
 * @returns {OffscreenCanvas}
 */
export function paint({ focal = 85, aperture = 1.8, blades = 9, place = "street", width = 640, height = 800 } = {}) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (place === "studio") return studio(context, focal, aperture);
  street ??= { lamps: lamps(), walls: walls() };
  sky(context, focal);
  for (const [from, to] of [[18, 99], [8, 18], [0, 8]]) {
    const part = street.walls.filter((shape) => shape.z >= from && shape.z < to);
    const middle = part.reduce((sum, shape) => sum + shape.z, 0) / Math.max(part.length, 1);
    layer(context, blur(focal, aperture, middle) * width, (inner, scale) => {
      for (const shape of part) polygon(inner, shape, focal, scale);
    });
  }
  glow(context, focal);
  context.globalCompositeOperation = "lighter";
  for (const lamp of [...street.lamps].sort((a, b) => b.z - a.z)) disc(context, lamp, focal, aperture, blades);
  context.globalCompositeOperation = "source-over";
  return canvas;
}

function sky(context, focal) {
  const { width, height } = context.canvas;
  const horizon = project(focal, 0, -0.3, 60, height / width)[1] * height;
  const fade = context.createLinearGradient(0, 0, 0, height);
  const at = Math.min(Math.max(horizon / height, 0.2), 0.9);
  [[0, "#26324a"], [at * 0.7, "#54566e"], [at, "#a88478"], [Math.min(at + 0.03, 1), "#3a3638"], [1, "#1b1b20"]].forEach(([stop, colour]) => fade.addColorStop(stop, colour));
  context.fillStyle = fade;
  context.fillRect(0, 0, width, height);
}

/** Light that the street itself gives back. */
function glow(context, focal) {
  const { width, height } = context.canvas;
  const [x, y] = project(focal, 0, -0.6, 30, height / width);
  const fade = context.createRadialGradient(x * width, y * height, 0, x * width, y * height, width * 0.9);
  fade.addColorStop(0, "rgb(255 190 130 / 22%)");
  fade.addColorStop(1, "rgb(255 190 130 / 0%)");
  context.fillStyle = fade;
  context.fillRect(0, 0, width, height);
}

function polygon(context, shape, focal, scale) {
  const { width, height } = context.canvas;
  context.beginPath();
  for (const [x, y, z] of shape.points) {
    const [px, py] = project(focal, x, y, z, height / width);
    context.lineTo(px * width, py * height);
  }
  context.closePath();
  context.fillStyle = `rgb(${shape.colour.map(Math.round).join(" ")})`;
  context.fill();
  return scale;
}

/** Paint into a layer of its own and lay it down blurred by so many pixels; no filters, which Safari has not. */
function layer(context, diameter, paintInto) {
  const { width, height } = context.canvas;
  if (diameter < 1.5) return paintInto(context, 1);
  const scale = Math.min(1, 14 / diameter);
  const inner = new OffscreenCanvas(Math.max(8, Math.round(width * scale)), Math.max(8, Math.round(height * scale)));
  const small = inner.getContext("2d");
  small.drawImage(context.canvas, 0, 0, inner.width, inner.height);
  paintInto(small, scale);
  const image = small.getImageData(0, 0, inner.width, inner.height);
  const reach = Math.max(1, Math.round((diameter * scale) / 4.6));
  for (let pass = 0; pass < 3; pass++) {
    smear(image.data, inner.width, inner.height, 4, inner.width * 4, reach);
    smear(image.data, inner.height, inner.width, inner.width * 4, 4, reach);
  }
  small.putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(inner, 0, 0, width, height);
  return undefined;
}

/** Mean over `2 reach + 1` neighbours along one direction. */
function smear(data, length, lines, step, across, reach) {
  const line = new Float32Array(length);
  const width = 2 * reach + 1;
  for (let n = 0; n < lines; n++) {
    for (let c = 0; c < 3; c++) {
      const start = n * across + c, last = length - 1;
      for (let i = 0; i < length; i++) line[i] = data[start + i * step];
      let total = 0;
      for (let i = -reach; i <= reach; i++) total += line[Math.min(Math.max(i, 0), last)];
      for (let i = 0; i < length; i++) {
        data[start + i * step] = total / width;
        total += line[Math.min(i + reach + 1, last)] - line[Math.max(i - reach, 0)];
      }
    }
  }
}

/** A point of light as the lens shows it: round wide open, with corners as it is stopped down, brighter at its edge. */
function disc(context, lamp, focal, aperture, blades) {
  const { width, height } = context.canvas;
  const [x, y, scale] = project(focal, lamp.x, lamp.y, lamp.z, height / width);
  const spread = blur(focal, aperture, lamp.z) * width;
  const radius = Math.max(Math.hypot(spread, lamp.size * scale * width) / 2, 0.8);
  if (x * width < -radius || x * width > width + radius || y * height < -radius || y * height > height + radius) return;
  const own = lamp.size * scale * width + 1.2;
  const strength = Math.min(1, lamp.strength * Math.max((own / (2 * radius)) ** 1.05 * 1.6, 0.13));
  const colour = lamp.colour.join(" ");
  const fill = context.createRadialGradient(x * width, y * height, 0, x * width, y * height, radius);
  fill.addColorStop(0, `rgb(${colour} / ${strength * 0.82})`);
  fill.addColorStop(0.86, `rgb(${colour} / ${strength})`);
  fill.addColorStop(0.96, `rgb(${colour} / ${strength * 1.15})`);
  fill.addColorStop(1, `rgb(${colour} / 0)`);
  context.fillStyle = fill;
  context.beginPath();
  const round = Math.min(Math.max((2.8 - aperture) / 1.4, 0), 1);
  for (let i = 0; i < blades * 6; i++) {
    const angle = (i / (blades * 6)) * 2 * Math.PI, piece = Math.PI / blades;
    const flat = Math.cos(piece) / Math.cos(((angle + 0.2) % (2 * piece)) - piece);
    const reach = radius * (round + (1 - round) * flat);
    context.lineTo(x * width + reach * Math.cos(angle), y * height + reach * Math.sin(angle));
  }
  context.closePath();
  context.fill();
}

/** A seamless paper with a spot of light on it. */
function studio(context, focal, aperture) {
  const { width, height } = context.canvas;
  const reach = width * (0.85 + 0.2 * Math.min(1, blur(focal, aperture, 1.5)));
  const fade = context.createRadialGradient(width * 0.5, height * 0.42, 0, width * 0.5, height * 0.42, reach);
  [[0, "#a3a3a1"], [0.45, "#7b7b7a"], [1, "#3b3b3c"]].forEach(([stop, colour]) => fade.addColorStop(stop, colour));
  context.fillStyle = fade;
  context.fillRect(0, 0, width, height);
  return context.canvas;
}
