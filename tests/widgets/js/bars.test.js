// Run by tests/widgets/test_javascript.py.

import assert from "node:assert/strict";
import { test } from "node:test";

const { barAt, barsAfter } = await import(String(new URL("../../../src/widgets/js/bars.js", import.meta.url)));

test("a place belongs to the bar over it, beyond the ends to the outermost", () => {
  const ends = [0.1, 0.4, 0.7, 0.9];
  const places = [0, 0.1, 0.39, 0.4, 0.89, 0.9, 1];
  assert.deepEqual(places.map((share) => barAt(ends, share)), [0, 0, 0, 1, 2, 2, 2]);
});

test("arrows move the lit bars, with Shift they take more or fewer, Escape puts them out", () => {
  assert.deepEqual(barsAfter("ArrowRight", false, [], 5), [0, 0]);
  assert.deepEqual(barsAfter("ArrowLeft", false, [], 5), [4, 4]);
  assert.deepEqual(barsAfter("ArrowRight", false, [1, 2], 5), [3, 3]);
  assert.deepEqual(barsAfter("ArrowLeft", false, [0, 2], 5), [0, 0]);
  assert.deepEqual(barsAfter("ArrowRight", true, [1, 4], 5), [1, 4]);
  assert.deepEqual(barsAfter("ArrowRight", true, [1, 2], 5), [1, 3]);
  assert.deepEqual(barsAfter("ArrowLeft", true, [1, 2], 5), [1, 1]);
  assert.deepEqual(barsAfter("ArrowLeft", true, [1, 1], 5), [1, 1]);
  assert.deepEqual(barsAfter("Escape", false, [1, 1], 5), []);
  assert.equal(barsAfter("a", false, [1, 1], 5), null);
});
