/** Verdicts in words and figures that need no explanation of units. */
import type { Verdict } from './protocol.ts';

/** Mean keypoint distance in crop units (the crop is 2 wide) -> per cent of the picture's width. */
export function percent(error: number): string {
  return `${((error / 2) * 100).toFixed(1)} %`;
}

/** One sentence: who came nearest, and whether that beat assuming that nothing moves. */
export function verdictSentence(verdict: Verdict): string {
  const best = verdict.errors[verdict.best] ?? 0;
  const against = best < verdict.copy_last ? 'closer than' : 'not closer than';
  return `Future ${verdict.best + 1} came closest: off by ${percent(best)}, ${against} standing still (${percent(verdict.copy_last)}).`;
}
