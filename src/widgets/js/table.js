// A table whose rows can be selected and switched on and off. Python decides: what a person does is
// sent, and shows once the rows that Python sends back say so.

import { addressOf, stepped } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/**
 * @typedef {object} Column
 * @property {string} key of the cells
 * @property {string} title with its unit
 * @property {string} align left or right
 * @property {string} tip
 */

const REST_MS = 150; // while arrow keys are held, only the row that they stop at is told

/** @param {{model: any, el: HTMLElement}} given */
function render({ model, el }) {
  const ending = new AbortController();
  const frame = add(el, "div", "sb-table");
  const table = add(frame, "table");
  const empty = add(frame, "div", "sb-table-empty");
  table.setAttribute("role", "grid");
  frame.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys
  let telling = 0;
  let focused = "";

  /** @returns {Row[]} */
  const rows = () => model.get("rows");
  /** @param {object} message */
  const tell = (message) => model.send(message);

  /** @param {Row} row @param {boolean} later */
  const select = (row, later = false) => {
    focused = row.id;
    mark(row.id);
    clearTimeout(telling);
    if (later) telling = setTimeout(() => tell({ kind: "select", row: row.id }), REST_MS);
    else tell({ kind: "select", row: row.id });
  };
  /** @param {Row} row */
  const toggle = (row) => {
    if (row.used !== null) tell({ kind: "toggle", row: row.id, used: !row.used });
  };

  /** Show which row is selected, and let only one be reached by the tab key. @param {string} id */
  const mark = (id) => {
    const present = rows().some((row) => row.id === id);
    for (const [number, line] of [...(table.tBodies[0]?.rows ?? [])].entries()) {
      const chosen = line.dataset.row === id;
      line.setAttribute("aria-selected", String(chosen));
      line.tabIndex = chosen || (!present && number === 0) ? 0 : -1;
    }
  };

  const draw = () => {
    const kept = table.contains(document.activeElement) ? focused : "";
    /** @type {Column[]} */
    const columns = model.get("columns");
    const checks = model.get("checks");
    table.replaceChildren();
    table.setAttribute("aria-label", model.get("label"));
    const head = add(add(table, "thead"), "tr");
    add(head, "th", "sb-sign").textContent = "";
    if (checks) add(head, "th").textContent = checks;
    for (const column of columns) {
      const cell = add(head, "th", column.align === "right" ? "sb-right" : "");
      cell.textContent = column.title;
      cell.title = column.tip;
      cell.scope = "col";
    }
    const body = add(table, "tbody");
    for (const row of rows()) drawRow(body, row, columns, checks);
    empty.textContent = rows().length ? "" : model.get("empty");
    table.hidden = !rows().length;
    mark(model.get("selected"));
    if (kept) lineOf(kept)?.focus({ preventScroll: true });
  };

  /** @param {HTMLElement} body @param {Row} row @param {Column[]} columns @param {string} checks */
  const drawRow = (body, row, columns, checks) => {
    const line = add(body, "tr", row.state ? `sb-${row.state}` : "");
    line.dataset.row = row.id;
    if (row.used === false) line.classList.add("sb-off");
    const sign = add(line, "td", "sb-sign");
    sign.textContent = model.get("signs")[row.state] ?? "";
    sign.title = row.word;
    if (checks) {
      const cell = add(line, "td", "sb-check");
      if (row.used !== null) {
        const box = add(cell, "input");
        box.type = "checkbox";
        box.checked = row.used;
        box.tabIndex = -1;
        box.setAttribute("aria-label", `${checks}: ${row.id}`);
      }
    }
    for (const column of columns) {
      const cell = add(line, "td", column.align === "right" ? "sb-right" : "");
      cell.textContent = cell.title = row.cells[column.key] ?? "";
    }
  };

  /** @param {string} id */
  const lineOf = (id) => [...(table.tBodies[0]?.rows ?? [])].find((line) => line.dataset.row === id);

  const listen = { signal: ending.signal };
  table.addEventListener("click", (event) => {
    const row = addressOf(event.target, rows());
    if (!row) return;
    if (/** @type {Element} */ (event.target).closest(".sb-check")) {
      event.preventDefault(); // the box shows what Python says
      toggle(row);
      return;
    }
    select(row);
  }, listen);
  table.addEventListener("focusin", (event) => (focused = addressOf(event.target, rows())?.id ?? ""), listen);
  table.addEventListener("keydown", (event) => {
    const row = addressOf(event.target, rows());
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") toggle(row);
    else if (event.key === "Enter") select(row);
    else {
      const next = stepped(rows(), row.id, event.key);
      if (!next) return;
      select(next, true);
      lineOf(next.id)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }, listen);

  const names = ["rows", "columns", "checks", "empty", "label", "signs"];
  const reselect = () => mark(model.get("selected"));
  for (const name of names) model.on("change:" + name, draw);
  model.on("change:selected", reselect);
  draw();
  return () => {
    ending.abort();
    clearTimeout(telling);
    for (const name of names) model.off("change:" + name, draw);
    model.off("change:selected", reselect);
  };
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {HTMLElement} parent @param {K} tag @param {string} className
 * @returns {HTMLElementTagNameMap[K]}
 */
function add(parent, tag, className = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

export default { render };
