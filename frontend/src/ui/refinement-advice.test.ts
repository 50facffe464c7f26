import { expect, test } from 'vitest';
import { adviceText, refinementAdvice } from './refinement-advice.ts';

const text = (flags: string[], acceptance: number | null = 0.5) => refinementAdvice({ flags, acceptance })?.text;

test('without a refinement flag there is no advice', () => {
  expect(refinementAdvice({ flags: ['warming', 'overloaded'], acceptance: null })).toBeNull();
});

test('each flag has advice', () => {
  expect(text(['over_refined', 'overloaded'])).toContain('Lower the step size');
  expect(text(['under_refined'])).toContain('raise the step size');
});

test('when almost every proposal is rejected, the advice is smaller steps', () => {
  expect(text(['under_refined'], 0.002)).toContain('Lower the step size');
});

test('a temperature above what faces do is said, after what the refinement needs', () => {
  const fine = { flags: [], acceptance: null };
  expect(adviceText(fine, { temperature: 1.2 })).toBeNull();
  expect(adviceText(fine, {})).toBeNull();
  expect(adviceText(fine, { temperature: 1.3 })).toContain('portrait melts');
  expect(adviceText({ flags: ['over_refined'], acceptance: 0.5 }, { temperature: 2 })).toContain('no longer plausible');
});
