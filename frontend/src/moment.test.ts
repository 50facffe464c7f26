import { expect, test } from 'vitest';
import { Moment } from './moment.ts';

test('what follows is collected until there is enough of it', () => {
  const moment = new Moment(['a'], 3);
  expect(moment.see(['b', 'c'])).toBe(2);
  expect(moment.complete).toBe(false);
  expect(moment.see(['d', 'e'])).toBe(1);
  expect(moment.truth).toEqual(['b', 'c', 'd']);
  expect(moment.complete).toBe(true);
  expect(moment.see(['f'])).toBe(0);
});

test('a break ends the collecting, unless all was seen before', () => {
  const moment = new Moment(['a'], 2);
  moment.see(['b']);
  moment.see(null);
  moment.see(['c']);
  expect([moment.lost, moment.truth]).toEqual([true, ['b']]);
  const whole = new Moment(['a'], 1);
  whole.see(['b']);
  whole.see(null);
  expect(whole.lost).toBe(false);
});
