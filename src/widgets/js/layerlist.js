// The layers beside the planes: seen or not, colours, contrast with its histogram, strength, order.

import { histogram } from "./histogram.js";
import { add } from "./toolbar.js";

/**
 * @typedef {import("./painter.js").Layer & {image: string, color_map: string, coding: [number, number], auto: boolean,
 *   histogram: import("./histogram.js").Counts | null, phases: {name: string, color: string}[]}} Row
 */
/**
 * @typedef {object} Given
 * @property {() => Row[]} rows the first at the bottom
 * @property {(name: string, changes: Record<string, any>, held?: boolean) => void} edit
 * @property {(name: string, up: boolean) => void} move
 * @property {((name: string) => void) | null} face looks at a layer's own plane; null where that is not to be had
 * @property {() => Record<string, any>} tables of colours
 * @property {string[]} maps
 * @property {string[]} blendings
 */

/** @param {HTMLElement} place @param {Given} given @param {AbortSignal} signal @returns {() => void} renews it */
export function layerList(place, { rows, edit, move, face, tables, maps, blendings }, signal) {
  let open = "";
  let known = "";
  /** @type {(() => void)[]} */
  let renewals = [];

  const build = () => {
    place.replaceChildren();
    renewals = [];
    const all = rows();
    [...all].reverse().forEach((row, i) => {
      const find = () => /** @type {Row} */ (rows().find(({ name }) => name === row.name) ?? row);
      const box = add(place, "div", "sb-layer");
      const head = add(box, "div", "sb-layer-head");
      const eye = button(head, "", "", () => edit(row.name, { visible: !find().visible }));
      const title = button(head, row.name, row.image === row.name ? row.name : `${row.name} (${row.image})`, () => {
        open = open === row.name ? "" : row.name;
        build();
      });
      title.className += " sb-name";
      title.setAttribute("aria-expanded", String(open === row.name));
      const strength = range(head, "opacity", 0, 1, 0.02, (value) => edit(row.name, { opacity: value }));
      strength.className = "sb-strength";
      renewals.push(() => {
        const now = find();
        eye.textContent = now.visible ? "◉" : "○";
        eye.title = now.visible ? `Hide ${row.name}` : `Show ${row.name}`;
        eye.setAttribute("aria-pressed", String(now.visible));
        box.classList.toggle("sb-away", !now.visible);
        if (!strength.matches(":active")) strength.value = String(now.opacity);
        strength.title = `opacity ${now.opacity.toFixed(2)}`;
      });
      legend(box, find);
      if (open !== row.name) return;
      const more = add(box, "div", "sb-more");
      if (row.mode === "image") contrast(more, row.name, find);
      const line = add(more, "div", "sb-line");
      if (row.mode === "image") choice(line, "colours", maps, () => find().color_map, (value) => edit(row.name, { color_map: value }));
      choice(line, "blending", blendings, () => find().blending, (value) => edit(row.name, { blending: value }));
      const order = add(more, "div", "sb-line");
      button(order, "▲ up", "Draw it above the next one", () => move(row.name, true)).disabled = i === 0;
      button(order, "▼ down", "Draw it below the next one", () => move(row.name, false)).disabled = i === all.length - 1;
      if (face) button(order, "◪ its face", "Look along its face: the plane of its own first two axes, as it was cut or taken", () => face(row.name));
      fading(more, row.name, find);
    });
    renewals.forEach((one) => one());
  };

  /** A ramp with its limits, or the names of phases. @param {HTMLElement} box @param {() => Row} find */
  const legend = (box, find) => {
    const line = add(box, "div", "sb-legend");
    renewals.push(() => {
      const row = find();
      line.replaceChildren();
      if (row.mode === "image") {
        add(line, "span", "").textContent = short(greyOf(row, row.limits[0]));
        const ramp = /** @type {HTMLCanvasElement} */ (add(line, "canvas", "sb-ramp"));
        drawRamp(ramp, tables()[row.table]);
        add(line, "span", "").textContent = short(greyOf(row, row.limits[1]));
      }
      for (const { name, color } of row.phases) {
        add(line, "i", "sb-swatch").style.background = color;
        add(line, "span", "").textContent = name;
      }
    });
  };

  /** @param {HTMLElement} more @param {string} name @param {() => Row} find */
  const contrast = (more, name, find) => {
    const canvas = /** @type {HTMLCanvasElement} */ (add(more, "canvas", "sb-layer-histogram"));
    const draw = histogram(canvas, {
      counts: () => find().histogram,
      marks: () => find().limits.map((value) => greyOf(find(), value)),
      color: () => "#8f979f",
      moved: (number, grey, done) => {
        const limits = find().limits.map((value) => greyOf(find(), value));
        limits[number] = grey;
        if (limits[0] < limits[1]) edit(name, { limits }, !done);
      },
    }, signal);
    renewals.push(draw);
    const auto = button(more, "auto contrast", "0.5 to 99.5 % of the grey values", () => edit(name, { limits: "auto" }));
    renewals.push(() => auto.setAttribute("aria-pressed", String(find().auto)));
  };

  /** @param {HTMLElement} more @param {string} name @param {() => Row} find */
  const fading = (more, name, find) => {
    const line = add(more, "label", "sb-line");
    add(line, "span", "").textContent = "shown in views of";
    const entries = [0, 1].map((k) => {
      const entry = /** @type {HTMLInputElement} */ (add(line, "input", "sb-amount"));
      entry.type = "number";
      entry.min = "0";
      entry.placeholder = k ? "any" : "any";
      entry.title = k ? "most width of the view [µm]; it fades beyond" : "least width of the view [µm]; it fades below";
      entry.addEventListener("change", () => {
        const widths = [...find().widths_um];
        widths[k] = entry.value === "" ? null : Number(entry.value);
        edit(name, { widths_um: widths });
      }, { signal });
      if (!k) add(line, "span", "").textContent = "to";
      return entry;
    });
    add(line, "span", "").textContent = "µm";
    renewals.push(() => entries.forEach((entry, k) => {
      if (!entry.matches(":focus")) entry.value = String(find().widths_um[k] ?? "");
    }));
  };

  /** @param {HTMLElement} parent @param {string} text @param {string} title @param {() => void} run */
  const button = (parent, text, title, run) => {
    const made = /** @type {HTMLButtonElement} */ (add(parent, "button", "sb-word"));
    made.type = "button";
    made.textContent = text;
    made.title = title;
    made.addEventListener("click", run, { signal });
    return made;
  };
  /** @param {HTMLElement} parent @param {string} name @param {number} min @param {number} max @param {number} step @param {(value: number) => void} run */
  const range = (parent, name, min, max, step, run) => {
    const made = /** @type {HTMLInputElement} */ (add(parent, "input", ""));
    Object.assign(made, { type: "range", min: String(min), max: String(max), step: String(step) });
    made.setAttribute("aria-label", name);
    made.addEventListener("input", () => run(Number(made.value)), { signal });
    return made;
  };
  /** @param {HTMLElement} parent @param {string} name @param {string[]} options @param {() => string} now @param {(value: string) => void} run */
  const choice = (parent, name, options, now, run) => {
    const made = select(parent, name, options, run, signal);
    renewals.push(() => (made.value = now()));
  };

  return () => {
    const now = JSON.stringify(rows().map(({ name, mode, image }) => [name, mode, image]));
    if (now !== known) build();
    else renewals.forEach((one) => one());
    known = now;
  };
}

/** @param {HTMLElement} parent @param {string} name @param {string[]} options @param {(value: string) => void} run @param {AbortSignal} signal */
export function select(parent, name, options, run, signal) {
  const label = add(parent, "label", "sb-choice");
  add(label, "span", "").textContent = name;
  const made = /** @type {HTMLSelectElement} */ (add(label, "select", "sb-select"));
  for (const option of options) add(made, "option", "").textContent = option;
  made.addEventListener("change", () => run(made.value), { signal });
  return made;
}

/** @param {Row} row @param {number} coded */
const greyOf = (row, coded) => row.coding[0] + row.coding[1] * coded;

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(4)));

/** @param {HTMLCanvasElement} ramp @param {any} table 256 times red, green, blue, opacity */
function drawRamp(ramp, table) {
  if (!table) return;
  const bytes = new Uint8ClampedArray(table.buffer ?? table, table.byteOffset ?? 0, 1024);
  [ramp.width, ramp.height] = [256, 1];
  ramp.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(bytes), 256, 1), 0, 0);
}
