// Run by tests/widgets/test_javascript.py, which writes what Python computes into FIXTURES.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = new URL("../../../src/widgets/js/", import.meta.url);
const [look, measure, painter, overview, plane] = await Promise.all(
  ["look.js", "measure.js", "painter.js", "overview.js", "plane.js"].map((name) => import(new URL(name, source))),
);
const known = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));

const near = (got, wanted, within = 1e-9) => {
  const size = Math.max(1, ...[wanted].flat(9).map(Math.abs));
  [got].flat(9).forEach((value, i) => assert.ok(Math.abs(value - [wanted].flat(9)[i]) <= within * size, `${got} is not ${wanted}`));
};

test("the three planes of a look are those of Python", () => {
  for (const { look: seen, views } of known.looks) {
    look.viewsOf(seen, 3).forEach((view, i) => {
      for (const name of ["centre_um", "across", "down", "width_um", "aspect"]) near(view[name], views[i][name]);
    });
    assert.equal(look.viewsOf(seen, 1).length, 1);
  }
});

test("a plane that is moved stays where it was moved to, and leaves the depth of the others", () => {
  for (const { look: seen } of known.looks) {
    const views = look.viewsOf(seen, 3);
    views.forEach((view, i) => {
      const dragged = plane.panned(view, { u: 0.2, v: 0.7 }, { u: 0.6, v: 0.3 });
      const next = look.movedTo(seen, dragged, i === 0);
      near(look.viewsOf(next, 3)[i].centre_um, dragged.centre_um);
      near(plane.dot(next.centre_um, plane.normal(view)), plane.dot(seen.centre_um, plane.normal(view)));
      const closer = look.movedTo(next, { ...dragged, width_um: seen.width_um / 4 }, i === 0);
      const away = (where) => plane.dot(plane.plus(where.centre_um, seen.cursor_um, -1), plane.normal(view));
      near(away(closer), away(next) / 4);
      const turned = plane.turned(view, view.down, 0.4, seen.cursor_um);
      near(look.movedTo(seen, turned, i === 0).across, i === 0 ? turned.across : seen.across);
    });
  }
});

test("everything is seen after a fit, and the slider has its reach", () => {
  const bounds = [[0, -2, 1], [4, 10, 31]];
  for (const { look: seen } of known.looks) {
    const fit = look.fitted(seen, bounds);
    const [view] = look.viewsOf({ ...fit, cursor_um: [2, 4, 16] }, 1);
    for (const corner of look.cornersOf(...bounds)) {
      const { u, v } = plane.placeOf(view, corner);
      assert.ok(u > 0 && u < 1 && v > 0 && v < 1);
    }
    const { least, most, at } = look.depthOf(view, bounds);
    assert.ok(least < at && at < most);
  }
});

test("a flight begins here, ends there, and goes out before it goes across", () => {
  const from = { ...known.looks[0].look, width_um: 5 };
  const to = { ...from, across: [0, 1, 0], down: [1, 0, 0], centre_um: [1, 2, 2000], cursor_um: [1, 2, 2000], width_um: 20 };
  near(look.flown(from, to, 0).centre_um, from.centre_um, 1e-6);
  near(look.flown(from, to, 0).width_um, 5, 1e-6);
  near(look.flown(from, to, 0.999999).width_um, 20, 1e-3);
  near(look.flown(from, to, 0.999999).centre_um, to.centre_um, 1e-3);
  assert.equal(look.flown(from, to, 1), to);
  const half = look.flown(from, to, 0.5);
  assert.ok(half.width_um > 500);
  near([plane.dot(half.across, half.down), plane.dot(half.across, half.across)], [0, 1]);
  const still = look.flown(from, { ...from, width_um: 80 }, 0.5);
  near(still.width_um, 20);
});

test("what is measured is written as in Python", () => {
  for (const [shape, unit, points, words] of known.measured) assert.equal(measure.measured(shape, points, unit), words);
  assert.equal(measure.measured("angle", [[0, 0, 0]], "um"), "");
});

test("layers fade, and slabs have as many planes, as in Python", () => {
  for (const [widths, width, shown] of known.fades) near(painter.fade(widths, width), shown);
  for (const [slab, pixel, finest, count] of known.slabs) assert.equal(painter.planesIn(slab, pixel, finest), count);
});

test("the box of an image stands where its voxels stand", () => {
  for (const { grid } of known.textures) {
    const corners = overview.boxOf(grid).map((corner) => plane.intoFrame(grid, corner));
    near(corners, look.cornersOf(grid.low_um, grid.high_um), 1e-7);
  }
});
