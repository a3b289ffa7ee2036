// One widget of up to three planes: the browser draws every layer from a coarse copy and, once the
// view rests, from the patch that Python samples for exactly this plane.

import { buttonsOf, helpBox } from "./bar.js";
import { deeds } from "./deeds.js";
import { initialize } from "./early.js";
import { layerEdits } from "./edits.js";
import { flights } from "./flight.js";
import { sharedGl } from "./gl.js";
import { correspond } from "./kernel.js";
import { keepLevel } from "./level.js";
import { AXES, movedTo, viewsOf } from "./look.js";
import { momentRow, standIns } from "./moments.js";
import { overview } from "./overview.js";
import { normal, plus, sliced } from "./plane.js";
import { drawPlane, planeBox, sliderStep } from "./planebox.js";
import { steer } from "./pointer.js";
import { positionRow } from "./position.js";
import { sidePanel } from "./side.js";
import { add, fillBar, ownKeys } from "./toolbar.js";
import { tools } from "./tools.js";
import { volume, whenKept } from "./volumes.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./planebox.js").Plane} Plane */

const FRAME_MS = 40;
const FLICKER_MS = 450;
const OUTSIDE_MS = 150; // between two pictures from outside, while the view moves; a view that rests sooner asks first
const MENDED = [
  "tables", "marks", "compare", "split", "title", "unit", "crosshair", "flat", "annotations", "handles", "history",
  "bookmarks", "classes", "time", "times",
];
/** @type {Record<string, number>} keys */
const MOMENTS = { ",": -1, ".": 1 };

/** A model whose kernel may be gone: what cannot be told any more stops nothing here. @param {any} model */
const patient = (model) => ({
  get: (/** @type {string} */ name) => model.get(name),
  on: (/** @type {string} */ event, /** @type {any} */ handler) => model.on(event, handler),
  off: (/** @type {string} */ event, /** @type {any} */ handler) => model.off(event, handler),
  send: (/** @type {any} */ message) => {
    try {
      model.send(message);
    } catch (error) {
      console.warn("Scalebridge could not tell the kernel: " + error);
    }
  },
});

