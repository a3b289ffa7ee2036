// Draws all layers of one plane with WebGL: the patch where there is one, else the coarse copy.

import { dot, normal, patchMap, plus, reachOf, textureMap } from "./plane.js";
import { bytesOf, volume } from "./volumes.js";

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
 * @property {boolean} holes whether 0 says that there is no value
 * @property {number[]} limits values of the first and last colour
 * @property {string} table
 * @property {number} opacity
 * @property {string} blending
 * @property {boolean} visible
 * @property {(number | null)[]} widths_um of the view between which it is drawn
 */
/** @typedef {{key: string, view: View, width: number, height: number, number: string} & import("./patch.js").Pixels} Patch */
/** @typedef {{um: number, mode: string}} Slab */
/** @typedef {{mode: string, split: number, on: boolean}} Compare how the uppermost layer is compared with those below; on: its turn in a flicker */

const GROUND = [14, 14, 16];
const SLAB_MODES = ["mean", "max", "min"];
const MOST_PLANES = 33;
const MOVING_PLANES = 8;
const NOTHING = { start: [0, 0, 0], right: [0, 0, 0], below: [0, 0, 0], low: [1, 1, 1], high: [0, 0, 0] };

/** How strongly a layer shows in a view so wide: it fades over a factor of two beyond its widths.
 * @param {(number | null)[]} widths_um least and most @param {number} width_um */
export function fade([least, most], width_um) {
  const below = least === null ? 0 : Math.log2(least / width_um);
  const above = most === null ? 0 : Math.log2(width_um / most);
  return Math.min(1, Math.max(0, 1 - Math.max(below, above, 0)));
}

/** How many planes stand for a thick slab. @param {number} slab_um @param {number} pixel_um @param {number} finest_um */
export const planesIn = (slab_um, pixel_um, finest_um) =>
  slab_um > 0 ? Math.min(MOST_PLANES, Math.max(2, Math.ceil(slab_um / Math.max(pixel_um, finest_um)) + 1)) : 1;

/**
 * Draw a plane onto a 2D canvas.
 * @param {object} given
 * @param {import("./gl.js").Gl} given.gl
 * @param {CanvasRenderingContext2D} given.pen
 * @param {View} given.view
 * @param {number} given.width of the canvas @param {number} given.height
 * @param {number} given.share of the pixels that are drawn
 * @param {boolean} given.moving
 * @param {Layer[]} given.layers the first at the bottom
 * @param {Record<string, any>} given.tables of colours
 * @param {Map<string, Patch>} given.patches
 * @param {Compare} given.compare
 * @param {Slab} given.slab
 */
export function paint({ gl, pen, view, width, height, share, moving, layers, tables, patches, compare, slab }) {
  const [w, h] = [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
  const shown = layers.filter((layer) => layer.visible && fade(layer.widths_um, view.width_um) > 0);
  const top = shown.length > 1 ? shown[shown.length - 1] : null;
  const below = top ? shown.slice(0, -1) : shown;

  /** @param {Layer} layer */
  const draw = (layer) => {
    const coarse = layer.grid && volume(layer.volume);
    const patch = patches.get(layer.key);
    const at = patch && patchMap(view, patch.view);
    if (!coarse && !at) return;
    const map = layer.grid && textureMap(view, layer.grid, w);
    const thick = layer.grid && layer.mode !== "labels" && !layer.thresholds.length ? slabOf(view, layer.grid, slab, w) : null;
    const reach = !map || thick ? { left: 0, top: 0, right: 1, bottom: 1 } : reachOf(map);
    if (!reach) return; // elsewhere
    const mode = layer === top ? compare.mode : "";
    if (mode === "split") reach.left = Math.max(reach.left, compare.split);
    gl.draw({
      volume: coarse
        ? gl.texture("v" + layer.volume, () => ({
            texture: gl.make3(coarse.shape, coarse.channels, coarse.bytes, coarse.smooth),
            bytes: coarse.bytes.length,
          }))
        : null,
      patch: at
        ? gl.texture("p" + patch.number, () => ({
            texture: gl.make2([patch.width, patch.height], patch.channels, patch.bytes, layer.mode !== "labels" && !layer.thresholds.length),
            bytes: patch.bytes.length,
          }))
        : null,
      table: gl.texture("t" + layer.table, () => {
        const rgba = bytesOf(tables[layer.table]);
        return { texture: gl.make2([256, 1], 4, rgba, false), bytes: rgba.length };
      }),
      map: map || NOTHING,
      reach,
      patchAt: at ? [...at.start, ...at.scale] : [0, 0, 1, 1],
      mode: layer.mode,
      wide: layer.wide,
      holes: Boolean(layer.holes),
      limits: layer.limits,
      thresholds: layer.thresholds.slice(0, 8),
      opacity: layer.opacity * fade(layer.widths_um, view.width_um),
      pixel: [1 / w, 1 / h],
      checker: mode === "checkerboard",
      field: Math.max(1, Math.floor(w / 8)) / w,
      slab: thick ? { ...thick, count: moving ? Math.min(MOVING_PLANES, thick.count) : thick.count } : { through: [0, 0, 0], count: 1, mode: 0 },
      aspect: view.aspect,
      blending: layer.blending,
    });
  };
  /** @param {GlobalCompositeOperation} how */
  const put = (how) => {
    pen.globalCompositeOperation = how;
    pen.imageSmoothingEnabled = share < 1;
    pen.drawImage(gl.canvas, 0, 0, w, h, 0, 0, width, height);
    pen.globalCompositeOperation = "source-over";
  };

  gl.begin(w, h, GROUND);
  below.forEach(draw);
  if (top && compare.mode === "difference") {
    put("source-over");
    gl.begin(w, h, [0, 0, 0]);
    draw(top);
    put("difference");
    return;
  }
  if (top && (compare.mode !== "flicker" || compare.on)) draw(top);
  put("source-over");
}

/** A slab in an image's texture; null where it is thin or the image has no depth.
 * @param {View} view @param {import("./plane.js").Grid} grid @param {Slab} slab @param {number} w */
function slabOf(view, grid, slab, w) {
  const count = planesIn(slab.um, view.width_um / w, grid.finest_um);
  if (count < 2 || grid.flat) return null;
  const along = normal(view);
  const m = grid.matrix ?? [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const through = [0, 1, 2].map((k) => (dot(m.slice(3 * k, 3 * k + 3), along) * slab.um) / grid.spacing_um[k] / grid.shape[k]);
  return { through, count, mode: SLAB_MODES.indexOf(slab.mode) };
}
