// Rectangles of a picture: as shares of it, and as the pixels whose middles lie in them.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Reach shares of the picture */
/** @typedef {[number, number, number, number]} Box pixels: left, top, right, bottom; the last two are outside */

const SLACK = 1e-3; // pixels: a middle on the edge is inside

/** The pixels whose middles lie in a rectangle. @param {Reach} reach @param {number} width of the picture @param {number} height @returns {Box} */
export function pixelsIn({ left, top, right, bottom }, width, height) {
  /** @param {number} place in pixels @param {number} size */
  const edge = (place, size) => Math.min(size, Math.max(0, Math.ceil(place - 0.5)));
  return [
    edge(left * width - SLACK, width), edge(top * height - SLACK, height),
    edge(right * width + SLACK, width), edge(bottom * height + SLACK, height),
  ];
}

/** Where on the panel a patch lies. @param {number[]} patchAt start and scale: from the panel to the patch @returns {Reach} */
export function patchReach([x, y, wide, high]) {
  return { left: -x / wide, top: -y / high, right: (1 - x) / wide, bottom: (1 - y) / high };
}

/** What two boxes share; null where that is nothing. @param {Box} a @param {Box} b @returns {Box | null} */
export function common(a, b) {
  /** @type {Box} */
  const box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}

/** What of a box lies round about one inside of it, as boxes that share no pixel. @param {Box} outer @param {Box | null} inner @returns {Box[]} */
export function around(outer, inner) {
  const [left, top, right, bottom] = outer;
  const [l, t, r, b] = inner ?? [left, top, left, top];
  /** @type {Box[]} */
  const parts = inner
    ? [[left, top, right, t], [left, b, right, bottom], [left, t, l, b], [r, t, right, b]]
    : [outer];
  return parts.filter((part) => part[0] < part[2] && part[1] < part[3]);
}
