// As soon as the page knows of a panel, and before it is shown: the card is made ready and coarse copies are
// asked for, so that the panel finds them there when it draws for the first time.

import { sharedGl } from "./gl.js";
import { bytesOf, gone, keep, wanted } from "./volumes.js";

const ANSWER_MS = 10_000; // a kernel that ends before is not told here: then the panel asks again

/** @param {{model: any}} given */
export function initialize({ model }) {
  if (model.get("offline") || !sharedGl()) return;
  const me = crypto.randomUUID?.() ?? String(Math.random());
  /** @param {any} content @param {any[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "volume") keep(content.key, { ...content, bytes: bytesOf(buffers[0]) });
  };
  model.on("msg:custom", hear);
  const missing = wanted(model.get("layers").map((/** @type {{volume: string}} */ layer) => layer.volume), me, ANSWER_MS);
  try {
    if (missing.length) model.send({ kind: "hello", missing });
  } catch {
    gone(me); // there is no kernel any more: the panel says so
  }
  return () => {
    model.off("msg:custom", hear);
    gone(me);
  };
}
