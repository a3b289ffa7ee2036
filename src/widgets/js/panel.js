// One live panel: the browser draws every layer from a coarse copy and, once the view rests, from
// the patch that Python samples for exactly this plane. Without WebGL it shows Python's picture.

import { sharedGl } from "./gl.js";
import { drawCrosshair, drawOrientation, drawScaleBar, drawSheet } from "./marks.js";
import { patchMap, reachOf, textureMap } from "./plane.js";
import { steer } from "./pointer.js";
import { axisNames, positionWords } from "./words.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/**
 * @typedef {object} Layer
 * @property {string} key of its patches
 * @property {string} volume key of its coarse copy
 * @property {number[]} thresholds between classes, where it is drawn by class
 * @property {string} name
 * @property {string} mode image, labels or rgb
 * @property {import("./plane.js").Grid | null} grid null where only Python can place it
 * @property {boolean} wide two bytes a value
 * @property {number[]} limits values of the first and last colour
 * @property {string} table
 * @property {number} opacity
 * @property {string} blending
 * @property {boolean} visible
 */
/** @typedef {{view: View, width: number, height: number, bytes: Uint8Array, number: number}} Patch */

const REST_MS = 120;
const TELL_MS = 300;
const FRAME_MS = 40;
const LATE_MS = 3000;
const GROUND = [14, 14, 16];

/** Coarse copies, shared by all panels of the page and kept when a cell is run again. */
const KEY = Symbol.for("scalebridge.volumes.2");
/** @typedef {{shape: number[], channels: number, bytes: Uint8Array, smooth: boolean}} Volume */
/** @typedef {{kept: Map<string, Volume>, asked: Map<string, number>, panels: Set<() => void>}} Shared */
/** @returns {Shared} */
const shared = () =>
  ((/** @type {any} */ (globalThis))[KEY] ??= { kept: new Map(), asked: new Map(), panels: new Set() });
const volumes = () => shared().kept;

/** @param {DataView | ArrayBuffer | Uint8Array} data */
const bytesOf = (data) =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

let patchNumber = 0;

