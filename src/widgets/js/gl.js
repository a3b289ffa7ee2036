// One WebGL2 context for the whole page: browsers take contexts away when a page holds many.
// Modules are loaded anew for each widget, so the context lives on globalThis.

import { around, common, patchReach, pixelsIn } from "./boxes.js";
import { fragment, VERTEX } from "./shaders.js";

const KEY = Symbol.for("scalebridge.gl.2");
const BUDGET = 128 * 2 ** 20; // bytes of textures; an allocation beyond the card's loses the context

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
    /** @type {Map<string, Program>} */
    this.programs = new Map();
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    this.program("VOLUME"); // what cannot be drawn anywhere is known at once
  }

  /** The program for a way of drawing, made when it is first used. @param {string} way see `fragment` @returns {Program} */
  program(way) {
    let known = this.programs?.get(way);
    if (!known) {
      known = linked(this.gl, fragment(way));
      this.programs?.set(way, known);
    }
    return known;
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

  /** @param {number[]} size width, height @param {number} channels bytes a pixel @param {Uint8Array} bytes @param {boolean} smooth */
  make2([width, height], channels, bytes, smooth) {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const [inner, outer] = formats(gl, channels);
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, outer, gl.UNSIGNED_BYTE, bytes);
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

  /** Draw one layer: its patch as far as that reaches, and round about it the coarse voxels. @param {Drawn} layer */
  draw(layer) {
    const gl = this.gl;
    gl.blendEquation(layer.blending === "max" ? gl.MAX : gl.FUNC_ADD);
    gl.blendFunc(gl.ONE, layer.blending === "over" ? gl.ONE_MINUS_SRC_ALPHA : gl.ONE);
    const [width, height] = this.size;
    const seen = pixelsIn(layer.reach, width, height);
    const sharp = layer.patch ? common(seen, pixelsIn(patchReach(layer.patchAt), width, height)) : null;
    if (sharp) this.fill("PATCH", layer, [sharp]);
    if (layer.volume) this.fill("VOLUME", layer, around(seen, sharp));
  }

  /** Draw a layer in parts of the picture. @param {"PATCH" | "VOLUME"} from @param {Drawn} layer @param {Box[]} boxes pixels */
  fill(from, layer, boxes) {
    if (!boxes.length || this.gl.isContextLost()) return; // it is told of a little later
    const gl = this.gl;
    const { program, at } = this.program(wayOf(from, layer));
    gl.useProgram(program);
    const images = from === "PATCH" ? [[1, gl.TEXTURE_2D, layer.patch]] : [[0, gl.TEXTURE_3D, layer.volume]];
    for (const [unit, target, texture] of /** @type {[number, number, WebGLTexture][]} */ ([...images, [2, gl.TEXTURE_2D, layer.table]])) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(target, texture);
    }
    for (const name of /** @type {const} */ (["start", "right", "below", "low", "high"]))
      gl.uniform3fv(at[name], layer.map[name]);
    if (layer.thresholds.length) {
      gl.uniform1i(at.thresholdCount, layer.thresholds.length);
      gl.uniform1fv(at["thresholds[0]"], layer.thresholds);
    }
    gl.uniform4fv(at.patchAt, layer.patchAt);
    gl.uniform2fv(at.bytesWeight, layer.wide ? [255, 65280] : [255, 0]);
    gl.uniform2fv(at.limits, layer.limits);
    gl.uniform1f(at.opacity, layer.opacity);
    gl.uniform2fv(at.pixel, layer.pixel);
    gl.uniform1f(at.field, layer.field);
    gl.uniform3fv(at.through, layer.slab.through);
    gl.uniform1i(at.slabCount, layer.slab.count);
    gl.uniform1i(at.slabMode, layer.slab.mode);
    gl.uniform1f(at.aspect, layer.aspect);
    for (const [left, top, right, bottom] of boxes) {
      gl.scissor(left, this.canvas.height - bottom, right - left, bottom - top);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
  }
}

/** @param {"PATCH" | "VOLUME"} from @param {Drawn} layer @returns {string} see `fragment` */
function wayOf(from, layer) {
  /** @type {string[]} */
  const words = [from];
  if (layer.thresholds.length) words.push("CLASSES");
  else if (layer.mode !== "image") words.push(layer.mode.toUpperCase());
  if (from === "VOLUME" && layer.holes) words.push("HOLES");
  if (from === "VOLUME" && layer.slab.count > 1) words.push("SLAB");
  if (layer.checker) words.push("CHECKER");
  return words.join(" ");
}

/** @param {WebGL2RenderingContext} gl @param {string} source of the fragment shader @returns {Program} */
function linked(gl, source) {
  const program = gl.createProgram();
  for (const [kind, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, source]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "");
  gl.useProgram(program);
  /** @type {Program["at"]} */
  const at = {};
  for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
    const name = /** @type {WebGLActiveInfo} */ (gl.getActiveUniform(program, i)).name;
    at[name] = gl.getUniformLocation(program, name);
  }
  ["volume", "patchImage", "table"].forEach((name, unit) => gl.uniform1i(at[name] ?? null, unit));
  return { program, at };
}

/** @typedef {import("./boxes.js").Box} Box */
/** @typedef {{program: WebGLProgram, at: Record<string, WebGLUniformLocation | null>}} Program and where its uniforms are */
/**
 * @typedef {object} Drawn one layer, ready to be drawn
 * @property {WebGLTexture | null} volume
 * @property {WebGLTexture | null} patch
 * @property {WebGLTexture | null} table
 * @property {{start: number[], right: number[], below: number[], low: number[], high: number[]}} map
 * @property {import("./boxes.js").Reach} reach of the panel
 * @property {number[]} patchAt how a place on the panel becomes one on the patch: start and scale
 * @property {string} mode
 * @property {boolean} wide two bytes a value
 * @property {boolean} holes whether 0 says that there is no value
 * @property {number[]} limits
 * @property {number[]} thresholds at most 8
 * @property {number} opacity
 * @property {number[]} pixel
 * @property {boolean} checker whether it is drawn in every other field of a checkerboard only
 * @property {number} field of the checkerboard, in panel widths
 * @property {{through: number[], count: number, mode: number}} slab
 * @property {number} aspect
 * @property {string} blending
 */

/** @param {WebGL2RenderingContext} gl @param {number} channels */
function formats(gl, channels) {
  return [[gl.R8, gl.RED], [gl.RG8, gl.RG], [gl.RGB8, gl.RGB], [gl.RGBA8, gl.RGBA]][channels - 1];
}
