// Where a person looks: one cursor, one middle, one width, and the planes that are seen of it.

import { dot, normal, placeOf, plus } from "./plane.js";

/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./plane.js").View} View */
/**
 * @typedef {object} Look
 * @property {Triple} cursor_um every plane goes through it
 * @property {Triple} centre_um middle of the view; its part across a plane is ignored
 * @property {Triple} across of the first plane, to the right
 * @property {Triple} down of the first plane
 * @property {number} width_um
 * @property {number} aspect height over width
 * @property {string} [by] who looked there
 */

/** @type {Record<string, [Triple, Triple]>} directions to the right and downwards */
export const AXES = {
  xy: [[0, 0, 1], [0, 1, 0]],
  xz: [[0, 0, 1], [1, 0, 0]],
  yz: [[0, 1, 0], [1, 0, 0]],
};

/** The planes of a look: the first, and where there are three the two at right angles to it.
 * @param {Look} look @param {number} count @returns {View[]} */
export function viewsOf(look, count) {
  /** @param {Triple} across @param {Triple} down @returns {View} */
  const view = (across, down) => {
    const flat = { centre_um: look.centre_um, across, down, width_um: look.width_um, aspect: look.aspect };
    const along = normal(flat);
    const away = dot(plus(look.cursor_um, look.centre_um, -1), along);
    return { ...flat, centre_um: plus(look.centre_um, along, away) };
  };
  const first = view(look.across, look.down);
  const along = normal(first);
  return [first, view(look.across, along), view(look.down, along)].slice(0, count);
}

/** The look after one of its planes was moved, zoomed or, the first, turned.
 * @param {Look} look @param {View} view @param {boolean} first whether it is the first plane @param {Triple} [cursor] @returns {Look} */
export function movedTo(look, view, first, cursor = look.cursor_um) {
  // along its normal the middle is that of other planes: a drag leaves it, and a zoom takes it
  // towards the cursor as everything else
  const along = normal(view);
  const away = dot(plus(look.centre_um, view.centre_um, -1), along) * (view.width_um / look.width_um);
  const axes = first ? { across: view.across, down: view.down } : {};
  return { ...look, ...axes, cursor_um: cursor, centre_um: plus(view.centre_um, along, away), width_um: view.width_um };
}

/** Everything on the present plane. @param {Look} look @param {[Triple, Triple]} bounds low and high [um] @returns {Look} */
export function fitted(look, [low, high]) {
  const corners = cornersOf(low, high);
  /** @param {Triple} direction */
  const extent = (direction) => {
    const places = corners.map((corner) => dot(corner, direction));
    return Math.max(...places) - Math.min(...places);
  };
  const width = 1.04 * Math.max(extent(look.across), extent(look.down) / look.aspect);
  return { ...look, centre_um: plus(low, plus(high, low, -1), 0.5), width_um: width };
}

/** The reach of a slice slider along a plane's normal, and where it stands [um].
 * @param {View} view @param {[Triple, Triple]} bounds */
export function depthOf(view, [low, high]) {
  const along = normal(view);
  const places = cornersOf(low, high).map((corner) => dot(corner, along));
  return { least: Math.min(...places), most: Math.max(...places), at: dot(view.centre_um, along) };
}

/** @param {Triple} low @param {Triple} high @returns {Triple[]} */
export const cornersOf = (low, high) =>
  Array.from({ length: 8 }, (_, n) => /** @type {Triple} */ ([0, 1, 2].map((k) => ((n >> k) & 1 ? high[k] : low[k]))));

/** A way from one look to another that leaves the eye on the specimen: out, across, in.
 * The width follows van Wijk and Nuij (2003), doi:10.1109/INFVIS.2003.1249004; share runs from 0 to 1.
 * @param {Look} from @param {Look} to @param {number} share @returns {Look} */
export function flown(from, to, share) {
  if (share >= 1) return to;
  const middle = plus(to.centre_um, from.centre_um, -1);
  const [w0, w1, far] = [from.width_um, to.width_um, Math.sqrt(dot(middle, middle))];
  const bend = 1.4;
  let [width, along] = [w0 * (w1 / w0) ** share, share];
  if (far > 1e-6 * Math.max(w0, w1)) {
    /** @param {number} sign @param {number} w */
    const rise = (sign, w) => {
      const b = (w1 * w1 - w0 * w0 + sign * bend ** 4 * far * far) / (2 * w * bend * bend * far);
      return Math.log(Math.sqrt(b * b + 1) - b);
    };
    const [r0, r1] = [rise(1, w0), rise(-1, w1)];
    const s = (share * (r1 - r0)) / bend;
    const turn = bend * s + r0;
    width = (w0 * Math.cosh(r0)) / Math.cosh(turn);
    along = (w0 * (Math.cosh(r0) * Math.tanh(turn) - Math.sinh(r0))) / (bend * bend * far);
  }
  /** @param {Triple} a @param {Triple} b @param {number} by */
  const between = (a, b, by) => plus(a, plus(b, a, -1), by);
  const across = unit(between(from.across, to.across, share));
  const leaning = between(from.down, to.down, share);
  const down = unit(plus(leaning, across, -dot(leaning, across)));
  const upright = Number.isFinite(dot(across, down));
  return {
    ...to,
    ...(upright ? { across, down } : {}),
    cursor_um: between(from.cursor_um, to.cursor_um, along),
    centre_um: between(from.centre_um, to.centre_um, along),
    width_um: width,
  };
}

/** @param {Triple} vector @returns {Triple} */
function unit(vector) {
  const length = Math.sqrt(dot(vector, vector));
  return /** @type {Triple} */ (vector.map((value) => value / length));
}

/** Where the cursor is seen on a plane, 0 to 1. @param {View} view @param {Look} look */
export const cursorOn = (view, look) => placeOf(view, look.cursor_um);
