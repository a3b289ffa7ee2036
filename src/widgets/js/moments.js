// Time points of a series: the slider below the planes, and what is seen until a copy has come.

import { add } from "./toolbar.js";
import { volume } from "./volumes.js";

/** @typedef {import("./layerlist.js").Row} Row */

const PLAY_MS = 400; // at least so long each is seen
const DRAG_MS = 80;
const LATE_MS = 3000; // Python follows within that, or not at all

/** Rows that can be drawn: a layer whose copy is on its way is drawn as it was before.
 * @param {(row: Row) => boolean} [exact] whether its patches are there already @returns {(rows: Row[]) => Row[]} */
export function standIns(exact = () => false) {
  /** @type {Map<string, Row>} */
  const before = new Map();
  return (rows) =>
    rows.map((row) => {
      const last = before.get(row.name);
      const late = row.grid && row.volume && !volume(row.volume) && !exact(row);
      if (late && last && last.mode === row.mode && volume(last.volume)) {
        const { visible, opacity, blending, color_map, table } = row;
        return { ...last, visible, opacity, blending, color_map, table };
      }
      before.set(row.name, row);
      return row;
    });
}

/**
 * @param {HTMLElement} stage
 * @param {object} given
 * @param {any} given.model
 * @param {(name: string, value: any) => void} given.set
 * @param {() => boolean} given.there whether everything of the present time point is drawn
 * @param {AbortSignal} given.signal
 * @returns {{renew: () => void, step: (by: number) => boolean}}
 */
export function momentRow(stage, { model, set, there, signal }) {
  const row = add(stage, "div", "sb-moments");
  const play = /** @type {HTMLButtonElement} */ (add(row, "button", "sb-button"));
  play.type = "button";
  const slider = /** @type {HTMLInputElement} */ (add(row, "input", "sb-slice"));
  Object.assign(slider, { type: "range", min: "0", title: "Time point (comma, full stop)" });
  slider.setAttribute("aria-label", "Time point");
  const words = add(row, "span", "sb-moment");
  let [playing, sending] = [0, 0];
  let [wanted, asked] = [0, -1]; // where the slider is dragged, and what Python was asked for and has yet to follow
  let late = 0;

  const count = () => model.get("times").length;
  /** @param {number} number */
  const show = (number) => {
    slider.value = String(number);
    words.textContent = `${model.get("times")[number] ?? ""} · ${number + 1}/${count()}`;
    slider.setAttribute("aria-valuetext", words.textContent);
  };
  /** @param {number} number */
  const ask = (number) => {
    asked = number;
    clearTimeout(late);
    late = setTimeout(() => {
      asked = -1; // nobody follows: what is said is what is seen
      stop();
    }, LATE_MS);
    set("time", number);
  };
  /** @param {number} number */
  const go = (number) => {
    const next = (number + count()) % count();
    show(next);
    ask(next);
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    renew();
  };
  const start = () => {
    playing = setInterval(() => there() && asked < 0 && go(model.get("time") + 1), PLAY_MS);
    renew();
  };
  const renew = () => {
    row.hidden = count() < 2;
    slider.max = String(count() - 1);
    if (model.get("time") === asked) {
      asked = -1;
      clearTimeout(late);
    }
    if (!sending && asked < 0) show(model.get("time"));
    play.textContent = playing ? "❚❚" : "▶";
    play.title = playing ? "Pause" : "Play the time points";
    play.setAttribute("aria-label", play.title);
    play.setAttribute("aria-pressed", String(Boolean(playing)));
  };

  play.addEventListener("click", () => (playing ? stop() : start()), { signal });
  slider.addEventListener("input", () => {
    wanted = Number(slider.value);
    if (playing) stop();
    show(wanted);
    sending ||= setTimeout(() => {
      sending = 0;
      ask(wanted);
    }, DRAG_MS);
  }, { signal });
  signal.addEventListener("abort", () => [playing, sending, late].forEach(clearTimeout));
  renew();
  return {
    renew,
    step: (by) => {
      if (count() < 2) return false;
      if (playing) stop();
      go((asked < 0 ? model.get("time") : asked) + by);
      return true;
    },
  };
}
