// What a person changes of the layers here: seen at once, told a little later, Python's in the end.

/** @typedef {import("./layerlist.js").Row} Row */
/** @typedef {ReturnType<typeof layerEdits>} Edits */

const TELL_MS = 60;

/** @param {any} model @param {() => void} changed called when a layer looks different */
export function layerEdits(model, changed) {
  /** What was changed here, until Python has taken it over. @type {Map<string, Record<string, any>>} */
  const edited = new Map();
  /** What of it Python was not told yet. @type {Map<string, Record<string, any>>} */
  const untold = new Map();
  let telling = 0;

  /** @returns {Row[]} the first at the bottom */
  const rows = () => model.get("layers").map((/** @type {Row} */ row) => ({ ...row, ...edited.get(row.name) }));

  const tell = () => {
    for (const [name, changes] of untold) model.send({ kind: "layer", name, changes });
    untold.clear();
  };

  return {
    rows,
    /** @param {string} name @param {Record<string, any>} changes */
    edit: (name, changes) => {
      const row = rows().find((one) => one.name === name);
      if (!row) return;
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
    end: () => clearTimeout(telling),
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
