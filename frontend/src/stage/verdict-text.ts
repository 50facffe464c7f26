/** Text of a verdict: which future came closest, and by how much. */
import type { Verdict } from '../net/protocol.ts';

/** Format a distance in crop units (the crop is 2 wide) as per cent of the picture's width. */
export function distancePercent(error: number): string {
  return `${((error / 2) * 100).toFixed(1)} %`;
}

/** Return a sentence: which future came closest, and whether it was closer than predicting no motion. */
export function verdictText(verdict: Verdict): string {
  const best = verdict.errors[verdict.best] ?? 0;
  const against = best < verdict.copy_last ? 'closer than' : 'not closer than';
  return `Future ${verdict.best + 1} came closest: off by ${distancePercent(best)}, ${against} predicting no motion (${distancePercent(verdict.copy_last)}).`;
}
