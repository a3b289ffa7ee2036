// One widget of up to three planes: the browser draws every layer from a coarse copy and, once the
// view rests, from the patch that Python samples for exactly this plane.

import { sharedGl } from "./gl.js";
import { correspond } from "./kernel.js";
import { applied, layerList, select } from "./layerlist.js";
import { AXES, cursorOn, depthOf, fitted, flown, movedTo, viewsOf } from "./look.js";
import { drawCrosshair, drawOrientation, drawScaleBar, drawSheet, drawSplit } from "./marks.js";
import { overview } from "./overview.js";
import { paint } from "./painter.js";
import { drawHandles, drawPinned } from "./pins.js";
import { normal, panned, plus, sliced, zoomed } from "./plane.js";
import { steer } from "./pointer.js";
import { add, fillBar, ownKeys } from "./toolbar.js";
import { tools } from "./tools.js";
import { whenKept } from "./volumes.js";
import { axisNames, KEYS, planeName, positionWords } from "./words.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./kernel.js").Shown & {box: HTMLElement, pen: CanvasRenderingContext2D, slider: HTMLInputElement, still: ImageBitmap | null}} Plane */

const FRAME_MS = 40;
const FLICKER_MS = 450;
const FLY_MS = 900;
const STEPS = 1000; // of a slice slider
const COMPARE = ["blend", "checkerboard", "split", "flicker", "difference"];
const SLABS = ["mean", "max", "min"];

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
  const badge = add(stage, "div", "sb-badge");

  /** @type {Look} */
  let look = model.get("look");
  let [moving, quality, began, waiting, flickerOn, flying] = [false, 1, 0, false, true, 0];
  /** @type {Plane[]} */
  const planes = [];
  const shown = () => planes.slice(0, model.get("planes"));

  const redraw = () => {
    if (waiting) return;
    waiting = true;
    for (const { canvas } of shown()) canvas.dataset.sharp = "false";
    requestAnimationFrame(() => {
      waiting = false;
      if (!signal.aborted) drawAll();
    });
  };

  /** @param {Look} next @param {boolean} [told] whether Python knows it */
  const lookAt = (next, told = false) => {
    look = next;
    viewsOf(look, shown().length).forEach((view, i) => (planes[i].view = view));
    if (told) return redraw();
    flying++; // a person goes elsewhere
    kernel.moved();
  };
  const count = () => planes.filter((plane) => plane.box.isConnected).length;

  const renewPlanes = () => {
    for (let number = planes.length; number < model.get("planes"); number++) planes.push(makePlane(number));
    planes.forEach(({ box }, i) => {
      if (i >= model.get("planes")) box.remove();
      else if (!box.isConnected) field.append(box);
    });
    frame.dataset.planes = String(count());
    lookAt(look, true);
    kernel.rest();
  };

  /** @param {number} number @returns {Plane} */
  const makePlane = (number) => {
    const box = document.createElement("div");
    box.className = "sb-plane";
    const canvas = /** @type {HTMLCanvasElement} */ (add(box, "canvas", "sb-canvas"));
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("alt"));
    const slider = /** @type {HTMLInputElement} */ (add(box, "input", "sb-slice"));
    Object.assign(slider, { type: "range", min: "0", max: String(STEPS), title: "Slice (Page up, Page down)" });
    slider.hidden = model.get("flat");
    /** @type {Plane} */
    const plane = {
      number, box, canvas, slider,
      pen: /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false })),
      view: viewsOf(look, 3)[number],
      patches: new Map(),
      asked: 0,
      answered: 0,
      still: null,
      size: () => {
        const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
        const width = Math.max(40, Math.round(canvas.clientWidth * ratio));
        return { width, height: Math.max(30, Math.round(width * look.aspect)), ratio };
      },
      picture: (picture) => {
        plane.still = picture;
        redraw();
      },
    };
    slider.addEventListener("input", () => {
      const { least, most, at } = depthOf(plane.view, model.get("bounds_um"));
      const step = least + (Number(slider.value) / STEPS) * (most - least) - at;
      point(plus(look.cursor_um, normal(plane.view), step), sliced(plane.view, step), plane);
    }, { signal });
    /** @param {Triple} cursor @param {View | undefined} view @param {Plane} from */
    const point = (cursor, view, from) =>
      lookAt(movedTo(look, view ?? from.view, from.number === 0, cursor));
    steer(canvas, {
      view: () => plane.view,
      cursor: () => look.cursor_um,
      limits: () => ({ ...model.get("reach"), flat: model.get("flat"), turns: number === 0 && model.get("turns") }),
      move: (view) => lookAt(movedTo(look, view, number === 0)),
      point: (cursor, view) => point(cursor, view, plane),
      ...desk.on(plane, (cursor) => {
        point(cursor, undefined, plane);
        kernel.tell(); // at once: a button that is pressed next means this place
      }),
      command,
    }, signal);
    watch.observe(canvas);
    return plane;
  };

  const drawAll = () => {
    if (gl?.lost) return;
    const started = performance.now();
    for (const plane of shown()) drawPlane(plane);
    drawOverview();
    // Drawing is done by others after this returns: how long it took shows in the next frame's start.
    const gap = started - began;
    if (moving && gap < 500) quality = gap > FRAME_MS ? Math.max(0.3, quality / 1.25) : Math.min(1, quality * 1.08);
    began = started;
  };

  /** @param {Plane} plane */
  const drawPlane = (plane) => {
    const { canvas, pen, view } = plane;
    const { width, height, ratio } = plane.size();
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const started = performance.now();
    const unit = model.get("unit");
    const compare = { mode: model.get("compare"), split: desk.split(), on: flickerOn };
    if (gl) {
      const share = moving ? quality : 1;
      const given = { gl, layers: layers(), tables: model.get("tables"), patches: plane.patches, compare, slab: model.get("slab") };
      paint({ ...given, pen, view, width, height, share, moving });
      desk.magnify(plane, (pen, view, side) => paint({ ...given, pen, view, width: side, height: side, share: 1, moving }));
    } else if (plane.still) pen.drawImage(plane.still, 0, 0, width, height);
    const took = performance.now() - started;
    const letters = Math.min(16, Math.max(10, Math.round(width / ratio / 50))) * ratio;
    if (gl) {
      const { u, v } = cursorOn(view, look);
      if (model.get("crosshair")) drawCrosshair(pen, u, v, width, height);
      const sheet = model.get("marks")[plane.number];
      if (sheet?.shapes.length) drawSheet(pen, view, sheet, width, height);
      drawScaleBar(pen, view, unit, width, height, letters);
      const slab = model.get("slab");
      const thick = slab.um > 0 ? [`${slab.mode} of a slab of ${Number(slab.um.toPrecision(3))} ${unit === "px" ? "px" : "µm"}`] : [];
      const title = plane.number === 0 ? model.get("title") : "";
      drawOrientation(pen, [title, positionWords(view, unit, model.get("flat")), ...thick].filter(Boolean), axisNames(view), letters, Boolean(title));
    }
    if (compare.mode === "split") drawSplit(pen, compare.split * width, height, ratio);
    for (const pinned of desk.pinned()) drawPinned(pen, view, pinned, { width, height, letters, unit });
    desk.paint.draw(pen, view, width, height);
    drawHandles(pen, view, desk.handles(), width, height, letters);
    const depth = depthOf(view, model.get("bounds_um"));
    plane.slider.value = String(Math.round(((depth.at - depth.least) / Math.max(1e-12, depth.most - depth.least)) * STEPS));
    canvas.dataset.drawn = String(Number(canvas.dataset.drawn ?? 0) + 1);
    canvas.dataset.ms = took.toFixed(1);
    canvas.dataset.how = `${compare.mode} ${model.get("slab").um} ${model.get("slab").mode}`;
    canvas.dataset.sharp = String(!moving && plane.asked === plane.answered);
  };

  /** What a person changed here, until Python has taken it over. @type {Map<string, Record<string, any>>} */
  const edited = new Map();
  /** @returns {import("./layerlist.js").Row[]} */
  const layers = () =>
    model.get("layers").map((/** @type {import("./layerlist.js").Row} */ row) => ({ ...row, ...edited.get(row.name) }));
  /** What of it Python was not told yet. @type {Map<string, Record<string, any>>} */
  const untold = new Map();
  let telling = 0;
  /** @param {string} name @param {Record<string, any>} changes */
  const edit = (name, changes) => {
    const row = layers().find((one) => one.name === name);
    if (!row) return;
    edited.set(name, { ...edited.get(name), ...applied(row, changes) });
    untold.set(name, { ...untold.get(name), ...changes });
    clearTimeout(telling);
    telling = setTimeout(() => {
      for (const [layer, all] of untold) model.send({ kind: "layer", name: layer, changes: all });
      untold.clear();
    }, 60);
    redraw();
    renewList();
  };

  const kernel = correspond(model, me, {
    look: () => look,
    shown,
    moving: (now) => (moving = now),
    redraw,
    badge: (words) => (badge.textContent = words),
    busy: (plane, busy) => /** @type {Plane} */ (plane).box.classList.toggle("sb-busy", busy),
    forget: (patch) => gl?.forget("p" + patch),
  }, Boolean(gl));

  /** @param {string} name */
  const face = (name) => {
    const [across, down] = AXES[name];
    lookAt({ ...look, across, down });
  };
  /** About the middle. @param {number} factor */
  const zoom = (factor) => lookAt(movedTo(look, zoomed(planes[0].view, { u: 0.5, v: 0.5 }, factor, model.get("reach")), true));
  const centre = () => {
    const view = planes[0].view;
    lookAt(movedTo(look, panned(view, cursorOn(view, look), { u: 0.5, v: 0.5 }), true));
  };
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen?.());
  /** @param {string} what @param {object} [more] */
  const ask = (what, more = {}) => model.send({ kind: "do", what, ...more });
  /** @param {string} name @param {any} value */
  const set = (name, value) => model.send({ kind: "set", name, value });

  const desk = tools({ model, frame: stage, look: () => look, redraw, ask, set, signal });

  const has = (/** @type {string} */ part) => model.get("bar").includes(part);
  const faced = (/** @type {string} */ name) => planeName(planes[0]?.view ?? viewsOf(look, 1)[0]) === name;
  const deep = !model.get("flat");
  const viewing = [
    { icon: "whole", title: "Show everything", key: "0", run: () => lookAt(fitted(look, model.get("bounds_um"))) },
    { icon: "centre", title: "Bring the cursor to the middle", key: "c", run: centre },
    { icon: "closer", title: "Closer", key: "+", run: () => zoom(0.8) },
    { icon: "farther", title: "Farther", key: "-", run: () => zoom(1.25) },
  ];
  /** @type {(import("./toolbar.js").Button | null)[]} */
  const buttons = [
    ...(deep && has("planes")
      ? ["xy", "xz", "yz"].map((name, i) => ({ text: name, title: `The ${name} plane`, key: String(i + 1), run: () => face(name), pressed: () => faced(name) }))
      : []),
    ...(deep && has("linked") ? [{ icon: "three", title: "Three planes", key: "4", run: () => set("linked", model.get("planes") === 1), pressed: () => model.get("planes") === 3 }] : []),
    ...(deep && has("cube") ? [{ icon: "cube", title: "The whole from outside: drag it, click an axis", key: "o", run: () => ((cube.hidden = !cube.hidden), redraw()), pressed: () => !cube.hidden }] : []),
    null,
    ...(has("view") ? viewing : []),
    ...(has("layers") ? [{ icon: "layers", title: "Layers", key: "l", run: () => (side.hidden = !side.hidden), pressed: () => !side.hidden }] : []),
    null,
    ...desk.buttons(has),
    null,
    ...(has("picture") ? [{ icon: "picture", title: "Save the picture as PNG at print size", key: "s", run: () => save() }] : []),
    { icon: "full", title: "Full screen", key: "f", run: full },
    { icon: "keys", title: "What pointer and keys do", key: "?", run: () => (help.hidden = !help.hidden), pressed: () => !help.hidden },
  ];
  const cube = /** @type {HTMLCanvasElement} */ (add(stage, "canvas", "sb-cube"));
  cube.hidden = !(deep && has("cube"));
  cube.title = "The whole from outside: drag to turn it, click an axis to look along it";
  const drawOverview = overview(cube, {
    look: () => look, count: () => shown().length, bounds: () => model.get("bounds_um"), layers, face,
  }, signal);
  const help = add(stage, "div", "sb-help");
  help.hidden = true;
  for (const [key, what] of KEYS) {
    add(help, "kbd", "").textContent = key;
    add(help, "span", "").textContent = what;
  }
  const side = add(body, "div", "sb-side");
  side.hidden = !has("layers");
  const settings = add(side, "div", "sb-settings");
  const renewList = layerList(add(side, "div", "sb-layers"), {
    rows: layers, edit, move: (name, up) => ask(up ? "raise" : "lower", { name }),
    tables: () => model.get("tables"), maps: model.get("maps"), blendings: ["over", "add", "max"],
  }, signal);
  const compare = select(settings, "compare", COMPARE, (mode) => set("compare", mode), signal);
  compare.title = "How the uppermost layer meets those below it";
  const slabs = select(settings, "slab", SLABS, (mode) => set("slab", mode), signal);
  slabs.title = "What of the values in a thick slab is seen";
  const thick = /** @type {HTMLInputElement} */ (add(settings, "input", "sb-number"));
  Object.assign(thick, { type: "number", min: "0", title: "Thickness of what is seen [µm]; 0 is the plane alone" });
  thick.addEventListener("change", () => set("slab_um", Math.max(0, Number(thick.value))), { signal });
  add(settings, "span", "").textContent = model.get("unit") === "px" ? "px thick" : "µm thick";
  for (const one of [slabs.parentElement, thick, settings.lastElementChild]) /** @type {HTMLElement} */ (one).hidden = !deep;
  const renewView = () => {
    compare.value = model.get("compare");
    slabs.value = model.get("slab").mode;
    if (!thick.matches(":focus")) thick.value = String(model.get("slab").um);
  };
  renewView();
  renewList();
  const renewButtons = fillBar(bar, buttons, signal, () => renewBar());
  const palette = add(stage, "div", "sb-palette");
  const renewClasses = desk.paint.settings(palette);
  const renewBar = () => {
    renewButtons();
    renewClasses();
    palette.hidden = !desk.paint.active();
  };
  if (!model.get("bar").length) bar.hidden = true;

  const save = () => {
    if (model.get("offline")) planes[0].canvas.toBlob((blob) => blob && download(blob));
    else ask("print");
  };
  /** @param {Blob} blob */
  const download = (blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${model.get("title") || "picture"}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  /** @param {string} key */
  const command = (key) => {
    if (desk.paint.busy()) return true; // a stroke ends first
    const button = buttons.find((one) => one?.key === key);
    if (button) button.run();
    else if (!desk.command(key)) return false;
    renewBar();
    return true;
  };

  /** Look there by a way that can be followed. @param {Look} to */
  const fly = (to) => {
    const [from, start, flight] = [look, performance.now(), ++flying];
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = () => {
      if (flight !== flying || signal.aborted) return;
      const share = still ? 1 : Math.min(1, (performance.now() - start) / FLY_MS);
      moving = share < 1;
      lookAt(flown(from, to, share * share * (3 - 2 * share)), true);
      if (share < 1) requestAnimationFrame(step);
      else kernel.rest();
    };
    step();
  };

  /** @type {[string, () => void][]} */
  const follows = [
    ["change:look", () => {
      const next = model.get("look");
      if (next.by === me) return;
      if (next.by === "flight") return fly(next);
      flying++;
      lookAt(next, true);
      kernel.rest();
    }],
    ["change:layers", () => {
      for (const name of [...edited.keys()]) if (!untold.has(name)) edited.delete(name);
      renewList();
      redraw();
      kernel.rest();
      if (gl) kernel.hello();
    }],
    ["change:planes", renewPlanes],
    ["change:slab", () => {
      renewView();
      redraw();
      kernel.rest();
    }],
    ["change:bar", redraw],
    ...["tables", "marks", "compare", "split", "title", "unit", "crosshair", "flat", "annotations", "handles", "history", "bookmarks", "classes"].map(
      (name) => /** @type {[string, () => void]} */ (["change:" + name, () => {
        desk.renew();
        renewView();
        redraw();
        renewBar();
      }]),
    ),
    ["change:alt", () => planes.forEach(({ canvas }) => canvas.setAttribute("aria-label", model.get("alt")))],
  ];
  for (const [name, handler] of follows) model.on(name, handler);
  /** @param {any} content @param {any[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "dragged") desk.heard();
    if (content.kind === "printed") download(new Blob([buffers[0]], { type: "image/png" }));
  };
  model.on("msg:custom", hear);

  const watch = new ResizeObserver(() => {
    redraw();
    kernel.rest();
  });
  const flicker = setInterval(() => {
    if (model.get("compare") !== "flicker") return;
    flickerOn = !flickerOn;
    redraw();
  }, FLICKER_MS);
  gl?.restored.add(redraw);
  const forgetCopies = whenKept((ask = false) => (ask ? kernel.hello() : redraw()));
  renewPlanes();
  renewBar();
  if (gl) kernel.hello();
  return () => {
    ending.abort();
    clearInterval(flicker);
    clearTimeout(telling);
    watch.disconnect();
    gl?.restored.delete(redraw);
    forgetCopies();
    kernel.end();
    for (const { patches } of planes) for (const patch of patches.values()) gl?.forget("p" + patch.number);
    for (const [name, handler] of follows) model.off(name, handler);
    model.off("msg:custom", hear);
  };
}

export default { render };