/** @param {{model: any, el: HTMLElement}} given */
function render({ model, el }) {
  const me = crypto.randomUUID?.() ?? String(Math.random());
  const ending = new AbortController();
  const frame = document.createElement("div");
  frame.className = "sb-panel";
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  const badge = document.createElement("div");
  badge.className = "sb-badge";
  frame.append(canvas, badge);
  el.append(frame);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  const gl = sharedGl();
  if (!gl) return withoutGl(model, frame, canvas, badge, ending);

  /** @type {View} */
  let view = model.get("view_plane");
  /** @type {Triple} */
  let cursor = model.get("cursor_um");
  /** @type {Map<string, Patch>} */
  const patches = new Map();
  let [asked, resting, telling, told, moving] = [0, 0, 0, 0, false];
  let late = 0;
  let quality = 1;
  let began = 0;
  let waiting = false;

  const size = () => {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = Math.max(40, Math.round(canvas.clientWidth * ratio));
    return { width, height: Math.max(30, Math.round(width * view.aspect)), ratio };
  };

  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!ending.signal.aborted) draw();
    });
  };

  const draw = () => {
    const { width, height, ratio } = size();
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    if (gl.lost) return;
    const started = performance.now();
    const share = moving ? quality : 1;
    const [w, h] = [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
    gl.begin(w, h, GROUND);
    /** @type {Layer[]} */
    const shown = model.get("layers").filter((/** @type {Layer} */ layer) => layer.visible);
    shown.forEach((layer, i) => drawLayer(layer, w, h, i, shown.length));
    pen.imageSmoothingEnabled = share < 1;
    pen.drawImage(gl.canvas, 0, 0, w, h, 0, 0, width, height);
    const took = performance.now() - started;
    // Drawing is done by others after this returns: how long it took shows in the next frame's start.
    const gap = started - began;
    if (moving && gap < 500) quality = gap > FRAME_MS ? Math.max(0.3, quality / 1.25) : Math.min(1, quality * 1.08);
    began = started;
    const letters = Math.min(16, Math.max(10, Math.round(width / ratio / 50))) * ratio;
    if (model.get("crosshair")) drawCrosshair(pen, view, cursor, width, height);
    const sheet = model.get("marks");
    if (sheet.shapes?.length) drawSheet(pen, view, sheet, width, height);
    drawScaleBar(pen, view, model.get("unit"), width, height, letters);
    const lines = [model.get("title"), positionWords(view, model.get("unit"), model.get("flat"))];
    drawOrientation(pen, lines.filter(Boolean), axisNames(view), letters);
    canvas.dataset.drawn = String(Number(canvas.dataset.drawn ?? 0) + 1);
    canvas.dataset.ms = took.toFixed(1);
  };

  /** @param {Layer} layer @param {number} w @param {number} h @param {number} turn @param {number} turns */
  const drawLayer = (layer, w, h, turn, turns) => {
    const coarse = layer.grid && volumes().get(layer.volume);
    const patch = patches.get(layer.key);
    const at = patch && patchMap(view, patch.view);
    if (!coarse && !at) return;
    const map = layer.grid && textureMap(view, layer.grid, w);
    const reach = map ? reachOf(map) : { left: 0, top: 0, right: 1, bottom: 1 };
    if (!reach) return; // elsewhere
    const compare = model.get("compare");
    const nothing = { start: [0, 0, 0], right: [0, 0, 0], below: [0, 0, 0], low: [1, 1, 1], high: [0, 0, 0] };
    gl.draw({
      volume: coarse
        ? gl.texture("v" + layer.volume, () => ({
            texture: gl.make3(coarse.shape, coarse.channels, coarse.bytes, coarse.smooth),
            bytes: coarse.bytes.length,
          }))
        : null,
      patch: at
        ? gl.texture("p" + patch.number, () => ({
            texture: gl.make2(patch.width, patch.height, patch.bytes, layer.mode !== "labels" && !layer.thresholds.length),
            bytes: patch.bytes.length,
          }))
        : null,
      table: gl.texture("t" + layer.table, () => {
        const rgba = bytesOf(model.get("tables")[layer.table]);
        return { texture: gl.make2(256, 1, rgba, false), bytes: rgba.length };
      }),
      map: map || nothing,
      reach,
      patchAt: at ? [...at.start, ...at.scale] : [0, 0, 1, 1],
      mode: layer.mode,
      wide: layer.wide,
      limits: layer.limits,
      thresholds: layer.thresholds.slice(0, 8),
      opacity: layer.opacity,
      pixel: [1 / w, 1 / h],
      turn: [turn, turns, compare === "checkerboard" ? 1 : compare === "split" ? 2 : 0],
      field: Math.max(1, Math.floor(w / 8)) / w,
      aspect: view.aspect,
      blending: layer.blending,
    });
  };

  /** Ask Python for what this plane shows exactly, once it rests. */
  const rest = () => {
    clearTimeout(resting);
    resting = setTimeout(() => {
      moving = false;
      tell();
      hello();
      redraw();
      asked += 1;
      const { width, height } = size();
      model.send({ kind: "rest", sequence: asked, view, width_px: width, height_px: height, css_px: canvas.clientWidth });
      badge.textContent = "";
      clearTimeout(late);
      late = setTimeout(() => {
        badge.textContent = "coarse: no answer from the kernel";
      }, LATE_MS);
      frame.classList.add("sb-busy");
    }, REST_MS);
  };

  /** Tell Python where the view is: at once, then at most every so often while it moves. */
  const tell = () => {
    clearTimeout(telling);
    told = performance.now();
    model.send({ kind: "view", by: me, view, cursor_um: cursor });
  };
  const moved = () => {
    moving = true;
    redraw();
    rest();
    clearTimeout(telling);
    telling = setTimeout(tell, Math.max(0, told + TELL_MS - performance.now()));
  };

  steer(
    canvas,
    {
      view: () => view,
      cursor: () => cursor,
      limits: () => ({ ...model.get("reach"), flat: model.get("flat"), turns: model.get("turns") }),
      move: (next) => {
        view = next;
        moved();
      },
      point: (next, seen) => {
        cursor = next;
        if (seen) view = seen;
        moved();
      },
      command: (key) => {
        if (key !== "f") return false;
        if (document.fullscreenElement) document.exitFullscreen();
        else frame.requestFullscreen?.();
        return true;
      },
    },
    ending.signal,
  );

  /** @type {[string, () => void][]} */
  const follows = [
    ["change:view_plane", () => {
      const next = model.get("view_plane");
      if (next.by === me) return;
      view = next;
      redraw();
      rest();
    }],
    ["change:cursor_um", () => {
      if (model.get("view_plane").by === me && moving) return;
      cursor = model.get("cursor_um");
      redraw();
    }],
    ["change:layers", () => {
      redraw();
      rest();
      hello();
    }],
    ...["tables", "marks", "compare", "title", "unit", "crosshair", "flat"].map(
      (name) => /** @type {[string, () => void]} */ (["change:" + name, redraw]),
    ),
    ["change:alt", () => canvas.setAttribute("aria-label", model.get("alt"))],
  ];
  for (const [name, handler] of follows) model.on(name, handler);

  /** @param {any} content @param {any[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "volume") {
      volumes().set(content.key, { ...content, bytes: bytesOf(buffers[0]) });
      for (const panel of shared().panels) panel();
    } else if (content.kind === "patch") {
      const before = patches.get(content.key);
      if (before) gl.forget("p" + before.number);
      patches.set(content.key, { ...content, bytes: bytesOf(buffers[0]), number: ++patchNumber });
      redraw();
    } else if (content.kind === "rested" && content.sequence === asked) {
      clearTimeout(late);
      badge.textContent = "";
      frame.classList.remove("sb-busy");
      canvas.dataset.rested = String(content.sequence);
      canvas.dataset.view = JSON.stringify(view);
    }
  };
  model.on("msg:custom", hear);

  /** Ask for coarse copies that nobody here has, or has just asked for. */
  const hello = () => {
    const wanted = model.get("layers").map((/** @type {Layer} */ layer) => layer.volume);
    const missing = wanted.filter((/** @type {string} */ key) => {
      const since = performance.now() - (shared().asked.get(key) ?? -Infinity);
      return key && !volumes().has(key) && since > LATE_MS;
    });
    for (const key of missing) shared().asked.set(key, performance.now());
    if (missing.length) model.send({ kind: "hello", missing });
  };

  canvas.setAttribute("aria-label", model.get("alt"));
  const watch = new ResizeObserver(() => {
    redraw();
    rest();
  });
  watch.observe(canvas);
  gl.restored.add(redraw);
  shared().panels.add(redraw);
  hello();
  redraw();
  rest();
  return () => {
    ending.abort();
    watch.disconnect();
    gl.restored.delete(redraw);
    shared().panels.delete(redraw);
    for (const patch of patches.values()) gl.forget("p" + patch.number);
    for (const [name, handler] of follows) model.off(name, handler);
    model.off("msg:custom", hear);
    for (const timer of [resting, telling, late]) clearTimeout(timer);
  };
}

