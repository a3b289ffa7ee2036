// Painting labels by hand: brush, eraser, lasso and fill. A stroke is told when it is finished.

import { line } from "./marks.js";
import { normal, placeOf, pointAt } from "./plane.js";
import { add } from "./toolbar.js";

/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./plane.js").View} View */
/** @typedef {{u: number, v: number}} Place */
/** @typedef {{label: number, name: string, color: string}} Class */

const TOOLS = [
  ["brush", "Brush: paint the chosen class", "p"],
  ["eraser", "Eraser: take corrections away", "e"],
  ["lasso", "Lasso: what is surrounded becomes the chosen class. Draw round it, or click corners and press Enter", "q"],
  ["fill", "Fill: the piece that is clicked becomes the chosen class", "g"],
];
const APART_PX = 3; // points of a line that are nearer say nothing more
const PREVIEW = 0.45;
// Of the view's width: how far a fill reaches, and the radius of the others; scribbles are thin.
const [FILL, BRUSH, SCRIBBLE] = [8, 40, 100];

/**
 * @param {object} given
 * @param {any} given.model @param {() => void} given.redraw @param {(what: string, more: object) => void} given.ask
 * @param {AbortSignal} given.signal
 */
export function brush({ model, redraw, ask, signal }) {
  let tool = "";
  /** @type {{view: View, points: Triple[], tool: string, label: number | null, radius: number} | null} */
  let stroke = null;
  let cornered = false; // whether it is a lasso that goes from click to click
  /** @type {{view: View, at: Triple} | null} */
  let hovered = null;
  let [chosen, radius] = [0, 0];

  /** @returns {Class[]} */
  const classes = () => model.get("classes") ?? [];
  const color = () => (tool === "eraser" ? "#ffffff" : classes()[chosen]?.color ?? "#ffffff");
  /** What is taken where no radius is given. @param {View} view */
  const auto = (view) => view.width_um / part();
  const part = () => (tool === "fill" ? FILL : model.get("bar").includes("scribble") ? SCRIBBLE : BRUSH);
  /** @param {View} view */
  const reach = (view) => radius || auto(view);
  /** Says what is taken where no radius is given. @param {View} _ */
  let sayAuto = (_) => {};

  /** What is painted is what was chosen when it began. @param {View} view @param {Place} place */
  const begun = (view, place) => ({
    view,
    tool,
    points: [pointAt(view, place.u, place.v)],
    label: tool === "eraser" ? null : classes()[chosen]?.label ?? null,
    radius: reach(view),
  });

  const finish = () => {
    if (!stroke) return;
    const { view, points, label, radius: deep } = stroke;
    const shape = stroke.tool === "eraser" ? "brush" : stroke.tool;
    if (shape !== "lasso" || points.length > 2) ask("stroke", { tool: shape, label, points, radius_um: deep, normal: normal(view) });
    drop();
  };
  const drop = () => {
    [stroke, cornered] = [null, false];
    redraw();
  };

  return {
    active: () => tool !== "",
    busy: () => stroke !== null,
    /** Keys of a lasso that is clicked. @param {string} name */
    key: (name) => {
      if (!stroke || !cornered) return;
      if (name === "Enter") finish();
      else if (name === "Backspace") stroke.points.pop();
      if (name === "Escape" || !stroke?.points.length) drop();
      redraw();
    },
    put: () => {
      tool = "";
      stroke = hovered = null;
      cornered = false;
    },
    /** @returns {import("./toolbar.js").Button[]} */
    buttons: () => TOOLS.map(([icon, title, key]) => ({
      icon, title, key,
      run: () => {
        tool = tool === icon ? "" : icon;
        redraw();
      },
      pressed: () => tool === icon,
    })),
    /** The class and the size, beside the buttons. @param {HTMLElement} place @returns {() => void} renews them */
    settings: (place) => {
      const names = /** @type {HTMLSelectElement} */ (add(place, "select", "sb-select"));
      names.title = "Class that is painted";
      names.addEventListener("change", () => (chosen = names.selectedIndex), { signal });
      const unit = model.get("unit") === "px" ? "px" : "µm";
      const label = add(place, "label", "sb-choice");
      add(label, "span", "").textContent = "radius";
      const size = /** @type {HTMLInputElement} */ (add(label, "input", "sb-amount sb-radius"));
      Object.assign(size, { type: "number", min: "0", step: "any" });
      size.addEventListener("change", () => {
        radius = Math.max(0, Number(size.value));
        redraw();
      }, { signal });
      add(label, "span", "sb-unit").textContent = unit;
      sayAuto = (view) => {
        const now = String(Number(auto(view).toPrecision(2)));
        const share = tool === "fill" ? "an eighth" : `a ${part()}th`;
        size.placeholder = `auto: ${now}`;
        label.title = `Radius of the brush, half the depth of a lasso, reach of a fill; empty: auto, ${share} of the view's width, now ${now} ${unit}`;
      };
      return () => {
        if (names.options.length !== classes().length) names.replaceChildren(...classes().map(() => document.createElement("option")));
        classes().forEach(({ name }, i) => (names.options[i].textContent = name));
        chosen = Math.min(chosen, Math.max(0, classes().length - 1));
        names.selectedIndex = chosen;
      };
    },
    /** @param {View} view @param {Place} place */
    click: (view, place) => {
      if (tool === "lasso" && cornered && stroke) stroke.points.push(pointAt(view, place.u, place.v));
      else stroke = begun(view, place);
      cornered = tool === "lasso";
      if (cornered) redraw();
      else finish();
    },
    /** @param {View} view @param {Place | null} place */
    hover: (view, place) => {
      hovered = place && { view, at: pointAt(view, place.u, place.v) };
      redraw();
    },
    /** @param {() => View} view @param {Place} from @param {number} width css pixels */
    grip: (view, from, width) => {
      if (tool === "fill") return null;
      let last = from;
      let mine = tool !== "lasso"; // a lasso may be a click yet, at a corner
      if (mine) stroke = begun(view(), from);
      return {
        /** @param {Place} place */
        drag: (place) => {
          if (!mine) [stroke, cornered, mine] = [begun(view(), from), false, true];
          if (Math.hypot((place.u - last.u) * width, (place.v - last.v) * width * view().aspect) < APART_PX) return;
          last = place;
          stroke?.points.push(pointAt(view(), place.u, place.v));
          hovered = { view: view(), at: pointAt(view(), place.u, place.v) };
          redraw();
        },
        drop: finish,
        cancel: drop,
      };
    },
    /** @param {CanvasRenderingContext2D} pen @param {View} view @param {number} width @param {number} height */
    draw: (pen, view, width, height) => {
      /** @param {Triple} point */
      const seen = (point) => {
        const { u, v } = placeOf(view, point);
        return [u * width, v * height];
      };
      sayAuto(view);
      const wide = (reach(view) / view.width_um) * width;
      pen.save();
      if (stroke && stroke.view.across === view.across) {
        pen.globalAlpha = PREVIEW;
        pen.strokeStyle = pen.fillStyle = color();
        pen.lineWidth = tool === "lasso" ? 2 : 2 * wide;
        pen.lineCap = pen.lineJoin = "round";
        pen.beginPath();
        stroke.points.forEach((point) => pen.lineTo(...(/** @type {[number, number]} */ (seen(point)))));
        if (tool === "lasso") pen.fill();
        else pen.lineTo(...(/** @type {[number, number]} */ (seen(stroke.points[stroke.points.length - 1]))));
        pen.stroke();
      }
      pen.restore();
      if (hovered && tool && tool !== "lasso" && tool !== "fill") {
        const [x, y] = seen(hovered.at);
        const ring = Array.from({ length: 33 }, (_, i) => [x + wide * Math.cos((i * Math.PI) / 16), y + wide * Math.sin((i * Math.PI) / 16)]);
        line(pen, ring, color(), 1.2, true);
      }
    },
  };
}
