// What a person does on the planes beside looking: measures, notes, drags handles, compares.

import { brush } from "./brush.js";
import { measured, POINTS } from "./measure.js";
import { draggedTo, handleAt, REACH_KEYS_PX } from "./pins.js";
import { placeOf, pointAt } from "./plane.js";
import { add } from "./toolbar.js";

/** @typedef {import("./plane.js").Triple} Triple */
/** @typedef {import("./pins.js").Annotation} Annotation */
/** @typedef {import("./pins.js").Handle} Handle */
/** @typedef {{u: number, v: number}} Place */
/** @typedef {ReturnType<typeof tools>} Desk */
/** @typedef {import("./kernel.js").Shown & {box: HTMLElement, pen: CanvasRenderingContext2D}} Plane */

const GRIP_PX = 9; // of the split, to either side
const LENS_PX = 120;
const LENS_TIMES = 4;
const DRAG_TELL_MS = 60;
const GIVEN_UP_MS = 1500; // an answer that has not come by then will not
const TOOLS = [["distance", "Distance between two points", "d"], ["angle", "Angle at the second of three points", "a"], ["area", "Area: click round it, end with a double click or Enter", "r"], ["note", "Note pinned to a place", "n"], ["plane", "Plane through three points, also of other slices", "t"]];
const SPLIT_KEY = 0.02; // of the width
const SPLIT_TELL_MS = 150; // after the last key

/**
 * @param {object} given
 * @param {any} given.model @param {HTMLElement} given.frame
 * @param {() => import("./look.js").Look} given.look @param {() => void} given.redraw
 * @param {(what: string, more?: object) => void} given.ask @param {(name: string, value: any) => void} given.set
 * @param {import("./deeds.js").Deeds} given.decided
 * @param {AbortSignal} given.signal
 */
