// The rectangle of the world that a panel shows, and how a person moves it.
// All positions are [z, y, x] in micrometres, as in Python; u and v run from 0 to 1, right and down.

/** @typedef {[number, number, number]} Triple */
/**
 * @typedef {object} View
 * @property {Triple} centre_um middle of the panel
 * @property {Triple} across unit vector to the right
 * @property {Triple} down unit vector downwards
 * @property {number} width_um what is seen from left to right
 * @property {number} aspect height over width
 */
/**
 * @typedef {object} Grid where an image's coarse voxels stand
 * @property {number[] | null} matrix world to the image's frame, 3 x 3 by rows; null where it bends
 * @property {Triple} offset_um added to matrix times position
 * @property {Triple} spacing_um of the coarse voxels
 * @property {Triple} origin_um centre of the first coarse voxel
 * @property {Triple} shape of the coarse voxels
 * @property {Triple} low_um outer face of the finest voxels
 * @property {Triple} high_um outer face of the finest voxels
 * @property {boolean} flat whether the image has no depth
 * @property {number | null} slab_um a flat image shows within this distance; null: one pixel
 * @property {number} finest_um largest edge of a finest voxel
 */

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** @param {Triple} a @param {Triple} b @param {number} [factor] @returns {Triple} */
export const plus = (a, b, factor = 1) => [
  a[0] + factor * b[0],
  a[1] + factor * b[1],
  a[2] + factor * b[2],
];

/** Unit vector at right angles to the panel, right-handed in x, y, z. @param {View} view @returns {Triple} */
export function normal(view) {
  const [az, ay, ax] = view.across;
  const [dz, dy, dx] = view.down;
  return [ax * dy - ay * dx, az * dx - ax * dz, ay * dz - az * dy];
}

/** The position under a place of the panel. @param {View} view @param {number} u @param {number} v */
export function pointAt(view, u, v) {
  const right = plus(view.centre_um, view.across, (u - 0.5) * view.width_um);
  return plus(right, view.down, (v - 0.5) * view.width_um * view.aspect);
}

/** Where a position is seen, along the normal. @param {View} view @param {Triple} point */
export function placeOf(view, point) {
  const offset = plus(point, view.centre_um, -1);
  return {
    u: dot(offset, view.across) / view.width_um + 0.5,
    v: dot(offset, view.down) / (view.width_um * view.aspect) + 0.5,
  };
}

/** The view after what was under one place has been dragged to another.
 * @param {View} view @param {{u: number, v: number}} from @param {{u: number, v: number}} to @returns {View} */
export function panned(view, from, to) {
  const shift = plus(pointAt(view, from.u, from.v), pointAt(view, to.u, to.v), -1);
  return { ...view, centre_um: plus(view.centre_um, shift) };
}

/** The view after a zoom in which what is under a place stays there.
 * @param {View} view @param {{u: number, v: number}} at @param {number} factor
 * @param {{least: number, most: number}} limits of the width [um] @returns {View} */
export function zoomed(view, at, factor, limits) {
  const width = Math.min(limits.most, Math.max(limits.least, view.width_um * factor));
  const here = pointAt(view, at.u, at.v);
  const away = plus(view.centre_um, here, -1);
  return { ...view, width_um: width, centre_um: plus(here, away, width / view.width_um) };
}

/** The view after steps along its normal [um]. @param {View} view @param {number} step_um @returns {View} */
export function sliced(view, step_um) {
  return { ...view, centre_um: plus(view.centre_um, normal(view), step_um) };
}

/** The view turned about an axis through a position, by the right hand in x, y, z.
 * @param {View} view @param {Triple} about unit vector @param {number} angle radian
 * @param {Triple} through stays where it is seen @returns {View} */
export function turned(view, about, angle, through) {
  const place = placeOf(view, through);
  const next = { ...view, across: rotated(view.across, about, angle), down: rotated(view.down, about, angle) };
  const there = pointAt(next, place.u, place.v);
  return { ...next, centre_um: plus(next.centre_um, plus(through, there, -1)) };
}

/** @param {Triple} vector @param {Triple} about @param {number} angle @returns {Triple} */
function rotated(vector, about, angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [kz, ky, kx] = about;
  const [z, y, x] = vector;
  /** @type {Triple} about x vector, in z, y, x */
  const crossed = [kx * y - ky * x, kz * x - kx * z, ky * z - kz * y];
  const along = dot(about, vector) * (1 - c);
  return [
    z * c + crossed[0] * s + kz * along,
    y * c + crossed[1] * s + ky * along,
    x * c + crossed[2] * s + kx * along,
  ];
}

/** Into an image's frame. @param {Grid} grid @param {Triple} point @returns {Triple} */
export function intoFrame(grid, point) {
  const m = grid.matrix ?? [1, 0, 0, 0, 1, 0, 0, 0, 1];
  return plus([dot(m.slice(0, 3), point), dot(m.slice(3, 6), point), dot(m.slice(6, 9), point)], grid.offset_um);
}

