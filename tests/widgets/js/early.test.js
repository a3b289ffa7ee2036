import assert from "node:assert/strict";
import { test } from "node:test";

import { gone, keep, volume, wanted, whenKept } from "../../../src/widgets/js/volumes.js";

const copy = (/** @type {number} */ value) => ({ shape: [1, 1, 1], channels: 1, bytes: new Uint8Array([value]), smooth: true });

test("what was asked for before a panel is shown is not asked for again by the panel", () => {
  assert.deepEqual(wanted(["one", "two"], "before"), ["one", "two"]);
  assert.deepEqual(wanted(["one", "two"], "panel"), []);
  keep("one", copy(1));
  gone("before"); // its kernel or cell is gone: what did not come is asked for anew
  assert.deepEqual(wanted(["one", "two"], "panel"), ["two"]);
});

test("who asked early and was not answered is not waited for longer than it said", () => {
  assert.deepEqual(wanted(["four"], "before", 0), ["four"]);
  assert.deepEqual(wanted(["four"], "panel"), ["four"]);
  assert.deepEqual(wanted(["four"], "other"), []);
});

test("a copy that is told twice is kept once, and panels hear of it once", () => {
  let heard = 0;
  const forget = whenKept(() => (heard += 1));
  keep("three", copy(3));
  keep("three", copy(4));
  forget();
  assert.equal(heard, 1);
  assert.equal(volume("three")?.bytes[0], 3);
});
