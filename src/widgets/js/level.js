// Bars of panels that stand beside each other are equally high, so that their pictures are level.
// Modules are loaded anew for each widget, so what stands on the page is known on globalThis.

const KEY = Symbol.for("scalebridge.level.1");
const LEVEL_PX = 2; // panels whose tops are nearer stand in one row

/** @typedef {{frame: HTMLElement, bar: HTMLElement}} Part */

/** @returns {Set<Part>} */
const parts = () => (/** @type {any} */ (globalThis)[KEY] ??= new Set());

/** Heights that the bars of rows need, by their tops.
 * @param {{top: number, height: number}[]} bars @returns {number[]} */
export function levelled(bars) {
  return bars.map(({ top }) => Math.max(...bars.filter((one) => Math.abs(one.top - top) < LEVEL_PX).map(({ height }) => height)));
}

function level() {
  const shown = [...parts()].filter(({ bar }) => bar.offsetParent && !bar.hidden);
  for (const { bar } of shown) bar.style.minHeight = "";
  const bars = shown.map(({ frame, bar }) => ({ top: frame.getBoundingClientRect().top, height: bar.offsetHeight }));
  levelled(bars).forEach((height, i) => {
    if (height > bars[i].height) shown[i].bar.style.minHeight = `${height}px`;
  });
}

/** Keep a panel's bar level with those beside it. @param {HTMLElement} frame @param {HTMLElement} bar @param {AbortSignal} signal */
export function keepLevel(frame, bar, signal) {
  const part = { frame, bar };
  parts().add(part);
  const watch = new ResizeObserver(level);
  watch.observe(frame);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    parts().delete(part);
    level();
  });
}
