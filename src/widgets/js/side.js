// Beside the planes: the layers, how they meet, and how thick a slab is seen.

import { layerList, select } from "./layerlist.js";
import { add } from "./toolbar.js";

const COMPARE = ["blend", "checkerboard", "split", "flicker", "difference"];
const SLABS = ["mean", "max", "min"];
const BLENDINGS = ["over", "add", "max"];

/**
 * @param {HTMLElement} body
 * @param {object} given
 * @param {any} given.model
 * @param {import("./edits.js").Edits} given.edits
 * @param {(name: string, value: any) => void} given.set
 * @param {(what: string, more?: object) => void} given.ask
 * @param {AbortSignal} given.signal
 */
export function sidePanel(body, { model, edits, set, ask, signal }) {
  const side = add(body, "div", "sb-side");
  const settings = add(side, "div", "sb-settings");
  const renewLayers = layerList(add(side, "div", "sb-layers"), {
    rows: edits.rows, edit: edits.edit, move: (name, up) => ask(up ? "raise" : "lower", { name }),
    face: model.get("turns") && !model.get("flat") && !model.get("offline") ? (name) => ask("face", { name }) : null,
    tables: () => model.get("tables"), maps: model.get("maps"), blendings: BLENDINGS,
  }, signal);

  const compare = select(settings, "compare", COMPARE, (mode) => set("compare", mode), signal);
  compare.title = "How the uppermost layer meets those below it";
  const slab = add(settings, "span", "sb-line");
  slab.hidden = model.get("flat");
  const mode = select(slab, "slab", SLABS, (value) => set("slab", value), signal);
  mode.title = "What of the values in a thick slab is seen";
  const thick = /** @type {HTMLInputElement} */ (add(slab, "input", "sb-amount"));
  Object.assign(thick, { type: "number", min: "0", title: "Thickness of what is seen [µm]; 0 is the plane alone" });
  thick.addEventListener("change", () => set("slab_um", Math.max(0, Number(thick.value))), { signal });
  add(slab, "span", "").textContent = model.get("unit") === "px" ? "px thick" : "µm thick";

  return {
    side,
    renewLayers,
    renew: () => {
      compare.value = model.get("compare");
      mode.value = model.get("slab").mode;
      if (!thick.matches(":focus")) thick.value = String(model.get("slab").um);
    },
  };
}
