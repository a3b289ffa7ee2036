// A row of buttons with icons, tooltips and keys; what they do is given.

const SVG = "http://www.w3.org/2000/svg";

/** Lines of a 16 by 16 drawing. @type {Record<string, string>} */
const ICONS = {
  three: "M2 2h12v5H2zM2 9h5v5H2zM9 9h5v5H9z",
  whole: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  centre: "M8 1v4M8 11v4M1 8h4M11 8h4M8 7.5v1M7.5 8h1",
  closer: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5 14 14M5 7h4M7 5v4",
  farther: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5 14 14M5 7h4",
  distance: "M2 13 13 2M2 9.5v4h4M9.5 2h4v4",
  angle: "M13.5 13.5h-11L11 3M8.3 13.5a6 6 0 0 0-2.2-4.6",
  area: "M3 12.5 2 4.5l6-2.5 6 5-3 6.5z",
  plane: "M8 1.400a1.400 1.400 0 1 0 0 2.800 1.400 1.400 0 1 0 0-2.800M3 11.400a1.400 1.400 0 1 0 0 2.800 1.400 1.400 0 1 0 0-2.800M13 11.400a1.400 1.400 0 1 0 0 2.800 1.400 1.400 0 1 0 0-2.800M7.400 4.100 3.600 11.500M8.600 4.100l3.800 7.400M4.400 12.800h7.200",
  note: "M3 2h10v8H7l-3 3.5V10H3z",
  brush: "M13.5 2.5 7 9l-1.5-1.5zM6.5 9.5c-1 2.5-2 3.500-4.500 4 .5-1 .5-2.500 1-3.500a1.800 1.800 0 0 1 3.500-.5",
  eraser: "M6 13.500 2 9.500 9 2.500l4.500 4.500L7 13.500zM5.500 6l4.500 4.500M7 13.500h7",
  lasso: "M8 3c4 0 6 1.500 6 3.500S11.500 10 8 10 2 8.500 2 6.500 4 3 8 3M4.500 9.500c-1 1 0 2.500 1 2s.5-2-.5-2M5 11.500c0 1.500-1 2-2 2",
  fill: "M3 9l5.500-5.500L13 8l-5.500 5.500a1 1 0 0 1-1.400 0L3 10.400a1 1 0 0 1 0-1.400M6.500 1.500 9 4M3.200 9h9M14 11c.6.9 1 1.500 1 2a1 1 0 0 1-2 0c0-.5.4-1.100 1-2",
  undo: "M6 3 2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6",
  redo: "M10 3l3.5 3.5L10 10M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10",
  mark: "M4 2h8v12l-4-3-4 3z",
  layers: "M8 2 14 5.2 8 8.4 2 5.2zM2 8l6 3.2L14 8M2 10.8 8 14l6-3.2",
  picture: "M2 3h12v10H2zM2 11l4-4 3 3 2-2 3 3M10.5 6h.5",
  full: "M9.5 2H14v4.5M14 2 9.5 6.5M6.5 14H2V9.5M2 14l4.5-4.5",
  keys: "M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1V9.6M8 12v.6",
  cube: "M8 1.8 13.6 5v6L8 14.2 2.4 11V5zM2.4 5 8 8.2 13.6 5M8 8.2v6",
};

/**
 * @typedef {object} Button
 * @property {string} [icon]
 * @property {string} [text] where there is no icon
 * @property {string} title
 * @property {string} [key] of the keyboard
 * @property {() => void} run
 * @property {() => boolean} [pressed]
 * @property {() => boolean} [enabled]
 * @property {() => string} [says] a title that changes
 */

/** @param {HTMLElement} bar @param {(Button | null)[]} buttons null is a gap @param {AbortSignal} signal
 * @param {() => void} [after] called when one was pressed
 * @returns {() => void} to be called when what is pressed or enabled has changed */
export function fillBar(bar, buttons, signal, after) {
  bar.setAttribute("role", "toolbar");
  /** @type {(() => void)[]} */
  const renewals = [];
  let group = add(bar, "span", "sb-group");
  for (const button of buttons) {
    if (!button) {
      group = add(bar, "span", "sb-group");
      continue;
    }
    const made = /** @type {HTMLButtonElement} */ (add(group, "button", "sb-button"));
    made.type = "button";
    if (button.icon) made.append(icon(button.icon));
    else made.textContent = button.text ?? "";
    made.addEventListener("click", () => {
      button.run();
      (after ?? renew)();
    }, { signal });
    renewals.push(() => {
      const title = button.says?.() || button.title;
      made.title = button.key ? `${title} (${button.key})` : title;
      made.setAttribute("aria-label", made.title);
      if (button.pressed) made.setAttribute("aria-pressed", String(button.pressed()));
      made.disabled = !(button.enabled?.() ?? true);
    });
  }
  const renew = () => renewals.forEach((one) => one());
  renew();
  return renew;
}

/** Keys that are typed here are not for the notebook, where some of them delete cells.
 * @param {HTMLElement} frame @param {AbortSignal} signal */
export function ownKeys(frame, signal) {
  frame.dataset.lmSuppressShortcuts = "true";
  frame.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLElement && event.target.matches("input, select, textarea")) event.stopPropagation();
  }, { signal });
}

/** @param {HTMLElement} parent @param {string} tag @param {string} name of its class */
export function add(parent, tag, name) {
  const child = document.createElement(tag);
  child.className = name;
  parent.append(child);
  return child;
}

/** @param {string} name */
function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}
