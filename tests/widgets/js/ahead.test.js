// Run by tests/widgets/test_javascript.py.

import assert from "node:assert/strict";
import { test } from "node:test";

const js = (/** @type {string} */ name) => import(String(new URL(`../../../src/widgets/js/${name}`, import.meta.url)));
const { answersOf, stepOf, wordOf } = await js("ahead.js");
const { movedTo, viewsOf } = await js("look.js");
const { normal, plus, sliced } = await js("plane.js");

const look = {
  cursor_um: [12.5, 40, 30], centre_um: [10, 42.125, 33], across: [0, 0.6, 0.8], down: [0, 0.8, -0.6], width_um: 70.3, aspect: 0.75,
};
const size = { width: 300, height: 225 };
/** As the wheel goes to another slice of a plane. */
const stepped = (/** @type {any} */ from, /** @type {number} */ number, /** @type {number} */ step) => {
  const view = viewsOf(from, 3)[number];
  return movedTo(from, sliced(view, step), number === 0, plus(from.cursor_um, normal(view), step));
};
const answer = (/** @type {string} */ word, /** @type {string} */ number) => ({ word, patches: new Map([["layer", { number }]]) });

test("what follows a step is known by the same word as what is then seen", () => {
  for (const number of [0, 1, 2]) {
    const one = stepped(look, number, 0.7);
    const step = stepOf(look, one);
    assert.ok(step);
    const guessed = viewsOf({ ...one, cursor_um: plus(one.cursor_um, step) }, 3);
    const then = viewsOf(stepped(one, number, 0.7), 3);
    const words = (/** @type {any[]} */ views) => views.map((view) => wordOf(view, size));
    assert.deepEqual(words(guessed), words(then));
    assert.equal(words(guessed).filter((word, i) => word !== words(viewsOf(one, 3))[i]).length, 1);
  }
});

test("a drag, a zoom, a turn and a click beside the plane are no steps", () => {
  const moved = [
    { ...look, centre_um: [10, 42.5, 33] },
    { ...look, width_um: 70 },
    { ...look, across: look.down, down: look.across },
    { ...look, aspect: 0.8 },
    { ...look, cursor_um: plus(plus(look.cursor_um, look.across, 3), look.down, 2) },
    look,
  ];
  for (const next of moved) assert.equal(stepOf(look, next), null);
});

test("a word changes with the plane and with the pixels", () => {
  const view = viewsOf(look, 1)[0];
  const words = [view, sliced(view, 0.01), { ...view, width_um: 70.31 }, { ...view, aspect: 0.751 }].map((one) => wordOf(one, size));
  words.push(wordOf(view, { width: 301, height: 225 }));
  assert.equal(new Set(words).size, words.length);
});

test("four answers are kept, the longest unused is given up, and each patch is released once", () => {
  const released = /** @type {string[]} */ ([]);
  const kept = answersOf((/** @type {any} */ patch) => released.push(patch.number));
  for (const name of ["a", "b", "c", "d"]) kept.keep(answer(name, name));
  assert.equal(kept.find("a").patches.get("layer").number, "a");
  kept.keep(answer("e", "e"));
  assert.deepEqual(released, ["b"]);
  assert.ok(kept.has("a") && !kept.has("b") && kept.find("b") === undefined);
  kept.keep(answer("a", "another"));
  assert.deepEqual(released, ["b", "a"]);
  kept.clear();
  assert.deepEqual(released.sort(), ["a", "another", "b", "c", "d", "e"]);
});
