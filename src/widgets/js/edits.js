// What a person changes of the layers here: seen at once, told a little later, Python's in the end.

/** @typedef {import("./layerlist.js").Row} Row */
/** @typedef {ReturnType<typeof layerEdits>} Edits */

const TELL_MS = 60;
const ONE_DRAG_MS = 1000; // what follows sooner, and changes the same, is one drag

/** @param {any} model @param {() => void} changed called when a layer looks different */
export function layerEdits(model, changed) {
  /** What was changed here, until Python has taken it over. @type {Map<string, Record<string, any>>} */
  const edited = new Map();
  /** What of it Python was not told yet. @type {Map<string, Record<string, any>>} */
  const untold = new Map();
  let telling = 0;
  let drag = { number: Math.floor(Math.random() * 2 ** 30), what: "", at: 0, held: false }; // other windows count too

  /** @returns {Row[]} the first at the bottom */
  const rows = () => model.get("layers").map((/** @type {Row} */ row) => ({ ...row, ...edited.get(row.name) }));

  const tell = () => {
    clearTimeout(telling);
    for (const [name, changes] of untold) model.send({ kind: "layer", name, changes, drag: drag.number });
    untold.clear();
  };

  return {
    rows,
    /** @param {string} name @param {Record<string, any>} changes @param {boolean} [held] whether it is a drag that goes on */
    edit: (name, changes, held = false) => {
      const row = rows().find((one) => one.name === name);
      if (!row) return;
      const what = `${name} ${Object.keys(changes)}`;
      const later = !drag.held && performance.now() - drag.at > ONE_DRAG_MS;
      if (what !== drag.what || "visible" in changes || later) {
        tell(); // what was changed before is a step of its own
        drag = { number: drag.number + 1, what, at: 0, held };
      }
      [drag.at, drag.held] = [performance.now(), held];
      edited.set(name, { ...edited.get(name), ...applied(row, changes) });
      untold.set(name, { ...untold.get(name), ...changes });
      clearTimeout(telling);
      telling = setTimeout(tell, TELL_MS);
      changed();
    },
    /** Python has said how the layers are: what it was told is in it. */
    taken: () => {
      for (const name of [...edited.keys()]) if (!untold.has(name)) edited.delete(name);
    },
    /** At once what was changed: something else is done next, or the page goes. */
    tell,
  };
}

/** Changes of a layer as the painter reads them. @param {Row} row @param {Record<string, any>} changes */
export function applied(row, changes) {
  const { limits, ...own } = changes;
  if (changes.color_map) own.table = changes.color_map;
  if (Array.isArray(limits)) own.limits = limits.map((grey) => (grey - row.coding[0]) / row.coding[1]);
  if (limits) own.auto = limits === "auto";
  return own;
}
