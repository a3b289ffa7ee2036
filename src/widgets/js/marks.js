// Marks over the picture: crosshair, scale bar, axes and words; and what Python drew for a view.

import { lengthWords, patchMap, placeOf, scaleBar } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/**
 * @typedef {object} Shape as Python's `Marks` records it: positions and sizes in pixels of its sheet
 * @property {string} kind line, disc, box or text
 * @property {number[][]} at
 * @property {number[]} color red, green, blue, opacity, 0 to 255
 * @property {number} [size] of a line, a disc's radius, letters
 * @property {string} [text]
 * @property {string} [anchor]
 * @property {boolean} [bold]
 * @property {boolean} [halo]
 */
/** @typedef {{view: View, width_px: number, shapes: Shape[]}} Sheet */

const HALO = "rgba(0,0,0,0.67)";
const PLATE = "rgba(14,14,16,0.5)";
const FONT = "system-ui, 'DejaVu Sans', sans-serif";

/** @param {number[]} color */
const css = (color) => `rgba(${color[0]},${color[1]},${color[2]},${(color[3] ?? 255) / 255})`;

/** @param {CanvasRenderingContext2D} pen @param {number[][]} points @param {string} color @param {number} width @param {boolean} halo */
export function line(pen, points, color, width, halo) {
  for (const [style, wide] of /** @type {[string, number][]} */ (halo ? [[HALO, width + 1.6], [color, width]] : [[color, width]])) {
    pen.strokeStyle = style;
    pen.lineWidth = wide;
    pen.lineJoin = "round";
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }
}

/** The same without a path's join: software that stands in for a card draws one with the whole canvas, 10 ms
 * of 600 x 600 pixels; straight pieces cost nothing.
 * @param {CanvasRenderingContext2D} pen @param {number[][]} points @param {string} color @param {number} width @param {boolean} halo */
export function pieces(pen, points, color, width, halo) {
  pen.lineCap = "square"; // fills the corners
  for (const [style, wide] of /** @type {[string, number][]} */ (halo ? [[HALO, width + 1.6], [color, width]] : [[color, width]]))
    for (let i = 1; i < points.length; i++) line(pen, points.slice(i - 1, i + 1), style, wide, false);
  pen.lineCap = "butt";
}

/** @param {CanvasRenderingContext2D} pen @param {string} text @param {number} x @param {number} y
 * @param {{size: number, color?: string, bold?: boolean, anchor?: string, halo?: boolean}} look */
export function words(pen, text, x, y, { size, color = "#fff", bold = false, anchor = "la", halo = true }) {
  pen.font = `${bold ? "bold " : ""}${size}px ${FONT}`;
  pen.textAlign = anchor[0] === "m" ? "center" : anchor[0] === "r" ? "right" : "left";
  pen.textBaseline = anchor[1] === "m" ? "middle" : anchor[1] === "a" ? "top" : "alphabetic";
  if (halo) {
    pen.strokeStyle = HALO;
    pen.lineWidth = 2.4;
    pen.lineJoin = "round";
    pen.strokeText(text, x, y);
  }
  pen.fillStyle = color;
  pen.fillText(text, x, y);
}

/** What Python drew, moved to where its places are now; nothing once the plane has moved.
 * @param {CanvasRenderingContext2D} pen @param {View} view @param {Sheet} sheet @param {number} width @param {number} height */
export function drawSheet(pen, view, sheet, width, height) {
  const map = patchMap(view, sheet.view);
  if (!map) return;
  const [tall, scale] = [sheet.width_px * sheet.view.aspect, width / sheet.width_px];
  /** @param {number[]} at */
  const moved = ([x, y]) => [
    ((x / sheet.width_px - map.start[0]) / map.scale[0]) * width,
    ((y / tall - map.start[1]) / map.scale[1]) * height,
  ];
  for (const shape of sheet.shapes) {
    const at = shape.at.map(moved);
    const size = (shape.size ?? 1) * scale;
    if (shape.kind === "line") line(pen, at, css(shape.color), size, shape.halo ?? true);
    else if (shape.kind === "text")
      words(pen, shape.text ?? "", at[0][0], at[0][1], { ...shape, size, color: css(shape.color) });
    else if (shape.kind === "disc") {
      pen.fillStyle = css(shape.color);
      pen.beginPath();
      pen.arc(at[0][0], at[0][1], size, 0, 7);
      pen.fill();
    } else if (shape.kind === "box") {
      pen.fillStyle = css(shape.color);
      pen.fillRect(at[0][0], at[0][1], at[1][0] - at[0][0], at[1][1] - at[0][1]);
    }
  }
}

