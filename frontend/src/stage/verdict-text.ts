/** Text of a verdict: which future came closest, and whether all together were better than a single guess. */
import type { Verdict } from '../net/protocol.ts';

/** The futures of a round: method and share of each. */
type JudgedFutures = { methods: readonly string[]; shares: readonly number[] };

/** Format a distance in crop units (the crop is 2 wide) as per cent of the picture's width. */
export function distancePercent(error: number): string {
  return `${((error / 2) * 100).toFixed(1)} %`;
}

/** Return whether the futures together were a better forecast than that nothing moves. */
export function beatsNoMotion({ together, copy_last }: Verdict): boolean {
  return together < copy_last;
}

/** Return whether one future came closer than the guess that nothing moves: only then is it marked. */
export function hasWinner({ errors, best, copy_last }: Verdict): boolean {
  return (errors[best] ?? Number.POSITIVE_INFINITY) < copy_last;
}

/** Return which future came closest, if one did, and whether all together were better than predicting no motion. */
export function verdictText(verdict: Verdict, futures: JudgedFutures): string {
  const best = distancePercent(verdict.errors[verdict.best] ?? 0);
  const still = distancePercent(verdict.copy_last);
  const probable = isMostProbable(verdict.best, futures) ? ', the most probable,' : '';
  const nearest = hasWinner(verdict)
    ? `Future ${verdict.best + 1}${probable} came closest: off by ${best}.`
    : `No future was closer than no motion (${still}); the nearest was off by ${best}.`;
  const together = distancePercent(verdict.together);
  const judged = beatsNoMotion(verdict)
    ? `Together they beat predicting no motion: ${together} against ${still}.`
    : hasWinner(verdict)
      ? `Together they were worse than predicting no motion: ${together} against ${still}.`
      : '';
  return `${nearest} ${judged}`.trim();
}

/** Return whether no other future has a greater share. Shares of two methods do not compare. */
function isMostProbable(index: number, { methods, shares }: JudgedFutures): boolean {
  return shares.length > 1 && new Set(methods).size === 1 && shares[index] === Math.max(...shares);
}
