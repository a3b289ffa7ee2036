// Names, axes and scale bar of a scene: where they stand for a view. Positions are [z, y, x] [µm].

import { placeOf } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {{x: number, y: number}} Spot pixels, right and down */
/** @typedef {{name: string, color: string, points: Triple[]}} Named */
/** @typedef {{axis: number, name: string, ends: [Triple, Triple][], ticks: {at: number, words: string}[]}} Axis */

const LEAST_PX = 70; // an axis that is seen shorter than this has no ticks

/** @param {View} view @param {Triple} point @param {number} width @returns {Spot} */
export function seenAt(view, point, width) {
  const { u, v } = placeOf(view, point);
  return { x: u * width, y: v * width * view.aspect };
}

/** Rows near where they were wanted, none nearer to another than a gap.
 * @param {number[]} wanted @param {number} gap @param {number} low @param {number} high */
export function apart(wanted, gap, low, high) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  let lowest = low;
  for (const index of order) {
    places[index] = Math.max(lowest, wanted[index]);
    lowest = places[index] + gap;
  }
  let highest = high;
  for (const index of order.reverse()) {
    places[index] = Math.min(highest, places[index]);
    highest = places[index] - gap;
  }
  return places;
}

/** Where each name is held, and the row in which it is written.
 * @param {Named[]} named @param {View} view @param {number} width @param {number} size */
export function namePlaces(named, view, width, size) {
  const height = width * view.aspect;
  const ends = named.map(({ points }) => {
    const seen = points.map((point) => seenAt(view, point, width));
    return seen.reduce((best, one) => (one.x - 0.6 * one.y > best.x - 0.6 * best.y ? one : best));
  });
  const rows = apart(ends.map((end) => end.y), size * 1.6, size, height - size);
  return named.map(({ name, color }, index) => ({ name, color, end: ends[index], row: rows[index] }));
}

/** Of the edges along an axis the lowest, or for z the one furthest to the left; with its ticks.
 * @param {Axis} axis @param {View} view @param {number} width */
export function axisPlaces(axis, view, width) {
  const seen = axis.ends.map(([start, end]) => [seenAt(view, start, width), seenAt(view, end, width)]);
  /** @param {Spot[]} edge */
  const score = ([a, b]) => (axis.axis === 0 ? -(a.x + b.x) : a.y + b.y);
  const [start, end] = seen.reduce((best, edge) => (score(edge) > score(best) ? edge : best));
  const length = Math.hypot(end.x - start.x, end.y - start.y);
  if (length < LEAST_PX) return null;
  const all = seen.flat();
  const middle = {
    x: all.reduce((sum, spot) => sum + spot.x, 0) / all.length,
    y: all.reduce((sum, spot) => sum + spot.y, 0) / all.length,
  };
  let out = { x: -(end.y - start.y) / length, y: (end.x - start.x) / length };
  const away = ((start.x + end.x) / 2 - middle.x) * out.x + ((start.y + end.y) / 2 - middle.y) * out.y;
  if (away < 0) out = { x: -out.x, y: -out.y };
  const ticks = axis.ticks.map(({ at, words }) => ({
    words,
    x: start.x + at * (end.x - start.x),
    y: start.y + at * (end.y - start.y),
  }));
  return { start, end, out, ticks };
}
