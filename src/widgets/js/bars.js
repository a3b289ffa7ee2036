// A histogram that is brushed: Python draws it; here a drag, a click or arrows choose its bars.

import { add, ownKeys } from "./toolbar.js";

/** The bar under a place. @param {number[]} ends 0 to 1 @param {number} share 0 to 1 */
export function barAt(ends, share) {
  const last = ends.length - 2;
  const bar = ends.filter((end) => end <= share).length - 1;
  return Math.min(last, Math.max(0, bar));
}

/** Bars that are lit after a key; null: the key means nothing.
 * @param {string} key @param {boolean} further @param {number[]} lit @param {number} count */
export function barsAfter(key, further, lit, count) {
  if (key === "Escape") return [];
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!step) return null;
  if (!lit.length) return step > 0 ? [0, 0] : [count - 1, count - 1];
  const kept = (/** @type {number} */ bar) => Math.min(count - 1, Math.max(0, bar));
  if (further) return step > 0 ? [lit[0], kept(lit[1] + 1)] : [lit[0], Math.max(lit[0], lit[1] - 1)];
  const bar = kept((step > 0 ? lit[1] : lit[0]) + step);
  return [bar, bar];
}

/** @param {{model: any, el: HTMLElement}} given */
function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  const place = add(el, "div", "");
  place.tabIndex = 0;
  place.setAttribute("style", "position:relative;cursor:crosshair;touch-action:pan-y;user-select:none");
  place.title = "Drag over bars, or arrows (Shift: more of them); Escape puts out";
  ownKeys(place, signal);
  const plot = add(place, "div", "");
  const shade = add(place, "div", "");
  shade.setAttribute(
    "style",
    "position:absolute;top:0;bottom:20%;display:none;pointer-events:none;background:#D55E00;opacity:0.18",
  );
  /** @type {number | null} */
  let from = null;

  const draw = () => {
    const parsed = new DOMParser().parseFromString(model.get("svg"), "image/svg+xml");
    plot.replaceChildren(document.importNode(parsed.documentElement, true));
  };
  /** @param {number[]} bars */
  const tell = (bars) => model.send({ kind: "brushed", bars });
  /** @param {PointerEvent} event */
  const bar = (event) => {
    const { left, width } = place.getBoundingClientRect();
    return barAt(model.get("ends"), (event.clientX - left) / width);
  };
  /** @param {number} first @param {number} last */
  const mark = (first, last) => {
    const ends = model.get("ends");
    const [low, high] = [Math.min(first, last), Math.max(first, last) + 1];
    shade.style.display = "block";
    shade.style.left = `${100 * ends[low]}%`;
    shade.style.width = `${100 * (ends[high] - ends[low])}%`;
  };
  place.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    place.focus();
    const ends = model.get("ends");
    const { left, width } = place.getBoundingClientRect();
    const share = (event.clientX - left) / width;
    if (share < ends[0] || share > ends[ends.length - 1]) return tell([]);
    from = bar(event);
    place.setPointerCapture(event.pointerId);
    mark(from, from);
  }, { signal });
  place.addEventListener("pointermove", (event) => {
    if (from !== null) mark(from, bar(event));
  }, { signal });
  place.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [first, last] = [from, bar(event)];
    from = null;
    shade.style.display = "none";
    const lit = model.get("lit");
    const again = first === last && lit.length && lit[0] === first && lit[1] === first;
    tell(again ? [] : [first, last]); // a second click puts a bar out
  }, { signal });
  place.addEventListener("pointercancel", () => {
    from = null;
    shade.style.display = "none";
  }, { signal });
  place.addEventListener("keydown", (event) => {
    const next = barsAfter(event.key, event.shiftKey, model.get("lit"), model.get("ends").length - 1);
    if (!next) return;
    event.preventDefault();
    tell(next);
  }, { signal });
  model.on("change:svg", draw);
  draw();
  return () => {
    ending.abort();
    model.off("change:svg", draw);
  };
}

export default { render };
