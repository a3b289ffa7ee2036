// Coarse copies, shared by all panels of the page and kept when a cell is run again.

const KEY = Symbol.for("scalebridge.volumes.4");
const ASK_AGAIN_MS = 60_000; // a slow line may need that long, and nothing is to travel twice

/** @typedef {{shape: number[], channels: number, bytes: Uint8Array, smooth: boolean}} Volume */
/** @typedef {{kept: Map<string, Volume>, asked: Map<string, {by: string, until: number}>, panels: Set<(ask?: boolean) => void>}} Shared */
/** @returns {Shared} */
const shared = () =>
  ((/** @type {any} */ (globalThis))[KEY] ??= { kept: new Map(), asked: new Map(), panels: new Set() });

const BUDGET = 384 * 2 ** 20; // bytes that the page keeps: a film's time points come and go

/** @param {string} key */
export const volume = (key) => {
  const found = shared().kept.get(key);
  if (found) shared().kept.delete(key), shared().kept.set(key, found); // the newest used is last
  return found;
};

/** Keep a copy, and tell every panel. @param {string} key @param {Volume} copy */
export function keep(key, copy) {
  if (shared().kept.has(key)) return; // told by the panel, and by what asked before it was shown
  shared().kept.set(key, copy);
  shared().asked.delete(key); // one that has to go is asked for again
  let total = [...shared().kept.values()].reduce((sum, one) => sum + one.bytes.length, 0);
  for (const [oldest, one] of shared().kept) {
    if (total <= BUDGET || oldest === key) break;
    shared().kept.delete(oldest);
    total -= one.bytes.length;
  }
  for (const panel of shared().panels) panel();
}

/** Call back when a copy arrives, whoever asked for it, or when one has to be asked for again.
 * @param {(ask?: boolean) => void} panel */
export function whenKept(panel) {
  shared().panels.add(panel);
  return () => shared().panels.delete(panel);
}

/** Of these, the copies that nobody on the page has or has asked for.
 * @param {string[]} keys @param {string} by who asks now @param {number} patience how long nobody else asks [ms] */
export function wanted(keys, by, patience = ASK_AGAIN_MS) {
  const now = performance.now();
  const missing = keys.filter((key) => key && !shared().kept.has(key) && !(now < (shared().asked.get(key)?.until ?? 0)));
  for (const key of missing) shared().asked.set(key, { by, until: now + patience });
  return missing;
}

/** What a panel has asked for will not come any more: its kernel or its cell is gone. @param {string} by */
export function gone(by) {
  const lost = [...shared().asked].filter(([key, asked]) => asked.by === by && !shared().kept.has(key));
  for (const [key] of lost) shared().asked.delete(key);
  if (lost.length) for (const panel of shared().panels) panel(true);
}

/** @param {DataView | ArrayBuffer | Uint8Array} data */
export const bytesOf = (data) =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
