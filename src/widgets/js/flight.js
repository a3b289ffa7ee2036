// From one look to another by a way that the eye can follow.

import { flown } from "./look.js";

/** @typedef {import("./look.js").Look} Look */

const FLY_MS = 900;

/**
 * @param {object} given
 * @param {() => Look} given.look where the flight begins
 * @param {(look: Look, flying: boolean) => void} given.pass
 * @param {() => void} given.arrive
 * @param {AbortSignal} given.signal
 */
export function flights({ look, pass, arrive, signal }) {
  let newest = 0;
  return {
    /** A person goes elsewhere. */
    end: () => void newest++,
    /** @param {Look} to */
    fly: (to) => {
      const [from, start, flight] = [look(), performance.now(), ++newest];
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const step = () => {
        if (flight !== newest || signal.aborted) return;
        const share = still ? 1 : Math.min(1, (performance.now() - start) / FLY_MS);
        pass(flown(from, to, share * share * (3 - 2 * share)), share < 1);
        if (share < 1) requestAnimationFrame(step);
        else arrive();
      };
      step();
    },
  };
}
