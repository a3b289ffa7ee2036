import assert from "node:assert/strict";
import { test } from "node:test";

import { dot, normal, placeOf, pointAt } from "../../../src/widgets/js/plane.js";
import { steer } from "../../../src/widgets/js/pointer.js";

/** A panel of 200 x 100 pixels, and what was done to it. */
function panel({ turns = true, handle = true } = {}) {
  const target = Object.assign(new EventTarget(), {
    clientWidth: 200,
    getBoundingClientRect: () => ({ left: 0, top: 0, width: 200, height: 100 }),
    focus: () => {}, setPointerCapture: () => {},
  });
  const seen = {
    view: { centre_um: [5, 10, 20], across: [0, 0, 1], down: [0, 1, 0], width_um: 40, aspect: 0.5 },
    cursor: [5, 12, 25], told: [],
  };
  const tell = (what) => (place) => seen.told.push([what, place]);
  steer(target, {
    view: () => seen.view,
    cursor: () => seen.cursor,
    limits: () => ({ least: 1, most: 100, step_um: 1, flat: false, turns }),
    move: (view) => (seen.view = view),
    point: (cursor) => (seen.cursor = cursor),
    click: tell("click"), hover: () => {}, grip: () => null,
    grab: (place) => {
      tell("grab")(place);
      return handle ? { at: { u: 0.5, v: 0.5 }, grip: { drag: tell("drag"), drop: tell("drop"), cancel: () => tell("cancel")() } } : null;
    },
    command: (key) => (tell("command")(key), key === "z"),
  }, new AbortController().signal);
  const send = (kind, given) => {
    const event = Object.assign(new Event(kind, { cancelable: true }), { getModifierState: () => false, ...given });
    target.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { seen, send, press: (key, held = {}) => send("keydown", { key, ...held }) };
}

const degrees = (cosine) => (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;
const close = (got, wanted) => got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9, `${got} is not ${wanted}`));

test("Alt and an arrow turn the plane by two degrees about the cursor, with Shift by ten", () => {
  for (const [key, still] of [["ArrowLeft", "down"], ["ArrowRight", "down"], ["ArrowUp", "across"], ["ArrowDown", "across"]]) {
    for (const [shiftKey, angle] of [[false, 2], [true, 10]]) {
      const { seen, press } = panel();
      const before = seen.view;
      assert.ok(press(key, { altKey: true, shiftKey }));
      close([degrees(dot(normal(before), normal(seen.view)))], [angle]);
      close(seen.view[still], before[still]);
      const { u, v } = placeOf(before, seen.cursor);
      close(pointAt(seen.view, u, v), seen.cursor);
    }
  }
});

test("opposite arrows turn back, and a drag to the right turns as the right arrow does", () => {
  const { seen, press, send } = panel();
  const before = seen.view;
  press("ArrowRight", { altKey: true });
  const right = seen.view;
  press("ArrowLeft", { altKey: true });
  close(seen.view.across, before.across);
  const at = { pointerId: 1, button: 0, altKey: true, clientY: 50 };
  send("pointerdown", { ...at, clientX: 100 });
  send("pointermove", { ...at, clientX: 108 });
  assert.ok(dot(normal(before), right.across) * dot(normal(before), seen.view.across) > 0);
});

test("where nothing is turned the browser still goes to no other page", () => {
  const { seen, press } = panel({ turns: false });
  const before = seen.view;
  assert.ok(press("ArrowLeft", { altKey: true }));
  assert.equal(seen.view, before);
  assert.ok(!press("f", { altKey: true })); // a menu of the browser
});

test("space clicks at the crosshair", () => {
  const { seen, press } = panel();
  assert.ok(press(" "));
  assert.deepEqual(seen.told, [["click", { u: 0.625, v: 0.6 }]]);
});

test("a handle goes with the arrows until Enter, and other keys wait", () => {
  const { seen, press } = panel();
  press("m");
  press("ArrowRight");
  press("ArrowUp", { shiftKey: true });
  press("z");
  press("Enter");
  press("z");
  const [grab, first, second, drop, last] = seen.told;
  assert.deepEqual(grab, ["grab", { u: 0.625, v: 0.6 }]);
  assert.deepEqual(first, ["drag", { u: 0.505, v: 0.5 }]);
  assert.deepEqual(second, ["drag", { u: 0.505, v: 0.4 }]);
  assert.deepEqual(drop, ["drop", { u: 0.505, v: 0.4 }]);
  assert.deepEqual(last, ["command", "z"]);
  assert.deepEqual(seen.cursor, [5, 12, 25]);
});

test("Escape, another place of the page and the pointer bring a handle back", () => {
  const ends = [({ press }) => press("Escape"), ({ send }) => send("blur"), ({ send }) => send("pointerdown", { button: 0, pointerId: 1, clientX: 0, clientY: 0 })];
  for (const end of ends) {
    const made = panel();
    made.press("m");
    made.press("ArrowLeft");
    end(made);
    assert.deepEqual(made.seen.told.map(([what]) => what), ["grab", "drag", "cancel"]);
  }
});

test("without a handle in reach the arrows move the crosshair", () => {
  const { seen, press } = panel({ handle: false });
  press("m");
  press("ArrowRight");
  close(seen.cursor, [5, 12, 25.2]);
});

test("a bracket that needs Alt on a keyboard is a bracket", () => {
  const { seen, press } = panel();
  press("[", { altKey: true });
  press("]", { ctrlKey: true, altKey: true, getModifierState: () => true });
  assert.deepEqual(seen.told, [["command", "["], ["command", "]"]]);
});
