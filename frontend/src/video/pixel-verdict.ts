/** Compares generated futures with what happened, pixel by pixel. */

/** RGBA bytes of a picture. */
type PixelBytes = Uint8ClampedArray;

export type PixelVerdict = {
  /** By future: mean absolute difference of the colours, as a share of full brightness. */
  errors: number[];
  /** Index of the future with the smallest error. */
  best: number;
  /** The error of predicting no motion: that the last known picture stays. */
  noMotion: number;
};

/** Return the mean absolute difference of red, green and blue, in [0, 1], of pictures of one size. */
export function difference(a: PixelBytes, b: PixelBytes): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 4) {
    for (let c = i; c < i + 3; c++) sum += Math.abs((a[c] ?? 0) - (b[c] ?? 0));
  }
  return sum / (a.length * 0.75 * 255);
}

/** Compare futures `[K][T]`, and the `last` known picture, with what happened `[T]`. */
export function compare(futures: PixelBytes[][], truth: PixelBytes[], last: PixelBytes): PixelVerdict {
  const errors = futures.map((future) => mean(truth.map((picture, i) => difference(future[i] ?? last, picture))));
  const noMotion = mean(truth.map((picture) => difference(last, picture)));
  return { errors, best: errors.indexOf(Math.min(...errors)), noMotion };
}

/** Format an error as per cent of full brightness. */
export function brightnessPercent(error: number): string {
  return `${(error * 100).toFixed(1)} %`;
}

/** Return a sentence: which future came closest, and whether it was closer than predicting no motion. */
export function pixelVerdictText({ errors, best, noMotion }: PixelVerdict): string {
  const error = errors[best] ?? 0;
  const against = error < noMotion ? 'closer than' : 'not closer than';
  return `Future ${best + 1} came closest: its pixels are off by ${brightnessPercent(error)}, ${against} predicting no motion (${brightnessPercent(noMotion)}).`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
