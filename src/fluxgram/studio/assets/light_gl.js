// Relights the head with WebGL 2, in two passes: the small ratios of all lights are summed up, then laid over the head,
// put before the background and developed. light_2d.js does the same sums without a graphics card.
import { catchlight } from "./light_rig.js";
import { FILM, outset } from "./light_pack.js";

const MOST = 64;
const CORNER = "#version 300 es\nin vec2 at; out vec2 uv; void main() { uv = at * .5 + .5; gl_Position = vec4(at, 0, 1); }";

const SUM = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D sheet; uniform vec4 light[${MOST}]; uniform int count; uniform ivec2 tile; uniform int columns;
out vec4 sum;
void main() {
  ivec2 place = ivec2(gl_FragCoord.xy);
  vec3 total = vec3(0);
  for (int i = 0; i < count; i++) {
    int index = int(light[i].a);
    vec3 code = texelFetch(sheet, ivec2(index % columns, index / columns) * tile + place, 0).rgb;
    total += code * code * code * light[i].rgb;
  }
  sum = vec4(total, 1);
}`;

const DEVELOP = `#version 300 es
precision highp float;
precision highp sampler2D;
in vec2 uv; out vec4 shown;
uniform sampler2D head, matte, ratio, behind;
uniform float most, exposure, backdrop, contrast;
uniform mat3 inset, outset;
uniform vec4 eye[2]; uniform vec3 eyeShape[2]; uniform vec3 glint; uniform vec2 size;
float curve(float v) {
  return ((((((15.5 * v - 40.14) * v + 31.96) * v - 6.868) * v + .4298) * v + .1191) * v) - .00232;
}
void main() {
  vec2 p = vec2(uv.x, 1. - uv.y);
  vec3 code = texture(head, p).rgb;
  float cover = texture(matte, p).r;
  vec3 back = texture(behind, p).rgb;
  vec3 scene = code * code * most * texture(ratio, p).rgb * exposure;
  vec2 px = p * size;
  for (int i = 0; i < 2; i++) {
    vec2 d = px - eye[i].xy;
    float inside = 1. - smoothstep(.8, 1.05, length((px - eyeShape[i].xy) / vec2(1., .46)) / eyeShape[i].z);
    float lit = smoothstep(.08, .5, dot(texture(ratio, eyeShape[i].xy / size).rgb, vec3(.2126, .7152, .0722)));
    scene += glint * lit * inside * eye[i].w * (1. - smoothstep(.7, 1.25, length(d) / eye[i].z));
  }
  scene += (1. - cover) * pow(back, vec3(2.2)) * backdrop;
  vec3 v = clamp((log2(max(inset * scene, 2e-4)) + 12.47393) / 16.5, 0., 1.);
  vec3 film = pow(clamp(vec3(curve(v.r), curve(v.g), curve(v.b)), 0., 1.), vec3(contrast));
  shown = vec4(clamp(outset * film, 0., 1.), 1);
}`;

/** A renderer on a canvas; throws where the browser has no WebGL 2 that can do it. */
export class GlRenderer {
  name = "webgl";
  #gl;
  #sum;
  #develop;
  #pack;
  #stage;

  /** @param {boolean} [slow] also where the browser draws WebGL without a graphics card */
  constructor(canvas, pack, slow = false) {
    const gl = canvas.getContext("webgl2", { failIfMajorPerformanceCaveat: !slow, alpha: false, antialias: false, preserveDrawingBuffer: true, powerPreference: "low-power" });
    if (!gl || !gl.getExtension("EXT_color_buffer_float") || pack.about.scales.length > MOST) throw new Error("no WebGL 2");
    this.#gl = gl;
    this.#pack = pack;
    this.canvas = canvas;
    this.#sum = program(gl, SUM);
    this.#develop = program(gl, DEVELOP);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 3, -1, -1, 3]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    [pack.lights, pack.head, pack.matte].forEach((source, unit) => {
      texture(gl, unit, unit ? gl.LINEAR : gl.NEAREST);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
    });
    const [width, height] = pack.about.tile;
    const ratio = texture(gl, 3, gl.LINEAR);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, width, height, 0, gl.RGBA, gl.HALF_FLOAT, null);
    this.#stage = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#stage);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, ratio, 0);
    if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) throw new Error("no half floats");
    texture(gl, 4, gl.LINEAR);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([20, 20, 20, 255]));
  }

  /** Put a picture behind the head. */
  behind(source) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE4);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
  }

  /** Draw. @param {ReturnType<import("./light_rig.js").mix>} mixed @param {number} backdrop */
  draw(mixed, backdrop) {
    const gl = this.#gl, { about } = this.#pack;
    const lights = [];
    about.scales.forEach((scale, i) => {
      const tint = [0, 1, 2].map((c) => mixed.weights[3 * i + c] * scale);
      if (tint[0] + tint[1] + tint[2] > 1e-5) lights.push(...tint, i);
    });
    gl.useProgram(this.#sum.program);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#stage);
    gl.viewport(0, 0, ...about.tile);
    const sum = this.#sum.at;
    gl.uniform1i(sum("sheet"), 0);
    gl.uniform4fv(sum("light"), lights);
    gl.uniform1i(sum("count"), lights.length / 4);
    gl.uniform2i(sum("tile"), ...about.tile);
    gl.uniform1i(sum("columns"), about.columns);
    gl.drawArrays(gl.TRIANGLES, 0, 3);

    gl.useProgram(this.#develop.program);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    const at = this.#develop.at;
    ["head", "matte", "ratio", "behind"].forEach((name, i) => gl.uniform1i(at(name), i + 1));
    gl.uniform1f(at("most"), about.most);
    gl.uniform1f(at("exposure"), mixed.exposure);
    gl.uniform1f(at("backdrop"), backdrop);
    gl.uniform1f(at("contrast"), FILM.contrast);
    gl.uniformMatrix3fv(at("inset"), true, FILM.inset);
    gl.uniformMatrix3fv(at("outset"), true, outset());
    gl.uniform2f(at("size"), ...about.size);
    const found = catchlight(this.#pack, mixed.key);
    const eyes = about.eyes.flatMap(([x, y]) => (found ? [x + found.offset[0], y + found.offset[1], found.size, found.strength] : [0, 0, 1, 0]));
    gl.uniform4fv(at("eye"), eyes);
    gl.uniform3fv(at("eyeShape"), about.eyes.flatMap(([x, y]) => [x, y, about.eye_radius * 0.95]));
    gl.uniform3fv(at("glint"), mixed.key.colour.map((value) => value * mixed.key.power * mixed.exposure * 1.6));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

function program(gl, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, CORNER], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.bindAttribLocation(made, 0, "at");
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) || "no shaders");
  const places = new Map();
  return { program: made, at: (name) => places.get(name) ?? places.set(name, gl.getUniformLocation(made, name)).get(name) };
}

function texture(gl, unit, filter) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, filter], [gl.TEXTURE_MAG_FILTER, filter], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
  return made;
}
