import assert from "node:assert/strict";
import { test } from "node:test";

import { levelled } from "../../../src/widgets/js/level.js";

test("bars in one row are as high as the highest of them, and others keep their height", () => {
  const bars = [{ top: 40, height: 32 }, { top: 40.6, height: 60 }, { top: 500, height: 32 }];
  assert.deepEqual(levelled(bars), [60, 60, 32]);
  assert.deepEqual(levelled([]), []);
});
