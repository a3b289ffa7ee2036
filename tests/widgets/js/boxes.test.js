// Every pixel of a picture is drawn once: from the patch where that reaches, else from the copy.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, common, patchReach, pixelsIn } from "../../../src/widgets/js/boxes.js";
import { patchMap } from "../../../src/widgets/js/plane.js";

/** @param {[number, number, number, number]} box */
const pixelsOf = ([left, top, right, bottom]) => {
  const found = [];
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) found.push(`${x} ${y}`);
  return found;
};

test("a pixel belongs to a rectangle when its middle lies in it", () => {
  assert.deepEqual(pixelsIn({ left: 0, top: 0, right: 1, bottom: 1 }, 8, 4), [0, 0, 8, 4]);
  assert.deepEqual(pixelsIn({ left: 0.24, top: 0.3, right: 0.74, bottom: 2 }, 4, 4), [1, 1, 3, 4]);
  assert.deepEqual(pixelsIn({ left: 0.125, top: 0, right: 0.375, bottom: 1 }, 4, 1), [0, 0, 2, 1], "on the edge is inside");
  assert.equal(common([0, 0, 4, 4], [4, 0, 8, 4]), null);
});

test("a patch and what lies round about it share no pixel and leave none out", () => {
  const outer = /** @type {[number, number, number, number]} */ ([1, 0, 9, 7]);
  for (const inner of [[3, 2, 6, 5], [1, 0, 9, 7], [1, 0, 4, 7], [8, 6, 9, 7]]) {
    const sharp = common(outer, /** @type {[number, number, number, number]} */ (inner));
    const all = [...pixelsOf(/** @type {any} */ (sharp)), ...around(outer, sharp).flatMap(pixelsOf)];
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(all.sort(), pixelsOf(outer).sort());
  }
  assert.deepEqual(around(outer, null), [outer]);
});

test("a patch lies on the panel where its view was", () => {
  const view = { centre_um: [0, 5, 5], across: [0, 0, 1], down: [0, 1, 0], width_um: 10, aspect: 1 };
  const wider = { ...view, width_um: 20 };
  const map = patchMap(/** @type {any} */ (wider), /** @type {any} */ (view));
  const { left, top, right, bottom } = patchReach([...map.start, ...map.scale]);
  for (const [got, expected] of [[left, 0.25], [top, 0.25], [right, 0.75], [bottom, 0.75]]) assert.ok(Math.abs(got - expected) < 1e-12);
});
