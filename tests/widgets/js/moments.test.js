import assert from "node:assert/strict";
import { test } from "node:test";

import { standIns } from "../../../src/widgets/js/moments.js";
import { keep } from "../../../src/widgets/js/volumes.js";

const grid = { shape: [1, 1, 1] };
const row = (/** @type {object} */ more) => /** @type {any} */ ({ name: "film", mode: "image", grid, opacity: 1, visible: true, limits: [0, 9], ...more });
const copy = { shape: [1, 1, 1], channels: 1, smooth: true, bytes: new Uint8Array(1) };

test("a layer whose copy is on its way is drawn as it was, as strongly as it is now", () => {
  const drawable = standIns();
  keep("first", copy);
  drawable([row({ volume: "first" })]);
  const [late] = drawable([row({ volume: "second", limits: [3, 4], opacity: 0.5 })]);
  assert.deepEqual([late.volume, late.limits, late.opacity], ["first", [0, 9], 0.5]);
  keep("second", copy);
  const [now] = drawable([row({ volume: "second", limits: [3, 4] })]);
  assert.deepEqual([now.volume, now.limits], ["second", [3, 4]]);
});

test("another kind of layer of the same name is not drawn as the one before", () => {
  const drawable = standIns();
  keep("grey", copy);
  drawable([row({ volume: "grey" })]);
  assert.equal(drawable([row({ volume: "labels", mode: "labels" })])[0].volume, "labels");
  assert.equal(drawable([row({ name: "other", volume: "late" })])[0].volume, "late");
});
