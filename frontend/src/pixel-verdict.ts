/** Which future came nearest to what happened, picture by picture and pixel by pixel. */

/** RGBA bytes of a picture. */
export type Pixels8 = Uint8ClampedArray;

export type PixelVerdict = {
  /** By future: mean absolute difference of the colours, as a share of full brightness. */
  errors: number[];
  /** The future with the least error. */
  best: number;
  /** The error of assuming that the last known picture stays. */
  still: number;
};

/** Mean absolute difference of red, green and blue, in [0, 1]; both pictures have the same size. */
export function difference(a: Pixels8, b: Pixels8): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 4) {
    for (let c = i; c < i + 3; c++) sum += Math.abs((a[c] ?? 0) - (b[c] ?? 0));
  }
  return sum / (a.length * 0.75 * 255);
}

/** Measure futures `[K][T]` against what happened `[T]`, and against the `last` known picture. */
export function judge(futures: Pixels8[][], truth: Pixels8[], last: Pixels8): PixelVerdict {
  const errors = futures.map((future) => mean(truth.map((picture, i) => difference(future[i] ?? last, picture))));
  const still = mean(truth.map((picture) => difference(last, picture)));
  return { errors, best: errors.indexOf(Math.min(...errors)), still };
}

export function percentOf(error: number): string {
  return `${(error * 100).toFixed(1)} %`;
}

/** One sentence, as the stage's verdict. */
export function pixelSentence({ errors, best, still }: PixelVerdict): string {
  const error = errors[best] ?? 0;
  const against = error < still ? 'closer than' : 'not closer than';
  return `Future ${best + 1} came closest: its pixels are off by ${percentOf(error)}, ${against} standing still (${percentOf(still)}).`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
