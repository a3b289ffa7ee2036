// Two fingers, one of them in the middle, draw apart at every frame; or a wheel turns by notches.
async ({ seconds, from, to, wheel }) => {
  const canvas = document.querySelector(".sb-plane canvas");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [clientX, clientY] = [left + width / 2, top + height / 2];
  canvas.setPointerCapture = () => {}; // there is no such finger
  const finger = (kind, pointerId, away = 0) => canvas.dispatchEvent(new PointerEvent(kind, {
    pointerId, pointerType: "touch", button: 0, bubbles: true, clientX: clientX + away, clientY,
  }));
  const notches = Math.ceil(Math.log(from / to) / Math.log(1.25));
  let turned = 0;
  if (!wheel) (finger("pointerdown", 1), finger("pointerdown", 2, 10));
  const [ends, blanks] = [[performance.now()], []];
  const began = ends[0];
  for (let share = 0; share < 1;) {
    share = Math.min(1, (performance.now() - began) / (1000 * seconds));
    if (!wheel) finger("pointermove", 2, 10 * (from / to) ** share);
    for (; wheel && turned < share * notches; turned++)
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, ctrlKey: true, clientX, clientY, bubbles: true, cancelable: true }));
    await bench.frame();
    const data = bench.pixels(canvas, [0, 0, 1, 1]);
    let ground = 0;
    for (let i = 0; i < data.length; i += 4) ground += Number(Math.abs(data[i] - 14) < 6 && Math.abs(data[i + 2] - 16) < 6);
    blanks.push(ground / (data.length / 4));
    ends.push(performance.now());
  }
  if (!wheel) (finger("pointerup", 2, 10), finger("pointerup", 1));
  return { gaps: ends.slice(1).map((end, i) => end - ends[i]), blanks };
}
