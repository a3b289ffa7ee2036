// What a panel tells Python, what it asks for, and what it does with the answers.

import { stepOf, wordOf } from "./ahead.js";
import { viewsOf } from "./look.js";
import { unpacked } from "./patch.js";
import { plus } from "./plane.js";
import { bytesOf, gone, keep, wanted } from "./volumes.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./ahead.js").Answer} Answer */
/**
 * @typedef {object} Shown one plane on the page
 * @property {number} number 0 for the first
 * @property {HTMLCanvasElement} canvas
 * @property {View} view
 * @property {Map<string, import("./painter.js").Patch>} patches
 * @property {ReturnType<typeof import("./ahead.js").answersOf>} answers that are kept
 * @property {Answer | null} coming to the newest question
 * @property {string} exact what is drawn exactly, as `wordOf` says; empty where that is not known
 * @property {() => {width: number, height: number, ratio: number}} size
 * @property {number} asked number of the newest question
 * @property {number} answered number of the newest answer
 * @property {boolean} pending whether a question will be asked, or was and has no answer
 * @property {(picture: ImageBitmap) => void} picture what Python drew, where there is no WebGL
 */
/**
 * @typedef {object} Panel
 * @property {() => Look} look
 * @property {() => Shown[]} shown the planes that are seen
 * @property {(moving: boolean) => void} moving whether the view is being moved
 * @property {() => boolean} followed whether other panels follow the view
 * @property {() => void} redraw
 * @property {() => boolean} rough whether what is seen was drawn in haste, as while it moves
 * @property {() => void} now draws at once what waits to be drawn
 * @property {() => void} rested what is drawn, or about to be, is what was asked for
 * @property {(words: string) => void} badge
 * @property {(plane: Shown, busy: boolean) => void} busy the kernel takes its time, or does not any more
 * @property {(patch: string) => void} forget a texture
 */

const REST_MS = 120;
const FIRST_MS = 0; // the first move after a pause is drawn, and asked about at once: it may be the only one
const STEPS_MS = 400; // moves that follow sooner are steps of one, as a wheel's: it rests after them
const TELL_MS = 300; // between two words about where the cursor is
const TELL_VIEW_MS = 1000; // and about what is seen: each has a notebook draw its status bar twice
const BUSY_MS = 300;
const LATE_MS = 3000;
const SOON_MS = 100; // most patches are there by then: numbers and the coarse copy drawn sharply would only delay them
const AHEAD_MS = 150; // what is seen is on the screen by then
const DRAWN_MS = 50; // an answer is drawn before anything else is asked for
const TOLD_MS = 250; // after a question, where the cursor did not move: the answer goes first

/**
 * @param {any} model @param {string} me @param {Panel} panel
 * @param {boolean} draws whether the browser draws; else Python is asked for pictures
 */
