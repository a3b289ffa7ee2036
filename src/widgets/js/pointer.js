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
 * @property {(place: Place) => {grip: Grip, at: Place} | null} grab what keys can drag near there, and where it is
 * @property {(place: Place | null) => void} hover
 * @property {(key: string) => boolean} command another key; whether it was known
 */
/** @typedef {{u: number, v: number}} Place on the panel, 0 to 1 */
/** @typedef {{drag: (place: Place) => void, drop: (place: Place) => void, cancel: () => void}} Grip */

const ZOOM = 0.8;
const TURN = Math.PI / 400; // a pixel
const TURN_KEY = Math.PI / 90; // an arrow key: 2 degrees
/** @type {Record<string, [number, number]>} to the right, downwards */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

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
  /** What keys drag, and where it is. @type {{grip: Grip, at: Place} | null} */
  let carried = null;

  /** What is held goes back to where it was. */
  const letGo = () => {
    if (dragged) grip?.cancel();
    grip = null;
  };
  /** What keys drag ends where it is, or goes back. @param {boolean} back */
  const putDown = (back) => {
    if (back) carried?.grip.cancel();
    else carried?.grip.drop(carried.at);
    carried = null;
  };
  listen("blur", () => putDown(true));

  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    putDown(true);
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
    else if (event.altKey && mayTurn()) turn((event.clientX - before.clientX) * TURN, (event.clientY - before.clientY) * TURN);
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
  const mayTurn = () => state.limits().turns && !state.limits().flat;
  /** As if its front were pushed. @param {number} right @param {number} down radian */
  const turn = (right, down) => {
    const view = state.view();
    const about = turned(view, view.down, right, state.cursor());
    state.move(turned(about, about.across, -down, state.cursor()));
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
  const here = () => placeOf(state.view(), state.cursor());
  /** @param {number} right @param {number} down pixels */
  const nudge = (right, down) => {
    const view = state.view();
    const pixel = view.width_um / Math.max(1, target.clientWidth);
    state.point(plus(plus(state.cursor(), view.across, right * pixel), view.down, down * pixel));
    state.hover(here());
  };
  /** Keys while they drag something: all are for it. @param {string} key @param {number} many */
  const carry = (key, many) => {
    if (!carried) return;
    const pixel = 1 / Math.max(1, target.clientWidth);
    const [right, down] = ARROWS[key] ?? [0, 0];
    carried.at = { u: carried.at.u + many * right * pixel, v: carried.at.v + (many * down * pixel) / state.view().aspect };
    if (right || down) carried.grip.drag(carried.at);
    else if (key === "Enter" || key === "Escape") putDown(key === "Escape");
  };
  listen("keydown", (event) => {
    const { key, altKey } = event;
    const many = event.shiftKey ? 10 : 1;
    const typed = event.getModifierState("AltGraph") || "[]".includes(key); // some keyboards need Alt for a bracket
    if (!typed && (event.ctrlKey || event.metaKey)) return;
    const arrow = ARROWS[key];
    /** @type {Record<string, () => void>} */
    const keys = {
      PageUp: () => slice(many),
      PageDown: () => slice(-many),
      "+": () => state.move(zoomed(state.view(), pointer, ZOOM, state.limits())),
      "=": () => state.move(zoomed(state.view(), pointer, ZOOM, state.limits())),
      "-": () => state.move(zoomed(state.view(), pointer, 1 / ZOOM, state.limits())),
      c: () => state.move(panned(state.view(), here(), { u: 0.5, v: 0.5 })),
      " ": () => held.size || state.click(here(), false),
      m: () => (carried = held.size ? null : state.grab(here())),
    };
    if (carried && key !== "Tab") carry(key, many);
    else if (arrow && altKey) {
      const angle = TURN_KEY * (event.shiftKey ? 5 : 1);
      if (mayTurn()) turn(arrow[0] * angle, arrow[1] * angle);
    } else if (altKey && !typed) return;
    else if (arrow) nudge(many * arrow[0], many * arrow[1]);
    else if (keys[key]) keys[key]();
    else if (!state.command(key)) return;
    event.preventDefault(); // Alt + arrow, too: browsers go to another page
    event.stopPropagation();
  });
}
