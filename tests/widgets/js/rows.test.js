import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, stepped } from "../../../src/widgets/js/rows.js";

const rows = ["a", "b", "c"].map((id) => ({ id, cells: {}, state: "", word: "", used: true }));

test("arrow keys go to the neighbour and stop at the ends", () => {
  assert.equal(stepped(rows, "b", "ArrowUp")?.id, "a");
  assert.equal(stepped(rows, "a", "ArrowUp")?.id, "a");
  assert.equal(stepped(rows, "b", "ArrowDown")?.id, "c");
  assert.equal(stepped(rows, "a", "End")?.id, "c");
  assert.equal(stepped(rows, "c", "Home")?.id, "a");
});

test("other keys and rows that are gone lead nowhere", () => {
  assert.equal(stepped(rows, "b", "x"), undefined);
  assert.equal(stepped(rows, "gone", "ArrowDown"), undefined);
  assert.equal(stepped(rows, "b", "toString"), undefined);
});

test("a click beside the rows means none", () => {
  assert.equal(addressOf(null, rows), undefined);
  const target = { closest: () => ({ dataset: { row: "b" } }) };
  assert.equal(addressOf(/** @type {any} */ (target), rows)?.id, "b");
});
