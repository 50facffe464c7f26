/** The keypoints of a sheet, in the portrait's coordinates: the server sends them where the page renders. */

/** Flat keypoints: for each of N keypoints x, y, j00, j01, j10, j11. */
export type PortraitMotion = {
  /** Of the portrait itself `[6N]`. */
  source: Float32Array;
  /** Of the present `[6N]`. */
  present: Float32Array;
  /** Of the futures of a round `[K, H, 6N]`; null where the sheet does not hold them. */
  paths: Float32Array | null;
};

/** Split half-precision keypoints that follow the fan. Returns null if they do not fit their shape, or are not finite. */
export function splitKeypoints(
  data: ArrayBuffer,
  offset: number,
  [k, h, size]: readonly [number, number, number],
): PortraitMotion | null {
  const count = size * (2 + k * h);
  if (!(k >= 0 && h >= 0 && size > 0 && size % 6 === 0) || data.byteLength - offset !== 2 * count) return null;
  const view = new DataView(data, offset);
  const values = Float32Array.from({ length: count }, (_, i) => halfToFloat(view.getUint16(2 * i, true)));
  if (!values.every(Number.isFinite)) return null;
  return {
    source: values.slice(0, size),
    present: values.slice(size, 2 * size),
    paths: k * h > 0 ? values.slice(2 * size) : null,
  };
}

/** Decode a half-precision number (IEEE 754): `DataView.getFloat16` is too new to rely on. */
export function halfToFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
