// One WebGL2 context for the whole page: browsers take contexts away when a page holds many.
// Modules are loaded anew for each widget, so the context lives on globalThis.

const KEY = Symbol.for("scalebridge.gl.1");
const BUDGET = 128 * 2 ** 20; // bytes of textures; an allocation beyond the card's loses the context

const VERTEX = `#version 300 es
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);
  place = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

// A value is what the bytes say, 0 to 65535 (or 255); grey = offset + gain * value. The patch stands
// before the coarse voxels wherever it reaches. Labels are slots of the table, looked up unblended.
const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler3D;
in vec2 place;
out vec4 color;
uniform sampler3D volume;
uniform sampler2D patchImage;
uniform sampler2D table;
uniform vec3 start, right, below, low, high;
uniform bool hasVolume, hasPatch, isRgb, isLabels;
uniform bool holes;              // 0 says that there is no value
uniform int thresholdCount;      // more than 0: classes between thresholds, by voxel
uniform float thresholds[8];
uniform vec4 patchAt;            // start and scale
uniform vec2 bytesWeight;        // of the low and the high byte
uniform vec2 limits;             // values of the first and last colour
uniform float opacity;
uniform vec2 pixel;              // size of a pixel on the panel
uniform int cut;                 // the uppermost layer in 1 the fields of a checkerboard, 2 the right part
uniform float split;             // where the right part begins, in panel widths
uniform float field;             // of the checkerboard, in panel widths
uniform vec3 through;            // a thick slab, along the normal
uniform int slabCount, slabMode; // planes in it; 0 their mean, 1 the largest, 2 the smallest value
uniform float aspect;

// whether the nearest voxel has no value
bool isHole(vec3 t) {
  ivec3 size = textureSize(volume, 0);
  return holes && dot(texelFetch(volume, clamp(ivec3(t.zyx * vec3(size)), ivec3(0), size - 1), 0).rg, bytesWeight) < 0.5;
}

bool inside(vec3 t) { return all(greaterThanEqual(t, low)) && all(lessThanEqual(t, high)); }

vec4 slabAt(vec3 middle) {
  vec4 found = vec4(0.0);
  for (int k = 0; k < slabCount; k++) {
    vec3 t = middle + through * (float(k) / float(slabCount - 1) - 0.5);
    if (!inside(t) || isHole(t)) continue;
    vec4 texel = texture(volume, t.zyx);
    vec3 value = isRgb ? texel.rgb * 255.0 : vec3(dot(texel.rg, bytesWeight), 0.0, 0.0);
    if (slabMode == 0) found.rgb += value;
    else if (found.w == 0.0) found.rgb = value;
    else found.rgb = slabMode == 1 ? max(found.rgb, value) : min(found.rgb, value);
    found.w += 1.0;
  }
  if (found.w == 0.0) return found;
  return vec4(slabMode == 0 ? found.rgb / found.w : found.rgb, 1.0);
}

// value in x (or red, green, blue), and whether there is one in w
vec4 valueAt(vec2 at) {
  if (hasPatch) {
    vec2 p = patchAt.xy + at * patchAt.zw;
    if (all(greaterThanEqual(p, vec2(0.0))) && all(lessThanEqual(p, vec2(1.0)))) {
      vec4 texel = texture(patchImage, p);
      if (isRgb) return vec4(texel.rgb * 255.0 / max(texel.a, 1e-3), texel.a > 0.5 ? 1.0 : 0.0);
      return vec4(dot(texel.rg, bytesWeight) / max(texel.a, 1e-3), 0.0, 0.0, texel.a > 0.5 ? 1.0 : 0.0);
    }
  }
  vec3 t = start + at.x * right + at.y * below;
  if (!hasVolume) return vec4(0.0);
  if (slabCount > 1) return slabAt(t);
  if (!inside(t) || isHole(t)) return vec4(0.0);
  vec4 texel = thresholdCount > 0
    ? texelFetch(volume, min(ivec3(t.zyx * vec3(textureSize(volume, 0))), textureSize(volume, 0) - 1), 0)
    : texture(volume, t.zyx);
  return isRgb ? vec4(texel.rgb * 255.0, 1.0) : vec4(dot(texel.rg, bytesWeight), 0.0, 0.0, 1.0);
}

float slotOf(float value) {
  if (thresholdCount == 0) return floor(value + 0.5);
  float found = 0.0;
  for (int k = 0; k < thresholdCount; k++) found += step(thresholds[k], value);
  return found;
}

void main() {
  if (cut == 1 && (int(place.y * aspect / field) + int(place.x / field)) % 2 == 0) discard;
  if (cut == 2 && place.x < split) discard;
  vec4 value = valueAt(place);
  if (value.w == 0.0) discard;
  if (isRgb) {
    color = vec4(clamp((value.rgb - limits.x) / (limits.y - limits.x), 0.0, 1.0), 1.0) * opacity;
    return;
  }
  if (isLabels || thresholdCount > 0) {
    float slot = slotOf(value.x);
    vec4 own = texelFetch(table, ivec2(int(slot), 0), 0);
    if (own.a == 0.0) discard;
    float strength = opacity;
    for (int k = 0; k < 4; k++) {
      vec2 step = k < 2 ? vec2(k == 0 ? pixel.x : -pixel.x, 0.0) : vec2(0.0, k == 2 ? pixel.y : -pixel.y);
      vec4 beside = valueAt(place + step);
      if ((beside.w > 0.0 ? slotOf(beside.x) : 0.0) != slot) strength = min(1.0, 2.0 * opacity);
    }
    color = vec4(own.rgb, 1.0) * strength;
    return;
  }
  float t = clamp((value.x - limits.x) / (limits.y - limits.x), 0.0, 1.0);
  color = vec4(texelFetch(table, ivec2(int(floor(t * 255.0 + 0.5)), 0), 0).rgb, 1.0) * opacity;
}`;

