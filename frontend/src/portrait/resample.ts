/** Cuts a square out of a picture with the filter that the server uses: Lanczos with three lobes, as in Pillow. */
import type { Square } from './portrait-crop.ts';

export type RgbaPicture = { data: Uint8ClampedArray; width: number; height: number };

const LOBES = 3;
const CHANNELS = 4;

/** For every output pixel, its first input pixel and the weights from there on. */
type Weights = { first: number; weights: Float64Array }[];

/** Return the square of a picture as `size` x `size` RGBA; beyond the picture, edge pixels are repeated. */
export function cutSquare(picture: RgbaPicture, square: Square, size: number): Uint8ClampedArray<ArrayBuffer> {
  const [left, top] = [Math.floor(square.x), Math.floor(square.y)];
  const columns = weightsOf(square.x - left, square.side, size, Math.ceil(square.x + square.side) - left);
  const height = Math.ceil(square.y + square.side) - top;
  const rows = weightsOf(square.y - top, square.side, size, height);
  const narrow = new Uint8ClampedArray(CHANNELS * size * height);
  for (let row = 0; row < height; row++) {
    const start = clamp(top + row, picture.height) * picture.width;
    columns.forEach(({ first, weights }, column) => {
      const at = (i: number) => CHANNELS * (start + clamp(left + first + i, picture.width));
      blend(picture.data, at, weights, narrow, CHANNELS * (row * size + column));
    });
  }
  const cut = new Uint8ClampedArray(CHANNELS * size * size);
  rows.forEach(({ first, weights }, row) => {
    for (let column = 0; column < size; column++) {
      const at = (i: number) => CHANNELS * ((first + i) * size + column);
      blend(narrow, at, weights, cut, CHANNELS * (row * size + column));
    }
  });
  return cut;
}

function blend(
  source: Uint8ClampedArray,
  at: (i: number) => number,
  weights: Float64Array,
  target: Uint8ClampedArray,
  place: number,
): void {
  let [red, green, blue] = [0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    const from = at(i);
    const weight = weights[i] ?? 0;
    red += weight * (source[from] ?? 0);
    green += weight * (source[from + 1] ?? 0);
    blue += weight * (source[from + 2] ?? 0);
  }
  // Storing in this array rounds and clamps.
  target[place] = red;
  target[place + 1] = green;
  target[place + 2] = blue;
  target[place + 3] = 255;
}

/** Return the weights that take the interval from `start` on, of `length` in `inputs` pixels, to `outputs` pixels. */
function weightsOf(start: number, length: number, outputs: number, inputs: number): Weights {
  const scale = length / outputs;
  const widened = Math.max(1, scale);
  return Array.from({ length: outputs }, (_, output) => {
    const centre = start + (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - LOBES * widened + 0.5));
    const end = Math.min(inputs, Math.trunc(centre + LOBES * widened + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, i) => lanczos((first + i + 0.5 - centre) / widened));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function lanczos(x: number): number {
  return Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}