/** Thin, and interrupted so that the place stays visible.
 * @param {CanvasRenderingContext2D} pen @param {number} u @param {number} v @param {number} width @param {number} height */
export function drawCrosshair(pen, u, v, width, height) {
  const [x, y] = [Math.floor(u * width) + 0.5, Math.floor(v * height) + 0.5];
  const gap = Math.max(8, width / 60);
  for (const ends of [[[x, 0], [x, y - gap]], [[x, y + gap], [x, height]], [[0, y], [x - gap, y]], [[x + gap, y], [width, y]]])
    line(pen, ends, "rgba(255,255,255,0.55)", 1, false);
}

/** Where the two sides of a split meet, to be dragged.
 * @param {CanvasRenderingContext2D} pen @param {number} x @param {number} height @param {number} ratio */
export function drawSplit(pen, x, height, ratio) {
  line(pen, [[x, 0], [x, height]], "#fff", 1.5 * ratio, true);
  pen.fillStyle = "#fff";
  pen.strokeStyle = "rgba(0,0,0,0.67)";
  pen.beginPath();
  pen.roundRect(x - 4 * ratio, height / 2 - 14 * ratio, 8 * ratio, 28 * ratio, 4 * ratio);
  pen.fill();
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {View} view @param {string} unit @param {number} width @param {number} height @param {number} size */
export function drawScaleBar(pen, view, unit, width, height, size) {
  const length = scaleBar(view.width_um);
  const text = lengthWords(length, unit);
  const long = (length / view.width_um) * width;
  const [x, y] = [size, height - size];
  pen.font = `${size}px ${FONT}`;
  pen.fillStyle = PLATE;
  pen.fillRect(x - size / 3, y - 2 * size, Math.max(long, pen.measureText(text).width) + (size * 2) / 3, 2 * size + size / 3);
  words(pen, text, x, y - size * 1.8, { size });
  pen.fillStyle = "#fff";
  pen.fillRect(x, y - 2, long, Math.max(2, size / 6));
}

/** The name of the plane, where it lies and what its directions are called.
 * @param {CanvasRenderingContext2D} pen @param {string[]} lines the first is a title @param {[string, string]} names @param {number} size @param {boolean} titled */
export function drawOrientation(pen, lines, names, size, titled) {
  const margin = size * 0.8;
  let top = margin;
  lines.forEach((text, i) => {
    const bold = i === 0 && titled;
    pen.font = `${bold ? "bold " : ""}${size}px ${FONT}`;
    pen.fillStyle = PLATE;
    pen.fillRect(margin / 3, top - size * 0.25, pen.measureText(text).width + 1.3 * margin, size * 1.5);
    words(pen, text, margin, top, { size, bold });
    top += size * 1.5;
  });
  pen.fillStyle = PLATE;
  pen.fillRect(margin / 3, top - size * 0.25, size * 2.6 + 1.3 * margin, size * 2.9);
  const [x, y, long] = [margin + 2, top + size * 0.4, size * 1.5];
  for (const [dx, dy, name] of /** @type {[number, number, string][]} */ ([[1, 0, names[0]], [0, 1, names[1]]])) {
    const [tx, ty] = [x + dx * long, y + dy * long];
    line(pen, [[x, y], [tx, ty]], "#fff", 1.4, true);
    pieces(pen, [[tx - 4 * dx - 3 * dy, ty - 4 * dy + 3 * dx], [tx, ty], [tx - 4 * dx + 3 * dy, ty - 4 * dy - 3 * dx]], "#fff", 1.4, true);
    words(pen, name, tx + dx * size * 0.6, ty + dy * size * 0.6, { size: size - 2, anchor: "mm" });
  }
}