/**
 * @typedef {object} Texture
 * @property {WebGLTexture} texture
 * @property {number} bytes
 * @property {number} used when it was last drawn
 */

/** The page's drawing context, or null where there is no WebGL2. @returns {Gl | null} */
export function sharedGl() {
  const page = /** @type {any} */ (globalThis);
  if (page[KEY] === undefined) page[KEY] = Gl.create();
  return page[KEY];
}

export class Gl {
  /** @returns {Gl | null} */
  static create() {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
    if (!context) return null;
    try {
      return new Gl(canvas, context);
    } catch (error) {
      console.warn("Scalebridge draws pictures in the kernel: " + error);
      return null;
    }
  }

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    /** @type {Map<string, Texture>} */
    this.textures = new Map();
    /** @type {Set<() => void>} */
    this.restored = new Set();
    this.clock = 0;
    this.size = [1, 1];
    this.lost = false;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = true;
      this.textures.clear();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      this.prepare();
      for (const redraw of this.restored) redraw();
    });
    this.prepare();
  }

  prepare() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "");
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "");
    gl.useProgram(program);
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    /** @type {Record<string, WebGLUniformLocation | null>} */
    this.at = {};
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const name = /** @type {WebGLActiveInfo} */ (gl.getActiveUniform(program, i)).name;
      this.at[name] = gl.getUniformLocation(program, name);
    }
    ["volume", "patchImage", "table"].forEach((name, unit) => gl.uniform1i(this.at[name], unit));
    this.blank3 = this.make3([1, 1, 1], 1, new Uint8Array(1), false);
    this.blank2 = this.make2(1, 1, new Uint8Array(4), false);
  }

  /** A texture that is known by its key, made when it is not there. @param {string} key @param {() => {texture: WebGLTexture, bytes: number}} make */
  texture(key, make) {
    let known = this.textures.get(key);
    if (!known) {
      this.makeRoom();
      known = { ...make(), used: 0 };
      this.textures.set(key, known);
    }
    known.used = ++this.clock;
    return known.texture;
  }

  /** Give up what was not drawn for longest. */
  makeRoom() {
    const total = () => [...this.textures.values()].reduce((sum, one) => sum + one.bytes, 0);
    const oldest = [...this.textures].sort((a, b) => a[1].used - b[1].used);
    while (oldest.length > 1 && total() > BUDGET) {
      const [key] = /** @type {[string, Texture]} */ (oldest.shift());
      this.forget(key);
    }
  }

  /** @param {string} key */
  forget(key) {
    const known = this.textures.get(key);
    if (known) this.gl.deleteTexture(known.texture);
    this.textures.delete(key);
  }

  /** @param {number[]} shape z, y, x @param {number} channels bytes a voxel @param {Uint8Array} bytes @param {boolean} smooth */
  make3(shape, channels, bytes, smooth) {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_3D, texture);
    const [inner, outer] = formats(gl, channels);
    const [depth, height, width] = shape;
    gl.texImage3D(gl.TEXTURE_3D, 0, inner, width, height, depth, 0, outer, gl.UNSIGNED_BYTE, bytes);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
      gl.texParameteri(gl.TEXTURE_3D, side, gl.CLAMP_TO_EDGE);
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_3D, size, smooth ? gl.LINEAR : gl.NEAREST);
    return texture;
  }

  /** @param {number} width @param {number} height @param {Uint8Array} rgba @param {boolean} smooth */
  make2(width, height, rgba, smooth) {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, size, smooth ? gl.LINEAR : gl.NEAREST);
    return texture;
  }

  /** Begin a picture. @param {number} width @param {number} height @param {number[]} ground red, green, blue 0 to 255 */
  begin(width, height, ground) {
    const gl = this.gl;
    if (this.canvas.width < width) this.canvas.width = width;
    if (this.canvas.height < height) this.canvas.height = height;
    this.size = [width, height];
    gl.viewport(0, this.canvas.height - height, width, height);
    gl.scissor(0, this.canvas.height - height, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.clearColor(ground[0] / 255, ground[1] / 255, ground[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** Draw one layer. @param {Drawn} layer */
  draw(layer) {
    const gl = this.gl;
    const [width, height] = this.size;
    const { left, top, right, bottom } = layer.reach;
    const [x, y] = [Math.max(0, Math.floor(left * width) - 1), Math.max(0, Math.floor(top * height) - 1)];
    const [wide, high] = [Math.ceil(right * width) + 1 - x, Math.ceil(bottom * height) + 1 - y];
    gl.scissor(x, this.canvas.height - y - high, Math.min(wide, width - x), high);
    const at = /** @type {Record<string, WebGLUniformLocation | null>} */ (this.at);
    [layer.volume ?? this.blank3, layer.patch ?? this.blank2, layer.table].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(unit === 0 ? gl.TEXTURE_3D : gl.TEXTURE_2D, texture ?? null);
    });
    for (const name of /** @type {const} */ (["start", "right", "below", "low", "high"]))
      gl.uniform3fv(at[name], layer.map[name]);
    gl.uniform1i(at.hasVolume, Number(Boolean(layer.volume)));
    gl.uniform1i(at.holes, Number(layer.holes));
    gl.uniform1i(at.hasPatch, Number(Boolean(layer.patch)));
    gl.uniform1i(at.isRgb, Number(layer.mode === "rgb"));
    gl.uniform1i(at.isLabels, Number(layer.mode === "labels"));
    gl.uniform1i(at.thresholdCount, layer.thresholds.length);
    if (layer.thresholds.length) gl.uniform1fv(at["thresholds[0]"], layer.thresholds);
    gl.uniform4fv(at.patchAt, layer.patchAt);
    gl.uniform2fv(at.bytesWeight, layer.wide ? [255, 65280] : [255, 0]);
    gl.uniform2fv(at.limits, layer.limits);
    gl.uniform1f(at.opacity, layer.opacity);
    gl.uniform2fv(at.pixel, layer.pixel);
    gl.uniform1i(at.cut, layer.cut);
    gl.uniform1f(at.split, layer.split);
    gl.uniform1f(at.field, layer.field);
    gl.uniform3fv(at.through, layer.slab.through);
    gl.uniform1i(at.slabCount, layer.slab.count);
    gl.uniform1i(at.slabMode, layer.slab.mode);
    gl.uniform1f(at.aspect, layer.aspect);
    gl.blendEquation(layer.blending === "max" ? gl.MAX : gl.FUNC_ADD);
    gl.blendFunc(gl.ONE, layer.blending === "over" ? gl.ONE_MINUS_SRC_ALPHA : gl.ONE);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

/**
 * @typedef {object} Drawn one layer, ready to be drawn
 * @property {WebGLTexture | null} volume
 * @property {WebGLTexture | null} patch
 * @property {WebGLTexture | null} table
 * @property {{start: number[], right: number[], below: number[], low: number[], high: number[]}} map
 * @property {{left: number, top: number, right: number, bottom: number}} reach of the panel
 * @property {number[]} patchAt
 * @property {string} mode
 * @property {boolean} wide two bytes a value
 * @property {boolean} holes whether 0 says that there is no value
 * @property {number[]} limits
 * @property {number[]} thresholds at most 8
 * @property {number} opacity
 * @property {number[]} pixel
 * @property {number} cut 1 the fields of a checkerboard, 2 the right part, 0 all of it
 * @property {number} split
 * @property {number} field
 * @property {{through: number[], count: number, mode: number}} slab
 * @property {number} aspect
 * @property {string} blending
 */

/** @param {WebGL2RenderingContext} gl @param {number} channels */
function formats(gl, channels) {
  if (channels === 1) return [gl.R8, gl.RED];
  return channels === 2 ? [gl.RG8, gl.RG] : [gl.RGBA8, gl.RGBA];
}
