import { beforeEach, describe, expect, test } from 'vitest';
import type { SheetHead, Verdict } from '../net/protocol.ts';
import { FakeSheet } from '../testing/sheet.ts';
import { SHEET } from '../testing/wire.ts';
import { RoundStore } from './round-store.ts';
import type { Timeline } from './timeline.ts';

const sheets: FakeSheet[] = [];
let store: RoundStore;

/** Rounds of four steps, one after the other: each begins where the one before ends. */
const startOf = (number: number): number => 4 * number;

function give(number: number, step: number, extra: Partial<SheetHead> = {}, blends = false): boolean {
  const sheet = new FakeSheet(3, blends);
  sheets.push(sheet);
  const head = {
    ...SHEET,
    generation: number,
    tick: startOf(number) + step,
    age: step,
    step,
    tiles: 3,
    columns: 3,
    methods: ['a', 'a'],
    fan: [2, 4, 10],
    ...extra,
  };
  return store.add(head as SheetHead, sheet);
}
const play = (number: number): boolean[] => [0, 1, 2, 3].map((step) => give(number, step));
const verdict = (number: number): Verdict => ({
  generation: number,
  errors: [0.2, 0.1],
  best: 1,
  together: 0.12,
  copy_last: 0.15,
});
const open = (): number => sheets.filter((sheet) => !sheet.closed).length;
const steps = (timeline: Timeline | undefined): number[] => [...(timeline?.keys ?? [])].map((key) => key.at);

beforeEach(() => {
  sheets.length = 0;
  store = new RoundStore();
});

/** Rounds 1 to `last`, each judged by the first sheet of the next; and that sheet. */
function show(last: number): void {
  for (let round = 1; round <= last; round++) {
    give(round, 0, round > 1 ? { verdict: verdict(round - 1) } : {});
    for (const step of [1, 2, 3]) give(round, step);
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

test('verdicts are counted until portrait, driver or settings change, and not while a round is held', () => {
  show(3);
  expect(store.counts).toMatchObject({ judged: 3, beatCopyLast: 3 });
  store.held = true;
  for (const step of [1, 2, 3]) give(4, step);
  give(5, 0, { verdict: verdict(4) });
  expect(store.counts.judged).toBe(3);
  store.held = false;
  store.resetTally();
  for (const step of [1, 2, 3]) give(5, step);
  give(6, 0, { verdict: { ...verdict(5), together: 0.2 } });
  expect(store.counts).toMatchObject({ judged: 1, beatCopyLast: 0 });
  store.reset(true);
  expect(store.counts.judged).toBe(0);
});

test('a round that the server gave up is never shown as finished', () => {
  play(1);
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(2);
  expect(sheets.slice(0, 4).every((sheet) => sheet.closed)).toBe(true);
});

test('a finished round has what happened at each of its steps, also at the last', () => {
  show(1);
  expect(steps(store.finished?.presents)).toEqual([0, 1, 2, 3, 4]);
  expect(steps(store.finished?.futures)).toEqual([1, 2, 3]);
});

test('only sheets that can still be shown stay open', () => {
  show(5);
  expect(open()).toBe(5);
  store.reset(true);
  expect(open()).toBe(0);
});

test('a held round stays while others pass, and its pictures stay open', () => {
  show(1);
  store.held = true;
  play(2);
  give(3, 0, { verdict: verdict(2) });
  expect(store.finished?.number).toBe(1);
  expect(store.finished?.futures.keys.every((key) => key.sheet.usable && !(key.sheet as FakeSheet).closed)).toBe(true);
});

test('a restart drops the rounds that play but keeps the finished one', () => {
  show(1);
  give(2, 1);
  store.reset(false);
  expect(store.current).toBeNull();
  expect(store.presents.last).toBeNull();
  expect(store.finished?.number).toBe(1);
  expect(open()).toBe(5);
});

test('a message without pictures changes nothing that shows', () => {
  give(1, 1);
  const before = store.presents.last;
  store.add({ ...SHEET, generation: 1, tick: 6, step: 2, fan: [2, 4, 10] } as unknown as SheetHead, null);
  expect(store.presents.last).toBe(before);
});

describe('layers', () => {
  /** Futures are sent one step ahead of the present. */
  const give1 = (number: number, step: number) =>
    give(number, step + 1, { way: 'layers', tick: startOf(number) + step, age: step }, true);

  test('have futures that lie ahead, and start from the present', () => {
    for (const step of [0, 1, 2]) give1(1, step);
    expect(steps(store.futures)).toEqual([4, 5, 6, 7]);
    expect(store.futures.keys.map((key) => key.shared)).toEqual([true, false, false, false]);
    expect(steps(store.current?.futures)).toEqual([0, 1, 2, 3]);
    expect(steps(store.current?.presents)).toEqual([0, 1, 2]);
  });

  test('lie at the same times for a page that joins in the middle of a round', () => {
    give1(1, 2);
    expect(store.current?.start).toBe(startOf(1));
    expect(store.futures.keys.map(({ at, shared }) => [at, shared])).toEqual([[7, false]]);
    expect(steps(store.current?.futures)).toEqual([3]);
    expect(steps(store.current?.presents)).toEqual([2]);
  });

  test('that lie ahead are dropped when another round begins', () => {
    for (const step of [0, 1]) give1(1, step);
    give(2, 1, { way: 'layers', tick: 6, age: 0 }, true);
    expect(store.futures.keys.map((key) => [key.at, key.round])).toEqual([
      [4, 1],
      [5, 1],
      [6, 1],
      [6, 2],
      [7, 2],
    ]);
  });

  test('are dropped when the graphics that hold them are lost', () => {
    for (const step of [0, 1]) give1(1, step);
    give(1, 2);
    for (const sheet of sheets.slice(0, 2)) sheet.usable = false;
    store.dropUnusable();
    expect(open()).toBe(1);
    expect(steps(store.presents)).toEqual([6]);
  });
});
