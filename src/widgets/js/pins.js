// What is pinned to places: measured lines, notes, and what can be dragged.

import { line, words } from "./marks.js";
import { measured } from "./measure.js";
import { dot, normal, placeOf, plus, pointAt } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/**
 * @typedef {object} Annotation as a record keeps it
 * @property {string} key
 * @property {string} shape distance, angle, area or note
 * @property {Triple[]} points
 * @property {string} text
 * @property {boolean} [unsaved] whether it is not kept, and marked
 */
/**
 * @typedef {object} Handle something that can be dragged
 * @property {string} key
 * @property {Triple} at_um
 * @property {string} [color]
 * @property {Triple | null} [along] where it may only go to and fro
 */

const COLOR = "#e69f00";
const UNSAVED = "#d55e00";
const REACH_PX = 10;
const REACH_TOUCH_PX = 22;
/** From the crosshair, for keys. */
export const REACH_KEYS_PX = 48;

/** How near to the plane counts as on it, in widths of the view: as in Python's pictures. */
const NEAR = 1 / 50;

/** @param {View} view @param {Triple} point */
const isNear = (view, point) => Math.abs(dot(plus(point, view.centre_um, -1), normal(view))) <= view.width_um * NEAR;

/** @param {CanvasRenderingContext2D} pen @param {View} view @param {Annotation} pinned
 * @param {{width: number, height: number, letters: number, unit: string}} sheet */
export function drawPinned(pen, view, pinned, { width, height, letters, unit }) {
  const at = pinned.points.map((point) => placeOf(view, point)).map(({ u, v }) => [u * width, v * height]);
  if (!at.length) return;
  pen.globalAlpha = pinned.points.some((point) => isNear(view, point)) ? 1 : 0.35;
  const color = pinned.unsaved ? UNSAVED : COLOR;
  const closed = (pinned.shape === "area" || pinned.shape === "plane") && at.length > 2 ? [...at, at[0]] : at;
  if (at.length > 1) line(pen, closed, color, Math.max(1.5, letters / 8), true);
  for (const [x, y] of at) disc(pen, x, y, letters / 4, color);
  const text = [pinned.text, measured(pinned.shape, pinned.points, unit)].filter(Boolean).join(": ");
  const [x, y] = pinned.shape === "angle" && at.length > 1 ? at[1] : middle(at);
  words(pen, text, x + letters * 0.6, y - letters * 0.5, { size: letters, bold: true, color: "#ffd27f" });
  pen.globalAlpha = 1;
}

/** @param {number[][]} at */
const middle = (at) => [0, 1].map((k) => at.reduce((sum, place) => sum + place[k], 0) / at.length);

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} radius @param {string} color */
export function disc(pen, x, y, radius, color) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fillStyle = color;
  pen.strokeStyle = "rgba(0,0,0,0.67)";
  pen.lineWidth = 1.5;
  pen.stroke();
  pen.fill();
}

/** Handles as small squares. @param {CanvasRenderingContext2D} pen @param {View} view @param {Handle[]} handles @param {number} width @param {number} height @param {number} letters */
export function drawHandles(pen, view, handles, width, height, letters) {
  for (const { at_um, color } of handles) {
    const { u, v } = placeOf(view, at_um);
    const half = letters / 3;
    pen.fillStyle = color ?? COLOR;
    pen.strokeStyle = "rgba(0,0,0,0.8)";
    pen.lineWidth = 1.5;
    pen.strokeRect(u * width - half, v * height - half, 2 * half, 2 * half);
    pen.fillRect(u * width - half, v * height - half, 2 * half, 2 * half);
  }
}

/** The handle under a place. @param {View} view @param {Handle[]} handles @param {{u: number, v: number}} place
 * @param {number} width css pixels of the panel @param {boolean} touch @param {number} [reach] css pixels */
export function handleAt(view, handles, place, width, touch, reach = touch ? REACH_TOUCH_PX : REACH_PX) {
  const apart = handles.map(({ at_um }) => {
    const { u, v } = placeOf(view, at_um);
    return Math.hypot((u - place.u) * width, (v - place.v) * width * view.aspect);
  });
  const nearest = apart.indexOf(Math.min(...apart));
  return nearest >= 0 && apart[nearest] <= reach ? handles[nearest] : null;
}

/** Where a handle is after a drag: as deep as it was, and along its own line where it has one.
 * @param {View} view @param {Handle} handle @param {{u: number, v: number}} from @param {{u: number, v: number}} to @returns {Triple} */
export function draggedTo(view, handle, from, to) {
  const shift = plus(pointAt(view, to.u, to.v), pointAt(view, from.u, from.v), -1);
  if (!handle.along) return plus(handle.at_um, shift);
  const [across, down] = [dot(handle.along, view.across), dot(handle.along, view.down)];
  const seen = across * across + down * down;
  if (seen < 1e-6) return handle.at_um;
  return plus(handle.at_um, handle.along, (dot(shift, view.across) * across + dot(shift, view.down) * down) / seen);
}
