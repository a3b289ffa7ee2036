// Explorers in a report: the page has everything that they draw from, and no kernel behind it.

import { sharedGl } from "./gl.js";
import { applied } from "./edits.js";
import panel from "./panel.js";
import { keep } from "./volumes.js";

/** @param {string} text base64 */
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {string} text base64 of zipped bytes */
async function unzipped(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a widget's model is in a notebook, answering itself. @param {any} state as `offline.py` writes it */
function modelOf(state) {
  const tables = Object.fromEntries(Object.entries(state.tables).map(([name, table]) => [name, bytes(table)]));
  /** @type {Record<string, any>} */
  const values = { ...state.traits, tables };
  /** @type {Map<string, Set<(...given: any[]) => void>>} */
  const handlers = new Map();
  /** @param {string} event @param {any[]} given */
  const say = (event, ...given) => handlers.get(event)?.forEach((handler) => handler(...given));
  /** @param {string} name @param {any} value */
  const set = (name, value) => {
    values[name] = value;
    say("change:" + name);
  };
  /** @param {string} name @param {any} value */
  const setting = (name, value) => {
    if (name === "linked") set("planes", value ? 3 : 1);
    else if (name === "time") {
      set("time", value);
      set("layers", values.layers.map((/** @type {any} */ row) => atMoment(row, state.moments[value])));
    }
    else if (name === "slab_um") set("slab", { ...values.slab, um: value });
    else if (name === "slab") set("slab", { ...values.slab, mode: value });
    else set(name, value);
  };
  /** @type {Record<string, (message: any) => void>} */
  const deeds = {
    annotate: ({ key, shape, points, text }) => {
      const kept = values.annotations.filter((/** @type {{key: string}} */ one) => one.key !== key);
      set("annotations", [...kept, { key: key ?? `here ${kept.length} ${performance.now()}`, shape, points, text }]);
    },
    fly: ({ name }) => set("look", { ...state.looks[name], aspect: values.look.aspect, by: "flight" }),
    raise: ({ name }) => set("layers", shifted(values.layers, name, 1)),
    lower: ({ name }) => set("layers", shifted(values.layers, name, -1)),
  };
  /** @type {Record<string, (message: any) => void>} */
  const answers = {
    rest: ({ by, plane, sequence }) => setTimeout(() => say("msg:custom", { kind: "rested", by, plane, sequence }, [])),
    set: ({ name, value }) => setting(name, value),
    layer: ({ name, changes }) => {
      const before = state.moments[values.time].find((/** @type {{name: string}} */ one) => one.name === name);
      const own = changes.limits === "auto" ? { ...changes, limits: undefined } : changes;
      set("layers", values.layers.map((/** @type {any} */ row) =>
        row.name === name ? { ...row, ...applied(row, own), ...(changes.limits === "auto" ? { limits: before.limits } : {}) } : row));
    },
    do: (message) => deeds[message.what]?.(message),
  };
  return {
    /** @param {string} name */
    get: (name) => values[name],
    /** @param {string} event @param {(...given: any[]) => void} handler */
    on: (event, handler) => handlers.set(event, (handlers.get(event) ?? new Set()).add(handler)),
    /** @param {string} event @param {(...given: any[]) => void} handler */
    off: (event, handler) => handlers.get(event)?.delete(handler),
    /** @param {any} message */
    send: (message) => answers[message.kind]?.(message),
  };
}

/** A layer as it is at another time point, looking as it was made to look. @param {any} row @param {any[]} then */
function atMoment(row, then) {
  const { key, volume, grid, wide, holes, coding, limits, histogram } = then.find(({ name }) => name === row.name);
  const seen = row.limits.map((/** @type {number} */ code) => row.coding[0] + row.coding[1] * code);
  const next = { ...row, key, volume, grid, wide, holes, coding, histogram };
  return row.auto ? { ...next, limits } : { ...next, ...applied(next, { limits: seen }), auto: false };
}

/** @param {any[]} layers @param {string} name @param {number} by */
function shifted(layers, name, by) {
  const next = [...layers];
  const at = next.findIndex((one) => one.name === name);
  const [row] = next.splice(at, 1);
  next.splice(Math.max(0, at + by), 0, row);
  return next;
}

for (const data of document.querySelectorAll("script.sb-offline")) {
  const place = /** @type {HTMLElement} */ (data.previousElementSibling);
  try {
    const state = JSON.parse(data.textContent ?? "");
    for (const [key, copy] of /** @type {[string, any][]} */ (Object.entries(state.volumes)))
      unzipped(copy.zipped).then((unpacked) => keep(key, { ...copy, bytes: unpacked }));
    if (!sharedGl()) continue; // the still stays
    place.hidden = false;
    panel.render({ model: modelOf(state), el: place });
    place.parentElement?.classList.add("sb-drawn");
  } catch (error) {
    place.hidden = true;
    console.warn("Scalebridge shows the still instead: " + error);
  }
}
