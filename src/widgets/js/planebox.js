// One plane on the page: its canvas, the slider through the specimen, and what is drawn on them.

import { answersOf } from "./ahead.js";
import { cursorOn, depthOf } from "./look.js";
import { drawCrosshair, drawOrientation, drawScaleBar, drawSheet, drawSplit } from "./marks.js";
import { paint } from "./painter.js";
import { drawHandles, drawPinned } from "./pins.js";
import { add } from "./toolbar.js";
import { axisNames, positionWords } from "./words.js";

/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./kernel.js").Shown & {box: HTMLElement, pen: CanvasRenderingContext2D, slider: HTMLInputElement, still: ImageBitmap | null}} Plane */

const STEPS = 1000; // of a slice slider
const MOST_RATIO = 2; // pixels of the canvas for one of the page

/** @param {number} number @param {import("./plane.js").View} view @param {any} model @param {() => Look} look
 * @param {() => void} redraw @param {(patch: string) => void} forget a texture @returns {Plane} */
export function planeBox(number, view, model, look, redraw, forget) {
  const box = document.createElement("div");
  box.className = "sb-plane";
  const canvas = /** @type {HTMLCanvasElement} */ (add(box, "canvas", "sb-canvas"));
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", model.get("alt"));
  const slider = /** @type {HTMLInputElement} */ (add(box, "input", "sb-slice"));
  Object.assign(slider, { type: "range", min: "0", max: String(STEPS), title: "Slice (Page up, Page down)" });
  slider.hidden = model.get("flat");
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  /** @type {Plane} */
  const plane = {
    number, box, canvas, slider, pen, view,
    patches: new Map(),
    answers: answersOf((patch) => [...plane.patches.values()].includes(patch) || forget(patch.number)),
    coming: null,
    exact: "",
    asked: 0,
    answered: 0,
    pending: false,
    still: null,
    size: () => {
      const ratio = Math.min(MOST_RATIO, globalThis.devicePixelRatio || 1);
      const width = Math.max(40, Math.round(canvas.clientWidth * ratio));
      return { width, height: Math.max(30, Math.round(width * look().aspect)), ratio };
    },
    picture: (picture) => {
      plane.still = picture;
      redraw();
    },
  };
  return plane;
}

/** How far along the normal a slider asks to go [um]. @param {Plane} plane @param {any} model */
export function sliderStep({ view, slider }, model) {
  const { least, most, at } = depthOf(view, model.get("bounds_um"));
  return least + (Number(slider.value) / STEPS) * (most - least) - at;
}

/**
 * @param {Plane} plane
 * @param {object} given
 * @param {any} given.model @param {Look} given.look
 * @param {import("./tools.js").Desk} given.desk
 * @param {import("./gl.js").Gl | null} given.gl
 * @param {import("./layerlist.js").Row[]} given.layers
 * @param {boolean} given.late whether some are drawn as they were at another time point
 * @param {boolean} given.moving @param {number} given.share of the pixels, while it moves
 * @param {boolean} given.lit of a flickering layer
 */
export function drawPlane(plane, { model, look, desk, gl, layers, late, moving, share, lit }) {
  const { canvas, pen, view } = plane;
  const { width, height, ratio } = plane.size();
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const started = performance.now();
  const [unit, slab] = [model.get("unit"), model.get("slab")];
  const compare = { mode: model.get("compare"), split: desk.split(), on: lit };
  const letters = Math.min(16, Math.max(10, Math.round(width / ratio / 50))) * ratio;
  if (gl) {
    const given = { gl, layers, tables: model.get("tables"), patches: plane.patches, compare, slab, moving };
    paint({ ...given, pen, view, width, height, share: moving ? share : 1 });
    desk.magnify(plane, (lens, seen, side) => paint({ ...given, pen: lens, view: seen, width: side, height: side, share: 1 }));
  } else if (plane.still) pen.drawImage(plane.still, 0, 0, width, height);
  canvas.dataset.ms = (performance.now() - started).toFixed(1);
  if (gl) {
    // without WebGL they are in Python's picture
    const { u, v } = cursorOn(view, look);
    if (model.get("crosshair")) drawCrosshair(pen, u, v, width, height);
    const sheet = model.get("marks")[plane.number];
    if (sheet?.shapes.length) drawSheet(pen, view, sheet, width, height);
    drawScaleBar(pen, view, unit, width, height, letters);
    const thick = slab.um > 0 ? [`${slab.mode} of a slab of ${Number(slab.um.toPrecision(3))} ${unit === "px" ? "px" : "µm"}`] : [];
    const title = plane.number === 0 ? model.get("title") : "";
    const lines = [title, positionWords(view, unit, model.get("flat")), ...thick].filter(Boolean);
    drawOrientation(pen, lines, axisNames(view), letters, Boolean(title));
  }
  if (compare.mode === "split") drawSplit(pen, compare.split * width, height, ratio);
  for (const pinned of desk.pinned()) drawPinned(pen, view, pinned, { width, height, letters, unit });
  desk.paint.draw(pen, view, width, height);
  drawHandles(pen, view, desk.handles(), width, height, letters);
  const { least, most, at } = depthOf(view, model.get("bounds_um"));
  plane.slider.value = String(Math.round(((at - least) / Math.max(1e-12, most - least)) * STEPS));
  canvas.dataset.drawn = String(Number(canvas.dataset.drawn ?? 0) + 1);
  canvas.dataset.how = `${compare.mode} ${slab.um} ${slab.mode}`;
  canvas.dataset.sharp = String(!moving && !late && !plane.pending && plane.asked === plane.answered);
}
