import { expect, test } from 'vitest';
import { Moment } from './moment.ts';

test('pictures are collected until the moment is complete', () => {
  const moment = new Moment(['a'], 3);
  expect(moment.add(['b', 'c'])).toBe(2);
  expect(moment.complete).toBe(false);
  expect(moment.add(['d', 'e'])).toBe(1);
  expect(moment.truth).toEqual(['b', 'c', 'd']);
  expect(moment.complete).toBe(true);
  expect(moment.add(['f'])).toBe(0);
});

test('an interruption ends collecting, unless the moment is complete', () => {
  const moment = new Moment(['a'], 2);
  moment.add(['b']);
  moment.add(null);
  moment.add(['c']);
  expect([moment.lost, moment.truth]).toEqual([true, ['b']]);
  const whole = new Moment(['a'], 1);
  whole.add(['b']);
  whole.add(null);
  expect(whole.lost).toBe(false);
});
