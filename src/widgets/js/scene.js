// A page that shows a scene with vtk.js, which stands before this script and defines `vtk`.
// Arrays come from Python, ready for vtk.js: positions x, y, z; words keep z, y, x.

import { axisPlaces, namePlaces } from "./scene_words.js";
import { lengthWords, scaleBar } from "./plane.js";

/** @typedef {import("./plane.js").View} View */
/** @typedef {import("./plane.js").Triple} Triple */

/** @type {any} */
const vtk = /** @type {any} */ (globalThis).vtk;
const FONT = "13px system-ui, 'DejaVu Sans', sans-serif";
const SIZE = 13;

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** @param {{kind: string, data: string}} packed */
function arrayOf({ kind, data }) {
  const { buffer } = bytesOf(data);
  if (kind === "u1") return new Uint8Array(buffer);
  return kind === "u4" ? new Uint32Array(buffer) : new Float32Array(buffer);
}

/** @param {any} mesh */
function polyData(mesh) {
  const made = vtk.Common.DataModel.vtkPolyData.newInstance();
  made.getPoints().setData(arrayOf(mesh.points), 3);
  if (mesh.polys) made.getPolys().setData(arrayOf(mesh.polys));
  if (mesh.lines) made.getLines().setData(arrayOf(mesh.lines));
  for (const [name, count] of /** @type {[string, number][]} */ ([["places", 2], ["normals", 3]])) {
    if (!mesh[name]) continue;
    const values = vtk.Common.Core.vtkDataArray.newInstance({
      name, numberOfComponents: count, values: arrayOf(mesh[name]),
    });
    if (count === 2) made.getPointData().setTCoords(values);
    else made.getPointData().setNormals(values);
  }
  return made;
}

/** @param {any} mesh @param {any} texture */
function actorOf(mesh, texture) {
  const mapper = vtk.Rendering.Core.vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(polyData(mesh));
  const actor = vtk.Rendering.Core.vtkActor.newInstance();
  actor.setMapper(mapper);
  if (texture) actor.addTexture(texture);
  const look = actor.getProperty();
  look.setColor(...mesh.color);
  look.setOpacity(mesh.opacity);
  look.setLineWidth(mesh.width_px);
  look.setLighting(mesh.lit);
  if (mesh.lit) look.set({ ambient: 0.15, diffuse: 0.85, specular: 0.15 });
  return actor;
}

/** @param {any} sheet */
function textureOf(sheet) {
  const image = vtk.Common.DataModel.vtkImageData.newInstance();
  image.setDimensions(sheet.width, sheet.height, 1);
  image.getPointData().setScalars(
    vtk.Common.Core.vtkDataArray.newInstance({ numberOfComponents: 3, values: arrayOf(sheet.pixels) }),
  );
  const texture = vtk.Rendering.Core.vtkTexture.newInstance();
  texture.setInputData(image);
  texture.setInterpolate(true);
  return texture;
}

/** @param {any} block */
function volumeOf(block) {
  const image = vtk.Common.DataModel.vtkImageData.newInstance();
  image.set({ spacing: block.spacing, origin: block.origin });
  image.setDimensions(...block.size);
  image.getPointData().setScalars(
    vtk.Common.Core.vtkDataArray.newInstance({ numberOfComponents: 4, values: arrayOf(block.rgba) }),
  );
  const mapper = vtk.Rendering.Core.vtkVolumeMapper.newInstance();
  mapper.setInputData(image);
  mapper.setSampleDistance(block.step);
  mapper.setMaximumSamplesPerRay(4000);
  const volume = vtk.Rendering.Core.vtkVolume.newInstance();
  volume.setMapper(mapper);
  volume.setUserMatrix(block.matrix);
  const opacity = vtk.Common.DataModel.vtkPiecewiseFunction.newInstance();
  opacity.addPoint(0, 0);
  opacity.addPoint(255, 1);
  const colors = vtk.Rendering.Core.vtkColorTransferFunction.newInstance();
  colors.addRGBPoint(0, 0, 0, 0);
  colors.addRGBPoint(255, 1, 1, 1);
  const light = volume.getProperty();
  light.setIndependentComponents(false);
  light.setInterpolationTypeToLinear();
  light.setScalarOpacity(0, opacity);
  light.setRGBTransferFunction(0, colors);
  light.setScalarOpacityUnitDistance(0, block.opaque_um);
  light.set({ shade: true, ambient: 0.45, diffuse: 0.6, specular: 0.05, specularPower: 12 });
  return volume;
}

/** What the camera shows, as a plane across the view. @param {any} camera @param {number} aspect
 * @returns {View} */
function viewOf(camera, aspect) {
  const [dx, dy, dz] = camera.getDirectionOfProjection();
  const [ux, uy, uz] = camera.getViewUp();
  const right = [dy * uz - dz * uy, dz * ux - dx * uz, dx * uy - dy * ux];
  const long = Math.hypot(...right);
  const across = right.map((value) => value / long);
  // up is not always at right angles to the direction
  const down = [dy * across[2] - dz * across[1], dz * across[0] - dx * across[2], dx * across[1] - dy * across[0]];
  const high = 2 * camera.getParallelScale();
  const [x, y, z] = camera.getFocalPoint();
  return {
    centre_um: [z, y, x],
    across: /** @type {Triple} */ (across.reverse()),
    down: /** @type {Triple} */ (down.reverse()),
    width_um: high / aspect,
    aspect,
  };
}

