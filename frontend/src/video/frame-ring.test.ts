import { beforeEach, expect, test } from 'vitest';
import { FrameRing } from './frame-ring.ts';

let ring: FrameRing<string>;
const put = (tick: number, picture: string, t = tick * 80) => ring.put(tick, t, picture);

beforeEach(() => {
  ring = new FrameRing(4);
});

test('only the latest pictures are kept, oldest first', () => {
  for (const [tick, picture] of [...'abcdef'].entries()) put(tick, picture);
  expect(ring.pictures).toEqual(['c', 'd', 'e', 'f']);
  expect([ring.count, ring.distinct]).toEqual([4, 4]);
});

test('a tick without a picture gets the nearer of its neighbours', () => {
  put(1, 'a');
  expect(put(4, 'b')).toEqual(['a', 'b', 'b']);
  expect(ring.pictures).toEqual(['a', 'a', 'b', 'b']);
  expect(ring.distinct).toBe(2);
});

test('a repeated tick counts once', () => {
  put(1, 'a');
  expect(put(1, 'b')).toEqual([]);
  expect(ring.pictures).toEqual(['a']);
});

test.each([
  ['a restarted clock', 0, 900],
  ['a pause', 12, 12 * 80 + 2000],
  ['a long gap', 60, 60 * 80],
])('%s starts a new motion', (_, tick, t) => {
  put(10, 'a');
  put(11, 'b');
  expect(put(tick, 'c', t)).toBeNull();
  expect(ring.pictures).toEqual(['c']);
});

test('clearing empties the ring', () => {
  put(1, 'a');
  ring.clear();
  expect(ring.count).toBe(0);
  expect(put(9, 'b')).toEqual(['b']);
});
