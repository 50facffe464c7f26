import { expect, test } from 'vitest';
import { RecentValues, smooth } from './recent-values.ts';

test('quantiles are of the values inside the span only', () => {
  const recent = new RecentValues(100);
  recent.add(0, 999);
  for (let i = 1; i <= 20; i++) recent.add(150 + i, i);
  expect(recent.quantile(0.5)).toBe(10);
  expect(recent.quantile(0.95)).toBe(19);
  expect(recent.values()).toHaveLength(20);
});

test('there is no quantile of nothing', () => {
  expect(new RecentValues(100).quantile(0.5)).toBeNull();
});

test('smoothing starts at the first value and moves towards the next', () => {
  expect(smooth(null, 4)).toBe(4);
  expect(smooth(4, 8, 0.25)).toBe(5);
});
