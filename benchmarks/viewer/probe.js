// What the benchmark looks at from inside the page: pixels of a canvas or picture, bytes that came,
// and when a question left. Runs before anything else of the page.

globalThis.bench = (() => {
  const SIDE = 96; // of the small canvas that pixels are read from
  const LATE_MS = 60_000;
  const found = { bytes: 0, asked: 0, answered: 0 };
  const words = new TextDecoder("latin1");

  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        found.bytes += data.byteLength ?? data.size ?? data.length;
        if (data.byteLength && words.decode(data.slice(0, 4000)).includes('"rested"')) found.answered = performance.now();
      });
    }
    send(data) {
      const said = typeof data === "string" ? data : words.decode(data);
      if (said.includes('"kind":"rest"')) found.asked = performance.now();
      super.send(data);
    }
  };
  // what was drawn is still there when the frame after it begins, as a 2D canvas keeps it
  const context = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, given) {
    return context.call(this, kind, kind.startsWith("webgl") ? { ...given, preserveDrawingBuffer: true } : given);
  };

  const small = document.createElement("canvas");
  [small.width, small.height] = [SIDE, SIDE];
  const pen = small.getContext("2d", { willReadFrequently: true });
  /** Pixels of a part of a picture; box is left, top, right, bottom as shares, swapped where it is mirrored. */
  const pixels = (source, [left, top, right, bottom]) => {
    const [wide, high] = [source.naturalWidth ?? source.width, source.naturalHeight ?? source.height];
    pen.setTransform(left > right ? -1 : 1, 0, 0, top > bottom ? -1 : 1, left > right ? SIDE : 0, top > bottom ? SIDE : 0);
    pen.clearRect(0, 0, SIDE, SIDE);
    const [x, y] = [Math.min(left, right) * wide, Math.min(top, bottom) * high];
    pen.drawImage(source, x, y, Math.abs(right - left) * wide, Math.abs(bottom - top) * high, 0, 0, SIDE, SIDE);
    return pen.getImageData(0, 0, SIDE, SIDE).data;
  };

  /** The number that 3 x 3 fields write, most significant first; -1 where one of the first is neither dark nor bright. */
  const number = (selector, box, bits) => {
    const source = [...document.querySelectorAll(selector)].find((one) => (one.naturalWidth ?? one.width) > 10);
    if (!source) return -1;
    const data = pixels(source, box);
    let code = 0;
    for (let bit = 0; bit < bits; bit++) {
      const [row, column] = [Math.floor(bit / 3), bit % 3];
      let sum = 0;
      for (let y = 0; y < 8; y++)
        for (let x = 0; x < 8; x++) sum += data[4 * ((32 * row + 12 + y) * SIDE + 32 * column + 12 + x)];
      const grey = sum / 64;
      if (grey > 100 && grey < 155) return -1;
      code = 2 * code + Number(grey > 127);
    }
    return code;
  };

  const frame = () => new Promise(requestAnimationFrame);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  /** Time [ms] until so many first bits of a slice's number are on the canvas, and until so many. */
  const seen = async (began, { selector, box, bits: wanted }, slice) => {
    const times = [null, null];
    while (times[1] === null && performance.now() - began < LATE_MS) {
      await frame();
      const now = wanted.map((bits) => number(selector, box, bits) === slice >> (9 - bits));
      now.forEach((right, i) => right && (times[i] ??= performance.now() - began));
    }
    return times;
  };
  const run = () => globalThis.jupyterapp.commands.execute("notebook:run-cell-and-select-next");

  return {
    found, pixels, number, frame, wait, run,
    /** From pressing run to the first picture. */
    first: async (viewer, slice) => {
      found.bytes = 0;
      const began = performance.now();
      run();
      return { times: await seen(began, viewer, slice), bytes: found.bytes };
    },
    /** Slices far apart, each from the event to its pixels. */
    steps: async (viewer, slices) => {
      const turn = new Function("slice", "before", viewer.turn);
      const times = [];
      found.bytes = 0;
      let before = viewer.slice;
      for (const slice of slices) {
        await wait(400 + 50 * Math.random());
        const began = performance.now();
        turn(slice, before);
        times.push(await seen(began, viewer, slice));
        before = slice;
      }
      return { times, bytes: found.bytes };
    },
    /** From the question of a view at rest to its patch on the canvas: [to the answer, to the pixels]. */
    patches: async (places) => {
      const [canvas, slider] = [".sb-plane canvas", ".sb-slice"].map((one) => document.querySelector(one));
      const times = [];
      for (const place of places) {
        await wait(200 + 50 * Math.random());
        found.asked = found.answered = 0;
        slider.value = String(place);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const began = performance.now();
        const late = () => performance.now() - began > LATE_MS;
        const there = () => found.asked && found.answered > found.asked && canvas.dataset.sharp === "true";
        await new Promise((done) => {
          const look = () => (there() || late()) && (watch.disconnect(), clearInterval(often), done());
          const watch = new MutationObserver(look); // at once, and not at the next frame
          watch.observe(canvas, { attributes: true });
          const often = setInterval(look, 1000);
        });
        pixels(canvas, [0, 0, 1, 1]); // what was only queued is drawn now
        times.push(late() ? [null, null] : [found.answered - found.asked, performance.now() - found.asked]);
      }
      return { times, size: [canvas.width, canvas.height] };
    },
  };
})();
