// The plane in words: its name, where it lies, what its directions are called.

import { AXES } from "./look.js";

/** @typedef {import("./plane.js").View} View */

/** What pointer and keys do, and what has to be there: parts of the bar, or what `helpBox` is told. @type {[string, string, string?][]} */
export const KEYS = [
  ["click", "crosshair there"],
  ["drag", "move"],
  ["Alt + drag, Alt + arrows", "turn the plane", "turns"],
  ["Ctrl + wheel, two fingers, + −", "zoom"],
  ["Shift + wheel, Page up, Page down", "other slices", "deep"],
  ["arrows (Shift: ten times)", "move the crosshair"],
  ["Space", "what a click at the crosshair does"],
  ["m, arrows, Enter", "move the nearest handle (Esc: back)"],
  ["1 2 3", "xy, xz, yz", "deep planes"],
  ["4, o", "three planes, the whole from outside", "deep linked"],
  ["0", "everything", "view"],
  ["c, f", "centre, full screen"],
  ["l", "layers", "layers"],
  ["[ ]", "move the split", "layers"],
  ["d a r n", "distance, angle, area, note", "tools"],
  ["t", "plane through three points", "turns tools kernel"],
  ["p e q g", "brush, eraser, lasso, fill", "brush"],
  ["b", "bookmarks", "bookmarks"],
  [", .", "time point before, after", "times"],
  ["z, y", "undo, redo", "history"],
  ["s", "save the picture", "picture"],
  ["Esc", "put a tool away"],
];

/** @type {Record<string, [string, number]>} */
const ACROSS = { xy: ["z", 0], xz: ["y", 1], yz: ["x", 2] };

/** @param {View} view */
export function planeName(view) {
  const same = (/** @type {number[]} */ a, /** @type {ArrayLike<number>} */ b) => a.every((value, i) => Math.abs(value - b[i]) < 1e-9);
  const found = Object.entries(AXES).find(([, [across, down]]) => same(across, view.across) && same(down, view.down));
  return found ? found[0] : "oblique";
}

/** @param {View} view @returns {[string, string]} */
export function axisNames(view) {
  const name = planeName(view);
  return name === "oblique" ? ["u", "v"] : [name[0], name[1]];
}

/** @param {View} view @param {string} unit um or px @param {boolean} flat a flat world has one plane only */
export function positionWords(view, unit, flat) {
  const name = planeName(view);
  const [word, factor] = unitOf(view.width_um, unit);
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10((view.width_um * factor) / 500))));
  const write = (/** @type {number} */ value) =>
    (Number((value * factor).toFixed(decimals)) + 0).toFixed(decimals).replace("-", "−");
  if (name === "oblique") {
    const [z, y, x] = view.centre_um.map(write);
    return `oblique at x, y, z = ${x}, ${y}, ${z} ${word}`;
  }
  if (flat) return name;
  const [axis, place] = ACROSS[name];
  return `${name} at ${axis} = ${write(view.centre_um[place])} ${word}`;
}

/** @param {number} width_um @param {string} unit @returns {[string, number]} */
function unitOf(width_um, unit) {
  if (unit === "px") return ["px", 1];
  if (width_um < 1) return ["nm", 1e3];
  return width_um >= 5000 ? ["mm", 1e-3] : ["µm", 1];
}
