// The picture of a widget: it shows the bytes that Python drew and says where a person pointed.
// Clicks, drags, wheel and keys go to Python as shares of the picture; Python answers with a new one.

const STEP_MS = 80; // at most one drag or wheel message in this time

const KEYS = {
  PageUp: ["slice", 1],
  PageDown: ["slice", -1],
  "+": ["zoom", 1],
  "=": ["zoom", 1],
  "-": ["zoom", -1],
  ArrowLeft: ["right", -1],
  ArrowRight: ["right", 1],
  ArrowUp: ["down", -1],
  ArrowDown: ["down", 1],
};

/** Where an event happened, as shares of the picture, right and down. */
function place(event, image) {
  const box = image.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

function render({ model, el }) {
  const image = document.createElement("img");
  image.className = "sb-screen";
  image.tabIndex = 0;
  image.draggable = false;
  const told = new AbortController();
  const listen = (name, handler, options = {}) =>
    image.addEventListener(name, handler, { ...options, signal: told.signal });

  let address = "";
  let waiting = 0;
  const draw = () => {
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
    image.src = address;
    image.alt = model.get("alt");
    image.classList.remove("sb-busy");
    clearTimeout(waiting);
  };
  const send = (message) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => image.classList.add("sb-busy"), 100);
    setTimeout(() => image.classList.remove("sb-busy"), 5000);
    model.send(message);
  };

  let start = null;
  let sent = null;
  let dragged = false;
  let last = 0;
  const pan = (now) => {
    send({ kind: "pan", from: sent, to: now });
    sent = now;
    last = performance.now();
  };
  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    image.focus({ preventScroll: true });
    image.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY };
    sent = place(event, image);
    dragged = false;
  });
  listen("pointermove", (event) => {
    if (!start) return;
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > 4) dragged = true;
    if (dragged && performance.now() - last > STEP_MS) pan(place(event, image));
  });
  listen("pointerup", (event) => {
    if (!start) return;
    start = null;
    if (dragged) pan(place(event, image));
    else send({ kind: "point", at: place(event, image) });
  });
  listen("pointercancel", () => {
    start = null;
  });

  let turned = 0;
  listen(
    "wheel",
    (event) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return; // the page scrolls
      event.preventDefault();
      turned += Math.sign(event.deltaY || event.deltaX);
      if (performance.now() - last < STEP_MS || turned === 0) return;
      send({ kind: event.shiftKey ? "slice" : "zoom", at: place(event, image), steps: -turned });
      turned = 0;
      last = performance.now();
    },
    { passive: false },
  );
  let pointer = { x: 0.5, y: 0.5 };
  listen("pointermove", (event) => {
    pointer = place(event, image);
  });
  listen("keydown", (event) => {
    const key = KEYS[event.key];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    send({ kind: key[0], at: pointer, steps: key[1] });
  });

  model.on("change:png", draw);
  el.append(image);
  draw();
  return () => {
    model.off("change:png", draw);
    told.abort();
    clearTimeout(waiting);
    URL.revokeObjectURL(address);
  };
}

export default { render };
