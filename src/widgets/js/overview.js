// The whole specimen from outside: every image's box, the planes, the cursor, and the axes to look along.

import { cornersOf, viewsOf } from "./look.js";
import { line, pieces, words } from "./marks.js";
import { dot, plus, pointAt } from "./plane.js";

/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./plane.js").Grid} Grid */

const EDGES = Array.from({ length: 8 }, (_, n) => n).flatMap((n) => [1, 2, 4].filter((bit) => !(n & bit)).map((bit) => [n, n | bit]));
const COLORS = ["#8f979f", "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442"];
const PLANE = "rgba(255,255,255,0.9)";
const TURN = Math.PI / 180; // a pixel
/** @type {[string, string, Triple][]} axis, the plane that is seen along it, direction z, y, x */
const AXES = [["x", "yz", [0, 0, 1]], ["y", "xz", [0, 1, 0]], ["z", "xy", [1, 0, 0]]];

/** An image's box in the world, z, y, x. @param {Grid} grid @returns {Triple[] | null} */
export function boxOf(grid) {
  if (!grid.matrix) return null;
  const m = inverse(grid.matrix);
  return cornersOf(grid.low_um, grid.high_um).map((corner) => {
    const from = plus(corner, grid.offset_um, -1);
    return /** @type {Triple} */ ([0, 1, 2].map((k) => dot(m.slice(3 * k, 3 * k + 3), from)));
  });
}

/** Of a 3 x 3 matrix by rows. @param {number[]} m */
export function inverse(m) {
  const [a, b, c, d, e, f, g, h, i] = m;
  const size = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d].map((v) => v / size);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} given
 * @param {() => import("./look.js").Look} given.look
 * @param {() => number} given.count of planes
 * @param {() => [Triple, Triple]} given.bounds
 * @param {() => {name: string, grid: Grid | null, visible: boolean}[]} given.layers
 * @param {(plane: string) => void} given.face look along an axis
 * @param {(event: WheelEvent) => HTMLElement | undefined} given.beneath the plane that it lies over there
 * @param {AbortSignal} signal
 * @returns {() => void} draws it
 */
export function overview(canvas, { look, count, bounds, layers, face, beneath }, signal) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let [azimuth, elevation] = [-0.6, 0.5];
  /** @type {{x: number, y: number, plane: string}[]} */
  let letters = [];

  const draw = () => {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const side = Math.round(canvas.clientWidth * ratio);
    if (!side) return;
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
    pen.clearRect(0, 0, side, side);
    const [low, high] = bounds();
    const middle = plus(low, plus(high, low, -1), 0.5);
    const reach = Math.max(...high.map((value, k) => value - low[k])) || 1;
    /** z points down on the screen, as it goes into the specimen @param {Triple} point */
    const seen = (point) => {
      const [z, y, x] = plus(point, middle, -1).map((value) => value / reach);
      const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
      return [side * (0.5 + 0.5 * (ca * x - sa * y)), side * (0.5 + 0.5 * (ce * z + se * (sa * x + ca * y)))];
    };
    /** @param {Triple[]} corners @param {string} color @param {number} width */
    const box = (corners, color, width) => EDGES.forEach(([a, b]) => line(pen, [seen(corners[a]), seen(corners[b])], color, width * ratio, false));
    layers().forEach(({ grid, visible }, i) => {
      const corners = grid && boxOf(grid);
      if (corners && visible) box(corners, COLORS[i % COLORS.length], 1);
    });
    for (const view of viewsOf(look(), count())) {
      const rim = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]].map(([u, v]) => seen(pointAt(view, u, v)));
      pen.fillStyle = "rgba(255,255,255,0.08)";
      pen.beginPath();
      rim.forEach(([x, y]) => pen.lineTo(x, y));
      pen.fill();
      pieces(pen, rim, PLANE, ratio, false);
    }
    const [cx, cy] = seen(look().cursor_um);
    pen.fillStyle = "#fff";
    pen.fillRect(cx - 1.5 * ratio, cy - 1.5 * ratio, 3 * ratio, 3 * ratio);
    letters = AXES.map(([name, plane, direction]) => {
      const [x, y] = seen(plus(middle, direction, 0.62 * reach));
      line(pen, [seen(plus(middle, direction, 0.5 * reach)), [x, y]], "rgba(255,255,255,0.35)", ratio, false);
      words(pen, name, x, y, { size: 11 * ratio, bold: true, anchor: "mm" });
      return { x: x / ratio, y: y / ratio, plane };
    });
  };

  /** @type {{x: number, y: number, far: number} | null} */
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, far: 0 };
    canvas.setPointerCapture(event.pointerId);
  }, { signal });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    azimuth -= (event.clientX - held.x) * TURN;
    elevation = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, elevation + (event.clientY - held.y) * TURN));
    held = { x: event.clientX, y: event.clientY, far: held.far + Math.hypot(event.clientX - held.x, event.clientY - held.y) };
    draw();
  }, { signal });
  canvas.addEventListener("pointerup", (event) => {
    const rect = canvas.getBoundingClientRect();
    const near = letters.find(({ x, y }) => Math.hypot(event.clientX - rect.left - x, event.clientY - rect.top - y) < 13);
    if (held && held.far < 4 && near) face(near.plane);
    held = null;
  }, { signal });
  // it lies over the picture, which zooms and slices
  canvas.addEventListener("wheel", (event) => {
    if (beneath(event)?.dispatchEvent(new WheelEvent("wheel", event)) === false) event.preventDefault();
  }, { signal, passive: false });
  return draw;
}
