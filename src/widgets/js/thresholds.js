// A histogram in a notebook: bars in the colours of their phases, thresholds to drag.

import { histogram } from "./histogram.js";
import { add, ownKeys } from "./toolbar.js";

const TELL_MS = 50;
const ONE_DRAG_MS = 1000; // arrows that follow sooner are one drag

/** @param {{model: any, el: HTMLElement}} given */
function render({ model, el }) {
  const ending = new AbortController();
  const box = add(el, "div", "sb-thresholds");
  ownKeys(box, ending.signal);
  const canvas = /** @type {HTMLCanvasElement} */ (add(box, "canvas", "sb-threshold-histogram"));
  const line = add(box, "div", "sb-axis");
  const ends = [0, 1, 2].map(() => add(line, "span", ""));
  canvas.title = "Click to set a first threshold, drag one; arrows move the one that was dragged last (Shift: ten times)";
  /** What is dragged, until Python has it. @type {number[] | null} */
  let moved = null;
  let telling = 0;
  let drag = { number: Math.floor(Math.random() * 2 ** 30), mark: -1, done: true, at: 0 }; // other windows count too

  const marks = () => moved ?? model.get("marks");
  const draw = histogram(canvas, {
    counts: () => model.get("counts"),
    marks,
    halves: () => (moved ? [] : model.get("halves")),
    color: (grey) => {
      const colors = model.get("colors");
      const phase = marks().filter((/** @type {number} */ mark) => grey >= mark).length;
      return colors[phase] ?? "#8f979f";
    },
    first: (grey) => model.send({ kind: "moved", marks: [grey], drag: 0 }),
    moved: (number, grey, done) => {
      const next = [...marks()];
      next[number] = grey;
      if (drag.mark !== number || (drag.done && performance.now() - drag.at > ONE_DRAG_MS)) drag.number += 1;
      drag = { number: drag.number, mark: number, done, at: performance.now() };
      if (next.some((mark, i) => i > 0 && mark <= next[i - 1])) return; // they keep their order
      moved = next;
      clearTimeout(telling);
      telling = setTimeout(() => model.send({ kind: "moved", marks: next, drag: drag.number }), done ? 0 : TELL_MS);
      renew();
    },
  }, ending.signal);

  const renew = () => {
    const counts = model.get("counts");
    const short = (/** @type {number} */ value) => String(Number(value.toPrecision(4)));
    ends[0].textContent = counts ? short(counts.low) : "";
    ends[1].textContent = `${model.get("what")} (height: cube root of the count); thresholds ${marks().map(short).join(", ") || "none"}`;
    ends[2].textContent = counts ? short(counts.high) : "";
    draw();
  };
  const known = () => {
    clearTimeout(telling);
    moved = null;
    renew();
  };
  const names = ["counts", "marks", "halves", "colors", "what"];
  for (const name of names) model.on("change:" + name, known);
  renew();
  return () => {
    ending.abort();
    clearTimeout(telling);
    for (const name of names) model.off("change:" + name, known);
  };
}

export default { render };
