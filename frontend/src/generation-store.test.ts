import { beforeEach, describe, expect, test } from 'vitest';
import { frameAt, GenerationStore } from './generation-store.ts';
import type { SheetHead, Verdict } from './protocol.ts';
import { SHEET } from './test-wire.ts';

class Bitmap {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

const bitmaps: Bitmap[] = [];
let store: GenerationStore;

function give(generation: number, step: number, extra: Partial<SheetHead> = {}): boolean {
  const bitmap = new Bitmap();
  bitmaps.push(bitmap);
  const head = { ...SHEET, generation, step, tiles: 3, columns: 3, methods: ['a', 'a'], fan: [2, 4, 10], ...extra };
  return store.add(head as SheetHead, bitmap as unknown as ImageBitmap);
}
const play = (generation: number): boolean[] => [0, 1, 2, 3, 4].map((step) => give(generation, step));
const verdict = (generation: number): Verdict => ({ generation, errors: [0.2, 0.1], best: 1, copy_last: 0.15 });
const open = (): number => bitmaps.filter((bitmap) => !bitmap.closed).length;

beforeEach(() => {
  bitmaps.length = 0;
  store = new GenerationStore();
});

/** Generations 1 to `last`, each judged by the first sheet of the next; and that sheet. */
function show(last: number): void {
  for (let generation = 1; generation <= last; generation++) {
    give(generation, 0, generation > 1 ? { verdict: verdict(generation - 1) } : {});
    for (const step of [1, 2, 3, 4]) give(generation, step);
  }
  give(last + 1, 0, { verdict: verdict(last) });
}

test('a generation is finished when it is judged', () => {
  play(1);
  give(2, 0);
  expect(store.finished).toBeNull();
  expect(give(2, 1, { verdict: verdict(1) })).toBe(true);
  expect(store.finished?.number).toBe(1);
  expect(store.finished?.verdict?.best).toBe(1);
  expect(store.counts).toEqual({ finished: 1, judged: 1, beatCopyLast: 1 });
});

test('a generation that the server gave up is never shown as finished', () => {
  play(1);
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(2);
  expect(open()).toBe(4 + 1);
});

test('only what can still be shown is kept open', () => {
  show(5);
  expect(open()).toBe(4 + 1);
  store.reset(true);
  expect(open()).toBe(0);
});

test('a frozen moment stays while generations pass, and its pictures stay open', () => {
  show(1);
  store.frozen = true;
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(1);
  const frames = [...(store.finished?.frames.values() ?? [])];
  expect(frames.some((frame) => (frame.bitmap as unknown as Bitmap).closed)).toBe(false);
});

test('a restart forgets what plays but keeps the finished moment', () => {
  show(1);
  give(2, 1);
  store.reset(false);
  expect(store.current).toBeNull();
  expect(store.latest).toBeNull();
  expect(store.finished?.number).toBe(1);
  expect(open()).toBe(4);
});

test('a fan-only sheet changes no picture', () => {
  give(1, 1);
  const before = store.latest;
  store.add({ ...SHEET, generation: 1, step: 2, fan: [2, 4, 10] } as unknown as SheetHead, null);
  expect(store.latest).toBe(before);
});

describe('the frame of a step', () => {
  test('is the nearest earlier one where the server skipped steps', () => {
    for (const step of [2, 4]) give(1, step);
    const generation = store.current;
    if (!generation) throw new Error('no generation plays');
    const keyOf = (step: number) =>
      [...generation.frames].find(([, frame]) => frame === frameAt(generation, step))?.[0];
    expect([1, 2, 3, 4, 9].map(keyOf)).toEqual([2, 2, 2, 4, 4]);
  });
});
