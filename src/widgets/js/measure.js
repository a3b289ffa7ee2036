// What a person measures by clicking: distances, angles, areas, in micrometres and degrees.

import { dot, lengthWords, plus } from "./plane.js";

/** @typedef {import("./plane.js").Triple} Triple */

/** How many points each tool takes; an area ends with a double click or Enter. @type {Record<string, [number, number]>} */
export const POINTS = { distance: [2, 2], angle: [3, 3], area: [3, 200], note: [1, 1], plane: [3, 3] };

/** @param {Triple} vector */
const size = (vector) => Math.sqrt(dot(vector, vector));

/** Length of a line through points [um]. @param {Triple[]} points */
export const distance = (points) =>
  points.slice(1).reduce((sum, point, i) => sum + size(plus(point, points[i], -1)), 0);

/** Angle at the second of three points [degree]. @param {Triple[]} points */
export function angle([first, corner, last]) {
  const [a, b] = [plus(first, corner, -1), plus(last, corner, -1)];
  return (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / (size(a) * size(b))))) * 180) / Math.PI;
}

/** Area inside a closed line of points that lie on a plane [um2]. @param {Triple[]} points */
export function area(points) {
  /** @type {Triple} */
  let sum = [0, 0, 0];
  points.forEach((point, i) => {
    const [a, b] = [plus(point, points[0], -1), plus(points[(i + 1) % points.length], points[0], -1)];
    sum = plus(sum, [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]);
  });
  return size(sum) / 2;
}

/** @param {string} shape @param {Triple[]} points @param {string} unit um or px */
export function measured(shape, points, unit) {
  if (points.length < (POINTS[shape] ?? [1])[0]) return "";
  if (shape === "distance") return lengthWords(distance(points), unit);
  if (shape === "angle") return `${angle(points).toFixed(1)}°`;
  return shape === "area" ? areaWords(area(points), unit) : "";
}

/** @param {number} area_um2 @param {string} unit */
export function areaWords(area_um2, unit) {
  const short = (/** @type {number} */ value) => String(Number(value.toPrecision(3)));
  if (unit === "px") return `${short(area_um2)} px²`;
  if (area_um2 > 0 && area_um2 < 0.1) return `${short(area_um2 * 1e6)} nm²`;
  return area_um2 < 1e5 ? `${short(area_um2)} µm²` : `${short(area_um2 / 1e6)} mm²`;
}
