// Coarse copies, shared by all panels of the page and kept when a cell is run again.

const KEY = Symbol.for("scalebridge.volumes.2");
const ASK_AGAIN_MS = 3000;

/** @typedef {{shape: number[], channels: number, bytes: Uint8Array, smooth: boolean}} Volume */
/** @typedef {{kept: Map<string, Volume>, asked: Map<string, number>, panels: Set<() => void>}} Shared */
/** @returns {Shared} */
const shared = () =>
  ((/** @type {any} */ (globalThis))[KEY] ??= { kept: new Map(), asked: new Map(), panels: new Set() });

/** @param {string} key */
export const volume = (key) => shared().kept.get(key);

/** Keep a copy, and tell every panel. @param {string} key @param {Volume} copy */
export function keep(key, copy) {
  shared().kept.set(key, copy);
  for (const panel of shared().panels) panel();
}

/** Call back when a copy arrives, whoever asked for it. @param {() => void} panel */
export function whenKept(panel) {
  shared().panels.add(panel);
  return () => shared().panels.delete(panel);
}

/** Of these, the copies that nobody on the page has or has just asked for. @param {string[]} keys */
export function wanted(keys) {
  const now = performance.now();
  const missing = keys.filter(
    (key) => key && !shared().kept.has(key) && now - (shared().asked.get(key) ?? -Infinity) > ASK_AGAIN_MS,
  );
  for (const key of missing) shared().asked.set(key, now);
  return missing;
}

/** @param {DataView | ArrayBuffer | Uint8Array} data */
export const bytesOf = (data) =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