/** @param {{model: any, el: HTMLElement}} given */
function render({ model: told, el }) {
  const model = patient(told);
  const me = crypto.randomUUID?.() ?? String(Math.random());
  const ending = new AbortController();
  const { signal } = ending;
  const gl = sharedGl();
  const frame = add(el, "div", "sb-panel");
  ownKeys(frame, signal);
  const bar = add(frame, "div", "sb-bar");
  const body = add(frame, "div", "sb-body");
  const stage = add(body, "div", "sb-stage");
  const field = add(stage, "div", "sb-planes");
  const badge = add(field, "span", "sb-badge");

  /** @type {Look} */
  let look = model.get("look");
  let [moving, share, began, waiting, lit] = [false, 1, 0, 0, true];
  let drawn = false; // since the page's last frame
  let going = false; // while a person's move is drawn: the planes first, what stands round about them later
  let went = false; // whether the view moved when it was drawn last
  let hasty = false; // whether what is seen was drawn with fewer pixels, or planes of a slab
  let outside = 0; // until the view from outside is drawn again
  /** @type {Plane[]} */
  const planes = [];
  const shown = () => planes.slice(0, model.get("planes"));
  const forget = (/** @type {string} */ patch) => gl?.forget("p" + patch);
  const has = (/** @type {string} */ part) => model.get("bar").includes(part);
  /** @param {string} what @param {object} [more] */
  const ask = (what, more = {}) => {
    edits.tell(); // undo means what was just changed, a bookmark where one looks now
    kernel.flush();
    decided.tell({ kind: "do", what, ...more });
    renewBar();
  };
  /** @param {string} name @param {any} value */
  const set = (name, value) => model.send({ kind: "set", name, value });

  // -- drawing ---------------------------------------------------------------

  const redraw = () => {
    if (waiting) return;
    for (const { canvas } of shown()) canvas.dataset.sharp = "false";
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      if (!signal.aborted) drawAll();
    });
  };
  /** A person's move is drawn while the page waits for its frame; what comes sooner than that, in the frame. */
  const drawNow = () => {
    if (drawn || signal.aborted) return;
    drawn = true;
    requestAnimationFrame(() => (drawn = false));
    cancelAnimationFrame(waiting);
    waiting = 0;
    drawAll();
  };

  const drawAll = () => {
    if (gl?.lost) return;
    const started = performance.now();
    const rows = edits.rows();
    const layers = drawable(rows);
    const late = layers.some((row, i) => row.key !== rows[i].key);
    const given = { model, look, desk, gl, layers, late, moving, share, lit };
    for (const plane of shown()) drawPlane(plane, given);
    hasty = moving && (share < 1 || model.get("slab").um > 0);
    if (moving || going) outside ||= setTimeout(() => {
      outside = 0;
      drawOverview();
      if (!moving) renewPosition();
    }, OUTSIDE_MS);
    else {
      drawOverview();
      renewPosition();
    }
    // Drawing is done by others after this returns: how long it took shows in the next frame's start.
    const gap = started - began;
    if (moving && went) share = gap > FRAME_MS ? Math.max(0.3, share / 1.25) : Math.min(1, share * 1.08);
    began = started;
    went = moving;
  };

  // -- where a person looks --------------------------------------------------

  /** @param {Look} next */
  const show = (next) => {
    look = next;
    frame.style.setProperty("--sb-aspect", String(look.aspect));
    viewsOf(look, shown().length).forEach((view, i) => (planes[i].view = view));
    redraw();
  };
  /** @param {Look} next where a person goes here */
  const lookAt = (next) => {
    flight.end();
    going = true;
    show(next);
    kernel.moved();
    drawNow();
    going = false;
  };
  /** @param {string} name */
  const face = (name) => {
    const [across, down] = AXES[name];
    lookAt({ ...look, across, down });
  };

  const drawable = standIns((row) => shown().every(({ patches }) => patches.has(row.key)));
  const edits = layerEdits(model, () => {
    redraw();
    side.renewLayers();
  });
  const kernel = correspond(model, me, {
    look: () => look,
    shown,
    moving: (now) => {
      moving = now;
      if (now) return;
      went = false;
      clearTimeout(outside); // it is drawn with the answer: a page's frame for itself would be in its way
      outside = 0;
    },
    followed: () => model.get("followed"),
    redraw,
    now: () => waiting && drawNow(),
    rough: () => hasty,
    rested: () => {
      if (waiting || moving) return; // it is told when it is drawn
      renewPosition();
      drawOverview();
      for (const { canvas, pending, asked, answered } of shown()) canvas.dataset.sharp = String(!pending && asked === answered);
    },
    badge: (words) => {
      if (badge.textContent !== words) badge.textContent = words; // the same once more has the page paint
    },
    busy: (plane, busy) => /** @type {Plane} */ (plane).box.classList.toggle("sb-busy", busy),
    forget,
  }, Boolean(gl));
  const flight = flights({
    look: () => look,
    pass: (next, flying) => {
      moving = flying;
      show(next);
    },
    arrive: () => {
      kernel.known();
      kernel.rest();
    },
    signal,
  });
  const decided = deeds(model, me, stage, () => {
    desk.renewList();
    redraw();
  }, signal);
  const desk = tools({ model, frame: stage, look: () => look, redraw, ask, set, decided, signal });

  // -- the planes ------------------------------------------------------------

  /** @param {number} number */
  const makePlane = (number) => {
    const plane = planeBox(number, viewsOf(look, 3)[number], model, () => look, redraw, forget);
    /** @param {Triple} cursor @param {View} [view] */
    const point = (cursor, view) => lookAt(movedTo(look, view ?? plane.view, number === 0, cursor));
    plane.slider.addEventListener("input", () => {
      const step = sliderStep(plane, model);
      point(plus(look.cursor_um, normal(plane.view), step), sliced(plane.view, step));
    }, { signal });
    steer(plane.canvas, {
      view: () => plane.view,
      cursor: () => look.cursor_um,
      limits: () => ({ ...model.get("reach"), flat: model.get("flat"), turns: number === 0 && model.get("turns") }),
      move: (view) => lookAt(movedTo(look, view, number === 0)),
      point,
      ...desk.on(plane, (cursor) => {
        point(cursor);
        kernel.tell(); // at once: a button that is pressed next means this place
      }),
      command,
    }, signal);
    watch.observe(plane.canvas);
    return plane;
  };

  const renewPlanes = () => {
    for (let number = planes.length; number < model.get("planes"); number++) planes.push(makePlane(number));
    planes.forEach(({ box }, i) => {
      if (i >= model.get("planes")) box.remove();
      else if (!box.isConnected) field.append(box);
    });
    frame.dataset.planes = String(shown().length);
    show(look);
    kernel.rest();
  };

  // -- round about them ------------------------------------------------------

  const cube = /** @type {HTMLCanvasElement} */ (add(stage, "canvas", "sb-cube"));
  cube.hidden = model.get("flat") || !has("cube");
  cube.title = "The whole from outside: drag to turn it, click an axis to look along it";
  const drawOverview = overview(cube, {
    look: () => look, count: () => shown().length, bounds: () => model.get("bounds_um"), layers: edits.rows, face,
    beneath: ({ clientX, clientY }) => shown().map(({ canvas }) => canvas).find((canvas) => {
      const { left, right, top, bottom } = canvas.getBoundingClientRect();
      return left <= clientX && clientX < right && top <= clientY && clientY < bottom;
    }),
  }, signal);
  const help = helpBox(stage, has, {
    deep: !model.get("flat"), turns: model.get("turns") && !model.get("flat"), kernel: !model.get("offline"),
    times: model.get("times").length > 1,
  });
  const renewPosition = has("view") ? positionRow(stage, {
    model, signal,
    look: () => look,
    go: (next) => {
      lookAt(next);
      kernel.tell();
    },
  }) : () => {};
  const moments = momentRow(stage, {
    model, set, signal,
    there: () =>
      gl
        ? edits.rows().every((row) => !row.visible || !row.grid || !row.volume || volume(row.volume))
        : shown().every(({ pending }) => !pending),
  });
  const side = sidePanel(body, { model, edits, set, ask, signal });
  side.side.hidden = !has("layers");
  const palette = add(stage, "div", "sb-palette");
  const renewClasses = desk.paint.settings(palette);

  /** @param {Blob} blob */
  const download = (blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${model.get("title") || "picture"}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const buttons = buttonsOf({
    model, has, look: () => look, view: () => planes[0]?.view ?? viewsOf(look, 1)[0], lookAt, face, set, redraw,
    shown: { cube, side: side.side, help },
    save: () => {
      if (model.get("offline")) planes[0].canvas.toBlob((blob) => blob && download(blob));
      else ask("print");
    },
    full: () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen?.()),
    tools: desk.buttons(has),
  });
  const renewButtons = fillBar(bar, buttons, signal, () => renewBar());
  bar.hidden = !model.get("bar").length;
  keepLevel(frame, bar, signal);
  const renewBar = () => {
    renewButtons();
    renewClasses();
    palette.hidden = !desk.paint.active();
  };
  /** @param {string} key */
  const command = (key) => {
    if (desk.paint.busy()) {
      desk.paint.key(key); // a stroke ends first
      return true;
    }
    if (MOMENTS[key] && moments.step(MOMENTS[key])) return true;
    const button = buttons.find((one) => one?.key === key);
    if (button) button.run();
    else if (!desk.command(key)) return false;
    renewBar();
    return true;
  };

  // -- what Python says ------------------------------------------------------

  const renew = () => {
    desk.renew();
    moments.renew();
    side.renew();
    redraw();
    renewBar();
  };
  /** @type {[string, () => void][]} */
  const follows = [
    ["change:look", () => {
      const next = model.get("look");
      if (next.by === me) return;
      if (next.by === "flight") {
        kernel.known();
        return flight.fly(next);
      }
      flight.end();
      show(next);
      kernel.known();
      kernel.rest();
    }],
    ["change:layers", () => {
      edits.taken();
      side.renewLayers();
      redraw();
      kernel.rest();
      if (gl) kernel.hello();
    }],
    ["change:planes", renewPlanes],
    ["change:slab", () => {
      side.renew();
      redraw();
      kernel.rest();
    }],
    ["change:bar", redraw],
    ...MENDED.map((name) => /** @type {[string, () => void]} */ (["change:" + name, renew])),
    ["change:alt", () => planes.forEach(({ canvas }) => canvas.setAttribute("aria-label", model.get("alt")))],
  ];
  for (const [name, handler] of follows) model.on(name, handler);
  /** @param {any} content @param {any[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "dragged") desk.heard();
    if (content.kind === "done") decided.hear(content);
    if (content.kind === "printed") download(new Blob([buffers[0]], { type: "image/png" }));
  };
  model.on("msg:custom", hear);

  // Whoever goes to a button of the notebook means what is seen here.
  for (const leaving of ["pointerleave", "focusout"]) frame.addEventListener(leaving, kernel.flush, { signal });
  addEventListener("pagehide", kernel.flush, { signal });

  // -- beginning and end -----------------------------------------------------

  const watch = new ResizeObserver(() => {
    redraw();
    kernel.rest();
  });
  const flicker = setInterval(() => {
    if (model.get("compare") !== "flicker") return;
    lit = !lit;
    redraw();
  }, FLICKER_MS);
  gl?.restored.add(redraw);
  const forgetCopies = whenKept((ask = false) => (ask ? kernel.hello() : redraw()));
  side.renew();
  side.renewLayers();
  renewPlanes();
  renewBar();
  if (gl) kernel.hello();
  return () => {
    ending.abort();
    clearInterval(flicker);
    clearTimeout(outside);
    edits.tell();
    watch.disconnect();
    gl?.restored.delete(redraw);
    forgetCopies();
    kernel.end();
    for (const { patches, answers } of planes) {
      answers.clear();
      for (const patch of patches.values()) forget(patch.number);
    }
    for (const [name, handler] of follows) model.off(name, handler);
    model.off("msg:custom", hear);
  };
}

export default { initialize, render };
