// Draws frames with the panel's own painter and waits for the pixels of each.
async ({ site, layers, tables, volumes, views, count, planes, pixels, frames }) => {
  const { paint } = await import(site + "painter.js");
  const { sharedGl } = await import(site + "gl.js");
  const { keep, volume } = await import(site + "volumes.js");
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  for (const copy of volumes) if (!volume(copy.key)) keep(copy.key, { ...copy, bytes: bytes(copy.bytes) });
  const colours = Object.fromEntries(Object.entries(tables).map(([name, text]) => [name, bytes(text)]));
  const gl = sharedGl();
  const small = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const pens = views.slice(0, planes).map(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [pixels, pixels];
    return canvas.getContext("2d", { alpha: false });
  });
  const times = [];
  for (let frame = 0; frame < frames + 3; frame++) {
    const began = performance.now();
    pens.forEach((pen, i) => {
      const view = { ...views[i], width_um: views[i].width_um * (1 + 0.01 * (frame % 5)) };
      paint({
        gl, pen, view, width: pixels, height: pixels, share: 1, moving: true, layers: layers.slice(0, count),
        tables: colours, patches: new Map(), compare: { mode: "blend", split: 0.5, on: true }, slab: { um: 0, mode: "mean" },
      });
      small.drawImage(pen.canvas, 0, 0, 1, 1);
    });
    gl.gl.readPixels(0, 0, 1, 1, gl.gl.RGBA, gl.gl.UNSIGNED_BYTE, new Uint8Array(4));
    small.getImageData(0, 0, 1, 1);
    if (frame >= 3) times.push(performance.now() - began);
  }
  return times;
}
