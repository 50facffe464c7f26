import { beforeEach, describe, expect, test } from 'vitest';
import type { SheetHead, Verdict } from '../net/protocol.ts';
import { SHEET } from '../testing/wire.ts';
import { RoundStore, sheetAt } from './round-store.ts';

class Bitmap {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

const bitmaps: Bitmap[] = [];
let store: RoundStore;

function give(number: number, step: number, extra: Partial<SheetHead> = {}): boolean {
  const bitmap = new Bitmap();
  bitmaps.push(bitmap);
  const head = {
    ...SHEET,
    generation: number,
    step,
    tiles: 3,
    columns: 3,
    methods: ['a', 'a'],
    fan: [2, 4, 10],
    ...extra,
  };
  return store.add(head as SheetHead, bitmap as unknown as ImageBitmap);
}
const play = (number: number): boolean[] => [0, 1, 2, 3, 4].map((step) => give(number, step));
const verdict = (number: number): Verdict => ({ generation: number, errors: [0.2, 0.1], best: 1, copy_last: 0.15 });
const open = (): number => bitmaps.filter((bitmap) => !bitmap.closed).length;

beforeEach(() => {
  bitmaps.length = 0;
  store = new RoundStore();
});

/** Rounds 1 to `last`, each judged by the first sheet of the next; and that sheet. */
function show(last: number): void {
  for (let round = 1; round <= last; round++) {
    give(round, 0, round > 1 ? { verdict: verdict(round - 1) } : {});
    for (const step of [1, 2, 3, 4]) give(round, step);
  }
  give(last + 1, 0, { verdict: verdict(last) });
}

test('a round is finished when it is judged', () => {
  play(1);
  give(2, 0);
  expect(store.finished).toBeNull();
  expect(give(2, 1, { verdict: verdict(1) })).toBe(true);
  expect(store.finished?.number).toBe(1);
  expect(store.finished?.verdict?.best).toBe(1);
  expect(store.counts).toEqual({ finished: 1, judged: 1, beatCopyLast: 1 });
});

test('a round that the server gave up is never shown as finished', () => {
  play(1);
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(2);
  expect(open()).toBe(4 + 1);
});

test('only bitmaps that can still be shown stay open', () => {
  show(5);
  expect(open()).toBe(4 + 1);
  store.reset(true);
  expect(open()).toBe(0);
});

test('a held round stays while others pass, and its pictures stay open', () => {
  show(1);
  store.held = true;
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(1);
  const sheets = [...(store.finished?.sheets.values() ?? [])];
  expect(sheets.some((sheet) => (sheet.bitmap as unknown as Bitmap).closed)).toBe(false);
});

test('a restart drops the rounds that play but keeps the finished one', () => {
  show(1);
  give(2, 1);
  store.reset(false);
  expect(store.current).toBeNull();
  expect(store.latest).toBeNull();
  expect(store.finished?.number).toBe(1);
  expect(open()).toBe(4);
});

test('a sheet without pictures changes no picture', () => {
  give(1, 1);
  const before = store.latest;
  store.add({ ...SHEET, generation: 1, step: 2, fan: [2, 4, 10] } as unknown as SheetHead, null);
  expect(store.latest).toBe(before);
});

describe('the sheet of a step', () => {
  test('is the nearest earlier one where the server skipped steps', () => {
    for (const step of [2, 4]) give(1, step);
    const round = store.current;
    if (!round) throw new Error('no round plays');
    const keyOf = (step: number) => [...round.sheets].find(([, sheet]) => sheet === sheetAt(round, step))?.[0];
    expect([1, 2, 3, 4, 9].map(keyOf)).toEqual([2, 2, 2, 4, 4]);
  });
});
