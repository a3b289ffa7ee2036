// A patch as it comes from Python, made into what a texture is filled with.

/** @typedef {{bytes: Uint8Array, channels: number}} Pixels 1 to 3 channels where every pixel has a value; else 4, the last whether it has one */

/**
 * @param {Uint8Array} data the channels pixel by pixel, and a bit a pixel unless every one has a value
 * @param {number} channels 1 to 3 @param {number} count of pixels @returns {Pixels}
 */
export function unpacked(data, channels, count) {
  if (data.length === channels * count) return { bytes: data, channels };
  const bytes = new Uint8Array(4 * count);
  for (let i = 0, from = 0; i < count; i++) {
    for (let k = 0; k < channels; k++) bytes[4 * i + k] = data[from++];
    bytes[4 * i + 3] = (data[channels * count + (i >> 3)] >> (7 - (i & 7))) & 1 ? 255 : 0;
  }
  return { bytes, channels: 4 };
}
