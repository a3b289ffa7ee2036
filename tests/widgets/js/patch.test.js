// Run by tests/widgets/test_javascript.py, which writes what Python computes into FIXTURES.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { unpacked } = await import(new URL("../../../src/widgets/js/patch.js", import.meta.url));
const known = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));

test("a patch is unpacked to the pixels that Python packed", () => {
  assert.equal(known.patches.length, 6);
  for (const { pixels, channels, data } of known.patches)
    assert.deepEqual([...unpacked(Uint8Array.from(data), channels, pixels.length / 4)], pixels);
});
