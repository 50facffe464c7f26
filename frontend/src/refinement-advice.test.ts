import { expect, test } from 'vitest';
import { refinementAdvice } from './refinement-advice.ts';

const words = (flags: string[], acceptance: number | null = 0.5) => refinementAdvice({ flags, acceptance })?.words;

test('without a flag of refinement there is nothing to say', () => {
  expect(refinementAdvice({ flags: ['warming', 'overloaded'], acceptance: null })).toBeNull();
});

test('each flag names the way out', () => {
  expect(words(['over_refined', 'overloaded'])).toContain('lower the step size');
  expect(words(['under_refined'])).toContain('raise the step size');
});

test('paths that stand still because every move is refused need smaller steps', () => {
  expect(words(['under_refined'], 0.002)).toContain('Lower the step size');
});
