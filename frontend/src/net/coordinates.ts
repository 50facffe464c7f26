/** Coordinates in messages: u16, q -> q / 65535 * 4 - 2, so that they cover [-2, 2] in crop units. */

/** Map a crop coordinate in [-2, 2] to u16; values outside are clamped. */
export function quantise(value: number): number {
  return Math.round((Math.min(2, Math.max(-2, value)) + 2) * (65535 / 4));
}

/** Invert `quantise`, with an error of at most 2 / 65535. */
export function dequantise(value: number): number {
  return (value / 65535) * 4 - 2;
}

/** Read `count` little-endian u16 coordinates. A typed array would fail: a payload may start at an odd byte. */
export function readCoordinates(view: DataView, offset: number, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = dequantise(view.getUint16(offset + 2 * i, true));
  return values;
}
