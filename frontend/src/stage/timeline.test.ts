import { beforeEach, describe, expect, test } from 'vitest';
import { FakeSheet } from '../testing/sheet.ts';
import { pictureOf, Timeline } from './timeline.ts';

let timeline: Timeline;
beforeEach(() => {
  timeline = new Timeline();
});

/** Put sheets of these times, and return what shows at a position: two times and the part of the later one. */
function put(times: number[], blends: boolean, round = 1): void {
  for (const at of times) timeline.put({ at, sheet: new FakeSheet(3, blends), round, shared: false });
}
function shown(at: number): number[] {
  const view = timeline.sample(at);
  return view ? [view.from.at, view.to.at, view.part] : [];
}

test('without keys there is nothing to show', () => expect(timeline.sample(3)).toBeNull());

describe('sheets that can be blended', () => {
  test('are blended evenly between their times, and hold before the first and after the last', () => {
    put([8, 4], true);
    expect([3, 4, 5, 8, 9].map(shown)).toEqual([
      [4, 4, 0],
      [4, 4, 0],
      [4, 8, 0.25],
      [8, 8, 0],
      [8, 8, 0],
    ]);
  });

  test('of different rounds are not blended', () => {
    put([3, 4], true);
    put([4, 5], true, 2);
    expect([3.5, 4, 4.5].map(shown)).toEqual([
      [3, 4, 0.5],
      [4, 4, 0],
      [4, 5, 0.5],
    ]);
    expect(timeline.sample(4)?.from.round).toBe(2);
  });
});

test('finished pictures show from the beginning of their tick', () => {
  put([1, 2, 4], false);
  expect([1, 1.01, 2, 2.5, 3.01, 9].map((at) => shown(at)[0])).toEqual([1, 2, 2, 2, 4, 4]);
});

test('a key takes the place of one of the same time and round', () => {
  put([1, 2], false);
  put([2], true);
  expect(timeline.keys.map((key) => key.at)).toEqual([1, 2]);
  expect(timeline.last?.sheet).toMatchObject({ blends: true });
});

test('forgetting keeps the key that still shows', () => {
  put([1, 2, 3, 4], true);
  timeline.forgetBefore(2.5);
  expect(timeline.keys.map((key) => key.at)).toEqual([2, 3, 4]);
});

test('a tile that a sheet does not have has no picture; a shared key shows the present in all', () => {
  const few = new FakeSheet(2, true, 1);
  timeline.put({ at: 0, sheet: few, round: 1, shared: true });
  timeline.put({ at: 1, sheet: new FakeSheet(3, true), round: 1, shared: false });
  const view = timeline.sample(0.5);
  if (!view) throw new Error('nothing shows');
  pictureOf(view, 2)?.draw({} as CanvasRenderingContext2D, 8);
  expect(few.drawn).toEqual(['1-2 0.50']);
  expect(pictureOf(view, 3)).toBeNull();
});
