// What the card runs for a pixel of a layer: one small program for each way of drawing, since
// software that stands in for a card pays for every branch, also for those that are not taken.

export const VERTEX = `#version 300 es
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);
  place = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

// A value is what the bytes say, 0 to 65535 (or 255); grey = offset + gain * value.
const HEAD = `
precision highp float;
precision highp sampler3D;
in vec2 place;
out vec4 color;
uniform sampler3D volume;
uniform sampler2D patchImage;
uniform sampler2D table;
uniform vec3 start, right, below, low, high;
uniform int thresholdCount;
uniform float thresholds[8];
uniform vec4 patchAt;            // start and scale
uniform vec2 bytesWeight;        // of the low and the high byte
uniform vec2 limits;             // values of the first and last colour
uniform float opacity;
uniform vec2 pixel;              // size of a pixel on the panel
uniform float field;             // of the checkerboard, in panel widths
uniform vec3 through;            // a thick slab, along the normal
uniform int slabCount, slabMode; // planes in it; 0 their mean, 1 the largest, 2 the smallest value
uniform float aspect;

#ifdef RGB
vec3 valueOf(vec4 texel) { return texel.rgb * 255.0; }
#else
vec3 valueOf(vec4 texel) { return vec3(dot(texel.rg, bytesWeight), 0.0, 0.0); }
#endif
`;

// Value in x (or red, green, blue), and whether there is one in w.
const PATCH_VALUE = `
vec4 valueAt(vec2 at) {
  vec4 texel = texture(patchImage, patchAt.xy + at * patchAt.zw);
  return vec4(valueOf(texel) / max(texel.a, 1e-3), texel.a > 0.5 ? 1.0 : 0.0);
}
`;

const VOLUME_VALUE = `
#ifdef HOLES
// whether the nearest voxel has no value: 0 says so
bool isHole(vec3 t) {
  ivec3 size = textureSize(volume, 0);
  return dot(texelFetch(volume, clamp(ivec3(t.zyx * vec3(size)), ivec3(0), size - 1), 0).rg, bytesWeight) < 0.5;
}
#else
bool isHole(vec3 t) { return false; }
#endif

bool inside(vec3 t) { return all(greaterThanEqual(t, low)) && all(lessThanEqual(t, high)); }

#ifdef SLAB
vec4 valueIn(vec3 middle) {
  vec4 found = vec4(0.0);
  for (int k = 0; k < slabCount; k++) {
    vec3 t = middle + through * (float(k) / float(slabCount - 1) - 0.5);
    if (!inside(t) || isHole(t)) continue;
    vec3 value = valueOf(texture(volume, t.zyx));
    if (slabMode == 0) found.rgb += value;
    else if (found.w == 0.0) found.rgb = value;
    else found.rgb = slabMode == 1 ? max(found.rgb, value) : min(found.rgb, value);
    found.w += 1.0;
  }
  if (found.w == 0.0) return found;
  return vec4(slabMode == 0 ? found.rgb / found.w : found.rgb, 1.0);
}
#else
vec4 valueIn(vec3 t) {
  if (!inside(t) || isHole(t)) return vec4(0.0);
#ifdef CLASSES
  return vec4(valueOf(texelFetch(volume, min(ivec3(t.zyx * vec3(textureSize(volume, 0))), textureSize(volume, 0) - 1), 0)), 1.0);
#else
  return vec4(valueOf(texture(volume, t.zyx)), 1.0);
#endif
}
#endif

vec4 valueAt(vec2 at) { return valueIn(start + at.x * right + at.y * below); }
`;

// Labels are slots of the table, looked up unblended; classes lie between thresholds.
const SLOT_COLOR = `
float slotOf(float value) {
#ifdef CLASSES
  float found = 0.0;
  for (int k = 0; k < thresholdCount; k++) found += step(thresholds[k], value);
  return found;
#else
  return floor(value + 0.5);
#endif
}

vec4 colorOf(vec4 value) {
  float slot = slotOf(value.x);
  vec4 own = texelFetch(table, ivec2(int(slot), 0), 0);
  if (own.a == 0.0) discard;
  float strength = opacity;
  for (int k = 0; k < 4; k++) {
    vec2 step = k < 2 ? vec2(k == 0 ? pixel.x : -pixel.x, 0.0) : vec2(0.0, k == 2 ? pixel.y : -pixel.y);
    vec4 beside = valueAt(place + step);
    if ((beside.w > 0.0 ? slotOf(beside.x) : 0.0) != slot) strength = min(1.0, 2.0 * opacity);
  }
  return vec4(own.rgb, 1.0) * strength;
}
`;

const GREY_COLOR = `
vec4 colorOf(vec4 value) {
  vec3 t = clamp((value.rgb - limits.x) / (limits.y - limits.x), 0.0, 1.0);
#ifdef RGB
  return vec4(t, 1.0) * opacity;
#else
  return vec4(texelFetch(table, ivec2(int(floor(t.x * 255.0 + 0.5)), 0), 0).rgb, 1.0) * opacity;
#endif
}
`;

const MAIN = `
void main() {
#ifdef CHECKER
  if ((int(place.y * aspect / field) + int(place.x / field)) % 2 == 0) discard;
#endif
  vec4 value = valueAt(place);
  if (value.w == 0.0) discard;
  color = colorOf(value);
}`;

/** The program for a way of drawing.
 * @param {string} way words of PATCH or VOLUME (where values come from); RGB, LABELS, CLASSES or
 *   none (what they are); HOLES and SLAB (of a volume); CHECKER (half of the fields only) */
export function fragment(way) {
  const words = way.split(" ").filter(Boolean);
  const named = words.map((word) => `#define ${word}`).join("\n");
  const value = words.includes("PATCH") ? PATCH_VALUE : VOLUME_VALUE;
  const color = words.includes("LABELS") || words.includes("CLASSES") ? SLOT_COLOR : GREY_COLOR;
  return `#version 300 es\n${named}\n${HEAD}${value}${color}${MAIN}`;
}
