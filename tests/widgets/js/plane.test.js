// Run by tests/widgets/test_javascript.py, which writes what Python computes into FIXTURES.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = new URL("../../../src/widgets/js/", import.meta.url);
const plane = await import(new URL("plane.js", source));
const words = await import(new URL("words.js", source));
const known = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));

const near = (got, wanted, within = 1e-9) => {
  const size = Math.max(1, ...[wanted].flat(9).map(Math.abs));
  [got].flat(9).forEach((value, i) => assert.ok(Math.abs(value - [wanted].flat(9)[i]) <= within * size, `${got} is not ${wanted}`));
};

test("positions, places and normals are those of Python", () => {
  for (const { view, points, places, normal } of known.planes) {
    points.forEach((row, j) =>
      row.forEach((point, i) => {
        const [u, v] = places[j * row.length + i];
        near(plane.pointAt(view, u, v), point);
        const place = plane.placeOf(view, point);
        near([place.u, place.v], [u, v]);
      }),
    );
    near(plane.normal(view), normal);
  }
});

test("the plane is named as in Python's pictures", () => {
  for (const { view, words: wanted } of known.planes) assert.equal(words.positionWords(view, "um", false), wanted);
  assert.deepEqual(words.axisNames(known.planes[1].view), ["x", "z"]);
  assert.deepEqual(words.axisNames(known.planes[3].view), ["u", "v"]);
  assert.equal(words.positionWords(known.planes[0].view, "um", true), "xy");
});

test("a place on the panel falls on the same voxel, inside or outside, as in Python", () => {
  for (const { view, grid, places, texture, inside } of known.textures) {
    const map = plane.textureMap(view, grid, 600);
    places.forEach(([u, v], i) => {
      const found = map.start.map((start, k) => start + u * map.right[k] + v * map.below[k]);
      near(found, texture[i], 1e-9);
      assert.equal(found.every((t, k) => t >= map.low[k] && t <= map.high[k]), inside[i]);
    });
  }
});

test("the part of a panel that an image reaches holds all of its places and little else", () => {
  let [seen, missed] = [0, 0];
  for (const { view, grid } of known.textures) {
    for (const [u, v] of [[0.5, 0.5], [-0.4, 0.3], [1.9, 1.2], [9, 9]]) {
      const moved = plane.panned(view, { u: 0.5, v: 0.5 }, { u, v });
      const map = plane.textureMap(moved, grid, 600);
      const reach = plane.reachOf(map);
      const inside = [];
      for (let i = 0; i <= 60; i++)
        for (let j = 0; j <= 60; j++) {
          const at = map.start.map((start, k) => start + (i / 60) * map.right[k] + (j / 60) * map.below[k]);
          if (at.every((t, k) => t >= map.low[k] && t <= map.high[k])) inside.push([i / 60, j / 60]);
        }
      if (!reach) {
        missed += 1;
        assert.equal(inside.length, 0);
        continue;
      }
      seen += inside.length > 0;
      for (const [a, b] of inside) assert.ok(a >= reach.left - 1e-9 && a <= reach.right + 1e-9 && b >= reach.top - 1e-9 && b <= reach.bottom + 1e-9);
      if (inside.length > 50) {
        near([reach.left, reach.right], [Math.min(...inside.map(([a]) => a)), Math.max(...inside.map(([a]) => a))], 0.04);
        near([reach.top, reach.bottom], [Math.min(...inside.map(([, b]) => b)), Math.max(...inside.map(([, b]) => b))], 0.04);
      }
    }
  }
  assert.ok(seen > 3 && missed > 3);
});

test("scale bars and lengths are those of Python", () => {
  for (const [width, length] of known.bars) near(plane.scaleBar(width), length);
  for (const [length, text] of known.lengths) assert.equal(plane.lengthWords(length), text);
  assert.equal(plane.lengthWords(20, "px"), "20 px");
});

test("what lies under the pointer stays under it, dragged and zoomed", () => {
  const limits = { least: 0.01, most: 1e5 };
  for (const { view } of known.planes) {
    const [from, to] = [{ u: 0.2, v: 0.7 }, { u: 0.9, v: 0.1 }];
    const dragged = plane.panned(view, from, to);
    near(plane.pointAt(dragged, to.u, to.v), plane.pointAt(view, from.u, from.v));
    const closer = plane.zoomed(view, from, 0.5, limits);
    near(closer.width_um, view.width_um / 2);
    near(plane.pointAt(closer, from.u, from.v), plane.pointAt(view, from.u, from.v));
    assert.equal(plane.zoomed(view, from, 1e-9, limits).width_um, limits.least);
  }
});

test("a turned plane keeps the position that it is turned about, its angles and its hand", () => {
  for (const { view } of known.planes) {
    const through = plane.pointAt(view, 0.3, 0.4);
    const turned = plane.turned(view, view.down, 0.7, through);
    const place = plane.placeOf(turned, through);
    near([place.u, place.v], [0.3, 0.4]);
    near([plane.dot(turned.across, turned.down), plane.dot(turned.across, turned.across)], [0, 1]);
    near(turned.down, view.down);
    near(plane.dot(turned.across, view.across), Math.cos(0.7));
    near(plane.dot(plane.normal(turned), plane.normal(view)), Math.cos(0.7));
    const back = plane.turned(turned, view.down, -0.7, through);
    near(back.centre_um, view.centre_um);
    near(back.across, view.across);
  }
});

test("a patch serves every view of its plane and none of another", () => {
  for (const { view } of known.planes) {
    const moved = plane.panned(plane.zoomed(view, { u: 0.1, v: 0.2 }, 0.6, { least: 0, most: 1e9 }), { u: 0, v: 0 }, { u: 0.2, v: 0 });
    const map = plane.patchMap(moved, view);
    for (const [u, v] of [[0, 0], [0.3, 0.8], [1, 1]]) {
      const there = plane.placeOf(view, plane.pointAt(moved, u, v));
      near([map.start[0] + u * map.scale[0], map.start[1] + v * map.scale[1]], [there.u, there.v]);
    }
    assert.equal(plane.patchMap(plane.sliced(view, view.width_um / 1000), view), null);
    assert.equal(plane.patchMap(plane.turned(view, view.down, 0.01, view.centre_um), view), null);
  }
});
