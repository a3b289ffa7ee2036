// Answers of the kernel that are kept: of slices that were seen, and of those that a step would show next.

import { dot, normal, plus } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./painter.js").Patch} Patch */
/** @typedef {{word: string, patches: Map<string, Patch>}} Answer by layer; a layer that is missing needs none */

const MOST = 4; // of a plane: this slice, those on both sides, and one more
const SAME = 1e-6; // of the width: as patches are taken for those of a view

/** What a question about a view is known by. @param {View} view @param {{width: number, height: number}} size pixels */
export function wordOf(view, { width, height }) {
  const places = view.centre_um.map((place) => Math.round(place / (SAME * view.width_um)));
  const rest = [...view.across, ...view.down, view.width_um, view.aspect].map((value) => value.toPrecision(9));
  return [...places, ...rest, width, height].join(" ");
}

/**
 * Answers of one plane, the longest unused given up first.
 * @param {(patch: Patch) => void} release called with what is not kept any more
 */
export function answersOf(release) {
  /** @type {Map<string, Answer>} */
  const kept = new Map();
  /** @param {Answer} answer */
  const letGo = ({ word, patches }) => {
    kept.delete(word);
    patches.forEach(release);
  };
  return {
    /** @param {string} word */
    has: (word) => kept.has(word),
    /** @param {string} word @returns {Answer | undefined} */
    find: (word) => {
      const found = kept.get(word);
      if (found) {
        kept.delete(word);
        kept.set(word, found);
      }
      return found;
    },
    /** @param {Answer} answer */
    keep: (answer) => {
      const before = kept.get(answer.word);
      kept.delete(answer.word);
      kept.set(answer.word, answer);
      if (before && before !== answer) before.patches.forEach(release);
      while (kept.size > MOST) letGo(/** @type {Answer} */ (kept.values().next().value));
    },
    /** @param {Patch} patch */
    holds: (patch) => [...kept.values()].some(({ patches }) => [...patches.values()].includes(patch)),
    clear: () => [...kept.values()].forEach(letGo),
  };
}

/** How far the cursor went where one slice gave way to another and nothing else moved; null for any other move.
 * @param {Look} from @param {Look} to @returns {Triple | null} */
export function stepOf(from, to) {
  const near = SAME * to.width_um;
  /** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} apart */
  const like = (a, b, apart) => [0, 1, 2].every((k) => Math.abs(a[k] - b[k]) <= apart);
  const still =
    like(from.centre_um, to.centre_um, near) && like(from.across, to.across, SAME) && like(from.down, to.down, SAME) &&
    Math.abs(from.width_um - to.width_um) <= near && from.aspect === to.aspect;
  const step = plus(to.cursor_um, from.cursor_um, -1);
  const along = [to.across, to.down, normal({ ...to, centre_um: to.cursor_um })].map((axis) => Math.abs(dot(step, axis)));
  return still && along.filter((far) => far > near).length === 1 ? step : null;
}