export function tools({ model, frame, redraw, ask, set, decided, signal }) {
  const paint = brush({ model, redraw, ask, signal });
  /** @type {{shape: string, points: Triple[]} | null} */
  let tool = null;
  /** @type {Triple | null} */
  let hovered = null;
  /** @type {number | null} */
  let split = null;
  let splitting = 0; // until Python is told of the split
  /** What is dragged, until Python has it. @type {{handle: Handle, at: Triple, plane: Plane, place: Place} | null} */
  let dragged = null;
  let keyed = false; // whether keys drag it
  let told = 0;
  let answered = true;
  signal.addEventListener("abort", () => splitting && tellSplit());
  const list = add(frame, "div", "sb-pop");
  list.hidden = true;

  /** Panels may stand within shadows. */
  const focused = () => /** @type {ShadowRoot | Document} */ (list.getRootNode()).activeElement;

  /** What is kept, and what somebody did since. @returns {Annotation[]} */
  const annotations = () => {
    const since = decided.annotations();
    const changed = new Set(since.map(({ key }) => key));
    return [...model.get("annotations").filter((/** @type {Annotation} */ { key }) => !changed.has(key)), ...since];
  };
  const partOf = (/** @type {string} */ key) => {
    const [, owner, number] = key.split("\n");
    return { owner, number: Number(number) };
  };

  /** Points of annotations, and what Python lets be dragged. @returns {Handle[]} */
  const handles = () => [
    ...annotations().flatMap(({ key, points }) => points.map((at_um, i) => ({ key: `pin\n${key}\n${i}`, at_um }))),
    ...model.get("handles").map((/** @type {Handle} */ handle) => ({ ...handle, at_um: decided.dropped().get(handle.key) ?? handle.at_um })),
  ].map((handle) => (dragged && handle.key === dragged.handle.key ? { ...handle, at_um: dragged.at } : handle));

  /** @returns {Annotation[]} */
  const pinned = () => {
    const kept = annotations().map((one) => {
      if (!dragged || !dragged.handle.key.startsWith("pin\n")) return one;
      const { owner, number } = partOf(dragged.handle.key);
      const at = dragged.at;
      return owner === one.key ? { ...one, points: one.points.map((point, i) => (i === number ? at : point)) } : one;
    });
    if (!tool || !tool.points.length) return kept;
    return [...kept, { key: "", shape: tool.shape, points: hovered ? [...tool.points, hovered] : tool.points, text: "" }];
  };

  /** @param {Triple[]} points @param {string} shape @param {string} [text] */
  const finish = (points, shape, text = "") => {
    [tool, hovered] = [null, null];
    ask("annotate", { shape, points, text });
    redraw();
  };

  /** @param {Triple[]} points */
  const cut = (points) => {
    [tool, hovered] = [null, null];
    ask("cut", { points });
    redraw();
  };

  /** @param {Plane} plane @param {Triple} at @param {Place} place */
  const write = (plane, at, place) => {
    const entry = /** @type {HTMLInputElement} */ (add(plane.box, "input", "sb-pin-entry"));
    entry.placeholder = "note, then Enter";
    entry.style.left = `${Math.min(0.6, place.u) * 100}%`;
    entry.style.top = `${place.v * plane.canvas.clientHeight}px`;
    entry.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && entry.value.trim()) finish([at], "note", entry.value.trim());
      if (event.key === "Enter" || event.key === "Escape") plane.canvas.focus({ preventScroll: true });
    });
    entry.addEventListener("blur", () => entry.remove(), { once: true });
    entry.focus();
  };

  /** @param {Plane} plane @param {Place} place @param {boolean} double */
  const useTool = (plane, place, double) => {
    if (!tool) return;
    const at = pointAt(plane.view, place.u, place.v);
    const [least, most] = POINTS[tool.shape];
    if (tool.shape === "note") {
      tool = null;
      write(plane, at, place);
    } else if (double) {
      if (tool.points.length >= least) finish(tool.points, tool.shape);
    } else {
      tool.points.push(at);
      if (tool.points.length === most) (tool.shape === "plane" ? cut : finish)(tool.points, tool.shape);
    }
    redraw();
  };

  let [listed, typed] = ["", ""];
  const names = () => [model.get("bookmarks"), decided.bookmarks()];
  const bookmark = () => {
    listed = JSON.stringify(names());
    list.replaceChildren();
    for (const name of decided.bookmarks()) {
      if (model.get("bookmarks").includes(name)) continue;
      add(list, "div", "sb-row").textContent = `${name}: not saved`;
    }
    for (const name of model.get("bookmarks")) {
      const row = add(list, "div", "sb-row");
      const go = add(row, "button", "sb-word");
      go.textContent = name;
      go.title = `Fly to ${name}`;
      go.addEventListener("click", () => ask("fly", { name }));
      if (model.get("offline")) continue;
      const away = add(row, "button", "sb-word");
      away.textContent = "×";
      away.title = `Remove the bookmark ${name}`;
      away.addEventListener("click", () => ask("forget", { name }));
    }
    if (model.get("offline")) return;
    const entry = /** @type {HTMLInputElement} */ (add(list, "input", "sb-entry"));
    entry.placeholder = "name this view, then Enter";
    entry.value = typed;
    entry.addEventListener("input", () => (typed = entry.value));
    entry.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && typed.trim()) {
        ask("bookmark", { name: typed.trim() });
        entry.value = typed = "";
      }
      if (event.key === "Escape") close();
    });
  };
  const close = () => {
    list.hidden = true;
    /** @type {HTMLElement | null} */ (frame.querySelector(".sb-canvas"))?.focus();
  };
  /** What is typed next is a name: no key of the picture. */
  const open = () => {
    list.hidden = false;
    bookmark();
    ready();
  };
  const ready = () => /** @type {HTMLElement | null} */ (list.querySelector("input") ?? list.querySelector("button"))?.focus();

  function renewList() {
    if (list.hidden || JSON.stringify(names()) === listed) return;
    const typing = list.contains(focused());
    bookmark();
    if (typing) ready();
  }

  return {
    pinned,
    handles,
    paint,
    split: () => split ?? model.get("split"),
    /** Python has done what it was told of a drag: it may be told again. */
    heard: () => (answered = true),
    /** After Python has taken over what was dragged. */
    renew: () => {
      if (dragged && !held(dragged)) dragged = null;
      if (!splitting) split = null;
      renewList();
    },
    renewList,
    /** @param {(part: string) => boolean} has @returns {(import("./toolbar.js").Button | null)[]} */
    buttons: (has) => [
      ...(has("tools")
        ? TOOLS.filter(([shape]) => shape !== "plane" || cuts()).map(([shape, title, key]) => ({
            icon: shape, title, key,
            run: () => {
              paint.put();
              tool = tool?.shape === shape ? null : { shape, points: [] };
              redraw();
            },
            pressed: () => tool?.shape === shape,
          }))
        : []),
      ...(has("brush") || has("scribble") ? paint.buttons().filter(({ icon }) => has("brush") || icon !== "fill") : []),
      ...(has("bookmarks") ? [{ icon: "mark", title: "Bookmarks: name this view, fly to another", key: "b", run: () => (list.hidden ? open() : close()), pressed: () => !list.hidden }] : []),
      ...(has("history")
        ? [
            { icon: "undo", title: "Undo", key: "z", run: () => ask("undo"), enabled: () => Boolean(model.get("history").undo), says: () => (model.get("history").undo ? `Undo: ${model.get("history").undo}` : "") },
            { icon: "redo", title: "Redo", key: "y", run: () => ask("redo"), enabled: () => Boolean(model.get("history").redo), says: () => (model.get("history").redo ? `Redo: ${model.get("history").redo}` : "") },
          ]
        : []),
    ],
    /** @param {string} key */
    command: (key) => {
      if (key === "Escape" && paint.active()) paint.put();
      else if (key === "Escape" && (tool || !list.hidden)) [tool, hovered, list.hidden] = [null, null, true];
      else if (key === "Enter" && tool && tool.points.length >= POINTS[tool.shape][0]) finish(tool.points, tool.shape);
      else if (key === "Backspace" && tool?.points.length) tool.points.pop();
      else if ((key === "[" || key === "]") && model.get("compare") === "split") shift(key === "[" ? -SPLIT_KEY : SPLIT_KEY);
      else return false;
      redraw();
      return true;
    },
    /** What pointer events do on a plane. @param {Plane} plane @param {(cursor: Triple) => void} point */
    on: (plane, point) => ({
      /** @param {Place} place @param {boolean} double */
      click: (place, double) => {
        if (paint.active()) {
          if (double) paint.key("Enter");
          else paint.click(plane.view, place);
        }
        else if (tool) useTool(plane, place, double);
        else if (!double) point(pointAt(plane.view, place.u, place.v));
      },
      /** @param {Place | null} place */
      hover: (place) => {
        if (paint.active()) paint.hover(plane.view, place);
        if (!tool?.points.length) return;
        hovered = place && pointAt(plane.view, place.u, place.v);
        redraw();
      },
      /** @param {Place} place @param {boolean} touch */
      grip: (place, touch) => {
        const width = plane.canvas.clientWidth;
        if (paint.active()) return paint.grip(() => plane.view, place, width);
        if (model.get("compare") === "split" && Math.abs(place.u - (split ?? model.get("split"))) * width < GRIP_PX) return divider();
        const handle = tool ? null : handleAt(plane.view, handles(), place, width, touch);
        return handle && gripOf(plane, handle, place);
      },
      /** For keys. @param {Place} place */
      grab: (place) => {
        const handle = tool || paint.active() ? null : handleAt(plane.view, handles(), place, plane.canvas.clientWidth, false, REACH_KEYS_PX);
        return handle && grabbed(plane, handle);
      },
    }),
    /** A lens beside what is dragged. @param {Plane} plane
     * @param {(pen: CanvasRenderingContext2D, view: import("./plane.js").View, side: number) => void} draw */
    magnify: (plane, draw) => {
      if (!dragged || dragged.plane !== plane || !held(dragged)) return;
      const { width, ratio } = plane.size();
      const side = LENS_PX * ratio;
      const { u, v } = placeOf(plane.view, dragged.at);
      const wide = (plane.view.width_um * side) / width / LENS_TIMES;
      const lens = document.createElement("canvas");
      [lens.width, lens.height] = [side, side];
      const pen = /** @type {CanvasRenderingContext2D} */ (lens.getContext("2d", { alpha: false }));
      draw(pen, { ...plane.view, centre_um: pointAt(plane.view, u, v), width_um: wide, aspect: 1 }, side);
      const x = u < 0.5 ? plane.canvas.width - side : 0;
      plane.pen.drawImage(lens, x, 0);
      plane.pen.strokeStyle = "rgba(255,255,255,0.8)";
      plane.pen.lineWidth = ratio;
      plane.pen.strokeRect(x + 0.5, 0.5, side - 1, side - 1);
      for (const [dx, dy] of [[1, 0], [0, 1]]) {
        plane.pen.beginPath();
        plane.pen.moveTo(x + side / 2 - (dx * side) / 8, side / 2 - (dy * side) / 8);
        plane.pen.lineTo(x + side / 2 + (dx * side) / 8, side / 2 + (dy * side) / 8);
        plane.pen.stroke();
      }
    },
  };

  /** A drag is told as often as Python keeps up with. */
  function mayTell() {
    const since = performance.now() - told;
    return since > (answered ? DRAG_TELL_MS : GIVEN_UP_MS);
  }

  /** Whether it is not let go yet. @param {{plane: Plane}} one */
  function held({ plane }) {
    return keyed || plane.canvas.matches(":active");
  }

  /** Whether a plane through three points can be had here. */
  function cuts() {
    return model.get("turns") && !model.get("flat") && !model.get("offline");
  }

  /** The split goes aside, and Python is told once it stays. @param {number} by */
  function shift(by) {
    split = Math.min(1, Math.max(0, Math.round(((split ?? model.get("split")) + by) * 1e4) / 1e4));
    clearTimeout(splitting);
    splitting = setTimeout(tellSplit, SPLIT_TELL_MS);
  }

  function tellSplit() {
    clearTimeout(splitting);
    splitting = 0;
    set("split", split);
  }

  function divider() {
    /** @param {Place} place */
    const drag = (place) => {
      split = Math.min(1, Math.max(0, place.u));
      redraw();
    };
    return { drag, drop: () => set("split", split), cancel: () => (split = null) };
  }

  /** A handle that keys drag from where it is. @param {Plane} plane @param {Handle} handle */
  function grabbed(plane, handle) {
    const at = placeOf(plane.view, handle.at_um);
    const grip = gripOf(plane, handle, at);
    /** @param {(place: Place) => void} end @returns {(place: Place) => void} */
    const letGo = (end) => (place) => {
      keyed = false;
      end(place);
    };
    keyed = true;
    grip.drag(at); // seen to be held
    return { at, grip: { ...grip, drop: letGo(grip.drop), cancel: () => letGo(grip.cancel)(at) } };
  }

  /** @param {Plane} plane @param {Handle} handle @param {Place} from */
  function gripOf(plane, handle, from) {
    /** @param {Place} to */
    const drag = (to) => {
      dragged = { handle, at: draggedTo(plane.view, handle, from, to), plane, place: to };
      if (!handle.key.startsWith("pin\n") && mayTell()) tell(false);
      redraw();
    };
    /** @param {boolean} done */
    const tell = (done) => {
      [told, answered] = [performance.now(), false];
      if (dragged) decided.tell({ kind: "handle", key: handle.key, at_um: dragged.at, done });
    };
    /** @param {Place} to */
    const drop = (to) => {
      drag(to);
      const { owner } = partOf(handle.key);
      const moved = handle.key.startsWith("pin\n") && pinned().find(({ key }) => key === owner);
      if (moved) ask("annotate", { key: owner, shape: moved.shape, points: moved.points, text: moved.text });
      else tell(true);
      const mine = dragged; // Python may refuse it, or be gone
      setTimeout(() => {
        if (dragged !== mine) return;
        dragged = null;
        redraw();
      }, GIVEN_UP_MS);
    };
    const cancel = () => {
      dragged = null;
      if (!handle.key.startsWith("pin\n")) model.send({ kind: "handle", key: handle.key, at_um: handle.at_um, done: false });
      redraw();
    };
    return { drag, drop, cancel };
  }
}
