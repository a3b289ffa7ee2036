// What pointer, wheel and keys do to a view. Nothing here knows of drawing or of the kernel.

import { normal, panned, placeOf, plus, pointAt, sliced, turned, zoomed } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/**
 * @typedef {object} Steered
 * @property {() => View} view
 * @property {() => Triple} cursor
 * @property {() => {least: number, most: number, step_um: number, flat: boolean, turns: boolean}} limits
 * @property {(view: View) => void} move the view moved, the cursor stays
 * @property {(cursor: Triple, view?: View) => void} point the cursor moved
 * @property {(place: Place, double: boolean) => void} click
 * @property {(place: Place, touch: boolean) => Grip | null} grip what can be dragged there
 * @property {(place: Place | null) => void} hover
 * @property {(key: string) => boolean} command another key; whether it was known
 */
/** @typedef {{u: number, v: number}} Place on the panel, 0 to 1 */
/** @typedef {{drag: (place: Place) => void, drop: (place: Place) => void, cancel: () => void}} Grip */

const ZOOM = 0.8;
const TURN = Math.PI / 400; // a pixel

/** @param {HTMLElement} target @param {Steered} state @param {AbortSignal} signal */
export function steer(target, state, signal) {
  /** @param {string} name @param {(event: any) => void} handler @param {AddEventListenerOptions} [options] */
  const listen = (name, handler, options = {}) => target.addEventListener(name, handler, { ...options, signal });
  /** @param {{clientX: number, clientY: number}} event */
  const place = (event) => {
    const box = target.getBoundingClientRect();
    return { u: (event.clientX - box.left) / box.width, v: (event.clientY - box.top) / box.height };
  };
  /** @type {Map<number, {clientX: number, clientY: number}>} */
  const held = new Map();
  let dragged = false;
  let start = { clientX: 0, clientY: 0 };
  let pointer = { u: 0.5, v: 0.5 };
  /** @type {Grip | null} */
  let grip = null;

  /** What is held goes back to where it was. */
  const letGo = () => {
    if (dragged) grip?.cancel();
    grip = null;
  };

  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    target.focus({ preventScroll: true });
    target.setPointerCapture(event.pointerId);
    held.set(event.pointerId, event);
    if (held.size > 1) letGo(); // two fingers zoom
    if (held.size === 1) {
      [dragged, start] = [false, event];
      grip = event.altKey ? null : state.grip(place(event), event.pointerType === "touch");
    }
  });
  listen("pointerleave", () => state.hover(null));
  listen("pointermove", (event) => {
    pointer = place(event);
    const before = held.get(event.pointerId);
    state.hover(pointer);
    if (!before) return;
    if (Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > 4) dragged = true;
    if (!dragged) return;
    if (held.size === 2) pinch(event);
    else if (grip) grip.drag(place(event));
    else if (event.altKey && state.limits().turns && !state.limits().flat) turn(before, event);
    else state.move(panned(state.view(), place(before), place(event)));
    held.set(event.pointerId, event);
  });
  /** Two fingers: what lies between them stays there. @param {PointerEvent} event */
  const pinch = (event) => {
    const other = [...held].find(([id]) => id !== event.pointerId);
    const before = held.get(event.pointerId);
    if (!other || !before) return;
    /** @param {{clientX: number, clientY: number}} one */
    const apart = (one) => Math.hypot(one.clientX - other[1].clientX, one.clientY - other[1].clientY);
    /** @param {{u: number, v: number}} one */
    const middle = (one) => ({ u: (one.u + place(other[1]).u) / 2, v: (one.v + place(other[1]).v) / 2 });
    const [from, to] = [middle(place(before)), middle(place(event))];
    state.move(zoomed(panned(state.view(), from, to), to, apart(before) / Math.max(1, apart(event)), state.limits()));
  };
  /** @param {{clientX: number, clientY: number}} before @param {PointerEvent} event */
  const turn = (before, event) => {
    const view = state.view();
    const about = turned(view, view.down, (event.clientX - before.clientX) * TURN, state.cursor());
    state.move(turned(about, about.across, -(event.clientY - before.clientY) * TURN, state.cursor()));
  };
  /** @param {PointerEvent} event */
  const release = (event) => {
    if (!held.delete(event.pointerId) || held.size) return;
    if (grip && dragged) grip.drop(place(event));
    else if (!dragged) state.click(place(event), false);
    grip = null;
  };
  listen("pointerup", release);
  listen("dblclick", (event) => state.click(place(event), true));
  listen("pointercancel", (event) => {
    held.delete(event.pointerId);
    letGo();
  });

  listen(
    "wheel",
    (event) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return; // the page scrolls
      event.preventDefault();
      const steps = -Math.sign(event.deltaY || event.deltaX);
      if (event.shiftKey) slice(steps);
      else state.move(zoomed(state.view(), place(event), ZOOM ** steps, state.limits()));
    },
    { passive: false },
  );
  /** The cursor goes through the specimen, and the plane with it. @param {number} steps */
  const slice = (steps) => {
    const { step_um, flat } = state.limits();
    if (flat) return;
    const view = state.view();
    const step = steps * Math.max(step_um, view.width_um / 250);
    state.point(plus(state.cursor(), normal(view), step), sliced(view, step));
  };
  /** @param {number} right @param {number} down pixels */
  const nudge = (right, down) => {
    const view = state.view();
    const pixel = view.width_um / Math.max(1, target.clientWidth);
    state.point(plus(plus(state.cursor(), view.across, right * pixel), view.down, down * pixel));
  };
  listen("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const many = event.shiftKey ? 10 : 1;
    /** @type {Record<string, () => void>} */
    const keys = {
      PageUp: () => slice(many),
      PageDown: () => slice(-many),
      "+": () => state.move(zoomed(state.view(), pointer, ZOOM, state.limits())),
      "=": () => state.move(zoomed(state.view(), pointer, ZOOM, state.limits())),
      "-": () => state.move(zoomed(state.view(), pointer, 1 / ZOOM, state.limits())),
      ArrowLeft: () => nudge(-many, 0),
      ArrowRight: () => nudge(many, 0),
      ArrowUp: () => nudge(0, -many),
      ArrowDown: () => nudge(0, many),
      c: () => state.move(panned(state.view(), placeOf(state.view(), state.cursor()), { u: 0.5, v: 0.5 })),
    };
    const action = keys[event.key];
    if (action) action();
    else if (!state.command(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}
