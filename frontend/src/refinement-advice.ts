/** When refinement by MCMC does too little or too much: what that means, and the way out. */
import type { SheetHead } from './protocol.ts';

/** Below this share of accepted proposals, paths stand still because the steps are too large, not too small. */
const REFUSED = 0.1;

export type Advice = { flag: 'under_refined' | 'over_refined'; words: string };

/** What the sheet's flags say about refinement, or null when all is well. */
export function refinementAdvice({ flags, acceptance }: Pick<SheetHead, 'flags' | 'acceptance'>): Advice | null {
  if (flags.includes('over_refined')) {
    return {
      flag: 'over_refined',
      words: 'Futures are no longer plausible: lower the step size or the MCMC steps, or raise the consistency.',
    };
  }
  if (!flags.includes('under_refined')) return null;
  return {
    flag: 'under_refined',
    words:
      acceptance !== null && acceptance < REFUSED
        ? 'Refinement changes nothing: almost every move is refused. Lower the step size.'
        : 'Refinement changes nothing: raise the step size or the MCMC steps.',
  };
}
