import { expect, test } from 'vitest';
import { Playhead } from './playhead.ts';

test('the first aim is reached at once, the next one evenly', () => {
  const head = new Playhead();
  head.aim(10, 1000, 80);
  expect(head.at(1000)).toBe(10);
  head.aim(11, 1080, 80);
  expect([1080, 1100, 1160, 2000].map((now) => head.at(now))).toEqual([10, 10.25, 11, 11]);
  expect([1100, 1160].map((now) => head.movesAt(now))).toEqual([true, false]);
});

test('an aim that comes early is reached from where the position is', () => {
  const head = new Playhead();
  head.aim(0, 0, 80);
  head.aim(1, 100, 80);
  head.aim(2, 140, 80);
  expect([140, 180, 220].map((now) => head.at(now))).toEqual([0.5, 1.25, 2]);
});

test('a step back or a long way is skipped', () => {
  const head = new Playhead();
  head.aim(50, 0, 80);
  head.aim(3, 100, 80);
  expect(head.at(100)).toBe(3);
  head.aim(40, 200, 80);
  expect(head.at(200)).toBe(40);
});
