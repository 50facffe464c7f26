/** Text of a verdict: which future came closest, and by how much. */
import type { Verdict } from '../net/protocol.ts';
import type { Round } from './round-store.ts';

/** Format a distance in crop units (the crop is 2 wide) as per cent of the picture's width. */
export function distancePercent(error: number): string {
  return `${((error / 2) * 100).toFixed(1)} %`;
}

/** Return a sentence: which future came closest, whether it was the most probable, and closer than predicting no motion. */
export function verdictText(verdict: Verdict, futures: Pick<Round, 'methods' | 'shares'>): string {
  const best = verdict.errors[verdict.best] ?? 0;
  const against = best < verdict.copy_last ? 'closer than' : 'not closer than';
  const probable = isMostProbable(verdict.best, futures) ? ', the most probable,' : '';
  return `Future ${verdict.best + 1}${probable} came closest: off by ${distancePercent(best)}, ${against} predicting no motion (${distancePercent(verdict.copy_last)}).`;
}

/** Return whether no other future has a greater share. Shares of two methods do not compare. */
function isMostProbable(index: number, { methods, shares }: Pick<Round, 'methods' | 'shares'>): boolean {
  return shares.length > 1 && new Set(methods).size === 1 && shares[index] === Math.max(...shares);
}
