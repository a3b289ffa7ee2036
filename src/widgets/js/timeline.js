// The plot of a series: Python draws it; here a click on a time point, or an arrow key, moves on.

/** @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *  on(name: string, run: () => void): void, off(name: string, run: () => void): void}} Model */

/** The time point nearest to a place. @param {{at: number}[]} points @param {number} share 0 to 1 */
export function nearest(points, share) {
  const far = points.map(({ at }) => Math.abs(at - share));
  return far.indexOf(Math.min(...far));
}

/** @param {{model: Model, el: HTMLElement}} given */
function render({ model, el }) {
  const place = document.createElement("div");
  place.tabIndex = 0;
  place.style.cursor = "pointer";
  el.append(place);

  const draw = () => {
    const parsed = new DOMParser().parseFromString(model.get("svg"), "image/svg+xml");
    place.replaceChildren(document.importNode(parsed.documentElement, true));
  };
  /** @param {number} number */
  const move = (number) => {
    const last = model.get("points").length - 1;
    model.set("value", Math.min(last, Math.max(0, number)));
    model.save_changes();
  };
  /** @param {MouseEvent} event */
  const click = (event) => {
    const { left, width } = place.getBoundingClientRect();
    move(nearest(model.get("points"), (event.clientX - left) / width));
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(model.get("value") + step);
  };
  model.on("change:svg", draw);
  place.addEventListener("click", click);
  place.addEventListener("keydown", press);
  draw();
  return () => {
    model.off("change:svg", draw);
    place.removeEventListener("click", click);
    place.removeEventListener("keydown", press);
  };
}

export default { render };
