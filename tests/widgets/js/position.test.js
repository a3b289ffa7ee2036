import assert from "node:assert/strict";
import { test } from "node:test";

import { refusal, shownNumber } from "../../../src/widgets/js/position.js";

test("a position is shown to a pixel of the view", () => {
  assert.equal(shownNumber(5.123456, 25), 5.12);
  assert.equal(shownNumber(5.123456, 2), 5.123);
  assert.equal(shownNumber(2560.0312, 5000), 2560);
  assert.equal(shownNumber(-1234567.8, 4e6), -1235000);
});

test("a number beyond the specimen, and what is none, is refused in words", () => {
  assert.equal(refusal(3, 0, 10, "x", "µm"), "");
  assert.match(refusal(10.5, 0, 10, "x", "µm"), /x goes from 0 to 10 µm; it stays/);
  assert.match(refusal(NaN, 0, 1e4 / 3, "width", "px"), /0 to 3333.33 px/);
});