/** Python's picture where there is no WebGL, steered all the same.
 * @param {any} model @param {HTMLElement} frame @param {HTMLCanvasElement} canvas @param {HTMLElement} badge @param {AbortController} ending */
function withoutGl(model, frame, canvas, badge, ending) {
  const image = document.createElement("img");
  image.tabIndex = 0;
  image.draggable = false;
  canvas.replaceWith(image);
  badge.textContent = "no WebGL here: Python draws each picture";
  let address = "";
  let [view, cursor] = [model.get("view_plane"), model.get("cursor_um")];
  const show = () => {
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(new Blob([/** @type {any} */ (bytesOf(model.get("png")))], { type: "image/png" }));
    image.src = address;
    image.alt = model.get("alt");
  };
  const ask = () => model.send({ kind: "picture", width_px: Math.max(200, image.clientWidth), view, cursor_um: cursor });
  const follow = () => {
    [view, cursor] = [model.get("view_plane"), model.get("cursor_um")];
    ask();
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, REST_MS / 2);
  };
  steer(
    image,
    {
      view: () => view,
      cursor: () => cursor,
      limits: () => ({ ...model.get("reach"), flat: model.get("flat"), turns: model.get("turns") }),
      move: (next) => ((view = next), later()),
      point: (next, seen) => ((cursor = next), (view = seen ?? view), later()),
      command: () => false,
    },
    ending.signal,
  );
  const names = ["view_plane", "cursor_um", "layers", "marks", "compare"];
  for (const name of names) model.on("change:" + name, follow);
  model.on("change:png", show);
  ask();
  return () => {
    ending.abort();
    for (const name of names) model.off("change:" + name, follow);
    model.off("change:png", show);
    URL.revokeObjectURL(address);
  };
}

export default { render };
