/** Text that advises what to change when the settings give implausible futures, or MCMC does too little or too much. */
import type { SheetHead } from '../net/protocol.ts';
import type { Settings } from '../net/schema.ts';

/** With fewer accepted proposals than this share, refinement changes little because its steps are too large, not too small. */
const MIN_ACCEPTANCE = 0.1;

/** Above this temperature many draws lie beyond what faces do, and the portrait melts. */
const MAX_PLAUSIBLE_TEMPERATURE = 1.2;

export type Advice = { flag: 'under_refined' | 'over_refined'; text: string };

/** Return advice for the refinement flags of a sheet, or null without such a flag. */
export function refinementAdvice({ flags, acceptance }: Pick<SheetHead, 'flags' | 'acceptance'>): Advice | null {
  if (flags.includes('over_refined')) {
    return {
      flag: 'over_refined',
      text: 'The futures are no longer plausible. Lower the step size or the number of MCMC steps, or raise the consistency.',
    };
  }
  if (!flags.includes('under_refined')) return null;
  return {
    flag: 'under_refined',
    text:
      acceptance !== null && acceptance < MIN_ACCEPTANCE
        ? 'Refinement has no effect, because almost every proposed change is rejected. Lower the step size.'
        : 'Refinement has almost no effect. To change that, raise the step size or the number of MCMC steps.',
  };
}

/** Return what to say while these settings are in use: about the refinement first, else about a temperature that is too high. */
export function adviceText(head: Pick<SheetHead, 'flags' | 'acceptance'>, settings: Settings): string | null {
  const hot = Number(settings.temperature ?? 1) > MAX_PLAUSIBLE_TEMPERATURE;
  const melts =
    'At this temperature many futures leave what faces can do, and the portrait melts. Below 1.2 they stay natural.';
  return refinementAdvice(head)?.text ?? (hot ? melts : null);
}
