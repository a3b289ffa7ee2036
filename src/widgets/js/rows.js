// Rows of a table: which one is meant, and which one a key leads to.

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {Record<string, string>} cells text by column
 * @property {string} state empty, information, attention or refused
 * @property {string} word what the state means here
 * @property {boolean | null} used null where it cannot be switched
 */

/** The row that an event of the page came from. @param {EventTarget | null} target @param {Row[]} rows
 * @returns {Row | undefined} */
export function addressOf(target, rows) {
  const line = /** @type {HTMLElement | null} */ (/** @type {any} */ (target)?.closest?.("tr[data-row]"));
  return rows.find((row) => row.id === line?.dataset.row);
}

/** The row that a key leads to, or undefined where it leads nowhere.
 * @param {Row[]} rows @param {string} id @param {string} key @returns {Row | undefined} */
export function stepped(rows, id, key) {
  const at = rows.findIndex((row) => row.id === id);
  if (at < 0) return undefined;
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[key];
  return next === undefined ? undefined : rows[Math.min(rows.length - 1, Math.max(0, next))];
}