/**
 * How a place on the panel becomes a place in an image's texture: texture = start + u * right + v * below,
 * each in [z, y, x] with 0 to 1 over the coarse voxels; low and high are the outer faces of the image.
 * @param {View} view @param {Grid} grid @param {number} width_px of the panel
 */
export function textureMap(view, grid, width_px) {
  const corners = [pointAt(view, 0, 0), pointAt(view, 1, 0), pointAt(view, 0, 1)];
  const [start, right, below] = corners.map((corner) => intoFrame(grid, corner));
  const pixel = corners.slice(1).map((_, i) => {
    const end = i === 0 ? right : below;
    const pixels = i === 0 ? width_px : width_px * view.aspect;
    return Math.max(...end.map((value, k) => Math.abs(value - start[k]) / pixels));
  });
  const slab = grid.slab_um ?? Math.max(...pixel, grid.finest_um);
  /** @param {Triple} p @returns {Triple} */
  const toTexture = (p) => {
    const scaled = p.map((value, k) => ((value - grid.origin_um[k]) / grid.spacing_um[k] + 0.5) / grid.shape[k]);
    return /** @type {Triple} */ (scaled);
  };
  const low = toTexture(grid.low_um);
  const high = toTexture(grid.high_um);
  if (grid.flat) {
    low[0] = (0.5 - slab / grid.spacing_um[0]) / 1;
    high[0] = (0.5 + slab / grid.spacing_um[0]) / 1;
  }
  const first = toTexture(start);
  return {
    start: first,
    right: plus(toTexture(right), first, -1),
    below: plus(toTexture(below), first, -1),
    low,
    high,
  };
}

/**
 * The part of the panel that an image reaches, as a rectangle around it; null where it is not seen.
 * @param {{start: number[], right: number[], below: number[], low: number[], high: number[]}} map
 * @returns {{left: number, top: number, right: number, bottom: number} | null}
 */
export function reachOf(map) {
  let corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
  for (let k = 0; k < 3; k++) {
    for (const [side, bound] of [[1, map.low[k]], [-1, map.high[k]]]) {
      /** @param {number[]} at */
      const room = ([u, v]) => side * (map.start[k] + u * map.right[k] + v * map.below[k] - bound);
      const kept = [];
      for (let i = 0; i < corners.length; i++) {
        const [here, next] = [corners[i], corners[(i + 1) % corners.length]];
        const [a, b] = [room(here), room(next)];
        if (a >= 0) kept.push(here);
        if (a >= 0 !== b >= 0) kept.push(here.map((value, j) => value + (a / (a - b)) * (next[j] - value)));
      }
      corners = kept;
    }
  }
  if (!corners.length) return null;
  const [us, vs] = [corners.map(([u]) => u), corners.map(([, v]) => v)];
  return { left: Math.min(...us), top: Math.min(...vs), right: Math.max(...us), bottom: Math.max(...vs) };
}

/**
 * How a place on the panel becomes a place on a patch that was drawn for another view of the same
 * plane; null once the plane has moved or turned.
 * @param {View} view @param {View} patch
 * @returns {{start: [number, number], scale: [number, number]} | null}
 */
export function patchMap(view, patch) {
  const same = dot(view.across, patch.across) > 1 - 1e-9 && dot(view.down, patch.down) > 1 - 1e-9;
  const apart = Math.abs(dot(plus(view.centre_um, patch.centre_um, -1), normal(patch)));
  if (!same || apart > 1e-6 * patch.width_um) return null;
  const start = placeOf(patch, pointAt(view, 0, 0));
  const end = placeOf(patch, pointAt(view, 1, 1));
  return { start: [start.u, start.v], scale: [end.u - start.u, end.v - start.v] };
}

/** A length of 1, 2 or 5 times a power of ten that takes at most a share of the width [um].
 * @param {number} width_um @param {number} [share] */
export function scaleBar(width_um, share = 0.25) {
  const limit = width_um * share * (1 + 1e-9);
  const power = 10 ** Math.floor(Math.log10(limit));
  return /** @type {number} */ ([5, 2, 1].map((step) => step * power).find((length) => length <= limit));
}

/** A length with the unit that suits it. @param {number} length_um @param {string} [unit] */
export function lengthWords(length_um, unit = "um") {
  if (unit === "px") return `${short(length_um)} px`;
  const rounded = Number(length_um.toPrecision(3));
  if (rounded !== 0 && Math.abs(rounded) < 1) return `${short(rounded * 1e3)} nm`;
  return Math.abs(rounded) < 1000 ? `${short(rounded)} µm` : `${short(rounded / 1e3)} mm`;
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(3)));
