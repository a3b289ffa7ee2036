// What the bar above the planes offers, and the words behind its question mark.

import { cursorOn, fitted, movedTo } from "./look.js";
import { panned, zoomed } from "./plane.js";
import { add } from "./toolbar.js";
import { KEYS, planeName } from "./words.js";

/** @typedef {import("./toolbar.js").Button} Button */
/** @typedef {import("./look.js").Look} Look */

/**
 * @param {object} given
 * @param {any} given.model
 * @param {(part: string) => boolean} given.has what the bar shall offer
 * @param {() => Look} given.look @param {() => import("./plane.js").View} given.view of the first plane
 * @param {(look: Look) => void} given.lookAt
 * @param {(name: string) => void} given.face one of the three planes
 * @param {(name: string, value: any) => void} given.set
 * @param {Record<"cube" | "side" | "help", HTMLElement>} given.shown what buttons show and hide
 * @param {() => void} given.redraw @param {() => void} given.save @param {() => void} given.full
 * @param {(Button | null)[]} given.tools
 * @returns {(Button | null)[]} null is a gap
 */
export function buttonsOf({ model, has, look, view, lookAt, face, set, shown, redraw, save, full, tools }) {
  const deep = !model.get("flat");
  /** About the middle. @param {number} factor */
  const zoom = (factor) => lookAt(movedTo(look(), zoomed(view(), { u: 0.5, v: 0.5 }, factor, model.get("reach")), true));
  const centre = () => lookAt(movedTo(look(), panned(view(), cursorOn(view(), look()), { u: 0.5, v: 0.5 }), true));
  /** @param {HTMLElement} box @param {Button} button @returns {Button} */
  const toggle = (box, button) => ({ ...button, pressed: () => !box.hidden });
  /** @param {boolean} there @param {Button[]} buttons */
  const where = (there, ...buttons) => (there ? buttons : []);
  /** @param {HTMLElement} box */
  const turn = (box) => (box.hidden = !box.hidden);
  return [
    ...where(deep && has("planes"), ...["xy", "xz", "yz"].map((name, i) => ({
      text: name, title: `The ${name} plane`, key: String(i + 1), run: () => face(name), pressed: () => planeName(view()) === name,
    }))),
    ...where(deep && has("linked"), {
      icon: "three", title: "Three planes", key: "4", run: () => set("linked", model.get("planes") === 1), pressed: () => model.get("planes") === 3,
    }),
    ...where(deep && has("cube"), toggle(shown.cube, {
      icon: "cube", title: "The whole from outside: drag it, click an axis", key: "o", run: () => (turn(shown.cube), redraw()),
    })),
    null,
    ...where(has("view"),
      { icon: "whole", title: "Show everything", key: "0", run: () => lookAt(fitted(look(), model.get("bounds_um"))) },
      { icon: "centre", title: "Bring the cursor to the middle", key: "c", run: centre },
      { icon: "closer", title: "Closer", key: "+", run: () => zoom(0.8) },
      { icon: "farther", title: "Farther", key: "-", run: () => zoom(1.25) },
    ),
    ...where(has("layers"), toggle(shown.side, { icon: "layers", title: "Layers", key: "l", run: () => turn(shown.side) })),
    null,
    ...tools,
    null,
    ...where(has("picture"), { icon: "picture", title: "Save the picture as PNG at print size", key: "s", run: save }),
    { icon: "full", title: "Full screen", key: "f", run: full },
    toggle(shown.help, { icon: "keys", title: "What pointer and keys do", key: "?", run: () => turn(shown.help) }),
  ];
}

/** @param {HTMLElement} stage @param {(part: string) => boolean} has @param {Record<string, boolean>} there what else there is */
export function helpBox(stage, has, there) {
  const help = add(stage, "div", "sb-help");
  help.hidden = true;
  for (const [key, what, parts] of KEYS) {
    if (parts && !parts.split(" ").every((part) => there[part] ?? has(part))) continue;
    add(help, "kbd", "").textContent = key;
    add(help, "span", "").textContent = what;
  }
  return help;
}