export function correspond(model, me, panel, draws) {
  let [resting, telling, late, due, slow, looking] = [0, 0, 0, 0, 0, 0];
  let [tellAt, cursor] = [0, panel.look().cursor_um]; // when it will be told, and where it is known to be
  let [moved, pause] = [0, 0]; // when the view was moved last, and how long after the move before [ms]
  let sequences = 0; // of all questions
  /** @type {import("./plane.js").Triple | null} how far a person's last move took the cursor, where it was a step from slice to slice */
  let step = null;
  let stood = panel.look(); // after that move
  /** @type {(Answer & {sequence: number}) | null} to a question about a slice that is not seen yet */
  let ahead = null;
  let patchNumber = 0; // textures are the page's: with whom it makes a name for one
  let pending = false; // a question that will be asked once the view rests
  const usual = draws ? "" : "no WebGL here: Python draws each picture";
  const silent = draws ? "coarse: no answer from the kernel" : "no WebGL, and no answer from the kernel";

  /** Python knows where the view is: it said so, or was told. */
  const known = () => {
    clearTimeout(telling);
    telling = 0;
    cursor = panel.look().cursor_um;
  };

  /** Where the view is. */
  const tell = () => {
    known();
    model.send({ kind: "look", by: me, look: panel.look() });
  };

  /** What waits to be told: something that means this place is asked next. */
  const flush = () => {
    if (telling) tell();
  };

  /** @param {number} ms at the latest */
  const tellWithin = (ms) => {
    const at = performance.now() + ms;
    if (telling && tellAt <= at) return;
    clearTimeout(telling);
    [telling, tellAt] = [setTimeout(tell, ms), at];
  };

  /** @param {Shown} plane @param {View} view @param {number} sequence @param {boolean} [ahead] */
  const send = (plane, view, sequence, ahead = false) => {
    const { width, height } = plane.size();
    model.send({
      kind: draws ? "rest" : "picture",
      by: me,
      plane: plane.number,
      sequence,
      view,
      width_px: width,
      height_px: height,
      css_px: plane.canvas.clientWidth,
      ahead,
    });
  };

  /** @param {boolean} ours whether only views changed: answers that are there hold */
  const ask = (ours) => {
    stopAhead();
    for (const plane of panel.shown()) {
      plane.asked = ++sequences;
      const word = wordOf(plane.view, plane.size());
      if (ours && draws && plane.exact === word) continue;
      plane.canvas.dataset.sharp = "false";
      plane.exact = "";
      plane.coming = { word, patches: new Map() };
      send(plane, plane.view, plane.asked);
    }
    panel.badge(usual);
    clearTimeout(slow);
    slow = setTimeout(() => {
      for (const plane of panel.shown()) panel.busy(plane, plane.asked !== plane.answered);
    }, BUSY_MS);
    clearTimeout(late);
    late = setTimeout(() => panel.badge(silent), LATE_MS);
    for (const plane of panel.shown()) if (plane.exact) answered(plane, plane.asked);
  };

  /** Whether every plane's answer is there already; then it is what is drawn. */
  const recalled = () => {
    const planes = panel.shown();
    const words = planes.map((plane) => wordOf(plane.view, plane.size()));
    if (!planes.every((plane, i) => plane.exact === words[i] || plane.answers.has(words[i]))) return false;
    planes.forEach((plane, i) => {
      const answer = plane.answers.find(words[i]);
      plane.exact = words[i];
      answer?.patches.forEach((patch) => put(plane, patch));
    });
    return true;
  };

  /** Ask Python for what the planes show exactly, once they rest. @param {boolean} [ours] whether a person here moved them */
  const rest = (ours = false) => {
    clearTimeout(resting);
    if (!ours) panel.shown().forEach(outdated);
    const first = ours && draws && pause >= STEPS_MS && !pending;
    pending = true;
    for (const plane of panel.shown()) {
      plane.pending = true;
      plane.canvas.dataset.sharp = "false";
    }
    if (ours && draws && recalled()) rests(ours);
    else resting = setTimeout(() => rests(ours), first ? FIRST_MS : (draws ? 1 : 0.5) * (ours && pause < STEPS_MS ? Math.max(REST_MS, 1.4 * pause) : REST_MS));
  };

  /** @param {boolean} ours */
  const rests = (ours) => {
    pending = false;
    panel.moving(false);
    if (ours && !draws) tell(); // Python's picture shows the cursor
    ask(ours);
    if (telling && draws) {
      clearTimeout(telling);
      telling = 0;
      tellWithin(TOLD_MS);
    }
    if (draws) hello();
    clearTimeout(due);
    due = setTimeout(catchUp, SOON_MS);
  };

  // -- what a step would show ------------------------------------------------

  const stopAhead = () => {
    clearTimeout(looking);
    ahead = null;
  };

  /** Ask for the slice that follows, then for the one on the other side: a step shows it at once. */
  const lookAhead = () => {
    stopAhead();
    const [look, planes] = [panel.look(), panel.shown()];
    for (const sign of step ? [1, -1] : []) {
      const next = { ...look, cursor_um: plus(look.cursor_um, /** @type {import("./plane.js").Triple} */ (step), sign) };
      for (const [i, view] of viewsOf(next, planes.length).entries()) {
        const [plane, word] = [planes[i], wordOf(view, planes[i].size())];
        if (plane.exact === word || plane.answers.has(word)) continue;
        ahead = { sequence: ++sequences, word, patches: new Map() };
        return send(plane, view, ahead.sequence, true);
      }
    }
  };

  // -- answers ---------------------------------------------------------------

  /** @param {Shown} plane @param {import("./painter.js").Patch} patch */
  const release = (plane, patch) => {
    const [seen, kept] = [[...plane.patches.values()].includes(patch), plane.answers.holds(patch)];
    if (!seen && !kept) panel.forget(patch.number);
  };

  /** @param {Shown} plane @param {import("./painter.js").Patch} patch */
  const put = (plane, patch) => {
    const before = plane.patches.get(patch.key);
    plane.patches.set(patch.key, patch);
    if (before && before !== patch) release(plane, before);
  };

  /** What was answered was about other images or settings. @param {Shown} plane */
  const outdated = (plane) => {
    plane.exact = "";
    plane.coming = null;
    plane.answers.clear();
  };

  const redraw = () => {
    clearTimeout(due);
    due = 0;
    panel.redraw();
  };

  /** The answer takes longer: what waited for it is done. */
  const catchUp = () => {
    due = 0;
    if (panel.rough()) panel.redraw();
    else panel.rested();
  };

  const hello = () => {
    const missing = wanted(model.get("layers").map((/** @type {{volume: string}} */ layer) => layer.volume), me);
    if (missing.length) model.send({ kind: "hello", missing });
  };

  /** @param {any} content @param {any[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "volume") {
      keep(content.key, { ...content, bytes: bytesOf(buffers[0]) });
      return;
    }
    if (content.by !== undefined && content.by !== me) return; // another window asked
    const plane = panel.shown().find(({ number }) => number === content.plane);
    if (!plane) return;
    if (content.kind === "doing") {
      clearTimeout(late); // it is slow, and there
      panel.badge(content.words);
    } else if (content.kind === "patch") {
      const pixels = unpacked(bytesOf(buffers[0]), content.channels, content.width * content.height);
      const patch = { ...content, ...pixels, number: `${me} ${++patchNumber}` };
      if (content.sequence === ahead?.sequence) ahead?.patches.set(patch.key, patch);
      else if (!plane.exact) {
        if (content.sequence === plane.asked) plane.coming?.patches.set(patch.key, patch);
        put(plane, patch);
        redraw();
      }
      if (content.rested) came(plane, content);
    } else {
      if (content.kind === "picture" && content.sequence === plane.asked) {
        const png = new Blob([/** @type {any} */ (bytesOf(buffers[0]))], { type: "image/png" });
        createImageBitmap(png).then(plane.picture);
      }
      came(plane, content);
    }
  };

  /** The last that is said to a question. @param {Shown} plane @param {{sequence: number, whole?: boolean}} last whole: nothing of it was refused */
  const came = (plane, { sequence, whole }) => {
    if (sequence === ahead?.sequence) {
      if (!whole) return;
      plane.answers.keep(/** @type {Answer} */ (ahead));
      return lookAhead();
    }
    if (sequence === plane.asked && plane.coming && whole) {
      plane.exact = plane.coming.word;
      plane.answers.keep(plane.coming);
    }
    answered(plane, sequence);
  };

  /** That was everything for a question. @param {Shown} plane @param {number} sequence */
  const answered = (plane, sequence) => {
    if (sequence !== plane.asked) return; // there is a newer one
    plane.answered = sequence;
    plane.pending = pending;
    panel.busy(plane, false);
    const whole = panel.shown().every((one) => one.asked === one.answered);
    if (whole) {
      for (const timer of [late, slow]) clearTimeout(timer);
      panel.badge(usual);
      if (!pending && telling && panel.look().cursor_um !== cursor) tellWithin(DRAWN_MS); // it is read
      if (!pending && step) looking = setTimeout(lookAhead, AHEAD_MS);
    }
    if (panel.rough() || !draws) redraw();
    else panel.rested();
    if (whole) panel.now();
    plane.canvas.dataset.rested = String(sequence);
    plane.canvas.dataset.view = JSON.stringify(plane.view);
  };
  model.on("msg:custom", hear);

  return {
    /** A person moved the view here. */
    moved: () => {
      panel.moving(true);
      panel.redraw();
      pause = performance.now() - moved;
      moved += pause;
      step = draws ? stepOf(stood, panel.look()) : null;
      stood = panel.look();
      rest(true);
      tellWithin(panel.followed() || panel.look().cursor_um !== cursor ? TELL_MS : TELL_VIEW_MS);
    },
    rest,
    hello,
    tell,
    flush,
    known,
    end: () => {
      flush();
      model.off("msg:custom", hear);
      gone(me);
      for (const timer of [resting, telling, late, due, slow, looking]) clearTimeout(timer);
    },
  };
}
