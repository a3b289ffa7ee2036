// Run by tests/widgets/test_javascript.py, which writes what Python computes into FIXTURES.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { unpacked } = await import(new URL("../../../src/widgets/js/patch.js", import.meta.url));
const known = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));

test("a patch is unpacked to the pixels that Python packed", () => {
  assert.equal(known.patches.length, 6);
  for (const { pixels, channels, data } of known.patches) {
    const got = unpacked(Uint8Array.from(data), channels, pixels.length / 4);
    // as a texture gives them: no green or blue is 0, no opacity is 1
    const texel = (/** @type {number} */ i) => [0, 1, 2, 3].map((k) => (k < got.channels ? got.bytes[got.channels * i + k] : k < 3 ? 0 : 255));
    assert.deepEqual(Array.from({ length: pixels.length / 4 }, (_, i) => texel(i)).flat(), pixels);
  }
  assert.ok(known.patches.some(({ data, channels, pixels }) => unpacked(Uint8Array.from(data), channels, pixels.length / 4).channels < 4));
});
