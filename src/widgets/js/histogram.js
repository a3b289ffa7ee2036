// A histogram of grey values with lines that can be dragged: contrast limits, or thresholds.

/** @typedef {{low: number, high: number, counts: number[]}} Counts evenly from low to high */
/**
 * @typedef {object} Given
 * @property {() => Counts | null} counts
 * @property {() => number[]} marks grey values, ascending
 * @property {(grey: number) => string} color of a bar
 * @property {(number: number, grey: number, done: boolean) => void} moved a mark was dragged
 * @property {(grey: number) => void} [first] where there is none yet, a mark was set
 * @property {() => number[]} [halves] half-widths of the bands around the marks [grey value]
 */

const REACH_PX = 8;

/** Where grey values lie from left to right, 0 to 1. @param {Counts} counts */
export const scaleOf = ({ low, high }) => ({
  /** @param {number} grey */
  across: (grey) => (grey - low) / (high - low),
  /** @param {number} share */
  grey: (share) => low + Math.min(1, Math.max(0, share)) * (high - low),
});

/** @param {HTMLCanvasElement} canvas @param {Given} given @param {AbortSignal} signal @returns {() => void} draws it */
export function histogram(canvas, { counts, marks, color, moved, first, halves }, signal) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  canvas.tabIndex = 0;
  /** @type {number | null} */
  let held = null;
  let focused = 0;

  const draw = () => {
    const known = counts();
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const [wide, tall] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!wide || !tall || !known) return;
    if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
    pen.clearRect(0, 0, wide, tall);
    const { across } = scaleOf(known);
    const bar = wide / known.counts.length;
    const most = Math.max(1, ...known.counts);
    known.counts.forEach((count, i) => {
      const high = Math.cbrt(count / most) * (tall - 2 * ratio);
      pen.fillStyle = color(known.low + ((i + 0.5) / known.counts.length) * (known.high - known.low));
      pen.fillRect(i * bar, tall - high, Math.max(1, bar + 0.5), high);
    });
    const ink = getComputedStyle(canvas).color;
    marks().forEach((grey, i) => {
      const x = Math.min(1, Math.max(0, across(grey))) * wide;
      const half = (halves?.()[i] ?? 0) / (known.high - known.low) * wide;
      pen.fillStyle = ink;
      pen.globalAlpha = 0.15;
      if (half) pen.fillRect(x - half, 0, 2 * half, tall);
      pen.globalAlpha = 1;
      pen.fillRect(x - 0.75 * ratio, 0, 1.5 * ratio, tall);
      pen.fillRect(x - 4 * ratio, tall / 2 - 7 * ratio, 8 * ratio, 14 * ratio);
    });
    canvas.setAttribute("aria-label", `histogram; lines at ${marks().map((grey) => grey.toPrecision(4)).join(", ")}`);
  };

  /** @param {PointerEvent} event */
  const share = (event) => (event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth;
  canvas.addEventListener("pointerdown", (event) => {
    const known = counts();
    if (!known || event.button) return;
    const { across } = scaleOf(known);
    const apart = marks().map((grey) => Math.abs(Math.min(1, Math.max(0, across(grey))) - share(event)) * canvas.clientWidth);
    const nearest = apart.indexOf(Math.min(...apart));
    if (nearest < 0 && first) return first(scaleOf(known).grey(share(event)));
    if (nearest < 0 || apart[nearest] > Math.max(REACH_PX, canvas.clientWidth / 12)) return;
    held = focused = nearest;
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
  }, { signal });
  canvas.addEventListener("pointermove", (event) => {
    const known = counts();
    if (held === null || !known) return;
    moved(held, scaleOf(known).grey(share(event)), false);
    draw();
  }, { signal });
  canvas.addEventListener("pointerup", (event) => {
    const known = counts();
    if (held !== null && known) moved(held, scaleOf(known).grey(share(event)), true);
    held = null;
  }, { signal });
  canvas.addEventListener("pointercancel", () => {
    if (held !== null) moved(held, marks()[held], true);
    held = null;
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const known = counts();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Tab" || !known || !step || !marks().length) return;
    event.preventDefault();
    event.stopPropagation();
    focused = Math.min(focused, marks().length - 1);
    moved(focused, marks()[focused] + (step * (event.shiftKey ? 10 : 1) * (known.high - known.low)) / 400, true);
    draw();
  }, { signal });
  const watch = new ResizeObserver(draw);
  watch.observe(canvas);
  signal.addEventListener("abort", () => watch.disconnect());
  return draw;
}
