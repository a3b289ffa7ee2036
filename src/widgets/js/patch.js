// A patch as it comes from Python, made into pixels.

/** Red, green, blue, and whether there is a value.
 * @param {Uint8Array} data the channels pixel by pixel, and a bit a pixel unless every one has a value
 * @param {number} channels 1 to 3 @param {number} count of pixels @returns {Uint8Array} */
export function unpacked(data, channels, count) {
  const pixels = new Uint8Array(4 * count);
  const whole = data.length === channels * count;
  for (let i = 0, from = 0; i < count; i++) {
    for (let k = 0; k < channels; k++) pixels[4 * i + k] = data[from++];
    pixels[4 * i + 3] = whole || (data[channels * count + (i >> 3)] >> (7 - (i & 7))) & 1 ? 255 : 0;
  }
  return pixels;
}
