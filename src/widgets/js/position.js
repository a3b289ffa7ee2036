// Numbers below the planes, to read and to type: where the cursor is, and how wide the view.

import { add } from "./toolbar.js";

/** @typedef {import("./look.js").Look} Look */

const AXES = /** @type {const} */ (["z", "y", "x"]);

/** As exact as a pixel of the panel, and no more. @param {number} value_um @param {number} width_um */
export function shownNumber(value_um, width_um) {
  const decimals = 3 - Math.floor(Math.log10(width_um));
  const step = 10 ** -decimals;
  return decimals > 0 ? Number(value_um.toFixed(Math.min(12, decimals))) : Math.round(value_um / step) * step;
}

/** Why a number cannot be meant, in words; empty where it can.
 * @param {number} value @param {number} low @param {number} high @param {string} what @param {string} unit */
export function refusal(value, low, high, what, unit) {
  /** @param {number} limit */
  const write = (limit) => String(Number(limit.toPrecision(6)));
  const [least, most] = [Math.min(low, Number(write(low))), Math.max(high, Number(write(high)))]; // what is said is allowed
  if (value >= least && value <= most) return "";
  return `${what} goes from ${write(low)} to ${write(high)} ${unit}; it stays as it was`;
}

/**
 * @param {HTMLElement} stage
 * @param {object} given
 * @param {any} given.model
 * @param {() => Look} given.look
 * @param {(look: Look) => void} given.go there, told at once
 * @param {AbortSignal} given.signal
 * @returns {() => void} renews it: not while the view moves, since each new number has the page paint
 */
export function positionRow(stage, { model, look, go, signal }) {
  const row = add(stage, "div", "sb-position");
  const unit = model.get("unit") === "px" ? "px" : "µm";
  /** @type {(() => void)[]} */
  const renewals = [];

  /** @param {string} name @param {() => [number, number]} limits @param {() => number} read @param {(value: number) => Look} put */
  const field = (name, limits, read, put) => {
    const label = add(row, "label", "");
    label.append(name + " ");
    const input = /** @type {HTMLInputElement} */ (add(label, "input", "sb-amount"));
    Object.assign(input, { type: "number", step: "any", name });
    let typing = false;
    const show = () => {
      const text = String(shownNumber(read(), look().width_um));
      if (input.value !== text) input.value = text;
    };
    input.addEventListener("change", () => {
      typing = false;
      const value = input.valueAsNumber;
      const words = refusal(value, ...limits(), name, unit);
      if (!words) return go(put(value));
      show();
      input.setCustomValidity(words);
      input.reportValidity();
    }, { signal });
    input.addEventListener("input", () => {
      typing = true;
      input.setCustomValidity("");
    }, { signal });
    input.addEventListener("blur", () => {
      typing = false;
      show();
    }, { signal });
    renewals.push(() => {
      const [low, high] = limits();
      label.hidden = !(high > low);
      if (!input.matches(":focus")) input.setCustomValidity("");
      if (!typing) show();
    });
  };
  for (const name of ["x", "y", "z"]) {
    const axis = AXES.indexOf(/** @type {"x"} */ (name));
    field(name, () => [model.get("bounds_um")[0][axis], model.get("bounds_um")[1][axis]], () => look().cursor_um[axis], (value) => {
      const cursor = /** @type {[number, number, number]} */ ([...look().cursor_um]);
      cursor[axis] = value;
      return { ...look(), cursor_um: cursor };
    });
  }
  field("width", () => [model.get("reach").least, model.get("reach").most], () => look().width_um, (value) => ({ ...look(), width_um: value }));
  add(row, "span", "").textContent = unit;
  return () => renewals.forEach((one) => one());
}