/** @param {CanvasRenderingContext2D} pen @param {string} words @param {number} x @param {number} y */
function write(pen, words, x, y) {
  pen.lineWidth = 3;
  pen.strokeStyle = "rgba(0, 0, 0, 0.65)";
  pen.strokeText(words, x, y);
  pen.fillText(words, x, y);
}

/** @param {CanvasRenderingContext2D} pen @param {number[]} path */
function stroke(pen, [x0, y0, x1, y1]) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {any} scene @param {View} view @param {number} width */
function drawWords(pen, scene, view, width) {
  const height = width * view.aspect;
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  for (const axis of scene.axes) {
    const places = axisPlaces(axis, view, width);
    if (!places) continue;
    const { start, end, out, ticks } = places;
    pen.strokeStyle = pen.fillStyle = "rgb(200, 204, 210)";
    pen.lineWidth = 1;
    stroke(pen, [start.x, start.y, end.x, end.y]);
    pen.textAlign = Math.abs(out.x) < 0.35 ? "center" : out.x > 0 ? "left" : "right";
    for (const tick of ticks) {
      pen.strokeStyle = "rgb(200, 204, 210)";
      pen.lineWidth = 1;
      stroke(pen, [tick.x, tick.y, tick.x + 4 * out.x, tick.y + 4 * out.y]);
      write(pen, tick.words, tick.x + 12 * out.x, tick.y + 12 * out.y);
    }
    write(pen, axis.name, (start.x + end.x) / 2 + 44 * out.x, (start.y + end.y) / 2 + 34 * out.y);
  }
  pen.textAlign = "left";
  for (const { name, color, end, row } of namePlaces(scene.names, view, width, SIZE)) {
    if (end.x < 0 || end.x > width || end.y < 0 || end.y > height) continue;
    const left = Math.min(end.x + 20, width - pen.measureText(name).width - 6);
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 1.2;
    stroke(pen, [end.x, end.y, left - 3, row]);
    pen.fillRect(end.x - 2, end.y - 2, 4, 4);
    pen.fillStyle = "white";
    write(pen, name, left, row);
  }
  const bar = scaleBar(view.width_um);
  const long = (bar / view.width_um) * width;
  pen.fillStyle = "white";
  pen.fillRect(14, height - 18, long, 4);
  write(pen, lengthWords(bar), 14, height - 30);
}

/** Show a scene in an element. @param {HTMLElement} place @param {any} scene */
function show(place, scene) {
  const generic = vtk.Rendering.Misc.vtkGenericRenderWindow.newInstance({ background: scene.ground });
  generic.setContainer(place);
  const renderer = generic.getRenderer();
  for (const sheet of scene.sheets) {
    const texture = textureOf(sheet);
    for (const mesh of sheet.meshes) renderer.addActor(actorOf(mesh, texture));
  }
  for (const mesh of scene.meshes) renderer.addActor(actorOf(mesh, null));
  for (const block of scene.blocks) renderer.addVolume(volumeOf(block));
  const camera = renderer.getActiveCamera();
  const words = document.createElement("canvas");
  words.className = "words";
  place.append(words);
  const pen = /** @type {CanvasRenderingContext2D} */ (words.getContext("2d"));

  const look = () => {
    camera.setParallelProjection(true);
    camera.setFocalPoint(...scene.camera.focus);
    camera.setPosition(...scene.camera.position);
    camera.setViewUp(...scene.camera.up);
    const { clientWidth: width, clientHeight: height } = place;
    const wide = Math.max(scene.camera.width_um * (height / width), scene.camera.height_um);
    camera.setParallelScale(wide / 2);
    renderer.resetCameraClippingRange();
    renderer.updateLightsGeometryToFollowCamera();
  };
  const drawn = () => {
    const { clientWidth: width, clientHeight: height } = place;
    const ratio = window.devicePixelRatio || 1;
    if (words.width !== Math.round(width * ratio) || words.height !== Math.round(height * ratio)) {
      words.width = Math.round(width * ratio);
      words.height = Math.round(height * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawWords(pen, scene, viewOf(camera, height / width), width);
  };
  camera.onModified(drawn);
  const redraw = () => {
    generic.resize();
    generic.getRenderWindow().render();
    drawn();
  };
  look();
  redraw();
  new ResizeObserver(redraw).observe(place);
  document.getElementById("home")?.addEventListener("click", () => {
    look();
    redraw();
  });
  place.dataset.drawn = "yes";
}

const place = /** @type {HTMLElement} */ (document.getElementById("scene"));
const failed = /** @type {HTMLElement} */ (document.getElementById("failed"));
try {
  show(place, /** @type {any} */ (globalThis).scalebridgeScene);
} catch (error) {
  failed.textContent = `This browser cannot draw the scene: ${error}`;
  failed.hidden = false;
}
