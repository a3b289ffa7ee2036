// What a person decided here, until Python says that it is kept: a deed that nobody kept is marked.

import { add } from "./toolbar.js";

/** @typedef {ReturnType<typeof deeds>} Deeds */
/** @typedef {import("./pins.js").Annotation} Annotation */
/** @typedef {{content: any, what: string, late: boolean, why: string}} Deed */

const LATE_MS = 1500;

/** What is kept in the workspace, in words; whatever else is asked for leaves nothing behind.
 * @type {Record<string, (content: any) => string>} */
const KEPT = {
  annotate: ({ shape, text }) => (text ? `${shape} “${text}”` : shape),
  unpin: () => "removal of a note",
  bookmark: ({ name }) => `bookmark “${name}”`,
  forget: ({ name }) => `removal of the bookmark “${name}”`,
  stroke: ({ tool }) => tool,
  handle: () => "what was moved",
};

/**
 * @param {any} model @param {string} me @param {HTMLElement} stage @param {() => void} redraw
 * @param {AbortSignal} signal
 */
export function deeds(model, me, stage, redraw, signal) {
  let count = 0;
  /** In the order in which they were done. @type {Map<string, Deed>} */
  const open = new Map();
  const line = add(stage, "div", "sb-unsaved");
  line.setAttribute("role", "alert");
  line.hidden = true;
  const words = add(line, "span", "");
  const again = add(line, "button", "sb-word");
  again.textContent = "try again";
  const leave = add(line, "button", "sb-word");
  leave.textContent = "give up";
  const marked = () => [...open.values()].filter(({ late }) => late);

  const say = () => {
    const missing = marked();
    line.hidden = !missing.length;
    const reasons = [...new Set(missing.map(({ why }) => why).filter(Boolean))];
    const why = reasons.length ? reasons.join("; ") : "the kernel does not answer";
    const text = `not saved: ${missing.map(({ what }) => what).join(", ")} (${why})`;
    if (words.textContent !== text) words.textContent = text;
  };

  /** @param {string} key */
  const send = (key) => {
    const deed = /** @type {Deed} */ (open.get(key));
    model.send({ ...deed.content, deed: key });
    setTimeout(() => {
      if (open.get(key) !== deed || signal.aborted) return;
      deed.late = true;
      say();
      redraw();
    }, LATE_MS);
  };

  again.addEventListener("click", () => {
    const missing = [...open].filter(([, { late }]) => late);
    for (const [key, deed] of missing) {
      open.set(key, { ...deed, late: false, why: "" });
      send(key);
    }
    say();
  }, { signal });
  leave.addEventListener("click", () => {
    for (const [key, { late }] of [...open]) if (late) open.delete(key);
    say();
    redraw();
  }, { signal });

  return {
    /** @param {any} content a message */
    tell: (content) => {
      const kind = content.kind === "do" ? content.what : content.kind;
      if (!KEPT[kind] || content.done === false || model.get("offline")) return model.send(content); // a report keeps nothing
      const key = `${me} ${++count}`;
      open.set(key, { content, what: KEPT[kind](content), late: false, why: "" });
      send(key);
    },
    /** Python has done it, refused what cannot be meant, or could not keep it. @param {any} content */
    hear: ({ deed: key, unsaved }) => {
      const deed = open.get(key);
      if (!deed) return;
      if (unsaved) Object.assign(deed, { late: true, why: unsaved });
      else open.delete(key);
      say();
      redraw();
    },
    /** Measured lines and notes that are not kept yet, and how many decisions are marked. @returns {Annotation[]} */
    annotations: () =>
      [...open].flatMap(([key, { content, late }]) =>
        content.what !== "annotate" ? [] : [{
          key: content.key ?? "", shape: content.shape, points: content.points, unsaved: late,
          text: late ? `${content.text ? content.text + " " : ""}(not saved)` : content.text,
        }]),
    /** Names of views that are not kept yet. @returns {string[]} */
    bookmarks: () => [...open.values()].filter(({ content }) => content.what === "bookmark").map(({ content }) => content.name),
    /** Where handles were dropped that are not kept yet. @returns {Map<string, import("./plane.js").Triple>} */
    dropped: () => new Map([...open.values()].filter(({ content, late }) => content.kind === "handle" && late).map(({ content }) => [content.key, content.at_um])),
  };
}
